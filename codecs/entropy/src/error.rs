//! What can go wrong between symbols and bytes.

use thiserror::Error;

/// Why a table, an encoder or a decoder refused its input.
///
/// Positions are byte offsets from the start of the slice that was handed to the function that
/// reports the error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntropyError {
    /// The input ended before everything that was asked for could be decoded.
    #[error("the input ends at byte {at}, before the last symbol")]
    Truncated {
        /// Length of the input in bytes.
        at: usize,
    },

    /// Everything was decoded and bytes were left over.
    #[error("{len} bytes follow the end of the coded data at byte {at}")]
    TrailingData {
        /// Offset of the first byte that was not used.
        at: usize,
        /// How many bytes were not used.
        len: usize,
    },

    /// The coded data contradicts itself: it was damaged, or decoded with another model.
    #[error("damaged data at byte {at}: {what}")]
    Corrupt {
        /// Offset of the first byte that had not been read when it was noticed.
        at: usize,
        /// What was noticed.
        what: &'static str,
    },

    /// A serialised frequency table is not one that could have been written.
    #[error("invalid frequency table: {what} at symbol {symbol}")]
    InvalidTable {
        /// The first symbol whose frequency cannot be right.
        symbol: usize,
        /// What is wrong with it.
        what: &'static str,
    },

    /// A table was asked for without a single symbol in it.
    #[error("a frequency table needs at least one symbol with a count")]
    NoSymbols,

    /// More symbols have a count than the total of the table can give a frequency of at least one.
    #[error("{used} symbols do not fit a table with a total of 2^{precision}")]
    TooManySymbols {
        /// How many symbols have a count.
        used: usize,
        /// Binary logarithm of the total.
        precision: u32,
    },

    /// The alphabet has more symbols than tables and models allow.
    #[error("an alphabet of {alphabet} symbols is outside 1..={max}")]
    AlphabetOutOfRange {
        /// How many symbols were asked for.
        alphabet: usize,
        /// The largest alphabet allowed.
        max: usize,
    },

    /// The precision of a table is outside its range.
    #[error("a precision of {precision} bits is outside {min}..={max}")]
    PrecisionOutOfRange {
        /// Binary logarithm of the total that was asked for.
        precision: u32,
        /// The smallest one allowed.
        min: u32,
        /// The largest one allowed.
        max: u32,
    },

    /// The symbol is not in the alphabet of the model.
    #[error("symbol {symbol} is outside an alphabet of {alphabet}")]
    SymbolOutOfRange {
        /// The symbol that was to be coded.
        symbol: u32,
        /// Number of symbols in the model.
        alphabet: u32,
    },

    /// The symbol is in the alphabet, but has frequency zero and so no code.
    #[error("symbol {symbol} has frequency zero and cannot be coded")]
    ZeroFrequency {
        /// The symbol that was to be coded.
        symbol: u32,
    },

    /// The decoded data would be larger than the caller allows.
    #[error("the data decodes to {needed} bytes, the limit is {limit}")]
    LimitExceeded {
        /// Bytes the input says it decodes to.
        needed: u64,
        /// Bytes the caller allows.
        limit: u64,
    },
}

impl EntropyError {
    /// The same error about a slice that starts `offset` bytes into a longer one.
    pub(crate) fn moved(self, offset: usize) -> Self {
        match self {
            Self::Truncated { at } => Self::Truncated { at: at + offset },
            Self::TrailingData { at, len } => Self::TrailingData {
                at: at + offset,
                len,
            },
            Self::Corrupt { at, what } => Self::Corrupt {
                at: at + offset,
                what,
            },
            other => other,
        }
    }
}
