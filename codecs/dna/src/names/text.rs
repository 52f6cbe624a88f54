//! New text in headers, byte by byte: contexts mixed in the logistic domain.

use crate::coder::BitCoder;
use codec_entropy::mixing::{
    AdaptiveProbability, ContextSet, Mixer, SlotTable, context_hash, squash, stretch,
};

const CONTEXTS: usize = 6;
/// The contexts, the bits alone, a constant.
const INPUTS: usize = 8;

/// Rows of weights: how many contexts were seen before and the bits so far; the field and the place
/// in it.
const ROWS: [usize; 2] = [(CONTEXTS + 1) * 256, 64 * 8];

const FIRST_WEIGHT: i32 = 50;
const RATE: i32 = 300;
const FIRST_RATE: i32 = 1700;
/// Bytes after which half of the additional rate is gone.
const RATE_HALF_LIFE: i32 = 1 << 12;
const MAP_RATE: u32 = 6;
const LIMIT: u32 = 127;

/// The model of new text.
#[derive(Debug)]
pub(super) struct TextModel {
    contexts: ContextSet<CONTEXTS>,
    alone: Box<[AdaptiveProbability; 256]>,
    mixer: Mixer<INPUTS, 2>,
    inputs: [i16; INPUTS],
    bytes: i32,
}

/// Where the next byte stands.
pub(super) struct Place<'a> {
    /// The header up to the byte.
    pub(super) header: &'a [u8],
    /// Where in it the field begins.
    pub(super) start: usize,
    /// The number of the field, below 64.
    pub(super) number: usize,
    /// The field of the header before that stands in the same place.
    pub(super) before: &'a [u8],
    /// The field before this one.
    pub(super) last: &'a [u8],
}

impl Place<'_> {
    fn hashes(&self) -> [u64; CONTEXTS] {
        let word = self.header.get(self.start..).unwrap_or_default();
        let position = word.len();
        let last = self
            .header
            .iter()
            .rev()
            .take(8)
            .fold((0u64, 0), |(bytes, shift), byte| {
                (bytes | u64::from(*byte) << shift, shift + 8)
            });
        let order = |bytes: u32| last.0 & ((1 << (8 * bytes)) - 1);
        let hash = |text: &[u8]| {
            text.iter().fold(0u64, |hash, byte| {
                (hash ^ u64::from(*byte) ^ 0x100)
                    .wrapping_mul(0x2545_F491_4F6C_DD1D)
                    .rotate_left(23)
            })
        };
        let so_far = match self.before.get(..position) {
            Some(before) => match word.cmp(before) {
                std::cmp::Ordering::Less => 0u64,
                std::cmp::Ordering::Equal => 1,
                std::cmp::Ordering::Greater => 2,
            },
            None => 3,
        };
        let above = u64::from(self.before.get(position).copied().unwrap_or(0));
        let left = self.before.len().saturating_sub(position).min(15) as u64;
        let place = (self.number as u64) << 8 | position.min(255) as u64;
        let word = hash(word);
        [
            order(1),
            order(2),
            order(3),
            hash(self.last).rotate_left(9) ^ word,
            ((place << 8 | above) << 2 | so_far) << 4 | left,
            word ^ self.number as u64,
        ]
    }
}

impl TextModel {
    /// A model for the headers of a block of `content_len` bytes.
    pub(super) fn new(content_len: usize) -> Self {
        Self {
            contexts: ContextSet::new(line_bits(content_len), [false; CONTEXTS]),
            alone: Box::new([AdaptiveProbability::default(); 256]),
            mixer: Mixer::new(ROWS, 1, FIRST_WEIGHT),
            inputs: [0; INPUTS],
            bytes: 0,
        }
    }

    /// Bytes of memory that a model takes.
    pub(super) fn memory_bytes(content_len: usize) -> usize {
        SlotTable::memory_bytes(line_bits(content_len)) + <Mixer<INPUTS, 2>>::memory_bytes(ROWS, 1)
    }

    /// Codes a byte and learns from it.
    pub(super) fn code(&mut self, coder: &mut impl BitCoder, byte: u8, place: &Place<'_>) -> u8 {
        let mut hashes = place.hashes();
        for (salt, hash) in (1..).zip(&mut hashes) {
            *hash = context_hash(*hash, salt);
        }
        self.contexts.begin_byte(&hashes);
        self.bytes = self.bytes.saturating_add(1).min(1 << 20);
        let rate = RATE + FIRST_RATE * RATE_HALF_LIFE / (RATE_HALF_LIFE + self.bytes);
        let position = place.header.len().saturating_sub(place.start).min(7);
        let mut known = self.contexts.known_contexts();
        let mut partial = 1usize;
        let mut node = 0;
        for bit_place in (0..8).rev() {
            if bit_place == 3 {
                self.contexts.middle_of_byte(partial as u8 & 15);
                known = self.contexts.known_contexts();
                node = 0;
            }
            self.contexts.predict(node, &mut self.inputs);
            self.inputs[CONTEXTS] = stretch(self.alone[partial & 255].probability());
            self.inputs[CONTEXTS + 1] = 256;
            let rows = [
                known * 256 + (partial & 255),
                (place.number & 63) * 8 + position,
            ];
            let logit = self.mixer.mix(&self.inputs, rows, 0);
            let bit = coder.code(byte >> bit_place & 1 == 1, squash(logit));
            self.mixer.learn(&self.inputs, bit, rate);
            self.contexts.update(node, bit, MAP_RATE);
            self.alone[partial & 255].update(bit, LIMIT);
            partial = partial << 1 | usize::from(bit);
            node = 2 * node + 1 + usize::from(bit);
        }
        partial as u8
    }
}

fn line_bits(content_len: usize) -> u32 {
    (usize::BITS - content_len.leading_zeros())
        .saturating_sub(4)
        .clamp(10, 15)
}
