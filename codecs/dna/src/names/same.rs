//! Whether a field is the same as that of the header before: a few habits, mixed.

use crate::coder::BitCoder;
use codec_entropy::mixing::{AdaptiveProbability, Mixer, context_hash, squash, stretch};

/// Inputs of the mixer: the habits, a constant; the rest stay zero.
const INPUTS: usize = 8;
const HABITS: usize = 4;
const TABLE_BITS: u32 = 12;
const LIMIT: u32 = 255;
const FIRST_WEIGHT: i32 = 70;
const RATE: i32 = 600;

/// The model of sameness.
#[derive(Debug)]
pub(super) struct Sameness {
    table: Vec<AdaptiveProbability>,
    mixer: Mixer<INPUTS, 1>,
}

impl Sameness {
    pub(super) fn new() -> Self {
        Self {
            table: vec![AdaptiveProbability::default(); HABITS << TABLE_BITS],
            mixer: Mixer::new([super::FIELDS], 1, FIRST_WEIGHT),
        }
    }

    /// Bytes of memory that a model takes.
    pub(super) fn memory_bytes() -> usize {
        (HABITS << TABLE_BITS) * size_of::<AdaptiveProbability>()
            + <Mixer<INPUTS, 1>>::memory_bytes([super::FIELDS], 1)
    }

    /// Codes whether the field with this number is `expected` again. `ways` tells how it was coded
    /// in the last two headers, `before` how the field before it was.
    pub(super) fn code(
        &mut self,
        coder: &mut impl BitCoder,
        is_same: bool,
        number: usize,
        expected: &[u8],
        ways: [usize; 2],
        before: usize,
    ) -> bool {
        let text = expected
            .iter()
            .fold(0u64, |hash, byte| context_hash(hash ^ u64::from(*byte), 7));
        let habit = ((ways[0] * 4 + ways[1]) * 4 + before) as u64;
        let number = number as u64;
        let kind = match expected {
            [.., last] if last.is_ascii_digit() => 0,
            [.., last] if last.is_ascii_alphabetic() => 1,
            _ => 2,
        };
        let contexts = [
            number << 6 | habit,
            habit << 2 | kind,
            text,
            number << 2 | ways[0] as u64,
        ];
        let cells: [usize; HABITS] = std::array::from_fn(|i| {
            let hash = context_hash(contexts[i], i as u32) >> (64 - TABLE_BITS);
            i << TABLE_BITS | hash as usize
        });
        let mut inputs = [0; INPUTS];
        for (input, cell) in inputs.iter_mut().zip(cells) {
            *input = stretch(self.table[cell].probability());
        }
        inputs[HABITS] = 256;
        let row = number as usize % super::FIELDS;
        let logit = self.mixer.mix(&inputs, [row], 0);
        let is_same = coder.code(is_same, squash(logit));
        self.mixer.learn(&inputs, is_same, RATE);
        for cell in cells {
            self.table[cell].update(is_same, LIMIT);
        }
        is_same
    }
}
