//! The part of a signal on which its steps run, moved along it.

use std::ops::Range;

use crate::Boundary;
use crate::lifting::{Front, gain, lag, scale};
use crate::polyphase::Polyphase;

/// Values that are in memory at once, so that 128 KiB stay in the second cache.
const VALUES: usize = 1 << 15;

/// Blocks that are added at once at least, so that loops are long.
const BLOCKS: usize = 64;

/// A signal's last blocks: those that are not final yet, those that were added, and the one before.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    levels: u32,
    rows: Polyphase,
    /// Blocks that are in memory.
    filled: usize,
    /// How many of these are final.
    settled: usize,
    /// The number in the signal of the first block that is not final.
    next: usize,
    /// Whether the first block in memory is the signal's first.
    first: bool,
    /// Factors of coefficients by how often their band took the high side.
    gains: Vec<f32>,
    /// A block of samples.
    block: Vec<f32>,
}

impl Window {
    /// A window for coefficients of a signal of which at most `blocks` blocks are added, from block
    /// `start` on.
    pub(crate) fn splitting(levels: u32, boundary: Boundary, start: usize, blocks: usize) -> Self {
        Self::new(levels, boundary, start, blocks, gain)
    }

    /// A window for samples of a signal of which at most `blocks` blocks are added, from block
    /// `start` on.
    pub(crate) fn joining(levels: u32, boundary: Boundary, start: usize, blocks: usize) -> Self {
        Self::new(levels, boundary, start, blocks, |levels, highs| {
            1.0 / gain(levels, highs)
        })
    }

    fn new(
        levels: u32,
        boundary: Boundary,
        start: usize,
        blocks: usize,
        gain: impl Fn(u32, u32) -> f64,
    ) -> Self {
        let capacity = match boundary {
            Boundary::Symmetric => blocks.min((VALUES >> levels).max(BLOCKS) + lag(levels) + 1),
            Boundary::Periodic => blocks,
        };
        Self {
            levels,
            rows: Polyphase::new(levels, boundary, capacity),
            filled: 0,
            settled: 0,
            next: start,
            first: true,
            gains: (0..=levels)
                .map(|highs| gain(levels, highs) as f32)
                .collect(),
            block: vec![0.0; 1 << levels],
        }
    }

    /// Blocks that can be added now, at least one before the end of the signal.
    #[inline(always)]
    pub(crate) fn room(&mut self) -> usize {
        // The last final block is still a neighbour.
        let kept = self.settled.saturating_sub(1);
        if self.filled == self.rows.capacity() && kept > 0 {
            self.rows.shift(kept, self.filled);
            self.first = false;
            self.filled -= kept;
            self.settled -= kept;
        }
        self.rows.capacity() - self.filled
    }

    /// Adds whole blocks of samples, and writes what is final now of the blocks that are `wanted` to
    /// the planes of their coefficients. After the `last` samples all blocks are final.
    #[inline(always)]
    pub(crate) fn split(
        &mut self,
        samples: &[f32],
        last: bool,
        wanted: &Range<usize>,
        planes: &mut [&mut [f32]],
    ) {
        self.rows.write(self.filled, samples);
        let front = self.front(samples.len() >> self.levels, last);
        self.rows.analyse(front);
        let (first, blocks) = self.settle(front, wanted);
        for (band, plane) in planes.iter_mut().enumerate() {
            scale(
                &self.rows.band(band)[first..][..blocks.len()],
                self.gains[band.count_ones() as usize],
                &mut plane[blocks.clone()],
            );
        }
    }

    /// Adds blocks of coefficients, equally many of each plane, and writes what is final now of the blocks that are `wanted` to the signal, which may end
    /// within one. After the `last` coefficients all blocks are final.
    #[inline(always)]
    pub(crate) fn join<'a>(
        &mut self,
        planes: impl Iterator<Item = &'a [f32]>,
        last: bool,
        wanted: &Range<usize>,
        signal: &mut [f32],
    ) {
        let mut count = 0;
        for (band, plane) in planes.enumerate() {
            count = plane.len();
            scale(
                plane,
                self.gains[band.count_ones() as usize],
                &mut self.rows.band_mut(band)[self.filled..],
            );
        }
        let front = self.front(count, last);
        self.rows.synthesise(front);
        let (first, blocks) = self.settle(front, wanted);
        let size = self.block.len();
        let end = (blocks.end * size).min(signal.len());
        let target = &mut signal[blocks.start * size..end];
        let whole = target.len() / size;
        let (inner, rest) = target.split_at_mut(whole * size);
        self.rows.read(first, inner);
        if !rest.is_empty() {
            self.rows.read(first + whole, &mut self.block);
            rest.copy_from_slice(&self.block[..rest.len()]);
        }
    }

    fn front(&self, blocks: usize, last: bool) -> Front {
        Front {
            before: self.filled,
            now: self.filled + blocks,
            first: self.first,
            last,
        }
    }

    /// Counts the blocks that are final now, and gives where in memory those begin that are wanted,
    /// and which of the wanted they are.
    fn settle(&mut self, front: Front, wanted: &Range<usize>) -> (usize, Range<usize>) {
        let settled = front.settled(self.levels);
        let end = self.next + settled - self.settled;
        let from = self.next.clamp(wanted.start, wanted.end);
        let to = end.clamp(from, wanted.end);
        // Nothing is read where nothing is wanted.
        let first = if from < to {
            self.settled + from - self.next
        } else {
            0
        };
        self.filled = front.now;
        self.settled = settled;
        self.next = end;
        (first, from - wanted.start..to - wanted.start)
    }
}
