//! Binary arithmetic coder: one bit at a time, each with its own 16-bit probability.
//!
//! This is the coder for models that predict bits (context mixing, adaptive bit trees). It is a
//! range coder in the sense of Martin (1979), reduced to two symbols: the interval is kept in 64
//! bits and renormalised 32 bits at a time, so at least 16 bits of it stay above the probability's
//! resolution and the coding loss is below 2^-16 of a bit's cost. A carry is added into the bytes
//! already written, so the interval never has to be cut short the way carry-free coders do.
//!
//! The end of a stream is exact: [`BinaryEncoder::finish`] writes the fewest bytes that still lie
//! in the final interval when the decoder continues them with zeros, and [`BinaryDecoder::finish`]
//! recomputes that length, so a truncated or extended stream is reported. The number of bits is
//! not stored; the caller knows it.
//!
//! ```
//! use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
//!
//! let bits = [true, true, false, true];
//! let mut encoder = BinaryEncoder::new();
//! for &bit in &bits {
//!     encoder.encode(bit, 50_000);
//! }
//! let bytes = encoder.finish();
//! assert_eq!(bytes.len(), 1);
//!
//! let mut decoder = BinaryDecoder::new(&bytes);
//! for &bit in &bits {
//!     assert_eq!(decoder.decode(50_000), bit);
//! }
//! assert_eq!(decoder.finish(), Ok(()));
//! ```

use thiserror::Error;

/// Bits of resolution of a probability.
pub const PROBABILITY_BITS: u32 = 16;

/// Bits that one step of [`BinaryEncoder::encode_uniform`] codes at most.
pub const MOST_UNIFORM_BITS: u32 = 16;

/// Bytes in the window that coder and decoder look at; also the most that a decoder may read past
/// the end of a complete stream.
const WINDOW: usize = 8;

/// Bytes shifted out of the window when it is renormalised.
const STEP: usize = 4;

/// The interval is renormalised when it falls below this.
const SMALLEST_RANGE: u64 = 1 << 32;

/// Why a stream's length is wrong for the bits decoded from it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StreamLengthError {
    /// The encoder would have written more bytes for these bits.
    #[error("the arithmetic-coded stream is truncated")]
    Truncated,
    /// The encoder would have written fewer bytes for these bits.
    #[error("the arithmetic-coded stream is followed by other bytes")]
    Trailing,
}

/// Turns bits and their probabilities into bytes.
#[derive(Clone, Debug)]
pub struct BinaryEncoder {
    low: u64,
    range: u64,
    bytes: Vec<u8>,
}

impl BinaryEncoder {
    /// An encoder with nothing written.
    #[must_use]
    pub fn new() -> Self {
        Self::appending_to(Vec::new())
    }

    /// An encoder that writes behind `bytes`, which stay as they are.
    #[must_use]
    pub fn appending_to(bytes: Vec<u8>) -> Self {
        Self {
            low: 0,
            range: u64::MAX,
            bytes,
        }
    }

    /// Writes one bit whose probability of being set is `probability` / 65536.
    ///
    /// `probability` must lie in `1..=65535`; with 0 a set bit cannot be coded and the stream
    /// decodes to something else.
    #[inline(always)]
    pub fn encode(&mut self, bit: bool, probability: u16) {
        debug_assert_ne!(probability, 0, "a probability of zero cannot be coded");
        let bound = split(self.range, probability);
        // Arithmetic on masks: a branch on the bit would be mispredicted far too often.
        let set = u64::from(bit).wrapping_neg();
        let (low, carry) = self.low.overflowing_add(bound & !set);
        self.low = low;
        self.range = (bound & set) | ((self.range - bound) & !set);
        if carry {
            self.propagate_carry();
        }
        if self.range < SMALLEST_RANGE {
            self.shift_out();
        }
    }

