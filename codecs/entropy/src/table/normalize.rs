//! Counts to frequencies: the best integers with a given sum.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::EntropyError;

/// Frequencies that sum to `2^precision`, at least 1 for every symbol with a count, 0 for the rest,
/// with which the counted symbols take the fewest bits.
///
/// The cost `-sum(count * log2(frequency))` is convex in every frequency, so that frequencies are
/// best when no point moved from one symbol to another makes it smaller. We start from the
/// rounded-down shares, move the sum to its place along the cheapest steps, then exchange points
/// while that gains anything.
pub(super) fn normalize(counts: &[u32], precision: u32) -> Result<Vec<u32>, EntropyError> {
    let total = 1u64 << precision;
    let used = counts.iter().filter(|&&count| count > 0).count();
    if used == 0 {
        return Err(EntropyError::NoSymbols);
    }
    if used as u64 > total {
        return Err(EntropyError::TooManySymbols { used, precision });
    }
    let sum: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let frequencies = counts.iter().map(|&count| {
        // Below 2^48: counts have 32 bits and the total has at most 17.
        let share = u64::from(count) * total / sum;
        (share as u32).max(u32::from(count > 0))
    });
    let mut allocation = Allocation::new(counts, frequencies.collect());
    let mut allotted: u64 = allocation.frequencies.iter().map(|&f| u64::from(f)).sum();
    while allotted < total {
        allocation.grow();
        allotted += 1;
    }
    while allotted > total {
        allocation.shrink();
        allotted -= 1;
    }
    while allocation.gains_by_exchange() {
        allocation.grow();
        allocation.shrink();
    }
    Ok(allocation.frequencies)
}

/// Frequencies on the way to their best values, with the steps that change the cost most.
struct Allocation<'a> {
    counts: &'a [u32],
    frequencies: Vec<u32>,
    /// What one more point would save. A step whose `from` is no longer the frequency is stale.
    gains: BinaryHeap<Step>,
    /// What one point less would cost.
    losses: BinaryHeap<Reverse<Step>>,
}

/// Ordered by the change of cost, equal ones by symbol, so that the result is determined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    change: u64,
    symbol: usize,
    from: u32,
}

impl<'a> Allocation<'a> {
    fn new(counts: &'a [u32], frequencies: Vec<u32>) -> Self {
        let symbols = || (0..counts.len()).zip(counts.iter().zip(&frequencies));
        let gains = symbols().filter_map(|(symbol, (&count, &from))| gain(symbol, count, from));
        let losses = symbols().filter_map(|(symbol, (&count, &from))| loss(symbol, count, from));
        let (gains, losses) = (gains.collect(), losses.map(Reverse).collect());
        Self {
            counts,
            frequencies,
            gains,
            losses,
        }
    }

    fn is_current(frequencies: &[u32], step: &Step) -> bool {
        frequencies.get(step.symbol) == Some(&step.from)
    }

    fn best_gain(&mut self) -> Option<Step> {
        while self
            .gains
            .peek()
            .is_some_and(|step| !Self::is_current(&self.frequencies, step))
        {
            self.gains.pop();
        }
        self.gains.peek().copied()
    }

    fn least_loss(&mut self) -> Option<Step> {
        while self
            .losses
            .peek()
            .is_some_and(|step| !Self::is_current(&self.frequencies, &step.0))
        {
            self.losses.pop();
        }
        self.losses.peek().map(|step| step.0)
    }

    fn grow(&mut self) {
        if let Some(step) = self.best_gain() {
            self.set(step.symbol, step.from + 1);
        }
    }

    fn shrink(&mut self) {
        if let Some(step) = self.least_loss() {
            self.set(step.symbol, step.from - 1);
        }
    }

    fn gains_by_exchange(&mut self) -> bool {
        match (self.best_gain(), self.least_loss()) {
            (Some(gain), Some(loss)) => gain.change > loss.change,
            _ => false,
        }
    }

    fn set(&mut self, symbol: usize, frequency: u32) {
        if let (Some(slot), Some(&count)) =
            (self.frequencies.get_mut(symbol), self.counts.get(symbol))
        {
            *slot = frequency;
            self.gains.extend(gain(symbol, count, frequency));
            self.losses
                .extend(loss(symbol, count, frequency).map(Reverse));
        }
    }
}

