//! Expected counts and the parameters that follow from them.

use std::num::NonZeroUsize;

use codec_core::Result;
use pulp::Arch;

use crate::circuit::Node;
use crate::lanes::{Strided, multiply_add, padded};
use crate::messages::Messages;
use crate::sharing::{EmissionPrior, Priors, Sharing, pool_emissions, pool_transitions};
use crate::symbol_tree::{Branch, SymbolTree};
use crate::{Tree, parallel};

/// How counts are smoothed into probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoothing {
    /// Records that every state's emission is given beforehand, spread as the variable itself is.
    pub emission: f32,
    /// How much more the finer choices among symbols are given: the factor from each to the next.
    pub growth: f32,
    /// Records that every state is given beforehand, spread over the child's states as those are.
    pub transition: f32,
}

/// Expected counts of a node: how often states went with states of the parent and with symbols.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counts {
    /// As [`Node::transition`].
    pub(crate) transition: Vec<f32>,
    /// As [`Node::emission`].
    pub(crate) emission: Vec<f32>,
}

impl Counts {
    pub(crate) fn zero(node: &Node) -> Self {
        Self {
            transition: vec![0.0; node.transition.len()],
            emission: vec![0.0; node.emission.len()],
        }
    }

    pub(crate) fn clear(&mut self) {
        self.transition.fill(0.0);
        self.emission.fill(0.0);
    }

    /// Adds what `messages` say of node `at`, whose values are `symbols`.
    pub(crate) fn add(
        &mut self,
        arch: Arch,
        messages: &Messages,
        at: usize,
        node: &Node,
        symbols: impl Iterator<Item = u8>,
    ) {
        let stride = node.stride();
        let (edge, likelihood) = (&messages.edge[at], &messages.likelihood[at]);
        let width = edge.len() / messages.room();
        let used = messages.len() * stride;
        let turned = Strided::transposed(edge, width);
        multiply_add(
            arch,
            turned,
            &likelihood[..used],
            stride,
            &mut self.transition,
        );
        for (posterior, symbol) in messages.posterior[at].chunks_exact(stride).zip(symbols) {
            let counts = &mut self.emission[usize::from(symbol) * stride..][..stride];
            for (count, posterior) in counts.iter_mut().zip(posterior) {
                *count += posterior;
            }
        }
    }

    /// Ends a batch: what was summed for transitions lacks the transition itself.
    pub(crate) fn complete(&mut self, node: &Node) {
        for (count, probability) in self.transition.iter_mut().zip(&node.transition) {
            *count *= probability;
        }
    }

    /// Adds other counts.
    pub(crate) fn sum(&mut self, other: &Counts) {
        let pairs = [
            (&mut self.transition, &other.transition),
            (&mut self.emission, &other.emission),
        ];
        for (ours, theirs) in pairs {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours += theirs;
            }
        }
    }

    /// Moves towards `batch` by `step`, where `batch` counts `scale` times too few records.
    pub(crate) fn blend(&mut self, batch: &Counts, step: f32, scale: f32) {
        let (keep, add) = (1.0 - step, step * scale);
        let pairs = [
            (&mut self.transition, &batch.transition),
            (&mut self.emission, &batch.emission),
        ];
        for (ours, theirs) in pairs {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                *ours = *ours * keep + theirs * add;
            }
        }
    }

    /// The parameters of node `at` that these counts give.
    pub(crate) fn estimate(
        &self,
        at: usize,
        node: &mut Node,
        parent_labels: &[u16],
        shared: (&Sharing, &Priors),
        smoothing: Smoothing,
    ) {
        let (sharing, priors) = shared;
        let stride = node.stride();
        let spread = distribution(&column_sums(&self.transition, stride), node.states);
        let mut prior = vec![0.0; stride];
        let rows = node.transition.chunks_exact_mut(stride);
        for ((row, counts), &from) in rows
            .zip(self.transition.chunks_exact(stride))
            .zip(parent_labels)
        {
            priors.transition_row(sharing, at, from, &node.labels, &spread, &mut prior);
            let total: f32 = counts.iter().sum::<f32>() + smoothing.transition;
            for ((value, &count), &prior) in row.iter_mut().zip(counts).zip(&prior) {
                *value = (count + smoothing.transition * prior) / total;
            }
        }
        let prior = &priors.emissions[sharing.pool[at]];
        let totals = prior.tree.totals(&self.emission);
        let weights: Vec<f32> = prior
            .tree
            .choices()
            .iter()
            .map(|choice| smoothing.emission * smoothing.growth.powi(i32::from(choice.depth)))
            .collect();
        let labels = &node.labels;
        let probability = |choice: usize, branch: usize, state: usize| {
            let count = match prior.tree.choices()[choice].branches[branch] {
                Branch::Symbol(symbol) => self.emission[usize::from(symbol) * stride + state],
                Branch::Choice(below) => totals[usize::from(below) * stride + state],
            };
            let expected = prior.branch(choice, branch, labels[state], sharing.labels);
            let weight = weights[choice];
            (count + weight * expected) / (totals[choice * stride + state] + weight)
        };
        prior
            .tree
            .spread_out(node.states, probability, &mut node.emission);
    }
}

