//! What the readers of text formats share: lines with their position, and errors that name it.

use codec_core::{Error, Result};

/// A place in a text, for errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the line, from 1.
    pub(crate) line: usize,
    /// Byte offset of the thing.
    pub(crate) at: usize,
}

impl Place {
    /// An error at this place.
    pub(crate) fn error(self, problem: impl std::fmt::Display) -> Error {
        Error::corrupt(self.at as u64, format!("line {}: {problem}", self.line))
    }
}

/// The bytes as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        Place { line, at }.error("expected UTF-8 text")
    })
}

/// The lines of `text` with their places, without their ends, those of white space alone left out.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (Place, &str)> {
    let mut at = 0;
    text.split_inclusive('\n')
        .enumerate()
        .map(move |(index, line)| {
            let place = Place {
                line: index + 1,
                at,
            };
            at += line.len();
            (place, line.trim_end_matches(['\n', '\r']))
        })
        .filter(|(_, line)| !line.trim().is_empty())
}

/// The start of `text`, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
