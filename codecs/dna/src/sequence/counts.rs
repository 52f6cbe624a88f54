//! Long contexts, each with four small counts.

use codec_entropy::mixing::{AdaptiveProbability, COUNT_LIMIT, stretch};

use super::history::{History, mask};
use super::nodes::{NODES, second_node};

/// Multiplier of the hashes (2^64 / golden ratio, odd).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Contexts that share a line: those that differ in their last two bases.
const SLOTS: usize = 16;

/// Orders up to this are rarely new, and what follows is open; higher ones repeat what was there.
const LAST_OPEN_ORDER: u32 = 12;

/// Entries of a map from two counts, of 0 to 31, to a probability.
const COUNT_PAIRS: usize = 32 * 32;

/// How often each base followed each context of k bases, in four bits each.
///
/// Counts become probabilities by a map that learns what they are worth at this order. The lines
/// of contexts that share all but their last two bases are together, so that they can be brought
/// into the cache ahead of use. Where there are more contexts than lines, a line belongs to the
/// last one that asked; a check of 16 bits tells whose it is.
#[derive(Clone, Debug)]
pub(super) struct CountTable {
    order: u32,
    lines: Vec<Line>,
    /// Empty where every context has a line of its own.
    checks: Vec<u16>,
    maps: Box<[[AdaptiveProbability; COUNT_PAIRS]; NODES]>,
}

/// The counts of 16 contexts.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Line([u16; SLOTS]);

/// The four counts of one context, as found before a base.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts(u16);

impl Counts {
    #[inline(always)]
    fn of(self, base: usize) -> usize {
        usize::from(self.0 >> (4 * base) & 15)
    }

    /// How often the context was seen, as far as it is remembered.
    #[inline(always)]
    pub(super) fn total(self) -> usize {
        self.of(0) + self.of(1) + self.of(2) + self.of(3)
    }

    /// Counts of a clear and of a set bit at `node`.
    #[inline(always)]
    fn at(self, node: usize) -> [usize; 2] {
        match node {
            0 => [self.of(0) + self.of(1), self.of(2) + self.of(3)],
            1 => [self.of(0), self.of(1)],
            _ => [self.of(2), self.of(3)],
        }
    }

    #[inline(always)]
    fn plus(self, base: u8) -> Self {
        let shift = 4 * u32::from(base);
        let full = self.0 >> shift & 15 == 15;
        let halved = if full { self.0 >> 1 & 0x7777 } else { self.0 };
        Self(halved + (1 << shift))
    }
}

impl CountTable {
    /// A table for contexts of `order` bases (2 to 31), with at most `1 << line_bits` lines of 32
    /// bytes.
    pub(super) fn new(order: u32, line_bits: u32) -> Self {
        let is_hashed = 2 * (order - 2) > line_bits;
        let lines = 1 << line_bits.min(2 * (order - 2));
        Self {
            order,
            lines: vec![Line::default(); lines],
            checks: vec![0; if is_hashed { lines } else { 0 }],
            maps: Box::new([initial_map(order); NODES]),
        }
    }

    /// Bytes that a table takes.
    pub(super) fn memory_bytes(order: u32, line_bits: u32) -> u64 {
        let lines = 1u64 << line_bits.min(2 * (order - 2));
        lines * (size_of::<Line>() as u64 + 2)
    }

    /// Reads from where the base after the next two will look, which brings it into the cache.
    #[inline(always)]
    pub(super) fn touch_next(&self, history: &History) -> u16 {
        self.lines[self.line_of(history.context(self.order - 2))].0[0]
    }

    /// Reads from where [`learn_mirrored`](Self::learn_mirrored) will write.
    #[inline(always)]
    pub(super) fn touch_mirrored(&self, history: &History) -> u16 {
        self.lines[self.line_of(history.mirrored(self.order) >> 4)].0[0]
    }

