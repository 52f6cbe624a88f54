//! What fills a hole: the evidence that a position holds a value.

use super::token::PLACEHOLDER;
use super::vocabulary::{OPEN, Vocabulary, Word, is_valued, is_wildcard};
use std::collections::BTreeMap;

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
    /// Names of several parts joined by dots, as hosts and classes have.
    dotted: usize,
    /// All other texts.
    plain: usize,
    /// Lines of the word in the middle, when words are sorted by their lines.
    middle: u64,
    /// Lines of the most frequent word.
    most: u64,
    is_first: bool,
}

/// Plain words that must fill a hole to make it a value.
const MANY: usize = 4;
/// So many of them are values however often each occurs.
const PLENTY: usize = 10;
/// Few words that mostly have at least so many lines each are what a statement chooses from.
const OFTEN: u64 = 8;
/// So much rarer than the most frequent word are most of an open choice.
const LONG_TAIL: u64 = 32;
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
        let mut lines_of: BTreeMap<Word, u64> = BTreeMap::new();
        for (word, lines) in words {
            *lines_of.entry(word).or_default() += lines;
        }
        let mut filling = Self {
            is_first,
            ..Self::default()
        };
        for &word in lines_of.keys() {
            filling.add(word, vocabulary.text(word));
        }
        let mut lines: Vec<u64> = lines_of
            .into_iter()
            .filter(|(word, _)| !is_wildcard(*word))
            .map(|(_, lines)| lines)
            .collect();
        lines.sort_unstable();
        filling.middle = lines.get(lines.len() / 2).copied().unwrap_or(0);
        filling.most = lines.last().copied().unwrap_or(0);
        filling
    }

    fn add(&mut self, word: Word, text: &[u8]) {
        if is_wildcard(word) {
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
        } else if is_dotted(text) {
            self.dotted += 1;
        } else {
            self.plain += 1;
        }
    }

    /// Whether the position holds a value rather than a part of what is said.
    pub(crate) fn is_value(&self) -> bool {
        let words = self.valued + self.capitals + self.dotted + self.plain;
        if self.has_open {
            return words > 0;
        }
        if self.valued == words && (self.has_wildcard || self.identifiers == self.valued) {
            return words + usize::from(self.has_wildcard) > 1;
        }
        let evidence = words + usize::from(self.has_wildcard);
        if (self.dotted + self.identifiers) * 2 >= words {
            // A name beside values is likely one, too: a host beside addresses.
            return evidence + usize::from(self.has_wildcard) >= MANY;
        }
        if self.is_first {
            return words >= MANY_FIRST;
        }
        if self.capitals * 2 > words {
            return words >= MANY_STATES;
        }
        evidence >= PLENTY || (evidence >= MANY && self.is_tail_long())
    }

    /// Whether most words are rare, in themselves or beside the most frequent one.
    fn is_tail_long(&self) -> bool {
        self.middle < OFTEN || self.middle.saturating_mul(LONG_TAIL) < self.most
    }
}

/// Whether a text with values looks like an identifier rather than like a name with a number: a single separator joins
/// its parts.
fn is_identifier(text: &[u8]) -> bool {
    let is_part = |byte: u8| byte == PLACEHOLDER || byte.is_ascii_alphanumeric();
    text.windows(3).any(|window| {
        matches!(window, [before, b'_' | b'-' | b'.' | b'/' | b'@' | b'~', after] if is_part(*before) && is_part(*after))
    })
}

fn is_dotted(text: &[u8]) -> bool {
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    inner.iter().filter(|byte| **byte == b'.').count() >= 2
        && !inner.windows(2).any(|pair| pair == b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_value(words: &[(&str, u64)]) -> bool {
        let mut vocabulary = Vocabulary::new();
        let words: Vec<(Word, u64)> = words
            .iter()
            .map(|(text, lines)| {
                (
                    vocabulary.add(text.replace('*', "\u{2}").as_bytes()),
                    *lines,
                )
            })
            .collect();
        Filling::new(words.into_iter(), false, &vocabulary).is_value()
    }

    #[test]
    fn names_with_few_lines_for_most_of_them_are_values() {
        assert!(is_value(&[
            ("root", 900),
            ("ann", 1),
            ("bob", 2),
            ("cid", 1)
        ]));
        assert!(!is_value(&[
            ("resumed", 40),
            ("paused", 20),
            ("started", 20),
            ("stopped", 21)
        ]));
        assert!(!is_value(&[("up", 1), ("down", 1)]));
    }

    #[test]
    fn names_of_states_are_no_values() {
        assert!(!is_value(&[
            ("NEW", 1),
            ("RUNNING", 1),
            ("DONE", 1),
            ("FAIL_CLEAN", 1),
            ("KILLED", 1)
        ]));
    }

    #[test]
    fn identifiers_are_values_and_names_with_a_number_are_not() {
        assert!(is_value(&[("rdd_*", 50), ("part_*_x*", 60)]));
        assert!(!is_value(&[("eth*", 50), ("wlan*", 60)]));
        assert!(is_value(&[("*", 50), ("wlan*", 60)]));
        assert!(!is_value(&[("depth....*", 5), ("width....*", 5)]));
    }
}
