//! Lengths for the branches of a tree whose shape is given.

use codec_core::Result;

use super::Tree;
use super::quartet::Unrooted;
use crate::matrix::DistanceMatrix;

/// Sets the lengths of all branches of a tree whose inner nodes have three branches, by the mean
/// distances of the subtrees that meet at the ends of each (ordinary least squares, Rzhetsky & Nei
/// 1993): exact where the distances are those of a tree of this shape. Lengths that would be
/// negative are 0. A root with two children gets half of its branch on each side; at a node with
/// more branches, those from the third on are taken together. Time O(n³) at most.
///
/// # Errors
/// [`codec_core::Error::Mismatch`] if the leaves of the tree are not the items of the matrix.
pub fn fit_lengths(tree: &mut Tree, matrix: &DistanceMatrix) -> Result<()> {
    // Checks the leaves.
    Unrooted::of(tree, matrix)?;
    let numbers: std::collections::HashMap<&str, usize> =
        matrix.names().iter().map(String::as_str).zip(0..).collect();
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); tree.nodes.len()];
    for node in tree.preorder().into_iter().rev() {
        if tree.nodes[node].children.is_empty() {
            below[node].extend(numbers.get(tree.leaf_name(node)));
        }
        if let Some(parent) = tree.nodes[node].parent {
            let leaves = below[node].clone();
            below[parent].extend(leaves);
        }
    }
    let mean = |one: &[usize], other: &[usize]| {
        let pairs = one
            .iter()
            .flat_map(|a| other.iter().map(|b| f64::from(matrix.get(*a, *b))));
        pairs.sum::<f64>() / (one.len() * other.len()) as f64
    };
    let root_children = tree.nodes[tree.root].children.clone();
    let mut lengths = vec![None; tree.nodes.len()];
    for (node, length) in lengths.iter_mut().enumerate() {
        let Some(parent) = tree.nodes[node].parent else {
            continue;
        };
        // What meets at the upper end: beside this branch, its sisters and the rest of the tree.
        let mut above: Vec<Vec<usize>> = Vec::new();
        let bend = parent == tree.root && root_children.len() == 2;
        if bend {
            let sister = root_children.iter().find(|child| **child != node);
            above = sister.map_or(above, |sister| sides(tree, &below, *sister));
        } else {
            let sisters = tree.nodes[parent].children.iter();
            above.extend(
                sisters
                    .filter(|sister| **sister != node)
                    .map(|s| below[*s].clone()),
            );
            let outside: Vec<usize> = {
                let mut inside = vec![false; matrix.len()];
                below[parent].iter().for_each(|leaf| inside[*leaf] = true);
                (0..matrix.len()).filter(|leaf| !inside[*leaf]).collect()
            };
            if !outside.is_empty() {
                above.push(outside);
            }
        }
        let above = two(above);
        let under = two(sides(tree, &below, node));
        let found = match (&under[..], &above[..]) {
            ([x], [c]) => mean(x, c),
            ([x], [c, d]) | ([c, d], [x]) => (mean(x, c) + mean(x, d) - mean(c, d)) / 2.0,
            ([a, b], [c, d]) => {
                let size = |leaves: &Vec<usize>| leaves.len() as f64;
                let share = (size(b) * size(c) + size(a) * size(d))
                    / ((size(a) + size(b)) * (size(c) + size(d)));
                (share * (mean(a, c) + mean(b, d)) + (1.0 - share) * (mean(b, c) + mean(a, d))
                    - mean(a, b)
                    - mean(c, d))
                    / 2.0
            }
            _ => 0.0,
        };
        let found = if bend { found / 2.0 } else { found };
        *length = Some(found.max(0.0));
    }
    for (node, length) in lengths.into_iter().enumerate() {
        tree.nodes[node].length = length;
    }
    Ok(())
}

/// The leaves that meet at `node` from below, one list for each branch.
fn sides(tree: &Tree, below: &[Vec<usize>], node: usize) -> Vec<Vec<usize>> {
    match &tree.nodes[node].children[..] {
        [] => vec![below[node].clone()],
        children => children.iter().map(|child| below[*child].clone()).collect(),
    }
}

/// The lists with all from the second on as one.
fn two(mut lists: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    if lists.len() > 2 {
        let rest = lists.split_off(2);
        lists[1].extend(rest.into_iter().flatten());
    }
    lists
}
