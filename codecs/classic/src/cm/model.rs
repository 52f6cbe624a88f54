//! The model: predicts the next bit of a block from everything before it.

use super::contexts::{Context, Past};
use super::layout::Layout;
use codec_entropy::mixing::{
    AdaptiveProbability, Apm, ContextSet, MatchModel, Mixer, SlotTable, squash, stretch,
};

/// Contexts of the three sizes of model.
pub(super) const QUICK: usize = 4;
/// See [`QUICK`].
pub(super) const USUAL: usize = 6;
/// See [`QUICK`].
pub(super) const FULL: usize = 9;

/// Mixer inputs: the contexts, two of the match model, order 0, a constant; the rest stay zero.
const INPUTS: usize = 16;

/// Shortest match, in bytes.
const MIN_MATCH: usize = 6;

/// Weight that every mixer input begins with, of 256.
const FIRST_WEIGHT: i32 = 45;

/// Learning rate of the mixers, settled and in addition at the beginning, in units of 2^-16.
const RATE: i32 = 160;
const FIRST_RATE: i32 = 1200;
/// Bytes after which half of the additional rate is gone.
const RATE_HALF_LIFE: i32 = 1 << 14;

/// Rates of the adaptive probabilities: shares of 2^-n of the error.
const MAP_RATE: u32 = 7;
const APM_RATE: u32 = 6;
const ORDER0_LIMIT: u32 = 255;

/// Sets of mixer weights, see [`mixer_rows`].
const ROW_SETS: usize = 3;

/// The state of a block's model with `C` contexts.
pub(super) struct Model<const C: usize> {
    kinds: [Context; C],
    past: Past,
    contexts: ContextSet<C>,
    known_contexts: usize,
    matches: MatchModel,
    order0: Box<[AdaptiveProbability; 256]>,
    inputs: [i16; INPUTS],
    mixer: Mixer<INPUTS, ROW_SETS>,
    by_last_two: Apm,
    by_last_two_mask: usize,
    by_match: Apm,
    /// Bits of the byte so far under a leading one.
    partial: usize,
    /// How many they are.
    known: usize,
    /// Where in the nibble's bit tree they lead.
    node: usize,
    rate: i32,
    bytes: i32,
    /// Keeps reads alive that only bring lines into the cache.
    touched: u32,
}

impl<const C: usize> Model<C> {
    /// A model for a block of `len` bytes with `1 << line_bits` lines of contexts.
    pub(super) fn new(layout: Layout, len: usize, line_bits: u32) -> Self {
        const { assert!(C + 4 <= INPUTS) };
        let kinds = Context::of(layout);
        let last_two_bits = apm_bits(len);
        Self {
            kinds,
            past: Past::new(layout),
            contexts: ContextSet::new(line_bits, kinds.map(Context::is_narrow)),
            known_contexts: 0,
            matches: MatchModel::new(match_bits(len), MIN_MATCH),
            order0: Box::new([AdaptiveProbability::default(); 256]),
            inputs: [0; INPUTS],
            mixer: Mixer::new(mixer_rows(C), 256, FIRST_WEIGHT),
            by_last_two: Apm::new(1 << last_two_bits),
            by_last_two_mask: (1 << last_two_bits) - 1,
            by_match: Apm::new(BY_MATCH),
            partial: 1,
            known: 0,
            node: 0,
            rate: 0,
            bytes: 0,
            touched: 0,
        }
    }

    /// Moves to the next byte; `history` is everything before it.
    #[inline(always)]
    pub(super) fn begin_byte(&mut self, history: &[u8]) {
        self.partial = 1;
        self.known = 0;
        self.node = 0;
        self.past.push(history);
        let hashes = std::array::from_fn(|i| self.past.hash(self.kinds[i], i as u32 + 1));
        let match_hash = self.past.match_hash();
        self.touched = u32::from(self.contexts.touch(&hashes)) ^ self.matches.touch(match_hash);
        self.contexts.begin_byte(&hashes);
        self.known_contexts = self.contexts.known_contexts();
        self.matches.advance(history, match_hash);
        self.bytes = self.bytes.saturating_add(1).min(1 << 24);
        self.rate = RATE + FIRST_RATE * RATE_HALF_LIFE / (RATE_HALF_LIFE + self.bytes);
    }

