//! Messages over the tree for a slice of partial records, in f64.

use std::f64::consts::LN_2;

use super::product::{Combine, LANES, MOST_COLUMNS, Matrix, multiply, multiply_and_scale};
use super::{Evidence, Inference};

/// The messages of a slice of records.
///
/// Vectors of node `u` are `[states of u, columns]` and those of its edge
/// `[states of the parent, columns]`: records lie side by side, so transitions are used in both
/// directions without being turned. Each column of each vector is scaled by some power of two.
#[derive(Default)]
pub(super) struct Messages {
    /// Number of the first record.
    first: usize,
    /// Records there are.
    len: usize,
    /// As many, padded to lanes with records of which nothing is known.
    columns: usize,
    /// For each node `P(known values of its subtree | its state)`.
    likelihood: Vec<Vec<f64>>,
    /// For each edge `P(known values of the subtree | state of the parent)`.
    edge: Vec<Vec<f64>>,
    /// For each edge `P(known values elsewhere, state of the parent)`, after [`down`](Self::down).
    outside: Vec<Vec<f64>>,
    /// Powers of two taken out of the likelihoods, by column.
    exponents: Vec<i64>,
    /// The transition of the node at hand.
    transition: Vec<f64>,
}

/// Records of a slice: as many as fit into some memory, at most 64.
pub(super) fn slice_of(inference: &Inference<'_>) -> usize {
    const MEMORY: usize = 128 << 20;
    let circuit = inference.circuit;
    let numbers: usize = (0..circuit.nodes.len())
        .map(|at| circuit.nodes[at].states + 2 * circuit.parent_states(at))
        .sum();
    let fitting = MEMORY / (numbers * size_of::<f64>());
    (fitting / LANES * LANES).clamp(LANES, MOST_COLUMNS)
}

