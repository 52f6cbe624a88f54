//! Follows the numbers at each place of a template: how they change, and what that predicts.

use super::line::Line;

/// Longest number followed: all of that many digits fit 64 bits.
const MOST_DIGITS: usize = 19;

/// Differences of leading digits are told apart in this range.
const SMALLEST_DIFFERENCE: i64 = -3;
const LARGEST_DIFFERENCE: i64 = 12;

/// A decimal number with its leading zeros.
#[derive(Clone, Copy, Debug, Default)]
struct Digits {
    digits: [u8; MOST_DIGITS + 1],
    len: usize,
}

impl Digits {
    fn new(mut value: u64, width: usize) -> Self {
        let mut digits = [0; MOST_DIGITS + 1];
        let mut start = digits.len();
        while start > 0 && (value > 0 || digits.len() - start < width) {
            start -= 1;
            digits[start] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        digits.rotate_left(start);
        Self {
            digits,
            len: MOST_DIGITS + 1 - start,
        }
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Option<u8> {
        self.digits
            .get(..self.len)
            .and_then(|digits| digits.get(index))
            .copied()
    }
}

/// What is known of the numbers at one place.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    check: u32,
    /// Digits of the last number, with leading zeros.
    width: u32,
    value: u64,
    change: u64,
}

/// Follows the numbers at each place (template so far).
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    table: Vec<Entry>,
    place: u64,
    known: Entry,
    /// The number that was at this place before, and the one after the same change once more.
    before: Digits,
    expected: Digits,
    /// The number so far, and its difference from as many digits of the one before.
    value: u64,
    len: usize,
    is_number: bool,
    difference: i64,
    /// How the last numbers of the line changed, two bits each; the latest lowest.
    changes: u32,
}

impl Numbers {
    /// A table for `1 << bits` places.
    pub(super) fn new(bits: u32) -> Self {
        Self {
            table: vec![Entry::default(); 1 << bits],
            place: 0,
            known: Entry::default(),
            before: Digits::default(),
            expected: Digits::default(),
            value: 0,
            len: 0,
            is_number: false,
            difference: 0,
            changes: 0,
        }
    }

    /// Bytes that a table for `1 << bits` places takes.
    pub(super) fn memory_bytes(bits: u32) -> usize {
        size_of::<Entry>() << bits
    }

    /// Takes in a byte that `line` has already taken in, and returns the next one expected.
    #[inline(always)]
    pub(super) fn advance(&mut self, byte: u8, line: &Line) -> Option<u8> {
        if line.is_at_anchor() {
            self.end();
            if line.column == 0 {
                self.changes = 0;
            }
            self.begin(line.template);
        } else {
            self.extend(byte);
        }
        self.expected.get(self.len)
    }

    /// How the number so far compares with the one before: the difference, and the next two digits
    /// of the one before (0 where there are none).
    #[inline(always)]
    pub(super) fn comparison(&self) -> u64 {
        if !self.is_number {
            return 0;
        }
        let digit = |index| u64::from(self.before.get(index).unwrap_or(0));
        let difference = (self.difference - SMALLEST_DIFFERENCE) as u64 + 1;
        difference << 16 | digit(self.len) << 8 | digit(self.len + 1)
    }

    /// How the last numbers of this line changed.
    #[inline(always)]
    pub(super) fn changes(&self) -> u64 {
        u64::from(self.changes)
    }

    /// The last change of the number at this place.
    #[inline(always)]
    pub(super) fn last_change(&self) -> u64 {
        self.known.change
    }

    fn extend(&mut self, byte: u8) {
        if self.expected.get(self.len) != Some(byte) {
            self.expected.len = 0;
        }
        self.is_number &= byte.is_ascii_digit() && self.len < MOST_DIGITS;
        if self.is_number {
            let digit = byte.wrapping_sub(b'0');
            self.value = self.value * 10 + u64::from(digit);
            let before = self.before.get(self.len).unwrap_or(b'0').wrapping_sub(b'0');
            let difference = self.difference * 10 + i64::from(digit) - i64::from(before);
            self.difference = difference.clamp(SMALLEST_DIFFERENCE, LARGEST_DIFFERENCE);
        }
        self.len += 1;
    }

    /// Remembers the number that has just ended.
    fn end(&mut self) {
        if !self.is_number || self.len == 0 {
            return;
        }
        let (index, check) = self.index(self.place);
        let is_known = self.known.check == check && self.known.width > 0;
        let change = if is_known {
            self.value.wrapping_sub(self.known.value)
        } else {
            0
        };
        let kind = match change {
            0 => 0,
            1 => 1,
            _ if change == self.known.change => 1,
            _ if change < 1 << 63 => 2,
            _ => 3,
        };
        self.changes = self.changes << 2 | kind;
        self.table[index] = Entry {
            check,
            width: self.len as u32,
            value: self.value,
            change,
        };
    }

    /// Expects a number at a place.
    fn begin(&mut self, place: u64) {
        self.place = place;
        self.value = 0;
        self.len = 0;
        self.is_number = true;
        self.difference = 0;
        let (index, check) = self.index(place);
        self.known = self.table[index];
        if self.known.check == check && self.known.width > 0 {
            let Entry {
                value,
                change,
                width,
                ..
            } = self.known;
            self.before = Digits::new(value, width as usize);
            self.expected = Digits::new(value.wrapping_add(change), width as usize);
        } else {
            self.known = Entry::default();
            self.before.len = 0;
            self.expected.len = 0;
        }
    }

    #[inline(always)]
    fn index(&self, place: u64) -> (usize, u32) {
        let hash = place.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        (
            (hash >> 40) as usize & (self.table.len() - 1),
            (hash as u32) | 1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes of a text were expected.
    fn expected(text: &str) -> usize {
        let (mut line, mut numbers) = (Line::default(), Numbers::new(8));
        let mut next = None;
        let mut hits = 0;
        for byte in text.bytes() {
            hits += usize::from(next == Some(byte));
            line.push(byte);
            next = numbers.advance(byte, &line);
        }
        hits
    }

    #[test]
    fn a_counter_is_expected_to_go_on_counting() {
        assert_eq!(
            expected("n=97;\nn=98;\nn=99;\nn=100;\nn=101;\n"),
            1 + 2 + 3 + 3
        );
    }

    #[test]
    fn leading_zeros_stay() {
        assert_eq!(expected("at 08:\nat 09:\nat 10:\n"), 1 + 2);
    }

    #[test]
    fn numbers_beyond_64_bits_are_left_alone() {
        let long = "9".repeat(60);
        assert_eq!(expected(&format!("x {long} {long}\nx {long} {long}\n")), 0);
    }
}
