//! Adaptive probabilities whose rate of change falls as they are used.

/// Largest count that a cell can reach.
pub const COUNT_LIMIT: u32 = 1023;

const COUNT_BITS: u32 = 10;
const PROBABILITY_BITS: u32 = 32 - COUNT_BITS;

/// 2^16 / (n + 1.5): the share of the error that the (n + 1)-th observation corrects.
static SHARE: [u16; COUNT_LIMIT as usize + 1] = share_table();

/// One probability with 22 bits of precision, and the number of times it was updated.
///
/// The n-th update moves it by 1/(n + 1.5) of the error, so that it is an average at first; once
/// the count reaches the caller's limit it becomes an exponential average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptiveProbability(u32);

impl AdaptiveProbability {
    /// A cell that starts at `probability` / 65536 as if it had been observed `count` times.
    #[must_use]
    pub const fn new(probability: u16, count: u32) -> Self {
        let count = if count > COUNT_LIMIT {
            COUNT_LIMIT
        } else {
            count
        };
        Self((probability as u32) << 16 | count)
    }

    /// The probability of a set bit, of 65536; it can be 0.
    #[inline(always)]
    #[must_use]
    pub fn probability(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Moves towards `bit`; the count stops at `limit` (at most [`COUNT_LIMIT`]).
    #[inline(always)]
    pub fn update(&mut self, bit: bool, limit: u32) {
        let count = self.0 & COUNT_LIMIT;
        let probability = i64::from(self.0 >> COUNT_BITS);
        let target = if bit { (1 << PROBABILITY_BITS) - 1 } else { 0 };
        let share = i64::from(SHARE[count as usize]);
        let moved = probability + (((target - probability) * share) >> 16);
        self.0 = (moved as u32) << COUNT_BITS | (count + u32::from(count < limit));
    }
}

impl Default for AdaptiveProbability {
    fn default() -> Self {
        Self::new(1 << 15, 0)
    }
}

const fn share_table() -> [u16; COUNT_LIMIT as usize + 1] {
    let mut table = [0; COUNT_LIMIT as usize + 1];
    let mut count = 0;
    while count < table.len() {
        table[count] = (131_072 / (2 * count + 3)) as u16;
        count += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_cell_averages_what_it_sees() {
        let mut cell = AdaptiveProbability::default();
        for i in 0..400 {
            cell.update(i % 4 == 0, 1023);
        }
        assert!((i32::from(cell.probability()) - 16_384).abs() < 400);
    }

    #[test]
    fn a_constant_bit_never_leaves_the_range() {
        let mut cell = AdaptiveProbability::default();
        for _ in 0..100_000 {
            cell.update(true, 30);
        }
        assert!(cell.probability() > 65_000);
        for _ in 0..100_000 {
            cell.update(false, 30);
        }
        assert!(cell.probability() < 500);
    }
}
