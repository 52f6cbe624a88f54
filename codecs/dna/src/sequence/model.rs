//! The mixed model of bases: contexts, reading frames and repeats, weighed bit by bit.

use codec_entropy::mixing::{
    Apm, BitCoder, COARSE_UNITS_PER_BIT, COUNT_LIMIT, FineMixer, coarse_cost, squash, stretch,
};

use super::counts::{CountTable, Counts};
use super::direct::DirectTable;
use super::frames::{CONFIDENCES, PLACES, ReadingFrames};
use super::history::History;
use super::nodes::{NODES, code_base};
use super::repeats::{GRADES, Repeats};

/// Bases between seeing something and learning it for the other strand: its place in memory is
/// fetched meanwhile.
const MIRROR_DELAY: usize = 8;

/// The most count tables a plan may have.
const MOST_COUNTS: usize = 8;

/// Predicts bases and learns them.
pub(super) trait BaseModel {
    /// Codes the base that follows `seen`, learns it, and puts it there. A decoder does not look at
    /// `base`. One path serves encoding, decoding and training, so that they cannot differ.
    fn code<C: BitCoder>(&mut self, coder: &mut C, base: u8, seen: &mut Vec<u8>);
}

/// Which parts a model has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Orders of direct contexts.
    pub(super) direct: &'static [u32],
    /// Orders of counted contexts, the first two of which choose weights.
    pub(super) counts: &'static [u32],
    /// Orders of contexts by reading frame.
    pub(super) frames: &'static [u32],
    /// Lengths of repeats that start a pointer.
    pub(super) seeds: &'static [u32],
    /// A repeat is looked for after every so many bases.
    pub(super) seed_stride: usize,
    /// log2 of the most lines of a count table.
    pub(super) line_bits: u32,
    /// log2 of the most entries of a seed table.
    pub(super) seed_bits: u32,
    /// Where the rate of learning ends up; see [`FineMixer::learn`].
    pub(super) rate: i32,
}

/// The most sets of weights, each with its own context; a model has the first of them.
const MOST_SETS: usize = 5;

/// Levels of the recent cost of bases.
const COSTS: usize = 16;

/// Rows of each set for one node.
const ROWS: [usize; MOST_SETS] = [PLACES * CONFIDENCES, STANDINGS, 16 * 16, COSTS * GRADES, 1];

/// Log odds that the bias input has.
pub(super) const BIAS: i16 = 256;

/// Weights at the beginning, in 256ths.
pub(super) const FIRST_WEIGHT: i32 = 40;
/// Rate at which the shares of sets are learned.
const BLEND_RATE: u16 = 128;
/// What is added to the rate of learning at the beginning, and the bases after which it is half.
const EARLY_RATE: u64 = 800;
const EARLY_BASES: u64 = 1_000;

/// Bases before the next one that the last correction looks at.
const CORRECTION_ORDER: u32 = 8;

/// Probabilities stay this far from certainty, of 65536.
const MARGIN: i32 = 32;

/// Predicts bases from `N` inputs, of which up to `P` are pointers to repeats, by `S` sets of weights.
#[derive(Clone, Debug)]
pub(super) struct Model<const N: usize, const P: usize, const S: usize> {
    direct: Vec<DirectTable>,
    counts: Vec<CountTable>,
    frames: ReadingFrames,
    frame_inputs: usize,
    repeats: Repeats<P>,
    mixer: FineMixer<N, S>,
    by_standing: Apm,
    by_context: Apm,
    history: History,
    /// The last moments, to be learned for the other strand.
    delayed: [History; MIRROR_DELAY],
    /// Running cost of a base, in units of [`coarse_cost`] times the bases averaged over.
    recent_cost: u32,
    rate: i32,
}

impl Plan {
    /// Bytes that a model takes for `len` bases.
    pub(super) fn memory_bytes(&self, len: usize) -> u64 {
        let direct = self.direct.iter().map(|k| DirectTable::memory_bytes(*k));
        let counts = self.counts.iter();
        let counts = counts.map(|k| CountTable::memory_bytes(*k, self.line_bits_for(len)));
        let frames = self.frames.iter().map(|k| ReadingFrames::memory_bytes(*k));
        let seeds = <Repeats<1>>::memory_bytes(self.seeds, self.seed_bits_for(len));
        let mixing = 18 << 20;
        direct.sum::<u64>() + counts.sum::<u64>() + frames.sum::<u64>() + seeds + mixing
    }

