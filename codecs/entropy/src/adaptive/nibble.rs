//! Adaptive nibbles, and bytes made of two.

use crate::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};

/// An adaptive model of the symbols `0..16`.
///
/// Holds cumulative frequencies of 15 bits. After each symbol they move by a fraction towards those
/// of a model that is certain of it: 1/8 at first, then less, as far as 2^-`rate`. The steps are
/// shifts of 16 values at a time (J. Duda, "Context dependent entropy coding: adaptive
/// distributions", as in F. Giesen's nibble models for LZNA). No frequency falls below one point.
///
/// Exactly: symbol `i` starts at `2048 i` of 32,768. After symbol `s` each start moves by
/// `floor((t - start) / 2^r)`, where `t` is `i` for `i <= s` and `32752 + i` above, and `r` is
/// `floor(log2(8 + n))` after `n` symbols before, or `rate` if that is less.
///
/// ```
/// use codec_entropy::adaptive::NibbleModel;
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
///
/// let (mut encoder, mut model) = (RangeEncoder::new(), NibbleModel::new());
/// for nibble in [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5] {
///     model.encode(&mut encoder, nibble);
/// }
/// let coded = encoder.finish();
/// assert_eq!(coded, [49, 64, 207, 100, 215, 135]);
///
/// let (mut decoder, mut model) = (RangeDecoder::new(&coded), NibbleModel::new());
/// for nibble in [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5] {
///     assert_eq!(model.decode(&mut decoder)?, nibble);
/// }
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct NibbleModel {
    /// Start of each symbol's interval, then the total. All but the total fit an `i16`.
    cumulative: [u16; 17],
    /// Symbols learnt from, as far as that still changes the rate.
    seen: u8,
    rate: u8,
}

/// Binary logarithm of the total.
const PRECISION: u32 = 15;

const TOTAL: u16 = 1 << PRECISION;

/// The slowest rate, which suits data that does not change, and the fastest.
const SLOWEST: u32 = 7;
const FASTEST: u32 = 3;

/// For each symbol, the starts of the intervals when it owns all points but one per other symbol.
///
/// They are at least one apart, and so are the starts that move towards them, rounded down: a
/// distance `d` becomes at least `d + floor((1 - d) / 2^rate)`, which is 1 or more.
static CERTAIN: [[u16; 16]; 16] = {
    let mut rows = [[0; 16]; 16];
    let mut symbol = 0;
    while symbol < 16 {
        let mut i = 0;
        while i < 16 {
            rows[symbol][i] = if i <= symbol {
                i as u16
            } else {
                TOTAL - 16 + i as u16
            };
            i += 1;
        }
        symbol += 1;
    }
    rows
};

impl NibbleModel {
    /// A model that gives every symbol the same probability, and ends up learning slowly (2^-7).
    #[must_use]
    pub fn new() -> Self {
        Self::with_rate(SLOWEST)
    }

    /// As [`new`](Self::new), learning by 2^-`rate` of the difference in the end.
    ///
    /// A `rate` of 7 suits data that stays the same, 4 or 5 data that changes; outside `3..=7` the
    /// nearest of these is used.
    #[must_use]
    pub fn with_rate(rate: u32) -> Self {
        let cumulative = std::array::from_fn(|i| i as u16 * (TOTAL / 16));
        Self {
            cumulative,
            seen: 0,
            rate: rate.clamp(FASTEST, SLOWEST) as u8,
        }
    }

    /// Codes the low four bits of `symbol` and learns from them.
    #[inline(always)]
    pub fn encode(&mut self, coder: &mut impl EntropyEncoder, symbol: u8) {
        let symbol = usize::from(symbol & 15);
        coder.encode(self.interval(symbol));
        self.learn(symbol);
    }

