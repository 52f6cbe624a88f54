//! Adaptive probability map (secondary symbol estimation): corrects a prediction in a context.

use super::logistic::squash;

/// Distance of two neighbouring interpolation points, in steps of the logistic domain: one nat.
const SPACING_BITS: u32 = 8;
const SPACING: i32 = 1 << SPACING_BITS;

/// Points per context, a cache line of them. The middle one is for even odds.
const POINTS: usize = 32;
const MIDDLE: i32 = POINTS as i32 / 2;

/// Maps (context, predicted log odds) to the probability that was observed there.
///
/// Each context has 32 probabilities, at log odds one nat apart, and answers by linear
/// interpolation; an update moves the nearer neighbour only, so that a prediction touches one cache
/// line. A new map is the identity. The method is the APM of Mahoney's PAQ, after the SSE of Bloom
/// and Shkarin.
#[derive(Clone, Debug)]
pub struct Apm {
    rows: Vec<Row>,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Row([u16; POINTS]);

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    row: usize,
    point: usize,
}

impl Apm {
    /// A map for contexts `0..contexts`.
    #[must_use]
    pub fn new(contexts: usize) -> Self {
        let identity = std::array::from_fn(|i| squash((i as i32 - MIDDLE) * SPACING));
        Self {
            rows: vec![Row(identity); contexts.max(1)],
            place: Place::default(),
        }
    }

    /// Number of contexts.
    #[must_use]
    pub fn contexts(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of memory that a map for so many contexts takes.
    #[must_use]
    pub fn memory_bytes(contexts: usize) -> usize {
        contexts * POINTS * 2
    }

    /// Reads from a context's row, which brings it into the cache before the prediction is known.
    #[inline(always)]
    #[must_use]
    pub fn touch(&self, context: usize) -> u16 {
        self.rows[context].0[POINTS - 1]
    }

    /// The corrected probability (of 65536, it can be 0) of a prediction with log odds `logit`,
    /// which must lie within ±[`LOGIT_LIMIT`](super::LOGIT_LIMIT).
    ///
    /// # Panics
    ///
    /// When `context` is not below the number of contexts.
    #[inline(always)]
    #[must_use]
    pub fn refine(&mut self, logit: i32, context: usize) -> i32 {
        let position = logit.wrapping_add(MIDDLE * SPACING) as usize;
        let point = position >> SPACING_BITS;
        let weight = (position & (SPACING as usize - 1)) as i32;
        let row = &self.rows[context].0;
        let low = i32::from(row[point & (POINTS - 1)]);
        let high = i32::from(row[(point + 1) & (POINTS - 1)]);
        self.place = Place {
            row: context,
            point: (position + SPACING as usize / 2) >> SPACING_BITS,
        };
        low + (((high - low) * weight) >> SPACING_BITS)
    }

    /// Moves the point nearest to the last [`refine`](Self::refine) towards `bit`, by `2^-rate` of
    /// its error.
    #[inline(always)]
    pub fn update(&mut self, bit: bool, rate: u32) {
        let Place { row, point } = self.place;
        // Rounding away from the middle lets a probability reach both ends.
        let target = -i32::from(bit) & (65_535 + (1 << rate) - 1);
        let value = &mut self.rows[row].0[point & (POINTS - 1)];
        *value = (i32::from(*value) + ((target - i32::from(*value)) >> rate)) as u16;
    }
}

#[cfg(test)]
mod tests {
    use super::super::LOGIT_LIMIT;
    use super::*;

    #[test]
    fn a_new_map_changes_little() {
        let mut apm = Apm::new(3);
        for logit in (-LOGIT_LIMIT..=LOGIT_LIMIT).step_by(7) {
            let refined = apm.refine(logit, 2);
            let plain = i32::from(squash(logit));
            assert!(
                (refined - plain).abs() < 1_500,
                "{logit}: {refined} {plain}"
            );
        }
    }

    #[test]
    fn it_learns_what_a_context_really_does() {
        let mut apm = Apm::new(2);
        for i in 0..5_000 {
            let _ = apm.refine(256, 1);
            apm.update(i % 10 == 0, 6);
        }
        assert!((apm.refine(256, 1) - 6_554).abs() < 1_500);
        assert!((apm.refine(256, 0) - i32::from(squash(256))).abs() < 300);
    }
}
