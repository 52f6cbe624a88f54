//! Predictions of bits: adaptive probabilities chosen by contexts, mixed in the logistic domain.
//!
//! The method is the logistic mixing of Mahoney's PAQ (2002-2005) with very few inputs: three or
//! four probabilities per bit, one row of weights. Everything is integer arithmetic.

use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
use codec_entropy::mixing::{squash, stretch};

/// Number of contexts that each input tells apart.
const CONTEXTS: usize = 1 << 16;

/// A probability stays this far (of 65536) from certainty.
const MARGIN: i32 = 24;

/// Fraction bits of a mixing weight.
const WEIGHT_BITS: u32 = 16;

/// Where bits go to or come from, so that one model serves both directions.
pub(super) trait BitPort {
    /// Codes `bit`, or ignores it and returns the bit that was read. `probability` of 65536 is that
    /// of a set bit.
    fn pass(&mut self, bit: bool, probability: u16) -> bool;
}

impl BitPort for BinaryEncoder {
    #[inline(always)]
    fn pass(&mut self, bit: bool, probability: u16) -> bool {
        self.encode(bit, probability);
        bit
    }
}

impl BitPort for BinaryDecoder<'_> {
    #[inline(always)]
    fn pass(&mut self, _: bool, probability: u16) -> bool {
        self.decode(probability)
    }
}

/// An adaptive probability as its signed distance from one half, so that zero is a fresh one.
#[derive(Clone, Copy)]
struct Cell(i16);

impl Cell {
    #[inline(always)]
    fn probability(self) -> u16 {
        self.0 as u16 ^ 0x8000
    }

    /// The cell moved towards `bit` by 2^-`shift` of the way.
    #[inline(always)]
    fn moved(self, bit: bool, shift: u32) -> Self {
        let value = i32::from(self.0);
        let rounding = (1 << shift) - 1;
        let target = if bit {
            i32::from(i16::MAX) + rounding
        } else {
            i32::from(i16::MIN)
        };
        Self((value + ((target - value) >> shift)) as i16)
    }
}

/// `N` tables of probabilities and the weights that mix them.
///
/// The probabilities of the first input, which has the sparsest contexts, move by 2^-`FIRST` of the
/// way to each bit, all others by 2^-`OTHERS`.
pub(super) struct Predictor<const N: usize, const FIRST: u32, const OTHERS: u32> {
    cells: [Box<[i16; CONTEXTS]>; N],
    weights: Vec<[i32; N]>,
    rate: i32,
}

impl<const N: usize, const FIRST: u32, const OTHERS: u32> Predictor<N, FIRST, OTHERS> {
    /// A predictor with `rows` rows of weights, which learn at `rate`.
    pub(super) fn new(rows: usize, rate: i32) -> Self {
        let weight = (13 << WEIGHT_BITS) / (10 * N as i32);
        Self {
            cells: std::array::from_fn(|_| fresh_cells()),
            weights: vec![[weight; N]; rows],
            rate,
        }
    }

    /// Bytes of memory that a predictor takes.
    pub(super) const fn memory_bytes(rows: usize) -> usize {
        N * (CONTEXTS * 2 + rows * 4)
    }

    /// Passes a bit predicted from one context per input. `row` must be below the number of rows.
    #[inline(always)]
    pub(super) fn pass(
        &mut self,
        port: &mut impl BitPort,
        bit: bool,
        contexts: [u16; N],
        row: usize,
    ) -> bool {
        let (inputs, logit) = self.mix(contexts, row);
        let probability = clamped(i32::from(squash(logit)));
        let bit = port.pass(bit, probability);
        self.learn(bit, contexts, row, &inputs, probability);
        bit
    }

