//! `codec ncd matrix`, `merge`, `tree` and `cluster`.

use std::fs;

use crate::fixture::{Dir, text};

/// Three families of three texts: within a family a few words differ.
fn families() -> Dir {
    let dir = Dir::new();
    for (family, start) in [("a", 0), ("b", 7_000), ("c", 14_000)] {
        for member in 0..3 {
            let mut content = text(20_000)[start..start + 3_000].to_vec();
            for at in 0..20 * (member + 1) {
                content[at * 37] = b'#';
            }
            dir.write(&format!("in/{family}{member}.txt"), &content);
        }
    }
    dir
}

const MATRIX: [&str; 7] = ["ncd", "matrix", "-c", "zstd", "--format", "whole", "in"];

fn matrix(dir: &Dir, more: &[&str]) -> crate::fixture::Ran {
    dir.codec(&[&MATRIX[..], more].concat())
}

/// A matrix that is computed: `m.phy` and its bytes.
fn computed() -> (Dir, Vec<u8>) {
    let dir = families();
    matrix(&dir, &["-o", "m.phy"]).succeeds();
    let bytes = dir.read("m.phy");
    (dir, bytes)
}

#[test]
fn a_matrix_is_the_same_in_every_format_on_any_number_of_threads() {
    let (dir, phylip) = computed();
    assert!(phylip.starts_with(b"9\n"));
    assert!(!dir.names().iter().any(|name| name.ends_with(".part")));
    assert_eq!(matrix(&dir, &["-T", "1"]).succeeds().stdout, phylip);
    for name in ["m.nex", "m.csv", "m.npy"] {
        matrix(&dir, &["-o", name, "-T", "3"]).succeeds();
        let newick = |name| {
            dir.codec(&["ncd", "tree", name, "-o", "-"])
                .succeeds()
                .text()
        };
        assert_eq!(newick(name), newick("m.phy"), "{name}");
    }
    assert_eq!(
        dir.read("m.npy.names")
            .iter()
            .filter(|byte| **byte == b'\n')
            .count(),
        9
    );
    let json = matrix(&dir, &["--json"]).succeeds().json();
    assert_eq!(json[0]["lower"].as_array().unwrap().len(), 9);
    assert_eq!(json[0]["distances"], 36);
}

#[test]
fn distances_of_the_matrix_are_those_of_ncd_distance() {
    let (dir, _) = computed();
    let json = matrix(&dir, &["--json"]).succeeds().json();
    let pair = ["in/a0.txt", "in/b1.txt"];
    let own = [
        "ncd", "distance", "-c", "zstd", "--format", "whole", "--json",
    ];
    let distance = dir.codec(&[&own[..], &pair].concat()).succeeds().json();
    let wanted = distance[0]["distance"].as_f64().unwrap();
    // Names come in order: a0 is item 0, b1 item 4.
    let found = json[0]["lower"][4][0].as_f64().unwrap();
    assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
}

