//! Reading frames: genes are read three bases at a time, and each place in a codon has its own
//! statistics.
//!
//! Six hypotheses compete: a gene on this strand or on the other one, in each of three phases. Each
//! says which place of a codon the next base has, and with that which table predicts it. The
//! hypothesis that predicted the last bases best is believed, and only its tables learn. Nothing is
//! annotated: the tables start with no more than that stop codons do not occur inside of genes, and
//! learn the rest from what they take for genes. Where there are none (or introns cut them up), the
//! predictions are those of a plain context, and mixing weighs them so.
//!
//! Three-periodic Markov models are the ground of gene finders (Borodovsky and McIninch, GeneMark,
//! 1993); learning them without annotation, while coding, is our own.

use codec_entropy::mixing::{COARSE_UNITS_PER_BIT, coarse_cost, stretch};

use super::history::{History, mask};
use super::nodes::{Cells, second_node};

/// Hypotheses: three phases on each strand.
const HYPOTHESES: usize = 6;

/// Places of a base: first, second, third of a codon on this strand, and the same on the other one,
/// where the third comes first.
pub(super) const PLACES: usize = 6;

/// Levels of [`ReadingFrames::confidence`].
pub(super) const CONFIDENCES: usize = 16;

/// A score is the sum of costs of the last bases, each of which has lost 1/64 with every later one.
const SCORE_DECAY: u32 = 6;

/// A lead of so many units (a quarter of a bit) is one level of confidence.
const CONFIDENCE_STEP: u32 = COARSE_UNITS_PER_BIT / 4;

/// How surely a stop codon inside of a gene is excluded, as a probability of 65536 and a count.
const STOP: u16 = 1_966;
const STOP_COUNT: u32 = 10;

/// Probabilities by place in a codon and context.
#[derive(Clone, Debug)]
pub(super) struct ReadingFrames {
    tables: Vec<FrameTable>,
    limit: u32,
    scores: [u32; HYPOTHESES],
    /// The place that the next base has by each hypothesis.
    places: [u8; HYPOTHESES],
    believed: usize,
    confidence: usize,
}

#[derive(Clone, Debug)]
struct FrameTable {
    order: u32,
    cells: Vec<Cells>,
}

impl ReadingFrames {
    /// Tables for contexts of so many bases (at least 2) each; hypotheses are judged by the first of
    /// them. See [`Cells::update`] for `limit`.
    pub(super) fn new(orders: &[u32], limit: u32) -> Self {
        Self {
            tables: orders.iter().map(|order| FrameTable::new(*order)).collect(),
            limit,
            scores: [0; HYPOTHESES],
            places: [0, 1, 2, 5, 4, 3],
            believed: 0,
            confidence: 0,
        }
    }

    /// Bytes that a table takes.
    pub(super) fn memory_bytes(order: u32) -> u64 {
        ((size_of::<Cells>() * PLACES) as u64) << (2 * order)
    }

    /// The place of the next base in a codon, `0..`[`PLACES`], by the hypothesis that is believed.
    #[inline(always)]
    pub(super) fn place(&self) -> usize {
        usize::from(self.places[self.believed])
    }

    /// How far the believed hypothesis leads, `0..`[`CONFIDENCES`].
    #[inline(always)]
    pub(super) fn confidence(&self) -> usize {
        self.confidence
    }

    /// Writes log odds of a set bit at `node`, one for each table.
    #[inline(always)]
    pub(super) fn predict(&self, history: &History, node: usize, inputs: &mut [i16]) {
        let place = self.place();
        for (input, table) in inputs.iter_mut().zip(&self.tables) {
            let cells = &table.cells[table.index(place, history.context(table.order))];
            *input = stretch(cells.probability(node));
        }
    }

    /// Reads from where the base after the next one will look, which brings it into the cache.
    #[inline(always)]
    pub(super) fn touch_next(&self, history: &History) -> u16 {
        // All hypotheses step on together.
        let after_next = usize::from(NEXT_PLACE[self.place()]);
        let mut touched = 0;
        for table in &self.tables {
            let context = history.context(table.order) << 2 & mask(table.order);
            touched ^= table.cells[table.index(after_next, context)].probability(0);
        }
        touched
    }

    /// Learns the base that follows, and judges the hypotheses by it.
    #[inline(always)]
    pub(super) fn learn(&mut self, history: &History, base: u8) {
        self.judge(history, base);
        let place = self.place();
        for table in &mut self.tables {
            let context = history.context(table.order);
            let index = table.index(place, context);
            table.cells[index].update(base, self.limit);
            // On the other strand, the base before the context was read after its complement.
            let mut extended = *history;
            extended.push(base);
            if let Some(mirrored) = extended.mirrored_next(table.order) {
                let place = usize::from(mirrored_place(place, table.order));
                let index = table.index(place, extended.mirrored(table.order));
                table.cells[index].update(mirrored, self.limit);
            }
        }
        self.step();
    }

