//! Adaptive counts for any alphabet.

use crate::{EntropyDecoder, EntropyEncoder, EntropyError, Interval, MAX_PRECISION};

/// Largest alphabet of a [`CountModel`].
pub const MAX_COUNTED: usize = 1 << 14;

/// An adaptive model of the symbols `0..alphabet`: probabilities in proportion to counts.
///
/// Counts start at 1 and grow by an increment with every symbol; when their sum would pass 2^16,
/// all are halved (rounded up), so that the model follows data that changes. A larger increment
/// learns faster, remembers less, and costs less for symbols that never come. The counts are kept
/// in a tree of partial sums (P. Fenwick, "A new data structure for cumulative frequency tables",
/// 1994), so that a symbol takes time in proportion to the bits of the alphabet.
///
/// Exactly: with counts that sum to `before` up to the symbol, `after` with it, and `total` for all,
/// it owns the points from `floor(before * 2^16 / total)` to `floor(after * 2^16 / total)` of 2^16.
///
/// ```
/// use codec_entropy::adaptive::CountModel;
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
///
/// let (mut encoder, mut model) = (RangeEncoder::new(), CountModel::new(1000)?);
/// for symbol in [500, 501, 500, 500, 999] {
///     model.encode(&mut encoder, symbol)?;
/// }
/// let coded = encoder.finish();
/// assert_eq!(coded, [128, 33, 91, 51, 135]);
///
/// let (mut decoder, mut model) = (RangeDecoder::new(&coded), CountModel::new(1000)?);
/// for symbol in [500, 501, 500, 500, 999] {
///     assert_eq!(model.decode(&mut decoder)?, symbol);
/// }
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CountModel {
    counts: Vec<u32>,
    /// At `i - 1`, the sum of the `i & i.wrapping_neg()` counts before symbol `i`; a power of two
    /// of them, so that the search needs no other bounds.
    sums: Vec<u32>,
    total: u32,
    increment: u32,
}

/// Largest sum of counts: an interval of 2^16 points then has at least one for every count.
const LIMIT: u32 = 1 << MAX_PRECISION;

const DEFAULT_INCREMENT: u32 = 24;

impl CountModel {
    /// A model that gives every symbol the same probability, with an increment of 24.
    ///
    /// # Errors
    ///
    /// [`EntropyError::AlphabetOutOfRange`] unless `alphabet` is in `1..=`[`MAX_COUNTED`].
    pub fn new(alphabet: usize) -> Result<Self, EntropyError> {
        Self::with_increment(alphabet, DEFAULT_INCREMENT)
    }

