//! One input on its way to one output: the steps that encoding and decoding have in common.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::args::Chatter;
use crate::console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Manner, Output, Target};
use crate::progress::{Direction, Progress};
use crate::source::{Source, name_of};

/// An open source and the output it goes to.
pub(crate) struct Transfer {
    pub(crate) source: Source,
    pub(crate) output: Output,
    remove_source: bool,
    chatter: Chatter,
}

impl Transfer {
    /// Opens the output. With `remove_source` both sides must be files.
    pub(crate) fn open(
        source: Source,
        target: &Target,
        manner: Manner,
        remove_source: bool,
        chatter: Chatter,
    ) -> Result<Self, Failure> {
        let output = Output::open(target, manner, &source)?;
        if remove_source && (source.named_file().is_none() || !output.is_file()) {
            return Err(Failure::usage("--rm works from file to file only"));
        }
        Ok(Transfer {
            source,
            output,
            remove_source,
            chatter,
        })
    }

    /// Shows progress from now on: what is read counts as done.
    pub(crate) fn watch(&mut self, direction: Direction) {
        let progress = self.watch_output(direction);
        self.source.watch(progress);
    }

    /// Shows progress from now on: the caller says what is done. Blocks are read long before that.
    pub(crate) fn watch_output(&mut self, direction: Direction) -> Progress {
        let name = name_of(self.source.path());
        let progress = Progress::new(&name, self.source.len(), direction, self.chatter);
        self.output.watch(progress.clone());
        progress
    }

    /// Why an operation failed: as source or output saw it, or else as `failure` says.
    pub(crate) fn cause(&mut self, failure: impl FnOnce() -> Failure) -> Failure {
        let seen = self
            .source
            .take_failure()
            .or_else(|| self.output.take_failure());
        seen.unwrap_or_else(failure)
    }

    /// Ends reading and writing: all of the source was read, all of the output is written.
    pub(crate) fn complete(&mut self) -> Result<(), Failure> {
        self.source.check_unchanged()?;
        self.output.complete()
    }

    /// Gives the output the source's attributes and its name, and then removes the source if that
    /// was asked for.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        let refused = self
            .source
            .named_file()
            .and_then(|source| self.output.take_over(source));
        if let Some(error) = refused {
            let text = format!("time or permissions are not kept: {error}");
            console::warn(self.chatter, Some(&name_of(self.source.path())), &text);
        }
        self.output.commit()?;
        if self.remove_source {
            remove(&self.source)?;
        }
        Ok(())
    }
}

/// Removes the file that was read, unless its name belongs to another one by now.
fn remove(source: &Source) -> Result<(), Failure> {
    let Some(path) = source.path() else {
        return Ok(());
    };
    let cannot = |error: std::io::Error| Failure::io("cannot remove the source", &error);
    let now = fs::metadata(path).map_err(cannot)?;
    if (now.dev(), now.ino()) != source.identity() {
        let title = "was replaced while it was being read: it is not removed";
        return Err(Failure::new(Exit::Error, title));
    }
    fs::remove_file(path).map_err(cannot)
}
