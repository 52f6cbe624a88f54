//! A template: what messages of one kind have in common.

use super::cluster::Pattern;
use super::header::Header;
use super::token::{PLACEHOLDER, Tokens};
use super::vocabulary::{OPEN, VALUE, Vocabulary};
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
    id: TemplateId,
    pattern: Pattern,
    pieces: Vec<Piece>,
    example: Vec<u8>,
    header: Option<Arc<Header>>,
}

/// A token of a template.
#[derive(Clone, Debug)]
struct Piece {
    kind: PieceKind,
    is_spaced: bool,
}

#[derive(Clone, Debug)]
enum PieceKind {
    /// A text, perhaps with placeholders.
    Text(Arc<[u8]>),
    /// A wildcard; for anything, or only for tokens with values.
    Wildcard { is_open: bool },
}

/// Bytes of its first line that a template keeps as the example.
pub(crate) const LONGEST_EXAMPLE: usize = 2048;
/// Steps that fitting a line to a template may take for each token.
const STEPS_PER_TOKEN: usize = 64;

impl Template {
    /// A template of no lines yet; spaces between its tokens are those of `pattern`.
    pub(crate) fn new(id: TemplateId, example: &[u8], header: Option<Arc<Header>>) -> Self {
        let example = example.get(..LONGEST_EXAMPLE).unwrap_or(example).to_vec();
        let pattern = Pattern {
            words: Vec::new(),
            joined: Vec::new(),
            count: 0,
        };
        Self {
            id,
            pattern,
            pieces: Vec::new(),
            example,
            header,
        }
    }

    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Takes `pattern` on, with its count.
    pub(crate) fn set_pattern(&mut self, pattern: Pattern, vocabulary: &Vocabulary) {
        let pieces = pattern
            .words
            .iter()
            .zip(&pattern.joined)
            .map(|(&word, &is_joined)| Piece {
                kind: match word {
                    OPEN | VALUE => PieceKind::Wildcard {
                        is_open: word == OPEN,
                    },
                    _ => PieceKind::Text(vocabulary.shared_text(word)),
                },
                is_spaced: !is_joined,
            });
        self.pieces = pieces.collect();
        self.pattern = pattern;
    }

    pub(crate) fn add_lines(&mut self, lines: u64) {
        self.pattern.count += lines;
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> TemplateId {
        self.id
    }

    /// How many of the lines learnt have it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.pattern.count
    }

    /// The first line that had it, without its end of line, cut after 2048 bytes.
    #[must_use]
    pub fn example(&self) -> &[u8] {
        &self.example
    }

    /// The spans, in bytes, of the values in `line`: the fields of the header, then the wildcards. Spans are in order, do
    /// not overlap, and may be empty. `None` when `line` does not have this template.
    #[must_use]
    pub fn parameters(&self, line: &[u8]) -> Option<Vec<Range<usize>>> {
        let header = self.header.as_ref();
        let start = header
            .and_then(|header| header.message_start(line))
            .unwrap_or(0);
        let fields = header
            .and_then(|header| header.spans(line))
            .unwrap_or_default();
        let mut tokens = Tokens::default();
        tokens.read(line.get(start..)?);
        let message = self
            .fit(&tokens)?
            .into_iter()
            .map(|span| span.start + start..span.end + start);
        Some(
            fields
                .into_iter()
                .map(|(_, span)| span)
                .chain(message)
                .collect(),
        )
    }

    /// The spans of the values in a message, if it has this template. Wildcards take as few tokens as they can.
    fn fit(&self, tokens: &Tokens) -> Option<Vec<Range<usize>>> {
        let mut steps = (tokens.len() + self.pieces.len() + 1) * STEPS_PER_TOKEN;
        let mut ends: Vec<usize> = Vec::new();
        // Pieces with where they end, in tokens; those still to be tried.
        let mut open = vec![(0, 0)];
        while let Some((piece, end)) = open.pop() {
            steps = steps.checked_sub(1)?;
            ends.truncate(piece);
            ends.push(end);
            match self.pieces.get(piece) {
                None if end == tokens.len() => return Some(self.value_spans(tokens, &ends)),
                None => {}
                Some(Piece {
                    kind: PieceKind::Text(text),
                    ..
                }) => {
                    let fits = tokens
                        .get(end)
                        .is_some_and(|token| tokens.text(token) == &**text);
                    open.extend(fits.then_some((piece + 1, end + 1)));
                }
                Some(Piece {
                    kind: PieceKind::Wildcard { is_open },
                    ..
                }) => {
                    let choices = tokens
                        .wildcard_ends(end)
                        .filter(|next| *is_open || tokens.has_value(end, *next));
                    let pushed = open.len();
                    open.extend(choices.map(|next| (piece + 1, next)));
                    open.get_mut(pushed..)?.reverse();
                }
            }
        }
        None
    }

    /// The values, given before which token each piece begins.
    fn value_spans(&self, tokens: &Tokens, starts: &[usize]) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for (piece, bounds) in self.pieces.iter().zip(starts.windows(2)) {
            let [start, end] = bounds else { continue };
            let (Some(first), Some(last)) = (tokens.get(*start), tokens.get(end.saturating_sub(1)))
            else {
                continue;
            };
            match piece.kind {
                PieceKind::Text(_) => spans.extend_from_slice(tokens.values(first)),
                PieceKind::Wildcard { .. } => spans.push(first.span.start..last.span.end),
            }
        }
        spans
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
            match &piece.kind {
                PieceKind::Wildcard { .. } => out.write_str("<*>")?,
                PieceKind::Text(text) => write_text(out, text)?,
            }
            if piece.is_spaced && index + 1 < self.pieces.len() {
                out.write_str(" ")?;
            }
        }
        Ok(())
    }
}

fn write_text(out: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    for (index, literal) in text.split(|byte| *byte == PLACEHOLDER).enumerate() {
        if index > 0 {
            out.write_str("<*>")?;
        }
        out.write_str(&String::from_utf8_lossy(literal))?;
    }
    Ok(())
}
