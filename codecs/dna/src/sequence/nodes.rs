//! A base as two binary decisions.

use codec_entropy::mixing::{AdaptiveProbability, BitCoder};

/// Nodes of the binary tree over the four bases: the high bit, then the low bit after either.
pub(super) const NODES: usize = 3;

/// The node that decides the low bit, given the high one.
#[inline(always)]
pub(super) fn second_node(high: bool) -> usize {
    1 + usize::from(high)
}

/// Adaptive probabilities of the nodes; the fourth makes it a power of two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cells([AdaptiveProbability; NODES + 1]);

impl Cells {
    /// Cells with these probabilities of set bits (of 65536), as if seen `count` times.
    pub(super) fn new(probabilities: [u16; NODES], count: u32) -> Self {
        let [first, low, high] = probabilities.map(|p| AdaptiveProbability::new(p, count));
        Self([first, low, high, AdaptiveProbability::default()])
    }

    /// The probability of a set bit at `node`, of 65536.
    #[inline(always)]
    pub(super) fn probability(&self, node: usize) -> u16 {
        self.0[node & 3].probability()
    }

    /// Learns a base.
    #[inline(always)]
    pub(super) fn update(&mut self, base: u8, limit: u32) {
        let high = base >> 1 == 1;
        self.0[0].update(high, limit);
        self.0[second_node(high)].update(base & 1 == 1, limit);
    }
}

/// Codes a base by a model of its decisions: `decide` is called with the coder, the node and the
/// bit, and returns what was decided.
#[inline(always)]
pub(super) fn code_base<C: BitCoder>(
    coder: &mut C,
    base: u8,
    mut decide: impl FnMut(&mut C, usize, bool) -> bool,
) -> u8 {
    let high = decide(coder, 0, base >> 1 == 1);
    let low = decide(coder, second_node(high), base & 1 == 1);
    u8::from(high) << 1 | u8::from(low)
}
