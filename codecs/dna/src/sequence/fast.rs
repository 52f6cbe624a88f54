//! The fast model of bases: one context, reading frames and one repeat.
//!
//! What [`model`](super::model) does with tables of parts is written out here for four predictions,
//! whose sums stay in registers: a vector of so few would wait for its own stores.

use codec_entropy::mixing::{BitCoder, LOGIT_LIMIT, squash};

use super::counts::{CountTable, Counts};
use super::frames::{CONFIDENCES, PLACES, ReadingFrames};
use super::history::History;
use super::model::{BIAS, BaseModel, FIRST_WEIGHT, early_rate};
use super::nodes::{NODES, code_base};
use super::repeats::{GRADES, Repeats};

/// Bases of the context whose counts fit the second cache.
const ORDER: u32 = 9;
/// Bases of the contexts by reading frame.
const FRAME_ORDERS: [u32; 2] = [3, 5];
/// Length of repeats that are followed, and bases between looks for one.
const SEED: u32 = 20;
const SEED_STRIDE: usize = 8;
/// log2 of the most entries of the table of repeats.
const MOST_SEED_BITS: u32 = 20;

/// Rate of learning, once settled.
const RATE: i32 = 300;

/// Rows of weights for one node: by reading frame, or by the repeat followed.
const ROWS: usize = PLACES * CONFIDENCES + GRADES;

/// Predictions: the context, two by reading frame, the repeat; and the bias.
const INPUTS: usize = 5;

/// Fraction bits of a weight, and as it enters the sum.
const WEIGHT_BITS: u32 = 28;
const SUM_BITS: u32 = 12;

/// The fast model; see the [module](self).
#[derive(Clone, Debug)]
pub(super) struct FastModel {
    counts: CountTable,
    frames: ReadingFrames,
    repeats: Repeats<1>,
    weights: Box<[[i32; INPUTS]; ROWS * NODES]>,
    history: History,
}

impl FastModel {
    /// A model that has seen nothing, with tables for `len` bases.
    pub(super) fn new(len: usize) -> Self {
        let limit = codec_entropy::mixing::COUNT_LIMIT;
        Self {
            counts: CountTable::new(ORDER, 2 * ORDER),
            frames: ReadingFrames::new(&FRAME_ORDERS, limit),
            repeats: Repeats::new(&[SEED], seed_bits(len), SEED_STRIDE),
            weights: Box::new([[FIRST_WEIGHT << (WEIGHT_BITS - 8); INPUTS]; ROWS * NODES]),
            history: History::default(),
        }
    }

    /// Bytes that a model takes for `len` bases.
    pub(super) fn memory_bytes(len: usize) -> u64 {
        CountTable::memory_bytes(ORDER, 2 * ORDER)
            + <Repeats<1>>::memory_bytes(&[SEED], seed_bits(len))
            + FRAME_ORDERS
                .map(ReadingFrames::memory_bytes)
                .iter()
                .sum::<u64>()
            + (1 << 20)
    }

    /// The row of weights for the next base.
    #[inline(always)]
    fn row(&self) -> usize {
        match self.repeats.standing() {
            (grade, ..) if grade < GRADES - 1 => PLACES * CONFIDENCES + grade,
            _ => self.frames.place() * CONFIDENCES + self.frames.confidence(),
        }
    }

    #[inline(always)]
    fn gather(&self, counts: Counts, node: usize, high: Option<bool>) -> [i32; INPUTS] {
        let mut by_frame = [0; FRAME_ORDERS.len()];
        self.frames.predict(&self.history, node, &mut by_frame);
        let mut by_repeat = [0; 2];
        self.repeats.predict(high, &mut by_repeat);
        [
            self.counts.logit(counts, node),
            by_frame[0],
            by_frame[1],
            by_repeat[0],
            BIAS,
        ]
        .map(i32::from)
    }
}

impl BaseModel for FastModel {
    #[inline(always)]
    fn code<C: BitCoder>(&mut self, coder: &mut C, base: u8, seen: &mut Vec<u8>) {
        let counts = self.counts.counts(&self.history);
        let rate = RATE + early_rate(self.history.len());
        let row = self.row();
        let mut high = None;
        let base = code_base(coder, base, |coder, node, bit| {
            let inputs = self.gather(counts, node, high);
            let weights = &mut self.weights[row * NODES + node];
            let mut sum = 0;
            for (input, weight) in inputs.iter().zip(weights.iter()) {
                sum += input * (weight >> (WEIGHT_BITS - SUM_BITS));
            }
            let logit = (sum >> SUM_BITS).clamp(-LOGIT_LIMIT, LOGIT_LIMIT);
            let probability = squash(logit);
            let bit = coder.code(bit, probability);
            let error = (i32::from(bit) << 16) - i32::from(probability);
            let step = (error * rate + (1 << 11)) >> 12;
            for (input, weight) in inputs.iter().zip(weights.iter_mut()) {
                *weight = weight.wrapping_add(input * step);
            }
            high = Some(bit);
            bit
        });
        seen.push(base);
        self.counts.learn(&self.history, counts, base);
        self.frames.learn(&self.history, base);
        self.history.push(base);
        self.counts.learn_mirrored(&self.history);
        self.repeats.learn(base, seen, &self.history);
    }
}

fn seed_bits(len: usize) -> u32 {
    MOST_SEED_BITS.min(len.max(1 << 10).ilog2() + 1)
}