fn gain(symbol: usize, count: u32, from: u32) -> Option<Step> {
    (count > 0).then(|| Step {
        change: u64::from(count) * log2_step(from),
        symbol,
        from,
    })
}

fn loss(symbol: usize, count: u32, from: u32) -> Option<Step> {
    (from > 1).then(|| Step {
        change: u64::from(count) * log2_step(from - 1),
        symbol,
        from,
    })
}

/// `log2((frequency + 1) / frequency)` in units of 2^-32, at most 1 unit off; at most 2^32.
///
/// `ln((f + 1) / f) = 2 * atanh(1 / (2f + 1))`, and the series of atanh needs one to three terms
/// for most frequencies.
fn log2_step(frequency: u32) -> u64 {
    /// `2 / ln(2)` in units of 2^-58.
    const TWO_BY_LN_2: u64 = 831_657_068_615_270_155;
    let denominator = 2 * u64::from(frequency) + 1;
    let square = denominator.saturating_mul(denominator);
    let mut power = TWO_BY_LN_2 / denominator;
    let mut sum = 0;
    let mut order = 1;
    while power > 0 {
        sum += power / order;
        power /= square;
        order += 2;
    }
    (sum + (1 << 25)) >> 26
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cost(counts: &[u32], frequencies: &[u32]) -> f64 {
        let symbols = counts
            .iter()
            .zip(frequencies)
            .filter(|(count, _)| **count > 0);
        symbols
            .map(|(&count, &f)| -f64::from(count) * f64::from(f).log2())
            .sum()
    }

    fn counts() -> impl Strategy<Value = Vec<u32>> {
        let count = prop_oneof![Just(0), 1u32..5, 1u32..1000, 1u32..5_000_000];
        prop::collection::vec(count, 1..80)
    }

    proptest! {
        #[test]
        fn frequencies_fill_the_total_and_miss_no_symbol(counts in counts(), precision in 8u32..=16) {
            prop_assume!(counts.iter().any(|&count| count > 0));
            let frequencies = normalize(&counts, precision).unwrap();
            prop_assert_eq!(frequencies.iter().sum::<u32>(), 1 << precision);
            for (count, frequency) in counts.iter().zip(&frequencies) {
                prop_assert_eq!(*count > 0, *frequency > 0);
            }
        }

        #[test]
        fn no_point_moved_to_another_symbol_makes_it_cheaper(counts in counts()) {
            prop_assume!(counts.iter().any(|&count| count > 0));
            let frequencies = normalize(&counts, 9).unwrap();
            let least = cost(&counts, &frequencies);
            for from in 0..counts.len() {
                for to in 0..counts.len() {
                    if from != to && counts[to] > 0 && frequencies[from] > 1 {
                        let mut other = frequencies.clone();
                        other[from] -= 1;
                        other[to] += 1;
                        prop_assert!(cost(&counts, &other) >= least - 1e-6 * least.abs() - 0.01);
                    }
                }
            }
        }
    }

    #[test]
    fn the_step_of_the_logarithm_agrees_with_floating_point() {
        for frequency in (1..2000).chain([9999, 65_535]) {
            let expected = (1.0 + 1.0 / f64::from(frequency)).log2() * 2f64.powi(32);
            assert!(
                (log2_step(frequency) as f64 - expected).abs() <= 1.0,
                "{frequency}"
            );
        }
        assert_eq!(log2_step(1), 1 << 32);
    }

    #[test]
    fn as_many_symbols_as_points_get_one_point_each() {
        assert_eq!(normalize(&[1_000_000; 256], 8), Ok(vec![1; 256]));
        let mut skewed = vec![1; 256];
        skewed[0] = u32::MAX;
        assert_eq!(normalize(&skewed, 8), Ok(vec![1; 256]));
    }

    #[test]
    fn rare_symbols_take_their_points_where_it_costs_least() {
        let mut counts = vec![1u32; 200];
        counts.extend([1_000_000, 1_000_000]);
        let frequencies = normalize(&counts, 8).unwrap();
        assert_eq!(frequencies[200..], [28, 28]);
    }

    #[test]
    fn impossible_tables_are_refused() {
        assert_eq!(normalize(&[0, 0], 8), Err(EntropyError::NoSymbols));
        assert_eq!(normalize(&[], 8), Err(EntropyError::NoSymbols));
        let many = EntropyError::TooManySymbols {
            used: 257,
            precision: 8,
        };
        assert_eq!(normalize(&[1; 257], 8), Err(many));
    }
}
