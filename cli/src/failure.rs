//! What went wrong, in words for a person: a title, details, and what to do about it.

use std::io;
use std::path::Path;

use codec_suite::core::{Error, LimitKind};

use crate::exit::Exit;
use crate::shown;
use crate::units::size_of_at_least;

/// Why an operation on one file did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the command ends with if nothing worse happens.
    pub(crate) exit: Exit,
    /// What happened, in one line.
    pub(crate) title: String,
    /// What was expected and what was found.
    pub(crate) detail: Option<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Offset in the input, in bytes.
    pub(crate) position: Option<u64>,
    /// Nobody reads the output any more: not an error, but the end.
    pub(crate) reader_gone: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, title: impl Into<String>) -> Self {
        Failure {
            exit,
            title: title.into(),
            detail: None,
            hint: None,
            position: None,
            reader_gone: false,
        }
    }

    /// The command line asks for something that cannot be.
    pub(crate) fn usage(title: impl Into<String>) -> Self {
        Failure::new(Exit::Usage, title)
    }

    /// The operating system refused `action`, such as `cannot open`.
    pub(crate) fn io(action: &str, error: &io::Error) -> Self {
        Failure {
            reader_gone: error.kind() == io::ErrorKind::BrokenPipe,
            ..Failure::new(Exit::Error, format!("{action}: {error}"))
        }
    }

    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A failure and the file it belongs to, if it belongs to one.
pub(crate) struct Refusal {
    pub(crate) file: Option<String>,
    pub(crate) failure: Failure,
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal {
            file: None,
            failure: error.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let exit = Exit::of(&error);
        match error {
            Error::Io { action, source } => Failure::io(&format!("cannot {action}"), &source),
            Error::Corrupt { at, problem } => Failure {
                position: Some(at),
                ..Failure::new(exit, format!("damaged at byte {at}")).detail(problem)
            },
            Error::Limit {
                needed,
                allowed,
                limit,
                ..
            } => Failure::new(exit, error.to_string()).hint(limit_hint(limit, needed, allowed)),
            Error::Mismatch(problem) => Failure::new(exit, problem),
            other => Failure::new(exit, other.to_string()),
        }
    }
}

/// The option that raises a limit. The need is exact for `.cdc` frames; decoders of native formats
/// only say that the limit is too low, and content of unknown length only says how far it came.
fn limit_hint(limit: LimitKind, needed: u64, allowed: u64) -> String {
    match limit {
        LimitKind::Output => {
            format!(
                "--max-output {} or more, if you trust the file",
                size_of_at_least(needed)
            )
        }
        _ if needed == allowed.saturating_add(1) => format!(
            "try --memory {}: the decoder does not say how much it needs",
            size_of_at_least(allowed.saturating_mul(2))
        ),
        _ => format!("--memory {} is enough", size_of_at_least(needed)),
    }
}

/// The hint that leads to `codec recover`.
pub(crate) fn recover_hint(file: &Path) -> String {
    format!(
        "codec recover {} -o OUT   saves the whole frames",
        shown::argument(file)
    )
}
