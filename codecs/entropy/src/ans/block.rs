//! Bytes in blocks, each with the cheapest of three representations.

use super::{StaticDecoder, StaticEncoder};
use crate::table::StaticTable;
use crate::{EntropyError, varint};

/// Bytes in one block of [`encode_bytes`]; only the last may have fewer.
pub const BLOCK_SIZE: usize = 128 * 1024;

/// Codes bytes by how often each occurs in its block of [`BLOCK_SIZE`], independent of context.
///
/// ```
/// use codec_entropy::ans::{decode_bytes, encode_bytes};
///
/// let coded = encode_bytes(b"she sells sea shells by the sea shore, she sells sea shells");
/// assert_eq!(coded.len(), 49);
/// assert_eq!(encode_bytes(b"abc"), [3, 0, b'a', b'b', b'c']); // too short to gain anything
/// assert_eq!(encode_bytes(&[7; 300]), [172, 2, 1, 7]); // one byte, repeated
///
/// let decoded = decode_bytes(&coded, 1 << 20)?;
/// assert_eq!(decoded, b"she sells sea shells by the sea shore, she sells sea shells");
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
///
/// The result is at most one byte per block and the length (up to ten bytes) longer than the
/// input. Format: the length of the input as LEB128, then the blocks as in [`encode_block`].
#[must_use]
pub fn encode_bytes(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint::write(input.len() as u64, &mut out);
    for block in input.chunks(BLOCK_SIZE) {
        encode_block(block, &mut out);
    }
    out
}

/// The bytes that [`encode_bytes`] was given.
///
/// Memory grows block by block with what has been decoded, never beyond `limit` bytes and one
/// table (at most 1 MiB).
///
/// # Errors
///
/// - [`EntropyError::LimitExceeded`] if `input` says it decodes to more than `limit` bytes.
/// - What [`decode_block`] reports, and [`EntropyError::TrailingData`] after the last block.
pub fn decode_bytes(input: &[u8], limit: usize) -> Result<Vec<u8>, EntropyError> {
    let mut at = 0;
    let needed = varint::read(input, &mut at)?;
    let length = usize::try_from(needed)
        .ok()
        .filter(|&length| length <= limit);
    let length = length.ok_or(EntropyError::LimitExceeded {
        needed,
        limit: limit as u64,
    })?;
    let mut out = Vec::new();
    while out.len() < length {
        let start = out.len();
        out.resize(start + BLOCK_SIZE.min(length - start), 0);
        let block = out.get_mut(start..).unwrap_or_default();
        at += decode_block(input.get(at..).unwrap_or_default(), block).map_err(|e| e.moved(at))?;
    }
    if at < input.len() {
        return Err(EntropyError::TrailingData {
            at,
            len: input.len() - at,
        });
    }
    Ok(out)
}

/// Appends one block to `out`: at most one byte more than `block` has.
///
/// Works for any length, best for 64 to 256 KiB. Format: a byte for the kind, then
/// - 0, stored: the bytes themselves;
/// - 1, repeated: the one byte that all are equal to;
/// - 2, coded: the length of the stream as LEB128, a [`StaticTable`] for 256 symbols as
///   [`StaticTable::write`] writes it, and the stream of a [`StaticEncoder`].
pub fn encode_block(block: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    match block {
        [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|byte| byte == first) => {
            out.extend_from_slice(&[Kind::Repeated as u8, *first]);
        }
        _ => {
            if encode_coded(block, out).is_err() || out.len() - start > block.len() {
                out.truncate(start);
                out.push(Kind::Stored as u8);
                out.extend_from_slice(block);
            }
        }
    }
}

/// Fills `out` with the block at the start of `input` and returns how many bytes the block takes.
///
/// # Errors
///
/// - [`EntropyError::Truncated`] if `input` ends inside the block.
/// - [`EntropyError::Corrupt`] for an unknown kind of block or a stream that is not in order.
/// - [`EntropyError::InvalidTable`] for a table that cannot be.
pub fn decode_block(input: &[u8], out: &mut [u8]) -> Result<usize, EntropyError> {
    let truncated = EntropyError::Truncated { at: input.len() };
    let (&kind, rest) = input.split_first().ok_or(truncated.clone())?;
    if kind == Kind::Stored as u8 {
        out.copy_from_slice(rest.get(..out.len()).ok_or(truncated)?);
        Ok(1 + out.len())
    } else if kind == Kind::Repeated as u8 {
        out.fill(*rest.first().ok_or(truncated)?);
        Ok(2)
    } else if kind == Kind::Coded as u8 {
        let mut at = 1;
        let length = varint::read(input, &mut at)?;
        let length = usize::try_from(length).map_err(|_| truncated.clone())?;
        let (table, taken) = StaticTable::read(input.get(at..).unwrap_or_default(), 256)
            .map_err(|error| error.moved(at))?;
        at += taken;
        let end = at.checked_add(length).ok_or(truncated.clone())?;
        let stream = input.get(at..end).ok_or(truncated)?;
        StaticDecoder::new(&table)
            .decode(stream, out)
            .map_err(|error| error.moved(at))?;
        Ok(end)
    } else {
        Err(EntropyError::Corrupt {
            at: 0,
            what: "unknown kind of block",
        })
    }
}

enum Kind {
    Stored = 0,
    Repeated = 1,
    Coded = 2,
}

/// Blocks below this look for the precision that makes table and stream together smallest.
const LOOK_BELOW: usize = 16 * 1024;

const PRECISION: u32 = 12;

fn encode_coded(block: &[u8], out: &mut Vec<u8>) -> Result<(), EntropyError> {
    let counts = count(block);
    let table = if block.len() < LOOK_BELOW {
        cheapest_table(&counts)?
    } else {
        StaticTable::from_counts(&counts, PRECISION)?
    };
    let mut stream = Vec::new();
    StaticEncoder::new(&table).encode(block, &mut stream)?;
    out.push(Kind::Coded as u8);
    varint::write(stream.len() as u64, out);
    table.write(out);
    out.extend_from_slice(&stream);
    Ok(())
}

fn cheapest_table(counts: &[u32; 256]) -> Result<StaticTable, EntropyError> {
    let mut cheapest: Result<_, EntropyError> = Err(EntropyError::NoSymbols);
    let mut least = u64::MAX;
    for precision in 8..=PRECISION {
        let table = StaticTable::from_counts(counts, precision)?;
        let mut header = Vec::new();
        table.write(&mut header);
        let bits = table
            .ideal_bits(counts)?
            .saturating_add(header.len() as u64 * 8 * crate::BIT);
        if bits < least {
            least = bits;
            cheapest = Ok(table);
        }
    }
    cheapest
}

/// Four sets of counters, so that equal bytes in a row do not wait for each other.
fn count(block: &[u8]) -> [u32; 256] {
    let mut counts = [[0u32; 256]; 4];
    let (fours, rest) = block.as_chunks::<4>();
    for four in fours {
        for (counts, &byte) in counts.iter_mut().zip(four) {
            counts[usize::from(byte)] += 1;
        }
    }
    let mut total = [0; 256];
    for counts in &counts {
        for (total, count) in total.iter_mut().zip(counts) {
            *total += count;
        }
    }
    for &byte in rest {
        total[usize::from(byte)] += 1;
    }
    total
}
