//! Tokens of a message, with everything that looks like a value replaced by a placeholder.
//!
//! A message is split at white space and at punctuation that separates fields (`=`, `,`, brackets, quotes and most
//! colons). In a word, runs with digits become the placeholder; so do whole words that are paths, links, addresses or
//! hexadecimal strings. A number takes the unit behind it along (`5 ms`, `1736 bytes (1.69 KB)`), since the unit changes
//! with the value. What stays is the *shape* of the message: messages printed by one statement mostly share it.

use super::timestamp;
use super::word::{
    LONGEST_MESSAGE, group_end, is_alphanumeric, is_before_quote, is_blank, is_bound_sign,
    is_joining_word, is_message_key, is_protocol_version, is_unit, is_value_as_a_whole,
    is_value_in_quotes, is_value_run, next_visible, quoted, restatement_end, word_end,
};
use std::ops::Range;

/// Stands for a value in the text of a token. Blank bytes, of which this is one, never occur in that text otherwise.
pub(crate) const PLACEHOLDER: u8 = 2;
/// Ends a token in the key of a shape.
const END: u8 = 1;
/// Ends a token that white space follows.
const END_SPACED: u8 = 3;

/// And so far in tokens.
pub(crate) const MOST_TOKENS: usize = 400;
/// A longer word is a value, in bytes.
const LONGEST_WORD: usize = 256;
/// Tokens that one wildcard takes.
pub(crate) const LONGEST_WILDCARD: usize = 8;

/// One token of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where it lies in the message.
    pub(crate) span: Range<usize>,
    /// Where its text, with placeholders, lies in [`Tokens::key`].
    text: Range<usize>,
    /// Where its placeholders' values lie in [`Tokens::values`].
    values: Range<usize>,
}

/// The tokens of one message. Kept and filled again, so that reading a line allocates nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    list: Vec<Token>,
    key: Vec<u8>,
    values: Vec<Range<usize>>,
    /// What the tokens looked like that the last one stands for, when it stands for several.
    run: Vec<u8>,
}

impl Tokens {
    /// Reads the tokens of `message`.
    pub(crate) fn read(&mut self, message: &[u8]) {
        self.list.clear();
        self.key.clear();
        self.values.clear();
        self.run.clear();
        let looked_at = message.get(..LONGEST_MESSAGE).unwrap_or(message);
        let mut at = 0;
        while let Some(start) = next_visible(looked_at, at) {
            if start > at {
                self.mark_space();
            }
            if self.list.len() >= MOST_TOKENS {
                self.push_value(start..message.len());
                return;
            }
            at = self.read_one(looked_at, start);
        }
        if looked_at.len() < message.len() {
            self.push_value(looked_at.len()..message.len());
        }
    }

