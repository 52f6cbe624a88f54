//! `codec ncd`: distances, neighbours and classification of small generated data.

use crate::fixture::Dir;

/// Chance that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        let state = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 = state;
        (state >> 33) as usize % n
    }

    fn dna(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| b"ACGT"[self.below(4)]).collect()
    }

    /// The sequence with some bases changed.
    fn relative(&mut self, root: &[u8], changes: usize) -> String {
        let mut one = root.to_vec();
        for _ in 0..changes {
            let at = self.below(one.len());
            one[at] = b"ACGT"[self.below(4)];
        }
        String::from_utf8(one).unwrap()
    }
}

/// Rows of three families: `train.tsv` with eight of each, `test.tsv` with three.
fn families() -> Dir {
    let dir = Dir::new();
    let mut chance = Chance(1);
    let roots: Vec<Vec<u8>> = (0..3).map(|_| chance.dna(500)).collect();
    for (name, each) in [("train.tsv", 8), ("test.tsv", 3)] {
        let mut text = "id\tsequence\tclass\tgroup\n".to_owned();
        for n in 0..each * 3 {
            let sequence = chance.relative(&roots[n % 3], 60);
            text += &format!(
                "{}{n}\t{sequence}\tfamily{}\tg{}\n",
                &name[..2],
                n % 3,
                n / 2
            );
        }
        dir.write(name, text.as_bytes());
    }
    dir
}

const CLASSIFY: [&str; 6] = [
    "ncd",
    "classify",
    "--train",
    "train.tsv",
    "--test",
    "test.tsv",
];

#[test]
fn every_method_finds_the_families_whatever_the_threads() {
    let dir = families();
    for compressor in ["lz", "gzip", "zstd"] {
        let args = ["-m", "knn,class,bayes,jaccard", "--json", "-c", compressor];
        let ran = dir.codec(&[&CLASSIFY[..], &args, &["-T1"]].concat());
        let records = ran.succeeds().json();
        assert_eq!(records.len(), 4);
        for record in &records {
            assert_eq!(record["schema"], "codec.ncd.classify.v1");
            assert_eq!(
                (&record["correct"], &record["test_items"]),
                (&9.into(), &9.into()),
                "{record}"
            );
            assert_eq!(record["confusion"][1], serde_json::json!([0, 3, 0]));
            assert_eq!(record["classes"][2]["class"], "family2");
            assert_eq!(record["macro_f1"], 1.0);
        }
        let again = dir.codec(&[&CLASSIFY[..], &args, &["-T3"]].concat()).json();
        for (one, other) in records.iter().zip(&again) {
            assert_eq!(one["confusion"], other["confusion"]);
        }
    }
}

