//! Numbers for the texts of tokens, so that patterns compare as numbers.

use super::hash::FixedMap;
use super::token::{is_value, is_wordy};

/// Stands for the text of a token. [`ANY`] is that of a token which is a value.
pub(crate) type Word = u32;

/// The wildcard, and the text of every token that is nothing but a value.
pub(crate) const ANY: Word = 0;
/// A text that has no number yet; only a wildcard matches it.
pub(crate) const UNKNOWN: Word = u32::MAX;

/// The texts seen so far.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    numbers: FixedMap<Box<[u8]>, Word>,
    texts: Vec<Box<[u8]>>,
}

impl Vocabulary {
    pub(crate) fn new() -> Self {
        Self {
            numbers: FixedMap::default(),
            texts: vec![Box::default()],
        }
    }

    pub(crate) fn find(&self, text: &[u8]) -> Word {
        if is_value(text) {
            return ANY;
        }
        self.numbers.get(text).copied().unwrap_or(UNKNOWN)
    }

    pub(crate) fn add(&mut self, text: &[u8]) -> Word {
        let found = self.find(text);
        if found != UNKNOWN {
            return found;
        }
        let word = Word::try_from(self.texts.len()).unwrap_or(UNKNOWN);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), word);
        word
    }

    pub(crate) fn text(&self, word: Word) -> &[u8] {
        usize::try_from(word)
            .ok()
            .and_then(|index| self.texts.get(index))
            .map(Box::as_ref)
            .unwrap_or_default()
    }

    /// Whether the text says something: it has a letter.
    pub(crate) fn is_wordy(&self, word: Word) -> bool {
        is_wordy(self.text(word))
    }
}
