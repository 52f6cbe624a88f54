//! Symbols of one variable as intervals, from how probable its states are.

use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};

use crate::circuit::Node;
use crate::lanes::dot;

/// Symbols that share the first of two steps.
const RANGE: usize = 16;
const PRECISION: u32 = 16;
const TOTAL: u32 = 1 << PRECISION;

/// Cumulative emissions of a variable.
///
/// A symbol is coded in two steps, its range of [`RANGE`] symbols and its place there, so that the
/// smallest frequency that every symbol has to have costs little; alphabets of one range take one step.
pub(super) struct Cumulative {
    symbols: usize,
    stride: usize,
    /// `P(symbol < row | state)`, `[symbols + 1, stride]`.
    below: Vec<f32>,
}

impl Cumulative {
    pub(super) fn new(node: &Node) -> Self {
        let stride = node.stride();
        let symbols = node.emission.len() / stride;
        let mut below = vec![0.0; (symbols + 1) * stride];
        for (symbol, emission) in node.emission.chunks_exact(stride).enumerate() {
            let (before, after) = below.split_at_mut((symbol + 1) * stride);
            let before = &before[symbol * stride..];
            for ((after, before), emission) in after.iter_mut().zip(before).zip(emission) {
                *after = before + emission;
            }
        }
        Self {
            symbols,
            stride,
            below,
        }
    }

    pub(super) fn encode(&self, coder: &mut impl EntropyEncoder, weights: &[f32], symbol: u8) {
        let symbol = usize::from(symbol);
        let mut part = self.whole(weights);
        loop {
            let step = part.step();
            let at = (symbol - part.first) / step;
            coder.encode(part.interval(self, weights, at));
            if step == 1 {
                return;
            }
            part = self.part(weights, part.first + at * step, step);
        }
    }

    pub(super) fn decode(
        &self,
        coder: &mut impl EntropyDecoder,
        weights: &[f32],
    ) -> Result<u8, EntropyError> {
        let mut part = self.whole(weights);
        loop {
            let step = part.step();
            let point = coder.point(PRECISION)?;
            let at = part.find(self, weights, point);
            coder.advance(part.interval(self, weights, at))?;
            if step == 1 {
                return Ok((part.first + at) as u8);
            }
            part = self.part(weights, part.first + at * step, step);
        }
    }

    /// How probable symbols below `symbol` are, to a factor. It never falls as `symbol` grows, since
    /// rounding keeps order.
    pub(super) fn below(&self, weights: &[f32], symbol: usize) -> f32 {
        dot(weights, &self.below[symbol * self.stride..][..self.stride])
    }

    fn whole(&self, weights: &[f32]) -> Part {
        self.part(weights, 0, self.symbols)
    }

    fn part(&self, weights: &[f32], first: usize, len: usize) -> Part {
        let len = len.min(self.symbols - first);
        let start = self.below(weights, first);
        Part {
            first,
            len,
            start,
            mass: self.below(weights, first + len) - start,
        }
    }
}

/// Some symbols in a row, of which one is coded, or a range of them.
struct Part {
    first: usize,
    len: usize,
    start: f32,
    mass: f32,
}

impl Part {
    /// Symbols in each choice.
    fn step(&self) -> usize {
        if self.len > RANGE { RANGE } else { 1 }
    }

    fn choices(&self) -> usize {
        self.len.div_ceil(self.step())
    }

    /// Where choice `at` starts, out of [`TOTAL`].
    fn bound(&self, of: &Cumulative, weights: &[f32], at: usize) -> u32 {
        let choices = self.choices();
        if at >= choices {
            return TOTAL;
        }
        let free = TOTAL - choices as u32;
        if !(self.mass >= f32::MIN_POSITIVE) {
            return at as u32 + (free as usize * at / choices) as u32;
        }
        let mass = of.below(weights, self.first + at * self.step()) - self.start;
        let share = (mass / self.mass * free as f32) as u32;
        at as u32 + share.min(free)
    }

    fn interval(&self, of: &Cumulative, weights: &[f32], at: usize) -> Interval {
        let start = self.bound(of, weights, at);
        let end = self.bound(of, weights, at + 1);
        // Bounds grow by at least one from choice to choice, so the interval is never empty.
        Interval::new(start, end.wrapping_sub(start), PRECISION).unwrap_or(EVERYTHING)
    }

    /// The last choice that starts at `point` or before it.
    fn find(&self, of: &Cumulative, weights: &[f32], point: u32) -> usize {
        let (mut low, mut high) = (0, self.choices());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.bound(of, weights, middle) <= point {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }
}

const EVERYTHING: Interval = match Interval::new(0, TOTAL, PRECISION) {
    Some(interval) => interval,
    None => unreachable!(),
};
