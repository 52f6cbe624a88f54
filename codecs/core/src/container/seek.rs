//! Random access: where the frames are, and decoding only those that hold a range of content.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use super::fields::VARINT_MAX;
use super::frame::{Frame, FrameHeader, MAX_HEADER};
use super::header::{MAGIC, MAX_BODY, StreamHeader, check_start};
use super::index::{Index, IndexEntry, TAIL, TAIL_LEN};
use crate::{Codec, Error, FrameSource, Job, MediaKind, MediaSink, Result, Stats};

/// One stream of a file, with the place of its header and frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamIndex {
    /// Offset of the stream in the file, in bytes.
    pub at: u64,
    /// Length of the whole stream in the file, in bytes.
    pub len: u64,
    /// Its header.
    pub header: StreamHeader,
    /// Offset of its first frame in the file, in bytes; the others follow without gaps.
    pub first_frame_at: u64,
    /// Its frames.
    pub entries: Vec<IndexEntry>,
}

impl StreamIndex {
    /// Total content of the stream, in the media's unit.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.content_len))
    }
}

impl StreamIndex {
    /// Each frame's offset in the file, in bytes, and its entry.
    pub fn frames(&self) -> impl Iterator<Item = (u64, IndexEntry)> + '_ {
        self.entries.iter().scan(self.first_frame_at, |at, entry| {
            let frame_at = *at;
            *at = at.saturating_add(entry.frame_len);
            Some((frame_at, *entry))
        })
    }
}

/// Reads the frame at offset `at`, which `entry` describes, and checks its payload.
///
/// # Errors
/// [`Error::Corrupt`] if an intact frame of that description is not there, [`Error::Io`].
pub fn read_frame<R: Read + Seek>(input: &mut R, at: u64, entry: &IndexEntry) -> Result<Frame> {
    let mut bytes = read_at(input, at, entry.frame_len)?;
    let header = FrameHeader::parse(bytes.get(..MAX_HEADER).unwrap_or(&bytes), at)?;
    if header.len.saturating_add(header.payload_len) != entry.frame_len
        || header.content_len != entry.content_len
    {
        return Err(Error::corrupt(
            at,
            "the frame is not the one that the index describes",
        ));
    }
    let payload = bytes.split_off(header.len as usize);
    header.with_payload(payload, at)
}

/// Where everything is in a file of one or more streams. Payloads are neither read nor checked.
///
/// A file of a single stream costs two reads, at its end and its start; otherwise every frame
/// header is visited.
///
/// # Errors
/// [`Error::Corrupt`] if the file is not a sequence of whole streams, [`Error::Unsupported`] for a
/// newer container, [`Error::Io`].
pub fn read_indexes<R: Read + Seek>(input: &mut R) -> Result<Vec<StreamIndex>> {
    let file_len = input
        .seek(SeekFrom::End(0))
        .map_err(Error::io("find the end of the input"))?;
    if let Some(stream) = from_footer(input, file_len)? {
        return Ok(vec![stream]);
    }
    let mut streams = Vec::new();
    let mut at = 0;
    while at < file_len || streams.is_empty() {
        let stream = walk_stream(input, at, file_len)?;
        at = at.saturating_add(stream.len);
        streams.push(stream);
    }
    Ok(streams)
}

/// Decodes bytes `range` of the content of a stream, reading only the frames they lie in.
///
/// # Errors
/// As [`Codec::decode`]; a range that runs past the content gives what there is. [`Error::Usage`] for
/// images and audio, whose frames hold no bytes of the file that decoding writes.
pub fn decode_range<R: Read + Seek + Send>(
    codec: &dyn Codec,
    input: &mut R,
    stream: &StreamIndex,
    range: Range<u64>,
    job: &Job,
    media: &mut dyn MediaSink,
) -> Result<Stats> {
    let kind = stream.header.media.kind();
    if kind != MediaKind::Bytes {
        return Err(Error::Usage(format!(
            "the frames of {} are counted in {}s, not in bytes",
            kind.name(),
            kind.unit()
        )));
    }
    let mut content_at: u64 = 0;
    let mut wanted = Vec::new();
    let mut skip = None;
    for (frame_at, entry) in stream.frames() {
        let content_end = content_at.saturating_add(entry.content_len);
        if content_at < range.end && content_end > range.start {
            skip.get_or_insert(range.start.saturating_sub(content_at));
            wanted.push((frame_at, entry));
        }
        content_at = content_end;
    }
    let mut frames = FramesAt {
        input,
        wanted: wanted.into_iter(),
    };
    let mut trimmed = Trim {
        inner: media,
        skip: skip.unwrap_or(0),
        left: range.end.saturating_sub(range.start),
    };
    codec.decode(&stream.header, &mut frames, job, &mut trimmed)
}

/// The frames at given places of a file.
struct FramesAt<'a, R> {
    input: &'a mut R,
    wanted: std::vec::IntoIter<(u64, IndexEntry)>,
}

impl<R: Read + Seek> FrameSource for FramesAt<'_, R> {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some((at, entry)) = self.wanted.next() else {
            return Ok(None);
        };
        read_frame(self.input, at, &entry).map(Some)
    }
}

/// Passes on a part of the content.
struct Trim<'a> {
    inner: &'a mut dyn MediaSink,
    skip: u64,
    left: u64,
}

