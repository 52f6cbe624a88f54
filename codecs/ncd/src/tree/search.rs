//! The tree of the best quartet score, by randomised hill climbing.

use std::num::NonZeroUsize;

use codec_core::{Result, ordered};

use super::quartet::Unrooted;
use super::{Growing, Tree, at_least_two, fit_lengths, neighbor_joining};
use crate::matrix::DistanceMatrix;
use crate::shuffle::Shuffle;

/// Looks for the tree that maximises the quartet score S(T), as CompLearn's `maketree` does
/// (Cilibrasi & Vitányi 2005): a tree in which every inner node has three branches is changed at
/// random, and the change is kept if the tree is no worse for it. A change is one or more of: two
/// leaves change places, two subtrees change places, a subtree moves to another branch.
///
/// Where we differ: a tree is scored in O(n²) instead of from all quartets; one climb starts from
/// the neighbour-joining tree and the others from random trees; the number of mutations of a change
/// is geometric.
///
/// The quartet score knows no lengths of branches; those of the result are fitted by
/// [`fit_lengths`].
///
/// ```
/// use codec_ncd::{matrix::DistanceMatrix, tree::{QuartetSearch, quartet_score}};
/// let names = ["a", "b", "c", "d"].map(String::from).to_vec();
/// let matrix = DistanceMatrix::from_lower(names, vec![2.0, 4.0, 4.0, 5.0, 5.0, 3.0])?;
/// let tree = QuartetSearch::default().run(&matrix, std::num::NonZeroUsize::MIN, |_| ())?;
/// assert_eq!(quartet_score(&tree, &matrix, 0)?.unwrap().score, 1.0);
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuartetSearch {
    /// Climbs, at least one: the first from the neighbour-joining tree.
    pub starts: usize,
    /// What the random numbers come from.
    pub seed: u64,
}

impl Default for QuartetSearch {
    /// Four climbs, seed 1.
    fn default() -> Self {
        QuartetSearch { starts: 4, seed: 1 }
    }
}

impl QuartetSearch {
    /// The best tree found. It does not depend on `threads`. `done` hears after each climb how many
    /// are done.
    ///
    /// # Errors
    /// [`codec_core::Error::Usage`] for fewer than two items.
    pub fn run(
        &self,
        matrix: &DistanceMatrix,
        threads: NonZeroUsize,
        mut done: impl FnMut(usize),
    ) -> Result<Tree> {
        at_least_two(matrix.len())?;
        let first = neighbor_joining(matrix)?;
        if matrix.len() < 4 {
            return Ok(first);
        }
        let mut starts = 0..self.starts.max(1);
        let mut best: Option<(f64, Unrooted)> = None;
        let mut finished = 0;
        ordered(
            threads,
            || Ok(starts.next()),
            |start| {
                let mut random = Shuffle::new(self.seed.wrapping_add(start as u64));
                let tree = match start {
                    0 => Unrooted::of(&first, matrix)?,
                    _ => random_tree(matrix.len(), &mut random),
                };
                Ok(climb(tree, matrix, &mut random))
            },
            |found| {
                if best.as_ref().is_none_or(|best| found.0 < best.0) {
                    best = Some(found);
                }
                finished += 1;
                done(finished);
                Ok(())
            },
        )?;
        let mut tree = match best {
            Some((_, unrooted)) => unrooted.tree(matrix),
            None => first,
        };
        fit_lengths(&mut tree, matrix)?;
        Ok(tree)
    }
}

/// Changes the tree until nothing has helped for long.
fn climb(mut tree: Unrooted, matrix: &DistanceMatrix, random: &mut Shuffle) -> (f64, Unrooted) {
    let n = tree.items;
    let patience = n * (20 * n).min(2_000);
    let mut cost = tree.cost(matrix);
    let mut candidate = tree.clone();
    let mut marks = vec![false; tree.neighbours.len()];
    let mut in_vain = 0;
    while in_vain < patience {
        in_vain += 1;
        candidate.neighbours.clone_from(&tree.neighbours);
        loop {
            candidate.mutate(random, &mut marks);
            if random.below(2) == 0 {
                break;
            }
        }
        let changed = candidate.cost(matrix);
        if changed <= cost {
            // An equal sum in another order differs in its last digits.
            if changed < cost - 1e-12 * cost {
                in_vain = 0;
            }
            cost = changed;
            std::mem::swap(&mut tree, &mut candidate);
        }
    }
    (cost, tree)
}

