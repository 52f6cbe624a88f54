//! Match model: predicts what followed the last occurrence of the most recent bytes.

use super::adaptive::{AdaptiveProbability, COUNT_LIMIT};
use super::logistic::stretch;

/// Longest match told apart from longer ones, in bytes.
const LENGTH_CAP: usize = 400;

/// Positions are kept modulo 2^26: a match reaches back at most 64 MiB.
const POSITION_BITS: u32 = 26;
const POSITION_MASK: u32 = (1 << POSITION_BITS) - 1;

/// Number of length classes, the empty match being class 0.
const LENGTH_CLASSES: usize = 32;

/// How often recent predictions failed, as far as it is told apart.
const MISS_CLASSES: usize = 4;

/// Follows the most recent verified occurrence of the last bytes and predicts its next byte.
///
/// The caller keeps the bytes and a hash of the last few; a match is verified byte by byte, so the
/// hash may collide. The probability that the predicted bit is right adapts in a context of match
/// length and recent failures.
#[derive(Clone, Debug)]
pub struct MatchModel {
    /// Position after the last occurrence of a hash, with six more bits of the hash above it.
    table: Vec<u32>,
    min_len: usize,
    pointer: usize,
    len: usize,
    misses: usize,
    /// The predicted byte under a leading one, or 0 when there is no prediction (any more).
    expected: u32,
    class: usize,
    cells: Box<[AdaptiveProbability; LENGTH_CLASSES * MISS_CLASSES * 2]>,
    cell: usize,
}

impl MatchModel {
    /// A model with a table of `1 << table_bits` positions (4 bytes each, `table_bits` clamped to
    /// `0..=26`), for matches of at least `min_len` bytes.
    #[must_use]
    pub fn new(table_bits: u32, min_len: usize) -> Self {
        Self {
            table: vec![0; 1 << table_bits.min(POSITION_BITS)],
            min_len: min_len.max(1),
            pointer: 0,
            len: 0,
            misses: 0,
            expected: 0,
            class: 0,
            cells: Box::new([AdaptiveProbability::default(); _]),
            cell: 0,
        }
    }

    /// Bytes that a table of `1 << table_bits` positions takes.
    #[must_use]
    pub fn memory_bytes(table_bits: u32) -> usize {
        4 << table_bits.min(POSITION_BITS)
    }

    /// Reads the table entry that [`advance`](Self::advance) will need for this hash, which brings
    /// it into the cache.
    #[inline(always)]
    #[must_use]
    pub fn touch(&self, hash: u64) -> u32 {
        self.table[self.entry_of(hash)]
    }

    /// Moves on by one byte: `history` is everything so far, `hash` a hash of its last bytes (at
    /// least as many as the shortest match, or that many zeros in front of them).
    pub fn advance(&mut self, history: &[u8], hash: u64) {
        self.follow(history);
        let entry = self.entry_of(hash);
        let entry = &mut self.table[entry];
        let previous = *entry;
        let check = ((hash >> 58) as u32) << POSITION_BITS;
        *entry = check | (history.len() as u32 & POSITION_MASK);
        if self.len == 0 && (previous ^ check) >> POSITION_BITS == 0 {
            let distance = (history.len() as u32).wrapping_sub(previous) & POSITION_MASK;
            self.start(history, distance as usize);
        }
        self.expected = match history.get(self.pointer) {
            Some(&byte) if self.len > 0 => 256 | u32::from(byte),
            _ => 0,
        };
        self.class = if self.expected == 0 {
            0
        } else {
            length_class(self.len)
        };
    }

    /// The predicted byte under a leading one, or 0 when there is none or a bit contradicted it.
    #[inline(always)]
    #[must_use]
    pub fn expected(&self) -> u32 {
        self.expected
    }

    /// A class of the match length in `0..32`, 0 when nothing is predicted.
    #[inline(always)]
    #[must_use]
    pub fn length_class(&self) -> usize {
        self.class
    }

