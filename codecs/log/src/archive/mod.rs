//! Work on archives of logs without unpacking them: search, lines by number and by time.

mod lines;
mod pattern;
mod search;

use std::io::{Read, Seek};

use codec_core::container::{Frame, IndexEntry, StreamHeader, read_frame, read_indexes};
use codec_core::{Error, Job, Result};

use crate::block::Summary;
use crate::codec::Log;
use crate::structure::timestamp::Timestamp;

pub use lines::Lines;
pub use pattern::Pattern;
pub use search::{Found, Hit, Query, Range};

/// A `.cdc` file of logs, of one stream or several.
#[derive(Debug)]
pub struct Archive<R> {
    input: R,
    headers: Vec<StreamHeader>,
    blocks: Vec<(u64, IndexEntry)>,
}

/// Blocks that share a line: one block, unless a line goes on from one block to the next.
#[derive(Debug)]
pub struct Chunk {
    blocks: Vec<Block>,
    /// Lines before it in the archive.
    first_line: u64,
    /// The latest time of the last block before it that has times.
    time_before: Option<Timestamp>,
}

#[derive(Debug)]
struct Block {
    summary: Summary,
    frame: Frame,
}

impl<R: Read + Seek> Archive<R> {
    /// Finds the blocks of an archive. Payloads are not read.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] where the file is damaged, [`Error::Usage`] where another codec wrote it,
    /// [`Error::Io`].
    pub fn open(mut input: R) -> Result<Self> {
        let mut headers = Vec::new();
        let mut blocks = Vec::new();
        for stream in read_indexes(&mut input)? {
            if stream.header.codec != Log::ID {
                return Err(Error::Usage(format!(
                    "the file was written by the codec {}, not by {}: its lines are not indexed",
                    stream.header.codec,
                    Log::ID
                )));
            }
            if stream.header.codec_version > Log::VERSION {
                return Err(Error::Unsupported(format!(
                    "version {} of {} is newer than this build, which reads version {}",
                    stream.header.codec_version,
                    Log::ID,
                    Log::VERSION
                )));
            }
            blocks.extend(stream.frames().filter(|(_, entry)| entry.content_len > 0));
            headers.push(stream.header);
        }
        Ok(Self {
            input,
            headers,
            blocks,
        })
    }

    /// The headers of its streams.
    #[must_use]
    pub fn headers(&self) -> &[StreamHeader] {
        &self.headers
    }

    /// Bytes of all lines.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.blocks
            .iter()
            .fold(0, |sum, (_, entry)| sum.saturating_add(entry.content_len))
    }

    /// Number of blocks.
    #[must_use]
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// Reads all payloads, checks them, and passes the blocks' summaries and lengths (content,
    /// payload) on.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] at the first damaged block, [`Error::Io`].
    pub fn summaries(&mut self, mut each: impl FnMut(&Summary, u64, u64)) -> Result<()> {
        for index in 0..self.blocks.len() {
            let block = self.read(index)?;
            let payload_len = block.frame.payload.len() as u64;
            each(&block.summary, block.frame.content_len, payload_len);
        }
        Ok(())
    }

    /// Passes the lines of each chunk on, in order.
    ///
    /// # Errors
    ///
    /// As decoding, and what `each` returns.
    pub fn for_each_chunk(
        &mut self,
        job: &Job,
        mut each: impl FnMut(Lines, u64) -> Result<()>,
    ) -> Result<()> {
        let mut reader = self.chunks();
        while let Some(chunk) = reader.next()? {
            let first_line = chunk.first_line;
            each(chunk.lines(job)?, first_line)?;
        }
        Ok(())
    }

    fn chunks(&mut self) -> Chunks<'_, R> {
        Chunks {
            archive: self,
            next: 0,
            lines: 0,
            time: None,
        }
    }

    fn read(&mut self, index: usize) -> Result<Block> {
        let (at, entry) = self
            .blocks
            .get(index)
            .ok_or_else(|| Error::Internal(format!("there is no block {index}")))?;
        let frame = read_frame(&mut self.input, *at, entry)?;
        let summary = Summary::take(&mut frame.payload.as_slice())
            .map_err(|error| error.offset_by(frame.payload_at))?;
        if summary.newlines > frame.content_len {
            return Err(Error::corrupt(
                frame.payload_at,
                "the block's summary has more lines than bytes",
            ));
        }
        Ok(Block { summary, frame })
    }
}

/// Reads an archive chunk by chunk.
struct Chunks<'a, R> {
    archive: &'a mut Archive<R>,
    next: usize,
    lines: u64,
    time: Option<Timestamp>,
}

impl<R: Read + Seek> Chunks<'_, R> {
    fn next(&mut self) -> Result<Option<Chunk>> {
        let mut chunk = Chunk {
            blocks: Vec::new(),
            first_line: self.lines,
            time_before: self.time,
        };
        while self.next < self.archive.blocks.len() {
            let block = self.archive.read(self.next)?;
            self.next += 1;
            self.lines = self.lines.saturating_add(block.summary.newlines);
            if let Some([_, latest]) = block.summary.times {
                self.time = Some(latest);
            }
            let is_ended = block.summary.is_ended;
            chunk.blocks.push(block);
            if is_ended {
                break;
            }
        }
        Ok((!chunk.blocks.is_empty()).then_some(chunk))
    }
}
