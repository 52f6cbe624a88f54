//! Pruning and growing: states go from where they are hardly used to where they are used much.
//!
//! Source: Dang, Liu and Van den Broeck, "Sparse probabilistic circuits via pruning and growing" (2022).
//! There, edges are pruned by the flow through them, and the whole circuit is doubled; here it is whole
//! states, and no more are made than were given up, so that the circuit keeps about its size.

use std::num::NonZeroUsize;

use codec_core::Result;

use super::statistics::Counts;
use super::{Learner, Workspace};
use crate::Circuit;
use crate::circuit::Node;
use crate::lanes::padded;
use crate::messages::transposed;
use crate::random::Random;

/// How far the halves of a state that is split differ from equal ones, at most.
const NOISE: f32 = 0.3;
/// A state in more than this share of the records is the ordinary case, of which there is no second.
const ORDINARY: f32 = 0.5;

/// What becomes of a node's states.
struct Fate {
    /// For each new state the old one, in ascending order.
    from: Vec<usize>,
    /// For each new state, how many come from the same old one.
    copies: Vec<u8>,
}

impl Learner {
    /// Drops states used by fewer than `least` expected records, and splits as many of the most used
    /// ones of all variables, with a little noise from `seed`, where variables have at most twice the
    /// states of the settings. Returns how many states were dropped.
    ///
    /// # Errors
    /// [`Error::Internal`](codec_core::Error::Internal) if a thread fails.
    pub fn prune_and_grow(
        &mut self,
        least: f32,
        seed: u64,
        threads: NonZeroUsize,
    ) -> Result<usize> {
        let nodes = &self.circuit.nodes;
        let used: Vec<Vec<f32>> = nodes
            .iter()
            .zip(&self.counts)
            .map(|(node, counts)| counts.of_states(node))
            .collect();
        let mut kept: Vec<Vec<usize>> = used.iter().map(|used| enough(used, least)).collect();
        let before: usize = nodes.iter().map(|node| node.states).sum();
        let dropped = before - kept.iter().map(Vec::len).sum::<usize>();
        let most = (2 * self.settings.states).min(Circuit::MOST_STATES);
        for (at, state) in most_used(&used, &kept, most).into_iter().take(dropped) {
            let place = kept[at].partition_point(|&other| other < state);
            kept[at].insert(place, state);
        }
        let fates: Vec<Fate> = kept.into_iter().map(Fate::new).collect();
        let mut random = Random::new(seed);
        let one = Fate::new(vec![0]);
        let mut grown = Vec::with_capacity(nodes.len());
        let mut counts = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let parent = self.circuit.tree.parent(at);
            let rows = parent.map_or(&one, |parent| &fates[parent]);
            let fate = &fates[at];
            let all_symbols = Fate::new((0..node.emission.len() / node.stride()).collect());
            let old = &self.counts[at];
            let new = Counts {
                transition: divide(&old.transition, node.stride(), rows, fate, &mut random),
                emission: divide(
                    &old.emission,
                    node.stride(),
                    &all_symbols,
                    fate,
                    &mut random,
                ),
            };
            grown.push(Node {
                states: fate.from.len(),
                labels: fate.from.iter().map(|&state| node.labels[state]).collect(),
                transition: vec![0.0; new.transition.len()],
                emission: vec![0.0; new.emission.len()],
            });
            counts.push(new);
        }
        self.workspace = Workspace {
            messages: Vec::new(),
            counts: grown.iter().map(Counts::zero).collect(),
        };
        let Circuit { schema, tree, .. } = &self.circuit;
        self.circuit = Circuit::new(schema.clone(), tree.clone(), grown)?;
        self.counts = counts;
        self.transposed = (0..self.circuit.tree.len())
            .map(|at| transposed(&self.circuit, at))
            .collect();
        self.share(threads)?;
        self.maximisation(threads)?;
        Ok(dropped)
    }
}

impl Counts {
    /// Expected records of each state.
    fn of_states(&self, node: &Node) -> Vec<f32> {
        let mut sums = vec![0.0; node.states];
        for row in self.transition.chunks_exact(node.stride()) {
            for (sum, count) in sums.iter_mut().zip(row) {
                *sum += count;
            }
        }
        sums
    }
}

impl Fate {
    fn new(from: Vec<usize>) -> Self {
        let copies = from
            .chunk_by(|a, b| a == b)
            .flat_map(|same| std::iter::repeat_n(same.len() as u8, same.len()))
            .collect();
        Self { from, copies }
    }
}

