//! Huffman code lengths as zlib makes them, and the bits that describe them in a block.
//!
//! Every Huffman tree over the same counts costs the same, but not every tree has the same code
//! lengths, and the lengths decide what their description costs and what the limits of 15 and 7 bits
//! do. So ties between nodes of equal count must fall as they do in zlib: the shallower node first,
//! and among equals whatever its binary heap brings up.

/// Most bits of a code for literals, lengths and distances (RFC 1951, 3.2.7).
pub(super) const CODE_LIMIT: u8 = 15;
/// Most bits of a code for code lengths.
const LENGTHS_LIMIT: u8 = 7;
/// Symbols of the largest alphabet: literals, the end of the block, and lengths.
const MAX_SYMBOLS: usize = 286;
/// Order in which a block's head lists the lengths of the code for code lengths.
const LENGTHS_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// Symbols for "the last length again", "a few zeros" and "many zeros", and the bits behind each.
const AGAIN: usize = 16;
const FEW_ZEROS: usize = 17;
const MANY_ZEROS: usize = 18;
const REPEAT_BITS: [u64; 19] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

/// Code lengths of an alphabet of `N` symbols, in bits; 0 for symbols without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lengths<const N: usize> {
    bits: [u8; N],
    /// Number of symbols up to the last that has a code.
    used: usize,
}

impl<const N: usize> Lengths<N> {
    /// The lengths for symbols that occur `counts` times, 32767 times at most in total, none of them
    /// longer than `limit` bits. There are always at least two codes: symbols that do not occur make
    /// up for missing ones.
    pub(super) fn new(counts: &[u16; N], limit: u8) -> Self {
        let mut heap = Heap::default();
        let mut used = 0;
        for (symbol, &count) in counts.iter().enumerate() {
            if count != 0 {
                heap.append(Node::leaf(count, symbol));
                used = symbol + 1;
            }
        }
        let mut bits = [0; N];
        if heap.len >= 2 {
            Tree::new(heap, N).assign(limit, &mut bits);
        } else {
            for _ in heap.len..2 {
                let symbol = if used < 3 { used } else { 0 };
                used = used.max(symbol + 1);
                bits[symbol] = 1;
            }
            if heap.len == 1 {
                bits[heap.nodes[1].index()] = 1;
            }
        }
        Lengths { bits, used }
    }

    /// Bits of all symbols together, when each occurs `counts` times.
    pub(super) fn cost(&self, counts: &[u16; N]) -> u64 {
        let codes = counts.iter().zip(&self.bits);
        codes.map(|(&n, &len)| u64::from(n) * u64::from(len)).sum()
    }

    /// Adds to `counts` the symbols that describe these lengths.
    fn describe(&self, counts: &mut [u16; 19]) {
        for run in self.bits[..self.used].chunk_by(|a, b| a == b) {
            let mut left = run.len();
            match usize::from(run[0]) {
                0 => {
                    while left > 0 {
                        let taken = left.min(138);
                        match taken {
                            1 | 2 => counts[0] += taken as u16,
                            3..=10 => counts[FEW_ZEROS] += 1,
                            _ => counts[MANY_ZEROS] += 1,
                        }
                        left -= taken;
                    }
                }
                len if left < 4 => counts[len] += left as u16,
                len => {
                    counts[len] += 1;
                    left -= 1;
                    while left >= 3 {
                        counts[AGAIN] += 1;
                        left -= left.min(6);
                    }
                    counts[len] += left as u16;
                }
            }
        }
    }
}

/// Bits of the head of a block with its own codes: the numbers of codes and all their lengths.
pub(super) fn head_cost<const L: usize, const D: usize>(
    literals: &Lengths<L>,
    distances: &Lengths<D>,
) -> u64 {
    let mut counts = [0; 19];
    literals.describe(&mut counts);
    distances.describe(&mut counts);
    let lengths = Lengths::new(&counts, LENGTHS_LIMIT);
    let repeats = counts.iter().zip(&REPEAT_BITS);
    let extra: u64 = repeats.map(|(&n, &bits)| u64::from(n) * bits).sum();
    let listed = LENGTHS_ORDER
        .iter()
        .rposition(|&symbol| lengths.bits[symbol] != 0)
        .map_or(0, |last| last + 1)
        .max(4);
    5 + 5 + 4 + 3 * listed as u64 + lengths.cost(&counts) + extra
}

/// A node of the tree in one number: count, then depth, then index, so that comparing what is above
/// the index compares as zlib does.
#[derive(Debug, Clone, Copy, Default)]
struct Node(u32);

impl Node {
    const INDEX_BITS: u32 = 10;
    const DEPTH_BITS: u32 = 6;

    fn leaf(count: u16, symbol: usize) -> Node {
        Node(u32::from(count) << (Self::DEPTH_BITS + Self::INDEX_BITS) | symbol as u32)
    }

