//! A signal as rows of every `2^J`th sample, on which lifting steps are loops over time.

use crate::Boundary;
use crate::band::band_of_row;
use crate::lifting::{Front, Span, Step, analysis, lift, synthesis};

/// `2^J` rows; row `r` holds sample `r` of every block. Each row lies where its band belongs.
#[derive(Debug, Clone)]
pub(crate) struct Polyphase {
    levels: u32,
    boundary: Boundary,
    /// Blocks that there is memory for.
    capacity: usize,
    /// `[2^J, capacity]` in the order of bands.
    values: Vec<f32>,
    /// Where each row begins.
    starts: Vec<usize>,
    /// `[2^J, ...]`, half way between samples and rows.
    halves: [Vec<f32>; 2],
}

impl Polyphase {
    pub(crate) fn new(levels: u32, boundary: Boundary, capacity: usize) -> Self {
        let rows = 1 << levels;
        Self {
            levels,
            boundary,
            capacity,
            values: vec![0.0; rows * capacity],
            starts: (0..rows)
                .map(|row| band_of_row(row, levels) * capacity)
                .collect(),
            halves: [Vec::new(), Vec::new()],
        }
    }

    /// Blocks that there is memory for.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// What lies in the row of a band.
    #[inline(always)]
    pub(crate) fn band(&self, band: usize) -> &[f32] {
        &self.values[band * self.capacity..][..self.capacity]
    }

    /// What lies in the row of a band.
    #[inline(always)]
    pub(crate) fn band_mut(&mut self, band: usize) -> &mut [f32] {
        &mut self.values[band * self.capacity..][..self.capacity]
    }

    /// Moves blocks `from..to` of every row to its begin.
    #[inline(always)]
    pub(crate) fn shift(&mut self, from: usize, to: usize) {
        for row in self.values.chunks_exact_mut(self.capacity) {
            row.copy_within(from..to, 0);
        }
    }

    /// Writes samples, whole blocks of them, as blocks `at..`.
    #[inline(always)]
    pub(crate) fn write(&mut self, at: usize, samples: &[f32]) {
        let blocks = samples.len() >> self.levels;
        if blocks == 0 {
            return;
        }
        let [from, to] = &mut self.halves;
        from.clear();
        from.extend_from_slice(samples);
        to.resize(samples.len(), 0.0);
        for level in 0..self.levels {
            let part = samples.len() >> level;
            for (from, to) in from.chunks_exact(part).zip(to.chunks_exact_mut(part)) {
                let (even, odd) = to.split_at_mut(part / 2);
                for ((pair, even), odd) in from.chunks_exact(2).zip(even).zip(odd) {
                    *even = pair[0];
                    *odd = pair[1];
                }
            }
            std::mem::swap(from, to);
        }
        let rows = self.values.chunks_exact_mut(self.capacity);
        for (row, part) in rows.zip(from.chunks_exact(blocks)) {
            row[at..at + blocks].copy_from_slice(part);
        }
    }

    /// Reads blocks `at..` as samples, whole blocks of them.
    #[inline(always)]
    pub(crate) fn read(&mut self, at: usize, samples: &mut [f32]) {
        let blocks = samples.len() >> self.levels;
        if blocks == 0 {
            return;
        }
        let [from, to] = &mut self.halves;
        from.clear();
        for row in self.values.chunks_exact(self.capacity) {
            from.extend_from_slice(&row[at..at + blocks]);
        }
        to.resize(samples.len(), 0.0);
        for level in (0..self.levels).rev() {
            let part = samples.len() >> level;
            for (from, to) in from.chunks_exact(part).zip(to.chunks_exact_mut(part)) {
                let (even, odd) = from.split_at(part / 2);
                for ((pair, even), odd) in to.chunks_exact_mut(2).zip(even).zip(odd) {
                    pair[0] = *even;
                    pair[1] = *odd;
                }
            }
            std::mem::swap(from, to);
        }
        samples.copy_from_slice(from);
    }

    /// Steps forward as far as the front allows, without gains.
    #[inline(always)]
    pub(crate) fn analyse(&mut self, front: Front) {
        for (step, span) in analysis(self.levels, front) {
            self.apply(step, span, front.now);
        }
    }

    /// Steps backward as far as the front allows, without gains.
    #[inline(always)]
    pub(crate) fn synthesise(&mut self, front: Front) {
        for (step, span) in synthesis(self.levels, front) {
            self.apply(step, span, front.now);
        }
    }

    #[inline(always)]
    fn apply(&mut self, step: Step, span: Span, blocks: usize) {
        let rows = self.starts.len();
        let distance = step.distance;
        let mut first = if step.predicts { distance } else { 0 };
        while first < rows {
            for at in first..first + distance {
                if step.predicts {
                    self.predict(at, step, span);
                } else {
                    self.update(at, step, span, blocks);
                }
            }
            first += 2 * distance;
        }
    }

    /// Changes an odd row from the even ones around it.
    #[inline(always)]
    fn predict(&mut self, at: usize, step: Step, span: Span) {
        let rows = self.starts.len();
        let next = at + step.distance;
        let wraps = next >= rows;
        let (boundary, factor) = (self.boundary, step.factor);
        let (row, left, right) = self.three(at, at - step.distance, next % rows);
        if !wraps {
            let all = span.from..span.to;
            return lift(
                &mut row[all.clone()],
                &left[all.clone()],
                &right[all],
                factor,
            );
        }
        let to = span.to - usize::from(span.last);
        let inner = span.from..to;
        lift(
            &mut row[inner.clone()],
            &left[inner],
            &right[span.from + 1..to + 1],
            factor,
        );
        if span.last {
            let beyond = match boundary {
                Boundary::Symmetric => left[to],
                Boundary::Periodic => right[0],
            };
            row[to] += factor * (left[to] + beyond);
        }
    }

    /// Changes an even row from the odd ones around it.
    #[inline(always)]
    fn update(&mut self, at: usize, step: Step, span: Span, blocks: usize) {
        let rows = self.starts.len();
        let wraps = at < step.distance;
        let before = (at + rows - step.distance) % rows;
        let (boundary, factor) = (self.boundary, step.factor);
        let (row, left, right) = self.three(at, before, at + step.distance);
        if !wraps {
            let all = span.from..span.to;
            return lift(
                &mut row[all.clone()],
                &left[all.clone()],
                &right[all],
                factor,
            );
        }
        let from = span.from + usize::from(span.first);
        let inner = from..span.to;
        lift(
            &mut row[inner.clone()],
            &left[from - 1..span.to - 1],
            &right[inner],
            factor,
        );
        if span.first {
            let beyond = match boundary {
                Boundary::Symmetric => right[0],
                Boundary::Periodic => left[blocks - 1],
            };
            row[0] += factor * (beyond + right[0]);
        }
    }

    /// A row to change and two others, which may be the same, to read.
    #[inline(always)]
    fn three(&mut self, row: usize, left: usize, right: usize) -> (&mut [f32], &[f32], &[f32]) {
        let (row, left, right) = (self.starts[row], self.starts[left], self.starts[right]);
        let (below, rest) = self.values.split_at_mut(row);
        let (row, above) = rest.split_at_mut(self.capacity);
        let other = |start: usize| {
            if start < below.len() {
                &below[start..][..row.len()]
            } else {
                &above[start - below.len() - row.len()..][..row.len()]
            }
        };
        let (left, right) = (other(left), other(right));
        (row, left, right)
    }
}