/// The states that are used enough, and always the most used one.
fn enough(used: &[f32], least: f32) -> Vec<usize> {
    let best = (0..used.len()).max_by(|&a, &b| used[a].total_cmp(&used[b]).then(b.cmp(&a)));
    (0..used.len())
        .filter(|&state| used[state] >= least || Some(state) == best)
        .collect()
}

/// Nodes and their states worth splitting, the most used ones first, so many that no node gets more
/// than `most` states.
fn most_used(used: &[Vec<f32>], kept: &[Vec<usize>], most: usize) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for (at, (used, kept)) in used.iter().zip(kept).enumerate() {
        let ordinary = ORDINARY * used.iter().sum::<f32>();
        let mut own: Vec<usize> = kept.clone();
        own.retain(|&state| used[state] < ordinary);
        own.sort_by(|&a, &b| used[b].total_cmp(&used[a]));
        own.truncate(most.saturating_sub(kept.len()));
        all.extend(own.into_iter().map(|state| (used[state], at, state)));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    all.into_iter().map(|(_, at, state)| (at, state)).collect()
}

/// Counts `[rows, padded(states)]` of the new rows and states; what is split is divided among halves.
fn divide(
    counts: &[f32],
    stride: usize,
    rows: &Fate,
    states: &Fate,
    random: &mut Random,
) -> Vec<f32> {
    let new_stride = padded(states.from.len());
    let mut divided = vec![0.0; rows.from.len() * new_stride];
    let mut share = |copies: u8| match copies {
        1 => 1.0,
        copies => (1.0 + NOISE * (2.0 * random.unit() as f32 - 1.0)) / f32::from(copies),
    };
    let new_rows = divided.chunks_exact_mut(new_stride);
    for ((new, &row), &row_copies) in new_rows.zip(&rows.from).zip(&rows.copies) {
        let old = &counts[row * stride..][..stride];
        let origins = states.from.iter().zip(&states.copies);
        for (value, (&state, &copies)) in new.iter_mut().zip(origins) {
            *value = old[state] * share(row_copies) * share(copies);
        }
    }
    divided
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::bits;
    use crate::testing::{SETTINGS, spots};
    use crate::{Model, chow_liu_tree};
    use codec_core::Budget;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    #[test]
    fn states_move_and_the_circuit_stays_as_good() {
        let (schema, records) = spots(900, 31);
        let tree = chow_liu_tree(&schema, &records, ONE).unwrap();
        let mut learner = Learner::new(&schema, &tree, &records, SETTINGS, ONE).unwrap();
        learner.epoch(&records, ONE).unwrap();
        let states = |learner: &Learner| -> usize {
            learner.circuit().nodes.iter().map(|node| node.states).sum()
        };
        let before = states(&learner);
        let first = learner.epoch(&records, ONE).unwrap();
        let dropped = learner.prune_and_grow(45.0, 1, ONE).unwrap();
        assert!(dropped > 3, "{dropped}");
        let after = states(&learner);
        assert!(after <= before && after > before - dropped, "{after}");
        for node in &learner.circuit().nodes {
            assert!(node.labels.is_sorted() && node.states <= 12);
        }
        learner.epoch(&records, ONE).unwrap();
        let last = learner.epoch(&records, ONE).unwrap();
        assert!(last < first, "{first} {last}");
        let file = Model::write(learner.circuit(), b"", 900, 50.0).unwrap();
        let model = Model::read(&file, &Budget::default()).unwrap();
        let total = |circuit| bits(circuit, &records, ONE).unwrap().iter().sum::<f64>();
        let (stored, exact) = (total(model.circuit()), total(learner.circuit()));
        assert!(stored < 1.03 * exact, "{stored} {exact}");
    }

    #[test]
    fn a_node_keeps_a_state_and_never_grows_beyond_the_limit() {
        assert_eq!(enough(&[1.0, 5.0, 2.0], 10.0), [1]);
        assert_eq!(enough(&[1.0, 5.0, 2.0], 2.0), [1, 2]);
        let used = [vec![4.0, 3.0, 3.0], vec![9.0, 1.0]];
        let kept = [vec![0, 1, 2], vec![0, 1]];
        assert_eq!(most_used(&used, &kept, 9), [(0, 0), (0, 1), (0, 2), (1, 1)]);
        assert_eq!(most_used(&used, &kept, 4), [(0, 0), (1, 1)]);
        assert!(most_used(&used, &kept, 2).is_empty());
    }
}
