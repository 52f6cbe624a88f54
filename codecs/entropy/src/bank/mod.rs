//! Fixed tables for residuals: Gaussian, Laplace and logistic, each at 64 scales.
//!
//! A model that predicts a number and how far off it may be needs no table of its own: it names one
//! of these by its [scale index](Bank::scale_index). All tables come from integer arithmetic (see
//! below), so that every machine has the same ones.
//!
//! Scale `i` has a standard deviation of `2^((3i - 48) / 16)`: 1/8 at 0, 1 at 16, 450 at 63, and
//! 14 % from one to the next. Choosing the nearest scale costs at most 0.006 bits per value, 0.002
//! on average (Gaussian).
//!
//! # How the tables are made
//!
//! The probability of the integer `k` is that of `k - 1/2 .. k + 1/2` under the distribution with
//! mean 0. Its bounds, in standard deviations, are fixed-point numbers; the probability of being
//! beyond a bound is
//!
//! - Gaussian: `1/2 - exp(-x^2/2) / sqrt(2 pi) * (x + x^3/3 + x^5/(3*5) + ...)`, whose terms are all
//!   positive;
//! - Laplace: `exp(-sqrt(2) x) / 2`;
//! - logistic: `e / (1 + e)` with `e = exp(-pi/sqrt(3) x)`,
//!
//! with the exponential as a power of two times a Taylor series, all in 64- and 128-bit integers
//! with 40 or more binary digits after the point. Frequencies are parts of 2^16, the same for `k`
//! and `-k`. From the outside in, each is rounded to the nearest integer (1 at least) of its
//! share and of what rounding the one before left over; 0 gets the rest. A table reaches as far as a
//! value would have half a point; the escape has what is beyond. It is followed by a bit that is 1
//! for negative values, and how far beyond the end the value is (0 for the first one), in an
//! [exponential Golomb code](crate::golomb) of order `floor(3i / 16) - 4`, 0 at least.

mod fixed;

use std::sync::OnceLock;

use crate::golomb::{decode_exp_golomb, encode_exp_golomb};
use crate::table::StaticTable;
use crate::{EntropyDecoder, EntropyEncoder, EntropyError, Interval, MAX_PRECISION};
use fixed::Tail;

/// Number of scales of a bank.
pub const SCALES: usize = 64;

/// One table for each scale of one distribution.
///
/// ```
/// use codec_entropy::bank::Bank;
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
///
/// let bank = Bank::gaussian();
/// // (standard deviation in units of 1/65,536, mean, value)
/// let values = [(2 << 16, 100, 98), (2 << 16, 100, 103), (1 << 14, -5, -5), (1 << 16, 0, 70_000)];
///
/// let mut encoder = RangeEncoder::new();
/// for (deviation, mean, value) in values {
///     bank.encode(&mut encoder, Bank::scale_index(deviation), mean, value)?;
/// }
/// let coded = encoder.finish();
/// assert_eq!(coded, [54, 103, 255, 161, 220, 178, 57, 84]);
///
/// let mut decoder = RangeDecoder::new(&coded);
/// for (deviation, mean, value) in values {
///     assert_eq!(bank.decode(&mut decoder, Bank::scale_index(deviation), mean)?, value);
/// }
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug)]
pub struct Bank {
    scales: Vec<ScaleTable>,
}

#[derive(Debug)]
struct ScaleTable {
    /// `-radius..=radius`, then the escape.
    table: StaticTable,
    radius: u32,
    /// Order of the exponential Golomb code for what is beyond the radius.
    order: u32,
}

