//! Trees: building them from distances, scoring, comparing, rooting, writing and drawing them.
//!
//! | you want | look at |
//! |---|---|
//! | a tree from distances | [`neighbor_joining`], [`bionj`], [`upgma`], [`QuartetSearch`] |
//! | how well a tree fits its distances | [`quartet_score`] |
//! | to read or write Newick, or write Nexus | [`Tree::parse_newick`], [`Tree::newick`], [`nexus`] |
//! | a root | [`Tree::rooted_at_midpoint`], [`Tree::rooted_at_outgroup`] |
//! | a picture | [`draw`] |
//! | to compare trees | [`robinson_foulds`], [`Tree::set_supports`] |

pub mod draw;
mod joining;
mod lengths;
mod newick;
mod quartet;
mod rooting;
mod search;
mod splits;
mod upgma;

use codec_core::{Error, Result};

pub use joining::{bionj, neighbor_joining};
pub use lengths::fit_lengths;
pub use newick::nexus;
pub use quartet::{QuartetScore, quartet_score};
pub use search::QuartetSearch;
pub use splits::{RobinsonFoulds, robinson_foulds};
pub use upgma::upgma;

/// A tree whose leaves are named items.
///
/// An unrooted tree is kept as if it had a root, which has three or more children.
///
/// ```
/// use codec_ncd::tree::Tree;
/// let tree = Tree::parse_newick("((cat:1,'big cat':2):0.5,dog:3,fox:3);")?;
/// assert_eq!(tree.leaf_names(), ["cat", "big cat", "dog", "fox"]);
/// assert!(!tree.is_rooted());
/// assert_eq!(tree.newick(), "((cat:1,'big cat':2):0.5,dog:3,fox:3);");
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    root: usize,
    rooted: bool,
}

/// A node of a [`Tree`], and the branch above it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Index of the node above; the root has none.
    pub parent: Option<usize>,
    /// Indices of the nodes below; none for a leaf.
    pub children: Vec<usize>,
    /// The name: every leaf has one, inner nodes may.
    pub name: Option<String>,
    /// Length of the branch above, in the unit of the distances, at least 0.
    pub length: Option<f64>,
    /// How well the branch above is supported, in percent.
    pub support: Option<f64>,
}

impl Tree {
    /// All nodes, in no order that means anything.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Index of the node that all others hang from.
    #[must_use]
    pub fn root(&self) -> usize {
        self.root
    }

    /// Whether the root means something.
    #[must_use]
    pub fn is_rooted(&self) -> bool {
        self.rooted
    }

    /// Indices of all nodes, each before its children.
    #[must_use]
    pub fn preorder(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut stack = vec![self.root];
        while let Some(node) = stack.pop() {
            order.push(node);
            stack.extend(self.nodes[node].children.iter().rev());
        }
        order
    }

    /// Indices of the leaves, as they come in [`Tree::preorder`].
    #[must_use]
    pub fn leaves(&self) -> Vec<usize> {
        let mut order = self.preorder();
        order.retain(|node| self.nodes[*node].children.is_empty());
        order
    }

    /// Names of the leaves, in the order of [`Tree::leaves`].
    #[must_use]
    pub fn leaf_names(&self) -> Vec<&str> {
        let leaves = self.leaves().into_iter();
        leaves.map(|leaf| self.leaf_name(leaf)).collect()
    }

    /// The distance along the branches between two leaves, by name; branches without a length
    /// count as 1. `None` if there is no such leaf.
    #[must_use]
    pub fn path_length(&self, one: &str, other: &str) -> Option<f64> {
        let find = |name| {
            let mut leaves = self.leaves().into_iter();
            leaves.find(|leaf| self.leaf_name(*leaf) == name)
        };
        let above = |leaf: usize| {
            let mut path = vec![leaf];
            let mut at = leaf;
            while let Some(parent) = self.nodes[at].parent {
                path.push(parent);
                at = parent;
            }
            path
        };
        let (mut one, mut other) = (above(find(one)?), above(find(other)?));
        while let (Some(a), Some(b)) = (one.last(), other.last()) {
            if a != b {
                break;
            }
            one.pop();
            other.pop();
        }
        let path = one.iter().chain(&other);
        Some(
            path.map(|node| self.nodes[*node].length.unwrap_or(1.0))
                .sum(),
        )
    }

    /// The same tree with the children of every node in order of how many leaves they carry, few
    /// first: easier to look at.
    #[must_use]
    pub fn ladderized(mut self) -> Self {
        let mut carried = vec![0usize; self.nodes.len()];
        for node in self.preorder().into_iter().rev() {
            let children = &self.nodes[node].children;
            let sum = children.iter().map(|child| carried[*child]).sum::<usize>();
            carried[node] = sum.max(1);
            self.nodes[node]
                .children
                .sort_by_key(|child| carried[*child]);
        }
        self
    }

    fn leaf_name(&self, leaf: usize) -> &str {
        self.nodes[leaf].name.as_deref().unwrap_or_default()
    }
}

/// A tree that grows from the leaves to the root.
#[derive(Debug, Default)]
struct Growing {
    nodes: Vec<Node>,
}

impl Growing {
    /// Leaves with these names, which get the indices 0, 1, 2, ...
    fn with_leaves(names: &[String]) -> Self {
        let nodes = names.iter().map(|name| Node {
            name: Some(name.clone()),
            ..Node::default()
        });
        Growing {
            nodes: nodes.collect(),
        }
    }

    /// A new node above `children`, each with the length of its branch.
    fn join(&mut self, children: &[(usize, Option<f64>)]) -> usize {
        let node = self.nodes.len();
        for (child, length) in children {
            self.nodes[*child].parent = Some(node);
            self.nodes[*child].length = *length;
        }
        self.nodes.push(Node {
            children: children.iter().map(|(child, _)| *child).collect(),
            ..Node::default()
        });
        node
    }

    /// The tree, whose root is the last node.
    fn finish(self, rooted: bool) -> Tree {
        Tree {
            root: self.nodes.len().saturating_sub(1),
            nodes: self.nodes,
            rooted,
        }
    }
}

/// An error unless there is something to make a tree of.
fn at_least_two(items: usize) -> Result<()> {
    if items < 2 {
        return Err(Error::Usage(
            "a tree needs at least two items, and the matrix has one".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
