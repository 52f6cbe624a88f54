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
    /// What a step makes of the end of each of the signals that lie one after another.
    ends: Vec<f32>,
    /// `[2^J, capacity]` in the order of bands.
    values: Vec<f32>,
    /// Where each row begins.
    starts: Vec<usize>,
    /// `[2^J, ...]`, half way between samples and rows.
    halves: [Vec<f32>; 2],
}

impl Polyphase {
    /// Memory for a signal of at most `capacity` blocks.
    pub(crate) fn new(levels: u32, boundary: Boundary, capacity: usize) -> Self {
        Self::of_lines(levels, boundary, capacity, 1)
    }

    /// Memory for some signals of `line` blocks, one after another, so that loops are long where signals
    /// are short. The steps are to run over all of them at once.
    pub(crate) fn of_lines(levels: u32, boundary: Boundary, line: usize, lines: usize) -> Self {
        let rows = 1 << levels;
        let capacity = line * lines;
        Self {
            levels,
            boundary,
            capacity,
            ends: vec![0.0; lines],
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
        if self.levels == 0 {
            self.values[at..at + blocks].copy_from_slice(samples);
            return;
        }
        let [from, to] = &mut self.halves;
        from.resize(samples.len(), 0.0);
        to.resize(samples.len(), 0.0);
        for level in 0..self.levels - 1 {
            let part = samples.len() >> level;
            let source = if level == 0 { samples } else { &*from };
            for (source, to) in source.chunks_exact(part).zip(to.chunks_exact_mut(part)) {
                let (even, odd) = to.split_at_mut(part / 2);
                split(source, even, odd);
            }
            std::mem::swap(from, to);
        }
        let source = if self.levels == 1 { samples } else { &*from };
        let pairs = self.values.chunks_exact_mut(2 * self.capacity);
        for (source, pair) in source.chunks_exact(2 * blocks).zip(pairs) {
            let (even, odd) = pair.split_at_mut(self.capacity);
            split(
                source,
                &mut even[at..at + blocks],
                &mut odd[at..at + blocks],
            );
        }
    }

    /// Reads blocks `at..` as samples, whole blocks of them.
    #[inline(always)]
    pub(crate) fn read(&mut self, at: usize, samples: &mut [f32]) {
        let blocks = samples.len() >> self.levels;
        if blocks == 0 {
            return;
        }
        if self.levels == 0 {
            samples.copy_from_slice(&self.values[at..at + blocks]);
            return;
        }
        let [from, to] = &mut self.halves;
        from.resize(samples.len(), 0.0);
        to.resize(samples.len(), 0.0);
        let first = if self.levels == 1 {
            &mut *samples
        } else {
            &mut *from
        };
        let pairs = self.values.chunks_exact(2 * self.capacity);
        for (pair, target) in pairs.zip(first.chunks_exact_mut(2 * blocks)) {
            let (even, odd) = pair.split_at(self.capacity);
            join(&even[at..at + blocks], &odd[at..at + blocks], target);
        }
        for level in (0..self.levels - 1).rev() {
            let part = samples.len() >> level;
            let target = if level == 0 { &mut *samples } else { &mut *to };
            for (from, target) in from.chunks_exact(part).zip(target.chunks_exact_mut(part)) {
                let (even, odd) = from.split_at(part / 2);
                join(even, odd, target);
            }
            std::mem::swap(from, to);
        }
    }

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
        let rows = self.starts.len();
        let distance = step.distance;
        let mut first = if step.predicts { distance } else { 0 };
        while first < rows {
            for at in first..first + distance {
                if step.predicts {
                    self.predict(at, step, span);
                } else {
                    self.update(at, step, span);
                }
            }
            first += 2 * distance;
        }
    }

    /// Changes an odd row from the even ones around it.
    #[inline(always)]
    fn predict(&mut self, at: usize, step: Step, span: Span) {
        let (boundary, factor) = (self.boundary, step.factor);
        let rows = self.starts.len();
        let next = at + step.distance;
        let lines = self.lines(span);
        let (ends, row, left, right) = self.around(at, at - step.distance, next % rows);
        if next < rows {
            let all = span.from..span.to;
            let (left, right) = (&left[all.clone()], &right[all.clone()]);
            return lift(&mut row[all], left, right, factor);
        }
        // A signal's last block has no next one; the loop takes that of the signal after it.
        if span.last {
            for (end, (first, last)) in ends.iter_mut().zip(lines.clone()) {
                let beyond = match boundary {
                    Boundary::Symmetric => left[last],
                    Boundary::Periodic => right[first],
                };
                *end = row[last] + factor * (left[last] + beyond);
            }
        }
        let inner = span.from..span.to - usize::from(span.last);
        lift(
            &mut row[inner.clone()],
            &left[inner.clone()],
            &right[inner.start + 1..inner.end + 1],
            factor,
        );
        if span.last {
            for (end, (_, last)) in ends.iter().zip(lines) {
                row[last] = *end;
            }
        }
    }

    /// Changes an even row from the odd ones around it.
    #[inline(always)]
    fn update(&mut self, at: usize, step: Step, span: Span) {
        let (boundary, factor) = (self.boundary, step.factor);
        let rows = self.starts.len();
        let before = (at + rows - step.distance) % rows;
        let lines = self.lines(span);
        let (ends, row, left, right) = self.around(at, before, at + step.distance);
        if at >= step.distance {
            let all = span.from..span.to;
            let (left, right) = (&left[all.clone()], &right[all.clone()]);
            return lift(&mut row[all], left, right, factor);
        }
        // A signal's first block has none before it; the loop takes that of the signal before it.
        if span.first {
            for (end, (first, last)) in ends.iter_mut().zip(lines.clone()) {
                let beyond = match boundary {
                    Boundary::Symmetric => right[first],
                    Boundary::Periodic => left[last],
                };
                *end = row[first] + factor * (beyond + right[first]);
            }
        }
        let inner = span.from + usize::from(span.first)..span.to;
        lift(
            &mut row[inner.clone()],
            &left[inner.start - 1..inner.end - 1],
            &right[inner],
            factor,
        );
        if span.first {
            for (end, (first, _)) in ends.iter().zip(lines) {
                row[first] = *end;
            }
        }
    }

    /// The first and the last block of each signal that a step reaches the end of.
    #[inline(always)]
    fn lines(&self, span: Span) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let line = if self.ends.len() == 1 {
            span.to
        } else {
            self.capacity / self.ends.len()
        };
        (0..self.ends.len()).map(move |number| (number * line, (number + 1) * line - 1))
    }

    /// Memory for the ends of signals, a row to change, and two others to read, which may be the same.
    #[inline(always)]
    fn around(
        &mut self,
        row: usize,
        left: usize,
        right: usize,
    ) -> (&mut [f32], &mut [f32], &[f32], &[f32]) {
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
        (&mut self.ends, row, left, right)
    }
}

/// The even and the odd ones of some samples.
#[inline(always)]
fn split(samples: &[f32], even: &mut [f32], odd: &mut [f32]) {
    for ((pair, even), odd) in samples.as_chunks::<2>().0.iter().zip(even).zip(odd) {
        [*even, *odd] = *pair;
    }
}

/// Samples of the even and the odd ones.
#[inline(always)]
fn join(even: &[f32], odd: &[f32], samples: &mut [f32]) {
    let pairs = samples.as_chunks_mut::<2>().0;
    for ((pair, even), odd) in pairs.iter_mut().zip(even).zip(odd) {
        *pair = [*even, *odd];
    }
}