    /// A line for each two bases: the other strand counts too, and many contexts share one.
    fn line_bits_for(&self, len: usize) -> u32 {
        self.line_bits.min(len.max(1 << 10).ilog2())
    }

    fn seed_bits_for(&self, len: usize) -> u32 {
        self.seed_bits.min(len.max(1 << 10).ilog2() + 1)
    }
}

/// What is known of the pointers to repeats, in all.
const STANDINGS: usize = GRADES * GRADES * 2;

/// How slowly the corrections learn, as shifts.
const STANDING_SHIFT: u32 = 7;
const CONTEXT_SHIFT: u32 = 6;

/// log2 of the bases that the recent cost averages over.
const COST_DECAY: u32 = 4;

/// What is added to the rate of learning after so many bases.
#[inline(always)]
pub(super) fn early_rate(len: u64) -> i32 {
    if len > EARLY_RATE * EARLY_BASES {
        return 0;
    }
    (EARLY_RATE * EARLY_BASES / (EARLY_BASES + len)) as i32
}

/// What is known before a base is coded.
struct Moment {
    counts: [Counts; MOST_COUNTS],
    rows: [usize; MOST_SETS],
    standing: usize,
}

impl<const N: usize, const P: usize, const S: usize> Model<N, P, S> {
    /// A model that has seen nothing, with tables for `len` bases.
    pub(super) fn new(plan: &Plan, len: usize) -> Self {
        let inputs = plan.direct.len() + plan.counts.len() + plan.frames.len() + P + 2;
        debug_assert!(inputs <= N && plan.counts.len() <= MOST_COUNTS);
        let direct = |order: &u32| DirectTable::new(*order, COUNT_LIMIT);
        let counted = |order: &u32| CountTable::new(*order, plan.line_bits_for(len));
        Self {
            direct: plan.direct.iter().map(direct).collect(),
            counts: plan.counts.iter().map(counted).collect(),
            frames: ReadingFrames::new(plan.frames, COUNT_LIMIT),
            frame_inputs: plan.frames.len(),
            repeats: Repeats::new(plan.seeds, plan.seed_bits_for(len), plan.seed_stride),
            mixer: FineMixer::new(
                std::array::from_fn(|set| ROWS[set] * NODES),
                NODES,
                FIRST_WEIGHT,
                BLEND_RATE,
            ),
            by_standing: Apm::new(STANDINGS * NODES),
            by_context: Apm::new(NODES << (2 * CORRECTION_ORDER)),
            history: History::default(),
            delayed: [History::default(); MIRROR_DELAY],
            recent_cost: (2 * COARSE_UNITS_PER_BIT) << COST_DECAY,
            rate: plan.rate,
        }
    }

    /// Looks everything up that depends on the bases before.
    #[inline(always)]
    fn moment(&self) -> Moment {
        let mut counts = [Counts::default(); MOST_COUNTS];
        for (found, table) in counts.iter_mut().zip(&self.counts) {
            *found = table.counts(&self.history);
        }
        let (best, second, agree) = self.repeats.standing();
        let standing = (best * GRADES + second) * 2 + usize::from(agree);
        let cost =
            (self.recent_cost >> COST_DECAY) as usize * COSTS / (4 * COARSE_UNITS_PER_BIT as usize);
        let place = self.frames.place();
        Moment {
            counts,
            rows: [
                place * CONFIDENCES + self.frames.confidence(),
                standing,
                counts[0].total().min(15) * 16 + counts[1].total().min(15),
                cost.min(COSTS - 1) * GRADES + best,
                0,
            ],
            standing,
        }
    }

    /// The log odds of a set bit by every part.
    #[inline(always)]
    fn gather(&self, moment: &Moment, node: usize, high: Option<bool>, inputs: &mut [i16; N]) {
        let mut at = 0;
        for table in &self.direct {
            inputs[at] = stretch(table.cells(&self.history).probability(node));
            at += 1;
        }
        for (table, counts) in self.counts.iter().zip(moment.counts) {
            inputs[at] = table.logit(counts, node);
            at += 1;
        }
        self.frames
            .predict(&self.history, node, &mut inputs[at..at + self.frame_inputs]);
        at += self.frame_inputs;
        self.repeats.predict(high, &mut inputs[at..=at + P]);
        inputs[at + P + 1] = BIAS;
    }

