//! Reading streams from front to back.

use std::io::Read;

use super::fields::VARINT_MAX;
use super::frame::{Frame, FrameHeader, MAX_HEADER};
use super::header::{MAGIC, MAX_BODY, StreamHeader, check_start};
use super::index::{Index, IndexEntry, TAIL_LEN};
use crate::{Budget, Error, FrameSource, LimitKind, Result};

/// Reads concatenated streams and checks everything in them but the content.
///
/// Call [`Reader::next_stream`], then [`FrameSource::next_frame`] until it gives `None`, and again.
pub struct Reader<R> {
    input: Buffered<R>,
    budget: Budget,
    stream: Option<OpenStream>,
    streams: u64,
}

struct OpenStream {
    header: Vec<u8>,
    max_content: u64,
    entries: Vec<IndexEntry>,
}

impl<R: Read> Reader<R> {
    /// A reader at the start of a file. Payloads larger than the budget's memory are refused.
    pub fn new(input: R, budget: &Budget) -> Self {
        Reader {
            input: Buffered {
                input,
                buffer: Vec::new(),
                at: 0,
            },
            budget: budget.clone(),
            stream: None,
            streams: 0,
        }
    }

    /// The header of the next stream, or `None` at the end of the input.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if something else than a stream follows, or nothing at all is there;
    /// [`Error::Unsupported`] for a newer container.
    pub fn next_stream(&mut self) -> Result<Option<StreamHeader>> {
        let at = self.input.at;
        let start = self.input.peek(MAGIC.len() + 2)?;
        if start.is_empty() && self.streams > 0 {
            return Ok(None);
        }
        if start.is_empty() {
            return Err(Error::corrupt(at, "no .cdc stream: the input is empty"));
        }
        if self.streams > 0 && !start.starts_with(&MAGIC) {
            return Err(Error::corrupt(
                at,
                "trailing garbage: the stream before is complete, and no other one starts here",
            ));
        }
        check_start(start, at)?;
        let (before, body_len) = self.input.peek_length(MAGIC.len() + 2, "stream header")?;
        if body_len > MAX_BODY {
            return Err(Error::corrupt(
                at,
                format!("stream header claims {body_len} bytes"),
            ));
        }
        let bytes = self.input.take(before + body_len as usize + 4)?;
        let header = StreamHeader::parse(&bytes, at)?;
        self.stream = Some(OpenStream {
            header: bytes,
            max_content: header.max_content,
            entries: Vec::new(),
        });
        self.streams += 1;
        Ok(Some(header))
    }

    /// Offset of the next unread byte in the input.
    pub fn position(&self) -> u64 {
        self.input.at
    }

    fn frame_header(&mut self, stream: &OpenStream) -> Result<FrameHeader> {
        let at = self.input.at;
        let number = stream.entries.len() as u64;
        let bytes = self.input.peek(MAX_HEADER)?;
        if bytes.is_empty() {
            return Err(Error::corrupt(
                at,
                format!("the input ends where frame {number} should start: it is cut short"),
            ));
        }
        let header = FrameHeader::parse(bytes, at)?;
        if header.number != number {
            return Err(Error::corrupt(
                at,
                format!("frame {} stands where frame {number} should", header.number),
            ));
        }
        if header.content_len > stream.max_content {
            return Err(Error::corrupt(
                at,
                format!(
                    "frame {number} claims content of {}, the stream's largest is {}",
                    header.content_len, stream.max_content
                ),
            ));
        }
        let allowed = self.budget.limits().memory;
        if header.payload_len > allowed {
            return Err(Error::Limit {
                what: "a frame's payload",
                needed: header.payload_len,
                allowed,
                limit: LimitKind::Memory,
            });
        }
        Ok(header)
    }

    /// Reads the index behind the last frame and compares it with the frames that were there.
    fn check_index(&mut self, stream: OpenStream) -> Result<()> {
        let at = self.input.at;
        let (before, body_len) = self.input.peek_length(4, "index")?;
        let index = Index {
            entries: stream.entries,
            header: stream.header,
        };
        let expected = index.to_bytes();
        let whole = body_len.saturating_add((before + TAIL_LEN) as u64);
        if whole != expected.len() as u64 {
            return Err(Error::corrupt(
                at,
                format!(
                    "index of {whole} bytes where {} are expected",
                    expected.len()
                ),
            ));
        }
        let bytes = self.input.take(expected.len())?;
        if Index::parse(&bytes, at)? != index {
            return Err(Error::corrupt(
                at,
                "the index does not describe the frames before it",
            ));
        }
        Ok(())
    }
}

impl<R: Read> FrameSource for Reader<R> {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some(mut stream) = self.stream.take() else {
            return Ok(None);
        };
        let at = self.input.at;
        let header = self.frame_header(&stream)?;
        self.input.take(header.len as usize)?;
        let payload = self.input.take(header.payload_len as usize)?;
        let frame = header.with_payload(payload, at)?;
        stream.entries.push(IndexEntry {
            frame_len: header.len.saturating_add(header.payload_len),
            content_len: header.content_len,
        });
        if !header.last {
            self.stream = Some(stream);
        } else if stream.entries.len() > 1 {
            self.check_index(stream)?;
        }
        Ok(Some(frame))
    }
}

/// Input that can be looked at before it is taken, and knows its position.
struct Buffered<R> {
    input: R,
    buffer: Vec<u8>,
    at: u64,
}

impl<R: Read> Buffered<R> {
    /// Up to `len` bytes from the current position; fewer only at the end of the input.
    fn peek(&mut self, len: usize) -> Result<&[u8]> {
        let missing = len.saturating_sub(self.buffer.len());
        if missing > 0 {
            let mut part = self.input.by_ref().take(missing as u64);
            part.read_to_end(&mut self.buffer)
                .map_err(Error::io("read input"))?;
        }
        Ok(self.buffer.get(..len).unwrap_or(&self.buffer))
    }

    /// Takes exactly `len` bytes. Memory grows with what is really there, whatever `len` claims.
    fn take(&mut self, len: usize) -> Result<Vec<u8>> {
        let mut taken = std::mem::take(&mut self.buffer);
        if taken.len() > len {
            self.buffer = taken.split_off(len);
        }
        const STEP: usize = 1 << 20;
        while taken.len() < len {
            let step = (len - taken.len()).min(STEP.max(taken.len()));
            taken.reserve_exact(step);
            let before = taken.len();
            let mut part = self.input.by_ref().take(step as u64);
            part.read_to_end(&mut taken)
                .map_err(Error::io("read input"))?;
            if taken.len() - before < step {
                return Err(Error::corrupt(
                    self.at,
                    format!(
                        "the input is cut short: {len} bytes are expected here, {} are left",
                        taken.len()
                    ),
                ));
            }
        }
        self.at += len as u64;
        Ok(taken)
    }

    /// The varint that stands `skip` bytes ahead, with the number of bytes up to its end.
    fn peek_length(&mut self, skip: usize, what: &str) -> Result<(usize, u64)> {
        let at = self.at;
        let ahead = self.peek(skip + VARINT_MAX)?;
        let mut fields = super::fields::Fields::new(ahead, at);
        fields.take(skip, what)?;
        let value = fields.varint(what)?;
        Ok((ahead.len() - fields.left(), value))
    }
}
