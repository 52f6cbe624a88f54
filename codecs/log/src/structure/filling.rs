//! What fills a hole: the evidence that a position holds a value.

use super::token::PLACEHOLDER;
use super::vocabulary::{OPEN, VALUE, Vocabulary, Word, is_valued};

/// The words that fill one hole, by what they look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filling {
    has_wildcard: bool,
    has_open: bool,
    /// Texts with a value in them.
    valued: usize,
    /// Of those, texts that look like identifiers: parts joined by `_`, `-`, `.` and the like.
    identifiers: usize,
    /// Texts in capitals, such as names of states.
    capitals: usize,
    /// All other texts.
    plain: usize,
    lines: u64,
    is_first: bool,
}

/// Plain words that must fill a hole to make it a value.
const MANY: usize = 4;
/// So many of them are values however often each occurs.
const PLENTY: usize = 10;
/// Few words with at least so many lines each are what a statement chooses from.
const OFTEN: u64 = 8;
/// A state or a first word is chosen from more.
const MANY_STATES: usize = 12;
const MANY_FIRST: usize = 20;

impl Filling {
    /// Looks at words with the numbers of lines they occur in; `is_first` when they begin the message.
    pub(crate) fn new(
        words: impl Iterator<Item = (Word, u64)>,
        is_first: bool,
        vocabulary: &Vocabulary,
    ) -> Self {
        let mut words: Vec<(Word, u64)> = words.collect();
        let mut filling = Self {
            is_first,
            ..Self::default()
        };
        filling.lines = words
            .iter()
            .filter(|(word, _)| *word != OPEN && *word != VALUE)
            .map(|(_, lines)| lines)
            .sum();
        words.sort_unstable();
        words.dedup_by_key(|(word, _)| *word);
        for (word, _) in words {
            filling.add(word, vocabulary.text(word));
        }
        filling
    }

    fn add(&mut self, word: Word, text: &[u8]) {
        if word == OPEN || word == VALUE {
            self.has_wildcard = true;
            self.has_open |= word == OPEN;
        } else if is_valued(word) {
            self.valued += 1;
            self.identifiers += usize::from(is_identifier(text));
        } else if text.len() > 1
            && text
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        {
            self.capitals += 1;
        } else {
            self.plain += 1;
        }
    }

    /// Whether the position holds a value rather than a part of what is said.
    pub(crate) fn is_value(&self) -> bool {
        let words = self.valued + self.capitals + self.plain;
        if self.has_open {
            return words > 0;
        }
        if self.plain + self.capitals == 0 && (self.has_wildcard || self.identifiers == self.valued)
        {
            return words + usize::from(self.has_wildcard) > 1;
        }
        if self.is_first {
            return words >= MANY_FIRST;
        }
        if self.capitals * 2 > words {
            return words >= MANY_STATES;
        }
        let evidence = words + usize::from(self.has_wildcard);
        evidence >= PLENTY || (evidence >= MANY && self.lines < OFTEN * words as u64)
    }
}

/// Whether a text with values looks like an identifier rather than like a name with a number.
fn is_identifier(text: &[u8]) -> bool {
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    text.contains(&PLACEHOLDER)
        && inner
            .iter()
            .any(|byte| matches!(byte, b'_' | b'-' | b'.' | b'/' | b'@' | b'~'))
}
