//! Predicts a byte bit by bit, by mixing contexts and experts.

use super::SMALL_STEP;
use super::bank::{Bank, INPUTS_PER_CONTEXT};
use super::contexts::{MOST_CONTEXTS, hashes};
use super::experts::{EXPERTS, Forecast, NO_BYTE, STATES, View};
use super::line::{Line, combine};
use codec_entropy::mixing::BitCoder;
use codec_entropy::mixing::{AdaptiveProbability, Apm, Mixer, squash, stretch};

const FIRST_WEIGHT: i32 = 14;

/// Learning rate, settled and in addition at the beginning.
const RATE: i32 = 400;
const FIRST_RATE: i32 = 800;
/// Bytes after which half of the additional rate is gone.
const RATE_HALF_LIFE: i32 = 1 << 12;

const APM_RATE: u32 = 6;
const LIMIT: u32 = 255;

/// Rows of weights: the bits so far and whether the surest expert still agrees; which experts
/// still agree; contexts seen before; the last byte; the place in the template.
const ROW_SETS: usize = 5;
const ROWS: [usize; ROW_SETS] = [
    3 * 256,
    1 << EXPERTS,
    (MOST_CONTEXTS + 1) * 8 * 3,
    256 * 3,
    2048,
];

/// Rows of each map of the last stage.
const APM_BITS: u32 = 12;

/// States of an expert within a byte.
const BIT_STATES: usize = STATES / 4 * 8;

/// The model of bytes, with `C` contexts.
///
/// `N` mixer inputs: contexts, experts, the bits alone, the surest expert, a constant; the rest
/// stay zero.
#[derive(Clone, Debug)]
pub(super) struct ByteModel<const C: usize, const N: usize> {
    bank: Bank<C>,
    confidence: Box<[[AdaptiveProbability; BIT_STATES]; EXPERTS]>,
    best: Box<[AdaptiveProbability; 64 * 8]>,
    bits: Box<[AdaptiveProbability; 256]>,
    inputs: [i16; N],
    mixer: Mixer<N, ROW_SETS, SMALL_STEP>,
    by_last: Apm,
    by_best: Apm,
    cells: [usize; EXPERTS],
    best_cell: usize,
    partial: usize,
    known: usize,
    node: usize,
    rate: i32,
    count: i32,
    touched: u8,
}

impl<const C: usize, const N: usize> ByteModel<C, N> {
    const FROM_EXPERTS: usize = C * INPUTS_PER_CONTEXT;
    const FROM_BITS: usize = Self::FROM_EXPERTS + EXPERTS;
    const FROM_BEST: usize = Self::FROM_BITS + 1;

    /// A model with `1 << line_bits` lines in its bank.
    pub(super) fn new(line_bits: u32) -> Self {
        const { assert!(Self::FROM_BEST < N - 1) };
        Self {
            bank: Bank::new(line_bits),
            confidence: Box::new([[AdaptiveProbability::new(60_000, 2); BIT_STATES]; EXPERTS]),
            best: Box::new([AdaptiveProbability::new(60_000, 2); 64 * 8]),
            bits: Box::new([AdaptiveProbability::default(); 256]),
            inputs: [0; N],
            mixer: Mixer::new(ROWS, 256, FIRST_WEIGHT),
            by_last: Apm::new(1 << APM_BITS),
            by_best: Apm::new(1 << APM_BITS),
            cells: [0; EXPERTS],
            best_cell: 0,
            partial: 1,
            known: 0,
            node: 0,
            rate: 0,
            count: 0,
            touched: 0,
        }
    }

    /// Bytes of memory that a model takes.
    pub(super) fn memory_bytes(line_bits: u32) -> usize {
        Bank::<C>::memory_bytes(line_bits)
            + EXPERTS * BIT_STATES * 4
            + 256 * 4
            + 64 * 8 * 4
            + Mixer::<N, ROW_SETS, SMALL_STEP>::memory_bytes(ROWS, 256)
            + Apm::memory_bytes(2 << APM_BITS)
            + size_of::<Self>()
    }

    /// Codes a byte. `surety` is the probability (of 65536) of the surest expert's byte; when that
    /// is `refused`, the byte is known to be another one.
    pub(super) fn code(
        &mut self,
        coder: &mut impl BitCoder,
        byte: u8,
        view: View,
        surety: u16,
        refused: bool,
    ) -> u8 {
        let View { line, forecast, .. } = view;
        self.begin(view);
        let surety = surety_class(surety);
        for place in (0..8).rev() {
            if place == 3 {
                self.node = 0;
                self.bank.middle_of_byte(self.partial as u8 & 15);
            }
            let bit = byte >> place & 1 == 1;
            let excluded = 256 | usize::from(forecast.byte);
            if place == 0 && refused && excluded >> 1 == self.partial {
                self.partial = self.partial << 1 | (excluded & 1 ^ 1);
                continue;
            }
            let probability = self.predict(line, forecast, surety);
            let bit = coder.code(bit, probability);
            self.update(forecast, bit);
        }
        self.partial as u8
    }