    /// The shape: equal for two messages exactly when their tokens and the spaces between are.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Token> {
        self.list.get(index)
    }

    /// Where a wildcard may end that begins at token `start`: after one token, or, for a wildcard that begins a field, after
    /// more that follow without white space.
    pub(crate) fn wildcard_ends(&self, start: usize) -> impl Iterator<Item = usize> {
        let is_joined = |token: &Token| !self.is_spaced(token);
        let is_inside = start > 0 && self.list.get(start - 1).is_some_and(is_joined);
        let most = if is_inside { 1 } else { LONGEST_WILDCARD };
        let rest = self.list.get(start..).unwrap_or_default();
        let more = rest
            .iter()
            .take(most - 1)
            .take_while(|token| is_joined(token))
            .count();
        start + 1..(start + 2 + more).min(self.list.len() + 1)
    }

    /// Whether one of the tokens `start..end` has a value in it.
    pub(crate) fn has_value(&self, start: usize, end: usize) -> bool {
        self.list
            .get(start..end)
            .is_some_and(|tokens| tokens.iter().any(|token| !token.values.is_empty()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Token> {
        self.list.iter()
    }

    /// The text of a token, values replaced by [`PLACEHOLDER`].
    pub(crate) fn text(&self, token: &Token) -> &[u8] {
        self.key.get(token.text.clone()).unwrap_or_default()
    }

    /// The spans of a token's values in the message.
    pub(crate) fn values(&self, token: &Token) -> &[Range<usize>] {
        self.values.get(token.values.clone()).unwrap_or_default()
    }

    /// Whether white space follows the token.
    pub(crate) fn is_spaced(&self, token: &Token) -> bool {
        self.key.get(token.text.end) == Some(&END_SPACED)
    }

    fn mark_space(&mut self) {
        if let Some(end) = self.key.last_mut() {
            *end = END_SPACED;
        }
    }

    /// Reads the token at `start`, and returns where it ends.
    fn read_one(&mut self, message: &[u8], start: usize) -> usize {
        let first = message.get(start).copied().unwrap_or(b' ');
        let end = if is_bound_sign(message, start) {
            word_end(message, start + 1)
        } else {
            word_end(message, start)
        };
        if end == start {
            return self.read_separator(message, start, first);
        }
        let word = message.get(start..end).unwrap_or_default();
        if let Some(end) = self.value_end(message, start, end) {
            self.push_value(start..end);
            return end;
        }
        if self.is_restated_quantity(message, start, end) {
            return self.absorb_restated(message, end);
        }
        if self.absorbs_unit(word) {
            self.widen_last(end);
            return end;
        }
        self.push_word(start, word);
        end
    }

    /// Where the value that begins with the word `start..end` ends, if context makes it one.
    fn value_end(&self, message: &[u8], start: usize, end: usize) -> Option<usize> {
        let word = message.get(start..end)?;
        let begins_with_year = matches!(word, [b'1' | b'2', a, b, c, b'-' | b'/' | b'.', ..] if [a, b, c].iter().all(|byte| byte.is_ascii_digit()));
        if begins_with_year || timestamp::begins_with_calendar_name(word) {
            let time = timestamp::parse(message.get(start..)?);
            let time_end = time
                .map(|(_, used)| start + used)
                .filter(|time_end| *time_end >= end);
            if time_end.is_some_and(|time_end| time_end > end || begins_with_year) {
                return time_end;
            }
        }
        if self.ends_with_unspaced(b"=") {
            if matches!(message.get(end), Some(b'{' | b'(' | b'[')) {
                return group_end(message, end);
            }
            let is_nothing = [&b"null"[..], b"none", b"nil", b"(null)"]
                .iter()
                .any(|nothing| nothing.eq_ignore_ascii_case(word));
            return is_nothing.then_some(end);
        }
        (self.follows_user() && !is_joining_word(word)).then_some(end)
    }

    /// Reads punctuation; values in quotes and values left empty are tokens too.
    fn read_separator(&mut self, message: &[u8], start: usize, separator: u8) -> usize {
        let end = start + 1;
        match separator {
            b'"' => {
                let is_field = self.ends_with_unspaced(b"=");
                let is_apart =
                    self.list.last().is_none_or(|token| {
                        self.is_spaced(token) || is_before_quote(self.text(token))
                    }) && !self.field_key().is_some_and(is_message_key);
                self.push(start..end, b"\"");
                let quoted = is_apart
                    .then(|| quoted(message.get(end..).unwrap_or_default()))
                    .flatten();
                let Some(text) = quoted.filter(|text| is_field || is_value_in_quotes(text)) else {
                    return end;
                };
                self.push_value(end..end + text.len());
                return self.read_separator_alone(end + text.len(), b'"');
            }
            b')' if self.has_open_bracket_after_space() => self.push_value(start..start),
            b'=' => {
                let follows_word = self
                    .list
                    .last()
                    .is_some_and(|token| !self.is_spaced(token) && is_wordy(self.text(token)));
                self.push(start..end, b"=");
                let is_empty = message
                    .get(end)
                    .is_none_or(|byte| is_blank(*byte) || matches!(byte, b',' | b';' | b')'));
                if follows_word && is_empty {
                    self.push_value(end..end);
                }
                return end;
            }
            _ => {}
        }
        self.read_separator_alone(start, separator)
    }

    fn read_separator_alone(&mut self, start: usize, separator: u8) -> usize {
        self.push(start..start + 1, &[separator]);
        start + 1
    }

    /// The key of the field whose value comes next: `key=` or `"key":`.
    fn field_key(&self) -> Option<&[u8]> {
        let key = match self.list.as_slice() {
            [.., key, equals] if self.text(equals) == b"=" => key,
            [.., key, quote, colon] if self.text(quote) == b"\"" && self.text(colon) == b":" => key,
            _ => return None,
        };
        Some(self.text(key))
    }

    fn ends_with_unspaced(&self, text: &[u8]) -> bool {
        self.list
            .last()
            .is_some_and(|token| !self.is_spaced(token) && self.text(token) == text)
    }

    /// Whether the last token is a bracket that stands apart from what is before it.
    fn has_open_bracket_after_space(&self) -> bool {
        let before = self
            .list
            .len()
            .checked_sub(2)
            .and_then(|index| self.list.get(index));
        self.ends_with_unspaced(b"(") && before.is_some_and(|token| self.is_spaced(token))
    }

    fn push(&mut self, span: Range<usize>, text: &[u8]) {
        let start = self.key.len();
        self.key.extend_from_slice(text);
        self.finish(span, start, self.values.len());
    }

    fn push_value(&mut self, span: Range<usize>) {
        let (start, first_value) = (self.key.len(), self.values.len());
        self.key.push(PLACEHOLDER);
        self.values.push(span.clone());
        self.finish(span, start, first_value);
    }

    fn finish(&mut self, span: Range<usize>, text_start: usize, first_value: usize) {
        let text = text_start..self.key.len();
        self.list.push(Token {
            span,
            text,
            values: first_value..self.values.len(),
        });
        self.key.push(END);
        if first_value < self.values.len() {
            self.join_list();
        }
    }

    /// Joins the last token with those before it when they list values of one kind: `an1 an2 an7` or `10 20 30`.
    fn join_list(&mut self) {
        let [earlier @ .., before, last] = self.list.as_slice() else {
            return;
        };
        let text = self.text(last);
        let is_apart = self.is_spaced(before);
        let goes_on = is_apart && is_value(self.text(before)) && self.run == text;
        let is_third = earlier
            .last()
            .is_some_and(|token| is_value(self.text(token)) && self.is_spaced(token));
        let begins = is_apart
            && self.text(before) == text
            && (is_wordy(text) || (is_third && is_value(text)));
        if !goes_on && !begins {
            self.run.clear();
            return;
        }
        let joined = if goes_on || is_wordy(text) { 2 } else { 3 };
        self.run = text.to_vec();
        let (first, end) = (self.list.len() - joined, last.span.end);
        self.list.truncate(first + 1);
        if let Some(token) = self.list.last_mut() {
            token.span.end = end;
            self.key.truncate(token.text.start);
            self.key.push(PLACEHOLDER);
            token.text.end = self.key.len();
            self.key.push(END);
            self.values.truncate(token.values.start);
            self.values.push(token.span.clone());
            token.values.end = self.values.len();
        }
    }

    fn push_word(&mut self, start: usize, word: &[u8]) {
        let end = start + word.len();
        if word.len() > LONGEST_WORD || is_value_as_a_whole(word) {
            self.push_value(start..end);
            return;
        }
        if !word.iter().any(u8::is_ascii_digit) || is_protocol_version(word) {
            let text_start = self.key.len();
            self.key.extend_from_slice(word);
            self.finish(start..end, text_start, self.values.len());
            return;
        }
        let (text_start, first_value) = (self.key.len(), self.values.len());
        self.mask_word(start, word, text_start, first_value);
        self.finish(start..end, text_start, first_value);
    }

    /// Writes the text of a word that has digits: its runs of letters and digits one by one.
    fn mask_word(&mut self, start: usize, word: &[u8], text_start: usize, first_value: usize) {
        let mut at = 0;
        while let Some(&byte) = word.get(at) {
            if !is_alphanumeric(byte) {
                self.key.push(byte);
                at += 1;
                continue;
            }
            let length = word
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|byte| is_alphanumeric(**byte))
                .count();
            let run = word.get(at..at + length).unwrap_or_default();
            if is_value_run(run) {
                self.push_masked(start + at..start + at + length, text_start, first_value);
            } else {
                self.mask_digits(start + at, run, text_start, first_value);
            }
            at += length;
        }
    }

    fn mask_digits(&mut self, start: usize, run: &[u8], text_start: usize, first_value: usize) {
        let mut at = 0;
        while let Some(&byte) = run.get(at) {
            if !byte.is_ascii_digit() {
                self.key.push(byte);
                at += 1;
                continue;
            }
            let length = run
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            self.push_masked(start + at..start + at + length, text_start, first_value);
            at += length;
        }
    }

    /// Adds a value inside a word; joins it with the one before when only a separator or a sign stands between.
    fn push_masked(&mut self, span: Range<usize>, text_start: usize, first_value: usize) {
        let written = self.key.get(text_start..).unwrap_or_default();
        let (joins, signed) = match written {
            // A letter between two numbers, as in `attempt_1_m_2`.
            [
                ..,
                PLACEHOLDER,
                b'_' | b'-' | b'.',
                b'a'..=b'z' | b'A'..=b'Z',
                b'_' | b'-' | b'.',
            ] => (3, false),
            [.., PLACEHOLDER, b'_' | b':' | b',', b'-' | b'+'] => (2, false),
            [
                ..,
                PLACEHOLDER,
                b'.' | b',' | b':' | b'-' | b'_' | b'/' | b'+' | b'@' | b'~',
            ] => (1, false),
            [b'-' | b'+' | b'<' | b'>'] | [.., b'_' | b'.' | b'/', b'-'] => (0, true),
            _ => (0, false),
        };
        if joins > 0 && self.values.len() > first_value {
            self.key.truncate(self.key.len() - joins);
            if let Some(value) = self.values.last_mut() {
                value.end = span.end;
            }
            return;
        }
        let sign = usize::from(signed);
        self.key.truncate(self.key.len() - sign);
        self.key.push(PLACEHOLDER);
        self.values.push(span.start.saturating_sub(sign)..span.end);
    }

    fn last_is_value(&self) -> bool {
        self.list
            .last()
            .is_some_and(|token| self.text(token) == [PLACEHOLDER])
    }

    /// Whether `word` is the unit of the number before it.
    fn absorbs_unit(&self, word: &[u8]) -> bool {
        self.last_is_value()
            && is_unit(word)
            && self
                .list
                .last()
                .is_some_and(|token| self.is_spaced(token) && self.values(token).len() == 1)
    }

    fn widen_last(&mut self, end: usize) {
        if let Some(token) = self.list.last_mut() {
            token.span.end = end;
        }
        if let Some(value) = self.values.last_mut() {
            value.end = end;
        }
        // The space before the unit is part of the value now.
        if let Some(last) = self.key.last_mut() {
            *last = END;
        }
    }

    /// Whether `start..end` is the number in `1736 bytes (1.69 KB)`.
    fn is_restated_quantity(&self, message: &[u8], start: usize, end: usize) -> bool {
        let [.., quantity, bracket] = self.list.as_slice() else {
            return false;
        };
        let starts_with_digit = message.get(start).is_some_and(u8::is_ascii_digit);
        starts_with_digit
            && self.text(bracket) == b"("
            && self.text(quantity) == [PLACEHOLDER]
            && self.is_spaced(quantity)
            && restatement_end(message, end).is_some()
    }

    fn absorb_restated(&mut self, message: &[u8], end: usize) -> usize {
        let end = restatement_end(message, end).unwrap_or(end);
        if let Some(bracket) = self.list.pop() {
            self.key.truncate(bracket.text.start);
        }
        self.widen_last(end);
        end
    }

    fn follows_user(&self) -> bool {
        self.list.last().is_some_and(|token| {
            self.is_spaced(token) && self.text(token).eq_ignore_ascii_case(b"user")
        })
    }
}

/// Whether a token's text is nothing but a value.
pub(crate) fn is_value(text: &[u8]) -> bool {
    text == [PLACEHOLDER]
}

/// Whether a token's text has a letter, that is, says something.
pub(crate) fn is_wordy(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
}