#[test]
fn shards_of_any_number_merge_to_the_very_matrix() {
    let (dir, whole) = computed();
    for count in [1, 2, 5, 11] {
        let mut parts = Vec::new();
        for index in (1..=count).rev() {
            let part = format!("{index}of{count}.part");
            let shard = format!("{index}/{count}");
            matrix(&dir, &["--shard", &shard, "-o", &part]).succeeds();
            parts.push(part);
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let merged = dir.codec(&[&["ncd", "merge", "-o", "-"], &parts[..]].concat());
        assert!(merged.succeeds().stdout == whole, "{count} shards");
    }
}

#[test]
fn a_computation_that_was_cut_off_goes_on_where_it_was() {
    let (dir, whole) = computed();
    matrix(&dir, &["--shard", "1/1", "-o", "all.part"]).succeeds();
    let part = dir.read("all.part");
    for cut in [0, 5, 100, part.len() / 2, part.len() - 1, part.len()] {
        // As it is left behind by a process that was killed.
        dir.write("n.phy.part", &part[..cut]);
        let json = matrix(&dir, &["-o", "n.phy", "--json"]).succeeds().json();
        assert_eq!(
            json[0]["resumed"].as_u64() == Some(0),
            cut < part.len() / 2,
            "{cut}"
        );
        assert_eq!(dir.read("n.phy"), whole, "{cut}");
        assert!(!dir.path("n.phy.part").exists());
        fs::remove_file(dir.path("n.phy")).unwrap();
    }
    // A shard that is complete has nothing left to do.
    let json = matrix(&dir, &["--shard", "1/1", "-o", "all.part", "--json"])
        .succeeds()
        .json();
    assert_eq!(json[0]["resumed"], json[0]["distances"]);
    assert_eq!(dir.read("all.part"), part);
}

#[test]
fn a_part_of_another_matrix_is_refused_and_kept() {
    let dir = families();
    matrix(&dir, &["--shard", "1/2", "-o", "p.part"]).succeeds();
    let before = dir.read("p.part");
    for (more, reason) in [
        (&["--shard", "2/2"][..], "is shard 1/2, not 2/2"),
        (&["--shard", "1/3"], "one of 2 shards, here of 3"),
        (
            &["--shard", "1/2", "--formula", "cdm"],
            "another measure: ncd by zstd",
        ),
        (&["--shard", "1/2", "--level", "1"], "another measure"),
        (&["--shard", "1/2", "in/a0.txt"], "two items are named"),
        (&["--shard", "1/2", "--symmetric"], "measure"),
    ] {
        let ran = matrix(&dir, &[more, &["-o", "p.part"]].concat());
        assert_ne!(ran.code, 0, "{more:?}");
        assert!(ran.stderr.contains(reason), "{more:?}: {}", ran.stderr);
        assert_eq!(dir.read("p.part"), before);
    }
    dir.write("in/c2.txt", b"other content of the same name");
    let ran = matrix(&dir, &["--shard", "1/2", "-o", "p.part"]);
    ran.fails(6, &["same names with other content", "-f"]);
    assert_eq!(dir.read("p.part"), before);
    matrix(&dir, &["--shard", "1/2", "-o", "p.part", "-f"]).succeeds();
    assert_ne!(dir.read("p.part"), before);
}

#[test]
fn merging_says_what_is_missing_unequal_or_damaged_and_writes_nothing() {
    let dir = families();
    for (shard, part) in [
        ("1/3", "1.part"),
        ("2/3", "2.part"),
        ("3/3", "3.part"),
        ("1/2", "h.part"),
    ] {
        matrix(&dir, &["--shard", shard, "-o", part]).succeeds();
    }
    let merge = |parts: &[&str]| dir.codec(&[&["ncd", "merge", "-o", "m.phy"], parts].concat());
    merge(&["1.part", "3.part"]).fails(6, &["shard 2/3 is missing", "hint"]);
    merge(&["1.part"]).fails(6, &["2 shards are missing: 2/3, 3/3"]);
    merge(&["1.part", "h.part", "3.part"]).fails(6, &["one of 2 shards, here of 3"]);
    merge(&["1.part", "2.part", "2.part", "3.part"]).fails(6, &["2/3 is there twice"]);

    let good = dir.read("2.part");
    dir.write("2.part", &good[..good.len() - 3]);
    merge(&["1.part", "2.part", "3.part"]).fails(6, &["2.part", "shard 2/3 is not complete"]);
    let mut damaged = good.clone();
    damaged[good.len() - 9] ^= 1;
    dir.write("2.part", &damaged);
    let ran = merge(&["1.part", "2.part", "3.part"]);
    ran.fails(3, &["2.part: damaged at byte", "checksum of a tile of row"]);
    let again = matrix(&dir, &["--shard", "2/3", "-o", "2.part"]);
    again.fails(3, &["damaged at byte", "nothing was changed", "-f"]);
    assert_eq!(dir.read("2.part"), damaged);
    merge(&["1.part", "in/a0.txt"]).fails(3, &["in/a0.txt", "expected a partial matrix"]);
    merge(&["1.part", "nowhere.part"]).fails(1, &["nowhere.part: cannot open"]);
    assert!(!dir.path("m.phy").exists());

    dir.write("2.part", &good);
    merge(&["1.part", "2.part", "3.part"]).succeeds();
    merge(&["1.part", "2.part", "3.part"]).fails(1, &["m.phy exists already", "-f"]);
}

#[test]
fn outputs_are_checked_before_any_work() {
    let (dir, phylip) = computed();
    matrix(&dir, &["-o", "m.phy"]).fails(1, &["m.phy exists already"]);
    assert_eq!(dir.read("m.phy"), phylip);
    matrix(&dir, &["-o", "m.txt"]).fails(2, &["which format", ".phy"]);
    matrix(&dir, &["--shard", "1/2", "-o", "m.csv"]).fails(2, &["part of a matrix", "csv"]);
    matrix(&dir, &["--shard", "1/2"]).fails(2, &["kept in a file"]);
    matrix(&dir, &["--shard", "3/2", "-o", "x.part"]).fails(2, &["no shard 3 of 2"]);
    let one = ["ncd", "matrix", "--format", "whole", "in/a0.txt"];
    dir.codec(&one).fails(2, &["needs two items"]);
    let tree = |more: &[&str]| dir.codec(&[&["ncd", "tree", "m.phy"], more].concat());
    tree(&["--draw", "t.gif"]).fails(2, &[".svg or .png"]);
    tree(&["-o", "m.phy"]).fails(1, &["exists already"]);
    tree(&["-o", "m.phy", "-f"]).fails(2, &["same file"]);
    assert_eq!(dir.read("m.phy"), phylip);
}

#[test]
fn items_must_have_different_names() {
    let dir = Dir::new();
    dir.write(
        "x.fasta",
        b">seq\nACGTACGTTTACGGACTTAC\n>other\nAACCGTTGGTTAACCGGTTA\n",
    );
    dir.write(
        "y.fasta",
        b">seq\nACGTACGTTTACGGACTTAC\n>third\nACGGTTGACCAATTGGCCAA\n",
    );
    let args = ["ncd", "matrix", "x.fasta", "y.fasta"];
    dir.codec(&args)
        .fails(2, &["two items are named seq", "headers"]);
    let text = dir.codec(&args[..3]).succeeds().text();
    assert!(text.starts_with("2\nseq   0 "), "{text}");
    for folder in ["one", "two"] {
        std::fs::create_dir(dir.path(folder)).unwrap();
        dir.write(
            &format!("{folder}/genome.fa"),
            format!(">chromosome\n{}\n", folder.repeat(9)).as_bytes(),
        );
    }
    let args = ["ncd", "matrix", "one/genome.fa", "two/genome.fa"];
    let text = dir.codec(&args).succeeds().text();
    assert!(text.contains("\none/genome.fa 0 "), "{text}");
    dir.codec(&["ncd", "matrix", "one/genome.fa", "one/genome.fa"])
        .fails(2, &["two items are named one/genome.fa"]);
}

#[test]
fn a_tree_puts_families_together_in_every_method_and_tells_its_score() {
    let (dir, _) = computed();
    for method in ["nj", "bionj", "upgma", "quartet"] {
        let ran = dir.codec(&["ncd", "tree", "m.phy", "--method", method, "--json"]);
        let record = &ran.succeeds().json()[0];
        let score = record["score"].as_f64().unwrap();
        assert!((0.9..=1.0).contains(&score), "{method} {score}");
        assert_eq!(record["quartets"], 126);
        dir.write("found.nwk", record["newick"].as_str().unwrap().as_bytes());
        // The members of each family are split from all others.
        let families = "((a0.txt,a1.txt,a2.txt),(b0.txt,b1.txt,b2.txt),(c0.txt,c1.txt,c2.txt));"
            .replace(".txt", &suffix_of(record["newick"].as_str().unwrap()));
        dir.write("families.nwk", families.as_bytes());
        let compare = [
            "ncd",
            "tree",
            "m.phy",
            "--method",
            method,
            "--compare",
            "families.nwk",
        ];
        let compared = dir
            .codec(&[&compare[..], &["--json"]].concat())
            .succeeds()
            .json();
        // A full tree of nine leaves has six splits, three of which are the families'.
        assert_eq!(compared[0]["robinson_foulds"], 3, "{method}");
        assert_eq!(compared[0]["robinson_foulds_largest"], 9);
    }
    let text = dir
        .codec(&["ncd", "tree", "m.phy", "--midpoint"])
        .succeeds()
        .text();
    assert_eq!(text.lines().count(), 10);
    assert!(text.contains("└── ") && text.contains("S(T) = 0.99") || text.contains("S(T) = 1"));
}

/// What names of files end in here: data sets may leave the suffix out.
fn suffix_of(newick: &str) -> String {
    if newick.contains("a0.txt") {
        ".txt"
    } else {
        ""
    }
    .to_owned()
}

#[test]
fn roots_supports_and_files_of_trees() {
    let (dir, _) = computed();
    matrix(&dir, &["--formula", "cdm", "-o", "n.phy"]).succeeds();
    let tree = |more: &[&str]| dir.codec(&[&["ncd", "tree", "m.phy"], more].concat());
    let supported = tree(&["--support", "m.phy", "n.phy", "-o", "-"])
        .succeeds()
        .text();
    assert!(supported.contains(")100:"), "{supported}");
    let name = |text: &str| format!("{text}{}", suffix_of(&supported));
    let outgroup = tree(&["--outgroup", &name("b2"), "-o", "-"])
        .succeeds()
        .text();
    assert!(
        outgroup.starts_with(&format!("({}:", name("b2"))),
        "{outgroup}"
    );
    tree(&["--outgroup", "wolf"]).fails(2, &["no item named wolf"]);
    tree(&["-o", "t.nex"]).succeeds();
    let nexus = String::from_utf8(dir.read("t.nex")).unwrap();
    assert!(nexus.starts_with("#NEXUS") && nexus.contains("TREE nj = [&U] ("));

    dir.write("other.phy", b"2\nx 0 1\ny 1 0\n");
    tree(&["--support", "other.phy"]).fails(6, &["an item named"]);
    dir.write("broken.nwk", b"(a,b");
    tree(&["--compare", "broken.nwk"]).fails(3, &["broken.nwk", "line 1"]);
}

#[test]
fn replicates_are_parts_of_the_items_and_differ_by_number() {
    let dir = Dir::new();
    let all = text(40_000);
    for (name, start) in [("a", 0), ("b", 4_000), ("c", 20_000)] {
        dir.write(&format!("in/{name}"), &all[start..start + 10_000]);
    }
    let replicate = |number: &str| {
        let ran = matrix(&dir, &["--replicate", number]);
        ran.succeeds().text()
    };
    assert_eq!(replicate("1"), replicate("1"));
    assert_ne!(replicate("1"), replicate("2"));
    dir.write("in/d", &all[..500]);
    matrix(&dir, &["--replicate", "1"]).fails(2, &["item 4 has 500 bytes"]);
}

#[test]
fn drawings_are_written_in_both_formats_and_layouts() {
    let (dir, _) = computed();
    dir.codec(&["ncd", "cluster", "m.phy", "-k", "3", "-o", "groups.csv"])
        .succeeds();
    for layout in ["rectangular", "radial"] {
        for file in ["t.svg", "t.png"] {
            let args = [
                "ncd",
                "tree",
                "m.phy",
                "--layout",
                layout,
                "--groups",
                "groups.csv",
            ];
            dir.codec(&[&args[..], &["--draw", file, "-f"]].concat())
                .succeeds();
        }
        let svg = String::from_utf8(dir.read("t.svg")).unwrap();
        assert!(svg.contains(">a0") && svg.contains("#0072b2") && svg.contains("#008560"));
        assert!(dir.read("t.png").starts_with(b"\x89PNG"));
    }
}

#[test]
fn clusters_are_the_families_by_every_method() {
    let (dir, _) = computed();
    for method in ["average", "complete", "single", "medoids"] {
        let ran = dir.codec(&["ncd", "cluster", "m.phy", "-k", "3", "--method", method]);
        let text = ran.succeeds().text();
        assert!(text.starts_with("name,cluster,silhouette\n"));
        let clusters: Vec<&str> = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap())
            .collect();
        assert_eq!(
            clusters,
            ["1", "1", "1", "2", "2", "2", "3", "3", "3"],
            "{method}"
        );
    }
    let json = dir
        .codec(&["ncd", "cluster", "m.phy", "--cut", "0.0", "--json"])
        .succeeds()
        .json();
    assert_eq!(json[0]["clusters"], 9);
    let cluster = |more: &[&str]| dir.codec(&[&["ncd", "cluster", "m.phy"], more].concat());
    cluster(&["-k", "10"]).fails(2, &["1 to 9 clusters, not 10"]);
    cluster(&["--cut", "0.5", "--method", "medoids"]).fails(2, &["-k N"]);
    cluster(&[]).fails(2, &["--clusters <N>|--cut <DISTANCE>"]);
}