    /// Two mixer inputs for the next bit: learned log odds, and a vote that grows with the length.
    ///
    /// `partial` holds the bits of the byte so far under a leading one, `known` how many they are
    /// (`0..8`).
    #[inline(always)]
    #[must_use]
    pub fn predict(&mut self, partial: u32, known: u32) -> [i16; 2] {
        if self.expected >> (8 - known) != partial {
            self.expected = 0;
            self.class = 0;
            return [0, 0];
        }
        let bit = self.expected >> (7 - known) & 1;
        self.cell = (self.class * MISS_CLASSES + self.misses) * 2 + bit as usize;
        let logit = stretch(self.cells[self.cell % self.cells.len()].probability());
        let vote = 16 * self.class as i16;
        [logit, if bit == 1 { vote } else { -vote }]
    }

    /// Learns the bit that was just predicted.
    #[inline(always)]
    pub fn update(&mut self, bit: bool) {
        if self.expected != 0 {
            let cell = self.cell % self.cells.len();
            self.cells[cell].update(bit, COUNT_LIMIT);
        }
    }

    #[inline(always)]
    fn entry_of(&self, hash: u64) -> usize {
        (hash >> 20) as usize & (self.table.len() - 1)
    }

    /// Continues the match over the byte that has come, or drops it.
    fn follow(&mut self, history: &[u8]) {
        if self.len == 0 {
            self.misses = 0;
            return;
        }
        if history.get(self.pointer) == history.last() {
            self.len = (self.len + 1).min(LENGTH_CAP);
            self.pointer += 1;
            if self.len.is_multiple_of(16) {
                self.misses /= 2;
            }
        } else {
            self.len = 0;
            self.misses = (2 * self.misses + 1).min(MISS_CLASSES - 1);
        }
    }

    /// Takes up the match `distance` bytes back, if it is one.
    fn start(&mut self, history: &[u8], distance: usize) {
        let Some(candidate) = history.len().checked_sub(distance) else {
            return;
        };
        let Some(before) = history.get(..candidate) else {
            return;
        };
        if distance == 0 {
            return;
        }
        let pairs = history
            .iter()
            .rev()
            .zip(before.iter().rev())
            .take(LENGTH_CAP);
        let len = pairs.take_while(|(a, b)| a == b).count();
        if len >= self.min_len {
            self.len = len;
            self.pointer = candidate;
        }
    }
}

/// Lengths to 15 each have their class, longer ones share, to class 31.
fn length_class(len: usize) -> usize {
    match len {
        0..16 => len,
        16..32 => 16 + (len - 16) / 4,
        _ => (20 + (len - 32) / 16).min(LENGTH_CLASSES - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of_last_four(history: &[u8]) -> u64 {
        let tail = &history[history.len().saturating_sub(4)..];
        let key = tail
            .iter()
            .fold(0u64, |key, &byte| key << 8 | u64::from(byte));
        key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    #[test]
    fn a_repeated_text_is_predicted_after_the_shortest_match() {
        let text = b"abcdefghij-abcdefghij";
        let mut model = MatchModel::new(8, 4);
        for end in 1..text.len() {
            model.advance(&text[..end], hash_of_last_four(&text[..end]));
            let expected = if end >= 15 {
                256 | u32::from(text[end])
            } else {
                0
            };
            assert_eq!(model.expected(), expected, "after {end} bytes");
        }
    }

    #[test]
    fn a_contradicted_prediction_is_silent_for_the_rest_of_the_byte() {
        let text = b"abcdeabcd";
        let mut model = MatchModel::new(8, 4);
        for end in 1..=text.len() {
            model.advance(&text[..end], hash_of_last_four(&text[..end]));
        }
        assert_ne!(model.predict(1, 0), [0, 0]);
        assert_eq!(model.predict(0b11, 1), [0, 0]);
        assert_eq!(model.predict(0b110, 2), [0, 0]);
    }

    #[test]
    fn equal_hashes_of_different_bytes_are_no_match() {
        let text: Vec<u8> = (0..200).map(|i| (i * 7 + 1) as u8).collect();
        let mut model = MatchModel::new(4, 4);
        for end in 1..=text.len() {
            model.advance(&text[..end], 0);
            assert_eq!(model.expected(), 0);
        }
    }
}