    /// Like [`pass`](Self::pass), with the prediction corrected by `map` in context `corrected`.
    #[inline(always)]
    pub(super) fn pass_corrected(
        &mut self,
        port: &mut impl BitPort,
        bit: bool,
        contexts: [u16; N],
        row: usize,
        (map, corrected): (&mut Correction, usize),
    ) -> bool {
        let (inputs, logit) = self.mix(contexts, row);
        let probability = clamped(i32::from(squash(logit)));
        let place = map.place(logit, corrected);
        let refined = (i32::from(probability) + map.probability(place)) >> 1;
        let bit = port.pass(bit, clamped(refined));
        map.update(bit, place);
        self.learn(bit, contexts, row, &inputs, probability);
        bit
    }

    #[inline(always)]
    fn mix(&self, contexts: [u16; N], row: usize) -> ([i32; N], i32) {
        let weights = &self.weights[row];
        let mut inputs = [0; N];
        let mut sum = 0;
        for i in 0..N {
            let cell = Cell(self.cells[i][usize::from(contexts[i])]);
            inputs[i] = i32::from(stretch(cell.probability()));
            sum += i64::from(inputs[i]) * i64::from(weights[i]);
        }
        (inputs, (sum >> WEIGHT_BITS).clamp(-2047, 2047) as i32)
    }

    #[inline(always)]
    fn learn(
        &mut self,
        bit: bool,
        contexts: [u16; N],
        row: usize,
        inputs: &[i32; N],
        probability: u16,
    ) {
        let error = ((i32::from(bit) << 16) - i32::from(probability)) >> 4;
        let step = error * self.rate;
        let weights = &mut self.weights[row];
        for i in 0..N {
            let change = (inputs[i] * step + (1 << 13)) >> 14;
            weights[i] = weights[i].wrapping_add(change);
            let cell = &mut self.cells[i][usize::from(contexts[i])];
            *cell = Cell(*cell)
                .moved(bit, if i == 0 { FIRST } else { OTHERS })
                .0;
        }
    }
}

/// Points at which a correction knows the probability, half a nat apart.
const POINTS: usize = 33;

/// Maps a prediction in a context to the probability that was seen there (the secondary estimation
/// of PAQ, after Bloom and Shkarin), by interpolation between two points.
pub(super) struct Correction(Vec<[u16; POINTS]>);

/// The left of the two points that a prediction lies between, and the share (of 128) of the other.
#[derive(Clone, Copy)]
pub(super) struct Place {
    context: usize,
    point: usize,
    share: i32,
}

impl Correction {
    pub(super) fn new(contexts: usize) -> Self {
        let unchanged = std::array::from_fn(|point| squash((point as i32 - 16) * 128));
        Self(vec![unchanged; contexts])
    }

    pub(super) const fn memory_bytes(contexts: usize) -> usize {
        contexts * POINTS * 2
    }

    #[inline(always)]
    fn place(&self, logit: i32, context: usize) -> Place {
        let position = (logit + 2048) as usize & 4095;
        Place {
            context,
            point: position >> 7,
            share: (position & 127) as i32,
        }
    }

    #[inline(always)]
    fn probability(&self, place: Place) -> i32 {
        let points = &self.0[place.context];
        let (left, right) = (points[place.point], points[place.point + 1]);
        (i32::from(left) * (128 - place.share) + i32::from(right) * place.share) >> 7
    }

    #[inline(always)]
    fn update(&mut self, bit: bool, place: Place) {
        let target = if bit { 65_535 } else { 0 };
        let points = &mut self.0[place.context];
        let nearer = place.point + (place.share >> 6) as usize;
        let value = i32::from(points[nearer]);
        points[nearer] = (value + ((target - value) >> 6)) as u16;
    }
}

#[inline(always)]
fn clamped(probability: i32) -> u16 {
    probability.clamp(MARGIN, (1 << 16) - MARGIN) as u16
}

/// Zeroed memory, which the system hands out page by page as contexts are met.
fn fresh_cells() -> Box<[i16; CONTEXTS]> {
    vec![0; CONTEXTS]
        .into_boxed_slice()
        .try_into()
        .unwrap_or_else(|_| Box::new([0; CONTEXTS]))
}
