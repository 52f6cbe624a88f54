//! What the methods must recover, and what Newick must keep and refuse.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;
use crate::matrix::DistanceMatrix;
use crate::shuffle::Shuffle;

/// A random tree of `n` leaves, unrooted unless all leaves are to be equally far from the root.
/// Lengths are multiples of 1/64 above 0, so that distances are exact.
fn random_tree(n: usize, seed: u64, ultrametric: bool) -> Tree {
    let mut random = Shuffle::new(seed);
    let names: Vec<String> = (0..n).map(|i| format!("i{i}")).collect();
    let mut tree = Growing::with_leaves(&names);
    let mut open: Vec<(usize, f64)> = (0..n).map(|leaf| (leaf, 0.0)).collect();
    let mut height = 0.0;
    let end = if ultrametric { 1 } else { 3 };
    while open.len() > end {
        height += (1 + random.below(16)) as f64 / 64.0;
        let mut branch = |(node, from): (usize, f64)| {
            let free = (1 + random.below(100)) as f64 / 64.0;
            (node, Some(if ultrametric { height - from } else { free }))
        };
        let last = branch(open.pop().unwrap());
        let place = seed as usize % open.len();
        let other = branch(open.swap_remove(place));
        let node = tree.join(&[last, other]);
        open.insert(open.len() / 2, (node, height));
    }
    if !ultrametric {
        let ends: Vec<_> = open.iter().map(|(node, _)| (*node, Some(0.5))).collect();
        tree.join(&ends);
    }
    tree.finish(ultrametric)
}

/// The distances between the leaves along the branches.
fn distances(tree: &Tree) -> DistanceMatrix {
    let mut names: Vec<String> = tree.leaf_names().into_iter().map(str::to_owned).collect();
    names.sort_by_key(|name| name[1..].parse::<usize>().unwrap());
    let all = names.clone();
    let between = |a: usize, b: usize| tree.path_length(&all[a], &all[b]).unwrap() as f32;
    DistanceMatrix::from_fn(names, between).unwrap()
}

#[track_caller]
fn assert_same(found: &Tree, tree: &Tree) {
    assert_eq!(robinson_foulds(found, tree).unwrap().distance, 0);
    let (found, wanted) = (distances(found), distances(tree));
    for row in 0..found.len() {
        for (a, b) in found.row_below(row).iter().zip(wanted.row_below(row)) {
            assert!((a - b).abs() <= 1e-5 * b, "{a} {b}");
        }
    }
}

