//! What zlib's blocks cost: symbols are counted until a block is full, then the cheapest of the three
//! kinds of block (RFC 1951, 3.2.3) takes them.

use super::codes::{CODE_LIMIT, Lengths, head_cost};

/// Symbols of a block that ends before its input does: one less than the buffer at memLevel 8.
const FULL: u32 = (1 << 14) - 1;
/// Literals, the end of the block, and 29 classes of lengths.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END: usize = 256;
/// Bits of the kind of a block and of whether it is the last.
const KIND_BITS: u64 = 3;
/// Bits of each distance's class with the fixed codes.
const FIXED_DISTANCE_BITS: u64 = 5;

/// The cost so far, and the block that is being filled.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    /// Bits of the blocks before.
    bits: u64,
    literals: [u16; LITERALS],
    distances: [u16; DISTANCES],
    /// Bits that follow the codes of lengths and distances.
    extra_bits: u64,
    symbols: u32,
    /// Bytes of content that the symbols stand for.
    covered: usize,
}

impl Blocks {
    pub(super) fn new() -> Self {
        Blocks {
            bits: 0,
            literals: [0; LITERALS],
            distances: [0; DISTANCES],
            extra_bits: 0,
            symbols: 0,
            covered: 0,
        }
    }

    /// Adds a byte as itself.
    pub(super) fn literal(&mut self, byte: u8) {
        self.literals[usize::from(byte)] += 1;
        self.symbols += 1;
        self.covered += 1;
    }

    /// Adds a copy of `len` bytes, 3 to 258, from `distance` bytes back, 1 to 32768.
    pub(super) fn copy(&mut self, len: usize, distance: usize) {
        let (class, extra) = LENGTH_CLASSES[(len - 3) & 0xFF];
        self.literals[usize::from(class)] += 1;
        self.extra_bits += u64::from(extra);
        let (class, extra) = distance_class(distance);
        self.distances[class] += 1;
        self.extra_bits += u64::from(extra);
        self.symbols += 1;
        self.covered += len;
    }

    pub(super) fn is_full(&self) -> bool {
        self.symbols == FULL
    }

    /// Ends the block. `behind` is the number of bytes before the end of the block that are still in
    /// the window: a block that reaches further back cannot be stored.
    pub(super) fn end(&mut self, behind: usize) {
        self.literals[END] += 1;
        let literals = Lengths::new(&self.literals, CODE_LIMIT);
        let distances = Lengths::new(&self.distances, CODE_LIMIT);
        let own = head_cost(&literals, &distances)
            + literals.cost(&self.literals)
            + distances.cost(&self.distances)
            + self.extra_bits;
        let fixed = self.fixed_cost() + self.extra_bits;
        // zlib compares whole bytes, and prefers fixed codes and stored blocks among equals.
        let bytes = |bits: u64| (bits + KIND_BITS).div_ceil(8);
        let fixed_wins = bytes(fixed) <= bytes(own);
        let coded = bytes(own).min(bytes(fixed));
        self.bits += KIND_BITS;
        if self.covered as u64 + 4 <= coded && self.covered <= behind {
            self.bits = self.bits.next_multiple_of(8) + 32 + 8 * self.covered as u64;
        } else if fixed_wins {
            self.bits += fixed;
        } else {
            self.bits += own;
        }
        *self = Blocks {
            bits: self.bits,
            ..Blocks::new()
        };
    }

    /// Bytes of all blocks that have ended.
    pub(super) fn bytes(&self) -> u64 {
        self.bits.div_ceil(8)
    }

    /// Bits of the codes of this block's symbols with the fixed codes (RFC 1951, 3.2.6).
    fn fixed_cost(&self) -> u64 {
        let sum = |counts: &[u16]| counts.iter().copied().map(u64::from).sum::<u64>();
        let [low, high, short, long] =
            [0..144, 144..256, 256..280, 280..LITERALS].map(|symbols| sum(&self.literals[symbols]));
        8 * low + 9 * high + 7 * short + 8 * long + FIXED_DISTANCE_BITS * sum(&self.distances)
    }
}

/// Class (as symbol of the literals) and extra bits of each length from 3 (RFC 1951, 3.2.5).
const LENGTH_CLASSES: [(u16, u8); 256] = length_classes();

const fn length_classes() -> [(u16, u8); 256] {
    let mut classes = [(0, 0); 256];
    let mut len = 0;
    while len < 255 {
        // From the second class of four on, each group of four has one more extra bit.
        let extra = if len < 8 { 0 } else { (len as u32).ilog2() - 2 };
        let class = END + 1 + 4 * extra as usize + (len >> extra);
        classes[len] = (class as u16, extra as u8);
        len += 1;
    }
    // The longest length has a class of its own.
    classes[255] = (285, 0);
    classes
}

/// Class and extra bits of a distance from 1 to 32768.
fn distance_class(distance: usize) -> (usize, u32) {
    let from_zero = distance - 1;
    if from_zero < 4 {
        return (from_zero, 0);
    }
    let extra = from_zero.ilog2() - 1;
    (2 * extra as usize + (from_zero >> extra), extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_rfc_1951() {
        let length = |len: usize| LENGTH_CLASSES[len - 3];
        assert_eq!(length(3), (257, 0));
        assert_eq!(length(10), (264, 0));
        assert_eq!(length(11), (265, 1));
        assert_eq!(length(18), (268, 1));
        assert_eq!(length(19), (269, 2));
        assert_eq!(length(130), (280, 4));
        assert_eq!(length(131), (281, 5));
        assert_eq!(length(257), (284, 5));
        assert_eq!(length(258), (285, 0));
        assert_eq!(distance_class(1), (0, 0));
        assert_eq!(distance_class(4), (3, 0));
        assert_eq!(distance_class(5), (4, 1));
        assert_eq!(distance_class(24_576), (28, 13));
        assert_eq!(distance_class(24_577), (29, 13));
        assert_eq!(distance_class(32_768), (29, 13));
    }
}
