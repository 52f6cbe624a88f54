//! How well a tree fits its distances: CompLearn's quartet criterion S(T).

use codec_core::{Error, Result};

use super::Tree;
use crate::matrix::DistanceMatrix;
use crate::shuffle::Shuffle;

/// Most items for which all quartets are looked at: 20 million.
const ALL_QUARTETS: usize = 150;
/// Quartets that are looked at where there are more items.
const SAMPLE: u64 = 2_000_000;

/// How well a tree fits distances, over quartets of items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuartetScore {
    /// S(T), from 0 to 1: 1 if every quartet of the tree is the cheapest of its three.
    pub score: f64,
    /// How many quartets were looked at.
    pub quartets: u64,
    /// Whether these were all there are; otherwise they were drawn at random.
    pub exact: bool,
}

/// The normalised tree benefit score S(T) = (M − C) / (M − m) of Cilibrasi & Vitányi (2005; 2011,
/// section 3): every four items u, v, w, x hang in the tree as one of uv|wx, uw|vx, ux|vw, which
/// costs d(u, v) + d(w, x) and so on; C is the sum of these costs over all quartets, and M and m are
/// the sums of the largest and of the smallest of the three costs.
///
/// A quartet that the tree leaves open, at a node with more than three branches, costs the mean of
/// the three. Beyond 150 items it is measured on two million quartets drawn by `seed`.
/// `None` for fewer than four items, of which there are no quartets.
///
/// # Errors
/// [`Error::Mismatch`] if the leaves of the tree are not the items of the matrix.
///
/// ```
/// use codec_ncd::{matrix::DistanceMatrix, tree::{Tree, quartet_score}};
/// let names = ["a", "b", "c", "d"].map(String::from).to_vec();
/// let matrix = DistanceMatrix::from_lower(names, vec![2.0, 4.0, 4.0, 5.0, 5.0, 3.0])?;
/// let score = |text| Ok::<_, codec_core::Error>(
///     quartet_score(&Tree::parse_newick(text)?, &matrix, 1)?.unwrap().score
/// );
/// assert_eq!(score("((a,b),c,d);")?, 1.0);
/// assert_eq!(score("((a,c),b,d);")?, 0.0);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub fn quartet_score(
    tree: &Tree,
    matrix: &DistanceMatrix,
    seed: u64,
) -> Result<Option<QuartetScore>> {
    let unrooted = Unrooted::of(tree, matrix)?;
    let n = matrix.len();
    if n < 4 {
        return Ok(None);
    }
    let mut sums = Sums::default();
    let exact = n <= ALL_QUARTETS;
    if exact {
        for_all(n, |quartet| sums.add(costs(matrix, quartet), None));
        sums.cost = unrooted.cost(matrix);
    } else {
        let steps = unrooted.steps();
        let mut random = Shuffle::new(seed);
        for _ in 0..SAMPLE {
            let quartet = drawn(&mut random, n);
            let costs = costs(matrix, quartet);
            sums.add(costs, Some(cost_in(&steps, n, quartet, costs)));
        }
    }
    let range = sums.largest - sums.smallest;
    let score = if range > 0.0 {
        ((sums.largest - sums.cost) / range).clamp(0.0, 1.0)
    } else {
        1.0
    };
    Ok(Some(QuartetScore {
        score,
        quartets: sums.quartets,
        exact,
    }))
}

/// Costs over quartets.
#[derive(Debug, Default)]
struct Sums {
    quartets: u64,
    largest: f64,
    smallest: f64,
    cost: f64,
}

impl Sums {
    fn add(&mut self, costs: [f64; 3], cost: Option<f64>) {
        self.quartets += 1;
        self.largest += costs[0].max(costs[1]).max(costs[2]);
        self.smallest += costs[0].min(costs[1]).min(costs[2]);
        self.cost += cost.unwrap_or(0.0);
    }
}

fn for_all(n: usize, mut each: impl FnMut([usize; 4])) {
    for u in 0..n {
        for v in u + 1..n {
            for w in v + 1..n {
                for x in w + 1..n {
                    each([u, v, w, x]);
                }
            }
        }
    }
}

/// Four different items below `n`.
fn drawn(random: &mut Shuffle, n: usize) -> [usize; 4] {
    let mut quartet = [0; 4];
    for count in 0..4 {
        loop {
            let item = random.below(n);
            if !quartet[..count].contains(&item) {
                quartet[count] = item;
                break;
            }
        }
    }
    quartet
}

/// What uv|wx, uw|vx and ux|vw cost.
fn costs(matrix: &DistanceMatrix, [u, v, w, x]: [usize; 4]) -> [f64; 3] {
    let pair = |a, b, c, d| f64::from(matrix.get(a, b)) + f64::from(matrix.get(c, d));
    [pair(u, v, w, x), pair(u, w, v, x), pair(u, x, v, w)]
}