/// What the nodes' counts say together.
pub(crate) fn shared_priors(
    nodes: &[Node],
    tree: &Tree,
    counts: &[Counts],
    sharing: &Sharing,
    trees: &[SymbolTree],
    threads: NonZeroUsize,
) -> Result<Priors> {
    let stride = sharing.stride();
    let transitions = parallel::map(threads, sharing.edge_classes, |class| {
        let mut pooled = vec![0.0; sharing.labels * stride];
        for at in 0..nodes.len() {
            if let Some(parent) = tree
                .parent(at)
                .filter(|_| sharing.edge_class[at] == Some(class))
            {
                let labels = &nodes[parent].labels;
                pool_transitions(
                    &counts[at].transition,
                    labels,
                    &nodes[at],
                    stride,
                    &mut pooled,
                );
            }
        }
        smooth_rows(&mut pooled, sharing.labels);
        pooled
    })?;
    let emissions = parallel::map(threads, sharing.pools, |pool| {
        let tree = trees[pool].clone();
        let mut pooled = vec![0.0; tree.symbols() * stride];
        for at in (0..nodes.len()).filter(|&at| sharing.pool[at] == pool) {
            pool_emissions(&counts[at].emission, &nodes[at], stride, &mut pooled);
        }
        EmissionPrior::new(tree, &pooled, sharing.labels, POOL_WEIGHT)
    })?;
    Ok(Priors {
        transitions,
        emissions,
    })
}

/// Records that each shared distribution is given beforehand.
const POOL_WEIGHT: f32 = 3.0;

/// Counts of transitions between labels as probabilities.
fn smooth_rows(rows: &mut [f32], labels: usize) {
    let stride = padded(labels);
    let spread = distribution(&column_sums(rows, stride), labels);
    for row in rows.chunks_exact_mut(stride) {
        let total: f32 = row.iter().sum::<f32>() + POOL_WEIGHT;
        for (value, &share) in row.iter_mut().zip(&spread) {
            *value = (*value + POOL_WEIGHT * share) / total;
        }
    }
}

fn column_sums(rows: &[f32], stride: usize) -> Vec<f32> {
    let mut sums = vec![0.0; stride];
    for row in rows.chunks_exact(stride) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    sums
}

/// Counts as probabilities, of which the first `len` are given a little more each.
fn distribution(counts: &[f32], len: usize) -> Vec<f32> {
    const SPARE: f32 = 0.5;
    let total: f32 = counts.iter().sum::<f32>() + SPARE;
    let mut spread = vec![0.0; counts.len()];
    for (value, &count) in spread.iter_mut().zip(counts).take(len) {
        *value = (count + SPARE / len as f32) / total;
    }
    spread
}
