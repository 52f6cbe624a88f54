//! Everything the command says: reports on standard output, messages on standard error.

use std::io::{self, Write};

use serde::Serialize;

use crate::args::Chatter;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shown::safe;

/// Prints reports and messages, and remembers the worst outcome.
pub(crate) struct Console {
    command: &'static str,
    chatter: Chatter,
    json: bool,
    worst: Exit,
    reader_gone: bool,
}

/// A failure as `--json` reports it.
#[derive(Serialize)]
struct FailureRecord<'a> {
    schema: &'static str,
    command: &'static str,
    file: Option<&'a str>,
    exit_code: u8,
    message: &'a str,
    detail: Option<&'a str>,
    position: Option<u64>,
    hint: Option<&'a str>,
}

impl Console {
    pub(crate) fn new(command: &'static str, chatter: Chatter, json: bool) -> Self {
        Console {
            command,
            chatter,
            json,
            worst: Exit::Ok,
            reader_gone: false,
        }
    }

    /// Whether reports are to be JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    pub(crate) fn chatter(&self) -> Chatter {
        self.chatter
    }

    /// Whether nobody reads the output any more, so that going on is useless.
    pub(crate) fn reader_gone(&self) -> bool {
        self.reader_gone
    }

    /// Reports that the operation on `file` failed.
    pub(crate) fn fail(&mut self, file: Option<&str>, failure: &Failure) {
        if failure.reader_gone {
            self.reader_gone = true;
            return;
        }
        self.worst = self.worst.worst(failure.exit);
        if self.json {
            self.record(&FailureRecord {
                schema: "codec.error.v1",
                command: self.command,
                file,
                exit_code: failure.exit.code(),
                message: &failure.title,
                detail: failure.detail.as_deref(),
                position: failure.position,
                hint: failure.hint.as_deref(),
            });
        }
        if self.chatter.quiet < 2 {
            message("error", file, &failure.title);
            if let Some(detail) = &failure.detail {
                say(&format!("  {}", safe(detail)));
            }
            if let Some(hint) = &failure.hint {
                say(&format!("  hint: {}", safe(hint)));
            }
        }
    }

    /// Records an outcome that was reported in another way.
    pub(crate) fn end_with(&mut self, exit: Exit) {
        self.worst = self.worst.worst(exit);
    }

    /// Says something that may matter, on standard error; not with `-q`.
    pub(crate) fn warn(&self, file: Option<&str>, text: &str) {
        warn(self.chatter, file, text);
    }

    /// Says what was done, on standard error; only with `-v`.
    pub(crate) fn note(&self, text: &str) {
        if self.chatter.verbose {
            say(text);
        }
    }

    /// Says how far it is, on standard error; not with `-q` or `--no-progress`.
    pub(crate) fn progress(&self, text: &str) {
        if self.chatter.quiet == 0 && !self.chatter.no_progress {
            say(text);
        }
    }

    /// Prints a line of a report to standard output.
    pub(crate) fn line(&mut self, text: &str) {
        self.put(format!("{text}\n").as_bytes());
    }

    /// Prints a whole text to standard output as it is.
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.put(text);
    }

    /// Prints one JSON object as one line of standard output.
    pub(crate) fn record(&mut self, record: &impl Serialize) {
        match serde_json::to_string(record) {
            Ok(text) => self.line(&text),
            Err(error) => self.fail(None, &Failure::new(Exit::Error, error.to_string())),
        }
    }

    /// The outcome of everything together.
    pub(crate) fn finish(self) -> Exit {
        self.worst
    }

    fn put(&mut self, text: &[u8]) {
        if self.reader_gone {
            return;
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text).and_then(|()| stdout.flush());
        drop(stdout);
        if let Err(error) = written {
            // Reporting the failure as a record would fail in the same way.
            self.json = false;
            self.fail(
                None,
                &Failure::io("cannot write to standard output", &error),
            );
        }
    }
}

/// [`Console::warn`] for those who have no console.
pub(crate) fn warn(chatter: Chatter, file: Option<&str>, text: &str) {
    if chatter.quiet == 0 {
        message("warning", file, text);
    }
}

/// Says what may surprise but is meant to be, on standard error; not with `-q`.
pub(crate) fn remark(chatter: Chatter, file: Option<&str>, text: &str) {
    if chatter.quiet == 0 {
        message("note", file, text);
    }
}

fn message(kind: &str, file: Option<&str>, text: &str) {
    match file {
        Some(file) => say(&format!("{kind}: {}: {}", safe(file), safe(text))),
        None => say(&format!("{kind}: {}", safe(text))),
    }
}

/// A line on standard error. Where that is closed there is nobody to tell.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