impl Bank {
    /// Gaussian distributions. Made when first asked for, in a few milliseconds.
    #[must_use]
    pub fn gaussian() -> &'static Self {
        static BANK: OnceLock<Bank> = OnceLock::new();
        BANK.get_or_init(|| Self::new(fixed::gaussian_tail))
    }

    /// Laplace distributions: more values near zero, and more far away.
    #[must_use]
    pub fn laplace() -> &'static Self {
        static BANK: OnceLock<Bank> = OnceLock::new();
        BANK.get_or_init(|| Self::new(fixed::laplace_tail))
    }

    /// Logistic distributions: between Gaussian and Laplace.
    #[must_use]
    pub fn logistic() -> &'static Self {
        static BANK: OnceLock<Bank> = OnceLock::new();
        BANK.get_or_init(|| Self::new(fixed::logistic_tail))
    }

    /// The scale nearest to a standard deviation given in units of 1/65,536.
    #[must_use]
    pub fn scale_index(deviation: u32) -> usize {
        let log = crate::logarithm::log2(deviation.max(1)) as i64 - (16 << 16);
        // Index i is at (3i - 48) / 16, so i = (16 log + 48) / 3, rounded.
        let index = (16 * log + (48 << 16) + (3 << 15)).div_euclid(3 << 16);
        index.clamp(0, SCALES as i64 - 1) as usize
    }

    /// The interval of `residual` at a scale; `None` if it takes the escape. An index beyond the
    /// last scale means the last.
    #[inline]
    #[must_use]
    pub fn interval(&self, scale: usize, residual: i32) -> Option<Interval> {
        let scale = self.scale(scale);
        if residual.unsigned_abs() > scale.radius {
            return None;
        }
        scale
            .table
            .interval((residual + scale.radius as i32) as u32)
            .ok()
    }

    /// Codes `value`, expected around `mean`. An index beyond the last scale means the last.
    ///
    /// # Errors
    ///
    /// None happens: every value has a code at every scale.
    #[inline]
    pub fn encode(
        &self,
        coder: &mut impl EntropyEncoder,
        scale: usize,
        mean: i32,
        value: i32,
    ) -> Result<(), EntropyError> {
        // Wrapping, so that the most distant values have codes as well.
        let residual = value.wrapping_sub(mean);
        let scale = self.scale(scale);
        let magnitude = residual.unsigned_abs();
        if magnitude <= scale.radius {
            return scale
                .table
                .encode(coder, (residual + scale.radius as i32) as u32);
        }
        scale.table.encode(coder, scale.escape())?;
        coder.encode_bits(u32::from(residual < 0), 1);
        encode_exp_golomb(coder, magnitude - scale.radius - 1, scale.order);
        Ok(())
    }

    /// Decodes a value.
    ///
    /// # Errors
    ///
    /// What the decoder reports, and [`EntropyError::Corrupt`] for a residual beyond 32 bits.
    #[inline]
    pub fn decode(
        &self,
        coder: &mut impl EntropyDecoder,
        scale: usize,
        mean: i32,
    ) -> Result<i32, EntropyError> {
        let scale = self.scale(scale);
        let symbol = scale.table.decode(coder)?;
        let residual = if symbol < scale.escape() {
            symbol as i32 - scale.radius as i32
        } else {
            scale.decode_escaped(coder)?
        };
        Ok(mean.wrapping_add(residual))
    }

    /// Ideal length of `residual` at a scale, in units of 1/65,536 bit ([`BIT`](crate::BIT)).
    #[must_use]
    pub fn ideal_bits(&self, scale: usize, residual: i32) -> u64 {
        let scale = self.scale(scale);
        let magnitude = residual.unsigned_abs();
        let (symbol, extra) = if magnitude <= scale.radius {
            ((residual + scale.radius as i32) as u32, 0)
        } else {
            let beyond = u64::from(magnitude - scale.radius - 1) + (1 << scale.order);
            (
                scale.escape(),
                2 + 2 * u64::from(beyond.ilog2()) - u64::from(scale.order),
            )
        };
        let frequency = scale.table.frequency(symbol);
        (u64::from(MAX_PRECISION) + extra) * crate::BIT - crate::logarithm::log2(frequency)
    }

    fn new(tail: Tail) -> Self {
        Self {
            scales: (0..SCALES as u32)
                .map(|index| ScaleTable::new(index, tail))
                .collect(),
        }
    }

    #[inline]
    fn scale(&self, index: usize) -> &ScaleTable {
        &self.scales[index.min(SCALES - 1)]
    }
}

impl ScaleTable {
    fn new(index: u32, tail: Tail) -> Self {
        let inverse = fixed::inverse_deviation(index);
        let beyond = |k: u32| tail(fixed::bound(inverse, k));
        // Entry k - 1 is that of k.
        let mut probabilities = Vec::new();
        let mut outside = beyond(0);
        loop {
            let farther = beyond(probabilities.len() as u32 + 1);
            let probability = outside.saturating_sub(farther);
            if !probabilities.is_empty() && probability < fixed::HALF_POINT {
                break;
            }
            probabilities.push(probability);
            outside = farther;
        }
        let radius = probabilities.len() as u32;
        let escape = rounded(2 * outside as i64).max(1);
        // Half of what rounding the escape took or left: each side gets its part.
        let mut left = outside as i64 - (escape << (fixed::POINT_BITS - 1));
        let mut side = Vec::with_capacity(radius as usize);
        for &probability in probabilities.iter().rev() {
            left += probability as i64;
            let points = rounded(left).max(1);
            left -= points << fixed::POINT_BITS;
            side.push(points as u32);
        }
        let centre = (1 << MAX_PRECISION) - escape as u32 - 2 * side.iter().sum::<u32>();
        let mut frequencies = side.clone();
        frequencies.push(centre);
        frequencies.extend(side.iter().rev());
        frequencies.push(escape as u32);
        Self {
            table: StaticTable::trusted(&frequencies, MAX_PRECISION),
            radius,
            order: order(index),
        }
    }

    #[inline]
    fn escape(&self) -> u32 {
        2 * self.radius + 1
    }

    #[cold]
    fn decode_escaped(&self, coder: &mut impl EntropyDecoder) -> Result<i32, EntropyError> {
        let negative = coder.decode_bits(1)? == 1;
        let beyond = decode_exp_golomb(coder, self.order)?;
        let magnitude = i64::from(beyond) + i64::from(self.radius) + 1;
        let residual = if negative { -magnitude } else { magnitude };
        let what = "an escaped residual does not fit 32 bits";
        i32::try_from(residual).map_err(|_| EntropyError::Corrupt {
            at: coder.position(),
            what,
        })
    }
}

/// Points nearest to a probability.
fn rounded(probability: i64) -> i64 {
    (probability + fixed::HALF_POINT as i64) >> fixed::POINT_BITS
}

/// What lies beyond a table is about half its standard deviation away from its end.
fn order(index: u32) -> u32 {
    (3 * index / 16).saturating_sub(4)
}
