//! Drawings of trees: SVG, PNG, and plain text for a terminal.

mod png;
mod radial;
mod rectangular;
mod svg;
mod terminal;

use std::collections::{BTreeMap, BTreeSet};

use codec_core::{Error, Result};

use super::Tree;

/// How the branches are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// From left to right, a row for each leaf: lengths are read off best.
    #[default]
    Rectangular,
    /// From the middle outwards (Felsenstein's equal-angle layout), with names on a circle around:
    /// for trees without a root.
    Radial,
}

/// What a drawing looks like.
///
/// ```
/// use codec_ncd::tree::{Tree, draw::Drawing};
/// let tree = Tree::parse_newick("((cat:1,dog:2):0.5,fox:3);")?;
/// let svg = Drawing::default().svg(&tree)?;
/// assert!(svg.starts_with("<svg ") && svg.contains(">cat</text>"));
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawing {
    /// How the branches are laid out.
    pub layout: Layout,
    /// The group of a leaf by its name: each group has a colour, and branches within one group have
    /// it too.
    pub groups: BTreeMap<String, String>,
}

/// Most leaves that are drawn: 20,000 rows of 18 pixels.
const MOST_LEAVES: usize = 20_000;

impl Drawing {
    /// The tree as an SVG file that needs nothing else. Supports for which there is no room are left
    /// out.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for more than 20,000 leaves.
    pub fn svg(&self, tree: &Tree) -> Result<String> {
        Ok(svg::write(&self.picture(tree)?))
    }

    /// The tree as a PNG file, two pixels for each one of the SVG unless it is very large.
    /// Characters beyond Latin-1 are drawn as `?`: the font has no others.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for trees that are too large for a bitmap.
    pub fn png(&self, tree: &Tree) -> Result<Vec<u8>> {
        png::write(&self.picture(tree)?)
    }

    fn picture(&self, tree: &Tree) -> Result<Picture> {
        let leaves = tree.leaves().len();
        if leaves > MOST_LEAVES {
            return Err(Error::Unsupported(format!(
                "a drawing has at most {MOST_LEAVES} leaves, and the tree has {leaves}"
            )));
        }
        let rooted;
        let tree = match self.layout {
            Layout::Rectangular => tree,
            // Where the root is does not show, but what lies on either side of it has a colour.
            Layout::Radial => {
                rooted = tree.rooted_at_midpoint();
                &rooted
            }
        };
        let tree = tree.clone().ladderized();
        let colours = Colours::of(&tree, &self.groups);
        Ok(match self.layout {
            Layout::Rectangular => rectangular::picture(&tree, &colours),
            Layout::Radial => radial::picture(&tree, &colours),
        })
    }
}

impl Tree {
    /// The tree in box-drawing characters, a line for each leaf, about `width` columns wide.
    /// Branches are as long as they are, as far as a character is fine enough for that.
    ///
    /// ```
    /// use codec_ncd::tree::Tree;
    /// let tree = Tree::parse_newick("(((cat:1,dog:1):1,fox:2):1,bear:3);")?;
    /// assert_eq!(tree.text(15), "\
    /// ┬───────── bear
    /// └──┬────── fox
    ///    └──┬─── cat
    ///       └─── dog
    /// ");
    /// # Ok::<(), codec_core::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        terminal::text(&self.clone().ladderized(), width)
    }
}

/// Shapes on a white page, in pixels from its upper left corner.
#[derive(Debug, Default)]
struct Picture {
    width: f64,
    height: f64,
    lines: Vec<Line>,
    dots: Vec<Dot>,
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Line {
    from: (f64, f64),
    to: (f64, f64),
    width: f64,
    colour: Colour,
}

#[derive(Debug)]
struct Dot {
    at: (f64, f64),
    radius: f64,
    colour: Colour,
}

#[derive(Debug)]
struct Text {
    /// The middle of the height of its small letters, at the end that `anchor` says.
    at: (f64, f64),
    anchor: Anchor,
    /// Height of the font.
    size: f64,
    /// Clockwise, in degrees.
    angle: f64,
    colour: Colour,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Red, green, blue.
type Colour = [u8; 3];

const INK: Colour = [0x33, 0x33, 0x33];
const FAINT: Colour = [0xc4, 0xc4, 0xc4];
const QUIET: Colour = [0x77, 0x77, 0x77];

/// Colours that people with any colour vision tell apart on white (after Okabe & Ito), dark enough
/// for text.
const PALETTE: [Colour; 10] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x85, 0x60],
    [0xb8, 0x4a, 0x8c],
    [0x8a, 0x6d, 0x00],
    [0x2a, 0x9d, 0xc9],
    [0x88, 0x22, 0x55],
    [0x5a, 0x4f, 0xcf],
    [0x6b, 0x8e, 0x23],
    [0x8b, 0x45, 0x13],
];

/// Size of the names.
const FONT: f64 = 13.0;
/// Size of supports and of the scale.
const SMALL: f64 = 10.0;
/// Space around everything.
const MARGIN: f64 = 20.0;

/// How wide `text` is at most in common fonts.
fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.61
}

/// The colour of every branch, and the legend.
struct Colours {
    of_nodes: Vec<Colour>,
    legend: Vec<(String, Colour)>,
}

