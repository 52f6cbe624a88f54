//! Interleaved rANS with another interval for every symbol.

use std::hint::select_unpredictable;

use super::{LANES, LEAST_STATE};
use crate::interval::{IntervalBuffer, MAX_PRECISION};
use crate::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};

/// Interleaved rANS for models that change from symbol to symbol.
///
/// ANS encodes backwards, so the intervals are kept (four bytes each) until
/// [`finish`](Self::finish). In return adaptive models work as with the range coder: they see the
/// symbols in their order. A stream carries eight states, 32 bytes; for less than a few
/// kilobytes [`RangeEncoder`](crate::range::RangeEncoder) makes smaller ones.
///
/// ```
/// use codec_entropy::adaptive::ByteModel;
/// use codec_entropy::ans::{AnsDecoder, AnsEncoder};
///
/// let (mut encoder, mut model) = (AnsEncoder::new(), ByteModel::new());
/// for &byte in b"abracadabra" {
///     model.encode(&mut encoder, byte);
/// }
/// let coded = encoder.finish();
///
/// let (mut decoder, mut model) = (AnsDecoder::new(&coded)?, ByteModel::new());
/// for &byte in b"abracadabra" {
///     assert_eq!(model.decode(&mut decoder)?, byte);
/// }
/// decoder.finish()?;
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct AnsEncoder {
    intervals: IntervalBuffer,
}

impl AnsEncoder {
    /// An encoder with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The coded intervals.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut states = [LEAST_STATE; LANES];
        // No symbol writes more than one word.
        let mut words = vec![0; self.intervals.len()];
        let mut count = 0;
        // Backwards through the lanes too: interval i belongs to lane i mod 8.
        let mut lane = self.intervals.len();
        for interval in self.intervals.iter().rev() {
            lane = lane.wrapping_sub(1);
            let state = &mut states[lane % LANES];
            let full = *state >> 16 >= interval.frequency();
            if let Some(word) = words.get_mut(count) {
                *word = *state as u16;
            }
            count += usize::from(full);
            let left = select_unpredictable(full, *state >> 16, *state);
            let (quotient, rest) = (left / interval.frequency(), left % interval.frequency());
            *state = (quotient << MAX_PRECISION) + interval.start() + rest;
        }
        words.truncate(count);
        let states = states.iter().flat_map(|state| state.to_le_bytes());
        states
            .chain(words.iter().rev().flat_map(|word| word.to_le_bytes()))
            .collect()
    }
}

impl EntropyEncoder for AnsEncoder {
    #[inline(always)]
    fn encode(&mut self, interval: Interval) {
        self.intervals.encode(interval);
    }
}

/// Decodes what an [`AnsEncoder`] wrote.
#[derive(Debug, Clone)]
pub struct AnsDecoder<'a> {
    states: [u32; LANES],
    lane: usize,
    words: &'a [[u8; 2]],
    /// Index of the next word.
    next: usize,
    odd: bool,
}

impl<'a> AnsDecoder<'a> {
    /// A decoder at the first symbol of `input`.
    ///
    /// # Errors
    ///
    /// [`EntropyError::Truncated`] if `input` is shorter than the states at its start.
    pub fn new(input: &'a [u8]) -> Result<Self, EntropyError> {
        let truncated = EntropyError::Truncated { at: input.len() };
        let (states, words) = input.split_at_checked(4 * LANES).ok_or(truncated)?;
        let (states, _) = states.as_chunks::<4>();
        let (words, odd) = words.as_chunks::<2>();
        Ok(Self {
            states: std::array::from_fn(|lane| {
                states
                    .get(lane)
                    .map_or(0, |bytes| u32::from_le_bytes(*bytes))
            }),
            lane: 0,
            words,
            next: 0,
            odd: !odd.is_empty(),
        })
    }

    /// Checks that the symbols decoded are all there were.
    ///
    /// # Errors
    ///
    /// - [`EntropyError::TrailingData`] if some of the input was not used.
    /// - [`EntropyError::Corrupt`] if a state is not where every encoder starts: the input was
    ///   damaged, or decoded with other models.
    pub fn finish(self) -> Result<(), EntropyError> {
        let at = self.position();
        let left = self.words.len() - self.next;
        if left > 0 || self.odd {
            return Err(EntropyError::TrailingData {
                at,
                len: 2 * left + usize::from(self.odd),
            });
        }
        if self.states != [LEAST_STATE; LANES] {
            return Err(EntropyError::Corrupt {
                at,
                what: "a state does not end at 2^16",
            });
        }
        Ok(())
    }

    #[cold]
    fn truncated(&self) -> EntropyError {
        EntropyError::Truncated {
            at: self.position() + usize::from(self.odd),
        }
    }
}

impl EntropyDecoder for AnsDecoder<'_> {
    #[inline(always)]
    fn point(&mut self, precision: u32) -> Result<u32, EntropyError> {
        let precision = precision.min(MAX_PRECISION);
        Ok((self.states[self.lane % LANES] & 0xffff) >> (MAX_PRECISION - precision))
    }

    #[inline(always)]
    fn reaches(&self, bound: u32, precision: u32) -> bool {
        let precision = precision.min(MAX_PRECISION);
        (self.states[self.lane % LANES] & 0xffff) >> (MAX_PRECISION - precision) >= bound
    }

    fn position(&self) -> usize {
        4 * LANES + 2 * self.next
    }

    #[inline(always)]
    fn advance(&mut self, interval: Interval) -> Result<(), EntropyError> {
        let interval = interval.widened();
        let state = &mut self.states[self.lane % LANES];
        let offset = (*state & 0xffff).wrapping_sub(interval.start());
        // Below 2^32 for every interval around the point; for any other the result is as
        // meaningless as the input, but defined.
        let left = interval
            .frequency()
            .wrapping_mul(*state >> 16)
            .wrapping_add(offset);
        self.lane = (self.lane + 1) % LANES;
        let low = left < LEAST_STATE;
        let word = match self.words.get(self.next) {
            Some(word) => u16::from_le_bytes(*word),
            None if low => return Err(self.truncated()),
            None => 0,
        };
        *state = select_unpredictable(low, left << 16 | u32::from(word), left);
        self.next += usize::from(low);
        Ok(())
    }
}
