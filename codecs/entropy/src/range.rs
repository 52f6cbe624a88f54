//! Range coder: first in, first out, for models that change from symbol to symbol.
//!
//! The encoder narrows an interval of 64-bit numbers to the part that each symbol owns; a number
//! inside is the coded data (G. Martin, "Range encoding", 1979). The coder is `constriction`'s, with
//! 64 bits of state and 32-bit words, at a precision of 16 bits, which loses less than 2^-16 of the
//! interval to rounding with each symbol.
//!
//! Around it, this module reads and writes bytes, ends with the 0 to 4 bytes that name a number in
//! the last interval in the shortest way (constriction writes whole words), and notices the end of
//! the input (constriction reads zeros for ever).
//!
//! # Speed
//!
//! On book1 in pieces of 64 KiB, one core of an AMD Zen 3 server, best of three runs of the
//! example `throughput`. A symbol is one call of a model, so that an adaptive byte is two.
//!
//! | model | encode, Msymbol/s | decode, Msymbol/s |
//! |---|---|---|
//! | [`StaticTable`](crate::table::StaticTable) of 12 bits | 191 | 70 |
//! | [`ByteModel`](crate::adaptive::ByteModel), as nibbles | 132 | 80 |
//! | [`CountModel`](crate::adaptive::CountModel) of 256 symbols | 49 | 23 |
//! | [`Bank`](crate::bank::Bank), another scale for every symbol | 71 | 32 |
//!
//! A loop of our own for the same numbers took 178 and 88 for nibbles; that was not worth a second
//! range coder to keep right.
//!
//! # Format
//!
//! The digits of the number, high ones first: it is what the bytes are as a binary fraction of
//! one, followed by zeros. The interval starts as the whole of `0..2^64 - 1` in units of 2^-64;
//! a symbol of `start..start + frequency` in 2^16 turns `low..low + range` into
//! `low + scale * start .. low + scale * (start + frequency)` with `scale = floor(range / 2^16)`;
//! and a range below 2^32 is multiplied by 2^32, with the unit made that much smaller.

use constriction::backends::{ReadWords, WriteWords};
use constriction::stream::queue::{self, EncoderSituation};
use constriction::stream::{Decode, Encode};
use constriction::{CoderError, Queue};

use crate::exactly::Exactly;
use crate::interval::MAX_PRECISION;
use crate::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};

/// Writes symbols, given as intervals.
///
/// ```
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
/// use codec_entropy::{EntropyDecoder, EntropyEncoder, Interval};
///
/// let three_quarters = Interval::new(1, 3, 2).unwrap();
/// let mut encoder = RangeEncoder::new();
/// encoder.encode(three_quarters);
/// encoder.encode_bits(0x2a, 7);
/// let coded = encoder.finish();
/// assert_eq!(coded, [0x7f]);
///
/// let mut decoder = RangeDecoder::new(&coded);
/// assert!(decoder.point(2)? >= 1);
/// decoder.advance(three_quarters)?;
/// assert_eq!(decoder.decode_bits(7)?, 0x2a);
/// decoder.finish()?;
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RangeEncoder {
    coder: queue::RangeEncoder<u32, u64, Bytes>,
}

/// Bytes after the end of its input that a [`RangeDecoder`] takes to be zero.
pub const BYTES_PAST_END: usize = 8;

impl RangeEncoder {
    /// An encoder with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            coder: queue::RangeEncoder::with_write_backend(Bytes::default()),
        }
    }

    /// The coded data: nothing at all if nothing, or only what is certain, was encoded.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let (Bytes(mut out), state, situation) = self.coder.into_raw_parts();
        let (low, range) = (state.lower(), state.range().get());
        for bytes in 0..=4u8 {
            // The next number whose digits after these bytes are zero, as the decoder reads them.
            let rest = u64::MAX.checked_shr(8 * u32::from(bytes)).unwrap_or(0);
            let (rounded_up, carry) = low.overflowing_add(rest);
            let value = rounded_up & !rest;
            if value.wrapping_sub(low) < range {
                // Words that were held back because a carry could still change them.
                if let EncoderSituation::Inverted(words, first) = situation {
                    let (first, others) = if carry {
                        (first.wrapping_add(1), 0)
                    } else {
                        (first, 255)
                    };
                    out.extend_from_slice(&first.to_be_bytes());
                    out.resize(out.len() + 4 * (words.get() - 1), others);
                }
                out.extend(value.to_be_bytes().into_iter().take(usize::from(bytes)));
                break;
            }
        }
        out
    }
}

impl Default for RangeEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl EntropyEncoder for RangeEncoder {
    #[inline(always)]
    fn encode(&mut self, interval: Interval) {
        // The interval is not empty and writing to memory does not fail, so that neither of the
        // possible errors can be.
        let encoded = self.coder.encode_symbol((), Exactly(interval.widened()));
        debug_assert!(encoded.is_ok());
    }
}

/// Reads what a [`RangeEncoder`] wrote, with the same models.
///
/// Any bytes decode to something. After the end of the input there are [`BYTES_PAST_END`] bytes of
/// zero, which is as far as an encoder ever leaves it to; then decoding fails.
#[derive(Debug, Clone)]
pub struct RangeDecoder<'a> {
    coder: queue::RangeDecoder<u32, u64, BytesWithZeros<'a>>,
}

