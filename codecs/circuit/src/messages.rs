//! Messages over the tree for a batch of records: likelihoods upwards, posteriors downwards.

use pulp::Arch;

use crate::lanes::{Strided, multiply, padded, sum};
use crate::{Circuit, Records};

/// A circuit with what the batched passes over it need: transitions in both directions.
pub(crate) struct Batched<'a> {
    pub(crate) circuit: &'a Circuit,
    /// `P(state | state of the parent)`, `[states, padded(states of the parent)]`.
    pub(crate) transposed: &'a [Vec<f32>],
    pub(crate) arch: Arch,
}

/// The messages of a batch of records.
///
/// Vectors of node `u` are `[records, padded(states of u)]`, those of its edge
/// `[records, padded(states of its parent)]`.
pub(crate) struct Messages {
    /// Records there is room for.
    room: usize,
    /// Records there are.
    len: usize,
    /// For each node `P(values of its subtree | its state)`, scaled to sum to one.
    pub(crate) likelihood: Vec<Vec<f32>>,
    /// For each edge, after [`up`](Self::up): `P(values of the subtree | state of the parent)`, scaled
    /// as the likelihood is. After [`down`](Self::down): the parent's posterior divided by that.
    pub(crate) edge: Vec<Vec<f32>>,
    /// For each node `P(its state | all values)`, after [`down`](Self::down).
    pub(crate) posterior: Vec<Vec<f32>>,
    /// Natural logarithm of the likelihood of each record.
    log_likelihood: Vec<f64>,
}

/// The transition of a node with the states of the parent in lanes.
pub(crate) fn transposed(circuit: &Circuit, at: usize) -> Vec<f32> {
    let width = padded(circuit.parent_states(at));
    let mut turned = vec![0.0; circuit.nodes[at].states * width];
    transpose(circuit, at, &mut turned);
    turned
}

/// As [`transposed`], into what an earlier call gave.
pub(crate) fn transpose(circuit: &Circuit, at: usize, turned: &mut [f32]) {
    let node = &circuit.nodes[at];
    let width = padded(circuit.parent_states(at));
    for (row, values) in node.transition.chunks_exact(node.stride()).enumerate() {
        for (state, &value) in values[..node.states].iter().enumerate() {
            turned[state * width + row] = value;
        }
    }
}

impl Messages {
    /// Room for `records` records.
    pub(crate) fn new(circuit: &Circuit, records: usize) -> Self {
        let of_nodes = || -> Vec<Vec<f32>> {
            let room = |node: &crate::circuit::Node| vec![0.0; records * node.stride()];
            circuit.nodes.iter().map(room).collect()
        };
        let edge = (0..circuit.nodes.len())
            .map(|node| vec![0.0; records * padded(circuit.parent_states(node))])
            .collect();
        Self {
            room: records,
            len: 0,
            likelihood: of_nodes(),
            edge,
            posterior: of_nodes(),
            log_likelihood: vec![0.0; records],
        }
    }

    /// Records there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Records there is room for.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Natural logarithm of the likelihood of each record, after [`up`](Self::up).
    pub(crate) fn log_likelihood(&self) -> impl Iterator<Item = &f64> {
        self.log_likelihood[..self.len].iter()
    }

    /// Likelihoods from the leaves to the root, of the records `numbers`, for which there is room.
    pub(crate) fn up(&mut self, batched: &Batched<'_>, records: &Records, numbers: &[u32]) {
        debug_assert!(numbers.len() <= self.room);
        self.len = numbers.len();
        let circuit = batched.circuit;
        self.log_likelihood.fill(0.0);
        for at in circuit.tree.preorder().rev() {
            let node = &circuit.nodes[at];
            let stride = node.stride();
            let mut whole = std::mem::take(&mut self.likelihood[at]);
            let likelihood = &mut whole[..self.len * stride];
            for (row, &number) in likelihood.chunks_exact_mut(stride).zip(numbers) {
                row.copy_from_slice(node.emission_of(records.record(number as usize)[at]));
            }
            self.rescale(likelihood, stride);
            for child in circuit.tree.children(at) {
                for (value, factor) in likelihood.iter_mut().zip(&self.edge[child]) {
                    *value *= factor;
                }
                self.rescale(likelihood, stride);
            }
            let width = padded(circuit.parent_states(at));
            let rows = Strided::rows(likelihood, stride);
            let turned = &batched.transposed[at];
            let edge = &mut self.edge[at][..self.len * width];
            multiply(batched.arch, rows, turned, width, edge);
            self.likelihood[at] = whole;
        }
        let root = &self.edge[circuit.tree.root()];
        let rows = root.chunks_exact(padded(1));
        for (log, row) in self.log_likelihood[..self.len].iter_mut().zip(rows) {
            *log += f64::from(row[0]).ln();
        }
    }

    /// Scales each row to sum to one, and accounts for it.
    fn rescale(&mut self, rows: &mut [f32], stride: usize) {
        for (row, log) in rows.chunks_exact_mut(stride).zip(&mut self.log_likelihood) {
            let total = sum(row);
            *log += f64::from(total).ln();
            let factor = 1.0 / total;
            for value in row {
                *value = without_traces(*value * factor);
            }
        }
    }

    /// Posteriors from the root to the leaves, after [`up`](Self::up).
    pub(crate) fn down(&mut self, batched: &Batched<'_>) {
        let circuit = batched.circuit;
        for at in circuit.tree.preorder() {
            let node = &circuit.nodes[at];
            let stride = node.stride();
            match circuit.tree.parent(at) {
                Some(parent) => {
                    for (edge, &posterior) in self.edge[at].iter_mut().zip(&self.posterior[parent])
                    {
                        *edge = ratio(posterior, *edge);
                    }
                }
                None => {
                    for edge in &mut self.edge[at] {
                        *edge = ratio(1.0, *edge);
                    }
                }
            }
            let mut whole = std::mem::take(&mut self.posterior[at]);
            let posterior = &mut whole[..self.len * stride];
            let edge = Strided::rows(&self.edge[at], padded(circuit.parent_states(at)));
            multiply(batched.arch, edge, &node.transition, stride, posterior);
            for (value, factor) in posterior.iter_mut().zip(&self.likelihood[at]) {
                *value = without_traces(*value * factor);
            }
            self.posterior[at] = whole;
        }
    }
}

/// Zero for what is too little to matter: products of such numbers would be subnormal, with which
/// processors are slow.
#[inline(always)]
fn without_traces(share: f32) -> f32 {
    const TRACE: f32 = 1e-20;
    if share < TRACE { 0.0 } else { share }
}

/// `posterior / message`, where a message of zero means that the posterior is zero as well.
#[inline(always)]
fn ratio(posterior: f32, message: f32) -> f32 {
    posterior / message.max(f32::MIN_POSITIVE)
}
