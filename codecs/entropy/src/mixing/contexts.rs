//! A set of hashed contexts, each predicting the next bit from the history it has seen.

use super::history::HistoryStates;
use super::logistic::stretch;
use super::slots::{EMPTY_SLOT, Slot, SlotIndex, SlotTable};

/// Multiplier of the hashes (2^64 / golden ratio, odd).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// `C` contexts that change at every byte and share one slot table.
///
/// A context's bit history selects an adaptive probability (indirect modelling, after Mahoney's
/// PAQ6 and ZPAQ's ICM), whose log odds are one mixer input. Bytes are coded as two nibbles. The
/// second nibble's slot lies in the same cache line as the first one's for contexts marked as
/// *narrow*, which few different bytes follow, so that a byte costs one cache miss; other contexts
/// hash the first nibble in.
#[derive(Clone, Debug)]
pub struct ContextSet<const C: usize> {
    table: SlotTable,
    states: HistoryStates,
    /// How often a node with a certain history was seen.
    seen: [u8; 256],
    /// Probability of a set bit after each history, by context.
    maps: Box<[[u16; 256]; C]>,
    hashes: [u64; C],
    indices: [SlotIndex; C],
    slots: [Slot; C],
    narrow: [bool; C],
}

impl<const C: usize> ContextSet<C> {
    /// A set with a table of `1 << line_bits` lines of 64 bytes. `narrow` says which contexts are
    /// usually followed by one or two different bytes.
    #[must_use]
    pub fn new(line_bits: u32, narrow: [bool; C]) -> Self {
        let states = HistoryStates::new();
        let estimates = std::array::from_fn(|history| states.estimate(history as u8));
        let seen = std::array::from_fn(|history| states.counts(history as u8).iter().sum());
        Self {
            table: SlotTable::new(line_bits),
            states,
            seen,
            maps: Box::new([estimates; C]),
            hashes: [0; C],
            indices: [SlotIndex::default(); C],
            slots: [EMPTY_SLOT; C],
            narrow,
        }
    }

    /// Reads from the lines of a byte's contexts, which brings them into the cache at the same time.
    /// Worth calling a little before [`begin_byte`](Self::begin_byte) with the same hashes.
    #[inline(always)]
    pub fn touch(&self, hashes: &[u64; C]) -> u8 {
        let mut touched = 0;
        for hash in hashes {
            touched ^= self.table.touch(self.table.line_of(*hash));
        }
        touched
    }

    /// Moves to the first nibble of a byte. The hashes should differ between contexts.
    #[inline(always)]
    pub fn begin_byte(&mut self, hashes: &[u64; C]) {
        self.hashes = *hashes;
        self.store();
        for (i, &hash) in hashes.iter().enumerate() {
            let line = self.table.line_of(hash);
            let check = (hash >> 56) as u8;
            self.indices[i] = self.table.load(line, check, &self.seen, &mut self.slots[i]);
        }
    }

    /// How many contexts have seen anything at the beginning of the current nibble.
    #[inline(always)]
    #[must_use]
    pub fn known_contexts(&self) -> usize {
        self.slots
            .iter()
            .map(|slot| usize::from(slot[0] != 0))
            .sum()
    }

    /// Moves to the second nibble, the first one being `nibble`.
    #[inline(always)]
    pub fn middle_of_byte(&mut self, nibble: u8) {
        self.store();
        let salt = (u64::from(nibble) + 1).wrapping_mul(GOLDEN);
        for i in 0..C {
            let hash = self.hashes[i];
            let other = hash.wrapping_add(salt);
            let check = (other >> 56) as u8;
            let line = self
                .table
                .line_of(if self.narrow[i] { hash } else { other });
            self.indices[i] = self.table.load(line, check, &self.seen, &mut self.slots[i]);
        }
    }

    /// Writes the log odds at `node` of the nibble into the first `C` inputs.
    #[inline(always)]
    pub fn predict<const N: usize>(&self, node: usize, inputs: &mut [i16; N]) {
        const { assert!(C <= N) };
        for (i, input) in inputs.iter_mut().enumerate().take(C) {
            let history = self.slots[i][node & 15];
            *input = stretch(self.maps[i][usize::from(history)]);
        }
    }

    /// Learns the bit at `node`: the probabilities move by `2^-rate` of their error.
    #[inline(always)]
    pub fn update(&mut self, node: usize, bit: bool, rate: u32) {
        // Rounding away from the middle lets a probability reach both ends.
        let target = -i32::from(bit) & (65_535 + (1 << rate) - 1);
        for i in 0..C {
            let history = &mut self.slots[i][node & 15];
            let probability = &mut self.maps[i][usize::from(*history)];
            let error = target - i32::from(*probability);
            *probability = (i32::from(*probability) + (error >> rate)) as u16;
            *history = self.states.next(*history, bit);
        }
    }

    #[inline(always)]
    fn store(&mut self) {
        for i in 0..C {
            self.table.store(self.indices[i], &self.slots[i]);
        }
    }
}

/// A hash for [`ContextSet::begin_byte`] of up to 64 bits of context; `salt` keeps different kinds
/// of contexts apart.
#[inline(always)]
#[must_use]
pub fn context_hash(context: u64, salt: u32) -> u64 {
    let mixed = (context ^ (u64::from(salt) << 57)).wrapping_mul(GOLDEN);
    (mixed ^ (mixed >> 32) ^ u64::from(salt)).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_which_byte_follows_a_context() {
        let mut set = ContextSet::<1>::new(6, [true]);
        let mut inputs = [0i16; 1];
        let mut right = 0;
        for round in 0..20 {
            for byte in [0x41u8, 0x92] {
                set.begin_byte(&[context_hash(u64::from(byte), 1)]);
                let mut node = 0;
                for k in (0..8).rev() {
                    if k == 3 {
                        set.middle_of_byte(byte >> 4);
                        node = 0;
                    }
                    let bit = byte >> k & 1 == 1;
                    set.predict(node, &mut inputs);
                    right += usize::from(round > 9 && (inputs[0] > 500) == bit);
                    set.update(node, bit, 5);
                    node = 2 * node + 1 + usize::from(bit);
                }
            }
        }
        assert_eq!(right, 10 * 2 * 8);
    }

    #[test]
    fn hashes_of_neighbouring_contexts_differ_in_line_and_check() {
        let hashes: Vec<u64> = (0..256).map(|context| context_hash(context, 3)).collect();
        let lines: std::collections::HashSet<u64> =
            hashes.iter().map(|hash| hash >> 24 & 0xFFFF).collect();
        assert!(lines.len() > 250);
    }
}
