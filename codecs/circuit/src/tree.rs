//! Rooted trees over the variables of a record.

use codec_core::{Error, Result};

/// A rooted tree whose nodes are the variables `0..len`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    parents: Vec<Option<u32>>,
    /// Every node after its parent, the subtree of each in one piece.
    preorder: Vec<u32>,
    children: Vec<Vec<u32>>,
}

impl Tree {
    /// The tree in which every node but one has the given parent.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if there are no nodes, not exactly one root, a parent that is no node, or a
    /// circle.
    pub fn new(parents: Vec<Option<u32>>) -> Result<Self> {
        let mut children = vec![Vec::new(); parents.len()];
        let mut root = None;
        for (node, parent) in (0u32..).zip(&parents) {
            match parent {
                Some(parent) => children
                    .get_mut(*parent as usize)
                    .ok_or_else(|| no_tree("the parent of a variable is no variable"))?
                    .push(node),
                None if root.is_none() => root = Some(node),
                None => return Err(no_tree("two variables have no parent")),
            }
        }
        let root = root.ok_or_else(|| no_tree("no variable is the root"))?;
        let mut preorder = Vec::with_capacity(parents.len());
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            preorder.push(node);
            waiting.extend(children[node as usize].iter().rev());
        }
        if preorder.len() < parents.len() {
            return Err(no_tree("variables are parents of each other in a circle"));
        }
        Ok(Self {
            parents,
            preorder,
            children,
        })
    }

    /// The tree with these edges over `len` nodes, rooted at its centre, which makes it as shallow as
    /// it can be; `None` if the edges make no tree.
    #[must_use]
    pub fn centred(len: usize, edges: &[(u32, u32)]) -> Option<Self> {
        let mut neighbours = vec![Vec::new(); len];
        for &(a, b) in edges {
            neighbours.get_mut(a as usize)?.push(b);
            neighbours.get_mut(b as usize)?.push(a);
        }
        let root = centre(&neighbours)?;
        let mut parents = vec![None; len];
        let mut seen = vec![false; len];
        seen[root as usize] = true;
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            for &next in &neighbours[node as usize] {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    parents[next as usize] = Some(node);
                    waiting.push(next);
                }
            }
        }
        (edges.len() + 1 == len && seen.iter().all(|&seen| seen))
            .then(|| Self::new(parents).ok())
            .flatten()
    }

    /// Number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there are no nodes, which no tree has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> usize {
        self.preorder[0] as usize
    }

    /// The parent of a node; `None` for the root.
    ///
    /// # Panics
    /// If there is no such node.
    #[must_use]
    pub fn parent(&self, node: usize) -> Option<usize> {
        self.parents[node].map(|parent| parent as usize)
    }

    /// The children of a node, smallest first.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn children(&self, node: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.children[node].iter().map(|&child| child as usize)
    }

    /// All nodes, every one after its parent, each subtree in one piece.
    pub fn preorder(&self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + '_ {
        self.preorder.iter().map(|&node| node as usize)
    }

    /// The parents, by node.
    #[must_use]
    pub fn parents(&self) -> &[Option<u32>] {
        &self.parents
    }
}

fn no_tree(what: &str) -> Error {
    Error::corrupt(0, format!("the circuit has no tree: {what}"))
}

/// The node in the middle of the longest path.
fn centre(neighbours: &[Vec<u32>]) -> Option<u32> {
    let (first, _) = farthest(neighbours, 0)?;
    let (last, towards_first) = farthest(neighbours, first)?;
    let mut path = vec![last];
    while let Some(next) = towards_first[*path.last()? as usize] {
        path.push(next);
        if path.len() > neighbours.len() {
            return None;
        }
    }
    path.get(path.len() / 2).copied()
}

/// The node farthest from `start`, the smallest of them, and for each node the next towards `start`.
fn farthest(neighbours: &[Vec<u32>], start: u32) -> Option<(u32, Vec<Option<u32>>)> {
    let mut back = vec![None; neighbours.len()];
    let mut seen = vec![false; neighbours.len()];
    *seen.get_mut(start as usize)? = true;
    let mut ring = vec![start];
    loop {
        let mut next_ring = Vec::new();
        for &node in &ring {
            for &next in &neighbours[node as usize] {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    back[next as usize] = Some(node);
                    next_ring.push(next);
                }
            }
        }
        if next_ring.is_empty() {
            return Some((ring.into_iter().min()?, back));
        }
        ring = next_ring;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_rooted_in_its_middle() {
        let edges: Vec<(u32, u32)> = (0..6).map(|i| (i, i + 1)).collect();
        let tree = Tree::centred(7, &edges).unwrap();
        assert_eq!(tree.root(), 3);
        assert_eq!(tree.parent(6), Some(5));
        assert_eq!(tree.preorder().collect::<Vec<_>>(), [3, 2, 1, 0, 4, 5, 6]);
    }

    #[test]
    fn subtrees_are_in_one_piece_after_their_root() {
        let edges = [(0, 1), (0, 2), (2, 3), (2, 4), (4, 5)];
        let tree = Tree::centred(6, &edges).unwrap();
        assert_eq!(tree.root(), 2);
        assert_eq!(tree.preorder().collect::<Vec<_>>(), [2, 0, 1, 3, 4, 5]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert!(Tree::new(vec![]).is_err());
        assert!(Tree::new(vec![None, None]).is_err());
        assert!(Tree::new(vec![None, Some(7)]).is_err());
        assert!(Tree::new(vec![None, Some(2), Some(1)]).is_err());
        assert!(Tree::centred(3, &[(0, 1)]).is_none());
        assert!(Tree::centred(3, &[(0, 1), (0, 1)]).is_none());
        assert!(Tree::centred(2, &[(0, 5)]).is_none());
    }
}
