//! Saving whole frames out of a damaged file.

use std::io::{Read, Seek, SeekFrom, Write};

use super::fields::VARINT_MAX;
use super::frame::{FrameHeader, SYNC as FRAME_SYNC};
use super::header::{MAGIC, StreamHeader};
use super::index::{Index, SYNC as INDEX_SYNC, TAIL_LEN};
use super::seek::{frame_header_at, header_at, read_at};
use super::writer::Writer;
use crate::{Error, FrameSink, MediaKind, Result};

/// What [`recover`] saved and what it could not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Streams written.
    pub streams: u64,
    /// Frames written.
    pub frames: u64,
    /// Content in the frames written of streams of bytes, in bytes.
    pub content_bytes: u64,
    /// Bytes written.
    pub written: u64,
    /// Damaged places of the input, in order.
    pub gaps: Vec<Gap>,
}

/// A damaged place of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Offset in the input, in bytes.
    pub at: u64,
    /// Length in the input, in bytes; 0 where something is missing rather than damaged.
    pub len: u64,
    /// Frames known to be missing there.
    pub frames: u64,
}

/// Copies every whole frame of a damaged file into new, intact streams.
///
/// The input is searched for headers, frames and indexes. A stream whose header is damaged is saved
/// by the copy in its index. Frames keep their order and are numbered anew.
///
/// # Errors
/// [`Error::Corrupt`] if there is no whole frame with a known header; [`Error::Io`].
pub fn recover<R: Read + Seek, W: Write>(input: &mut R, output: W) -> Result<Recovery> {
    let file_len = input
        .seek(SeekFrom::End(0))
        .map_err(Error::io("find the end of the input"))?;
    let mut report = Recovery::default();
    let mut salvage = Vec::new();
    let mut at = 0;
    while at < file_len {
        match find_item(input, at, file_len)? {
            Some((found_at, item)) => {
                note_gap(&mut report, at, found_at);
                at = found_at.saturating_add(item.len());
                place(&mut salvage, found_at, item);
            }
            None => {
                note_gap(&mut report, at, file_len);
                at = file_len;
            }
        }
    }
    let mut output = output;
    for stream in salvage {
        output = copy_stream(input, stream, output, &mut report)?;
    }
    report.gaps.sort_by_key(|gap| gap.at);
    if report.frames == 0 {
        return Err(Error::corrupt(
            0,
            "no whole frame with a readable stream header was found",
        ));
    }
    Ok(report)
}

enum Item {
    Header(StreamHeader, u64),
    Frame(FrameHeader),
    Index(Index, u64),
}

impl Item {
    /// Length in the input, in bytes.
    fn len(&self) -> u64 {
        match self {
            Item::Header(_, len) | Item::Index(_, len) => *len,
            Item::Frame(header) => header.len.saturating_add(header.payload_len),
        }
    }
}

/// What is known of one stream.
#[derive(Default)]
struct Salvage {
    header: Option<StreamHeader>,
    frames: Vec<(u64, FrameHeader)>,
    index: Option<Index>,
}

/// Adds an item to the stream it belongs to: the last one, unless it must start another.
fn place(salvage: &mut Vec<Salvage>, at: u64, item: Item) {
    let number = match &item {
        Item::Frame(header) => Some(header.number),
        _ => None,
    };
    let continues = match (salvage.last(), &item) {
        (None, _) | (_, Item::Header(..)) => false,
        (Some(stream), _) => {
            let last = stream.frames.last().map(|(_, frame)| frame);
            let in_order = number.is_none_or(|n| last.is_none_or(|frame| n > frame.number));
            let open = number.is_none() || last.is_none_or(|frame| !frame.last);
            stream.index.is_none() && in_order && open
        }
    };
    if !continues {
        salvage.push(Salvage::default());
    }
    if let Some(stream) = salvage.last_mut() {
        match item {
            Item::Header(header, _) => stream.header = Some(header),
            Item::Frame(header) => stream.frames.push((at, header)),
            Item::Index(index, _) => stream.index = Some(index),
        }
    }
}

