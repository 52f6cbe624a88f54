//! Rows of leaves, branches from left to right.

use super::{Anchor, Colours, FONT, MARGIN, Picture, QUIET, SMALL, Tree, drawn_lengths, width_of};

/// Height of a row.
const ROW: f64 = 18.0;
/// Width of the branches together.
const BREADTH: f64 = 560.0;

pub(super) fn picture(tree: &Tree, colours: &Colours) -> Picture {
    let nodes = tree.nodes();
    let order = tree.preorder();
    let (lengths, known) = drawn_lengths(tree);
    let mut depth = vec![0.0; nodes.len()];
    for node in &order {
        if let Some(parent) = nodes[*node].parent {
            depth[*node] = depth[parent] + lengths[*node];
        }
    }
    let deepest = depth.iter().copied().fold(0.0, f64::max);
    let scale = BREADTH / if deepest > 0.0 { deepest } else { 1.0 };
    // A rooted tree stands on a short stem.
    let left = MARGIN + if tree.is_rooted() { 14.0 } else { 0.0 };
    let x = |node: usize| left + depth[node] * scale;

    let mut y = vec![0.0; nodes.len()];
    for (row, leaf) in tree.leaves().into_iter().enumerate() {
        y[leaf] = MARGIN + ROW * (row as f64 + 0.5);
    }
    for node in order.iter().rev() {
        if let [first, .., last] = nodes[*node].children[..] {
            y[*node] = f64::midpoint(y[first], y[last]);
        } else if let [only] = nodes[*node].children[..] {
            y[*node] = y[only];
        }
    }

    let mut picture = Picture::default();
    for &node in &order {
        let colour = colours.of_nodes[node];
        match nodes[node].parent {
            Some(parent) => picture.line((x(parent), y[node]), (x(node), y[node]), 1.6, colour),
            None if tree.is_rooted() => {
                picture.line((x(node) - 14.0, y[node]), (x(node), y[node]), 1.6, colour);
            }
            None => {}
        }
        if let [first, .., last] = nodes[node].children[..] {
            picture.line((x(node), y[first]), (x(node), y[last]), 1.6, colour);
        }
    }
    for &node in &order {
        if nodes[node].children.is_empty() {
            let name = tree.leaf_name(node);
            let at = (x(node) + 7.0, y[node]);
            picture.text(at, Anchor::Start, FONT, colours.of_nodes[node], name);
            picture.width = picture.width.max(at.0 + width_of(name, FONT) + MARGIN);
        }
    }
    // A number that would cover a name, a branch or another number is left out.
    for &node in &order {
        let inner = !nodes[node].children.is_empty();
        if let Some(support) = nodes[node].support.filter(|_| inner) {
            let label = format!("{support:.0}");
            let width = width_of(&label, SMALL);
            let right_of_node = (x(node) + 4.0, y[node]);
            let above_branch = (x(node) - width - 3.0, y[node] - SMALL * 0.6);
            let places = [right_of_node, above_branch].into_iter();
            if let Some(at) = places
                .into_iter()
                .find(|at| picture.has_room(*at, width, SMALL))
            {
                picture.text(at, Anchor::Start, SMALL, QUIET, &label);
            }
        }
    }
    let rows = tree.leaves().len() as f64;
    picture.height = MARGIN + ROW * rows + MARGIN;
    if known {
        picture.height += 12.0;
        picture.scale_bar((left, picture.height - MARGIN), scale, BREADTH / 5.0);
        picture.height += 22.0;
    }
    picture.legend(&colours.legend);
    picture
}
