//! The border between models and coders: an interval of the unit range, in integers.
//!
//! A model says *which part of the range* a symbol owns; a coder turns a sequence of such parts
//! into bytes. Every probability that crosses is an [`Interval`]: integers only, so a file made on
//! one machine decodes on every other.

use crate::EntropyError;

/// The part of the range `0..2^precision` that a model gives to one symbol.
///
/// Its probability is `frequency / 2^precision`. An interval is never empty and never reaches
/// past the total, so a coder needs no checks of its own.
///
/// ```
/// use codec_entropy::Interval;
///
/// let third_quarter = Interval::new(2, 1, 2).unwrap();
/// assert_eq!(third_quarter.start(), 2);
/// assert_eq!(Interval::new(2, 0, 2), None); // probability zero: no code
/// assert_eq!(Interval::new(3, 2, 2), None); // past the total of 4
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    start: u32,
    frequency: u32,
    precision: u32,
}

/// Largest precision, in bits, that a model may use: totals reach 2^16.
pub const MAX_PRECISION: u32 = 16;

impl Interval {
    /// The interval `start..start + frequency` of `2^precision`; `None` if it is empty, reaches
    /// past the total, or `precision` is outside `0..=`[`MAX_PRECISION`].
    #[inline]
    #[must_use]
    pub const fn new(start: u32, frequency: u32, precision: u32) -> Option<Self> {
        if precision > MAX_PRECISION || frequency == 0 {
            return None;
        }
        let total = 1u32 << precision;
        if frequency > total || start > total - frequency {
            return None;
        }
        Some(Self {
            start,
            frequency,
            precision,
        })
    }

    /// An interval whose bounds the model in this crate has already ensured.
    #[inline(always)]
    pub(crate) const fn trusted(start: u32, frequency: u32, precision: u32) -> Self {
        debug_assert!(Self::new(start, frequency, precision).is_some());
        Self {
            start,
            frequency,
            precision,
        }
    }

    /// First point of the interval.
    #[inline(always)]
    #[must_use]
    pub const fn start(self) -> u32 {
        self.start
    }

    /// Number of points in the interval, `1..=2^precision`.
    #[inline(always)]
    #[must_use]
    pub const fn frequency(self) -> u32 {
        self.frequency
    }

    /// Binary logarithm of the total, `0..=`[`MAX_PRECISION`].
    #[inline(always)]
    #[must_use]
    pub const fn precision(self) -> u32 {
        self.precision
    }

    /// The same interval as a part of 2^[`MAX_PRECISION`].
    #[inline(always)]
    pub(crate) const fn widened(self) -> Self {
        let shift = MAX_PRECISION - self.precision;
        Self {
            start: self.start << shift,
            frequency: self.frequency << shift,
            precision: MAX_PRECISION,
        }
    }
}

/// A coder that takes intervals, in the order in which they will be decoded.
pub trait EntropyEncoder {
    /// Codes one symbol, given as the interval that its model gives it.
    fn encode(&mut self, interval: Interval);

    /// Codes the low `count` bits of `value` at one bit each, the high ones first.
    ///
    /// Bits above `count` are ignored and a `count` above 32 means 32.
    #[inline]
    fn encode_bits(&mut self, value: u32, count: u32) {
        let mut left = count.min(32);
        while left > MAX_PRECISION {
            left -= MAX_PRECISION;
            self.encode(uniform(value >> left, MAX_PRECISION));
        }
        if left > 0 {
            self.encode(uniform(value, left));
        }
    }
}

/// A coder that gives back what an [`EntropyEncoder`] took.
///
/// Decoding a symbol is two steps: [`point`](Self::point) says where in the model's total the
/// coder stands, the model finds the interval around it, [`advance`](Self::advance) steps into it.
pub trait EntropyDecoder {
    /// A point below `2^precision` inside the interval of the next symbol.
    ///
    /// # Errors
    ///
    /// When the input is damaged in a way that no encoder could have produced.
    fn point(&mut self, precision: u32) -> Result<u32, EntropyError>;

    /// Whether [`point`](Self::point) is at or after `bound`, which some coders can tell faster
    /// than where it is.
    fn reaches(&self, bound: u32, precision: u32) -> bool;

    /// Removes the symbol with this interval, which must contain the point.
    ///
    /// # Errors
    ///
    /// When the input has ended. Some coders also notice that the point is not in the interval;
    /// with the others, what follows has no meaning.
    fn advance(&mut self, interval: Interval) -> Result<(), EntropyError>;

    /// Bytes of the input read so far, for messages about what was found there.
    fn position(&self) -> usize;

    /// The `count` bits that [`encode_bits`](EntropyEncoder::encode_bits) coded.
    ///
    /// # Errors
    ///
    /// As [`point`](Self::point) and [`advance`](Self::advance).
    #[inline]
    fn decode_bits(&mut self, count: u32) -> Result<u32, EntropyError> {
        let mut left = count.min(32);
        let mut value = 0;
        while left > MAX_PRECISION {
            left -= MAX_PRECISION;
            value = decode_uniform(self, MAX_PRECISION)?;
        }
        if left > 0 {
            value = value << left | decode_uniform(self, left)?;
        }
        Ok(value)
    }
}

/// Intervals kept in order, for a coder that needs them all, or backwards.
///
/// Takes four bytes for each.
///
/// ```
/// use codec_entropy::{EntropyEncoder, Interval, IntervalBuffer};
///
/// let mut buffer = IntervalBuffer::new();
/// buffer.encode(Interval::new(1, 2, 2).unwrap());
/// buffer.encode_bits(0b101, 3);
/// assert_eq!(buffer.len(), 2);
/// ```
#[derive(Debug, Clone, Default)]
pub struct IntervalBuffer {
    kept: Vec<Kept>,
}

/// An interval of 2^16: its start, and its frequency less one so that 2^16 fits.
#[derive(Debug, Clone, Copy)]
struct Kept {
    start: u16,
    extent: u16,
}

impl IntervalBuffer {
    /// A buffer with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many intervals it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The intervals in the order in which they were encoded, as parts of 2^[`MAX_PRECISION`].
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Interval> + '_ {
        self.kept.iter().map(|kept| {
            Interval::trusted(
                u32::from(kept.start),
                u32::from(kept.extent) + 1,
                MAX_PRECISION,
            )
        })
    }
}

impl EntropyEncoder for IntervalBuffer {
    #[inline(always)]
    fn encode(&mut self, interval: Interval) {
        let interval = interval.widened();
        self.kept.push(Kept {
            start: interval.start() as u16,
            extent: (interval.frequency() - 1) as u16,
        });
    }
}

#[inline(always)]
fn uniform(value: u32, precision: u32) -> Interval {
    Interval::trusted(value & ((1 << precision) - 1), 1, precision)
}

#[inline(always)]
fn decode_uniform<D: EntropyDecoder + ?Sized>(
    coder: &mut D,
    precision: u32,
) -> Result<u32, EntropyError> {
    let point = coder.point(precision)?;
    coder.advance(uniform(point, precision))?;
    Ok(point)
}
