//! Repeats: pointers to where the last bases stood before, on either strand.
//!
//! Each pointer follows its copy through substitutions and says which base comes next there. How
//! much that is worth is learned by how it fared (after the expert model XM: Cao, Dix, Allison and
//! Mears, "A simple statistical algorithm for biological sequence compression", 2007; weights by
//! track record instead of Bayesian averaging, and mixed with contexts).

use codec_entropy::mixing::{AdaptiveProbability, stretch};

use super::history::History;

/// Multiplier of the hashes (2^64 / golden ratio, odd).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A pointer is dropped when more of its last 16 bases than this differed.
const MOST_MISSES: u32 = 8;

/// Grades of a pointer's record, the best being 0, and the grade of none.
pub(super) const GRADES: usize = 16;
const NO_POINTER: usize = GRADES - 1;

/// Bases matched in a row are told apart below this.
const RUNS: usize = 32;
/// Misses in the last 16 bases, as a pointer that is kept can have.
const MISSES: usize = 20;
/// Misses in the 16 bases before, told apart below this.
const OLDER_MISSES: usize = 4;

const RECORDS: usize = RUNS * MISSES * OLDER_MISSES;

/// A copy of the last bases, followed base by base.
#[derive(Clone, Copy, Debug)]
struct Pointer {
    /// Where the predicted base stands.
    at: usize,
    /// The copy is on the other strand and followed backwards.
    is_inverted: bool,
    /// A set bit for each of the last 32 bases that differed, the last one lowest.
    misses: u32,
    run: u32,
}

impl Pointer {
    #[inline(always)]
    fn recent_misses(self) -> u32 {
        (self.misses & 0xFFFF).count_ones()
    }

    #[inline(always)]
    fn record(self) -> usize {
        let run = (self.run as usize).min(RUNS - 1);
        let older = ((self.misses >> 16).count_ones() as usize).min(OLDER_MISSES - 1);
        (run * MISSES + self.recent_misses() as usize) * OLDER_MISSES + older
    }

    /// Smaller is better.
    #[inline(always)]
    fn rank(self) -> u32 {
        self.recent_misses() << 6 | (RUNS as u32 - self.run.min(RUNS as u32 - 1))
    }

    #[inline(always)]
    fn grade(self) -> usize {
        match (self.recent_misses() as usize, self.run) {
            (0, 32..) => 0,
            (0, 20..) => 1,
            (0, 16..) => 2,
            (0, _) => 3,
            (misses, _) => (3 + misses).min(NO_POINTER - 1),
        }
    }

    /// The base that the copy has next, if it goes on.
    #[inline(always)]
    fn predicted(self, bases: &[u8]) -> Option<u8> {
        let base = *bases.get(self.at)?;
        Some(if self.is_inverted { 3 - base } else { base })
    }
}

/// Up to `P` pointers, the best first.
#[derive(Clone, Debug)]
pub(super) struct Repeats<const P: usize> {
    pointers: Vec<Pointer>,
    predictions: [u8; P],
    seeds: Vec<Seeds>,
    /// One less than the power of two of bases between lookups.
    stride_mask: usize,
    /// How often pointers of a record were right: the best one, and the others.
    records: Box<[[[AdaptiveProbability; 2]; RECORDS]; 2]>,
}

/// Where each run of some bases was seen last.
#[derive(Clone, Debug)]
struct Seeds {
    len: u32,
    /// Hashes of the last runs, and of the same on the other strand, not looked up yet.
    delayed: [[u64; 2]; SEED_DELAY],
    /// The end of the run, or 0, below bits of its hash.
    ends: Vec<u64>,
}

/// Bases between having a run and looking it up: its place in memory is fetched meanwhile.
const SEED_DELAY: usize = 4;

/// Bits of an end: sequences stay far shorter.
const END_BITS: u32 = 40;

impl Seeds {
    #[inline(always)]
    fn hash(&self, context: u64) -> u64 {
        context.wrapping_mul(GOLDEN)
    }

    #[inline(always)]
    fn slot(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.ends.len() - 1)
    }

    /// The end of the last run with that hash.
    #[inline(always)]
    fn find(&self, hash: u64) -> Option<usize> {
        let entry = self.ends[self.slot(hash)];
        // The low bits of the hash did not choose the slot.
        let is_ours = entry != 0 && entry >> END_BITS == hash & CHECK;
        is_ours.then_some((entry & END_MASK) as usize)
    }

    /// Reads from where a run will be looked up, which brings it into the cache.
    #[inline(always)]
    fn touch(&self, hash: u64) -> u64 {
        self.ends[self.slot(hash)]
    }

    #[inline(always)]
    fn put(&mut self, hash: u64, end: usize) {
        let slot = self.slot(hash);
        self.ends[slot] = (hash & CHECK) << END_BITS | (end as u64 & END_MASK);
    }
}

