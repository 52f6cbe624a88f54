//! Small circuits and records for tests.

use std::num::NonZeroUsize;

use crate::circuit::Node;
use crate::lanes::padded;
use crate::learn::{Learner, Settings, Smoothing};
use crate::random::Random;
use crate::{Circuit, Kind, Records, Schema, Tree, Variable, chow_liu_tree};

/// A circuit with random parameters over variables of these numbers of symbols.
pub(crate) fn random_circuit(symbols: &[u16], most_states: usize, seed: u64) -> Circuit {
    let mut random = Random::new(seed);
    let variables = symbols.iter().map(|&symbols| Variable {
        kind: Kind::Categorical,
        symbols,
    });
    let schema = Schema {
        variables: variables.collect(),
        grid: None,
    };
    let parents = (0..symbols.len())
        .map(|node| (node > 0).then(|| random.below(node) as u32))
        .collect();
    let tree = Tree::new(parents).unwrap();
    let states: Vec<usize> = symbols
        .iter()
        .map(|_| 1 + random.below(most_states))
        .collect();
    let nodes = (0..symbols.len())
        .map(|at| {
            let rows = tree.parent(at).map_or(1, |parent| states[parent]);
            let mut node = Node {
                states: states[at],
                labels: vec![0; states[at]],
                transition: vec![0.0; rows * padded(states[at])],
                emission: vec![0.0; usize::from(symbols[at]) * padded(states[at])],
            };
            for row in 0..rows {
                let stride = node.stride();
                fill(
                    &mut random,
                    node.transition[row * stride..][..states[at]].iter_mut(),
                );
            }
            for state in 0..states[at] {
                let stride = node.stride();
                fill(
                    &mut random,
                    node.emission[state..].iter_mut().step_by(stride),
                );
            }
            node
        })
        .collect();
    Circuit::new(schema, tree, nodes).unwrap()
}

/// Random shares that sum to one.
fn fill<'a>(random: &mut Random, values: impl Iterator<Item = &'a mut f32>) {
    let values: Vec<&mut f32> = values.collect();
    let shares: Vec<f64> = values
        .iter()
        .map(|_| random.unit().powi(3) + 1e-3)
        .collect();
    let total: f64 = shares.iter().sum();
    for (value, share) in values.into_iter().zip(shares) {
        *value = (share / total) as f32;
    }
}

/// Pictures of 6 by 6 pixels: a soft spot of light somewhere.
pub(crate) fn spots(count: usize, seed: u64) -> (Schema, Records) {
    let mut random = Random::new(seed);
    let mut values = Vec::new();
    for _ in 0..count {
        let (y, x) = (random.unit() * 5.0, random.unit() * 5.0);
        for pixel in 0..36 {
            let (row, column) = (f64::from(pixel / 6), f64::from(pixel % 6));
            let distance = (row - y).powi(2) + (column - x).powi(2);
            let light = 300.0 / (1.0 + distance) - 40.0 + random.unit() * 8.0;
            values.push(light.clamp(0.0, 255.0) as u8);
        }
    }
    (Schema::picture(6, 6), Records::new(36, values))
}

pub(crate) const SETTINGS: Settings = Settings {
    states: 6,
    labels_per_state: 2,
    batch: 100,
    steps: (0.5, 0.05),
    batches: 20,
    smoothing: Smoothing {
        emission: 0.5,
        growth: 1.5,
        transition: 2.0,
    },
    seed: 7,
};

/// A circuit learned from `records`.
pub(crate) fn learned(schema: &Schema, records: &Records, threads: usize) -> Circuit {
    let threads = NonZeroUsize::new(threads).unwrap();
    let tree = chow_liu_tree(schema, records, threads).unwrap();
    let mut learner = Learner::new(schema, &tree, records, SETTINGS, threads).unwrap();
    for _ in 0..3 {
        learner.epoch(records, threads).unwrap();
    }
    learner.full_pass(records, threads).unwrap();
    learner.circuit().clone()
}