    fn begin(&mut self, view: View) {
        self.partial = 1;
        self.known = 0;
        self.node = 0;
        self.touched ^= self.bank.begin_byte(&hashes(view));
        self.count = self.count.saturating_add(1).min(1 << 20);
        self.rate = RATE + FIRST_RATE * RATE_HALF_LIFE / (RATE_HALF_LIFE + self.count);
    }

    #[inline(always)]
    fn predict(&mut self, line: &Line, forecast: &Forecast, surety: usize) -> u16 {
        self.bank.predict(self.node, &mut self.inputs);
        let mut agreement = 0;
        for i in 0..EXPERTS {
            self.inputs[Self::FROM_EXPERTS + i] = 0;
            let Some(bit) = self.next_bit(forecast.bytes[i]) else {
                continue;
            };
            agreement |= 1 << i;
            let cell = usize::from(forecast.states[i] >> 2) * 8 + self.known;
            self.cells[i] = cell;
            let odds = stretch(self.confidence[i][cell].probability());
            self.inputs[Self::FROM_EXPERTS + i] = if bit { odds } else { -odds };
        }
        let best = self.next_bit(forecast.byte);
        self.best_cell = surety * 8 + self.known;
        let odds = stretch(self.best[self.best_cell].probability());
        self.inputs[Self::FROM_BEST] = match best {
            None => 0,
            Some(true) => odds,
            Some(false) => -odds,
        };
        self.inputs[Self::FROM_BITS] = stretch(self.bits[self.partial].probability());
        self.inputs[N - 1] = 256;
        let direction = best.map_or(0, |bit| 1 + usize::from(bit));
        let rows = [
            direction * 256 + self.partial,
            agreement,
            (self.bank.known_contexts() * 8 + self.known) * 3 + direction,
            line.last() * 3 + direction,
            (combine(line.template, u64::from(line.token_len)) >> 40 & 2047) as usize,
        ];
        let logit = self.mixer.mix(&self.inputs, rows, self.partial);
        let plain = i32::from(squash(logit));
        let by_last = self
            .by_last
            .refine(logit, apm_row(line.last(), self.partial));
        let expected = if best.is_some() {
            usize::from(forecast.byte)
        } else {
            256
        };
        let by_best = self.by_best.refine(logit, apm_row(expected, self.partial));
        ((plain + 2 * by_last + by_best) >> 2).clamp(1, 65_535) as u16
    }

    #[inline(always)]
    fn update(&mut self, forecast: &Forecast, bit: bool) {
        self.bank.update(self.node, bit);
        for i in 0..EXPERTS {
            if let Some(expected) = self.next_bit(forecast.bytes[i]) {
                self.confidence[i][self.cells[i]].update(bit == expected, LIMIT);
            }
        }
        if let Some(expected) = self.next_bit(forecast.byte) {
            self.best[self.best_cell].update(bit == expected, LIMIT);
        }
        self.bits[self.partial].update(bit, LIMIT);
        self.mixer.learn(&self.inputs, bit, self.rate);
        self.by_last.update(bit, APM_RATE);
        self.by_best.update(bit, APM_RATE);
        self.partial = self.partial << 1 | usize::from(bit);
        self.node = 2 * self.node + 1 + usize::from(bit);
        self.known += 1;
    }

    /// The next bit of an expected byte, unless the bits so far contradict it.
    #[inline(always)]
    fn next_bit(&self, expected: u16) -> Option<bool> {
        let agrees = expected < NO_BYTE;
        let expected = 256 | usize::from(expected);
        let agrees = agrees && expected >> (8 - self.known) == self.partial;
        agrees.then_some(expected >> (7 - self.known) & 1 == 1)
    }
}

/// A class of a probability, below 64: fine where it is nearly certain.
fn surety_class(probability: u16) -> usize {
    ((i32::from(stretch(probability)) + 2048) >> 6) as usize & 63
}

/// A row of the last maps for a context and the bits of the byte so far.
fn apm_row(context: usize, partial: usize) -> usize {
    let hash = ((context << 8 | partial) as u64).wrapping_mul(0x9E37_79B1);
    (hash ^ hash >> 32) as usize >> (32 - APM_BITS) & ((1 << APM_BITS) - 1)
}
