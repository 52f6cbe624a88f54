//! Tables with a way out for everything that is not in them.

use super::{MAX_ALPHABET, StaticTable};
use crate::golomb::{decode_exp_golomb, encode_exp_golomb};
use crate::{EntropyDecoder, EntropyEncoder, EntropyError};

/// A [`StaticTable`] whose last symbol is an escape, so that every `u32` has a code.
///
/// The symbols without a frequency of their own (those of the alphabet that had no count, then all
/// those beyond it) are numbered from 0, and coded as the escape and an Elias-gamma code of that
/// number, at one bit per bit.
///
/// ```
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
/// use codec_entropy::table::EscapedTable;
///
/// let table = EscapedTable::from_counts(&[90, 0, 9], 1, 12)?;
/// let values = [0, 0, 2, 0, 1, 0, 40_000];
/// let mut encoder = RangeEncoder::new();
/// for value in values {
///     table.encode(&mut encoder, value)?;
/// }
/// let coded = encoder.finish();
/// assert_eq!(coded.len(), 7);
///
/// let mut decoder = RangeDecoder::new(&coded);
/// for value in values {
///     assert_eq!(table.decode(&mut decoder)?, value);
/// }
/// decoder.finish()?;
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscapedTable {
    table: StaticTable,
    /// The symbols of the alphabet with frequency zero, in order.
    absent: Vec<u32>,
}

impl EscapedTable {
    /// The best table for these counts when `escapes` symbols are not among them.
    ///
    /// `escapes` below 1 means 1: the escape always has a code.
    ///
    /// # Errors
    ///
    /// As [`StaticTable::from_counts`], where the escape is one more symbol of the alphabet.
    pub fn from_counts(counts: &[u32], escapes: u32, precision: u32) -> Result<Self, EntropyError> {
        let mut with_escape = counts.to_vec();
        with_escape.push(escapes.max(1));
        Ok(Self::from_table(StaticTable::from_counts(
            &with_escape,
            precision,
        )?))
    }

    /// Codes `symbol`, through the escape if it has no frequency of its own.
    ///
    /// # Errors
    ///
    /// [`EntropyError::ZeroFrequency`] never happens for tables made or read here.
    #[inline]
    pub fn encode(&self, coder: &mut impl EntropyEncoder, symbol: u32) -> Result<(), EntropyError> {
        let escape = self.escape();
        if symbol < escape
            && let Ok(interval) = self.table.interval(symbol)
        {
            coder.encode(interval);
            return Ok(());
        }
        self.table.encode(coder, escape)?;
        encode_exp_golomb(coder, self.number(symbol), 0);
        Ok(())
    }

    /// Decodes a symbol.
    ///
    /// # Errors
    ///
    /// What the decoder reports, and [`EntropyError::Corrupt`] for a symbol above `u32::MAX`.
    #[inline]
    pub fn decode(&self, coder: &mut impl EntropyDecoder) -> Result<u32, EntropyError> {
        let symbol = self.table.decode(coder)?;
        if symbol < self.escape() {
            return Ok(symbol);
        }
        let number = decode_exp_golomb(coder, 0)?;
        if let Some(&symbol) = self.absent.get(number as usize) {
            return Ok(symbol);
        }
        let beyond = number - self.absent.len() as u32;
        let what = "an escaped symbol does not fit 32 bits";
        let symbol = beyond.checked_add(self.escape());
        symbol.ok_or(EntropyError::Corrupt {
            at: coder.position(),
            what,
        })
    }

    /// Appends the table to `out`; see [`StaticTable::write`].
    pub fn write(&self, out: &mut Vec<u8>) {
        self.table.write(out);
    }

    /// The table at the start of `input`, for `alphabet` symbols without the escape, and how many
    /// bytes it takes.
    ///
    /// # Errors
    ///
    /// As [`StaticTable::read`], and [`EntropyError::InvalidTable`] if the escape has no frequency.
    pub fn read(input: &[u8], alphabet: usize) -> Result<(Self, usize), EntropyError> {
        if alphabet >= MAX_ALPHABET {
            return Err(EntropyError::AlphabetOutOfRange {
                alphabet,
                max: MAX_ALPHABET - 1,
            });
        }
        let (table, length) = StaticTable::read(input, alphabet + 1)?;
        if table.frequency(alphabet as u32) == 0 {
            let what = "the escape has frequency zero";
            return Err(EntropyError::InvalidTable {
                symbol: alphabet,
                what,
            });
        }
        Ok((Self::from_table(table), length))
    }

    fn from_table(table: StaticTable) -> Self {
        let alphabet = table.alphabet() - 1;
        let absent = (0..alphabet)
            .filter(|&symbol| table.frequency(symbol) == 0)
            .collect();
        Self { table, absent }
    }

    /// The symbol that stands for the escape, which is also the number of symbols before it.
    #[inline]
    fn escape(&self) -> u32 {
        self.table.alphabet() - 1
    }

    /// The number of a symbol without a frequency of its own.
    fn number(&self, symbol: u32) -> u32 {
        match self.absent.binary_search(&symbol) {
            Ok(number) => number as u32,
            Err(_) => self.absent.len() as u32 + (symbol - self.escape()),
        }
    }
}
