//! The Burrows-Wheeler transform of a block and its inverse.
//!
//! Suffixes are sorted by libsais (induced sorting, linear time). The inverse is ours: it walks the
//! last-to-first mapping from several known places at once, because a single walk waits for memory
//! at every byte. Those places are suffix positions at multiples of a power of two; the rows where
//! they stand in the sorted order travel with the transform.

use libsais::BwtConstruction;
use libsais::bwt::AuxIndicesSamplingRate;

use super::BwtError;

/// Longest block that the transform takes, in bytes.
pub(super) const MAX_LEN: usize = 1 << 30;

/// Blocks up to this length have their links and bytes packed in one word each.
const MAX_PACKED_LEN: usize = 1 << 24;

/// Most walks that one block is split into.
const MAX_WALKS: usize = 16;

/// A transformed block.
pub(super) struct Transformed {
    /// The bytes that stand before each suffix, in the order of the sorted suffixes; the row of the
    /// whole text, which has no byte before it, is left out.
    pub(super) bytes: Vec<u8>,
    /// The row of the suffix at each multiple of [`walk_len`], the first being the whole text; rows
    /// count from 1, row 0 being the empty suffix.
    pub(super) rows: Vec<u32>,
}

/// Distance, in bytes, of the text positions whose rows are kept for a block of `len` bytes.
///
/// Small blocks stay in the cache, where one walk is fast and each row costs a visible share.
pub(super) fn walk_len(len: usize) -> usize {
    let walks = match len {
        0..0x8000 => 1,
        0x8000..0x10_0000 => 4,
        _ => MAX_WALKS,
    };
    len.div_ceil(walks).next_power_of_two().max(2)
}

/// Number of rows that travel with a block of `len` bytes.
pub(super) fn row_count(len: usize) -> usize {
    len.div_ceil(walk_len(len))
}

/// Transforms a block of 1 to [`MAX_LEN`] bytes; `None` when it is longer or memory is short.
pub(super) fn forward(text: &[u8]) -> Option<Transformed> {
    if text.is_empty() || text.len() > MAX_LEN {
        return None;
    }
    let rate = i32::try_from(walk_len(text.len())).ok()?;
    let (bytes, rows, _) = BwtConstruction::for_text(text)
        .with_owned_temporary_array_buffer32()
        .single_threaded()
        .with_aux_indices(AuxIndicesSamplingRate::from(rate))
        .run()
        .ok()?
        .into_parts();
    let rows = rows.iter().map(|&row| row as u32).collect();
    Some(Transformed { bytes, rows })
}

/// Restores the text.
///
/// # Errors
///
/// [`BwtError::Rows`] when `rows` do not belong to `bytes`: the wrong number of them, one out of
/// range, or walks that do not end where the next one began.
pub(super) fn inverse(bytes: &[u8], rows: &[u32]) -> Result<Vec<u8>, BwtError> {
    let len = bytes.len();
    if len > MAX_LEN || rows.len() != row_count(len) {
        return Err(BwtError::Rows);
    }
    if len == 0 {
        return Ok(Vec::new());
    }
    let places = places_of(rows, len)?;
    if len <= MAX_PACKED_LEN {
        let links = packed_links(bytes, rows[0]);
        walk_all(len, &places, |place| {
            let link = links[place as usize];
            (link as u8, link >> 8)
        })
    } else {
        let links = wide_links(bytes, rows[0]);
        walk_all(len, &places, |place| {
            (bytes[place as usize], links[place as usize])
        })
    }
}

/// Where the walk of each part of the text starts, as indices of the transform: the row behind the
/// part, less one if the row of the whole text, which the transform leaves out, comes before it.
fn places_of(rows: &[u32], len: usize) -> Result<Vec<u32>, BwtError> {
    let whole = rows[0];
    if whole == 0 || whole as usize > len {
        return Err(BwtError::Rows);
    }
    let mut places = Vec::with_capacity(rows.len());
    for &row in &rows[1..] {
        if row == whole || row == 0 || row as usize > len {
            return Err(BwtError::Rows);
        }
        places.push(row - u32::from(row > whole));
    }
    places.push(0);
    Ok(places)
}

/// Calls `link(byte, next)` for every place of the transform in order, where `next` is the place of
/// the byte that stands before this one in the text; before the first byte comes the last.
fn for_each_link(bytes: &[u8], whole: u32, mut link: impl FnMut(u8, u32)) {
    let mut next_row = first_rows(bytes);
    for &byte in bytes {
        let row = next_row[usize::from(byte)];
        next_row[usize::from(byte)] = row + 1;
        let next = if row == whole {
            0
        } else {
            row - u32::from(row > whole)
        };
        link(byte, next);
    }
}

/// The first row of the suffixes that begin with each byte; row 0 is the empty suffix.
fn first_rows(bytes: &[u8]) -> [u32; 256] {
    let mut counts = [0u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let mut row = 1;
    counts.map(|count| {
        let first = row;
        row += count;
        first
    })
}

fn packed_links(bytes: &[u8], whole: u32) -> Vec<u32> {
    let mut links = Vec::with_capacity(bytes.len());
    for_each_link(bytes, whole, |byte, next| {
        links.push(next << 8 | u32::from(byte));
    });
    links
}

fn wide_links(bytes: &[u8], whole: u32) -> Vec<u32> {
    let mut links = Vec::with_capacity(bytes.len());
    for_each_link(bytes, whole, |_, next| links.push(next));
    links
}

/// Walks every part of the text backwards, all parts in step, and checks that each walk ends where
/// the part before it starts. The links are a permutation whatever was decoded, so every step stays
/// in range and the work is bounded by the length.
fn walk_all(
    len: usize,
    starts: &[u32],
    step: impl Fn(u32) -> (u8, u32),
) -> Result<Vec<u8>, BwtError> {
    let mut text = vec![0; len];
    let mut walks: Vec<Walk> = text
        .chunks_mut(walk_len(len))
        .zip(starts)
        .map(|(part, &place)| Walk { part, place })
        .collect();
    let shortest = walks.last().map_or(0, |walk| walk.part.len());
    let longest = walks.first().map_or(0, |walk| walk.part.len());
    for done in 0..shortest {
        for walk in &mut walks {
            walk.advance(done, &step);
        }
    }
    let long = walks.len() - 1;
    for done in shortest..longest {
        for walk in &mut walks[..long] {
            walk.advance(done, &step);
        }
    }
    let ends = walks.iter().map(|walk| walk.place);
    let closed = ends.eq(starts.iter().cycle().skip(long).take(starts.len()).copied());
    if closed {
        Ok(text)
    } else {
        Err(BwtError::Rows)
    }
}

/// One part of the text, filled from its end, and the place of its next byte in the transform.
struct Walk<'a> {
    part: &'a mut [u8],
    place: u32,
}

impl Walk<'_> {
    #[inline(always)]
    fn advance(&mut self, done: usize, step: &impl Fn(u32) -> (u8, u32)) {
        let (byte, next) = step(self.place);
        let position = self.part.len() - 1 - done;
        self.part[position] = byte;
        self.place = next;
    }
}
