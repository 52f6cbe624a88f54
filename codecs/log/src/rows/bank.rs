//! Hashed contexts of the next byte, each with the history of what followed it.

use codec_entropy::mixing::{
    AdaptiveProbability, EMPTY_SLOT, HistoryStates, Slot, SlotIndex, SlotTable, stretch,
};

/// Multiplier of the hashes (2^64 / golden ratio, odd).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Count at which the probability of a history stops slowing down.
const MAP_LIMIT: u32 = 255;

/// Inputs per context.
pub(super) const INPUTS_PER_CONTEXT: usize = 2;

/// `C` contexts that change at every byte and share a table of bit histories.
///
/// Each gives two inputs: the log odds of an adaptive probability that its history selects
/// (indirect modelling, after Mahoney's PAQ6), and, where the same bit has always followed, a vote
/// for it that grows with the number of times.
#[derive(Clone, Debug)]
pub(super) struct Bank<const C: usize> {
    table: SlotTable,
    states: HistoryStates,
    seen: [u8; 256],
    votes: [i16; 256],
    maps: Box<[[AdaptiveProbability; 256]; C]>,
    hashes: [u64; C],
    indices: [SlotIndex; C],
    slots: [Slot; C],
}

impl<const C: usize> Bank<C> {
    /// A bank with a table of `1 << line_bits` lines of 64 bytes.
    pub(super) fn new(line_bits: u32) -> Self {
        let states = HistoryStates::new();
        let map = std::array::from_fn(|history| {
            AdaptiveProbability::new(states.estimate(history as u8), 6)
        });
        Self {
            table: SlotTable::new(line_bits),
            seen: std::array::from_fn(|history| states.counts(history as u8).iter().sum()),
            votes: std::array::from_fn(|history| vote(states.counts(history as u8))),
            states,
            maps: Box::new([map; C]),
            hashes: [0; C],
            indices: [SlotIndex::default(); C],
            slots: [EMPTY_SLOT; C],
        }
    }

    /// Bytes of memory that a bank takes.
    pub(super) fn memory_bytes(line_bits: u32) -> usize {
        SlotTable::memory_bytes(line_bits) + size_of::<Self>() + C * 1024
    }

    /// Moves to the first nibble of a byte; the result is of no use but to keep reads alive.
    #[inline(always)]
    pub(super) fn begin_byte(&mut self, hashes: &[u64; C]) -> u8 {
        let mut touched = 0;
        for &hash in hashes {
            touched ^= self.table.touch(self.table.line_of(hash));
        }
        self.hashes = *hashes;
        self.move_by(0);
        touched
    }

    /// Moves to the second nibble, the first one being `nibble`.
    #[inline(always)]
    pub(super) fn middle_of_byte(&mut self, nibble: u8) {
        self.move_by((u64::from(nibble) + 1).wrapping_mul(GOLDEN));
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
        let pairs = inputs.chunks_exact_mut(INPUTS_PER_CONTEXT);
        for ((slot, map), pair) in self.slots.iter().zip(self.maps.iter()).zip(pairs) {
            let history = usize::from(slot[node & 15]);
            pair[0] = stretch(map[history].probability());
            pair[1] = self.votes[history];
        }
    }

    /// Learns the bit at `node`.
    #[inline(always)]
    pub(super) fn update(&mut self, node: usize, bit: bool) {
        for (slot, map) in self.slots.iter_mut().zip(self.maps.iter_mut()) {
            let history = &mut slot[node & 15];
            map[usize::from(*history)].update(bit, MAP_LIMIT);
            *history = self.states.next(*history, bit);
        }
    }

    /// Both nibbles of a byte lie in the line of its first hash, so that they cost one cache miss.
    #[inline(always)]
    fn move_by(&mut self, salt: u64) {
        for (index, slot) in self.indices.iter().zip(&self.slots) {
            self.table.store(*index, slot);
        }
        for i in 0..C {
            let line = self.table.line_of(self.hashes[i]);
            let check = (self.hashes[i].wrapping_add(salt) >> 56) as u8;
            self.indices[i] = self.table.load(line, check, &self.seen, &mut self.slots[i]);
        }
    }
}

/// The vote of a history with so many zeros and ones.
fn vote([zeros, ones]: [u8; 2]) -> i16 {
    let strength = |count: u8| 60 + 20 * i16::from(count.min(40));
    match (zeros, ones) {
        (0, 1..) => strength(ones),
        (1.., 0) => -strength(zeros),
        _ => 0,
    }
}