    /// As [`new`](Self::new) with another increment, in `1..=1024`, else the nearest of these.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_increment(alphabet: usize, increment: u32) -> Result<Self, EntropyError> {
        if !(1..=MAX_COUNTED).contains(&alphabet) {
            return Err(EntropyError::AlphabetOutOfRange {
                alphabet,
                max: MAX_COUNTED,
            });
        }
        Ok(Self::trusted(alphabet, increment.clamp(1, 1024)))
    }

    /// As [`with_increment`](Self::with_increment), for arguments that are in range.
    pub(crate) fn trusted(alphabet: usize, increment: u32) -> Self {
        let sums = vec![0; alphabet.next_power_of_two()];
        let mut model = Self {
            counts: vec![1; alphabet],
            sums,
            total: 0,
            increment,
        };
        model.sum_up();
        model
    }

    /// Codes `symbol` and learns from it.
    ///
    /// # Errors
    ///
    /// [`EntropyError::SymbolOutOfRange`] if it is not below the alphabet.
    #[inline]
    pub fn encode(
        &mut self,
        coder: &mut impl EntropyEncoder,
        symbol: u32,
    ) -> Result<(), EntropyError> {
        if symbol as usize >= self.counts.len() {
            let alphabet = self.counts.len() as u32;
            return Err(EntropyError::SymbolOutOfRange { symbol, alphabet });
        }
        self.encode_known(coder, symbol);
        Ok(())
    }

    /// As [`encode`](Self::encode), for a symbol that is below the alphabet.
    #[inline]
    pub(crate) fn encode_known(&mut self, coder: &mut impl EntropyEncoder, symbol: u32) {
        let symbol = symbol as usize;
        let count = self.counts.get(symbol).copied().unwrap_or(1);
        coder.encode(self.interval(self.sum_before(symbol), count));
        self.learn(symbol);
    }

    /// Decodes a symbol and learns from it.
    ///
    /// # Errors
    ///
    /// What the decoder reports.
    #[inline]
    pub fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u32, EntropyError> {
        let point = coder.point(MAX_PRECISION)?;
        // The last count whose place among the points is not after this one.
        let target = ((u64::from(point) + 1) * u64::from(self.total) - 1) >> MAX_PRECISION;
        let (symbol, before) = self.find(target as u32);
        let count = self.counts.get(symbol).copied().unwrap_or(1);
        coder.advance(self.interval(before, count))?;
        self.learn(symbol);
        Ok(symbol as u32)
    }

    /// Scaled so that the intervals of all counts fill 2^16; rounding down moves a bound by less
    /// than one point, and each count has room for at least one.
    #[inline]
    fn interval(&self, before: u32, count: u32) -> Interval {
        let total = u64::from(self.total.max(1));
        let scaled = |sum: u32| ((u64::from(sum) << MAX_PRECISION) / total) as u32;
        let start = scaled(before);
        Interval::trusted(start, scaled(before + count) - start, MAX_PRECISION)
    }

    #[inline]
    fn sum_before(&self, symbol: usize) -> u32 {
        let mut sum = 0;
        let mut i = symbol;
        while i > 0 {
            sum += self.sums.get(i - 1).copied().unwrap_or(0);
            i &= i - 1;
        }
        sum
    }

    /// The symbol that the count number `target` belongs to, and the sum of the counts before it.
    #[inline]
    fn find(&self, target: u32) -> (usize, u32) {
        let mut symbol = 0;
        let mut before = 0;
        let mut step = self.sums.len() / 2;
        while step > 0 {
            let next = before + self.sums.get(symbol + step - 1).copied().unwrap_or(0);
            if next <= target {
                before = next;
                symbol += step;
            }
            step /= 2;
        }
        (symbol, before)
    }

    #[inline]
    fn learn(&mut self, symbol: usize) {
        if self.total + self.increment > LIMIT {
            self.halve();
        }
        self.total += self.increment;
        if let Some(count) = self.counts.get_mut(symbol) {
            *count += self.increment;
        }
        let mut i = symbol + 1;
        while let Some(sum) = self.sums.get_mut(i - 1) {
            *sum += self.increment;
            i += i & i.wrapping_neg();
        }
    }

    #[cold]
    fn halve(&mut self) {
        for count in &mut self.counts {
            *count = count.div_ceil(2);
        }
        self.sum_up();
    }

    fn sum_up(&mut self) {
        self.total = self.counts.iter().sum();
        self.sums.fill(0);
        for (sum, &count) in self.sums.iter_mut().zip(&self.counts) {
            *sum = count;
        }
        for i in 1..=self.sums.len() {
            let sum = self.sums.get(i - 1).copied().unwrap_or(0);
            if let Some(above) = self.sums.get_mut(i + (i & i.wrapping_neg()) - 1) {
                *above += sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_tree_agrees_with_the_counts(
            alphabet in 1usize..70,
            symbols in prop::collection::vec(any::<prop::sample::Index>(), 0..300),
            increment in 1u32..=1024,
        ) {
            let mut model = CountModel::trusted(alphabet, increment);
            for symbol in symbols {
                model.learn(symbol.index(alphabet));
                let mut before = 0;
                for (symbol, &count) in model.counts.iter().enumerate() {
                    prop_assert_eq!(model.sum_before(symbol), before);
                    prop_assert_eq!(model.find(before), (symbol, before));
                    prop_assert_eq!(model.find(before + count - 1), (symbol, before));
                    before += count;
                }
                prop_assert_eq!(model.total, before);
                prop_assert!(before <= LIMIT);
            }
        }
    }

    #[test]
    fn halving_keeps_every_symbol_and_the_largest_alphabet_within_the_limit() {
        let mut model = CountModel::trusted(MAX_COUNTED, 1024);
        for i in 0..2000 {
            model.learn(i % 3);
            assert!(model.total <= LIMIT);
        }
        assert!(model.counts.iter().all(|&count| count >= 1));
    }
}