    /// Moves to the lower nibble, after four bits.
    #[inline(always)]
    pub(super) fn middle_of_byte(&mut self) {
        self.node = 0;
        self.contexts.middle_of_byte(self.partial as u8 & 15);
    }

    /// The byte, after eight bits.
    #[inline(always)]
    pub(super) fn byte(&self) -> u8 {
        self.partial as u8
    }

    /// The probability of a set bit, of 65536, in `1..=65535`.
    #[inline(always)]
    pub(super) fn predict(&mut self) -> u16 {
        let partial = self.partial & 255;
        let last = self.past.last();
        let last_two = self.past.last_two().wrapping_mul(0x9E35_79B1) >> 16;
        let last_two_row = (last_two ^ partial.wrapping_mul(0x3D4D)) & self.by_last_two_mask;
        self.touched = u32::from(self.by_last_two.touch(last_two_row));

        self.contexts.predict(self.node, &mut self.inputs);
        let vote = self.matches.predict(self.partial as u32, self.known as u32);
        let order0 = stretch(self.order0[partial].probability());
        self.inputs[C..C + 4].copy_from_slice(&[vote[0], vote[1], order0, 256]);

        let match_row = self.matches.length_class() * 8 + self.known;
        let rows = [self.known_contexts * 256 + partial, match_row, last];
        let logit = self.mixer.mix(&self.inputs, rows, last);

        let expected = self.matches.expected() as usize;
        let match_row = if expected == 0 {
            2048 + partial
        } else {
            (expected & 255) * 8 + self.known
        };
        let plain = i32::from(squash(logit));
        let by_last_two = self.by_last_two.refine(logit, last_two_row);
        let by_match = self.by_match.refine(logit, match_row);
        let refined = (3 * plain + 8 * by_last_two + 5 * by_match) >> 4;
        refined.clamp(1, 65_535) as u16
    }

    /// Learns the bit that was predicted.
    #[inline(always)]
    pub(super) fn update(&mut self, bit: bool) {
        let partial = self.partial & 255;
        self.contexts.update(self.node, bit, MAP_RATE);
        self.matches.update(bit);
        self.order0[partial].update(bit, ORDER0_LIMIT);
        self.mixer.learn(&self.inputs, bit, self.rate);
        self.by_last_two.update(bit, APM_RATE);
        self.by_match.update(bit, APM_RATE);
        self.partial = self.partial << 1 | usize::from(bit);
        self.node = 2 * self.node + 1 + usize::from(bit);
        self.known += 1;
    }
}

/// Number of bits in which a block's length is written.
pub(super) fn len_bits(len: usize) -> u32 {
    usize::BITS - len.leading_zeros()
}

/// Bytes that a model's tables take.
pub(super) fn memory_bytes(len: usize, line_bits: u32) -> usize {
    let apms = Apm::memory_bytes((1 << apm_bits(len)) + BY_MATCH);
    let mixers = <Mixer<INPUTS, ROW_SETS>>::memory_bytes(mixer_rows(FULL), 256);
    let fixed = size_of::<Model<FULL>>() + 256 * (4 + 2 * FULL) + 1024;
    SlotTable::memory_bytes(line_bits)
        + MatchModel::memory_bytes(match_bits(len))
        + apms
        + mixers
        + fixed
}

/// Rows of weights by contexts seen before and bits of the byte so far, by match length (32
/// classes) and number of those bits, and by last byte.
fn mixer_rows(contexts: usize) -> [usize; ROW_SETS] {
    [(contexts + 1) * 256, 32 * 8, 256]
}

/// Contexts of the map refined by match: expected byte and number of known bits, or the known bits.
const BY_MATCH: usize = 256 * 8 + 256;

fn match_bits(len: usize) -> u32 {
    len_bits(len).clamp(8, 22)
}

fn apm_bits(len: usize) -> u32 {
    len_bits(len).clamp(8, 12)
}
