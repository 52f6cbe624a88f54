//! Numbers for the texts of tokens, so that patterns compare as numbers.

use super::token::{PLACEHOLDER, is_value, is_wordy};
use crate::hash::FixedMap;
use std::sync::Arc;

/// Stands for the text of a token, or for a wildcard in a pattern.
pub(crate) type Word = u32;

/// Set in words whose text has a value in it.
const VALUED: Word = 1 << 31;
/// The wildcard that anything matches.
pub(crate) const OPEN: Word = 0;
/// The text of every token that is nothing but a value; in a pattern, the wildcard that texts with a value match.
pub(crate) const VALUE: Word = VALUED;
/// A text without a number, bare of values; only [`OPEN`] matches it.
const UNKNOWN: Word = VALUED - 1;

/// Texts kept at most.
const MOST_TEXTS: usize = 1 << 18;

/// Whether the text has a value in it.
pub(crate) fn is_valued(word: Word) -> bool {
    word & VALUED != 0
}

/// Whether the word is a wildcard in a pattern.
pub(crate) fn is_wildcard(word: Word) -> bool {
    word == OPEN || word == VALUE
}

/// The texts seen so far.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    numbers: FixedMap<Arc<[u8]>, Word>,
    texts: Vec<Arc<[u8]>>,
}

impl Vocabulary {
    pub(crate) fn new() -> Self {
        Self {
            numbers: FixedMap::default(),
            texts: vec![Arc::default()],
        }
    }

    /// The number of `text`; that of no text if it has none.
    pub(crate) fn find(&self, text: &[u8]) -> Word {
        if is_value(text) {
            return VALUE;
        }
        self.numbers
            .get(text)
            .copied()
            .unwrap_or_else(|| UNKNOWN | mark(text))
    }

    /// The number of `text`, a new one if it has none. A full vocabulary gives [`OPEN`] instead.
    pub(crate) fn add(&mut self, text: &[u8]) -> Word {
        let found = self.find(text);
        if found & !VALUED != UNKNOWN {
            return found;
        }
        if self.texts.len() >= MOST_TEXTS {
            return OPEN;
        }
        let word = Word::try_from(self.texts.len()).unwrap_or(UNKNOWN) | mark(text);
        let text: Arc<[u8]> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, word);
        word
    }

    /// The text with this number, shared; nothing for wildcards.
    pub(crate) fn shared_text(&self, word: Word) -> Arc<[u8]> {
        let index = usize::try_from(word & !VALUED).ok();
        index
            .and_then(|index| self.texts.get(index))
            .map(Arc::clone)
            .unwrap_or_default()
    }

    /// The text with this number; nothing for wildcards.
    pub(crate) fn text(&self, word: Word) -> &[u8] {
        let index = usize::try_from(word & !VALUED).ok();
        index
            .and_then(|index| self.texts.get(index))
            .map(Arc::as_ref)
            .unwrap_or_default()
    }

    /// Whether the text says something: it has a letter.
    pub(crate) fn is_wordy(&self, word: Word) -> bool {
        is_wordy(self.text(word))
    }
}

fn mark(text: &[u8]) -> Word {
    if text.contains(&PLACEHOLDER) {
        VALUED
    } else {
        0
    }
}
