//! What a line of a log has shown so far: its fields, tokens and template.

/// Multiplier of the hashes (2^64 / golden ratio, odd).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Stands in a template for a token with a digit.
const PLACEHOLDER: u64 = 0x51ED_270B;

/// Words at the beginning of a line that name its kind.
const FIRST_WORDS: u32 = 3;

/// What a byte is in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Digit,
    Letter,
    Delimiter,
    LineEnd,
}

impl Class {
    /// The class of a byte; bytes above ASCII count as letters.
    #[inline(always)]
    pub(super) fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Self::Digit,
            b'a'..=b'z' | b'A'..=b'Z' | 128.. => Self::Letter,
            b'\n' => Self::LineEnd,
            _ => Self::Delimiter,
        }
    }
}

/// The state of the current line.
///
/// A *token* is a run of letters and digits. The *template so far* is a hash of the delimiters and
/// of the tokens without digits; tokens with digits, which usually vary, leave a placeholder. Two
/// places with the same template so far therefore lie at the same place of the same statement, even
/// when numbers before them differ in length.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// The last eight bytes, the latest one lowest.
    pub(super) recent: u64,
    /// The eight bytes before those.
    pub(super) older: u64,
    /// The template of everything before the current token.
    pub(super) template: u64,
    /// The last six delimiters and tokens, ten bits of a hash each.
    pub(super) local: u64,
    /// A hash of the current token so far, 0 when it is empty.
    pub(super) token: u64,
    /// Bytes of the current token.
    pub(super) token_len: u32,
    pub(super) token_has_digit: bool,
    /// Blanks so far.
    pub(super) field: u32,
    /// A hash of the first words, that is, tokens without digits.
    pub(super) first_words: u64,
    words: u32,
    /// A hash of the bytes before the first blank.
    pub(super) first_field: u64,
    /// Hashes of the last two tokens with digits, in this line or lines before; the latest first.
    pub(super) variables: [u64; 2],
    /// The last token without digits.
    pub(super) word: u64,
    /// Templates of the two lines before; the latest first.
    pub(super) previous: [u64; 2],
    /// Bytes since the last line end.
    pub(super) column: u32,
}

impl Line {
    /// Takes in a byte.
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        self.older = self.older << 8 | self.recent >> 56;
        self.recent = self.recent << 8 | u64::from(byte);
        self.column = self.column.saturating_add(1);
        match Class::of(byte) {
            Class::Digit => self.push_token(byte, true),
            Class::Letter => self.push_token(byte, false),
            Class::Delimiter => self.push_delimiter(byte),
            Class::LineEnd => self.end(byte),
        }
    }

    /// Whether the last byte ended a token or followed one, so that pointers are set anew.
    #[inline(always)]
    pub(super) fn is_at_anchor(&self) -> bool {
        self.token_len == 0
    }

    /// The last byte.
    #[inline(always)]
    pub(super) fn last(&self) -> usize {
        (self.recent & 0xFF) as usize
    }

    /// Template so far and current token.
    #[inline(always)]
    pub(super) fn place(&self) -> u64 {
        combine(self.template, self.token)
    }

    #[inline(always)]
    fn push_token(&mut self, byte: u8, is_digit: bool) {
        self.token = combine(self.token, u64::from(byte) + 1);
        self.token_len = self.token_len.saturating_add(1);
        self.token_has_digit |= is_digit;
        if self.field == 0 {
            self.first_field = combine(self.first_field, u64::from(byte));
        }
    }

    fn push_delimiter(&mut self, byte: u8) {
        self.end_token();
        self.template = combine(self.template, u64::from(byte));
        self.push_local(u64::from(byte));
        if byte == b' ' || byte == b'\t' {
            self.field = self.field.saturating_add(1);
        } else if self.field == 0 {
            self.first_field = combine(self.first_field, u64::from(byte));
        }
    }

    fn push_local(&mut self, item: u64) {
        self.local = (self.local << 10 | combine(item, 0) >> 54) & ((1 << 60) - 1);
    }

    fn end_token(&mut self) {
        if self.token_len == 0 {
            return;
        }
        let is_variable =
            self.token_has_digit || self.token_len == 3 && is_calendar_name(self.recent >> 8);
        if self.token_has_digit {
            self.variables = [self.token, self.variables[0]];
        }
        let item = if is_variable { PLACEHOLDER } else { self.token };
        self.template = combine(self.template, item);
        self.push_local(item);
        if !is_variable {
            self.word = self.token;
            if self.words < FIRST_WORDS {
                self.first_words = combine(self.first_words, self.token);
                self.words += 1;
            }
        }
        self.token = 0;
        self.token_len = 0;
        self.token_has_digit = false;
    }

    fn end(&mut self, byte: u8) {
        self.push_delimiter(byte);
        self.previous = [self.template, self.previous[0]];
        self.template = 0;
        self.local = 0;
        self.field = 0;
        self.first_words = 0;
        self.words = 0;
        self.first_field = 0;
        self.column = 0;
    }
}

/// Whether the lowest three bytes are the short name of a month or day, which changes as numbers do.
fn is_calendar_name(bytes: u64) -> bool {
    let lower = (bytes as u32 & 0xFF_FFFF | 0x20_2020).to_be_bytes();
    CALENDAR.iter().any(|name| lower[1..] == name[..])
}

const CALENDAR: [&[u8; 3]; 19] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
    b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun",
];

/// A hash of a hash and a value.
#[inline(always)]
pub(super) fn combine(hash: u64, value: u64) -> u64 {
    let mixed = (hash ^ value).wrapping_add(GOLDEN).wrapping_mul(GOLDEN);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Line {
        let mut line = Line::default();
        for byte in text.bytes() {
            line.push(byte);
        }
        line
    }

    #[test]
    fn numbers_of_any_length_leave_the_same_template() {
        let (a, b) = (after("took 5 ms, id="), after("took 1200 ms, id="));
        assert_eq!(a.template, b.template);
        assert_eq!(after("Mon Jan 1 ").template, after("Sun Feb 28 ").template);
        assert_ne!(a.template, after("took 5 us, id=").template);
        assert_ne!(a.template, after("took 5 ms; id=").template);
    }

    #[test]
    fn a_line_end_begins_anew_and_keeps_the_template() {
        let one = after("started 17\n");
        assert_eq!(one.template, 0);
        assert_eq!(one.previous[0], after("started 4\n").previous[0]);
        assert_ne!(one.previous[0], after("stopped 4\n").previous[0]);
    }
}
