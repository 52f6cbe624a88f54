//! Writing streams.

use std::io::Write;

use super::frame::Frame;
use super::header::StreamHeader;
use super::index::{Index, IndexEntry};
use crate::{Error, FrameSink, Result};

/// Writes one stream: a header, frames, and an index if there is more than one frame.
///
/// A frame is held back until it is known whether it is the last, so nothing is complete before
/// [`Writer::finish`].
pub struct Writer<W> {
    output: W,
    header: Option<Vec<u8>>,
    held: Option<Frame>,
    entries: Vec<IndexEntry>,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// A writer that has written nothing yet.
    pub fn new(output: W) -> Self {
        Writer {
            output,
            header: None,
            held: None,
            entries: Vec::new(),
            written: 0,
        }
    }

    /// Completes the stream and gives back the output with the number of bytes written to it.
    ///
    /// # Errors
    /// [`Error::Io`] if the rest cannot be written; [`Error::Internal`] without
    /// [`FrameSink::begin`].
    pub fn finish(mut self) -> Result<(W, u64)> {
        let Some(header) = self.header.take() else {
            return Err(Error::Internal(
                "a stream was finished before it began".into(),
            ));
        };
        let last = self
            .held
            .take()
            .unwrap_or_else(|| Frame::new(&[], Vec::new()));
        self.put_frame(&last, true)?;
        if self.entries.len() > 1 {
            let entries = std::mem::take(&mut self.entries);
            self.put(&Index { entries, header }.to_bytes())?;
        }
        self.output.flush().map_err(Error::io("write output"))?;
        Ok((self.output, self.written))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.output
            .write_all(bytes)
            .map_err(Error::io("write output"))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn put_frame(&mut self, frame: &Frame, last: bool) -> Result<()> {
        let header = frame.header_bytes(self.entries.len() as u64, last);
        self.put(&header)?;
        self.put(&frame.payload)?;
        self.entries.push(IndexEntry {
            frame_len: (header.len() + frame.payload.len()) as u64,
            content_len: frame.content_len,
        });
        Ok(())
    }
}

impl<W: Write> FrameSink for Writer<W> {
    fn begin(&mut self, header: &StreamHeader) -> Result<()> {
        if self.header.is_some() {
            return Err(Error::Internal("a stream began twice".into()));
        }
        let bytes = header.to_bytes();
        self.put(&bytes)?;
        self.header = Some(bytes);
        Ok(())
    }

    fn frame(&mut self, frame: Frame) -> Result<()> {
        match self.held.replace(frame) {
            Some(previous) => self.put_frame(&previous, false),
            None => Ok(()),
        }
    }
}