fn copy_stream<R: Read + Seek, W: Write>(
    input: &mut R,
    stream: Salvage,
    output: W,
    report: &mut Recovery,
) -> Result<W> {
    let from_index = || StreamHeader::parse(&stream.index.as_ref()?.header, 0).ok();
    let Some(header) = stream.header.clone().or_else(from_index) else {
        for (at, frame) in &stream.frames {
            let len = frame.len.saturating_add(frame.payload_len);
            report.gaps.push(Gap {
                at: *at,
                len,
                frames: 1,
            });
        }
        return Ok(output);
    };
    if stream.frames.is_empty() {
        return Ok(output);
    }
    let mut writer = Writer::new(output);
    writer.begin(&header)?;
    let mut expected = 0;
    let mut end = 0;
    for (at, frame_header) in &stream.frames {
        let missing = frame_header.number.saturating_sub(expected);
        if missing > 0 {
            report.gaps.push(Gap {
                at: *at,
                len: 0,
                frames: missing,
            });
        }
        expected = frame_header.number.saturating_add(1);
        end = at
            .saturating_add(frame_header.len)
            .saturating_add(frame_header.payload_len);
        let payload_at = at.saturating_add(frame_header.len);
        let payload = read_at(input, payload_at, frame_header.payload_len)?;
        writer.frame(frame_header.with_payload(payload, *at)?)?;
        report.frames += 1;
        if header.media.kind() == MediaKind::Bytes {
            let sum = report
                .content_bytes
                .saturating_add(frame_header.content_len);
            report.content_bytes = sum;
        }
    }
    if let Some(missing) = missing_at_end(&stream, expected) {
        report.gaps.push(Gap {
            at: end,
            len: 0,
            frames: missing,
        });
    }
    let (output, written) = writer.finish()?;
    report.streams += 1;
    report.written += written;
    Ok(output)
}

/// Frames known to be missing behind the last one found.
fn missing_at_end(stream: &Salvage, expected: u64) -> Option<u64> {
    let complete = stream.frames.last().is_some_and(|(_, frame)| frame.last);
    let missing = match &stream.index {
        _ if complete => 0,
        Some(index) => (index.entries.len() as u64).saturating_sub(expected),
        None => 1,
    };
    (missing > 0).then_some(missing)
}

fn note_gap(report: &mut Recovery, from: u64, to: u64) {
    if to > from {
        report.gaps.push(Gap {
            at: from,
            len: to - from,
            frames: 0,
        });
    }
}

/// The first whole item at or after `from`.
fn find_item<R: Read + Seek>(
    input: &mut R,
    from: u64,
    file_len: u64,
) -> Result<Option<(u64, Item)>> {
    const CHUNK: u64 = 1 << 20;
    let marks = [&MAGIC[..4], &FRAME_SYNC, &INDEX_SYNC];
    let mut at = from;
    while at < file_len {
        let chunk = read_at(input, at, CHUNK.min(file_len - at))?;
        for (offset, window) in chunk.windows(4).enumerate() {
            if marks.contains(&window) {
                let place = at + offset as u64;
                if let Some(item) = item_at(input, place, file_len)? {
                    return Ok(Some((place, item)));
                }
            }
        }
        // The next chunk overlaps by three bytes, so that no mark is cut in two.
        at += (chunk.len() as u64).saturating_sub(3).max(1);
    }
    Ok(None)
}

/// The item that starts at `at`, if it is whole and its checksums hold.
fn item_at<R: Read + Seek>(input: &mut R, at: u64, file_len: u64) -> Result<Option<Item>> {
    let found = header_item(input, at, file_len)
        .or_else(|_| frame_item(input, at, file_len))
        .or_else(|_| index_item(input, at, file_len));
    match found {
        Ok(item) => Ok(Some(item)),
        Err(error @ Error::Io { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

fn header_item<R: Read + Seek>(input: &mut R, at: u64, file_len: u64) -> Result<Item> {
    header_at(input, at, file_len).map(|(header, len)| Item::Header(header, len))
}

fn frame_item<R: Read + Seek>(input: &mut R, at: u64, file_len: u64) -> Result<Item> {
    let header = frame_header_at(input, at, file_len)?;
    let payload_at = at.saturating_add(header.len);
    if header.payload_len > file_len.saturating_sub(payload_at) {
        return Err(Error::corrupt(at, "frame is cut short"));
    }
    header.with_payload(read_at(input, payload_at, header.payload_len)?, at)?;
    Ok(Item::Frame(header))
}

fn index_item<R: Read + Seek>(input: &mut R, at: u64, file_len: u64) -> Result<Item> {
    let left = file_len.saturating_sub(at);
    let start = read_at(input, at, left.min((4 + VARINT_MAX) as u64))?;
    let mut fields = super::fields::Fields::new(&start, at);
    fields.take(4, "index")?;
    let body_len = fields.varint("index body")?;
    let before = fields.at().saturating_sub(at);
    let len = body_len
        .saturating_add(before)
        .saturating_add(TAIL_LEN as u64);
    if len > left {
        return Err(Error::corrupt(at, "index is cut short"));
    }
    Ok(Item::Index(
        Index::parse(&read_at(input, at, len)?, at)?,
        len,
    ))
}