#[test]
fn the_table_shows_methods_classes_and_what_was_taken_for_what() {
    let dir = families();
    let text = dir
        .codec(&[&CLASSIFY[..], &["-c", "lz"]].concat())
        .succeeds()
        .text();
    for part in [
        "24 training items, 9 test items, 3 classes",
        "1-NN ncd, lz",
        "1.0000",
        "predicted",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn predictions_are_written_for_every_item_and_nothing_is_overwritten() {
    let dir = families();
    let args = [
        &CLASSIFY[..],
        &["-c", "lz", "-m", "class,bayes", "--predictions", "out.csv"],
    ]
    .concat();
    dir.codec(&args).succeeds();
    let file = String::from_utf8(dir.read("out.csv")).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(
        lines[0],
        "name,true,predicted,probability,margin,method,fold"
    );
    assert_eq!(lines.len(), 1 + 18);
    assert!(
        lines[1].starts_with("te0,family0,family0,1.000000,"),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with(",\"class models, lz\","), "{}", lines[1]);
    dir.codec(&args)
        .fails(1, &["out.csv exists already", "-f overwrites it"]);
    dir.codec(&[&args[..], &["-f"]].concat()).succeeds();
}

#[test]
fn items_without_labels_are_predicted_and_not_scored() {
    let dir = families();
    let unlabelled: String = String::from_utf8(dir.read("test.tsv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|row| {
            let fields: Vec<&str> = row.split('\t').collect();
            format!(">{}\n{}\n", fields[0], fields[1])
        })
        .collect();
    dir.write("new.fa", unlabelled.as_bytes());
    let args = [
        "ncd",
        "classify",
        "--train",
        "train.tsv",
        "--test",
        "new.fa",
        "-c",
        "lz",
    ];
    let text = dir.codec(&args).succeeds().text();
    assert_eq!(text.lines().next(), Some("te0\tfamily0\t1.0000"));
    assert_eq!(text.lines().count(), 9);
    let json = dir.codec(&[&args[..], &["--json"]].concat()).json();
    assert_eq!(json[1]["predicted"], "family1");
    assert_eq!(json[1]["true"], serde_json::Value::Null);
}

#[test]
fn folds_are_seeded_and_keep_groups_together() {
    let dir = families();
    let run = |seed: &str| {
        let args = [
            "ncd",
            "classify",
            "--train",
            "train.tsv",
            "--folds",
            "4",
            "--seed",
            seed,
            "-c",
            "lz",
        ];
        let args = [&args[..], &["--predictions", seed, "--json"]].concat();
        let record = dir.codec(&args).succeeds().json().remove(0);
        (
            record["fold_accuracies"].clone(),
            String::from_utf8(dir.read(seed)).unwrap(),
        )
    };
    let (accuracies, one) = run("1");
    assert_eq!(accuracies.as_array().unwrap().len(), 4);
    let fold_of = |text: &str| -> Vec<(usize, String)> {
        let rows = text.lines().skip(1).map(|row| {
            let number: usize = row[2..].split(',').next().unwrap().parse().unwrap();
            (number, row.rsplit(',').next().unwrap().to_owned())
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows
    };
    let folds = fold_of(&one);
    assert_eq!(folds.len(), 24);
    for pair in folds.chunks(2) {
        assert_eq!(pair[0].1, pair[1].1, "rows {} and {}", pair[0].0, pair[1].0);
    }
    assert_ne!(folds, fold_of(&run("2").1));
}

#[test]
fn what_training_and_test_share_is_told() {
    let dir = families();
    let train = String::from_utf8(dir.read("train.tsv")).unwrap();
    let row = train.lines().nth(1).unwrap();
    let leaked = row.replace("family0", "family1").replacen("tr0", "copy", 1);
    dir.write(
        "test.tsv",
        format!("id\tsequence\tclass\tgroup\n{leaked}\n").as_bytes(),
    );
    let ran = dir.codec(&[&CLASSIFY[..], &["-c", "lz"]].concat());
    ran.succeeds();
    for part in [
        "1 of 1 test item also in the training set (copy = tr0), 1 of them with another label",
        "1 group in both training and test set, such as 'g0' with 2 and 1 items",
    ] {
        assert!(ran.stderr.contains(part), "no {part:?} in: {}", ran.stderr);
    }
}

#[test]
fn mixed_alphabets_are_told() {
    let dir = families();
    dir.write("dna.fa", b">d\nACGTACGTTTGACCAGTTAGGCA\n");
    dir.write(
        "more.fa",
        b">p\nMKVLAAGIVGLLLAQWERTYIPS\n>r\nACGUACGUUUGACCAGUUAGGCA\n",
    );
    let ran = dir.codec(&["ncd", "distance", "dna.fa", "more.fa"]);
    ran.succeeds();
    let warning = "mixed alphabets: 1 item of DNA, such as 'dna'; 1 item of RNA, such as 'r'; \
                   1 item of neither, such as 'p'";
    assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    let alike = dir.codec(&["ncd", "distance", "dna.fa", "train.tsv"]);
    assert!(!alike.stderr.contains("mixed"), "{}", alike.stderr);
}

#[test]
fn bad_data_is_refused_with_its_place_and_code() {
    let dir = families();
    for (name, text, code, parts) in [
        (
            "a.tsv",
            "seq\tclass\nAC\tx\nGG\t\n",
            3,
            &["a.tsv: row 2, line 3: no label in column 'class'"][..],
        ),
        (
            "b.tsv",
            "seq\tclass\n\tx\n",
            3,
            &["row 1, line 2: the sequence is empty"],
        ),
        (
            "c.tsv",
            "dna\tclass\nAC\tx\n",
            2,
            &["which column holds the sequences", "--sequence-column"],
        ),
        (
            "d.tsv",
            "seq\tkind\nAC\tx\n",
            2,
            &["which column holds the labels", "--label-column"],
        ),
        (
            "e.tsv",
            "seq\tclass\nAC\tx\nGG\tx\n",
            2,
            &["all items have the label 'x'"],
        ),
        (
            "f.fq",
            "@r class=x\nAC\n+\nI\n",
            3,
            &["record 1, line 4: 1 quality for 2 bases"],
        ),
        (
            "g.fa",
            ">r class=x\n>s class=y\nAC\n",
            3,
            &["record 1, line 1: the sequence of 'r' is empty"],
        ),
    ] {
        dir.write(name, text.as_bytes());
        let args = [
            "ncd", "classify", "--train", name, "--test", "test.tsv", "-c", "lz",
        ];
        dir.codec(&args).fails(code, parts);
    }
    dir.codec(&[&CLASSIFY[..], &["-k", "25"]].concat())
        .fails(2, &["k is 25, but there are only 24 items"]);
    dir.codec(&[&CLASSIFY[..], &["-c", "lz", "--level", "3"]].concat())
        .fails(2, &["'lz' has no level"]);
    dir.codec(&[&CLASSIFY[..], &["-c", "none"]].concat())
        .fails(2, &["unknown codec 'none'", "or lz"]);
    let none = ["ncd", "classify", "--train", "nowhere.tsv", "--folds", "2"];
    dir.codec(&none).fails(1, &["nowhere.tsv", "cannot open"]);
    dir.codec(&["ncd", "classify", "--train", "train.tsv"])
        .fails(2, &["--test <FILE>|--folds <N>"]);
    dir.codec(&[&CLASSIFY[..], &["-m", "jaccard", "-k", "25"]].concat())
        .fails(2, &["k is 25, but there are only 24 items"]);
    dir.codec(&["ncd", "neighbors", "--in", "train.tsv", "-k", "24"])
        .fails(2, &["k is 24, but there are only 23 items"]);
    let into_training = ["-f", "--predictions", "train.tsv"];
    dir.codec(&[&CLASSIFY[..], &into_training].concat())
        .fails(2, &["input and output are the same file"]);
    dir.write("rare.tsv", b"seq\tclass\nAC\tx\nGG\tx\nTT\ty\n");
    dir.codec(&["ncd", "classify", "--train", "rare.tsv", "--folds", "2"])
        .fails(
            2,
            &["without fold", "all items have the label 'x'", "two folds"],
        );
    dir.write("none.tsv", b"seq\tclass\n");
    dir.codec(&["ncd", "matrix", "none.tsv"])
        .fails(3, &["no rows below its column names"]);
}

#[test]
fn neighbors_are_the_exact_ones_with_fewer_pairs() {
    let dir = families();
    let args = [
        "ncd",
        "neighbors",
        "--in",
        "train.tsv",
        "test.tsv",
        "-k",
        "3",
        "-c",
        "gzip",
        "--json",
    ];
    let exact = dir
        .codec(&[&args[..], &["--exact"]].concat())
        .succeeds()
        .json();
    let pruned = dir
        .codec(&[&args[..], &["--candidates", "8"]].concat())
        .succeeds()
        .json();
    assert_eq!(exact[..27], pruned[..27]);
    assert_eq!(
        (&exact[0]["rank"], &exact[0]["label"]),
        (&1.into(), &"family0".into())
    );
    assert_eq!(exact[27]["pairs_compressed"], 9 * 24);
    assert!(pruned[27]["pairs_compressed"].as_u64().unwrap() <= 72);
}

#[test]
fn an_item_is_not_its_own_neighbour() {
    let dir = families();
    let args = [
        "ncd",
        "neighbors",
        "--in",
        "train.tsv",
        "-k",
        "2",
        "-c",
        "lz",
    ];
    let text = dir.codec(&args).succeeds().text();
    assert_eq!(text.lines().count(), 48);
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_ne!(fields[0], fields[2]);
    }
}

#[test]
fn distances_are_measured_in_both_orders_or_once() {
    let dir = Dir::new();
    dir.write("a.txt", b"the quick brown fox jumps over the lazy dog");
    dir.write("b.txt", b"the quick brown fox jumps over the lazy cat");
    dir.write("c.bin", &(0..=255).collect::<Vec<u8>>());
    let files = ["a.txt", "b.txt", "c.bin"];
    let distance = |args: &[&str]| {
        let args = [&["ncd", "distance"][..], args, &files].concat();
        dir.codec(&args).succeeds().text()
    };
    let text = distance(&["-c", "gzip"]);
    let value = |line: &str| -> f64 { line.rsplit('\t').next().unwrap().parse().unwrap() };
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 6);
    assert!(
        rows[0].starts_with("a.txt\tb.txt\t") && value(rows[0]) < 0.3,
        "{text}"
    );
    assert!(
        rows[1].starts_with("a.txt\tc.bin\t") && value(rows[1]) > 0.8,
        "{text}"
    );
    assert_eq!(distance(&["-c", "gzip", "--symmetric"]).lines().count(), 3);
    for formula in ["ncd", "nccd", "cdm", "nrc"] {
        let text = distance(&["-c", "lz", "--formula", formula]);
        assert!(
            value(text.lines().next().unwrap()) < value(text.lines().nth(1).unwrap()),
            "{text}"
        );
    }
    dir.codec(&["ncd", "distance", "a.txt"])
        .fails(2, &["needs two items"]);
    dir.write("empty", b"");
    dir.codec(&["ncd", "distance", "a.txt", "empty"])
        .fails(3, &["empty: the file is empty"]);
}

#[test]
fn folders_label_by_their_sub_folders() {
    let dir = Dir::new();
    for n in 0..6 {
        let numbers: Vec<u8> = (0..200)
            .map(|i| b'0' + ((i * (n + 3)) % 10) as u8)
            .collect();
        dir.write(
            &format!("data/words/{n}"),
            &b"colourless green ideas sleep furiously ".repeat(3 + n),
        );
        dir.write(&format!("data/digits/{n}"), &numbers);
    }
    let args = [
        "ncd", "classify", "--train", "data", "--folds", "3", "-m", "class", "--json",
    ];
    let record = dir.codec(&args).succeeds().json().remove(0);
    assert_eq!(record["accuracy"], 1.0);
    assert_eq!(record["classes"][0]["class"], "digits");
}