    fn parent(a: Node, b: Node, index: usize) -> Node {
        let count = (a.rank() >> Self::DEPTH_BITS) + (b.rank() >> Self::DEPTH_BITS);
        let mask = (1 << Self::DEPTH_BITS) - 1;
        let depth = (a.rank() & mask).max(b.rank() & mask) + 1;
        Node((count << Self::DEPTH_BITS | depth) << Self::INDEX_BITS | index as u32)
    }

    fn rank(self) -> u32 {
        self.0 >> Self::INDEX_BITS
    }

    fn index(self) -> usize {
        (self.0 & ((1 << Self::INDEX_BITS) - 1)) as usize
    }
}

/// A binary heap with the least node at place 1.
struct Heap {
    nodes: [Node; MAX_SYMBOLS + 1],
    len: usize,
}

impl Default for Heap {
    fn default() -> Self {
        Heap {
            nodes: [Node::default(); MAX_SYMBOLS + 1],
            len: 0,
        }
    }
}

impl Heap {
    /// Puts a node behind the last, without regard to order.
    fn append(&mut self, node: Node) {
        self.len += 1;
        self.nodes[self.len] = node;
    }

    fn order(&mut self) {
        for place in (1..=self.len / 2).rev() {
            self.sink(self.nodes[place], place);
        }
    }

    /// Puts `node` into the tree of places below `place`, whose own node is dropped.
    fn sink(&mut self, node: Node, mut place: usize) {
        loop {
            let mut child = 2 * place;
            if child > self.len {
                break;
            }
            if child < self.len && self.nodes[child + 1].rank() <= self.nodes[child].rank() {
                child += 1;
            }
            if node.rank() <= self.nodes[child].rank() {
                break;
            }
            self.nodes[place] = self.nodes[child];
            place = child;
        }
        self.nodes[place] = node;
    }

    /// Takes out the least node; the last one fills its place.
    fn pop(&mut self) -> Node {
        let least = self.nodes[1];
        let last = self.nodes[self.len];
        self.len -= 1;
        self.sink(last, 1);
        least
    }
}

/// A Huffman tree as the list of its nodes in the order in which they were merged, root last.
struct Tree {
    merged: [u16; 2 * MAX_SYMBOLS],
    len: usize,
    parents: [u16; 2 * MAX_SYMBOLS],
    symbols: usize,
}

impl Tree {
    /// The tree over the at least two leaves in `heap`, of an alphabet of `symbols` symbols.
    fn new(mut heap: Heap, symbols: usize) -> Tree {
        let mut tree = Tree {
            merged: [0; 2 * MAX_SYMBOLS],
            len: 0,
            parents: [0; 2 * MAX_SYMBOLS],
            symbols,
        };
        heap.order();
        let mut index = symbols;
        while heap.len >= 2 {
            let first = heap.pop();
            let second = heap.nodes[1];
            for node in [first, second] {
                tree.parents[node.index()] = index as u16;
                tree.push(node);
            }
            heap.sink(Node::parent(first, second, index), 1);
            index += 1;
        }
        tree.push(heap.nodes[1]);
        tree
    }

    fn push(&mut self, node: Node) {
        self.merged[self.len] = node.index() as u16;
        self.len += 1;
    }

    /// Writes the depth of each leaf, `limit` at most, to `bits`.
    fn assign<const N: usize>(&self, limit: u8, bits: &mut [u8; N]) {
        let mut depths = [0u8; 2 * MAX_SYMBOLS];
        let mut leaves_at = [0u16; CODE_LIMIT as usize + 2];
        let mut too_deep = 0i32;
        for &node in self.merged[..self.len - 1].iter().rev() {
            let node = usize::from(node);
            let mut depth = depths[usize::from(self.parents[node])] + 1;
            if depth > limit {
                depth = limit;
                too_deep += 1;
            }
            depths[node] = depth;
            if let Some(len) = bits.get_mut(node) {
                *len = depth;
                leaves_at[usize::from(depth)] += 1;
            }
        }
        if too_deep > 0 {
            shorten(&mut leaves_at, limit, too_deep);
            let mut leaves = self.merged[..self.len]
                .iter()
                .filter(|&&node| usize::from(node) < self.symbols);
            // The rarest symbols take the longest codes.
            for depth in (1..=limit).rev() {
                for &leaf in leaves.by_ref().take(leaves_at[usize::from(depth)].into()) {
                    bits[usize::from(leaf)] = depth;
                }
            }
        }
    }
}

/// Makes the numbers of leaves at each depth those of a full tree again, after `too_deep` nodes were
/// pulled up to `limit`: each step hangs one of those leaves and the deepest shallower one below the
/// place of the latter.
fn shorten(leaves_at: &mut [u16], limit: u8, mut too_deep: i32) {
    let limit = usize::from(limit);
    while too_deep > 0 {
        let Some(depth) = (1..limit).rev().find(|&depth| leaves_at[depth] != 0) else {
            break;
        };
        leaves_at[depth] -= 1;
        leaves_at[depth + 1] += 2;
        leaves_at[limit] -= 1;
        too_deep -= 2;
    }
}