impl<'a> RangeDecoder<'a> {
    /// A decoder at the first symbol of `input`.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        // Two words are read here, which even the empty input has.
        match queue::RangeDecoder::with_backend(BytesWithZeros { input, read: 0 }) {
            Ok(coder) => Self { coder },
            Err(PastEnd) => Self::new(&[]),
        }
    }

    /// Checks that the symbols decoded are all there were.
    ///
    /// # Errors
    ///
    /// [`EntropyError::TrailingData`] if the input is longer than the symbols can have been.
    pub fn finish(self) -> Result<(), EntropyError> {
        let BytesWithZeros { input, read } = self.bytes();
        // The encoder wrote four bytes whenever this decoder read four after the first eight, and
        // at most four at the end.
        let at = read - 4;
        match input.len().checked_sub(at) {
            None | Some(0) => Ok(()),
            Some(len) => Err(EntropyError::TrailingData { at, len }),
        }
    }

    fn bytes(&self) -> BytesWithZeros<'a> {
        let (bytes, _, _) = self.coder.clone().into_raw_parts();
        bytes
    }

    /// How far the coded number is into the interval, and the size of a point of 2^16.
    #[inline(always)]
    fn distance_and_scale(&self) -> (u64, u64) {
        // A copy is the only way to the number, and costs nothing once compiled.
        let (_, state, number) = self.coder.clone().into_raw_parts();
        (
            number.wrapping_sub(state.lower()),
            state.range().get() >> MAX_PRECISION,
        )
    }

    #[cold]
    fn error<E>(&self, error: CoderError<E, PastEnd>) -> EntropyError {
        let BytesWithZeros { input, read } = self.bytes();
        match error {
            CoderError::Backend(PastEnd) => EntropyError::Truncated { at: input.len() },
            CoderError::Frontend(_) => {
                let what = "no symbol has this code";
                EntropyError::Corrupt {
                    at: read.min(input.len()),
                    what,
                }
            }
        }
    }
}

impl EntropyDecoder for RangeDecoder<'_> {
    #[inline(always)]
    fn point(&mut self, precision: u32) -> Result<u32, EntropyError> {
        let (distance, scale) = self.distance_and_scale();
        let point = distance / scale;
        if point >> MAX_PRECISION != 0 {
            return Err(self.error(CoderError::Frontend(())));
        }
        Ok(point as u32 >> (MAX_PRECISION - precision.min(MAX_PRECISION)))
    }

    #[inline(always)]
    fn reaches(&self, bound: u32, precision: u32) -> bool {
        let (distance, scale) = self.distance_and_scale();
        distance >= scale * (u64::from(bound) << (MAX_PRECISION - precision.min(MAX_PRECISION)))
    }

    #[inline(always)]
    fn advance(&mut self, interval: Interval) -> Result<(), EntropyError> {
        let decoded = self.coder.decode_symbol(Exactly(interval.widened()));
        decoded.map_err(|error| self.error(error))
    }

    fn position(&self) -> usize {
        let BytesWithZeros { input, read } = self.bytes();
        read.min(input.len())
    }
}

/// Words as bytes, high ones first, so that the bytes are the digits of one number.
#[derive(Debug, Clone, Default)]
struct Bytes(Vec<u8>);

impl WriteWords<u32> for Bytes {
    type WriteError = std::convert::Infallible;

    #[inline(always)]
    fn write(&mut self, word: u32) -> Result<(), Self::WriteError> {
        self.0.extend_from_slice(&word.to_be_bytes());
        Ok(())
    }
}

/// The input, and [`BYTES_PAST_END`] zeros after it.
#[derive(Debug, Clone, Copy)]
struct BytesWithZeros<'a> {
    input: &'a [u8],
    /// Bytes read, with those past the end.
    read: usize,
}

#[derive(Debug, Clone, Copy)]
struct PastEnd;

impl ReadWords<u32, Queue> for BytesWithZeros<'_> {
    type ReadError = PastEnd;

    #[inline(always)]
    fn read(&mut self) -> Result<Option<u32>, PastEnd> {
        let word = match self
            .input
            .get(self.read..)
            .and_then(|rest| rest.first_chunk())
        {
            Some(bytes) => u32::from_be_bytes(*bytes),
            None => self.word_at_end()?,
        };
        self.read += 4;
        Ok(Some(word))
    }
}

impl BytesWithZeros<'_> {
    #[cold]
    fn word_at_end(&self) -> Result<u32, PastEnd> {
        if self.read >= self.input.len() + BYTES_PAST_END {
            return Err(PastEnd);
        }
        let rest = self.input.get(self.read..).unwrap_or_default();
        let mut bytes = [0; 4];
        bytes
            .iter_mut()
            .zip(rest)
            .for_each(|(byte, &read)| *byte = read);
        Ok(u32::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carry_runs_through_bytes_of_255() {
        let mut encoder = RangeEncoder::new();
        // All but the last point of 2^16 again and again: the lower end stays just below a carry.
        let almost_all = Interval::trusted(0, 65_535, 16);
        let last = Interval::trusted(65_535, 1, 16);
        for _ in 0..4 {
            encoder.encode(last);
        }
        for _ in 0..200_000 {
            encoder.encode(almost_all);
        }
        for _ in 0..8 {
            encoder.encode(last);
        }
        let coded = encoder.finish();
        let mut decoder = RangeDecoder::new(&coded);
        for i in 0..200_012 {
            let expected = if (4..200_004).contains(&i) {
                almost_all
            } else {
                last
            };
            let point = decoder.point(16).unwrap();
            assert_eq!(point == 65_535, expected == last, "{i}");
            decoder.advance(expected).unwrap();
        }
        assert_eq!(decoder.finish(), Ok(()));
    }
}
