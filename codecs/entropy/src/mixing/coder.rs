//! Where a model's decisions go: to an encoder, from a decoder, or into a sum of code lengths.

use super::cost::cost;
use crate::binary::{BinaryDecoder, BinaryEncoder};

/// Settles binary decisions, each with the probability that a model gives it.
///
/// One path through the model serves encoding, decoding and measuring, so that they cannot differ.
pub trait BitCoder {
    /// Codes `bit` (which a decoder does not look at) and returns what was decided. `probability`
    /// is that of a set bit, of 65536, in `1..=65535`.
    fn code(&mut self, bit: bool, probability: u16) -> bool;
}

impl BitCoder for BinaryEncoder {
    #[inline(always)]
    fn code(&mut self, bit: bool, probability: u16) -> bool {
        self.encode(bit, probability);
        bit
    }
}

impl BitCoder for BinaryDecoder<'_> {
    #[inline(always)]
    fn code(&mut self, _: bool, probability: u16) -> bool {
        self.decode(probability)
    }
}

/// Sums ideal code lengths, in 1/65536 bit.
#[derive(Clone, Copy, Debug, Default)]
pub struct CostMeter {
    /// The sum so far, in 1/65536 bit.
    pub units: u64,
}

impl BitCoder for CostMeter {
    #[inline(always)]
    fn code(&mut self, bit: bool, probability: u16) -> bool {
        self.units += cost(bit, probability);
        bit
    }
}

/// Accepts every bit and keeps nothing: for training.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl BitCoder for Silent {
    #[inline(always)]
    fn code(&mut self, bit: bool, _: u16) -> bool {
        bit
    }
}