const END_MASK: u64 = (1 << END_BITS) - 1;
const CHECK: u64 = (1 << (64 - END_BITS)) - 1;

impl<const P: usize> Repeats<P> {
    /// No pointers yet; they start where `lens` bases are repeated. Tables have `1 << bits` entries
    /// of 8 bytes for each of `lens`,
    /// and are asked after every `stride` bases, a power of two.
    pub(super) fn new(lens: &[u32], bits: u32, stride: usize) -> Self {
        let records = std::array::from_fn(|_| initial_records());
        Self {
            pointers: Vec::with_capacity(P),
            predictions: [0; P],
            stride_mask: stride.next_power_of_two() - 1,
            seeds: lens
                .iter()
                .map(|&len| Seeds {
                    len,
                    delayed: [[0; 2]; SEED_DELAY],
                    ends: vec![0; 1 << bits],
                })
                .collect(),
            records: Box::new(records),
        }
    }

    /// Bytes that so many tables of `1 << bits` entries take.
    pub(super) fn memory_bytes(lens: &[u32], bits: u32) -> u64 {
        (lens.len() as u64) << (bits + 3)
    }

    /// Grades of the two best pointers, and whether they predict the same.
    #[inline(always)]
    pub(super) fn standing(&self) -> (usize, usize, bool) {
        let grade = |rank: usize| self.pointers.get(rank).map_or(NO_POINTER, |p| p.grade());
        let agree = self.pointers.len() > 1 && self.predictions[0] == self.predictions[1];
        (grade(0), grade(1), agree)
    }

    /// Writes log odds of a set bit at a node, one for each pointer that can tell, and then their
    /// sum. `high` is the high bit, once it is known.
    #[inline(always)]
    pub(super) fn predict(&self, high: Option<bool>, inputs: &mut [i16]) {
        let mut sum = 0;
        for (rank, pointer) in self.pointers.iter().enumerate() {
            if let Some(bit) = bit_of(self.predictions[rank], high) {
                let cell = self.records[usize::from(rank > 0)][pointer.record()];
                let logit = stretch(cell[usize::from(high.is_some())].probability());
                let logit = if bit { logit } else { -logit };
                inputs[rank] = logit;
                sum += i32::from(logit);
            }
        }
        inputs[P] = sum.clamp(-2047, 2047) as i16;
    }

    /// Learns the base that follows `bases`, of which `history` has the last, and looks for new
    /// pointers: `bases` with it are `seen`.
    pub(super) fn learn(&mut self, base: u8, seen: &[u8], history: &History) {
        if !self.pointers.is_empty() {
            self.follow(base, seen);
        }
        for which in 0..self.seeds.len() {
            self.seed(which, seen, history);
        }
        if !self.pointers.is_empty() {
            self.rank(seen);
        }
    }

    /// Moves pointers on and drops those that have lost their copy.
    fn follow(&mut self, base: u8, seen: &[u8]) {
        for (rank, pointer) in self.pointers.iter_mut().enumerate() {
            let prediction = self.predictions[rank];
            let cell = &mut self.records[usize::from(rank > 0)][pointer.record()];
            let high = base >> 1;
            cell[0].update(prediction >> 1 == high, 255);
            if prediction >> 1 == high {
                cell[1].update(prediction == base, 255);
            }
            let missed = prediction != base;
            pointer.run = if missed {
                0
            } else {
                pointer.run.saturating_add(1)
            };
            pointer.misses = pointer.misses << 1 | u32::from(missed);
            // Past either end it predicts nothing and is dropped.
            pointer.at = if pointer.is_inverted {
                pointer.at.wrapping_sub(1)
            } else {
                pointer.at + 1
            };
        }
        self.pointers.retain(|pointer| {
            pointer.recent_misses() <= MOST_MISSES && pointer.predicted(seen).is_some()
        });
    }

    /// Takes up copies of the last bases, and remembers where these are.
    #[inline(always)]
    fn seed(&mut self, which: usize, seen: &[u8], history: &History) {
        let seeds = &mut self.seeds[which];
        let len = seeds.len;
        let now = [history.context(len), history.mirrored(len)].map(|run| seeds.hash(run));
        let turn = seen.len() % SEED_DELAY;
        let [hash, mirrored] = std::mem::replace(&mut seeds.delayed[turn], now);
        let Some(end) = seen.len().checked_sub(SEED_DELAY) else {
            return;
        };
        if end < len as usize {
            return;
        }
        if seen.len() & self.stride_mask == 0 {
            std::hint::black_box(seeds.touch(now[0]) ^ seeds.touch(now[1]));
        }
        if end & self.stride_mask == 0 && self.pointers.len() < P {
            if let Some(copy) = self.seeds[which].find(hash) {
                self.start(seen, copy + SEED_DELAY, len as usize);
            }
            if self.pointers.len() < P
                && let Some(copy) = self.seeds[which].find(mirrored)
            {
                self.start_inverted(seen, copy, len as usize);
            }
        }
        self.seeds[which].put(hash, end);
    }