    /// The probability of a set bit, of 65536.
    #[inline(always)]
    fn predict(&mut self, moment: &Moment, node: usize, inputs: &[i16; N]) -> u16 {
        let rows: [usize; S] = std::array::from_fn(|set| moment.rows[set] + node * ROWS[set]);
        let logit = self.mixer.mix(inputs, rows, node);
        let mixed = i32::from(squash(logit));
        let by_standing = self
            .by_standing
            .refine(logit, node * STANDINGS + moment.standing);
        let context = self.history.context(CORRECTION_ORDER) as usize;
        let by_context = self
            .by_context
            .refine(logit, node << (2 * CORRECTION_ORDER) | context);
        let probability = (2 * mixed + by_standing + by_context + 2) >> 2;
        probability.clamp(MARGIN, 65_536 - MARGIN) as u16
    }

    /// Learns a base, which `seen` ends with.
    #[inline(always)]
    fn learn(&mut self, moment: &Moment, base: u8, seen: &[u8]) {
        for table in &mut self.direct {
            table.learn(&self.history, base);
        }
        for (table, counts) in self.counts.iter_mut().zip(moment.counts) {
            table.learn(&self.history, counts, base);
        }
        self.frames.learn(&self.history, base);
        let turn = self.history.len() as usize % MIRROR_DELAY;
        self.history.push(base);
        let delayed = std::mem::replace(&mut self.delayed[turn], self.history);
        for table in &mut self.direct {
            table.learn_mirrored(&delayed);
        }
        for table in &mut self.counts {
            table.learn_mirrored(&delayed);
        }
        self.repeats.learn(base, seen, &self.history);
        self.touch();
    }

    /// Brings into the cache what the next bases will need.
    #[inline(always)]
    fn touch(&self) {
        let mut touched = self.frames.touch_next(&self.history);
        for table in &self.direct {
            touched ^= table.touch_next(&self.history) ^ table.touch_mirrored(&self.history);
        }
        for table in &self.counts {
            touched ^= table.touch_next(&self.history) ^ table.touch_mirrored(&self.history);
        }
        std::hint::black_box(touched);
    }
}

impl<const N: usize, const P: usize, const S: usize> BaseModel for Model<N, P, S> {
    #[inline(always)]
    fn code<C: BitCoder>(&mut self, coder: &mut C, base: u8, seen: &mut Vec<u8>) {
        let moment = self.moment();
        let rate = self.rate + early_rate(self.history.len());
        let mut spent = 0;
        let mut high = None;
        let base = code_base(coder, base, |coder, node, bit| {
            let mut inputs = [0i16; N];
            self.gather(&moment, node, high, &mut inputs);
            let probability = self.predict(&moment, node, &inputs);
            let bit = coder.code(bit, probability);
            spent += coarse_cost(bit, probability);
            self.mixer.learn(&inputs, bit, rate);
            self.by_standing.update(bit, STANDING_SHIFT);
            self.by_context.update(bit, CONTEXT_SHIFT);
            high = Some(bit);
            bit
        });
        self.recent_cost = self.recent_cost - (self.recent_cost >> COST_DECAY) + spent;
        seen.push(base);
        self.learn(&moment, base, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MAX, MID};
    use super::*;

    /// Tables are made for the bases that there are, up to a size, which is part of the format.
    #[test]
    fn sizes_of_tables_are_those_of_version_1() {
        let bits = |plan: &Plan, len| [plan.line_bits_for(len), plan.seed_bits_for(len)];
        for (len, mid, max) in [
            (0, [10, 11], [10, 11]),
            (2_047, [10, 11], [10, 11]),
            (2_048, [11, 12], [11, 12]),
            ((1 << 18) - 1, [17, 18], [17, 18]),
            (1 << 20, [18, 21], [18, 21]),
            (1 << 21, [18, 22], [18, 21]),
            (1 << 30, [18, 22], [18, 21]),
        ] {
            assert_eq!([bits(&MID, len), bits(&MAX, len)], [mid, max], "{len}");
        }
    }

    #[test]
    fn the_early_rate_falls_to_nothing() {
        let rates = [0, 1_000, 799_000, 799_001, 1 << 40].map(early_rate);
        assert_eq!(rates, [800, 400, 1, 0, 0]);
    }
}
