//! The walk for a few records: one after the other at each node, with states side by side.
//!
//! Sixteen records in lanes make use of a vector unit only where there are so many. Here vectors run
//! over states instead; every sum has the order that it has there, so that the bits are the same.

use codec_core::Result;

use super::{Coder, Weights, is_nothing};
use crate::lanes::{multiply_columns, multiply_rows};

/// Most records that are walked so: more take longer than [`GROUP`](super::GROUP) of them.
pub(super) const FEW: usize = 4;

/// A node on the way from the root, `[records, padded(states)]`; see [`super::Visited`].
#[derive(Default)]
struct Visited {
    node: usize,
    joint: Vec<f32>,
    below: Vec<f32>,
}

impl Coder {
    /// As [`walk`](Self::walk).
    pub(super) fn walk_few(
        &self,
        count: usize,
        mut visit: impl FnMut(usize, &Weights, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let tree = &self.circuit.tree;
        let mut path: Vec<Visited> = Vec::new();
        let mut spare: Vec<Visited> = Vec::new();
        let mut weights = Weights::default();
        let mut symbols = [0u8; FEW];
        let mut message = Vec::new();
        for at in tree.preorder() {
            let parent = tree.parent(at);
            while let Some(last) = path.pop_if(|last| Some(last.node) != parent) {
                if let Some(above) = path.last_mut() {
                    self.ascend_few(&last, above, &mut message);
                }
                spare.push(last);
            }
            let node = &self.circuit.nodes[at];
            let stride = node.stride();
            let mut here = spare.pop().unwrap_or_default();
            here.node = at;
            here.joint.resize(count * stride, 0.0);
            for (lane, joint) in here.joint.chunks_exact_mut(stride).enumerate() {
                let above = match path.last() {
                    Some(above) => {
                        let above_node = &self.circuit.nodes[above.node];
                        &above.joint[lane * above_node.stride()..][..above_node.states]
                    }
                    None => &[1.0],
                };
                multiply_columns(self.arch, &node.transition, above, joint);
            }
            weights.set_rows(&here.joint, stride);
            let symbols = &mut symbols[..count];
            visit(at, &weights, symbols)?;
            here.below.clear();
            for (joint, &symbol) in here.joint.chunks_exact_mut(stride).zip(&*symbols) {
                let emission = node.emission_of(symbol);
                here.below.extend_from_slice(emission);
                for (joint, &below) in joint.iter_mut().zip(emission) {
                    *joint *= below;
                }
                rescale([&mut joint[..node.states]]);
            }
            path.push(here);
        }
        Ok(())
    }

    /// Tells a node what was coded below one of its children.
    fn ascend_few(&self, child: &Visited, above: &mut Visited, message: &mut Vec<f32>) {
        let node = &self.circuit.nodes[child.node];
        let above_node = &self.circuit.nodes[above.node];
        let (states, stride) = (above_node.states, above_node.stride());
        message.resize(states, 0.0);
        let lanes = above.joint.chunks_exact_mut(stride);
        let lanes = lanes.zip(above.below.chunks_exact_mut(stride));
        for ((joint, below), child_below) in lanes.zip(child.below.chunks_exact(node.stride())) {
            multiply_rows(
                &node.transition,
                node.stride(),
                &child_below[..node.states],
                message,
            );
            rescale([message]);
            for ((joint, below), &factor) in joint.iter_mut().zip(below.iter_mut()).zip(&*message) {
                *joint *= factor;
                *below *= factor;
            }
            rescale([&mut joint[..states], &mut below[..states]]);
        }
    }
}

/// Scales each of some vectors of equally many states to sum to one, as [`super::rescale`] does.
fn rescale<const N: usize>(mut vectors: [&mut [f32]; N]) {
    let states = vectors.first().map_or(0, |vector| vector.len());
    let mut sums = [0.0f32; N];
    for state in 0..states {
        for (sum, vector) in sums.iter_mut().zip(&vectors) {
            *sum += vector[state];
        }
    }
    for (vector, sum) in vectors.iter_mut().zip(sums) {
        let mut sum = sum;
        if is_nothing(sum) {
            sum = 1.0;
            vector.fill(1.0 / states as f32);
        }
        let factor = 1.0 / sum;
        vector.iter_mut().for_each(|value| *value *= factor);
    }
}
