//! From the middle outwards: the equal-angle layout (Felsenstein 2004, chapter 34).
//!
//! Every subtree gets a sector as wide as it has leaves. A sector lies within that of the branch it
//! hangs from, so no two branches cross, and neither do the rays that lead from each leaf in the
//! middle of its sector outwards. Names stand where these rays meet a circle.

use std::f64::consts::{PI, TAU};

use super::{
    Anchor, Colours, FAINT, FONT, MARGIN, Picture, QUIET, SMALL, Text, Tree, drawn_lengths,
    width_of,
};

/// Radius that the branches fill.
const RADIUS: f64 = 250.0;
/// Angles that are tried for the layout.
const TURNS: u32 = 24;
/// Space between names along the circle.
const PITCH: f64 = FONT * 1.25;

pub(super) fn picture(tree: &Tree, colours: &Colours) -> Picture {
    let net = Net::of(tree);
    let Positions { mut at, rays } = net.widest();
    let bounds = bounds(&at);
    let middle = (
        f64::midpoint(bounds[0], bounds[2]),
        f64::midpoint(bounds[1], bounds[3]),
    );
    let reach = at.iter().map(|(x, y)| (x - middle.0).hypot(y - middle.1));
    let reach = reach.fold(0.0, f64::max);
    let scale = RADIUS / if reach > 0.0 { reach } else { 1.0 };
    for point in &mut at {
        *point = ((point.0 - middle.0) * scale, (point.1 - middle.1) * scale);
    }
    let ring = (RADIUS * 1.15).max(rays.len() as f64 * PITCH / TAU);
    let angles = spread(
        rays.iter()
            .map(|(leaf, ray)| where_it_meets(at[*leaf], *ray, ring))
            .collect(),
        PITCH / ring,
    );
    let longest = rays
        .iter()
        .map(|(leaf, _)| width_of(tree.leaf_name(*leaf), FONT));
    let half = ring + 8.0 + longest.fold(0.0, f64::max) + MARGIN;
    let on_page = |(x, y): (f64, f64)| (x + half, y + half);
    let on_ring = |angle: f64, radius: f64| on_page((radius * angle.cos(), radius * angle.sin()));

    let mut picture = Picture {
        width: 2.0 * half,
        height: 2.0 * half,
        ..Picture::default()
    };
    for ((leaf, _), angle) in rays.iter().zip(&angles) {
        picture.line(on_page(at[*leaf]), on_ring(*angle, ring), 0.8, FAINT);
    }
    let branches: Vec<_> = net
        .branches()
        .into_iter()
        .map(|(one, other, branch)| (on_page(at[one]), on_page(at[other]), branch))
        .collect();
    for (from, to, branch) in &branches {
        picture.line(*from, *to, 1.6, colours.of_nodes[*branch]);
    }
    for (from, to, branch) in &branches {
        let Some(support) = tree.nodes()[*branch].support else {
            continue;
        };
        // Beside the middle of the branch, on its upper side, unless another branch or number is
        // as close.
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let up = if dx < 0.0 { 1.0 } else { -1.0 } * 8.0 / dx.hypot(dy);
        let middle = (
            f64::midpoint(from.0, to.0) - dy * up,
            f64::midpoint(from.1, to.1) + dx * up,
        );
        let label = format!("{support:.0}");
        let radius = width_of(&label, SMALL) / 2.0;
        let others = branches.iter().filter(|other| other.2 != *branch);
        let mut free = others.map(|(from, to, _)| away(middle, *from, *to) > radius);
        let placed = |text: &Text| {
            let (dx, dy) = (text.at.0 - middle.0, text.at.1 - middle.1);
            dx.hypot(dy) < radius + width_of(&text.text, SMALL) / 2.0
        };
        if free.all(|free| free) && !picture.texts.iter().any(placed) {
            picture.text(middle, Anchor::Middle, SMALL, QUIET, &label);
        }
    }
    for ((leaf, _), angle) in rays.iter().zip(&angles) {
        let leftwards = angle.cos() < 0.0;
        picture.texts.push(Text {
            at: on_ring(*angle, ring + 6.0),
            anchor: if leftwards {
                Anchor::End
            } else {
                Anchor::Start
            },
            size: FONT,
            angle: (if leftwards { angle + PI } else { *angle }).to_degrees(),
            colour: colours.of_nodes[*leaf],
            text: tree.leaf_name(*leaf).to_owned(),
        });
    }
    picture.cropped(half - ring);
    if drawn_lengths(tree).1 {
        picture.scale_bar((MARGIN, picture.height + 6.0), scale, RADIUS / 3.0);
        picture.height += 6.0 + 13.0 + MARGIN;
    }
    picture.legend(&colours.legend);
    picture
}

