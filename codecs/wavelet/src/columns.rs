//! Rows of an image, on which lifting steps are loops over columns.

use crate::Boundary;
use crate::lifting::{Front, Span, Step, analysis, lift, synthesis};

/// Rows of equal length from top to bottom, a multiple of `2^J` of them, on which the vertical steps
/// run in place.
pub(crate) struct Columns<'a, 'b> {
    pub(crate) rows: &'a mut [&'b mut [f32]],
    pub(crate) levels: u32,
    pub(crate) boundary: Boundary,
}

impl Columns<'_, '_> {
    /// Steps forward as far as the front allows, without gains.
    #[inline(always)]
    pub(crate) fn analyse(&mut self, front: Front) {
        for (step, span) in analysis(self.levels, front) {
            self.apply(step, span);
        }
    }

    /// Steps backward as far as the front allows, without gains.
    #[inline(always)]
    pub(crate) fn synthesise(&mut self, front: Front) {
        for (step, span) in synthesis(self.levels, front) {
            self.apply(step, span);
        }
    }

    #[inline(always)]
    fn apply(&mut self, step: Step, span: Span) {
        let distance = step.distance;
        let (from, to) = (span.from << self.levels, span.to << self.levels);
        let mut first = from + if step.predicts { distance } else { 0 };
        while first < to {
            for at in first..first + distance {
                let (left, right) = self.neighbours(at, distance);
                let row = std::mem::take(&mut self.rows[at]);
                lift(row, self.rows[left], self.rows[right], step.factor);
                self.rows[at] = row;
            }
            first += 2 * distance;
        }
    }

    /// The rows around one that is to change.
    #[inline(always)]
    fn neighbours(&self, at: usize, distance: usize) -> (usize, usize) {
        let rows = self.rows.len();
        let (above, below) = (at.checked_sub(distance), at + distance);
        match (above, below < rows, self.boundary) {
            (Some(above), true, _) => (above, below),
            (Some(above), false, Boundary::Symmetric) => (above, above),
            (Some(above), false, Boundary::Periodic) => (above, below - rows),
            (None, _, Boundary::Symmetric) => (below, below),
            (None, _, Boundary::Periodic) => (at + rows - distance, below),
        }
    }
}