fn search(matrix: &DistanceMatrix, threads: usize) -> Tree {
    let threads = NonZeroUsize::new(threads).unwrap();
    QuartetSearch::default()
        .run(matrix, threads, |_| ())
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn joining_recovers_the_tree_of_additive_distances(n in 3usize..40, seed: u64) {
        let tree = random_tree(n, seed, false);
        let matrix = distances(&tree);
        assert_same(&neighbor_joining(&matrix).unwrap(), &tree);
        assert_same(&bionj(&matrix).unwrap(), &tree);
    }

    #[test]
    fn upgma_recovers_the_tree_of_ultrametric_distances(n in 2usize..40, seed: u64) {
        let tree = random_tree(n, seed, true);
        let found = upgma(&distances(&tree)).unwrap();
        assert!(found.is_rooted());
        assert_same(&found, &tree);
    }

    #[test]
    fn the_tree_of_additive_distances_has_score_1_and_fitted_lengths(n in 4usize..20, seed: u64) {
        let tree = random_tree(n, seed, false);
        let matrix = distances(&tree);
        let score = quartet_score(&tree, &matrix, 0).unwrap().unwrap();
        assert!((score.score - 1.0).abs() < 1e-9 && score.exact);
        for mut shape in [tree.clone(), tree.rooted_at_midpoint()] {
            for node in &mut shape.nodes {
                node.length = None;
            }
            fit_lengths(&mut shape, &matrix).unwrap();
            assert_same(&shape, &tree);
        }
    }

    #[test]
    fn roots_change_neither_splits_nor_distances(n in 3usize..30, seed: u64) {
        let tree = random_tree(n, seed, false);
        let middle = tree.rooted_at_midpoint();
        assert!(middle.is_rooted());
        assert_same(&middle, &tree);
        let outgroup = middle.rooted_at_outgroup("i1").unwrap();
        assert_same(&outgroup, &tree);
        let first = outgroup.nodes()[outgroup.root()].children[0];
        assert_eq!(outgroup.nodes()[first].name.as_deref(), Some("i1"));
        // The middle is equally far from the two most distant leaves.
        let depth = |leaf: usize| {
            let (mut at, mut sum) = (leaf, 0.0);
            while let Some(parent) = middle.nodes()[at].parent {
                sum += middle.nodes()[at].length.unwrap();
                at = parent;
            }
            sum
        };
        let deepest = middle.leaves().into_iter().map(depth).fold(0.0, f64::max);
        assert!((deepest - f64::from(distances(&tree).largest()) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn newick_gives_back_the_tree(n in 2usize..30, seed: u64, odd in "[a-z,'\" ()\\[\\]:;é_]{1,8}") {
        let mut tree = random_tree(n, seed, seed.is_multiple_of(2));
        if n < 3 && !tree.is_rooted() {
            return Ok(());
        }
        for leaf in tree.leaves() {
            tree.nodes[leaf].name = Some(format!("{odd}{leaf}"));
        }
        let text = tree.newick();
        let back = Tree::parse_newick(&text).unwrap();
        assert_eq!(back.newick(), text);
        assert_eq!(back.is_rooted(), tree.is_rooted());
        assert_eq!(robinson_foulds(&back, &tree).unwrap().distance, 0);
    }

    #[test]
    fn no_text_makes_the_newick_reader_panic(text in "[(),:;'\\[\\]a0.\n ]{0,40}") {
        let _ = Tree::parse_newick_trees(&text);
    }
}

#[test]
fn the_quartet_search_finds_the_tree_from_bad_starts_and_on_any_number_of_threads() {
    for seed in [1, 2, 3] {
        let tree = random_tree(14, seed, false);
        let matrix = distances(&tree);
        let found = search(&matrix, 1);
        assert_same(&found, &tree);
        assert_eq!(search(&matrix, 3), found);
    }
    // Noise: the search is no worse than neighbour joining, from where one climb starts.
    let mut random = Shuffle::new(9);
    let names = (0..12).map(|i| format!("i{i}")).collect();
    let noise = |_, _| 1.0 + random.below(1000) as f32 / 1000.0;
    let matrix = DistanceMatrix::from_fn(names, noise).unwrap();
    let score = |tree: &Tree| quartet_score(tree, &matrix, 0).unwrap().unwrap().score;
    let (joined, found) = (neighbor_joining(&matrix).unwrap(), search(&matrix, 2));
    assert!(
        score(&found) > score(&joined) + 0.01,
        "{} {}",
        score(&found),
        score(&joined)
    );
}

#[test]
fn few_items_have_trees_and_one_has_none() {
    let matrix = |n: usize| {
        let names = (0..n).map(|i| format!("i{i}")).collect();
        DistanceMatrix::from_fn(names, |_, _| 2.0).unwrap()
    };
    for make in [neighbor_joining, bionj, upgma, |matrix: &DistanceMatrix| {
        QuartetSearch::default().run(matrix, NonZeroUsize::MIN, |_| ())
    }] {
        assert!(
            make(&matrix(1))
                .unwrap_err()
                .to_string()
                .contains("at least two items")
        );
        assert_eq!(make(&matrix(2)).unwrap().newick(), "(i0:1,i1:1);");
        assert_eq!(make(&matrix(3)).unwrap().leaves().len(), 3);
        let equal = make(&matrix(5)).unwrap();
        assert_eq!(equal.path_length("i0", "i4"), Some(2.0));
    }
}

#[test]
fn no_branch_is_negative() {
    let mut random = Shuffle::new(4);
    for _ in 0..50 {
        let names = (0..9).map(|i| format!("i{i}")).collect();
        let wild = |_, _| random.below(1000) as f32;
        let matrix = DistanceMatrix::from_fn(names, wild).unwrap();
        for tree in [neighbor_joining(&matrix), bionj(&matrix), upgma(&matrix)] {
            let tree = tree.unwrap();
            let lengths = tree.nodes().iter().filter_map(|node| node.length);
            assert!(lengths.fold(f64::INFINITY, f64::min) >= 0.0);
        }
    }
}

#[test]
fn support_counts_replicates_with_the_same_split() {
    let parse = |text: &str| Tree::parse_newick(text).unwrap();
    let mut tree = parse("(((a,b),c),(d,e),f);");
    let replicates = [
        parse("(((a,b),c),(d,e),f);"),
        parse("(((a,c),b),(d,e),f);"),
        parse("((a,b),((c,d),(e,f)));"),
        // Rooted elsewhere: the same splits as the first.
        parse("(d,(e,(f,(c,(a,b)))));"),
    ];
    tree.set_supports(&replicates).unwrap();
    assert_eq!(tree.newick(), "(((a,b)75,c)75,(d,e)75,f);");
    let rooted = tree.rooted_at_outgroup("f").unwrap();
    assert_eq!(
        rooted.newick(),
        "(f:0.5,(((a,b)75,c)75,(d,e)75):0.5);".replace(":0.5", "")
    );
    let error = tree
        .set_supports(&[parse("(a,b,(c,(d,(e,g))));")])
        .unwrap_err();
    assert!(error.to_string().contains("an item named g"));
    assert!(tree.set_supports(&[parse("(a,b,(c,(d,e)));")]).is_err());
    assert!(tree.set_supports(&[]).is_err());
}

#[test]
fn newick_of_other_tools_is_read() {
    let tree = Tree::parse_newick("[&U] ( ('a b' : 1e-2 ,\n c:0.5)95.5:0.25[comment], d )root ;\n")
        .unwrap();
    assert!(!tree.is_rooted());
    assert_eq!(tree.leaf_names(), ["a b", "c", "d"]);
    assert_eq!(tree.newick(), "(('a b':0.01,c:0.5)95.5:0.25,d)root;");
    assert_eq!(
        Tree::parse_newick_trees("(a,b);\n(a,(b,c));")
            .unwrap()
            .len(),
        2
    );
    let deep = format!("{}a{};", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(Tree::parse_newick(&deep).unwrap().newick(), deep);
}

/// Found by fuzzing: what was read as a double was written as infinite.
#[test]
fn numbers_beyond_single_precision_are_no_lengths_and_no_supports() {
    let long = "1".repeat(60);
    assert!(Tree::parse_newick(&format!("(a:{long},b);")).is_err());
    for word in [&long, "inf", "NaN"] {
        let tree = Tree::parse_newick(&format!("((a,b){word},c,d);")).unwrap();
        let named = tree
            .nodes()
            .iter()
            .find(|node| node.name.as_ref() == Some(&word.to_string()));
        assert!(named.is_some_and(|node| node.support.is_none()), "{word}");
    }
}

#[test]
fn an_inner_node_may_be_named_with_a_number() {
    let text = "((a,b)'090',c,d);";
    let tree = Tree::parse_newick(text).unwrap();
    assert_eq!(tree.newick(), text);
}

#[test]
fn malformed_newick_is_refused_with_line_and_reason() {
    for (text, reason) in [
        ("", "line 1: expected the name of a leaf, the text ends"),
        ("(a,b)", "expected ; at the end of the tree, the text ends"),
        ("(a,\n(b,c;", "line 2: expected , or ), found \";\""),
        ("(a,);", "expected the name of a leaf, found \");\""),
        ("(a:x,b);", "expected the length of a branch, found \"x\""),
        ("(a:inf,b);", "length of a branch"),
        ("(a,b));", "expected ; at the end"),
        ("(a,a);", "two leaves are named a"),
        ("('a,b);", "' is not closed"),
        ("(a,b)[;", "[ is not closed"),
        ("(a,b); x", "expected ;"),
    ] {
        let error = Tree::parse_newick(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn nexus_has_the_trees_and_says_whether_they_are_rooted() {
    let tree = Tree::parse_newick("(a:1,'b c':1,d:2);").unwrap();
    let text = nexus(&[("nj", &tree), ("rooted", &tree.rooted_at_midpoint())]);
    assert!(text.starts_with("#NEXUS\n\nBEGIN TAXA;\n  DIMENSIONS NTAX=3;\n"));
    assert!(text.contains("TREE nj = [&U] (a:1,'b c':1,d:2);\n"));
    assert!(text.contains("TREE rooted = [&R] ("));
}
