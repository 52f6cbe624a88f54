//! Expected counts and the parameters that follow from them.

use pulp::Arch;

use crate::circuit::Node;
use crate::lanes::{Strided, multiply_add};
use crate::messages::Messages;
use crate::symbol_tree::SymbolTree;

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

    /// The parameters of `node` that these counts give.
    pub(crate) fn estimate(&self, node: &mut Node, symbols: &SymbolTree, smoothing: Smoothing) {
        let stride = node.stride();
        let totals = column_sums(&self.transition, stride);
        let spread = distribution(&totals, node.states);
        for (row, counts) in node
            .transition
            .chunks_exact_mut(stride)
            .zip(self.transition.chunks_exact(stride))
        {
            let total: f32 = counts.iter().sum::<f32>() + smoothing.transition;
            for ((value, &count), &spread) in row.iter_mut().zip(counts).zip(&spread) {
                *value = (count + smoothing.transition * spread) / total;
            }
        }
        let weight = |depth: u16| smoothing.emission * smoothing.growth.powi(i32::from(depth));
        symbols.estimate(&self.emission, node.states, weight, &mut node.emission);
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
