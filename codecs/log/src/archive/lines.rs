//! The lines of a chunk, equal ones once where the block has them so.

use std::num::NonZeroUsize;

use codec_core::{BlockCodec, Error, Job, Params, Reservation, Result};

use super::{Block, Chunk};
use crate::block::{self, Opened};
use crate::codec::Log;
use crate::columns::OpenBlock;

/// Lines in memory: distinct texts, and which of them each row is.
#[derive(Debug, Default)]
pub struct Lines {
    /// Distinct lines with newlines behind them.
    text: Vec<u8>,
    /// Where each ends in `text`, behind its newline.
    ends: Vec<usize>,
    /// The number of each row's line; `None` where each row has its own.
    numbers: Option<Vec<u32>>,
    /// Whether the last row ends with a newline in the log.
    is_ended: bool,
}

impl Lines {
    /// The lines of plain content.
    #[must_use]
    pub fn of(mut content: Vec<u8>) -> Self {
        let is_ended = content.last().is_none_or(|byte| *byte == b'\n');
        if !is_ended {
            content.push(b'\n');
        }
        let ends = memchr::memchr_iter(b'\n', &content)
            .map(|at| at + 1)
            .collect();
        Self {
            text: content,
            ends,
            numbers: None,
            is_ended,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.as_ref().map_or(self.ends.len(), Vec::len)
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row, with its newline if it has one in the log.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u8] {
        let line = self.with_newline(self.number(row));
        match line.split_last() {
            Some((_, text)) if !self.is_ended && row + 1 == self.len() => text,
            _ => line,
        }
    }

    /// The number of a row's distinct line.
    pub(super) fn number(&self, row: usize) -> usize {
        match &self.numbers {
            Some(numbers) => numbers
                .get(row)
                .map_or(usize::MAX, |number| *number as usize),
            None => row,
        }
    }

    /// A distinct line with its newline.
    pub(super) fn with_newline(&self, number: usize) -> &[u8] {
        let start = match number {
            0 => 0,
            _ => self.ends.get(number - 1).copied().unwrap_or(usize::MAX),
        };
        let end = self.ends.get(number).copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn ends(&self) -> &[usize] {
        &self.ends
    }

    pub(super) fn distinct(&self) -> usize {
        self.ends.len()
    }
}

/// A chunk whose lines are decoded, but which row has which line only if it is asked for.
pub(super) struct Pending<'c> {
    pub(super) lines: Lines,
    repeats: Option<crate::columns::DistinctLines<'c>>,
    at: u64,
    _memory: Reservation,
}

impl Pending<'_> {
    /// All rows.
    pub(super) fn complete(mut self) -> Result<Lines> {
        if let Some(mut repeats) = self.repeats {
            self.lines.numbers = repeats
                .take_numbers()
                .map_err(|error| block::damaged_columns(error).offset_by(self.at))?;
        }
        Ok(self.lines)
    }
}

impl Chunk {
    /// All its lines.
    pub(super) fn lines(&self, job: &Job) -> Result<Lines> {
        match self.open(job, job.threads, |_| true)? {
            Some(pending) => pending.complete(),
            None => Ok(Lines::default()),
        }
    }

    /// Its distinct lines, or `None` where `is_wanted` rules them out by the block's texts.
    pub(super) fn open<'c>(
        &'c self,
        job: &Job,
        threads: NonZeroUsize,
        is_wanted: impl Fn(&OpenBlock<'_>) -> bool,
    ) -> Result<Option<Pending<'c>>> {
        let memory = self.reserve(job)?;
        let [block] = self.blocks.as_slice() else {
            let mut content = Vec::new();
            for block in &self.blocks {
                content.extend(block.content()?);
            }
            return Ok(Some(Pending {
                lines: Lines::of(content),
                repeats: None,
                at: 0,
                _memory: memory,
            }));
        };
        let at = block.frame.payload_at;
        let opened = block::open(&block.frame.payload, block.content_len()?, threads)
            .map_err(|error| error.offset_by(at))?;
        let open = match opened {
            Opened::Columns(open) => open,
            Opened::Content(content) => {
                block.frame.check_content(&content)?;
                return Ok(Some(Pending {
                    lines: Lines::of(content),
                    repeats: None,
                    at,
                    _memory: memory,
                }));
            }
        };
        if !is_wanted(&open) {
            return Ok(None);
        }
        let mut distinct = open
            .lines()
            .map_err(|error| block::damaged_columns(error).offset_by(at))?;
        let (text, ends) = distinct.take_text();
        Ok(Some(Pending {
            lines: Lines {
                text,
                ends,
                numbers: None,
                is_ended: distinct.is_ended(),
            },
            repeats: Some(distinct),
            at,
            _memory: memory,
        }))
    }

    fn reserve(&self, job: &Job) -> Result<Reservation> {
        let params = Params::defaults(Log.descriptor().params);
        let need = self.blocks.iter().fold(0u64, |sum, block| {
            let len = usize::try_from(block.frame.content_len).unwrap_or(usize::MAX);
            sum.saturating_add(Log.memory(&params, len).decode)
        });
        job.budget.reserve("decoder memory", need)
    }
}

impl Block {
    fn content_len(&self) -> Result<usize> {
        usize::try_from(self.frame.content_len).map_err(|_| {
            Error::corrupt(
                self.frame.payload_at,
                "block is larger than this machine's memory",
            )
        })
    }

    fn content(&self) -> Result<Vec<u8>> {
        let content = block::decode(&self.frame.payload, self.content_len()?)
            .map_err(|error| error.offset_by(self.frame.payload_at))?;
        self.frame.check_content(&content)?;
        Ok(content)
    }
}