    /// The counts for the next base.
    #[inline(always)]
    pub(super) fn counts(&self, history: &History) -> Counts {
        let context = history.context(self.order);
        let line = self.line_of(context >> 4);
        if self
            .checks
            .get(line)
            .is_some_and(|check| *check != check_of(context >> 4))
        {
            return Counts::default();
        }
        Counts(self.lines[line].0[context as usize & (SLOTS - 1)])
    }

    /// Log odds of a set bit at `node`; 0 where nothing is known.
    #[inline(always)]
    pub(super) fn logit(&self, counts: Counts, node: usize) -> i16 {
        let [clear, set] = counts.at(node);
        if clear + set == 0 {
            return 0;
        }
        stretch(self.maps[node][clear << 5 | set].probability())
    }

    /// Learns the base that followed, where `counts` were found before it.
    #[inline(always)]
    pub(super) fn learn(&mut self, history: &History, counts: Counts, base: u8) {
        let high = base >> 1 == 1;
        for (node, bit) in [(0, high), (second_node(high), base & 1 == 1)] {
            let [clear, set] = counts.at(node);
            if clear + set > 0 {
                self.maps[node][clear << 5 | set].update(bit, COUNT_LIMIT);
            }
        }
        self.count(history.context(self.order), base);
    }

    /// Learns what the last bases say about the other strand.
    #[inline(always)]
    pub(super) fn learn_mirrored(&mut self, history: &History) {
        if let Some(base) = history.mirrored_next(self.order) {
            self.count(history.mirrored(self.order), base);
        }
    }

    #[inline(always)]
    fn count(&mut self, context: u64, base: u8) {
        let line = self.line_of(context >> 4);
        if let Some(check) = self.checks.get_mut(line) {
            let ours = check_of(context >> 4);
            if *check != ours {
                *check = ours;
                self.lines[line] = Line::default();
            }
        }
        let slot = &mut self.lines[line].0[context as usize & (SLOTS - 1)];
        *slot = Counts(*slot).plus(base).0;
    }

    #[inline(always)]
    fn line_of(&self, prefix: u64) -> usize {
        if self.checks.is_empty() {
            return (prefix & mask(self.order - 2)) as usize;
        }
        (prefix.wrapping_mul(GOLDEN) >> 32) as usize & (self.lines.len() - 1)
    }
}

/// Sixteen bits of the hash that do not choose the line; never 0, which empty lines have.
#[inline(always)]
fn check_of(prefix: u64) -> u16 {
    (prefix.wrapping_mul(GOLDEN) >> 16) as u16 | 1
}

/// The estimate (set + a) / (clear + set + 2a), with little weight: a is 0.4 for contexts whose
/// continuation is open, and 0.06 for long ones, after which the same comes again.
fn initial_map(order: u32) -> [AdaptiveProbability; COUNT_PAIRS] {
    let a = if order <= LAST_OPEN_ORDER { 20 } else { 3 };
    std::array::from_fn(|pair| {
        let (clear, set) = ((pair >> 5) as u32, (pair & 31) as u32);
        let estimate = 65_535 * (50 * set + a) / (50 * (clear + set) + 2 * a);
        AdaptiveProbability::new(estimate as u16, 6)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_a_context_are_found_again_in_tables_of_any_size() {
        for line_bits in [4, 8, 20] {
            let mut table = CountTable::new(8, line_bits);
            let mut history = History::default();
            for base in [0, 1, 2, 3, 3, 2, 1, 0] {
                history.push(base);
            }
            for base in [2, 2, 1] {
                let counts = table.counts(&history);
                table.learn(&history, counts, base);
            }
            let counts = table.counts(&history);
            assert_eq!((counts.of(1), counts.of(2), counts.total()), (1, 2, 3));
            assert!(table.logit(counts, 0) > 0 || line_bits == 0);
        }
    }

    #[test]
    fn full_counts_are_halved() {
        let counts = (0..15).fold(Counts(0x0020), |counts, _| counts.plus(0));
        assert_eq!(counts.0, 0x002F);
        assert_eq!(counts.plus(0).0, 0x0018);
    }
}