impl Messages {
    /// Records there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Records there are, padded.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// What is known of variable `at` in the records of the slice.
    pub(super) fn known<'a>(
        &self,
        evidence: &'a Evidence,
        at: usize,
    ) -> impl Iterator<Item = Option<u8>> + 'a {
        let (first, len, columns) = (self.first, self.len, self.columns);
        let records = (first..first + len).map(move |number| evidence.record(number)[at]);
        records.chain(std::iter::repeat_n(None, columns - len))
    }

    /// `P(known values of the subtree | state)`, up to a factor, for each state of node `at` in the
    /// record in that column.
    pub(super) fn likelihood_of(&self, at: usize, column: usize) -> impl Iterator<Item = f64> + '_ {
        let columns = self.columns;
        self.likelihood[at][column..]
            .iter()
            .step_by(columns)
            .copied()
    }

    /// Likelihoods from the leaves to the root, of at most [`MOST_COLUMNS`] records from number
    /// `first` on. With [`Combine::Max`], the largest term takes the place of every sum.
    pub(super) fn up(
        &mut self,
        inference: &Inference<'_>,
        evidence: &Evidence,
        first: usize,
        len: usize,
        combine: Combine,
    ) {
        let circuit = inference.circuit;
        let nodes = circuit.nodes.len();
        (self.first, self.len) = (first, len);
        self.columns = len.next_multiple_of(LANES);
        self.likelihood.resize(nodes, Vec::new());
        self.edge.resize(nodes, Vec::new());
        self.exponents.clear();
        self.exponents.resize(self.columns, 0);
        for at in circuit.tree.preorder().rev() {
            let mut likelihood = std::mem::take(&mut self.likelihood[at]);
            likelihood.resize(circuit.nodes[at].states * self.columns, 0.0);
            inference.factor(at, self.known(evidence, at), combine, &mut likelihood);
            for child in circuit.tree.children(at) {
                let edge = &self.edge[child];
                multiply_and_scale(inference.arch, &mut likelihood, edge, &mut self.exponents);
            }
            inference.transition(at, &mut self.transition);
            let transition = Matrix::rows(&self.transition, circuit.nodes[at].states);
            let edge = &mut self.edge[at];
            edge.resize(circuit.parent_states(at) * self.columns, 0.0);
            multiply(
                inference.arch,
                combine,
                transition,
                &likelihood,
                self.columns,
                edge,
            );
            self.likelihood[at] = likelihood;
        }
    }

    /// Natural logarithm of the probability of what is known of each record, after [`up`](Self::up)
    /// (with [`Combine::Max`]: of the most probable completion); -∞ for what is impossible.
    pub(super) fn log_likelihood(&self, inference: &Inference<'_>) -> impl Iterator<Item = f64> {
        let root = &self.edge[inference.circuit.tree.root()];
        let both = root.iter().zip(&self.exponents).take(self.len);
        both.map(|(&value, &exponent)| (value.ln() + exponent as f64 * LN_2).min(0.0))
    }

    /// From the root to the leaves, after [`up`](Self::up) with sums: visits every node for which
    /// `wanted` is true (which it has to be for its ancestors, too) with
    /// `P(known values outside of the subtree, state)` of `[states, columns]`, up to a factor for each
    /// column.
    ///
    /// Messages are products of all factors but one, computed without division, which zeros forbid.
    pub(super) fn down(
        &mut self,
        inference: &Inference<'_>,
        evidence: &Evidence,
        wanted: &[bool],
        mut visit: impl FnMut(&Self, usize, &[f64]),
    ) {
        let circuit = inference.circuit;
        let arch = inference.arch;
        let columns = self.columns;
        let mut from_above = Vec::new();
        let mut own = Vec::new();
        let mut ignored = vec![0; columns];
        self.outside.resize(circuit.nodes.len(), Vec::new());
        self.outside[circuit.tree.root()] = vec![1.0; columns];
        for at in circuit.tree.preorder().filter(|&at| wanted[at]) {
            let states = circuit.nodes[at].states;
            inference.transition(at, &mut self.transition);
            from_above.resize(states * columns, 0.0);
            let turned = Matrix::transposed(&self.transition, states);
            let outside = &self.outside[at];
            multiply(
                arch,
                Combine::Sum,
                turned,
                outside,
                columns,
                &mut from_above,
            );
            visit(self, at, &from_above);

            let Some(last_wanted) = circuit.tree.children(at).rfind(|&child| wanted[child]) else {
                continue;
            };
            own.resize(states * columns, 0.0);
            inference.factor(at, self.known(evidence, at), Combine::Sum, &mut own);
            let before = &mut from_above;
            multiply_and_scale(arch, before, &own, &mut ignored);
            for child in circuit.tree.children(at) {
                if wanted[child] {
                    self.outside[child].clear();
                    self.outside[child].extend_from_slice(before);
                }
                if child == last_wanted {
                    break;
                }
                multiply_and_scale(arch, before, &self.edge[child], &mut ignored);
            }
            let after = &mut own;
            after.fill(1.0);
            for child in circuit.tree.children(at).rev() {
                if wanted[child] {
                    multiply_and_scale(arch, &mut self.outside[child], after, &mut ignored);
                }
                multiply_and_scale(arch, after, &self.edge[child], &mut ignored);
            }
        }
    }

    /// `P(all known values, state)` of node `at`, up to a factor for each column, from what
    /// [`down`](Self::down) gave its visitor.
    pub(super) fn joint(
        &self,
        inference: &Inference<'_>,
        at: usize,
        from_above: &[f64],
    ) -> Vec<f64> {
        let mut joint = from_above.to_vec();
        let mut ignored = vec![0; self.columns];
        multiply_and_scale(
            inference.arch,
            &mut joint,
            &self.likelihood[at],
            &mut ignored,
        );
        joint
    }

    /// `P(all known values but that of the node itself, state)`, as [`joint`](Self::joint).
    pub(super) fn joint_of_others(
        &self,
        inference: &Inference<'_>,
        at: usize,
        from_above: &[f64],
    ) -> Vec<f64> {
        let mut joint = from_above.to_vec();
        let mut ignored = vec![0; self.columns];
        for child in inference.circuit.tree.children(at) {
            multiply_and_scale(inference.arch, &mut joint, &self.edge[child], &mut ignored);
        }
        joint
    }
}