/// Where everything is, before it is scaled.
struct Positions {
    /// Of every node.
    at: Vec<(f64, f64)>,
    /// The leaves in the order around the circle, with the directions of their rays.
    rays: Vec<(usize, f64)>,
}

/// The tree as nodes and neighbours, without a root that has two children.
struct Net {
    /// For each node its neighbours: node, length, and the node below the branch in the tree.
    neighbours: Vec<Vec<(usize, f64, usize)>>,
    leaves: usize,
    start: usize,
}

impl Net {
    fn of(tree: &Tree) -> Self {
        let (lengths, _) = drawn_lengths(tree);
        let nodes = tree.nodes();
        let mut net = Net {
            neighbours: vec![Vec::new(); nodes.len()],
            leaves: tree.leaves().len(),
            start: tree.preorder().last().copied().unwrap_or(0),
        };
        let bend = match nodes[tree.root()].children[..] {
            [one, other] => {
                net.connect(one, other, lengths[one] + lengths[other], one);
                true
            }
            _ => false,
        };
        for node in tree.preorder() {
            if let Some(parent) = nodes[node].parent
                && !(bend && parent == tree.root())
            {
                net.connect(node, parent, lengths[node], node);
            }
        }
        net
    }

    fn connect(&mut self, one: usize, other: usize, length: f64, branch: usize) {
        self.neighbours[one].push((other, length, branch));
        self.neighbours[other].push((one, length, branch));
    }

    /// All branches: both ends, and the node below in the tree.
    fn branches(&self) -> Vec<(usize, usize, usize)> {
        let mut branches = Vec::new();
        for (one, neighbours) in self.neighbours.iter().enumerate() {
            let other = neighbours.iter().filter(|(other, ..)| *other > one);
            branches.extend(other.map(|(other, _, branch)| (one, *other, *branch)));
        }
        branches
    }

    /// Nodes from `start` outwards, each with the one before it.
    fn outwards(&self, start: usize) -> Vec<(usize, Option<usize>)> {
        let mut order = vec![(start, None)];
        let mut place = 0;
        while let Some(&(node, before)) = order.get(place) {
            place += 1;
            let next = self.neighbours[node].iter().map(|(next, ..)| *next);
            order.extend(
                next.filter(|next| Some(*next) != before)
                    .map(|next| (next, Some(node))),
            );
        }
        order
    }

    /// How many leaves each node carries, seen from the start of `order`.
    fn carried(&self, order: &[(usize, Option<usize>)]) -> Vec<usize> {
        let mut carried = vec![0; self.neighbours.len()];
        for &(node, before) in order.iter().rev() {
            carried[node] += usize::from(self.neighbours[node].len() <= 1);
            if let Some(before) = before {
                carried[before] += carried[node];
            }
        }
        carried
    }

    /// The node whose largest branch carries fewest leaves: at most half of them, so that no sector
    /// is wider than half of the circle.
    fn centre(&self) -> usize {
        let order = self.outwards(self.start);
        let carried = self.carried(&order);
        let largest = |&(node, before): &(usize, Option<usize>)| {
            let next = self.neighbours[node].iter().map(|(next, ..)| *next);
            let below = next
                .filter(|next| Some(*next) != before)
                .map(|next| carried[next]);
            below
                .max()
                .unwrap_or(0)
                .max(self.leaves - carried[node].min(self.leaves))
        };
        let inner = order
            .iter()
            .filter(|(node, _)| self.neighbours[*node].len() > 1);
        inner
            .min_by_key(|entry| largest(entry))
            .map_or(self.start, |(node, _)| *node)
    }

    /// The layout, turned such that it is as low as possible.
    fn widest(&self) -> Positions {
        let centre = self.centre();
        let turns = (0..TURNS).map(|turn| PI * f64::from(turn) / f64::from(TURNS));
        let height = |turn: &f64| {
            let bounds = bounds(&self.positions(centre, *turn).at);
            bounds[3] - bounds[1]
        };
        let lowest = turns.min_by(|a, b| height(a).total_cmp(&height(b)));
        self.positions(centre, lowest.unwrap_or(0.0))
    }

