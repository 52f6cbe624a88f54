//! Static frequency tables: how often each symbol occurs, in integers that sum to a power of two.
//!
//! A [`StaticTable`] turns counts into frequencies with the least cost, codes symbols with any
//! coder, tells the ideal length of data in fixed-point bits, and is itself written in few bytes.
//! An [`EscapedTable`] adds an escape, for symbols that are rare or beyond the alphabet.
//!
//! # Size of a written table
//!
//! Tables of 12 bits of the bytes at the start of some files, in bytes:
//!
//! | | symbols in 131,072 | 256 | 1,024 | 4,096 | 65,536 | 131,072 |
//! |---|---|---|---|---|---|---|
//! | book1 (English) | 77 | 75 | 75 | 72 | 71 | 71 |
//! | dickens (English) | 88 | 63 | 77 | 87 | 81 | 78 |
//! | enwiki (XML) | 153 | 59 | 70 | 86 | 117 | 118 |
//! | geo (seismic floats) | 256 | 77 | 147 | 163 | 156 | 155 |
//! | kennedy.xls (spreadsheet) | 241 | 50 | 64 | 102 | 80 | 79 |
//! | nci (chemical tables) | 51 | 39 | 41 | 54 | 58 | 58 |

mod escape;
mod header;
mod normalize;

pub use escape::EscapedTable;

use crate::logarithm::log2;
use crate::{EntropyDecoder, EntropyEncoder, EntropyError, Interval, MAX_PRECISION};

/// Smallest precision of a table, in bits.
pub const MIN_TABLE_PRECISION: u32 = 8;

/// Largest alphabet of a table.
pub const MAX_ALPHABET: usize = 1 << 16;

/// Frequencies of the symbols `0..alphabet` that sum to `2^precision`.
///
/// ```
/// use codec_entropy::table::StaticTable;
///
/// let table = StaticTable::from_counts(&[90, 0, 9, 1], 8)?;
/// assert_eq!([0, 1, 2, 3].map(|symbol| table.frequency(symbol)), [230, 0, 23, 3]);
///
/// let mut written = Vec::new();
/// table.write(&mut written);
/// assert_eq!(written, [5, 7, 209, 199, 33, 224]);
/// assert_eq!(StaticTable::read(&written, 4)?, (table, written.len()));
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticTable {
    /// Start of the interval of every symbol, then the total.
    cumulative: Vec<u32>,
    precision: u32,
    /// For every stretch of 2^`stretch_bits` points, the symbol at the first; then the last symbol.
    stretches: Vec<u16>,
    stretch_bits: u32,
}

impl StaticTable {
    /// The table with which data with these counts takes the fewest bits.
    ///
    /// Every symbol with a count gets a frequency of at least 1, every other one 0. The result is
    /// determined by the arguments alone. `counts` are indexed by symbol.
    ///
    /// # Errors
    ///
    /// - [`EntropyError::PrecisionOutOfRange`] outside [`MIN_TABLE_PRECISION`]`..=`[`MAX_PRECISION`].
    /// - [`EntropyError::AlphabetOutOfRange`] for more than [`MAX_ALPHABET`] counts.
    /// - [`EntropyError::NoSymbols`] if all counts are zero.
    /// - [`EntropyError::TooManySymbols`] if more than `2^precision` symbols have a count.
    pub fn from_counts(counts: &[u32], precision: u32) -> Result<Self, EntropyError> {
        check(counts.len(), precision)?;
        Ok(Self::trusted(
            &normalize::normalize(counts, precision)?,
            precision,
        ))
    }

    /// The table with exactly these frequencies, indexed by symbol.
    ///
    /// # Errors
    ///
    /// As [`from_counts`](Self::from_counts), and [`EntropyError::InvalidTable`] if the frequencies
    /// do not sum to `2^precision`.
    pub fn from_frequencies(frequencies: &[u32], precision: u32) -> Result<Self, EntropyError> {
        check(frequencies.len(), precision)?;
        let mut left = 1u32 << precision;
        for (symbol, &frequency) in frequencies.iter().enumerate() {
            let what = "the sum passes the total";
            left = left
                .checked_sub(frequency)
                .ok_or(EntropyError::InvalidTable { symbol, what })?;
        }
        if left > 0 {
            let (symbol, what) = (frequencies.len(), "the sum stays below the total");
            return Err(EntropyError::InvalidTable { symbol, what });
        }
        Ok(Self::trusted(frequencies, precision))
    }

    /// Binary logarithm of the total.
    #[inline]
    #[must_use]
    pub fn precision(&self) -> u32 {
        self.precision
    }

    /// Number of symbols, with those of frequency zero.
    #[inline]
    #[must_use]
    pub fn alphabet(&self) -> u32 {
        (self.cumulative.len() - 1) as u32
    }

    /// Frequency of `symbol`; 0 for one outside the alphabet.
    #[inline]
    #[must_use]
    pub fn frequency(&self, symbol: u32) -> u32 {
        let start = symbol as usize;
        match self
            .cumulative
            .get(start..)
            .and_then(|rest| rest.first_chunk())
        {
            Some([start, end]) => end - start,
            None => 0,
        }
    }