/// A tree that grows leaf by leaf, each at a random branch.
fn random_tree(n: usize, random: &mut Shuffle) -> Unrooted {
    let mut order: Vec<usize> = (0..n).collect();
    random.shuffle(&mut order);
    let mut tree = Unrooted {
        items: n,
        neighbours: vec![Vec::new(); n],
    };
    let mut branches = vec![(order[0], order[1])];
    tree.connect(order[0], order[1]);
    for &leaf in &order[2..] {
        let place = random.below(branches.len());
        let (one, other) = branches[place];
        let node = tree.neighbours.len();
        tree.neighbours.push(vec![one, other, leaf]);
        tree.exchange(one, other, node);
        tree.exchange(other, one, node);
        tree.neighbours[leaf].push(node);
        branches[place] = (one, node);
        branches.extend([(node, other), (node, leaf)]);
    }
    tree
}

impl Unrooted {
    /// One change that leaves three branches at every inner node; now and then it is none.
    fn mutate(&mut self, random: &mut Shuffle, marks: &mut [bool]) {
        match random.below(3) {
            0 => {
                let (one, other) = (random.below(self.items), random.below(self.items));
                self.swap_subtrees(
                    (self.neighbours[one][0], one),
                    (self.neighbours[other][0], other),
                    marks,
                );
            }
            1 => {
                let (one, other) = (self.branch(random), self.branch(random));
                self.swap_subtrees(one, other, marks);
            }
            _ => self.transfer(random, marks),
        }
    }

    /// A branch, from its one end to the other.
    fn branch(&self, random: &mut Shuffle) -> (usize, usize) {
        let from = random.below(self.neighbours.len());
        let ends = &self.neighbours[from];
        (from, ends[random.below(ends.len())])
    }

    /// The subtrees behind two branches change places, if neither holds the other.
    fn swap_subtrees(&mut self, one: (usize, usize), other: (usize, usize), marks: &mut [bool]) {
        let ((a, b), (c, d)) = (one, other);
        if a == c || self.is_behind(one, c, marks) || self.is_behind(other, a, marks) {
            return;
        }
        self.exchange(a, b, d);
        self.exchange(c, d, b);
        self.exchange(b, a, c);
        self.exchange(d, c, a);
    }

    /// A subtree moves to another branch of the rest.
    fn transfer(&mut self, random: &mut Shuffle, marks: &mut [bool]) {
        let (node, subtree) = self.branch(random);
        if node < self.items {
            return;
        }
        let sides: Vec<usize> = self.neighbours[node]
            .iter()
            .copied()
            .filter(|side| *side != subtree)
            .collect();
        let (start, end) = self.branch(random);
        let [left, right] = sides[..] else { return };
        if start == node
            || end == node
            || self.is_behind((node, subtree), start, marks)
            || self.is_behind((node, subtree), end, marks)
        {
            return;
        }
        // Out of its place ...
        self.exchange(left, node, right);
        self.exchange(right, node, left);
        // ... and into the branch from start to end.
        self.exchange(start, end, node);
        self.exchange(end, start, node);
        self.exchange(node, left, start);
        self.exchange(node, right, end);
    }

    /// Whether `node` is behind the branch.
    fn is_behind(&self, branch: (usize, usize), node: usize, marks: &mut [bool]) -> bool {
        marks.fill(false);
        marks[branch.0] = true;
        let mut stack = vec![branch.1];
        while let Some(at) = stack.pop() {
            if at == node {
                return true;
            }
            marks[at] = true;
            stack.extend(self.neighbours[at].iter().filter(|next| !marks[**next]));
        }
        false
    }

    /// At `node`, the branch to `old` leads to `new`.
    fn exchange(&mut self, node: usize, old: usize, new: usize) {
        if let Some(end) = self.neighbours[node].iter_mut().find(|end| **end == old) {
            *end = new;
        }
    }

    /// The tree with the names of the items.
    fn tree(&self, matrix: &DistanceMatrix) -> Tree {
        let mut growing = Growing::with_leaves(matrix.names());
        let root = self.items;
        let mut order = vec![(root, usize::MAX)];
        let mut place = 0;
        while let Some(&(node, before)) = order.get(place) {
            place += 1;
            let next = self.neighbours[node].iter().filter(|next| **next != before);
            order.extend(next.map(|next| (*next, node)));
        }
        let mut ids: Vec<usize> = (0..self.neighbours.len()).collect();
        for &(node, before) in order.iter().rev().filter(|(node, _)| *node >= self.items) {
            let below = self.neighbours[node].iter().filter(|next| **next != before);
            let children: Vec<_> = below.map(|next| (ids[*next], None)).collect();
            ids[node] = growing.join(&children);
        }
        growing.finish(false)
    }
}