impl MediaSink for Trim<'_> {
    fn bytes(&mut self, content: &[u8]) -> Result<()> {
        let skipped = self.skip.min(content.len() as u64);
        self.skip -= skipped;
        let rest = content.get(skipped as usize..).unwrap_or_default();
        let taken = self.left.min(rest.len() as u64);
        self.left -= taken;
        self.inner
            .bytes(rest.get(..taken as usize).unwrap_or_default())
    }
}

/// The stream that fills the whole file, if it has an index that says so.
fn from_footer<R: Read + Seek>(input: &mut R, file_len: u64) -> Result<Option<StreamIndex>> {
    let Some(tail_at) = file_len.checked_sub(8) else {
        return Ok(None);
    };
    let tail = read_at(input, tail_at, 8)?;
    let (len, mark) = tail.split_at_checked(4).unwrap_or((&tail, &[]));
    let index_len = len
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    if mark != TAIL || index_len < TAIL_LEN as u64 {
        return Ok(None);
    }
    let Some(index_at) = file_len.checked_sub(index_len) else {
        return Ok(None);
    };
    let Ok(index) = Index::parse(&read_at(input, index_at, index_len)?, index_at) else {
        return Ok(None);
    };
    let frames = index
        .entries
        .iter()
        .fold(0u64, |sum, entry| sum.saturating_add(entry.frame_len));
    if frames.saturating_add(index.header.len() as u64) != index_at {
        return Ok(None);
    }
    let first_frame_at = index.header.len() as u64;
    let header = StreamHeader::parse(&read_at(input, 0, first_frame_at)?, 0)?;
    let entries = index.entries;
    Ok(Some(StreamIndex {
        at: 0,
        len: file_len,
        header,
        first_frame_at,
        entries,
    }))
}

/// The stream at offset `at`, by visiting every frame header.
fn walk_stream<R: Read + Seek>(input: &mut R, at: u64, file_len: u64) -> Result<StreamIndex> {
    let (header, header_len) = header_at(input, at, file_len)?;
    let first_frame_at = at.saturating_add(header_len);
    let mut frame_at = first_frame_at;
    let mut entries = Vec::new();
    loop {
        let frame = frame_header_at(input, frame_at, file_len)?;
        let frame_len = frame.len.saturating_add(frame.payload_len);
        if frame.number != entries.len() as u64 {
            return Err(Error::corrupt(frame_at, "frames are not in order"));
        }
        if frame_len > file_len.saturating_sub(frame_at) {
            return Err(Error::corrupt(
                frame_at,
                format!(
                    "frame {} is cut short: its {frame_len} bytes run past the end",
                    frame.number
                ),
            ));
        }
        entries.push(IndexEntry {
            frame_len,
            content_len: frame.content_len,
        });
        frame_at = frame_at.saturating_add(frame_len);
        if frame.last {
            break;
        }
    }
    let mut len = frame_at.saturating_sub(at);
    if entries.len() > 1 {
        let bytes = read_at(input, at, header_len)?;
        let index = Index {
            entries,
            header: bytes,
        };
        let expected = index.to_bytes();
        let available = file_len.saturating_sub(frame_at).min(expected.len() as u64);
        if read_at(input, frame_at, available)? != expected {
            return Err(Error::corrupt(
                frame_at,
                "the index does not describe the frames before it",
            ));
        }
        len = len.saturating_add(expected.len() as u64);
        entries = index.entries;
    }
    Ok(StreamIndex {
        at,
        len,
        header,
        first_frame_at,
        entries,
    })
}

/// The stream header at offset `at`, with its length in bytes.
pub(super) fn header_at<R: Read + Seek>(
    input: &mut R,
    at: u64,
    file_len: u64,
) -> Result<(StreamHeader, u64)> {
    let fixed = MAGIC.len() + 2;
    let longest = fixed as u64 + VARINT_MAX as u64 + MAX_BODY + 4;
    let left = file_len.saturating_sub(at);
    let start = read_at(input, at, left.min((fixed + VARINT_MAX) as u64))?;
    check_start(start.get(..fixed).unwrap_or(&start), at)?;
    let mut fields = super::fields::Fields::new(&start, at);
    fields.take(fixed, "stream header")?;
    let body_len = fields.varint("header length")?;
    let len = fields
        .at()
        .saturating_sub(at)
        .saturating_add(body_len)
        .saturating_add(4);
    if len > longest.min(left) {
        return Err(Error::corrupt(
            at,
            format!("stream header claims {body_len} bytes"),
        ));
    }
    Ok((StreamHeader::parse(&read_at(input, at, len)?, at)?, len))
}

pub(super) fn frame_header_at<R: Read + Seek>(
    input: &mut R,
    at: u64,
    file_len: u64,
) -> Result<FrameHeader> {
    let available = file_len.saturating_sub(at).min(MAX_HEADER as u64);
    FrameHeader::parse(&read_at(input, at, available)?, at)
}

/// Exactly `len` bytes from offset `at`; memory grows with what is really there.
pub(super) fn read_at<R: Read + Seek>(input: &mut R, at: u64, len: u64) -> Result<Vec<u8>> {
    input
        .seek(SeekFrom::Start(at))
        .map_err(Error::io("move within the input"))?;
    let mut bytes = Vec::new();
    input
        .take(len)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read input"))?;
    if (bytes.len() as u64) < len {
        return Err(Error::corrupt(
            at,
            format!("{len} bytes are expected here, {} are left", bytes.len()),
        ));
    }
    Ok(bytes)
}
