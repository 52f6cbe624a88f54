//! Stack ANS with bits back: last in, first out, and every sequence of bits decodes.
//!
//! Symbols are pushed and popped. Popping with a model that the data was not made with gives
//! symbols distributed as that model says, and pushing them again restores the bits exactly. That
//! is what bits-back coding needs (B. Frey and G. Hinton, 1996; with ANS: J. Townsend et al.,
//! "Practical lossless compression with latent variables using bits back coding", 2019): pop a
//! latent variable from the bits that are there already, push the data given the latent, push
//! the latent under its prior. The bits popped are not lost, and the cost is the marginal one.
//!
//! The coder is `constriction`'s `AnsCoder` (64-bit state, 32-bit words) at a precision of 16 bits.
//!
//! # Format
//!
//! The words at the bottom first, each little-endian, then the state, little-endian, without the
//! zero bytes at its top. The last byte is never zero. Nothing at all is the empty stack.

use constriction::stream::stack::DefaultAnsCoder;
use constriction::stream::{Code, Decode, Encode};

use crate::exactly::Exactly;
use crate::interval::{IntervalBuffer, MAX_PRECISION};
use crate::{EntropyDecoder, EntropyError, Interval};

/// A stack of symbols, that can also start from given bits.
///
/// The last symbol pushed is the first to be decoded.
///
/// ```
/// use codec_entropy::stack::StackCoder;
/// use codec_entropy::table::StaticTable;
///
/// let posterior = StaticTable::from_counts(&[5, 2, 1], 12)?;
/// let likelihood = StaticTable::from_counts(&[1, 7], 12)?;
/// let prior = StaticTable::from_counts(&[1, 1, 2], 12)?;
///
/// // Some data that has to be sent anyway, here six bytes.
/// let mut stack = StackCoder::from_bits(b"spared");
/// let latent = posterior.decode(&mut stack)?;
/// stack.push(likelihood.interval(1)?);
/// stack.push(prior.interval(latent)?);
/// let sent = stack.into_bytes();
/// assert_eq!(sent, [115, 48, 96, 107, 70, 250, 3]);
///
/// // The receiver undoes it, last step first, and has the six bytes back.
/// let mut stack = StackCoder::from_bytes(&sent)?;
/// let latent = prior.decode(&mut stack)?;
/// assert_eq!(likelihood.decode(&mut stack)?, 1);
/// stack.push(posterior.interval(latent)?);
/// assert_eq!(stack.into_bits()?, b"spared");
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct StackCoder {
    coder: DefaultAnsCoder,
}

impl StackCoder {
    /// The empty stack.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The stack that [`into_bytes`](Self::into_bytes) wrote.
    ///
    /// # Errors
    ///
    /// [`EntropyError::Corrupt`] if the last byte is zero, which it never is.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntropyError> {
        if let Some((0, before)) = bytes.split_last() {
            let what = "the last byte of a stack is zero";
            return Err(EntropyError::Corrupt {
                at: before.len(),
                what,
            });
        }
        Ok(Self::from_valid(bytes))
    }

    /// A stack that holds nothing but these bytes, to take symbols from.
    ///
    /// If the bytes are random, symbols popped with a model are distributed as the model says.
    #[must_use]
    pub fn from_bits(bytes: &[u8]) -> Self {
        // A byte that is not zero on top keeps zeros at the end of `bytes` from being lost.
        let mut marked = bytes.to_vec();
        marked.push(MARK);
        Self::from_valid(&marked)
    }

    /// The symbols as bytes: at most eight more than their ideal length.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let (words, state) = self.coder.into_raw_parts();
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let used = 8 - state.leading_zeros() as usize / 8;
        bytes.extend(state.to_le_bytes().into_iter().take(used));
        bytes
    }

    /// The bytes that [`from_bits`](Self::from_bits) was given, once everything that was popped is
    /// pushed again and everything that was pushed is popped.
    ///
    /// # Errors
    ///
    /// [`EntropyError::Corrupt`] if the stack is not as it was then.
    pub fn into_bits(self) -> Result<Vec<u8>, EntropyError> {
        let mut bytes = self.into_bytes();
        if bytes.pop() != Some(MARK) {
            let what = "the stack does not hold whole bytes";
            return Err(EntropyError::Corrupt {
                at: bytes.len(),
                what,
            });
        }
        Ok(bytes)
    }

    /// Puts a symbol on top.
    pub fn push(&mut self, interval: Interval) {
        // The interval is not empty and the words are kept in memory, so that neither of the
        // possible errors can be.
        let pushed = self.coder.encode_symbol((), Exactly(interval.widened()));
        debug_assert!(pushed.is_ok());
    }

    /// Puts several symbols on top, so that they decode in the order in which they were encoded.
    ///
    /// For whatever takes more than one interval, such as an escape and what follows it.
    pub fn push_all(&mut self, intervals: &IntervalBuffer) {
        for interval in intervals.iter().rev() {
            self.push(interval);
        }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.coder.is_empty()
    }

    /// Information on the stack, in whole bits: up to eight less than the bits of its bytes.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.coder.num_valid_bits() as u64
    }

    /// For bytes that are empty or end in one that is not zero.
    fn from_valid(bytes: &[u8]) -> Self {
        // A state with words below it has its upper half in use: five to eight bytes.
        let words = bytes.len().saturating_sub(5) / 4;
        let (below, top) = bytes.split_at(4 * words);
        let (below, _) = below.as_chunks::<4>();
        let state = top
            .iter()
            .rev()
            .fold(0, |state, &byte| state << 8 | u64::from(byte));
        let words = below.iter().map(|word| u32::from_le_bytes(*word)).collect();
        Self {
            coder: DefaultAnsCoder::from_raw_parts(words, state),
        }
    }
}

const MARK: u8 = 1;

/// Pops symbols. Never fails: an empty stack decodes to the symbol at point 0, again and again.
impl EntropyDecoder for StackCoder {
    fn point(&mut self, precision: u32) -> Result<u32, EntropyError> {
        let precision = precision.min(MAX_PRECISION);
        Ok((self.coder.state() as u32 & 0xffff) >> (MAX_PRECISION - precision))
    }

    fn reaches(&self, bound: u32, precision: u32) -> bool {
        let precision = precision.min(MAX_PRECISION);
        (self.coder.state() as u32 & 0xffff) >> (MAX_PRECISION - precision) >= bound
    }

    fn advance(&mut self, interval: Interval) -> Result<(), EntropyError> {
        let interval = interval.widened();
        let distance = (self.coder.state() as u32 & 0xffff).wrapping_sub(interval.start());
        if distance >= interval.frequency() {
            let what = "no symbol has this code";
            return Err(EntropyError::Corrupt {
                at: self.position(),
                what,
            });
        }
        match self.coder.decode_symbol(Exactly(interval)) {
            Ok(()) => Ok(()),
        }
    }

    /// Bytes below the state, which is where the next ones come from.
    fn position(&self) -> usize {
        4 * self.coder.bulk().len()
    }
}
