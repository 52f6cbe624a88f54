//! Hashed contexts of the next byte: what followed each, as bit histories and as probabilities.

use codec_entropy::mixing::{
    AdaptiveProbability, EMPTY_SLOT, HistoryStates, Slot, SlotIndex, SlotTable, stretch,
};

/// Multiplier of the hashes (2^64 / golden ratio, odd).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Count at which the probability of a history stops slowing down.
const MAP_LIMIT: u32 = 255;

/// Inputs per context.
pub(super) const INPUTS_PER_CONTEXT: usize = 2;

/// `C` contexts that change at every byte and share a table of bit histories and one of
/// probabilities.
#[derive(Clone, Debug)]
pub(super) struct Bank<const C: usize> {
    histories: SlotTable,
    states: HistoryStates,
    seen: [u8; 256],
    maps: Box<[[AdaptiveProbability; 256]; C]>,
    counters: CounterTable,
    hashes: [u64; C],
    indices: [SlotIndex; C],
    slots: [Slot; C],
    groups: [usize; C],
}

impl<const C: usize> Bank<C> {
    /// A bank with `1 << line_bits` lines of 64 bytes in either table.
    pub(super) fn new(line_bits: u32) -> Self {
        let states = HistoryStates::new();
        let map = std::array::from_fn(|history| {
            let history = history as u8;
            AdaptiveProbability::new(states.estimate(history), 6)
        });
        let seen = std::array::from_fn(|history| states.counts(history as u8).iter().sum());
        Self {
            histories: SlotTable::new(line_bits),
            states,
            seen,
            maps: Box::new([map; C]),
            counters: CounterTable::new(line_bits),
            hashes: [0; C],
            indices: [SlotIndex::default(); C],
            slots: [EMPTY_SLOT; C],
            groups: [0; C],
        }
    }

    /// Bytes of memory that a bank takes.
    pub(super) fn memory_bytes(line_bits: u32) -> usize {
        SlotTable::memory_bytes(line_bits) + (64 << line_bits) + size_of::<Self>() + C * 1024
    }

    /// Moves to the first nibble of a byte.
    #[inline(always)]
    pub(super) fn begin_byte(&mut self, hashes: &[u64; C]) -> u32 {
        let mut touched = 0;
        for &hash in hashes {
            touched ^= u32::from(self.histories.touch(self.histories.line_of(hash)));
            touched ^= u32::from(self.counters.touch(hash));
        }
        self.hashes = *hashes;
        self.move_to(|hash| hash);
        touched
    }

    /// Moves to the second nibble, the first one being `nibble`.
    #[inline(always)]
    pub(super) fn middle_of_byte(&mut self, nibble: u8) {
        let salt = (u64::from(nibble) + 1).wrapping_mul(GOLDEN);
        self.move_to(|hash| hash.wrapping_add(salt));
    }

    /// How many contexts have seen anything at the beginning of the current nibble.
    #[inline(always)]
    pub(super) fn known_contexts(&self) -> usize {
        self.slots
            .iter()
            .map(|slot| usize::from(slot[0] != 0))
            .sum()
    }

    /// Writes the inputs for the bit at `node` of the nibble.
    #[inline(always)]
    pub(super) fn predict(&self, node: usize, inputs: &mut [i16]) {
        for (i, pair) in inputs
            .chunks_exact_mut(INPUTS_PER_CONTEXT)
            .take(C)
            .enumerate()
        {
            let history = self.slots[i][node & 15];
            pair[0] = stretch(self.maps[i][usize::from(history)].probability());
            pair[1] = stretch(self.counters.probability(self.groups[i], node));
        }
    }

    /// Learns the bit at `node`.
    #[inline(always)]
    pub(super) fn update(&mut self, node: usize, bit: bool) {
        for i in 0..C {
            let history = &mut self.slots[i][node & 15];
            self.maps[i][usize::from(*history)].update(bit, MAP_LIMIT);
            *history = self.states.next(*history, bit);
            self.counters.update(self.groups[i], node, bit);
        }
    }

    #[inline(always)]
    fn move_to(&mut self, rehash: impl Fn(u64) -> u64) {
        for i in 0..C {
            self.histories.store(self.indices[i], &self.slots[i]);
        }
        for i in 0..C {
            let hash = rehash(self.hashes[i]);
            // The line is the byte's, so that both nibbles cost one cache miss.
            let line = self.histories.line_of(self.hashes[i]);
            let check = (hash >> 56) as u8;
            self.indices[i] = self
                .histories
                .load(line, check, &self.seen, &mut self.slots[i]);
            self.groups[i] = self.counters.find(self.hashes[i], (hash >> 44) as u16);
        }
    }
}

/// Probabilities of the nodes of a nibble, 12 bits each over a count of 4 bits; the first entry is
/// a check.
type Group = [u16; 16];

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct GroupLine([Group; 2]);

/// A hashed table of adaptive probabilities.
#[derive(Clone, Debug)]
struct CounterTable {
    lines: Vec<GroupLine>,
}

const FRESH: Group = {
    let mut group = [1 << 15; 16];
    group[0] = 0;
    group
};

/// 2^16 / (n + 1.5): the share of the error that the observation after n others corrects.
const SHARE: [i32; 16] = {
    let mut table = [0; 16];
    let mut count = 0;
    while count < 16 {
        let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 28][count];
        table[count] = 131_072 / (2 * n + 3);
        count += 1;
    }
    table
};

impl CounterTable {
    fn new(line_bits: u32) -> Self {
        Self {
            lines: vec![GroupLine([FRESH; 2]); 1 << line_bits],
        }
    }

    #[inline(always)]
    fn line_of(&self, hash: u64) -> usize {
        (hash >> 20) as usize & (self.lines.len() - 1)
    }

    #[inline(always)]
    fn touch(&self, hash: u64) -> u16 {
        self.lines[self.line_of(hash)].0[0][0]
    }

    /// The number of the group with this check, emptied if there was none.
    #[inline(always)]
    fn find(&mut self, hash: u64, check: u16) -> usize {
        let line = self.line_of(hash);
        let groups = &mut self.lines[line].0;
        let check = check | 1;
        if groups[0][0] == check {
            return 2 * line;
        }
        if groups[1][0] == check {
            return 2 * line + 1;
        }
        let way = usize::from(groups[1][1] & 15 < groups[0][1] & 15);
        groups[way] = FRESH;
        groups[way][0] = check;
        2 * line + way
    }

    #[inline(always)]
    fn probability(&self, group: usize, node: usize) -> u16 {
        self.lines[group >> 1].0[group & 1][(node + 1) & 15] & 0xFFF0
    }

    #[inline(always)]
    fn update(&mut self, group: usize, node: usize, bit: bool) {
        let cell = &mut self.lines[group >> 1].0[group & 1][(node + 1) & 15];
        let count = *cell & 15;
        let probability = i32::from(*cell >> 4);
        let share = SHARE[usize::from(count)];
        let moved = if bit {
            probability + (((4095 - probability) * share + 0xFFFF) >> 16)
        } else {
            probability - ((probability * share + 0xFFFF) >> 16)
        };
        *cell = (moved as u16) << 4 | (count + u16::from(count < 15));
    }
}
