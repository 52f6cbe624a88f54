//! The part of a signal on which its steps run, moved along it.

use std::ops::Range;

use crate::Boundary;
use crate::lifting::{Front, lag};
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
    /// Whether the first block in memory is the signal's first.
    first: bool,
}

impl Window {
    /// A window for signals of at most `blocks` blocks.
    pub(crate) fn new(levels: u32, boundary: Boundary, blocks: usize) -> Self {
        let capacity = match boundary {
            Boundary::Symmetric => blocks.min(
                (VALUES >> levels)
                    .max(BLOCKS)
                    .saturating_add(lag(levels) + 1),
            ),
            Boundary::Periodic => blocks,
        };
        Self {
            levels,
            rows: Polyphase::new(levels, boundary, capacity),
            filled: 0,
            settled: 0,
            first: true,
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

    /// Adds whole blocks of samples, and gives the blocks whose coefficients became final by that,
    /// without gains. After the `last` ones all are.
    #[inline(always)]
    pub(crate) fn analyse(&mut self, samples: &[f32], last: bool) -> Range<usize> {
        self.rows.write(self.filled, samples);
        let front = self.front(samples.len() >> self.levels, last);
        self.rows.analyse(front);
        self.settle(front)
    }

    /// The memory of a band in which coefficients without gains are to be put, before
    /// [`Window::synthesise`].
    #[inline(always)]
    pub(crate) fn vacant(&mut self, band: usize) -> &mut [f32] {
        &mut self.rows.band_mut(band)[self.filled..]
    }

    /// Adds blocks whose coefficients were put into the vacant memory, and gives the blocks whose
    /// samples became final by that. After the `last` ones all are.
    #[inline(always)]
    pub(crate) fn synthesise(&mut self, blocks: usize, last: bool) -> Range<usize> {
        let front = self.front(blocks, last);
        self.rows.synthesise(front);
        self.settle(front)
    }

    /// The coefficients of a band.
    #[inline(always)]
    pub(crate) fn band(&self, band: usize) -> &[f32] {
        self.rows.band(band)
    }

    /// Reads whole blocks of samples from block `at` on.
    #[inline(always)]
    pub(crate) fn read(&mut self, at: usize, samples: &mut [f32]) {
        self.rows.read(at, samples);
    }

    fn front(&self, blocks: usize, last: bool) -> Front {
        Front {
            before: self.filled,
            now: self.filled + blocks,
            first: self.first,
            last,
        }
    }

    fn settle(&mut self, front: Front) -> Range<usize> {
        let settled = self.settled..front.settled(self.levels);
        self.filled = front.now;
        self.settled = settled.end;
        settled
    }
}
