//! Predicts a number from the last number at the same place and its last change.

use super::line::Line;

/// Longest number followed: all of that many digits fit 64 bits.
const MOST_DIGITS: usize = 19;

/// What is known of the numbers at one place.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    check: u32,
    /// Digits of the last number, with leading zeros.
    width: u32,
    value: u64,
    change: u64,
}

/// Follows the numbers at each place (template so far) and expects each to change as it did before.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    table: Vec<Entry>,
    place: u64,
    /// The expected digits, right-aligned, and how many they are; 0 when nothing is expected.
    digits: [u8; MOST_DIGITS + 1],
    expected_len: usize,
    /// The number so far.
    value: u64,
    len: usize,
    is_number: bool,
}

impl Numbers {
    /// A table for `1 << bits` places.
    pub(super) fn new(bits: u32) -> Self {
        Self {
            table: vec![Entry::default(); 1 << bits],
            place: 0,
            digits: [0; MOST_DIGITS + 1],
            expected_len: 0,
            value: 0,
            len: 0,
            is_number: false,
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
            self.begin(line.template);
        } else {
            self.extend(byte);
        }
        if self.len < self.expected_len {
            let start = self.digits.len() - self.expected_len;
            self.digits.get(start + self.len).copied()
        } else {
            None
        }
    }

    fn extend(&mut self, byte: u8) {
        let start = self.digits.len() - self.expected_len;
        if self.digits.get(start + self.len) != Some(&byte) {
            self.expected_len = 0;
        }
        self.is_number &= byte.is_ascii_digit() && self.len < MOST_DIGITS;
        if self.is_number {
            self.value = self.value * 10 + u64::from(byte - b'0');
        }
        self.len += 1;
    }

    /// Remembers the number that has just ended.
    fn end(&mut self) {
        if self.is_number && self.len > 0 {
            let (index, check) = self.index(self.place);
            let entry = &mut self.table[index];
            let change = if entry.check == check {
                self.value.wrapping_sub(entry.value)
            } else {
                0
            };
            *entry = Entry {
                check,
                width: self.len as u32,
                value: self.value,
                change,
            };
        }
    }

    /// Expects a number at a place.
    fn begin(&mut self, place: u64) {
        self.place = place;
        self.value = 0;
        self.len = 0;
        self.is_number = true;
        self.expected_len = 0;
        let (index, check) = self.index(place);
        let entry = self.table[index];
        if entry.check == check && entry.width > 0 {
            self.write_digits(entry.value.wrapping_add(entry.change), entry.width as usize);
        }
    }

    fn write_digits(&mut self, mut value: u64, width: usize) {
        let mut written = 0;
        for place in self.digits.iter_mut().rev() {
            if value == 0 && written >= width {
                break;
            }
            *place = b'0' + (value % 10) as u8;
            value /= 10;
            written += 1;
        }
        self.expected_len = written;
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
        assert_eq!(expected("n=97;\nn=98;\nn=99;\nn=100;\nn=101;\n"), 1 + 2 + 3 + 3);
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
