//! Where the root is.

use codec_core::{Error, Result};

use super::{Node, Tree};

/// A branch between two nodes, seen from one of them.
#[derive(Debug, Clone, Copy)]
struct Branch {
    to: usize,
    length: Option<f64>,
    support: Option<f64>,
}

/// A branch on the way from the new root, with the node it comes from, there and in the new tree.
struct Step {
    from: usize,
    parent: usize,
    branch: Branch,
}

impl Tree {
    /// The same tree rooted in the middle of the longest path between two leaves. Branches without
    /// a length count as 1.
    #[must_use]
    pub fn rooted_at_midpoint(&self) -> Tree {
        let branches = self.branches();
        let Some(&leaf) = self.leaves().first() else {
            return self.clone();
        };
        let (start, _) = farthest(&branches, leaf);
        let (end, from) = farthest(&branches, start);
        // Back from the end until half of the path is behind us.
        let mut path = vec![end];
        while let Some(before) = from[path[path.len() - 1]] {
            path.push(before);
        }
        let step = |place: usize| length_between(&branches, path[place], path[place + 1]);
        let half = (0..path.len() - 1).map(step).sum::<f64>() / 2.0;
        let mut passed = 0.0;
        for place in 0..path.len() - 1 {
            let length = step(place);
            if passed + length >= half {
                return self.rooted_between(&branches, path[place], path[place + 1], half - passed);
            }
            passed += length;
        }
        self.clone()
    }

    /// The same tree rooted in the middle of the branch to the leaf `name`.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such leaf.
    pub fn rooted_at_outgroup(&self, name: &str) -> Result<Tree> {
        let mut leaves = self.leaves().into_iter();
        let leaf = leaves
            .find(|leaf| self.leaf_name(*leaf) == name)
            .ok_or_else(|| {
                Error::Usage(format!("there is no item named {name} to root the tree at"))
            })?;
        let branches = self.branches();
        match branches[leaf].first() {
            Some(branch) => {
                let half = branch.length.unwrap_or(1.0) / 2.0;
                Ok(self.rooted_between(&branches, leaf, branch.to, half))
            }
            None => Ok(self.clone()),
        }
    }

    /// The branches at every node, those on the two sides of a root with two children as one.
    fn branches(&self) -> Vec<Vec<Branch>> {
        let mut branches = vec![Vec::new(); self.nodes.len()];
        let mut connect = |one: usize, other: usize, length, support| {
            for (at, to) in [(one, other), (other, one)] {
                branches[at].push(Branch {
                    to,
                    length,
                    support,
                });
            }
        };
        let through_root = match self.nodes[self.root].children[..] {
            [one, other] => Some((one, other)),
            _ => None,
        };
        if let Some((one, other)) = through_root {
            let (a, b) = (&self.nodes[one], &self.nodes[other]);
            let length = match (a.length, b.length) {
                (Some(a), Some(b)) => Some(a + b),
                (one, other) => one.or(other),
            };
            connect(one, other, length, a.support.or(b.support));
        }
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(parent) = node.parent
                && !(through_root.is_some() && parent == self.root)
            {
                connect(index, parent, node.length, node.support);
            }
        }
        branches
    }

    /// The tree with a root on the branch between two nodes, `from_one` away from the first.
    fn rooted_between(
        &self,
        branches: &[Vec<Branch>],
        one: usize,
        other: usize,
        from_one: f64,
    ) -> Tree {
        let mut nodes = vec![Node::default()];
        let whole = branches[one].iter().find(|branch| branch.to == other);
        let support = whole.and_then(|branch| branch.support);
        let length = whole.and_then(|branch| branch.length);
        let half = |node, from, length| Step {
            from,
            parent: 0,
            branch: Branch {
                to: node,
                length,
                support,
            },
        };
        let rest = length.map(|length| (length - from_one).max(0.0));
        let mut stack = vec![
            half(other, one, rest),
            half(one, other, length.map(|_| from_one)),
        ];
        while let Some(step) = stack.pop() {
            let Branch {
                to: node,
                length,
                support,
            } = step.branch;
            let new = nodes.len();
            nodes[step.parent].children.push(new);
            let before = stack.len();
            for branch in branches[node].iter().rev() {
                if branch.to != step.from {
                    stack.push(Step {
                        from: node,
                        parent: new,
                        branch: *branch,
                    });
                }
            }
            let is_leaf = stack.len() == before;
            nodes.push(Node {
                parent: Some(step.parent),
                children: Vec::new(),
                name: self.nodes[node].name.clone(),
                length,
                // What separates one leaf from the rest needs no support.
                support: if is_leaf { None } else { support },
            });
        }
        Tree {
            nodes,
            root: 0,
            rooted: true,
        }
    }
}

/// The leaf farthest from `start`, and for each node the one before it on the way from there.
fn farthest(branches: &[Vec<Branch>], start: usize) -> (usize, Vec<Option<usize>>) {
    let mut from = vec![None; branches.len()];
    let mut best = (-1.0, start);
    let mut stack = vec![(start, 0.0)];
    while let Some((node, distance)) = stack.pop() {
        let is_leaf = branches[node].len() == 1;
        if is_leaf && node != start && distance > best.0 {
            best = (distance, node);
        }
        for branch in &branches[node] {
            if from[node] != Some(branch.to) && branch.to != start {
                from[branch.to] = Some(node);
                stack.push((branch.to, distance + branch.length.unwrap_or(1.0).max(0.0)));
            }
        }
    }
    (best.1, from)
}

fn length_between(branches: &[Vec<Branch>], one: usize, other: usize) -> f64 {
    let branch = branches[one].iter().find(|branch| branch.to == other);
    let length = branch.and_then(|branch| branch.length);
    length.unwrap_or(1.0).max(0.0)
}