    /// The layout with `centre` at the origin, whose first sector starts at the angle `turn`.
    fn positions(&self, centre: usize, turn: f64) -> Positions {
        let order = self.outwards(centre);
        let carried = self.carried(&order);
        let per_leaf = TAU / carried[centre].max(1) as f64;
        let mut at = vec![(0.0, 0.0); self.neighbours.len()];
        let mut rays = Vec::new();
        // Node, the one before it, and where its sector starts.
        let mut stack = vec![(centre, None, turn)];
        while let Some((node, before, start)) = stack.pop() {
            if self.neighbours[node].len() <= 1 {
                rays.push((node, start + per_leaf / 2.0));
            }
            let mut start = start;
            for &(next, length, _) in &self.neighbours[node] {
                if Some(next) == before {
                    continue;
                }
                let sector = carried[next] as f64 * per_leaf;
                let angle = start + sector / 2.0;
                at[next] = (
                    at[node].0 + length * angle.cos(),
                    at[node].1 + length * angle.sin(),
                );
                stack.push((next, Some(node), start));
                start += sector;
            }
        }
        rays.sort_by(|a, b| a.1.total_cmp(&b.1));
        Positions { at, rays }
    }
}

/// How far a point is from a line between two others.
fn away(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (point.0 - from.0, point.1 - from.1);
    let square = (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
    let along = ((px * dx + py * dy) / square).clamp(0.0, 1.0);
    (px - along * dx).hypot(py - along * dy)
}

/// The smallest and the largest x and y: left, top, right, bottom.
fn bounds(points: &[(f64, f64)]) -> [f64; 4] {
    let none = [
        f64::INFINITY,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NEG_INFINITY,
    ];
    points.iter().fold(none, |bounds, (x, y)| {
        [
            bounds[0].min(*x),
            bounds[1].min(*y),
            bounds[2].max(*x),
            bounds[3].max(*y),
        ]
    })
}

/// The angle, from the origin, at which a ray from `from` in direction `ray` meets the circle.
fn where_it_meets(from: (f64, f64), ray: f64, radius: f64) -> f64 {
    let (dx, dy) = (ray.cos(), ray.sin());
    let along = from.0 * dx + from.1 * dy;
    let rest = radius * radius - from.0 * from.0 - from.1 * from.1;
    let distance = -along + (along * along + rest).max(0.0).sqrt();
    let angle = (from.1 + distance * dy).atan2(from.0 + distance * dx);
    // Beside the ray, so that the order around the circle stays in numbers.
    angle + TAU * ((ray - angle) / TAU).round()
}

/// The angles moved apart until neighbours on the circle are at least `gap` apart, as far as there
/// is room for all.
fn spread(mut angles: Vec<f64>, gap: f64) -> Vec<f64> {
    let n = angles.len();
    if n < 2 {
        return angles;
    }
    let gap = gap.min(TAU / n as f64);
    for _ in 0..2_000 {
        let mut moved = 0.0f64;
        for one in 0..n {
            let (other, turn) = if one + 1 < n {
                (one + 1, 0.0)
            } else {
                (0, TAU)
            };
            let missing = gap - (angles[other] + turn - angles[one]);
            if missing > 1e-9 {
                angles[one] -= missing / 2.0;
                angles[other] += missing / 2.0;
                moved = moved.max(missing);
            }
        }
        if moved < gap / 100.0 {
            break;
        }
    }
    angles
}

impl Picture {
    /// Cuts the page to what is drawn on it, where texts are at most `room` wide outside the circle.
    fn cropped(&mut self, room: f64) {
        let mut points = Vec::new();
        let mut include = |x: f64, y: f64| points.push((x, y));
        for line in &self.lines {
            include(line.from.0, line.from.1);
            include(line.to.0, line.to.1);
        }
        for text in &self.texts {
            let width = width_of(&text.text, text.size).min(room);
            let angle = text.angle.to_radians();
            let sign = match text.anchor {
                Anchor::End => -1.0,
                Anchor::Start | Anchor::Middle => 1.0,
            };
            let (x, y) = (
                text.at.0 + sign * width * angle.cos(),
                text.at.1 + sign * width * angle.sin(),
            );
            for half in [-text.size / 2.0, text.size / 2.0] {
                include(x + half, y + half);
            }
        }
        let bounds = bounds(&points);
        let (left, top) = (bounds[0] - MARGIN, bounds[1] - MARGIN);
        let move_by = |(x, y): &mut (f64, f64)| {
            *x -= left;
            *y -= top;
        };
        for line in &mut self.lines {
            move_by(&mut line.from);
            move_by(&mut line.to);
        }
        self.texts.iter_mut().for_each(|text| move_by(&mut text.at));
        self.width = bounds[2] - left + MARGIN;
        self.height = bounds[3] - top + MARGIN;
    }
}
