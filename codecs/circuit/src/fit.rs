//! A circuit for the very records that are to be coded.

use std::num::NonZeroUsize;

use codec_core::Result;

use crate::{
    Circuit, Learner, MOST_VARIABLES, Records, Schema, Settings, Smoothing, chow_liu_tree,
};

/// Records that the tree is found from.
const TREE_RECORDS: usize = 10_000;
/// Batches that learning takes at least, however few records there are.
const LEAST_BATCHES: usize = 150;
/// Values of all records up to which several numbers of states are tried, with fewer labels.
const QUICK_VALUES: usize = 1 << 19;
/// Memory that learning may take up to level 6 and above, in bytes.
const MEMORY: [u64; 2] = [256 << 20, 768 << 20];

/// How much is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    /// `1..=9`.
    pub(crate) level: u8,
    /// Most states, where the level should not say.
    pub(crate) states: Option<usize>,
    /// Seed of everything random.
    pub(crate) seed: u64,
}

/// Most states and passes over the records, by level.
const LEVELS: [(usize, usize); 9] = [
    (4, 2),
    (8, 2),
    (12, 3),
    (16, 4),
    (32, 5),
    (32, 8),
    (48, 8),
    (64, 10),
    (64, 16),
];

impl Effort {
    fn of_level(self) -> (usize, usize) {
        let at = usize::from(self.level.clamp(1, 9)) - 1;
        LEVELS[at]
    }

    /// Most memory that [`fit`] takes in bytes, unless the number of states is given or it takes more
    /// with one.
    pub(crate) fn memory(self) -> u64 {
        MEMORY[usize::from(self.level > 6)]
    }

    /// States for so many records: more than these cost more in the model than they save.
    fn states(self, schema: &Schema, records: usize, batch: usize) -> usize {
        if let Some(states) = self.states {
            return states;
        }
        let worth = ((records as f64).sqrt() / 7.0) as usize;
        let mut states = self.of_level().0.min(worth.max(2));
        while states > 1 && memory(schema, states, batch) > self.memory() {
            states -= 1 + states / 8;
        }
        states.max(1)
    }
}

/// Memory of a learner, in bytes: tables of each node, several times, and messages of each record
/// of a batch.
fn memory(schema: &Schema, states: usize, batch: usize) -> u64 {
    let (states, batch) = (states.next_multiple_of(16) as u64, batch as u64);
    let tables: u64 = schema
        .variables
        .iter()
        .map(|variable| states * (states + u64::from(variable.symbols)))
        .sum();
    tables * 4 * 5 + batch * schema.len() as u64 * states * 4 * 4
}

/// Numbers of states to try, fewest first, of which the next one is only worth a try where the last one
/// made the whole, with its model, smaller than the one before: several where that takes little time.
pub(crate) fn states_to_try(schema: &Schema, records: &Records, effort: Effort) -> Vec<usize> {
    let most = effort.states(schema, records.len(), batch_of(records.len()));
    if effort.states.is_some() || !is_quick(records) {
        return vec![most];
    }
    let doubled = std::iter::successors(Some(1), |&states| Some(2 * states));
    doubled
        .take_while(|&states| states < most)
        .chain([most])
        .collect()
}

fn is_quick(records: &Records) -> bool {
    records.values().len() <= QUICK_VALUES
}

/// Learns a circuit from records; `None` if they have too many variables for that. The result does
/// not depend on `threads`.
///
/// # Errors
/// As [`Learner::new`].
pub(crate) fn fit(
    schema: &Schema,
    records: &Records,
    effort: Effort,
    threads: NonZeroUsize,
) -> Result<Option<Circuit>> {
    if schema.len() > MOST_VARIABLES || records.is_empty() {
        return Ok(None);
    }
    let count = records.len();
    let batch = batch_of(count);
    let states = effort.states(schema, count, batch);
    let batches = count.div_ceil(batch);
    let epochs = effort.of_level().1.max(LEAST_BATCHES.div_ceil(batches));
    let tree = chow_liu_tree(schema, &some(records), threads)?;
    let settings = Settings {
        states,
        // What labels do everywhere is stored as well, and few records do not pay for more of them.
        labels_per_state: if is_quick(records) { 1 } else { 2 },
        batch,
        steps: (0.5, 0.01),
        batches: (epochs * batches) as u32,
        smoothing: Smoothing {
            emission: 0.5,
            growth: 1.5,
            transition: 2.0,
        },
        seed: effort.seed,
    };
    let mut learner = Learner::new(schema, &tree, records, settings, threads)?;
    for _ in 0..epochs {
        learner.epoch(records, threads)?;
    }
    learner.full_pass(records, threads)?;
    Ok(Some(learner.circuit().clone()))
}

/// Records of a batch.
fn batch_of(records: usize) -> usize {
    (records / 40).clamp(20, 256)
}

/// Memory that [`fit`] takes for so many records, in bytes.
pub(crate) fn memory_for(schema: &Schema, records: usize, effort: Effort) -> u64 {
    let batch = batch_of(records);
    memory(schema, effort.states(schema, records, batch), batch)
}

/// Enough records to find a tree from, spread evenly over all.
fn some(records: &Records) -> Records {
    let step = records.len().div_ceil(TREE_RECORDS).max(1);
    let values = records.iter().step_by(step).flatten().copied();
    Records::new(records.width(), values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits;
    use crate::testing::spots;

    const EFFORT: Effort = Effort {
        level: 3,
        states: None,
        seed: 1,
    };

    #[test]
    fn what_is_learned_does_not_depend_on_threads_and_saves_bits() {
        let (schema, records) = spots(300, 5);
        let one = fit(&schema, &records, EFFORT, NonZeroUsize::MIN).unwrap();
        let three = fit(&schema, &records, EFFORT, NonZeroUsize::new(3).unwrap()).unwrap();
        assert_eq!(one, three);
        let single = Effort {
            states: Some(1),
            ..EFFORT
        };
        let independent = fit(&schema, &records, single, NonZeroUsize::MIN).unwrap();
        let total = |circuit: &Circuit| -> f64 {
            let bits = bits(circuit, &records, NonZeroUsize::MIN).unwrap();
            bits.iter().sum()
        };
        assert!(total(&one.unwrap()) < 0.9 * total(&independent.unwrap()));
    }

    #[test]
    fn few_values_get_several_tries_from_one_state_up() {
        let records = Records::new(2, vec![0; 20_000]);
        let tries = |effort| states_to_try(&Schema::bytes(2), &records, effort);
        assert_eq!(tries(EFFORT), [1, 2, 4, 8, 12]);
        let given = Effort {
            states: Some(5),
            ..EFFORT
        };
        assert_eq!(tries(given), [5]);
        let many = Records::new(2, vec![0; QUICK_VALUES + 2]);
        assert_eq!(states_to_try(&Schema::bytes(2), &many, EFFORT).len(), 1);
    }

    #[test]
    fn wide_records_get_fewer_states_and_the_widest_none() {
        let states = |count| EFFORT.states(&Schema::bytes(count), 60_000, 256);
        assert_eq!(states(784), 12);
        let big = Effort { level: 9, ..EFFORT };
        assert!(big.states(&Schema::bytes(4096), 60_000, 256) < 35);
        let records = Records::new(MOST_VARIABLES + 1, vec![0; MOST_VARIABLES + 1]);
        let wide = fit(
            &Schema::bytes(MOST_VARIABLES + 1),
            &records,
            EFFORT,
            NonZeroUsize::MIN,
        );
        assert_eq!(wide.unwrap(), None);
    }
}
