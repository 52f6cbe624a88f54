//! Symbols of one variable as intervals, from how probable its states are.

use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};

use crate::circuit::Node;
use crate::lanes::dot;

/// Symbols that share the first of two steps.
const RANGE: usize = 16;
const PRECISION: u32 = 16;
const TOTAL: u32 = 1 << PRECISION;

/// Cumulative emissions of a variable, at every [`RANGE`] symbols.
///
/// A symbol is coded in two steps, its range of [`RANGE`] symbols and its place there, so that the
/// smallest frequency that every symbol has to have costs little; alphabets of one range take one step.
pub(super) struct Cumulative {
    symbols: usize,
    stride: usize,
    /// `P(symbol < RANGE * row | state)`, `[ranges + 1, stride]`; the last is of all symbols.
    ranges: Vec<f32>,
}

/// The emissions of a variable when its states are so probable.
pub(super) struct Predicted<'a> {
    cumulative: &'a Cumulative,
    node: &'a Node,
    weights: &'a [f32],
}

impl Cumulative {
    pub(super) fn new(node: &Node) -> Self {
        let stride = node.stride();
        let symbols = node.emission.len() / stride;
        let mut sums = vec![0.0; stride];
        let mut ranges = sums.clone();
        for range in node.emission.chunks(RANGE * stride) {
            for emission in range.chunks_exact(stride) {
                sums.iter_mut()
                    .zip(emission)
                    .for_each(|(sum, value)| *sum += value);
            }
            ranges.extend_from_slice(&sums);
        }
        Self {
            symbols,
            stride,
            ranges,
        }
    }

    /// The emissions of `node`, whose cumulative ones these are.
    pub(super) fn predict<'a>(&'a self, node: &'a Node, weights: &'a [f32]) -> Predicted<'a> {
        Predicted {
            cumulative: self,
            node,
            weights,
        }
    }
}

impl Predicted<'_> {
    pub(super) fn encode(&self, coder: &mut impl EntropyEncoder, symbol: u8) {
        let symbol = usize::from(symbol);
        let mut part = self.whole();
        loop {
            let step = part.step();
            let at = (symbol - part.first) / step;
            coder.encode(part.interval(self, at));
            if step == 1 {
                return;
            }
            part = self.part(part.first + at * step, step);
        }
    }

    pub(super) fn decode(&self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        let mut part = self.whole();
        loop {
            let step = part.step();
            let point = coder.point(PRECISION)?;
            let at = part.find(self, point);
            coder.advance(part.interval(self, at))?;
            if step == 1 {
                return Ok((part.first + at) as u8);
            }
            part = self.part(part.first + at * step, step);
        }
    }

    /// How probable symbols below `symbol` are, to a factor: within a range it never falls as `symbol`
    /// grows, since rounding keeps order, and neither does it from range to range.
    pub(super) fn below(&self, symbol: usize) -> f32 {
        let Cumulative {
            stride,
            symbols,
            ref ranges,
        } = *self.cumulative;
        let range = if symbol == symbols {
            symbols.div_ceil(RANGE)
        } else {
            symbol / RANGE
        };
        let mut below = dot(self.weights, &ranges[range * stride..][..stride]);
        for before in range * RANGE..symbol {
            below += dot(self.weights, self.node.emission_of(before as u8));
        }
        below
    }

    fn whole(&self) -> Part {
        self.part(0, self.cumulative.symbols)
    }

    fn part(&self, first: usize, len: usize) -> Part {
        let len = len.min(self.cumulative.symbols - first);
        let start = self.below(first);
        Part {
            first,
            len,
            start,
            mass: self.below(first + len) - start,
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
    fn bound(&self, of: &Predicted<'_>, at: usize) -> u32 {
        let choices = self.choices();
        if at >= choices {
            return TOTAL;
        }
        let free = TOTAL - choices as u32;
        if self.mass.is_nan() || self.mass < f32::MIN_POSITIVE {
            return at as u32 + (free as usize * at / choices) as u32;
        }
        let mass = of.below(self.first + at * self.step()) - self.start;
        let share = (mass / self.mass * free as f32) as u32;
        at as u32 + share.min(free)
    }

    fn interval(&self, of: &Predicted<'_>, at: usize) -> Interval {
        let start = self.bound(of, at);
        let end = self.bound(of, at + 1);
        // Bounds grow by at least one from choice to choice, so the interval is never empty.
        Interval::new(start, end.wrapping_sub(start), PRECISION).unwrap_or(EVERYTHING)
    }

    /// The last choice that starts at `point` or before it.
    fn find(&self, of: &Predicted<'_>, point: u32) -> usize {
        let (mut low, mut high) = (0, self.choices());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.bound(of, middle) <= point {
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
