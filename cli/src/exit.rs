//! Exit codes: the one place that says which outcome gives which code.

use std::process::ExitCode;

use codec_suite::core::Error;

/// What the command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Ok,
    /// A search found nothing; the number is that of grep.
    NothingFound,
    /// The operating system refused something, or a file was in the way.
    Error,
    /// The command line asks for something that cannot be.
    Usage,
    /// An input is damaged, cut short, or not compressed data at all.
    Corrupt,
    /// An input would cost more than the limits allow.
    Limit,
    /// An input needs a newer build, a codec or a model that is not here.
    Unsupported,
    /// What was written does not decode to what was read.
    Mismatch,
}

impl Exit {
    /// From least to most serious: of several outcomes the last one of these wins.
    const BY_SEVERITY: [Exit; 8] = [
        Exit::Ok,
        Exit::NothingFound,
        Exit::Usage,
        Exit::Limit,
        Exit::Unsupported,
        Exit::Error,
        Exit::Corrupt,
        Exit::Mismatch,
    ];

    /// The number the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Error | Exit::NothingFound => 1,
            Exit::Usage => 2,
            Exit::Corrupt => 3,
            Exit::Limit => 4,
            Exit::Unsupported => 5,
            Exit::Mismatch => 6,
        }
    }

    /// The outcome that stands for an error of the library.
    pub(crate) fn of(error: &Error) -> Exit {
        match error {
            Error::Usage(_) => Exit::Usage,
            Error::Corrupt { .. } => Exit::Corrupt,
            Error::Limit { .. } => Exit::Limit,
            Error::Unsupported(_) => Exit::Unsupported,
            Error::Mismatch(_) => Exit::Mismatch,
            _ => Exit::Error,
        }
    }

    /// The more serious of two outcomes.
    pub(crate) fn worst(self, other: Exit) -> Exit {
        if other.severity() > self.severity() {
            other
        } else {
            self
        }
    }

    fn severity(self) -> usize {
        Exit::BY_SEVERITY
            .iter()
            .position(|exit| *exit == self)
            .unwrap_or(0)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_suite::core::LimitKind;
    use std::io;

    #[test]
    fn every_error_has_its_documented_code() {
        let limit = |limit| Error::Limit {
            what: "",
            needed: 2,
            allowed: 1,
            limit,
        };
        for (error, code) in [
            (Error::io("read input")(io::Error::other("x")), 1),
            (Error::Internal(String::new()), 1),
            (Error::Usage(String::new()), 2),
            (Error::corrupt(0, ""), 3),
            (limit(LimitKind::Memory), 4),
            (limit(LimitKind::Output), 4),
            (Error::Unsupported(String::new()), 5),
            (Error::Mismatch(String::new()), 6),
        ] {
            assert_eq!(Exit::of(&error).code(), code, "{error:?}");
        }
    }

    #[test]
    fn the_worst_of_several_outcomes_does_not_depend_on_their_order() {
        for (index, first) in Exit::BY_SEVERITY.into_iter().enumerate() {
            for (other_index, second) in Exit::BY_SEVERITY.into_iter().enumerate() {
                let worst = Exit::BY_SEVERITY[index.max(other_index)];
                assert_eq!(first.worst(second), worst);
            }
        }
    }
}