/// What the quartet costs as it hangs in a tree whose leaves are `steps` branches apart: the pairs
/// are the two of the smallest sum of steps (the four-point condition).
fn cost_in(steps: &[u32], n: usize, [u, v, w, x]: [usize; 4], costs: [f64; 3]) -> f64 {
    let sum = |a, b, c, d| steps[a * n + b] + steps[c * n + d];
    let sums = [sum(u, v, w, x), sum(u, w, v, x), sum(u, x, v, w)];
    if sums[0] == sums[1] && sums[1] == sums[2] {
        return costs.iter().sum::<f64>() / 3.0;
    }
    let least = sums.iter().zip(costs).min_by_key(|(sum, _)| **sum);
    least.map_or(0.0, |(_, cost)| cost)
}

/// A tree without a root: for every node its neighbours. Nodes below the number of items are the
/// leaves, numbered as in the matrix.
#[derive(Debug, Clone)]
pub(super) struct Unrooted {
    pub(super) items: usize,
    pub(super) neighbours: Vec<Vec<usize>>,
}

impl Unrooted {
    /// The tree with its leaves numbered as in `matrix`; a root with two children is left out.
    pub(super) fn of(tree: &Tree, matrix: &DistanceMatrix) -> Result<Self> {
        let n = matrix.len();
        let numbers: std::collections::HashMap<&str, usize> =
            matrix.names().iter().map(String::as_str).zip(0..).collect();
        let mut placed = vec![false; n];
        let mut ids = vec![0; tree.nodes.len()];
        let mut next = n;
        let root_is_a_bend = tree.nodes[tree.root].children.len() == 2;
        for node in tree.preorder() {
            if tree.nodes[node].children.is_empty() {
                let name = tree.leaf_name(node);
                let number = numbers.get(name).copied();
                let number = number.filter(|number| !std::mem::replace(&mut placed[*number], true));
                ids[node] = number.ok_or_else(|| {
                    Error::Mismatch(format!("the tree has an item {name}, the matrix has not"))
                })?;
            } else if !(root_is_a_bend && node == tree.root) {
                ids[node] = next;
                next += 1;
            }
        }
        if let Some(missing) = placed.iter().position(|placed| !placed) {
            let name = &matrix.names()[missing];
            return Err(Error::Mismatch(format!(
                "the matrix has an item {name}, the tree has not"
            )));
        }
        let mut unrooted = Unrooted {
            items: n,
            neighbours: vec![Vec::new(); next],
        };
        for (index, node) in tree.nodes.iter().enumerate() {
            match node.parent {
                Some(parent) if root_is_a_bend && parent == tree.root => {}
                Some(parent) => unrooted.connect(ids[index], ids[parent]),
                None => {}
            }
        }
        if let ([one, other], true) = (&tree.nodes[tree.root].children[..], root_is_a_bend) {
            unrooted.connect(ids[*one], ids[*other]);
        }
        Ok(unrooted)
    }

    pub(super) fn connect(&mut self, one: usize, other: usize) {
        self.neighbours[one].push(other);
        self.neighbours[other].push(one);
    }

    /// C: what all quartets cost together, in time O(n²).
    ///
    /// The distance of u and v counts once for every two other leaves that are on their other side:
    /// these hang from the same place of the path between u and v. So walk from every leaf to all
    /// others and count the pairs that hang from the path.
    pub(super) fn cost(&self, matrix: &DistanceMatrix) -> f64 {
        let behind = self.behind();
        let mut twice = 0.0;
        let mut stack: Vec<(usize, usize, f64)> = Vec::new();
        for from in 0..self.items {
            stack.extend(self.neighbours[from].iter().map(|next| (*next, from, 0.0)));
            while let Some((node, before, pairs)) = stack.pop() {
                if node < self.items {
                    twice += pairs * f64::from(matrix.get(from, node));
                    continue;
                }
                for &next in &self.neighbours[node] {
                    if next != before {
                        stack.push((
                            next,
                            node,
                            pairs + self.hanging(&behind, node, before, next),
                        ));
                    }
                }
            }
        }
        twice / 2.0
    }