    /// The interval of `symbol`.
    ///
    /// # Errors
    ///
    /// [`EntropyError::SymbolOutOfRange`] or [`EntropyError::ZeroFrequency`] if it has none.
    #[inline]
    pub fn interval(&self, symbol: u32) -> Result<Interval, EntropyError> {
        match self.bounds(symbol as usize) {
            Some([start, end]) if start < end => {
                Ok(Interval::trusted(start, end - start, self.precision))
            }
            Some(_) => Err(EntropyError::ZeroFrequency { symbol }),
            None => Err(EntropyError::SymbolOutOfRange {
                symbol,
                alphabet: self.alphabet(),
            }),
        }
    }

    /// The symbol whose interval contains `point`, of which only the low `precision` bits are used.
    #[inline]
    #[must_use]
    pub fn symbol_at(&self, point: u32) -> (u32, Interval) {
        let point = point & ((1 << self.precision) - 1);
        let stretch = (point >> self.stretch_bits) as usize;
        let first = self
            .stretches
            .get(stretch)
            .map_or(0, |&symbol| usize::from(symbol));
        // Most points are in a stretch with one symbol.
        let symbol = match self.bounds(first) {
            Some([_, end]) if point < end => first,
            _ => self.search(stretch, point),
        };
        // There is a symbol at every point.
        let [start, end] = self.bounds(symbol).unwrap_or([0, 1]);
        (
            symbol as u32,
            Interval::trusted(start, end - start, self.precision),
        )
    }

    /// Where the interval of `symbol` starts and ends, which may be the same place.
    #[inline(always)]
    fn bounds(&self, symbol: usize) -> Option<[u32; 2]> {
        self.cumulative.get(symbol..)?.first_chunk().copied()
    }

    /// The symbol at `point`, found among those of its stretch.
    fn search(&self, stretch: usize, point: u32) -> usize {
        let symbol = |stretch| {
            self.stretches
                .get(stretch)
                .map_or(0, |&symbol| usize::from(symbol))
        };
        let (first, last) = (symbol(stretch), symbol(stretch + 1));
        let ends = self.cumulative.get(first + 1..=last).unwrap_or_default();
        first + ends.partition_point(|&end| end <= point)
    }

    /// Codes `symbol`.
    ///
    /// # Errors
    ///
    /// As [`interval`](Self::interval).
    #[inline]
    pub fn encode(&self, coder: &mut impl EntropyEncoder, symbol: u32) -> Result<(), EntropyError> {
        coder.encode(self.interval(symbol)?);
        Ok(())
    }

    /// Decodes a symbol.
    ///
    /// # Errors
    ///
    /// What the decoder reports.
    #[inline]
    pub fn decode(&self, coder: &mut impl EntropyDecoder) -> Result<u32, EntropyError> {
        let (symbol, interval) = self.symbol_at(coder.point(self.precision)?);
        coder.advance(interval)?;
        Ok(symbol)
    }

    /// Ideal length of data with these counts, in units of 1/65,536 bit ([`BIT`](crate::BIT)).
    ///
    /// Each symbol's length is rounded to the nearest unit; the sum stops at `u64::MAX`.
    ///
    /// # Errors
    ///
    /// As [`interval`](Self::interval), for a symbol with a count.
    pub fn ideal_bits(&self, counts: &[u32]) -> Result<u64, EntropyError> {
        let mut bits = 0u64;
        for (symbol, &count) in (0..).zip(counts).filter(|(_, count)| **count > 0) {
            let frequency = self.interval(symbol)?.frequency();
            let length = (u64::from(self.precision) << 16) - log2(frequency);
            bits = bits.saturating_add(u64::from(count) * length);
        }
        Ok(bits)
    }

    /// The table with frequencies that sum to `2^precision`.
    pub(crate) fn trusted(frequencies: &[u32], precision: u32) -> Self {
        let stretch_bits = precision.saturating_sub(STRETCHES_BITS);
        let mut cumulative = Vec::with_capacity(frequencies.len() + 1);
        let mut stretches = Vec::with_capacity((1 << (precision - stretch_bits)) + 1);
        let mut start = 0u32;
        for (symbol, &frequency) in frequencies.iter().enumerate() {
            cumulative.push(start);
            start += frequency;
            let reached = start.div_ceil(1 << stretch_bits) as usize;
            stretches.resize(reached.max(stretches.len()), symbol as u16);
        }
        cumulative.push(start);
        stretches.push((frequencies.len() - 1) as u16);
        Self {
            cumulative,
            precision,
            stretches,
            stretch_bits,
        }
    }
}

/// The total is divided into up to 2^10 stretches, so that a look-up only searches the symbols of
/// one.
const STRETCHES_BITS: u32 = 10;

fn check(alphabet: usize, precision: u32) -> Result<(), EntropyError> {
    if !(MIN_TABLE_PRECISION..=MAX_PRECISION).contains(&precision) {
        let (min, max) = (MIN_TABLE_PRECISION, MAX_PRECISION);
        return Err(EntropyError::PrecisionOutOfRange {
            precision,
            min,
            max,
        });
    }
    if alphabet > MAX_ALPHABET {
        return Err(EntropyError::AlphabetOutOfRange {
            alphabet,
            max: MAX_ALPHABET,
        });
    }
    Ok(())
}