    /// Writes the lowest `bits` bits of `value`, at most [`MOST_UNIFORM_BITS`], all values being
    /// equally likely: the same as so many bits with even odds, in one step.
    #[inline]
    pub fn encode_uniform(&mut self, value: u32, bits: u32) {
        let bits = bits.min(MOST_UNIFORM_BITS);
        let share = self.range >> bits;
        let value = u64::from(value) & ((1 << bits) - 1);
        let (low, carry) = self.low.overflowing_add(share * value);
        self.low = low;
        self.range = share;
        if carry {
            self.propagate_carry();
        }
        if self.range < SMALLEST_RANGE {
            self.shift_out();
        }
    }

    /// Whole bytes settled so far; the stream will be at most 8 bytes longer.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no byte is settled yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Ends the stream with as few bytes as possible (0 to 8) and returns it.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let (value, carry, tail) = shortest_value(self.low, self.range);
        if carry {
            self.propagate_carry();
        }
        self.bytes.extend(value.to_be_bytes().iter().take(tail));
        self.bytes
    }

    #[inline(never)]
    fn shift_out(&mut self) {
        let settled = (self.low >> (8 * STEP)) as u32;
        self.bytes.extend_from_slice(&settled.to_be_bytes());
        self.low <<= 8 * STEP;
        self.range <<= 8 * STEP;
    }

    /// Adds one to the number that the written bytes form. The coded value stays below one, so a
    /// carry always ends inside this stream's own bytes.
    #[cold]
    fn propagate_carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }
}

impl Default for BinaryEncoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Turns bytes back into bits, given the same probabilities.
///
/// No input makes it panic. Past the end it reads zeros; [`is_overrun`](Self::is_overrun) tells
/// when that has gone further than any complete stream needs.
#[derive(Clone, Debug)]
pub struct BinaryDecoder<'a> {
    /// The stream's value less the lower end of the interval.
    offset: u64,
    range: u64,
    bytes: &'a [u8],
    /// Bytes taken into the window so far, implied zeros included.
    taken: usize,
}

impl<'a> BinaryDecoder<'a> {
    /// A decoder at the beginning of `bytes`, which hold one stream and nothing else.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            offset: window_at(bytes, 0),
            range: u64::MAX,
            bytes,
            taken: WINDOW,
        }
    }

    /// Reads one bit whose probability of being set is `probability` / 65536, in `1..=65535`.
    #[inline(always)]
    pub fn decode(&mut self, probability: u16) -> bool {
        debug_assert_ne!(probability, 0, "a probability of zero cannot be coded");
        let bound = split(self.range, probability);
        let bit = self.offset < bound;
        let set = u64::from(bit).wrapping_neg();
        self.offset -= bound & !set;
        self.range = (bound & set) | ((self.range - bound) & !set);
        if self.range < SMALLEST_RANGE {
            self.shift_in();
        }
        bit
    }

    /// Reads `bits` bits of [`BinaryEncoder::encode_uniform`].
    #[inline]
    pub fn decode_uniform(&mut self, bits: u32) -> u32 {
        let bits = bits.min(MOST_UNIFORM_BITS);
        let share = self.range >> bits;
        // What lies above the last value is damage; it reads as the last value.
        let value = (self.offset / share).min((1 << bits) - 1);
        self.offset -= share * value;
        self.range = share;
        if self.range < SMALLEST_RANGE {
            self.shift_in();
        }
        value as u32
    }

    /// Whether more was read than any complete stream holds: the stream is truncated, and what has
    /// been decoded lately is meaningless. Cheap enough to ask after every few symbols.
    #[inline]
    #[must_use]
    pub fn is_overrun(&self) -> bool {
        self.taken > self.bytes.len().saturating_add(WINDOW)
    }

    /// Checks that the stream has exactly the length that the encoder gives to the decoded bits.
    ///
    /// # Errors
    ///
    /// [`StreamLengthError`] when bytes are missing or left over. This is a check of length, not a
    /// checksum: damage inside a stream of the right length can pass.
    pub fn finish(self) -> Result<(), StreamLengthError> {
        let settled = self.taken - WINDOW;
        let low = window_at(self.bytes, settled).wrapping_sub(self.offset);
        let (_, _, tail) = shortest_value(low, self.range);
        match self.bytes.len().cmp(&settled.saturating_add(tail)) {
            std::cmp::Ordering::Less => Err(StreamLengthError::Truncated),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(StreamLengthError::Trailing),
        }
    }

    #[inline(never)]
    fn shift_in(&mut self) {
        let next = window_at(self.bytes, self.taken) >> (8 * (WINDOW - STEP));
        self.offset = self.offset << (8 * STEP) | next;
        self.range <<= 8 * STEP;
        self.taken = self.taken.saturating_add(STEP);
    }
}