#[test]
fn malformed_matrices_are_refused_with_line_and_reason() {
    let dir = Dir::new();
    for (content, code, parts) in [
        (
            "2\na 0 NaN\nb NaN 0\n",
            3,
            &["line 2", "no finite number"][..],
        ),
        ("2\na 0 1\nb -1 0\n", 3, &["line 3", "negative"]),
        (
            "2\na 0 1\nb 2 0\n",
            3,
            &["line 3", "in one direction", "--average"],
        ),
        ("2\na 0 1\na 1 0\n", 3, &["line 3", "two items are named a"]),
        ("1\na 0\n", 2, &["at least two items"]),
        ("", 3, &["expected the number of items"]),
        (">a, whole\nAC\n", 3, &["sequences", "codec ncd matrix"]),
    ] {
        dir.write("m.phy", content.as_bytes());
        dir.codec(&["ncd", "tree", "m.phy"]).fails(code, parts);
        let read = dir.codec_reading(content.as_bytes(), &["ncd", "tree", "-"]);
        assert_eq!(read.code, code);
    }
    dir.write("m.phy", b"3\na 0 1 2\nb 2 0 2\nc 2 2 0\n");
    dir.codec(&["ncd", "tree", "m.phy", "--average"]).succeeds();
    dir.write("p.part", b"\x89NCDPART");
    dir.codec(&["ncd", "tree", "p.part"])
        .fails(5, &["part of a matrix", "codec ncd merge"]);
    dir.codec(&["ncd", "tree", "none.phy"])
        .fails(1, &["none.phy: cannot read"]);
}
