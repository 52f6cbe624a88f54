//! Errors by responsibility: who has to act, and on what.

use std::io;

/// What every fallible operation of the suite returns.
pub type Result<T> = std::result::Result<T, Error>;

/// An error, sorted by who has to act on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused an operation.
    #[error("{action}: {source}")]
    Io {
        /// What was being done, such as `read input`.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },

    /// The caller asked for something that does not exist or cannot be.
    #[error("{0}")]
    Usage(String),

    /// The input is not what it claims to be.
    #[error("byte {at}: {problem}")]
    Corrupt {
        /// Offset in the compressed input, in bytes, of the thing that is wrong.
        at: u64,
        /// What was expected there and what was found.
        problem: String,
    },

    /// The input would cost more than the caller allowed.
    #[error("{what} needs {needed} bytes, but the limit is {allowed}")]
    Limit {
        /// The resource, such as `decoder memory`.
        what: &'static str,
        /// Bytes needed, as far as known.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
        /// Which limit it was.
        limit: LimitKind,
    },

    /// The input is valid but newer than, or foreign to, this build.
    #[error("{0}")]
    Unsupported(String),

    /// Decoded content differs from what was encoded.
    #[error("{0}")]
    Mismatch(String),

    /// A defect in this software: never caused by input alone.
    #[error("internal error (please report it): {0}")]
    Internal(String),
}

/// The limit that an [`Error::Limit`] ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitKind {
    /// [`crate::Limits::memory`].
    Memory,
    /// [`crate::Limits::output`].
    Output,
}

impl Error {
    /// An [`Error::Io`] constructor for `map_err`.
    pub fn io(action: &'static str) -> impl Fn(io::Error) -> Error {
        move |source| Error::Io { action, source }
    }

    /// An [`Error::Corrupt`] at byte offset `at`.
    pub fn corrupt(at: u64, problem: impl Into<String>) -> Error {
        Error::Corrupt {
            at,
            problem: problem.into(),
        }
    }

    /// The same error with the position of a [`Error::Corrupt`] moved by `base` bytes.
    #[must_use]
    pub fn offset_by(self, base: u64) -> Error {
        match self {
            Error::Corrupt { at, problem } => Error::Corrupt {
                at: at.saturating_add(base),
                problem,
            },
            other => other,
        }
    }
}
