//! A template: what messages of one kind have in common.

use super::header::Header;
use super::token::{PLACEHOLDER, Tokens};
use super::vocabulary::{ANY, Vocabulary, Word};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Which template; numbers are given out from 0 and are never given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateId(pub u32);

/// What the lines of one kind have in common, and where their values stand.
///
/// Shown as text, values are `<*>` and the fields of the header have names such as `<timestamp>`.
#[derive(Clone, Debug)]
pub struct Template {
    pub(crate) id: TemplateId,
    pub(crate) pattern: Vec<Word>,
    pieces: Vec<Piece>,
    pub(crate) count: u64,
    example: Vec<u8>,
    header: Option<Arc<Header>>,
}

/// A token of a template.
#[derive(Clone, Debug)]
struct Piece {
    /// `None` for a wildcard.
    text: Option<Box<[u8]>>,
    is_spaced: bool,
}

/// Bytes of its first line that a template keeps as the example.
const LONGEST_EXAMPLE: usize = 4096;

impl Template {
    pub(crate) fn new(id: TemplateId, example: &[u8], header: Option<Arc<Header>>) -> Self {
        let example = example.get(..LONGEST_EXAMPLE).unwrap_or(example).to_vec();
        Self {
            id,
            pattern: Vec::new(),
            pieces: Vec::new(),
            count: 0,
            example,
            header,
        }
    }

    /// Takes `pattern` on; spaces between tokens are those of the example.
    pub(crate) fn set_pattern(&mut self, pattern: &[Word], vocabulary: &Vocabulary) {
        let mut tokens = Tokens::default();
        tokens.read(self.message(&self.example));
        let mut spaces = tokens.iter().map(|token| tokens.is_spaced(token));
        self.pieces = pattern
            .iter()
            .map(|&word| Piece {
                text: (word != ANY).then(|| vocabulary.text(word).into()),
                is_spaced: spaces.next().unwrap_or(true),
            })
            .collect();
        self.pattern = pattern.to_vec();
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> TemplateId {
        self.id
    }

    /// How many of the lines learnt have it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first line that had it, without its end of line, cut after 4096 bytes.
    #[must_use]
    pub fn example(&self) -> &[u8] {
        &self.example
    }

    /// The spans, in bytes, of the values in `line`: the fields of the header, then the wildcards. Spans are in order
    /// and do not overlap. `None` when `line` does not have this template.
    #[must_use]
    pub fn parameters(&self, line: &[u8]) -> Option<Vec<Range<usize>>> {
        let message_start = self.message_start(line);
        let header = self
            .header
            .as_ref()
            .and_then(|header| header.spans(line))
            .unwrap_or_default();
        let mut spans: Vec<Range<usize>> = header.into_iter().map(|(_, span)| span).collect();
        let mut tokens = Tokens::default();
        tokens.read(line.get(message_start..)?);
        if tokens.len() != self.pieces.len() {
            return None;
        }
        for (token, piece) in tokens.iter().zip(&self.pieces) {
            let values = match &piece.text {
                None => std::slice::from_ref(&token.span),
                Some(text) if **text == *tokens.text(token) => tokens.values(token),
                Some(_) => return None,
            };
            spans.extend(
                values
                    .iter()
                    .map(|span| span.start + message_start..span.end + message_start),
            );
        }
        Some(spans)
    }

    fn message_start(&self, line: &[u8]) -> usize {
        self.header
            .as_ref()
            .and_then(|header| header.message_start(line))
            .unwrap_or(0)
    }

    fn message<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.message_start(line)..).unwrap_or_default()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self
            .header
            .as_ref()
            .and_then(|header| header.spans(&self.example))
            .unwrap_or_default();
        let fields: Vec<&str> = header.iter().map(|(field, _)| field.name()).collect();
        out.write_str(&fields.join(" "))?;
        if !fields.is_empty() && !self.pieces.is_empty() {
            out.write_str(" ")?;
        }
        for (index, piece) in self.pieces.iter().enumerate() {
            match &piece.text {
                None => out.write_str("<*>")?,
                Some(text) => {
                    for (part, literal) in text.split(|byte| *byte == PLACEHOLDER).enumerate() {
                        out.write_str(if part > 0 { "<*>" } else { "" })?;
                        out.write_str(&String::from_utf8_lossy(literal))?;
                    }
                }
            }
            if piece.is_spaced && index + 1 < self.pieces.len() {
                out.write_str(" ")?;
            }
        }
        Ok(())
    }
}