    fn start(&mut self, seen: &[u8], end: usize, len: usize) {
        let (Some(copy), Some(last)) = (
            seen.get(end.saturating_sub(len)..end),
            seen.get(seen.len().saturating_sub(len)..),
        ) else {
            return;
        };
        let is_new = self.pointers.iter().all(|p| p.is_inverted || p.at != end);
        if copy == last && end < seen.len() && is_new {
            self.push(end, false, len);
        }
    }

    fn start_inverted(&mut self, seen: &[u8], end: usize, len: usize) {
        // The copy is read backwards from its end; what comes next stands before what followed.
        let Some(at) = end.checked_sub(len + SEED_DELAY + 1) else {
            return;
        };
        let (Some(copy), Some(last)) = (
            seen.get(at + 1..=at + len),
            seen.get(seen.len().saturating_sub(len)..),
        ) else {
            return;
        };
        let is_copy = copy
            .iter()
            .zip(last.iter().rev())
            .all(|(a, b)| *a == 3 - *b);
        let is_new = self.pointers.iter().all(|p| !p.is_inverted || p.at != at);
        if is_copy && is_new {
            self.push(at, true, len);
        }
    }

    fn push(&mut self, at: usize, is_inverted: bool, len: usize) {
        self.pointers.push(Pointer {
            at,
            is_inverted,
            misses: 0,
            run: len as u32,
        });
    }

    /// Puts the best pointer first; among equals the older one stays ahead.
    fn rank(&mut self, seen: &[u8]) {
        self.pointers.sort_by_key(|pointer| pointer.rank());
        for (prediction, pointer) in self.predictions.iter_mut().zip(&self.pointers) {
            *prediction = pointer.predicted(seen).unwrap_or(0);
        }
    }
}

/// The bit that a base has at the node reached, if it is on the way there.
#[inline(always)]
fn bit_of(base: u8, high: Option<bool>) -> Option<bool> {
    match high {
        None => Some(base >> 1 == 1),
        Some(high) => (high == (base >> 1 == 1)).then_some(base & 1 == 1),
    }
}

/// The share of bases that were right lately, with a little trust for long runs.
fn initial_records() -> [[AdaptiveProbability; 2]; RECORDS] {
    std::array::from_fn(|record| {
        let misses = (record / OLDER_MISSES % MISSES) as u32;
        let run = (record / OLDER_MISSES / MISSES) as u32;
        let right = (65_535 - 3_641 * misses.min(16) - 1_820).clamp(19_660, 58_981 + 196 * run);
        [AdaptiveProbability::new(right as u16, 4); 2]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(len: usize) -> Vec<u8> {
        let mut state = 7u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 60) as u8 & 3
        };
        (0..len).map(|_| next()).collect()
    }

    /// Shares of the bases after the first `from` that the best pointer told.
    fn told(bases: &[u8], from: usize) -> f64 {
        let mut repeats = <Repeats<4>>::new(&[12, 20], 12, 1);
        let mut history = History::default();
        let mut right = 0;
        for (i, &base) in bases.iter().enumerate() {
            if i >= from && !repeats.pointers.is_empty() && repeats.predictions[0] == base {
                right += 1;
            }
            history.push(base);
            repeats.learn(base, &bases[..=i], &history);
        }
        f64::from(right) / (bases.len() - from) as f64
    }

    #[test]
    fn a_copy_is_followed_through_substitutions() {
        let first = bases(400);
        let mut copy = first.clone();
        for at in (50..400).step_by(40) {
            copy[at] = (copy[at] + 1) & 3;
        }
        assert!(told(&[first, copy].concat(), 416) > 0.97);
    }

    #[test]
    fn a_copy_on_the_other_strand_is_followed_backwards() {
        let first = bases(400);
        let inverted: Vec<u8> = first.iter().rev().map(|base| 3 - base).collect();
        assert!(told(&[first, inverted].concat(), 417) > 0.99);
    }

    #[test]
    fn what_does_not_repeat_is_hardly_followed() {
        assert!(told(&bases(2_000), 0) < 0.05);
    }
}
