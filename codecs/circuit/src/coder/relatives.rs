//! Which variables are coded before a variable and close to it.

use crate::{Schema, Tree};

/// Most variables that are looked for.
pub(super) const RELATIVES: usize = 6;

/// For each variable others that come before it in preorder, the closest first: pixels at most two
/// rows and columns away on a grid, otherwise by steps in the tree.
pub(super) fn relatives(schema: &Schema, tree: &Tree) -> Vec<Vec<u32>> {
    match schema.grid {
        Some((rows, columns)) => pixels(schema, tree, rows, columns),
        None => kin(tree),
    }
}

fn pixels(schema: &Schema, tree: &Tree, rows: usize, columns: usize) -> Vec<Vec<u32>> {
    const REACH: usize = 2;
    let channels = (schema.len() / (rows * columns).max(1)).max(1);
    let mut coded = vec![false; schema.len()];
    let mut relatives = vec![Vec::new(); schema.len()];
    for at in tree.preorder() {
        let (pixel, channel) = (at / channels, at % channels);
        let (row, column) = (pixel / columns, pixel % columns);
        let mut found = Vec::new();
        for y in row.saturating_sub(REACH)..(row + REACH + 1).min(rows) {
            for x in column.saturating_sub(REACH)..(column + REACH + 1).min(columns) {
                let distance = y.abs_diff(row).pow(2) + x.abs_diff(column).pow(2);
                for other_channel in 0..channels {
                    let other = (y * columns + x) * channels + other_channel;
                    if coded[other] {
                        let farther = 2 * distance + usize::from(other_channel != channel);
                        found.push((farther, other as u32));
                    }
                }
            }
        }
        coded[at] = true;
        relatives[at] = closest(found);
    }
    relatives
}

/// Ancestors, and the elder children of them.
fn kin(tree: &Tree) -> Vec<Vec<u32>> {
    (0..tree.len())
        .map(|at| {
            let mut found = Vec::new();
            let (mut below, mut steps) = (at, 1);
            while let Some(above) = tree.parent(below).filter(|_| steps <= RELATIVES) {
                found.push((2 * steps - 1, above as u32));
                let elder = tree.children(above).take_while(|&child| child != below);
                found.extend(elder.map(|child| (2 * steps, child as u32)));
                (below, steps) = (above, steps + 1);
            }
            closest(found)
        })
        .collect()
}

fn closest(mut found: Vec<(usize, u32)>) -> Vec<u32> {
    found.sort_unstable();
    found.truncate(RELATIVES);
    found.into_iter().map(|(_, other)| other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Records;
    use crate::structure::chow_liu_tree;
    use std::num::NonZeroUsize;

    #[test]
    fn relatives_are_coded_before() {
        let values = (0..4000u32).map(|i| (i * 7919 % 251) as u8).collect();
        for schema in [Schema::picture(4, 5), Schema::bytes(20)] {
            let records = Records::new(20, Vec::clone(&values));
            let tree = chow_liu_tree(&schema, &records, NonZeroUsize::MIN).unwrap();
            let order: Vec<usize> = tree.preorder().collect();
            let place = |at: usize| order.iter().position(|&other| other == at).unwrap();
            for (at, relatives) in relatives(&schema, &tree).iter().enumerate() {
                assert!(
                    relatives
                        .iter()
                        .all(|&other| place(other as usize) < place(at))
                );
                assert!(at == tree.root() || !relatives.is_empty() || schema.grid.is_some());
            }
        }
    }
}
