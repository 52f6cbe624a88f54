//! What the nodes of a circuit have in common: on a grid, states mean the same at every pixel.
//!
//! The states of all pixels carry labels out of one list, and a label stands for what a neighbourhood
//! looks like wherever it is. So the pixels together say what a label's symbols are, and the edges of
//! one direction together say which label follows on which. Both serve as the distributions that the
//! parameters of a single node are smoothed towards, and that a model file stores differences from.
//!
//! Variables without a grid share nothing: their labels are all 0, and what they are smoothed towards
//! are their own distributions.

use std::collections::HashMap;

use crate::circuit::Node;
use crate::lanes::padded;
use crate::symbol_tree::{Branch, SymbolTree};
use crate::{Schema, Tree};

/// Share of a transition's prior that does not depend on the state of the parent.
const INDEPENDENT: f32 = 0.05;

/// Which nodes share what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sharing {
    /// Number of labels.
    pub(crate) labels: usize,
    /// For each node, the edges that its edge is like; `None` at the root and without a grid.
    pub(crate) edge_class: Vec<Option<usize>>,
    /// Number of classes of edges.
    pub(crate) edge_classes: usize,
    /// For each node, the variables that its variable is like.
    pub(crate) pool: Vec<usize>,
    /// Number of pools.
    pub(crate) pools: usize,
}

impl Sharing {
    pub(crate) fn new(schema: &Schema, tree: &Tree, labels: usize) -> Self {
        let nodes = 0..tree.len();
        let Some((rows, columns)) = schema.grid else {
            return Self {
                labels: 1,
                edge_class: vec![None; tree.len()],
                edge_classes: 0,
                pool: nodes.collect(),
                pools: tree.len(),
            };
        };
        let channels = (tree.len() / (rows * columns).max(1)).max(1);
        let place = |node: usize| {
            let (pixel, channel) = (node / channels, node % channels);
            ((pixel / columns) as i64, (pixel % columns) as i64, channel)
        };
        let mut classes = HashMap::new();
        let edge_class = nodes
            .clone()
            .map(|node| {
                let (row, column, channel) = place(node);
                let (above, beside, parent_channel) = place(tree.parent(node)?);
                let kind = (row - above, column - beside, parent_channel, channel);
                let next = classes.len();
                Some(*classes.entry(kind).or_insert(next))
            })
            .collect();
        let mut pools = HashMap::new();
        let pool = nodes
            .map(|node| {
                let kind = (node % channels, schema.variables[node]);
                let next = pools.len();
                *pools.entry(kind).or_insert(next)
            })
            .collect();
        Self {
            labels,
            edge_class,
            edge_classes: classes.len(),
            pool,
            pools: pools.len(),
        }
    }

    /// Length of a padded vector of labels.
    pub(crate) fn stride(&self) -> usize {
        padded(self.labels)
    }
}

/// What parameters are smoothed towards.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Priors {
    /// For each class of edges `P(label | label of the parent)`, `[labels, padded(labels)]`.
    pub(crate) transitions: Vec<Vec<f32>>,
    /// For each pool of variables.
    pub(crate) emissions: Vec<EmissionPrior>,
}

/// How the labels of a pool of variables choose among symbols.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EmissionPrior {
    pub(crate) tree: SymbolTree,
    /// Probability of each branch, `[choices, 2, labels]`.
    pub(crate) branches: Vec<f32>,
}

impl EmissionPrior {
    /// Probabilities of the branches of a choice for a label.
    #[inline(always)]
    pub(crate) fn branch(&self, choice: usize, branch: usize, label: u16, labels: usize) -> f32 {
        self.branches[(choice * 2 + branch) * labels + usize::from(label)]
    }

    /// That of counts `[symbols, padded(labels)]`, where each choice has `weight` counts beforehand.
    pub(crate) fn new(tree: SymbolTree, counts: &[f32], labels: usize, weight: f32) -> Self {
        let stride = padded(labels);
        let totals = tree.totals(counts);
        let mut branches = Vec::with_capacity(tree.choices().len() * 2 * labels);
        for (at, choice) in tree.choices().iter().enumerate() {
            for (branch, prior) in choice.branches.into_iter().zip(choice.prior) {
                let counts = match branch {
                    Branch::Symbol(symbol) => &counts[usize::from(symbol) * stride..],
                    Branch::Choice(below) => &totals[usize::from(below) * stride..],
                };
                let totals = &totals[at * stride..][..labels];
                branches.extend(
                    counts
                        .iter()
                        .zip(totals)
                        .map(|(&count, &total)| (count + weight * prior) / (total + weight)),
                );
            }
        }
        Self { tree, branches }
    }
}

impl Priors {
    /// What the transition of a node from a state of label `from` is smoothed towards: a distribution
    /// over the node's states, of which `spread` is the one without regard to the parent.
    pub(crate) fn transition_row(
        &self,
        sharing: &Sharing,
        at: usize,
        from: u16,
        labels: &[u16],
        spread: &[f32],
        row: &mut [f32],
    ) {
        let Some(class) = sharing.edge_class[at] else {
            row[..labels.len()].copy_from_slice(&spread[..labels.len()]);
            return;
        };
        let shares = &self.transitions[class][usize::from(from) * sharing.stride()..];
        let mut total = 0.0f32;
        for (value, &label) in row.iter_mut().zip(labels) {
            *value = shares[usize::from(label)];
            total += *value;
        }
        let factor = (1.0 - INDEPENDENT) / total.max(f32::MIN_POSITIVE);
        let rest = if total > 0.0 { INDEPENDENT } else { 1.0 };
        for (value, &share) in row.iter_mut().zip(&spread[..labels.len()]) {
            *value = *value * factor + share * rest;
        }
    }
}

/// Sums counts of transitions of a node, `[parent states, padded(states)]`, into those of its class.
pub(crate) fn pool_transitions(
    counts: &[f32],
    parent_labels: &[u16],
    node: &Node,
    labels_stride: usize,
    pooled: &mut [f32],
) {
    for (row, &from) in counts.chunks_exact(node.stride()).zip(parent_labels) {
        let target = &mut pooled[usize::from(from) * labels_stride..][..labels_stride];
        for (&count, &label) in row.iter().zip(&node.labels) {
            target[usize::from(label)] += count;
        }
    }
}

/// Sums counts of symbols of a node, `[symbols, padded(states)]`, into those of its pool.
pub(crate) fn pool_emissions(
    counts: &[f32],
    node: &Node,
    labels_stride: usize,
    pooled: &mut [f32],
) {
    let rows = counts.chunks_exact(node.stride());
    for (row, target) in rows.zip(pooled.chunks_exact_mut(labels_stride)) {
        for (&count, &label) in row.iter().zip(&node.labels) {
            target[usize::from(label)] += count;
        }
    }
}
