//! Hashed memory for contexts: one cache line holds what followed a few of them.

use super::history::EMPTY_HISTORY;

/// Inner nodes of a nibble's bit tree. Node 0 is the first bit; node `2n + 1 + b` follows bit `b`
/// at node `n`.
pub const NIBBLE_NODES: usize = 15;

/// Bit histories of the nodes of one nibble after one context, and a check of its hash at the end.
///
/// Sixteen bytes, so that a slot moves in one piece.
pub type Slot = [u8; NIBBLE_NODES + 1];

/// The empty slot of a context with the check 0.
pub const EMPTY_SLOT: Slot = [EMPTY_HISTORY; NIBBLE_NODES + 1];

/// Slots of a line, among which a context may lie.
const WAYS: usize = 4;

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([Slot; WAYS]);

/// Where a slot lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotIndex {
    line: usize,
    way: usize,
}

/// A fixed number of slots, found by hash.
///
/// A context's slot may be any of the four in its line. A slot is taken over when none has the
/// right check; the one whose first node was seen least often goes. Two contexts with the same
/// line and check share a slot, which costs compression, not correctness.
#[derive(Clone, Debug)]
pub struct SlotTable {
    lines: Vec<Line>,
    mask: usize,
}

impl SlotTable {
    /// A table of `1 << line_bits` lines of 64 bytes; `line_bits` is clamped to `0..=24`.
    #[must_use]
    pub fn new(line_bits: u32) -> Self {
        let len = 1 << line_bits.min(24);
        Self {
            lines: vec![Line([EMPTY_SLOT; WAYS]); len],
            mask: len - 1,
        }
    }

    /// Bytes that a table of `1 << line_bits` lines takes.
    #[must_use]
    pub fn memory_bytes(line_bits: u32) -> usize {
        size_of::<Line>() << line_bits.min(24)
    }

    /// The line in which the context with this hash lies.
    #[inline(always)]
    #[must_use]
    pub fn line_of(&self, hash: u64) -> usize {
        (hash >> 24) as usize & self.mask
    }

    /// Reads a byte of a line, which brings it into the cache. Touching several lines before using
    /// any lets the processor fetch them at the same time.
    #[inline(always)]
    #[must_use]
    pub fn touch(&self, line: usize) -> u8 {
        self.lines[line & self.mask].0[0][NIBBLE_NODES]
    }

    /// Finds the slot with this check in a line, or empties one for it, and copies it out.
    ///
    /// `seen` gives how often a node with a certain history was seen.
    #[inline(always)]
    pub fn load(&self, line: usize, check: u8, seen: &[u8; 256], slot: &mut Slot) -> SlotIndex {
        let line = line & self.mask;
        let ways = &self.lines[line].0;
        let differs = |way: usize| u32::from(ways[way][NIBBLE_NODES] != check);
        // Most likely first; the arithmetic keeps the four comparisons free of branches.
        let found = (differs(0) * (1 + differs(1) * (1 + differs(2) * (1 + differs(3))))) as usize;
        if found < WAYS {
            *slot = ways[found];
            return SlotIndex { line, way: found };
        }
        let rank = |way: usize| usize::from(seen[usize::from(ways[way][0])]) * WAYS + way;
        let least = rank(0).min(rank(1)).min(rank(2)).min(rank(3));
        *slot = EMPTY_SLOT;
        slot[NIBBLE_NODES] = check;
        SlotIndex {
            line,
            way: least & (WAYS - 1),
        }
    }

    /// Writes back a slot that was loaded.
    #[inline(always)]
    pub fn store(&mut self, index: SlotIndex, slot: &Slot) {
        let mask = self.mask;
        self.lines[index.line & mask].0[index.way & (WAYS - 1)] = *slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: [u8; 256] = {
        let mut seen = [0; 256];
        let mut i = 0;
        while i < 256 {
            seen[i] = i as u8;
            i += 1;
        }
        seen
    };

    fn load(table: &SlotTable, line: usize, check: u8) -> (SlotIndex, Slot) {
        let mut slot = EMPTY_SLOT;
        let index = table.load(line, check, &SEEN, &mut slot);
        (index, slot)
    }

    #[test]
    fn a_stored_slot_is_found_again() {
        let mut table = SlotTable::new(4);
        for check in 77..81 {
            let (index, mut slot) = load(&table, 5, check);
            assert_eq!(slot[..NIBBLE_NODES], EMPTY_SLOT[..NIBBLE_NODES]);
            slot[..NIBBLE_NODES].fill(check);
            table.store(index, &slot);
        }
        for check in 77..81 {
            let (_, slot) = load(&table, 5, check);
            assert_eq!(slot, [check; 16]);
        }
    }

    #[test]
    fn the_slot_seen_least_is_given_up() {
        let mut table = SlotTable::new(0);
        for (check, count) in [(1, 50), (2, 40), (3, 7), (4, 60), (99, 80)] {
            let (index, mut slot) = load(&table, 0, check);
            slot[0] = count;
            table.store(index, &slot);
        }
        let counts = [1, 2, 3, 4, 99].map(|check| load(&table, 0, check).1[0]);
        assert_eq!(counts, [50, 40, 0, 60, 80]);
    }

    #[test]
    fn any_line_number_is_safe() {
        let mut table = SlotTable::new(2);
        let (index, slot) = load(&table, usize::MAX, 0);
        table.store(index, &slot);
        assert_eq!(table.touch(usize::MAX), 0);
    }
}
