//! A tree in box-drawing characters.

use super::{Tree, drawn_lengths};

pub(super) fn text(tree: &Tree, width: usize) -> String {
    let nodes = tree.nodes();
    let order = tree.preorder();
    let (lengths, _) = drawn_lengths(tree);
    let mut depth = vec![0.0; nodes.len()];
    for node in &order {
        if let Some(parent) = nodes[*node].parent {
            depth[*node] = depth[parent] + lengths[*node];
        }
    }
    let deepest = depth.iter().copied().fold(0.0, f64::max);
    let longest = tree
        .leaf_names()
        .iter()
        .map(|name| name.chars().count())
        .max();
    let room = width.saturating_sub(longest.unwrap_or(0) + 2).max(4);

    // Where every node stands: at least two characters behind the one it hangs from.
    let mut column = vec![0usize; nodes.len()];
    let mut row = vec![0usize; nodes.len()];
    let mut rows: Vec<Vec<char>> = Vec::new();
    for &node in &order {
        if let Some(parent) = nodes[node].parent {
            let scaled = (depth[node] / deepest.max(f64::MIN_POSITIVE) * room as f64).round();
            column[node] = (scaled as usize).max(column[parent] + 2);
            let is_first = nodes[parent].children.first() == Some(&node);
            row[node] = if is_first { row[parent] } else { rows.len() };
        }
        if row[node] == rows.len() {
            rows.push(Vec::new());
        }
        let Some(parent) = nodes[node].parent else {
            put(
                &mut rows[0],
                0,
                if nodes[node].children.len() > 1 {
                    '┬'
                } else {
                    '─'
                },
            );
            continue;
        };
        let siblings = &nodes[parent].children;
        if siblings.first() != Some(&node) {
            let is_last = siblings.last() == Some(&node);
            put(
                &mut rows[row[node]],
                column[parent],
                if is_last { '└' } else { '├' },
            );
            for above in (row[parent] + 1..row[node]).rev() {
                if rows[above].get(column[parent]).is_some_and(|c| *c != ' ') {
                    break;
                }
                put(&mut rows[above], column[parent], '│');
            }
        }
        for between in column[parent] + 1..column[node] {
            put(&mut rows[row[node]], between, '─');
        }
        let branches = nodes[node].children.len() > 1;
        put(
            &mut rows[row[node]],
            column[node],
            if branches { '┬' } else { '─' },
        );
    }
    for leaf in tree.leaves() {
        rows[row[leaf]].push(' ');
        rows[row[leaf]].extend(tree.leaf_name(leaf).chars());
    }
    let mut out = String::new();
    for row in rows {
        out.extend(row);
        out.push('\n');
    }
    out
}

fn put(row: &mut Vec<char>, column: usize, mark: char) {
    if row.len() <= column {
        row.resize(column + 1, ' ');
    }
    row[column] = mark;
}