    /// Adds the cost of a base to the scores.
    #[inline(always)]
    fn judge(&mut self, history: &History, base: u8) {
        let Some(table) = self.tables.first() else {
            return;
        };
        let context = history.context(table.order);
        let high = base >> 1 == 1;
        for (score, place) in self.scores.iter_mut().zip(self.places) {
            let cells = &table.cells[table.index(usize::from(place), context)];
            let first = coarse_cost(high, cells.probability(0));
            let second = coarse_cost(base & 1 == 1, cells.probability(second_node(high)));
            *score = *score - (*score >> SCORE_DECAY) + first + second;
        }
    }

    /// Chooses whom to believe, and moves on to the next base.
    #[inline(always)]
    fn step(&mut self) {
        let mut believed = self.believed;
        for hypothesis in 0..HYPOTHESES {
            if self.scores[hypothesis] < self.scores[believed] {
                believed = hypothesis;
            }
        }
        let best = self.scores[believed];
        let mut lead = u32::MAX;
        for (hypothesis, score) in self.scores.iter().enumerate() {
            if hypothesis != believed {
                lead = lead.min(score - best);
            }
        }
        self.believed = believed;
        self.confidence = ((lead / CONFIDENCE_STEP) as usize).min(CONFIDENCES - 1);
        for place in &mut self.places {
            *place = NEXT_PLACE[usize::from(*place)];
        }
    }
}

/// The place of a base after one of each place: codons on the other strand are met backwards.
const NEXT_PLACE: [u8; PLACES] = [1, 2, 0, 5, 3, 4];

/// The place, on the other strand, of the base `order` bases before one of `place`.
#[inline(always)]
fn mirrored_place(place: usize, order: u32) -> u8 {
    let back = (order % 3) as usize;
    if place < 3 {
        3 + ((place + 3 - back) % 3) as u8
    } else {
        ((place + back) % 3) as u8
    }
}

impl FrameTable {
    fn new(order: u32) -> Self {
        let order = order.max(2);
        let mut cells = vec![Cells::default(); PLACES << (2 * order)];
        // As seen on this strand: TAA, TAG and TGA at the third place of a codon, and on the other
        // strand TTA, CTA and TCA at its first place.
        let without_a = Cells::new([43_690, 65_535 - STOP, 1 << 15], STOP_COUNT);
        let without_a_and_g = Cells::new([1 << 15, 65_535 - STOP, 65_535 - STOP], STOP_COUNT);
        for (place, last_two, excluded) in [
            (2, 0b11_00, without_a_and_g),
            (2, 0b11_10, without_a),
            (3, 0b11_11, without_a),
            (3, 0b01_11, without_a),
            (3, 0b11_01, without_a),
        ] {
            let contexts = 1usize << (2 * order);
            for context in (last_two..contexts).step_by(16) {
                cells[(place << (2 * order)) + context] = excluded;
            }
        }
        Self { order, cells }
    }

    #[inline(always)]
    fn index(&self, place: usize, context: u64) -> usize {
        (place << (2 * self.order)) + context as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A strand of codons whose first base is always G, whose second is never C, and whose third
    /// is anything; with `reversed`, its other strand.
    fn genes(codons: usize, reversed: bool) -> Vec<u8> {
        let mut state = 1u64;
        let mut below = |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % bound
        };
        let mut bases = Vec::new();
        for _ in 0..codons {
            bases.extend([2, [0, 2, 3][below(3) as usize], below(4) as u8]);
        }
        if reversed {
            bases = bases.iter().rev().map(|base| 3 - base).collect();
        }
        bases
    }

    fn places(bases: &[u8], frames: &mut ReadingFrames) -> Vec<usize> {
        let mut history = History::default();
        let mut places = Vec::new();
        for &base in bases {
            places.push(frames.place());
            frames.learn(&history, base);
            history.push(base);
        }
        places
    }

    #[test]
    fn genes_are_read_in_one_frame_on_either_strand() {
        let mut frames = ReadingFrames::new(&[3], 1023);
        let before = places(&genes(2_000, false), &mut frames);
        let settled = &before[3_000..];
        assert!(
            settled
                .iter()
                .zip(&settled[1..])
                .all(|(a, b)| usize::from(NEXT_PLACE[*a]) == *b)
        );
        assert!(frames.confidence() > 4);
        // What was learned on this strand is recognised on the other one, a few codons in.
        let after = places(&genes(300, true), &mut frames);
        let is_forward = before[3_000] < 3;
        assert!(after[300..].iter().all(|place| (*place < 3) != is_forward));
    }

    #[test]
    fn the_mirrored_place_counts_backwards() {
        // After ABC|DEF, F has place 2; on the other strand, what follows FED is C, at place 2.
        assert_eq!(mirrored_place(2, 3), 5);
        assert_eq!(mirrored_place(2, 1), 4);
        assert_eq!(mirrored_place(0, 1), 5);
        assert_eq!(mirrored_place(3, 1), 1);
        assert_eq!(mirrored_place(5, 2), 1);
    }
}