impl Colours {
    fn of(tree: &Tree, groups: &BTreeMap<String, String>) -> Self {
        let leaves = tree.leaves();
        let group_of = |leaf: usize| groups.get(tree.leaf_name(leaf));
        // In order of name, so that a group keeps its colour from tree to tree.
        let names: BTreeSet<&String> = leaves.iter().filter_map(|leaf| group_of(*leaf)).collect();
        let colours = PALETTE.iter().cycle();
        let legend: Vec<(String, Colour)> =
            names.into_iter().cloned().zip(colours.copied()).collect();
        // The group of everything below a node, if it is one.
        let mut common: Vec<Option<usize>> = vec![None; tree.nodes().len()];
        for leaf in leaves {
            common[leaf] =
                group_of(leaf).and_then(|group| legend.iter().position(|(name, _)| name == group));
        }
        for node in tree.preorder().into_iter().rev() {
            if let [first, rest @ ..] = &tree.nodes()[node].children[..] {
                let same = rest.iter().all(|child| common[*child] == common[*first]);
                common[node] = common[*first].filter(|_| same);
            }
        }
        let colour = |group: &Option<usize>| group.map_or(INK, |group| legend[group].1);
        Colours {
            of_nodes: common.iter().map(colour).collect(),
            legend,
        }
    }
}

/// The lengths of the branches as they are drawn, and whether they mean something: without any
/// known length all are 1.
fn drawn_lengths(tree: &Tree) -> (Vec<f64>, bool) {
    let lengths = tree.nodes().iter().map(|node| node.length);
    let known = lengths.clone().flatten().any(|length| length > 0.0);
    let drawn = |length: Option<f64>| {
        if known {
            length.unwrap_or(0.0).max(0.0)
        } else {
            1.0
        }
    };
    (lengths.map(drawn).collect(), known)
}

impl Picture {
    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Colour) {
        self.lines.push(Line {
            from,
            to,
            width,
            colour,
        });
    }

    fn text(&mut self, at: (f64, f64), anchor: Anchor, size: f64, colour: Colour, text: &str) {
        self.texts.push(Text {
            at,
            anchor,
            size,
            angle: 0.0,
            colour,
            text: text.to_owned(),
        });
    }

    /// Whether level text of that width, which starts at `at`, covers nothing: no level text, and no
    /// level or upright line.
    fn has_room(&self, at: (f64, f64), width: f64, size: f64) -> bool {
        let half = size * 0.4;
        let (left, right, top, bottom) = (at.0, at.0 + width, at.1 - half, at.1 + half);
        let apart =
            |[x0, y0, x1, y1]: [f64; 4]| x1 <= left || x0 >= right || y1 <= top || y0 >= bottom;
        let lines = self.lines.iter().map(|line| {
            let (from, to, half) = (line.from, line.to, line.width / 2.0);
            [
                from.0.min(to.0) - half,
                from.1.min(to.1) - half,
                from.0.max(to.0) + half,
                from.1.max(to.1) + half,
            ]
        });
        let texts = self.texts.iter().map(|text| {
            let (x, y, half) = (text.at.0, text.at.1, text.size * 0.4);
            [
                x - 1.0,
                y - half,
                x + width_of(&text.text, text.size),
                y + half,
            ]
        });
        lines.chain(texts).all(apart)
    }

    /// A bar of a round length at `at`, where a unit of length is `scale` pixels and about `room`
    /// pixels are there.
    fn scale_bar(&mut self, at: (f64, f64), scale: f64, room: f64) {
        let most = room / scale;
        let power = 10f64.powf(most.log10().floor());
        let steps = [5.0, 2.0, 1.0].into_iter();
        let length = steps
            .map(|step| step * power)
            .find(|length| *length <= most);
        let length = length.unwrap_or(power);
        let end = (at.0 + length * scale, at.1);
        self.line(at, end, 1.5, INK);
        for x in [at.0, end.0] {
            self.line((x, at.1 - 4.0), (x, at.1 + 4.0), 1.5, INK);
        }
        let middle = (f64::midpoint(at.0, end.0), at.1 + 13.0);
        let label = (length as f32).to_string();
        self.text(middle, Anchor::Middle, SMALL, INK, &label);
        self.width = self.width.max(end.0 + MARGIN);
    }

    /// The groups with their colours, in rows below everything drawn so far.
    fn legend(&mut self, groups: &[(String, Colour)]) {
        if groups.is_empty() {
            return;
        }
        let entry = |name: &str| 16.0 + width_of(name, FONT) + 18.0;
        let widest = groups
            .iter()
            .map(|(name, _)| entry(name))
            .fold(0.0, f64::max);
        self.width = self.width.max(widest + 2.0 * MARGIN);
        let (mut x, mut y) = (MARGIN, self.height);
        for (name, colour) in groups {
            if x > MARGIN && x + entry(name) > self.width - MARGIN {
                (x, y) = (MARGIN, y + 20.0);
            }
            self.dots.push(Dot {
                at: (x + 5.0, y),
                radius: 5.0,
                colour: *colour,
            });
            self.text((x + 16.0, y), Anchor::Start, FONT, INK, name);
            x += entry(name);
        }
        self.height = y + MARGIN;
    }
}

#[cfg(test)]
mod tests;