    /// Pairs of leaves that hang from `node` beside a path from `before` to `next`. Those on
    /// different branches leave their quartet open: each counts a third.
    fn hanging(&self, behind: &[(usize, usize)], node: usize, before: usize, next: usize) -> f64 {
        let (mut same, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for &branch in &self.neighbours[node] {
            if branch != before && branch != next {
                let (up, below) = behind[branch];
                let leaves = if up == node {
                    below
                } else {
                    self.items - behind[node].1
                } as f64;
                same += leaves * (leaves - 1.0) / 2.0;
                sum += leaves;
                squares += leaves * leaves;
            }
        }
        same + (sum * sum - squares) / 6.0
    }

    /// With leaf 0 as root: the node above each node, and how many leaves it carries.
    fn behind(&self) -> Vec<(usize, usize)> {
        let mut behind = vec![(usize::MAX, 0); self.neighbours.len()];
        let mut order = vec![0];
        let mut place = 0;
        while let Some(&node) = order.get(place) {
            place += 1;
            for &next in &self.neighbours[node] {
                if next != behind[node].0 {
                    behind[next].0 = node;
                    order.push(next);
                }
            }
        }
        for &node in order.iter().rev() {
            behind[node].1 += usize::from(node < self.items);
            let (up, leaves) = behind[node];
            if up != usize::MAX {
                behind[up].1 += leaves;
            }
        }
        behind
    }

    /// How many branches are between each two leaves, n × n.
    fn steps(&self) -> Vec<u32> {
        let n = self.items;
        let mut steps = vec![0; n * n];
        let mut stack = Vec::new();
        for from in 0..n {
            stack.push((from, usize::MAX, 0));
            while let Some((node, before, count)) = stack.pop() {
                if node < n {
                    steps[from * n + node] = count;
                }
                for &next in &self.neighbours[node] {
                    if next != before {
                        stack.push((next, node, count + 1));
                    }
                }
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::neighbor_joining;

    fn matrix(n: usize, seed: u64) -> DistanceMatrix {
        let mut random = Shuffle::new(seed);
        let names = (0..n).map(|i| format!("i{i}")).collect();
        DistanceMatrix::from_fn(names, |_, _| 1.0 + random.below(1000) as f32 / 1000.0).unwrap()
    }

    /// C by its definition.
    fn by_definition(unrooted: &Unrooted, matrix: &DistanceMatrix) -> f64 {
        let steps = unrooted.steps();
        let mut cost = 0.0;
        for_all(matrix.len(), |quartet| {
            cost += cost_in(&steps, matrix.len(), quartet, costs(matrix, quartet));
        });
        cost
    }

    #[test]
    fn the_cost_by_paths_is_the_sum_over_all_quartets() {
        for n in [4, 5, 9, 14] {
            let matrix = matrix(n, n as u64);
            let tree = neighbor_joining(&matrix).unwrap();
            let unrooted = Unrooted::of(&tree, &matrix).unwrap();
            let (fast, slow) = (unrooted.cost(&matrix), by_definition(&unrooted, &matrix));
            assert!((fast - slow).abs() < 1e-9 * slow, "{n}: {fast} {slow}");
        }
        // Nodes with more than three branches leave quartets open.
        let matrix = matrix(9, 1);
        let open = Tree::parse_newick("((i0,i1,i2,i3),(i4,(i5,i6)),i7,i8);").unwrap();
        let unrooted = Unrooted::of(&open, &matrix).unwrap();
        let (fast, slow) = (unrooted.cost(&matrix), by_definition(&unrooted, &matrix));
        assert!((fast - slow).abs() < 1e-9 * slow, "{fast} {slow}");
    }

    #[test]
    fn the_root_does_not_matter() {
        let matrix = matrix(12, 3);
        let tree = neighbor_joining(&matrix).unwrap();
        let score = |tree: &Tree| quartet_score(tree, &matrix, 0).unwrap().unwrap().score;
        let rooted = tree.rooted_at_outgroup("i5").unwrap();
        assert!((score(&tree) - score(&rooted)).abs() < 1e-12);
    }

    #[test]
    fn a_sample_of_many_quartets_comes_close_and_depends_on_the_seed_only() {
        let matrix = matrix(ALL_QUARTETS + 1, 7);
        let tree = neighbor_joining(&matrix).unwrap();
        let sampled = quartet_score(&tree, &matrix, 5).unwrap().unwrap();
        assert!(!sampled.exact);
        assert_eq!(quartet_score(&tree, &matrix, 5).unwrap().unwrap(), sampled);
        let mut sums = Sums::default();
        for_all(matrix.len(), |quartet| {
            sums.add(costs(&matrix, quartet), None)
        });
        let cost = Unrooted::of(&tree, &matrix).unwrap().cost(&matrix);
        let exact = (sums.largest - cost) / (sums.largest - sums.smallest);
        assert!(
            (sampled.score - exact).abs() < 0.003,
            "{} {exact}",
            sampled.score
        );
    }

    #[test]
    fn trees_of_other_items_have_no_score() {
        let matrix = matrix(4, 1);
        for text in ["((i0,i1),i2,x);", "(i0,i1,i2);", "((i0,i1),(i2,(i3,i4)));"] {
            let tree = Tree::parse_newick(text).unwrap();
            assert!(quartet_score(&tree, &matrix, 0).is_err(), "{text}");
        }
    }
}
