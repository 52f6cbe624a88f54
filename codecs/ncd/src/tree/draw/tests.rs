//! What a drawing must show, and that its names do not overlap.

use super::*;

fn tree() -> Tree {
    Tree::parse_newick(
        "(((human:0.02,'<&> chimp':0.03)98:0.1,gorilla:0.15)60:0.2,(dog:0.3,fox:0.28)100:0.1,cat:0.4);",
    )
    .unwrap()
}

fn groups() -> BTreeMap<String, String> {
    let groups = [
        ("human", "apes"),
        ("<&> chimp", "apes"),
        ("gorilla", "apes"),
        ("dog", "canids"),
    ];
    groups
        .map(|(name, group)| (name.to_owned(), group.to_owned()))
        .into()
}

/// A tree of `n` leaves, many of them in one place, as haplotypes are.
fn crowded(n: usize) -> Tree {
    let leaves: Vec<String> = (0..n).map(|i| format!("haplotype_{i}:0.0001")).collect();
    Tree::parse_newick(&format!(
        "((({}):0.3,far:0.9):0.1,near:0.1);",
        leaves.join(",")
    ))
    .unwrap()
}

/// The corners of a text's box.
fn corners(text: &Text) -> [(f64, f64); 4] {
    let width = width_of(&text.text, text.size);
    let (start, end) = match text.anchor {
        Anchor::Start => (0.0, width),
        Anchor::Middle => (-width / 2.0, width / 2.0),
        Anchor::End => (-width, 0.0),
    };
    let (sin, cos) = text.angle.to_radians().sin_cos();
    let half = text.size * 0.45;
    [(start, -half), (end, -half), (end, half), (start, half)]
        .map(|(x, y)| (text.at.0 + x * cos - y * sin, text.at.1 + x * sin + y * cos))
}

/// Whether two convex shapes overlap: no side of either keeps them apart.
fn overlap(one: &[(f64, f64); 4], other: &[(f64, f64); 4]) -> bool {
    let apart = |a: &[(f64, f64); 4], b: &[(f64, f64); 4]| {
        (0..4).any(|side| {
            let (from, to) = (a[side], a[(side + 1) % 4]);
            let outside = |p: &(f64, f64)| {
                (to.0 - from.0) * (p.1 - from.1) - (to.1 - from.1) * (p.0 - from.0) <= 0.0
            };
            b.iter().all(outside)
        })
    };
    !apart(one, other) && !apart(other, one)
}

#[test]
fn names_overlap_neither_each_other_nor_the_edge_of_the_page() {
    for tree in [tree(), crowded(3), crowded(40), crowded(300)] {
        for layout in [Layout::Rectangular, Layout::Radial] {
            let drawing = Drawing {
                layout,
                groups: groups(),
            };
            let picture = drawing.picture(&tree).unwrap();
            let names: Vec<_> = picture
                .texts
                .iter()
                .filter(|text| text.size == FONT)
                .collect();
            for (number, one) in names.iter().enumerate() {
                for (x, y) in corners(one) {
                    assert!(x > 0.0 && x < picture.width, "{layout:?} {} {x}", one.text);
                    assert!(y > 0.0 && y < picture.height, "{layout:?} {} {y}", one.text);
                }
                for other in &names[number + 1..] {
                    let overlaps = overlap(&corners(one), &corners(other));
                    assert!(!overlaps, "{layout:?}: {} and {}", one.text, other.text);
                }
            }
        }
    }
}

#[test]
fn a_drawing_has_every_name_support_scale_and_group_once() {
    for layout in [Layout::Rectangular, Layout::Radial] {
        let drawing = Drawing {
            layout,
            groups: groups(),
        };
        let svg = drawing.svg(&tree()).unwrap();
        let scale = match layout {
            Layout::Rectangular => "0.05",
            Layout::Radial => "0.1",
        };
        for text in [
            "human",
            "&lt;&amp;&gt; chimp",
            "cat",
            "100",
            "98",
            scale,
            "apes",
            "canids",
        ] {
            let found = svg.matches(&format!(">{text}</text>")).count();
            assert_eq!(found, 1, "{layout:?} {text}: {svg}");
        }
        // Branches within a group have its colour: three apes, the two branches above them, and
        // what joins them in rows.
        assert!(svg.matches("stroke=\"#0072b2\"").count() >= 5);
        assert!(svg.ends_with("</svg>\n"));
    }
}

#[test]
fn branches_of_the_radial_layout_do_not_cross() {
    let picture = Drawing {
        layout: Layout::Radial,
        groups: BTreeMap::new(),
    }
    .picture(&crowded(30))
    .unwrap();
    let lines: Vec<_> = picture
        .lines
        .iter()
        .filter(|line| line.colour == INK)
        .collect();
    let side = |a: (f64, f64), b: (f64, f64), p: (f64, f64)| {
        (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)
    };
    for (number, one) in lines.iter().enumerate() {
        for other in &lines[number + 1..] {
            let splits =
                |a: &Line, b: &Line| side(a.from, a.to, b.from) * side(a.from, a.to, b.to) < -1e-6;
            assert!(
                !(splits(one, other) && splits(other, one)),
                "{one:?} {other:?}"
            );
        }
    }
}

#[test]
fn a_png_has_ink_where_lines_and_names_are() {
    let drawing = Drawing::default();
    let picture = drawing.picture(&tree()).unwrap();
    let bytes = drawing.png(&tree()).unwrap();
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(&bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, 2 * picture.width.ceil() as u32);
    let dark = |x: f64, y: f64| {
        let at = ((y * 2.0) as usize * info.width as usize + (x * 2.0) as usize) * 3;
        pixels[at] < 0x80
    };
    let line = &picture.lines[2];
    let middle = (
        f64::midpoint(line.from.0, line.to.0),
        f64::midpoint(line.from.1, line.to.1),
    );
    assert!(dark(middle.0, middle.1));
    assert!(!dark(2.0, 2.0));
    let name = picture
        .texts
        .iter()
        .find(|text| text.text == "gorilla")
        .unwrap();
    let ink = (0..(2.0 * width_of(&name.text, FONT)) as usize)
        .filter(|x| dark(name.at.0 + *x as f64 / 2.0, name.at.1))
        .count();
    assert!(ink > 20, "{ink}");
}

#[test]
fn a_terminal_shows_a_line_for_each_leaf() {
    let tree = Tree::parse_newick("((a:1,b:1):1,c:2,d:2);").unwrap();
    assert_eq!(
        tree.text(13),
        "┬────────── c\n├────────── d\n└────┬───── a\n     └───── b\n"
    );
    // Too narrow: branches stay visible.
    let flat = Tree::parse_newick("(a,(b,(c,d)));").unwrap();
    assert_eq!(flat.text(1), "┬── a\n└─┬── b\n  └─┬── c\n    └── d\n");
}

#[test]
fn trees_without_lengths_and_of_two_leaves_are_drawn() {
    for text in ["((a,b),c,(d,e));", "(a,b);", "(a:0,b:0,c:0);", "((((a))));"] {
        let tree = Tree::parse_newick(text).unwrap();
        for layout in [Layout::Rectangular, Layout::Radial] {
            let drawing = Drawing {
                layout,
                ..Drawing::default()
            };
            let svg = drawing.svg(&tree).unwrap();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{text} {svg}");
            drawing.png(&tree).unwrap();
        }
        assert!(!tree.text(40).is_empty());
    }
}
