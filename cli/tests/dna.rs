//! Sequences: files that are known by their names, gzip input, references.

use crate::fixture::Dir;

/// A sequence on lines of 60, the same every time.
fn fasta(name: &str, bases: usize, seed: u64) -> String {
    let mut state = seed;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        b"ACGT"[(state >> 60) as usize % 4] as char
    };
    let letters: String = (0..bases).map(|_| letter()).collect();
    let lines = letters.as_bytes().chunks(60);
    let lines = lines.map(|line| format!("{}\n", std::str::from_utf8(line).unwrap()));
    format!(">{name}\n{}", lines.collect::<String>())
}

fn codec_of(dir: &Dir, name: &str) -> String {
    let ran = dir.codec(&["info", "--json", name]);
    ran.succeeds().json()[0]["codec"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A gzip file of `content`.
fn gzipped(dir: &Dir, name: &str, content: &[u8]) {
    dir.codec_reading(content, &["encode", "-c", "gzip", "--native", "-o", name])
        .succeeds();
}

#[test]
fn files_called_as_sequences_are_encoded_as_such() {
    let dir = Dir::new();
    let content = fasta("one", 5_000, 1);
    for name in ["a.fa", "b.FASTA", "c.fna", "d.txt"] {
        dir.write(name, content.as_bytes());
    }
    dir.write(
        "e.fastq",
        b"@r\nACGTNACGT\n+\nIIII#IIII\n@broken\nAC\n+\nI\n",
    );
    dir.codec(&["encode", "a.fa", "b.FASTA", "c.fna", "d.txt", "e.fastq"])
        .succeeds();
    for name in ["a.fa.cdc", "b.FASTA.cdc", "c.fna.cdc", "e.fastq.cdc"] {
        assert_eq!(codec_of(&dir, name), "dna", "{name}");
    }
    assert_eq!(codec_of(&dir, "d.txt.cdc"), "auto");
    for name in ["a.fa", "b.FASTA", "c.fna", "e.fastq"] {
        let before = dir.read(name);
        dir.codec(&["decode", "-f", &format!("{name}.cdc")])
            .succeeds();
        assert_eq!(dir.read(name), before);
    }
    assert!(dir.read("a.fa.cdc").len() < 5_000 * 2 / 8 + 120);
}

#[test]
fn a_codec_by_name_or_an_option_that_dna_lacks_comes_first() {
    let dir = Dir::new();
    dir.write("a.fa", fasta("one", 2_000, 1).as_bytes());
    dir.codec(&["encode", "-c", "xz", "a.fa"]).succeeds();
    assert_eq!(codec_of(&dir, "a.fa.cdc"), "xz");
    dir.codec(&["encode", "-o", "a.fa.gz", "a.fa"]).succeeds();
    assert!(dir.read("a.fa.gz").starts_with(&[0x1F, 0x8B]));
}

#[test]
fn every_level_gives_back_the_file() {
    let dir = Dir::new();
    dir.write("a.fa", fasta("one", 70_000, 3).as_bytes());
    let before = dir.read("a.fa");
    for level in 1..=9 {
        let level = format!("-{level}");
        dir.codec(&["encode", "-f", "--verify", "--block", "64k", &level, "a.fa"])
            .succeeds();
        let ran = dir.codec(&["cat", "a.fa.cdc"]);
        assert_eq!(ran.succeeds().stdout, before);
        let ran = dir.codec(&["cat", "--bytes", "66000..66100", "a.fa.cdc"]);
        assert_eq!(ran.succeeds().stdout, before[66_000..66_100]);
    }
}

#[test]
fn gzip_input_is_unpacked_where_dna_is_asked_for() {
    let dir = Dir::new();
    let content = fasta("one", 9_000, 5);
    gzipped(&dir, "x.fa.gz", content.as_bytes());
    let ran = dir.codec(&["encode", "-c", "dna", "--verify", "x.fa.gz"]);
    assert!(
        ran.succeeds()
            .stderr
            .contains("note: x.fa.gz: is compressed with gzip")
    );
    assert!(dir.read("x.fa.cdc").len() < 9_000 * 2 / 8 + 120);
    dir.codec(&["decode", "x.fa.cdc"]).succeeds();
    assert_eq!(dir.read("x.fa"), content.as_bytes());
    // The recorded suffix is that of the content.
    dir.codec(&["encode", "-q", "-c", "dna", "-o", "renamed", "x.fa.gz"])
        .succeeds();
    dir.codec(&["decode", "renamed"]).succeeds();
    assert_eq!(dir.read("renamed.fa"), content.as_bytes());
    let ran = dir.codec_reading(
        &dir.read("x.fa.gz"),
        &["encode", "-q", "-c", "dna", "-o", "piped.cdc"],
    );
    assert_eq!(ran.succeeds().stderr, "");
    assert_eq!(
        dir.codec(&["cat", "piped.cdc"]).succeeds().stdout,
        content.as_bytes()
    );
}

#[test]
fn other_codecs_take_gzip_files_as_they_are() {
    let dir = Dir::new();
    gzipped(&dir, "x.fa.gz", fasta("one", 900, 5).as_bytes());
    let before = dir.read("x.fa.gz");
    dir.codec(&["encode", "x.fa.gz"]).succeeds();
    assert_eq!(codec_of(&dir, "x.fa.gz.cdc"), "auto");
    dir.codec(&["decode", "-f", "x.fa.gz.cdc"]).succeeds();
    assert_eq!(dir.read("x.fa.gz"), before);
    // A name that stands for dna does not change what decoding gives back.
    dir.write("y.fa", &before);
    dir.codec(&["encode", "y.fa"]).succeeds();
    assert_eq!(dir.codec(&["cat", "y.fa.cdc"]).succeeds().stdout, before);
}

#[test]
fn damaged_gzip_input_leaves_nothing_behind() {
    let dir = Dir::new();
    gzipped(&dir, "x.fa.gz", fasta("one", 90_000, 5).as_bytes());
    let mut damaged = dir.read("x.fa.gz");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    dir.write("x.fa.gz", &damaged);
    dir.codec(&["encode", "-c", "dna", "x.fa.gz"])
        .fails(3, &["x.fa.gz", "damaged at byte"]);
    assert_eq!(dir.names(), ["x.fa.gz"]);
}

#[test]
fn a_reference_is_needed_again_to_decode() {
    let dir = Dir::new();
    let content = fasta("mine", 6_000, 8);
    dir.write("mine.fa", content.as_bytes());
    gzipped(
        &dir,
        "other.fa.gz",
        fasta("another name", 6_000, 8).to_lowercase().as_bytes(),
    );
    dir.write("wrong.fa", fasta("wrong", 100, 9).as_bytes());
    dir.codec(&[
        "encode",
        "-9",
        "--verify",
        "--reference",
        "other.fa.gz",
        "mine.fa",
    ])
    .succeeds();
    assert_eq!(codec_of(&dir, "mine.fa.cdc"), "dna");
    std::fs::rename(dir.path("mine.fa"), dir.path("kept.fa")).unwrap();
    for command in ["decode", "test", "cat"] {
        dir.codec(&[command, "mine.fa.cdc"])
            .fails(5, &["mine.fa.cdc", "hash", "--reference FILE"]);
        dir.codec(&[command, "--reference", "wrong.fa", "mine.fa.cdc"])
            .fails(5, &["hash"]);
        dir.codec(&[command, "--reference", "missing.fa", "mine.fa.cdc"])
            .fails(1, &["--reference missing.fa"]);
    }
    let ran = dir.codec(&["cat", "--reference", "other.fa.gz", "mine.fa.cdc"]);
    assert_eq!(ran.succeeds().stdout, content.as_bytes());
    dir.codec(&["test", "--reference", "kept.fa", "mine.fa.cdc"])
        .succeeds();
    dir.codec(&[
        "decode",
        "--reference",
        "other.fa.gz",
        "-o",
        "again.fa",
        "mine.fa.cdc",
    ])
    .succeeds();
    assert_eq!(dir.read("again.fa"), content.as_bytes());
}

#[test]
fn references_that_cannot_be_are_refused() {
    let dir = Dir::new();
    dir.write("a.fa", b">a\nACGT\n");
    dir.write("none.fa", b">nothing\n");
    dir.codec(&["encode", "-c", "xz", "--reference", "a.fa", "a.fa"])
        .fails(2, &["xz", "reference", "-c dna"]);
    dir.codec(&["encode", "--reference", "none.fa", "a.fa"])
        .fails(2, &["no bases"]);
    assert_eq!(dir.names(), ["a.fa", "none.fa"]);
}
