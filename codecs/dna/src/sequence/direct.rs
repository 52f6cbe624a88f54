//! Contexts of a few bases, each with its own probabilities.

use super::history::{History, mask};
use super::nodes::Cells;

/// Probabilities after each of the 4^k contexts of k bases.
#[derive(Clone, Debug)]
pub(super) struct DirectTable {
    order: u32,
    limit: u32,
    cells: Vec<Cells>,
}

impl DirectTable {
    /// A table for contexts of `order` bases, at most 12; see [`Cells::update`] for `limit`.
    pub(super) fn new(order: u32, limit: u32) -> Self {
        Self {
            order,
            limit,
            cells: vec![Cells::default(); 1 << (2 * order)],
        }
    }

    /// Bytes that a table takes.
    pub(super) fn memory_bytes(order: u32) -> u64 {
        (size_of::<Cells>() as u64) << (2 * order)
    }

    /// Reads from where the base after the next one will look, which brings it into the cache.
    #[inline(always)]
    pub(super) fn touch_next(&self, history: &History) -> u16 {
        let context = history.context(self.order) << 2 & mask(self.order);
        self.cells[context as usize].probability(0)
    }

    /// Reads from where [`learn_mirrored`](Self::learn_mirrored) will write.
    #[inline(always)]
    pub(super) fn touch_mirrored(&self, history: &History) -> u16 {
        self.cells[history.mirrored(self.order) as usize].probability(0)
    }

    /// The cells for the next base.
    #[inline(always)]
    pub(super) fn cells(&self, history: &History) -> &Cells {
        &self.cells[history.context(self.order) as usize]
    }

    /// Learns the base that follows.
    #[inline(always)]
    pub(super) fn learn(&mut self, history: &History, base: u8) {
        let context = history.context(self.order) as usize;
        self.cells[context].update(base, self.limit);
    }

    /// Learns what the last bases say about the other strand.
    #[inline(always)]
    pub(super) fn learn_mirrored(&mut self, history: &History) {
        if let Some(base) = history.mirrored_next(self.order) {
            let context = history.mirrored(self.order) as usize;
            self.cells[context].update(base, self.limit);
        }
    }
}