/// The part of `range` that belongs to a set bit.
#[inline(always)]
fn split(range: u64, probability: u16) -> u64 {
    (range >> PROBABILITY_BITS) * u64::from(probability)
}

/// Eight bytes from `start` as a big-endian number, with zeros past the end.
#[inline]
fn window_at(bytes: &[u8], start: usize) -> u64 {
    let rest = bytes.get(start..).unwrap_or(&[]);
    let mut window = [0; WINDOW];
    for (to, from) in window.iter_mut().zip(rest) {
        *to = *from;
    }
    u64::from_be_bytes(window)
}

/// The number in `low .. low + range` with the most trailing zero bytes: the number, whether it
/// carries out of 64 bits, and how many of its bytes must be written.
fn shortest_value(low: u64, range: u64) -> (u64, bool, usize) {
    for tail in 0..WINDOW {
        let below = u64::MAX.checked_shr(8 * tail as u32).unwrap_or(0);
        let (sum, carry) = low.overflowing_add(below);
        let value = sum & !below;
        if value.wrapping_sub(low) < range {
            return (value, carry, tail);
        }
    }
    (low, false, WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(bits: &[(bool, u16)]) -> Vec<u8> {
        let mut encoder = BinaryEncoder::new();
        for &(bit, probability) in bits {
            encoder.encode(bit, probability);
        }
        encoder.finish()
    }

    fn decode(bytes: &[u8], bits: &[(bool, u16)]) -> (Vec<bool>, Result<(), StreamLengthError>) {
        let mut decoder = BinaryDecoder::new(bytes);
        let decoded = bits
            .iter()
            .map(|&(_, probability)| decoder.decode(probability))
            .collect();
        (decoded, decoder.finish())
    }

    fn bits_with_probabilities() -> impl Strategy<Value = Vec<(bool, u16)>> {
        let extreme = prop_oneof![Just(1u16), Just(u16::MAX), Just(1 << 15), 1..=u16::MAX];
        prop::collection::vec((any::<bool>(), extreme), 0..2000)
    }

    proptest! {
        #[test]
        fn uniform_values_come_back_between_bits(
            values in proptest::collection::vec((any::<u32>(), 0u32..20, any::<bool>(), 1u16..), 0..200),
        ) {
            let mut encoder = BinaryEncoder::new();
            for &(value, bits, bit, probability) in &values {
                encoder.encode_uniform(value, bits);
                encoder.encode(bit, probability);
            }
            let bytes = encoder.finish();
            let mut decoder = BinaryDecoder::new(&bytes);
            for &(value, bits, bit, probability) in &values {
                let mask = (1u32 << bits.min(MOST_UNIFORM_BITS)) - 1;
                prop_assert_eq!(decoder.decode_uniform(bits), value & mask);
                prop_assert_eq!(decoder.decode(probability), bit);
            }
            prop_assert_eq!(decoder.finish(), Ok(()));
        }

        #[test]
        fn damage_is_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut decoder = BinaryDecoder::new(&bytes);
            for step in 0..200u32 {
                prop_assert!(decoder.decode_uniform(step % 17) < 1 << 16);
                decoder.decode(1 + (step * 331) as u16);
            }
            let _ = decoder.finish();
        }

        #[test]
        fn every_bit_comes_back_and_the_length_is_exact(bits in bits_with_probabilities()) {
            let bytes = encode(&bits);
            let (decoded, end) = decode(&bytes, &bits);
            prop_assert!(decoded.iter().zip(&bits).all(|(got, (bit, _))| got == bit));
            prop_assert_eq!(end, Ok(()));
        }

        #[test]
        fn the_stream_is_at_most_a_byte_and_a_half_longer_than_the_ideal(
            bits in bits_with_probabilities(),
        ) {
            let ideal: f64 = bits
                .iter()
                .map(|&(bit, probability)| {
                    let set = f64::from(probability) / 65536.0;
                    -(if bit { set } else { 1.0 - set }).log2()
                })
                .sum();
            let bytes = encode(&bits);
            prop_assert!(8.0 * bytes.len() as f64 <= ideal * 1.0001 + 12.0);
        }

        #[test]
        fn appended_bytes_are_reported(bits in bits_with_probabilities(), extra in any::<u8>()) {
            let mut bytes = encode(&bits);
            bytes.push(extra);
            let (decoded, end) = decode(&bytes, &bits);
            let same = decoded.iter().zip(&bits).all(|(got, (bit, _))| got == bit);
            prop_assert!(!same || end == Err(StreamLengthError::Trailing));
        }

        #[test]
        fn any_bytes_decode_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..64),
            bits in bits_with_probabilities(),
        ) {
            let _ = decode(&bytes, &bits);
        }
    }

    #[test]
    fn no_bits_take_no_bytes() {
        assert_eq!(encode(&[]), Vec::<u8>::new());
        assert_eq!(decode(&[], &[]).1, Ok(()));
    }

    #[test]
    fn a_long_run_of_likely_bits_takes_almost_nothing() {
        let bits = vec![(true, u16::MAX); 65_536];
        assert!(encode(&bits).len() <= 1);
        let bits = vec![(false, 1); 65_536];
        assert!(encode(&bits).len() <= 1);
    }

    #[test]
    fn a_carry_runs_through_bytes_already_written() {
        // Unlikely clear bits keep the interval's lower end just under a power of two.
        let mut bits = vec![(false, u16::MAX); 40];
        bits.extend(vec![(true, 1); 3]);
        bits.extend(vec![(false, 1 << 15); 100]);
        let bytes = encode(&bits);
        let (decoded, end) = decode(&bytes, &bits);
        assert!(decoded.iter().zip(&bits).all(|(got, (bit, _))| got == bit));
        assert_eq!(end, Ok(()));
    }

    #[test]
    fn a_truncated_stream_is_overrun_and_reported() {
        let bits = vec![(false, 1 << 15); 800];
        let bytes = encode(&bits);
        let short = &bytes[..bytes.len() / 2];
        let mut decoder = BinaryDecoder::new(short);
        for _ in 0..bits.len() {
            decoder.decode(1 << 15);
        }
        assert!(decoder.is_overrun());
        assert_eq!(decoder.finish(), Err(StreamLengthError::Truncated));
    }

    #[test]
    fn a_complete_stream_is_never_overrun() {
        for count in 0..200 {
            let bits = vec![(true, 1 << 15); count];
            let bytes = encode(&bits);
            let mut decoder = BinaryDecoder::new(&bytes);
            for _ in 0..count {
                decoder.decode(1 << 15);
            }
            assert!(!decoder.is_overrun());
        }
    }

    #[test]
    fn the_stream_is_frozen() {
        let bits: Vec<(bool, u16)> = (0..100u16)
            .map(|i| (i % 3 == 0, (i * 601).wrapping_add(7) | 1))
            .collect();
        let frozen = [
            0, 0, 53, 171, 41, 203, 228, 123, 59, 134, 29, 46, 9, 143, 50, 27, 42,
        ];
        assert_eq!(encode(&bits), frozen);
    }
}
