//! The lifting steps of CDF 9/7 on polyphase rows.
//!
//! A signal whose length is a multiple of `2^J` is kept as `2^J` rows: row `r` holds the samples
//! `r, r + 2^J, r + 2 * 2^J, ...`. Level `l` of the full packet tree splits every band of level
//! `l - 1` at once: in the order of the samples it changes those whose index has bit `l` set from
//! their neighbours at distance `2^l` (predict), and then the others (update). In rows that is a
//! whole row changed from two whole rows; only at the ends of the rows' order is a neighbour one
//! position on. So nothing is moved between levels, and every loop is over consecutive values.
//!
//! A position of a row is a *block* of `lanes` values, which never mix: with one lane the rows are a
//! signal, with more they are as many signals side by side, such as the columns of an image.

use crate::Boundary;

/// Predict, update, predict, update: the factorisation of Daubechies and Sweldens (1998), section 7.7.
const STEPS: [f32; 4] = [-1.586_134_3, -0.052_980_12, 0.882_911_1, 0.443_506_85];

/// Gain of the low band of one level, so that its response to a constant is `sqrt(2)`; the high band
/// has the inverse.
const LOW_GAIN: f64 = 1.149_604_398_860_241_6;

/// One band's factor after `levels` levels of which `highs` took the high band.
pub(crate) fn gain(levels: u32, highs: u32) -> f64 {
    let lows = levels - highs;
    let power = |base: f64, exponent: u32| (0..exponent).fold(1.0, |product, _| product * base);
    power(LOW_GAIN, lows) / power(LOW_GAIN, highs)
}

/// A range of blocks, and whether it begins and ends where the signal does.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: usize,
    to: usize,
    first: bool,
    last: bool,
}

/// The rows of one signal, or of `lanes` signals side by side.
pub(crate) struct Rows<'a, 'b> {
    /// `2^J` rows of equal length, a multiple of `lanes`.
    pub(crate) rows: &'a mut [&'b mut [f32]],
    /// Values of a block.
    pub(crate) lanes: usize,
    /// What lies outside of the signal.
    pub(crate) boundary: Boundary,
}

impl Rows<'_, '_> {
    fn levels(&self) -> u32 {
        self.rows.len().trailing_zeros()
    }

    fn whole(&self) -> Span {
        Span {
            from: 0,
            to: self.rows.first().map_or(0, |row| row.len() / self.lanes),
            first: true,
            last: true,
        }
    }

    /// All levels forward, without the gains.
    pub(crate) fn analyse(&mut self) {
        let span = self.whole();
        for level in 0..self.levels() {
            for (number, factor) in STEPS.into_iter().enumerate() {
                self.step(level, number, factor, span);
            }
        }
    }

    /// All levels backward, without the gains: undoes [`Rows::analyse`] to rounding.
    pub(crate) fn synthesise(&mut self) {
        let span = self.whole();
        for level in (0..self.levels()).rev() {
            for (number, factor) in STEPS.into_iter().enumerate().rev() {
                self.step(level, number, -factor, span);
            }
        }
    }

    fn step(&mut self, level: u32, number: usize, factor: f32, span: Span) {
        let distance = 1 << level;
        let predicts = number.is_multiple_of(2);
        for target in 0..self.rows.len() {
            if (target & distance != 0) != predicts {
                continue;
            }
            let row = std::mem::take(&mut self.rows[target]);
            if predicts {
                self.predict(row, target, distance, factor, span);
            } else {
                self.update(row, target, distance, factor, span);
            }
            self.rows[target] = row;
        }
    }

    /// Changes an odd row, taken out of its place, from the even ones around it.
    fn predict(&self, row: &mut [f32], at: usize, distance: usize, factor: f32, span: Span) {
        let lanes = self.lanes;
        let left = &*self.rows[at - distance];
        let next = at + distance;
        let range = span.from * lanes..span.to * lanes;
        if next < self.rows.len() {
            let right = &self.rows[next][range.clone()];
            return lift(&mut row[range.clone()], &left[range], right, factor);
        }
        let right = &*self.rows[next - self.rows.len()];
        let inner = span.from * lanes..(span.to - usize::from(span.last)) * lanes;
        lift(
            &mut row[inner.clone()],
            &left[inner.clone()],
            &right[inner.start + lanes..inner.end + lanes],
            factor,
        );
        if span.last {
            let end = inner.end..inner.end + lanes;
            let beyond = match self.boundary {
                Boundary::Symmetric => &left[end.clone()],
                Boundary::Periodic => &right[..lanes],
            };
            lift(&mut row[end.clone()], &left[end], beyond, factor);
        }
    }

    /// Changes an even row, taken out of its place, from the odd ones around it.
    fn update(&self, row: &mut [f32], at: usize, distance: usize, factor: f32, span: Span) {
        let lanes = self.lanes;
        let right = &*self.rows[at + distance];
        let range = span.from * lanes..span.to * lanes;
        if at >= distance {
            let left = &self.rows[at - distance][range.clone()];
            return lift(&mut row[range.clone()], left, &right[range], factor);
        }
        let left = &*self.rows[at + self.rows.len() - distance];
        let inner = (span.from + usize::from(span.first)) * lanes..span.to * lanes;
        if span.first {
            let before = match self.boundary {
                Boundary::Symmetric => &right[..lanes],
                Boundary::Periodic => &left[left.len() - lanes..],
            };
            lift(&mut row[..lanes], before, &right[..lanes], factor);
        }
        lift(
            &mut row[inner.clone()],
            &left[inner.start - lanes..inner.end - lanes],
            &right[inner],
            factor,
        );
    }
}

/// Adds `factor` times the sum of both neighbours; never fused into one rounding.
fn lift(target: &mut [f32], left: &[f32], right: &[f32], factor: f32) {
    for ((value, left), right) in target.iter_mut().zip(left).zip(right) {
        *value += factor * (left + right);
    }
}
