//! A log as text, in blocks of whole lines, whatever it is stored as.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use codec_suite::core::container::MAGIC;
use codec_suite::core::{Error, Job};

use crate::failure::Failure;
use crate::format::Format;
use crate::inputs::Input;
use crate::source::Source;

/// Bytes of a block, unless a line is longer.
const BLOCK: usize = 32 << 20;
/// Longest line that is kept in one block.
const LONGEST: usize = 256 << 20;

/// A log by its file's name.
pub(super) struct LogText {
    path: PathBuf,
}

impl LogText {
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Err(Failure::usage("a log is read twice, so it must be a file"));
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Passes the log on in blocks of whole lines.
    pub(super) fn for_each_block(
        &self,
        job: &Job,
        each: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut source = Source::open(&Input::named(&self.path), false)?;
        let mut blocks = LineBlocks {
            pending: Vec::new(),
            each,
            failure: None,
        };
        let registry = codec_suite::registry();
        let is_container = source.start()?.starts_with(&MAGIC);
        let read = match Format::recognise(&registry, &mut source, None) {
            Ok(format) => format
                .decode(&registry, &mut source, job, &mut blocks)
                .map(|_| ())
                .map_err(|error| format.explain(error, Some(&self.path))),
            Err(failure) if is_container => Err(failure),
            Err(_) => io::copy(&mut source, &mut blocks)
                .map(|_| ())
                .map_err(Error::io("read the log"))
                .map_err(Failure::from),
        };
        let failure = source.take_failure().or(blocks.failure.take());
        match (read, failure) {
            (Err(failure), None) => Err(failure),
            (_, Some(failure)) => Err(failure),
            (Ok(()), None) => blocks.finish(),
        }
    }
}

/// Cuts what is written to it into blocks.
struct LineBlocks<F> {
    pending: Vec<u8>,
    each: F,
    failure: Option<Failure>,
}

impl<F: FnMut(&[u8]) -> Result<(), Failure>> LineBlocks<F> {
    fn finish(mut self) -> Result<(), Failure> {
        match self.pending.is_empty() {
            true => Ok(()),
            false => (self.each)(&self.pending),
        }
    }
}

impl<F: FnMut(&[u8]) -> Result<(), Failure>> Write for LineBlocks<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= BLOCK {
            let newline = self.pending.iter().rposition(|byte| *byte == b'\n');
            let end = match newline {
                Some(at) => at + 1,
                None if self.pending.len() >= LONGEST => self.pending.len(),
                None => return Ok(bytes.len()),
            };
            let rest = self.pending.split_off(end);
            let block = std::mem::replace(&mut self.pending, rest);
            if let Err(failure) = (self.each)(&block) {
                self.failure = Some(failure);
                return Err(io::Error::other("the block was refused"));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