    /// Decodes a symbol below 16 and learns from it.
    ///
    /// # Errors
    ///
    /// What the decoder reports.
    #[inline(always)]
    pub fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        // First which quarter, then where in it: two rounds of three comparisons that do not wait
        // for each other. (Faster here than 16 comparisons in a vector, and than a binary search.)
        let reaches = |symbol: usize| {
            let start = self.cumulative[symbol & 15];
            usize::from(coder.reaches(u32::from(start), PRECISION))
        };
        let quarter = 4 * (reaches(4) + reaches(8) + reaches(12));
        let symbol = quarter + reaches(quarter + 1) + reaches(quarter + 2) + reaches(quarter + 3);
        coder.advance(self.interval(symbol))?;
        self.learn(symbol);
        Ok(symbol as u8)
    }

    #[inline(always)]
    fn interval(&self, symbol: usize) -> Interval {
        let start = u32::from(self.cumulative[symbol & 15]);
        let end = u32::from(self.cumulative[(symbol & 15) + 1]);
        Interval::trusted(start, end - start, PRECISION)
    }

    #[inline(always)]
    fn learn(&mut self, symbol: usize) {
        // 3 for the first 8 symbols, 4 for the next 16 and so on: about one part in as many as
        // were seen.
        let rate = (u32::from(self.seen) + 8).ilog2().min(u32::from(self.rate));
        self.seen = self.seen.saturating_add(1);
        for (start, &certain) in self.cumulative.iter_mut().zip(&CERTAIN[symbol & 15]) {
            let difference = certain.wrapping_sub(*start) as i16;
            *start = start.wrapping_add((difference >> rate) as u16);
        }
    }
}

impl Default for NibbleModel {
    fn default() -> Self {
        Self::new()
    }
}

/// An adaptive model of bytes: one [`NibbleModel`] for the high half, 16 for the low half.
///
/// Takes about 600 bytes. Two symbols are coded for each byte.
///
/// ```
/// use codec_entropy::adaptive::ByteModel;
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
///
/// let (mut encoder, mut model) = (RangeEncoder::new(), ByteModel::new());
/// for &byte in b"abracadabra" {
///     model.encode(&mut encoder, byte);
/// }
/// let coded = encoder.finish();
/// assert_eq!(coded, [97, 96, 57, 51, 125, 83, 19]);
///
/// let (mut decoder, mut model) = (RangeDecoder::new(&coded), ByteModel::new());
/// for &byte in b"abracadabra" {
///     assert_eq!(model.decode(&mut decoder)?, byte);
/// }
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ByteModel {
    high: NibbleModel,
    low: [NibbleModel; 16],
}

impl ByteModel {
    /// A model that gives every byte the same probability, and ends up learning slowly.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`new`](Self::new), with the rate of [`NibbleModel::with_rate`].
    #[must_use]
    pub fn with_rate(rate: u32) -> Self {
        let nibble = || NibbleModel::with_rate(rate);
        Self {
            high: nibble(),
            low: std::array::from_fn(|_| nibble()),
        }
    }

    /// Codes `byte` and learns from it.
    #[inline(always)]
    pub fn encode(&mut self, coder: &mut impl EntropyEncoder, byte: u8) {
        self.high.encode(coder, byte >> 4);
        self.low[usize::from(byte >> 4)].encode(coder, byte & 15);
    }

    /// Decodes a byte and learns from it.
    ///
    /// # Errors
    ///
    /// What the decoder reports.
    #[inline(always)]
    pub fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        let high = self.high.decode(coder)?;
        let low = self.low[usize::from(high & 15)].decode(coder)?;
        Ok(high << 4 | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_symbol_keeps_a_point(
            symbols in prop::collection::vec(0usize..16, 0..400),
            rate in 0u32..10,
            last in 0usize..16,
        ) {
            let mut model = NibbleModel::with_rate(rate);
            for symbol in symbols.into_iter().chain([last; 3000]) {
                model.learn(symbol);
                prop_assert_eq!((model.cumulative[0], model.cumulative[16]), (0, TOTAL));
                prop_assert!(model.cumulative.is_sorted_by(|start, end| start < end));
            }
        }
    }

    #[test]
    fn a_symbol_that_always_comes_is_almost_free() {
        let mut model = NibbleModel::new();
        for _ in 0..3000 {
            model.learn(9);
        }
        assert!(model.interval(9).frequency() > u32::from(TOTAL) * 99 / 100);
    }
}
