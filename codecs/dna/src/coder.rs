//! Where a model's decisions go, and models of single decisions and of numbers.

use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
use codec_entropy::mixing::AdaptiveProbability;

/// Settles binary decisions, each with the probability that a model gives it.
///
/// One path through the models serves encoding and decoding, so that they cannot differ.
pub(crate) trait BitCoder {
    /// Codes `bit` (which a decoder does not look at) and returns what was decided. `probability`
    /// is that of a set bit, of 65536, in `1..=65535`.
    fn code(&mut self, bit: bool, probability: u16) -> bool;

    /// Codes the lowest `bits` bits of `value`, at most 16, all values being equally likely.
    fn code_uniform(&mut self, value: u32, bits: u32) -> u32;

    /// Whether a decoder has read past the end of its input.
    fn is_overrun(&self) -> bool;
}

impl BitCoder for BinaryEncoder {
    #[inline(always)]
    fn code(&mut self, bit: bool, probability: u16) -> bool {
        self.encode(bit, probability);
        bit
    }

    #[inline(always)]
    fn code_uniform(&mut self, value: u32, bits: u32) -> u32 {
        self.encode_uniform(value, bits);
        value
    }

    fn is_overrun(&self) -> bool {
        false
    }
}

impl BitCoder for BinaryDecoder<'_> {
    #[inline(always)]
    fn code(&mut self, _: bool, probability: u16) -> bool {
        self.decode(probability)
    }

    #[inline(always)]
    fn code_uniform(&mut self, _: u32, bits: u32) -> u32 {
        self.decode_uniform(bits)
    }

    fn is_overrun(&self) -> bool {
        BinaryDecoder::is_overrun(self)
    }
}

/// Accepts every bit and keeps nothing: for training.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silent;

impl BitCoder for Silent {
    #[inline(always)]
    fn code(&mut self, bit: bool, _: u16) -> bool {
        bit
    }

    #[inline(always)]
    fn code_uniform(&mut self, value: u32, _: u32) -> u32 {
        value
    }

    fn is_overrun(&self) -> bool {
        false
    }
}

/// A decision that adapts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flag(AdaptiveProbability);

/// Decisions after which an average becomes an exponential one.
const LIMIT: u32 = 255;

impl Flag {
    /// A decision that is expected to be no, about fifteen times of sixteen.
    pub(crate) const fn rare() -> Self {
        Self(AdaptiveProbability::new(1 << 12, 2))
    }

    /// Codes the decision and learns from it.
    #[inline(always)]
    pub(crate) fn code(&mut self, coder: &mut impl BitCoder, bit: bool) -> bool {
        let bit = coder.code(bit, self.0.probability().max(1));
        self.0.update(bit, LIMIT);
        bit
    }
}

/// Binary logarithms that are told apart.
const CLASSES: usize = 32;
/// Bits below the leading one that are modelled; the others are as good as random.
const MODELLED: u32 = 3;

/// Numbers from 0 to 2^32 - 2, small ones being cheaper until it has learned better.
///
/// The number plus one is coded as its binary logarithm in unary (an Elias gamma code whose every
/// bit has an adaptive probability), then the bits below the leading one, of which the upper
/// three adapt too.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    class: [Flag; CLASSES],
    upper: [[Flag; 1 << MODELLED]; CLASSES],
}

impl Number {
    pub(crate) const fn new() -> Self {
        let flag = Flag(AdaptiveProbability::new(1 << 15, 0));
        Self {
            class: [flag; CLASSES],
            upper: [[flag; 1 << MODELLED]; CLASSES],
        }
    }

    /// Codes `value` and learns from it.
    pub(crate) fn code(&mut self, coder: &mut impl BitCoder, value: u32) -> u32 {
        let value = value.saturating_add(1);
        let wanted = value.ilog2() as usize;
        let mut class = 0;
        while class + 1 < CLASSES && self.class[class].code(coder, class < wanted) {
            class += 1;
        }
        let mut left = class as u32;
        let mut known = 1u32;
        let mut node = 1;
        while left > 0 && left + MODELLED > class as u32 {
            left -= 1;
            let bit = self.upper[class][node].code(coder, value >> left & 1 == 1);
            known = known << 1 | u32::from(bit);
            node = node << 1 | usize::from(bit);
        }
        while left > 0 {
            let bits = left.min(16);
            left -= bits;
            let part = value.checked_shr(left).unwrap_or(0) & ((1 << bits) - 1);
            known = known << bits | coder.code_uniform(part, bits);
        }
        known.wrapping_sub(1)
    }
}

/// A class of the size of a number in `0..8`, for contexts.
pub(crate) fn size_class(number: u32) -> usize {
    let bits = 32 - number.leading_zeros();
    (bits as usize).div_ceil(2).min(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in prop::collection::vec(prop_oneof![0u32..20, 0..=u32::MAX - 1], 0..200)) {
            let mut encoder = BinaryEncoder::new();
            let mut model = Number::new();
            for &number in &numbers {
                model.code(&mut encoder, number);
            }
            let coded = encoder.finish();
            let mut decoder = BinaryDecoder::new(&coded);
            let mut model = Number::new();
            for &number in &numbers {
                prop_assert_eq!(model.code(&mut decoder, 0), number);
            }
            prop_assert_eq!(decoder.finish(), Ok(()));
        }
    }
}
