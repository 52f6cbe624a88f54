//! Bits with learned probabilities, written or read by the same code.

use codec_entropy::binary::{BinaryDecoder, BinaryEncoder, MOST_UNIFORM_BITS};
use codec_entropy::mixing::AdaptiveProbability;

/// How far a probability may go towards certainty, of 65536.
const SUREST: u16 = 12;
/// Observations after which a probability forgets old ones.
const LIMIT: u32 = 255;

/// Either end of an arithmetic-coded stream, so that one description of a format serves encoder
/// and decoder.
pub(super) trait BitPort {
    /// Writes `bit`, or ignores it and returns the bit that was read.
    fn pass(&mut self, bit: bool, probability: u16) -> bool;

    /// Writes the lowest `bits` bits (at most 16) of `value` without a model, or reads them.
    fn pass_uniform(&mut self, value: u32, bits: u32) -> u32;

    /// Whether more was read than the stream holds.
    fn is_overrun(&self) -> bool;
}

impl BitPort for BinaryEncoder {
    #[inline(always)]
    fn pass(&mut self, bit: bool, probability: u16) -> bool {
        self.encode(bit, probability);
        bit
    }

    #[inline]
    fn pass_uniform(&mut self, value: u32, bits: u32) -> u32 {
        self.encode_uniform(value, bits);
        value & ((1 << bits) - 1)
    }

    fn is_overrun(&self) -> bool {
        false
    }
}

impl BitPort for BinaryDecoder<'_> {
    #[inline(always)]
    fn pass(&mut self, _bit: bool, probability: u16) -> bool {
        self.decode(probability)
    }

    #[inline]
    fn pass_uniform(&mut self, _value: u32, bits: u32) -> u32 {
        self.decode_uniform(bits)
    }

    #[inline(always)]
    fn is_overrun(&self) -> bool {
        BinaryDecoder::is_overrun(self)
    }
}

/// Passes a bit at the cell's probability, and the cell learns it.
#[inline(always)]
pub(super) fn pass_bit(port: &mut impl BitPort, cell: &mut AdaptiveProbability, bit: bool) -> bool {
    let probability = cell.probability().clamp(SUREST, u16::MAX - SUREST);
    let bit = port.pass(bit, probability);
    cell.update(bit, LIMIT);
    bit
}

/// Passes the lowest `count` bits of `value` without a model.
#[inline]
pub(super) fn pass_raw(port: &mut impl BitPort, value: u64, count: u32) -> u64 {
    let mut passed = 0;
    let mut left = count;
    while left > 0 {
        let bits = left.min(MOST_UNIFORM_BITS);
        left -= bits;
        passed = passed << bits | u64::from(port.pass_uniform((value >> left) as u32, bits));
    }
    passed
}

/// Lengths of numbers, in bits, that are modelled first; the last one stands for all longer ones.
const SHORT_BITS: usize = 4;
const LONG: u32 = (1 << SHORT_BITS) - 1;
/// Bits of the length of a long number.
const LONG_BITS: usize = 6;
/// Classes of the length of the number before.
const LENGTH_CLASSES: usize = 5;
/// Bits behind the leading one that are modelled.
const LEADING: u32 = 3;

/// A model of numbers below 2^63 of unknown distribution: the number's length in bits, then the
/// bits behind the leading one, the first three of them adaptive.
#[derive(Clone, Debug)]
pub(super) struct NumberModel {
    /// Cells for short lengths, by the class of the last length where that matters.
    lengths: Vec<[AdaptiveProbability; 1 << SHORT_BITS]>,
    long_lengths: Option<Box<[AdaptiveProbability; 1 << LONG_BITS]>>,
    class: usize,
    leading: Vec<[AdaptiveProbability; 1 << LEADING]>,
}

impl NumberModel {
    pub(super) fn new() -> Self {
        Self::with_classes(1)
    }

    /// A model for numbers of which the one before tells something about the length.
    pub(super) fn of_sequence() -> Self {
        Self::with_classes(LENGTH_CLASSES)
    }

    fn with_classes(classes: usize) -> Self {
        Self {
            lengths: vec![[AdaptiveProbability::default(); _]; classes],
            long_lengths: None,
            class: 0,
            leading: Vec::new(),
        }
    }

    pub(super) fn pass(&mut self, port: &mut impl BitPort, value: u64) -> u64 {
        let len = u64::BITS - value.leading_zeros();
        let len = self.pass_length(port, len);
        if len < 2 {
            return u64::from(len);
        }
        let index = len as usize;
        if self.leading.len() <= index {
            self.leading.resize(index + 1, Default::default());
        }
        let modelled = LEADING.min(len - 1);
        let rest = len - 1 - modelled;
        let mut node = 1usize;
        for place in (rest..rest + modelled).rev() {
            let cell = &mut self.leading[index][node];
            node = node << 1 | usize::from(pass_bit(port, cell, value >> place & 1 == 1));
        }
        let low = pass_raw(port, value, rest);
        let top = node as u64 | 1 << modelled;
        top << rest | low
    }

    fn pass_length(&mut self, port: &mut impl BitPort, len: u32) -> u32 {
        let cells = &mut self.lengths[self.class];
        let short = pass_tree(port, cells, SHORT_BITS, len.min(LONG));
        let len = match short {
            LONG => {
                let cells = self
                    .long_lengths
                    .get_or_insert_with(|| Box::new([AdaptiveProbability::default(); _]));
                pass_tree(port, cells.as_mut_slice(), LONG_BITS, len)
            }
            _ => short,
        };
        self.class = (len as usize).div_ceil(2).min(self.lengths.len() - 1);
        len
    }
}

/// Passes a number of `bits` bits, each bit with a cell for the bits before it.
#[inline]
fn pass_tree(
    port: &mut impl BitPort,
    cells: &mut [AdaptiveProbability],
    bits: usize,
    value: u32,
) -> u32 {
    let mut node = 1usize;
    for place in (0..bits).rev() {
        let cell = &mut cells[node];
        node = node << 1 | usize::from(pass_bit(port, cell, value >> place & 1 == 1));
    }
    (node - (1 << bits)) as u32
}

/// A signed number as an unsigned one, small magnitudes first.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_survive(values in proptest::collection::vec(0u64..1 << 62, 0..50)) {
            let mut encoder = BinaryEncoder::new();
            let mut model = NumberModel::new();
            for &value in &values {
                model.pass(&mut encoder, value);
            }
            let bytes = encoder.finish();
            let mut decoder = BinaryDecoder::new(&bytes);
            let mut model = NumberModel::new();
            for &value in &values {
                prop_assert_eq!(model.pass(&mut decoder, 0), value);
            }
            prop_assert_eq!(decoder.finish(), Ok(()));
        }

        #[test]
        fn signs_survive(value in any::<i64>()) {
            prop_assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn small_numbers_of_any_width_survive() {
        let mut encoder = BinaryEncoder::new();
        let mut model = NumberModel::new();
        for value in 0..600 {
            assert_eq!(model.pass(&mut encoder, value), value);
        }
        let bytes = encoder.finish();
        let mut decoder = BinaryDecoder::new(&bytes);
        let mut model = NumberModel::new();
        for value in 0..600 {
            assert_eq!(model.pass(&mut decoder, 0), value);
        }
    }
}
