use crate::fixture::{Dir, text};

/// `a.cdc`: 8 MiB of zeros in a few hundred bytes.
fn with_a_bomb() -> Dir {
    let dir = Dir::new();
    let zeros = vec![0; 8 << 20];
    let ran = dir.codec_reading(&zeros, &["encode", "-c", "zstd", "-o", "a.cdc"]);
    ran.succeeds();
    assert!(dir.read("a.cdc").len() < 5000);
    dir
}

/// The value that a message suggests for an option.
fn suggested(stderr: &str, option: &str) -> String {
    let rest = stderr
        .split(option)
        .nth(1)
        .unwrap_or_else(|| panic!("no {option} in {stderr}"));
    rest.split_whitespace()
        .next()
        .unwrap()
        .trim_end_matches(':')
        .to_owned()
}

#[test]
fn more_output_than_allowed_is_refused_and_the_suggestion_is_enough() {
    let dir = with_a_bomb();
    let ran = dir.codec(&["decode", "--max-output", "1M", "-o", "out", "a.cdc"]);
    ran.fails(4, &["a.cdc: decoded output needs", "the limit is 1048576"]);
    assert_eq!(dir.names(), ["a.cdc"]);
    let enough = suggested(&ran.stderr, "--max-output ");
    dir.codec(&["decode", "--max-output", &enough, "-o", "out", "a.cdc"])
        .succeeds();
    dir.codec(&["test", "--max-output", "1M", "a.cdc"])
        .fails(4, &["--max-output 8MiB is enough"]);
    dir.codec(&["cat", "--max-output", "1M", "a.cdc"])
        .fails(4, &["--max-output"]);
    let piped = dir.codec_reading(&dir.read("a.cdc"), &["test", "--max-output", "1M"]);
    piped.fails(4, &["standard input: decoded output", "--max-output"]);
}

#[test]
fn more_memory_than_allowed_is_refused_and_the_suggestion_is_enough() {
    let dir = with_a_bomb();
    let ran = dir.codec(&["decode", "--memory", "1M", "-o", "out", "a.cdc"]);
    ran.fails(4, &["a.cdc: decoder memory needs", "the limit is 1048576"]);
    assert_eq!(dir.names(), ["a.cdc"]);
    let enough = suggested(&ran.stderr, "--memory ");
    dir.codec(&["decode", "--memory", &enough, "-o", "out", "a.cdc"])
        .succeeds();
}

#[test]
fn native_bombs_are_refused_too() {
    let dir = Dir::new();
    let zeros = vec![0; 8 << 20];
    for codec in ["gzip", "xz", "zstd", "brotli"] {
        let encoded = dir.codec_reading(&zeros, &["encode", "-c", codec, "--native"]);
        dir.write("a", &encoded.succeeds().stdout);
        let args = [
            "decode",
            "-c",
            codec,
            "--max-output",
            "1M",
            "-o",
            "out",
            "a",
        ];
        dir.codec(&args)
            .fails(4, &["a: decoded output", "--max-output"]);
        assert_eq!(dir.names(), ["a"]);
    }
    let encoded = dir.codec_reading(&zeros, &["encode", "-c", "xz", "--native"]);
    let ran = dir.codec_reading(&encoded.stdout, &["test", "--memory", "1M"]);
    ran.fails(4, &["--memory"]);
}

#[test]
fn encoding_keeps_to_an_explicit_memory_limit() {
    let dir = Dir::new();
    dir.write("a", &text(100_000));
    let args = ["encode", "-c", "xz", "--memory", "1M", "a"];
    let ran = dir.codec(&args);
    ran.fails(4, &["a: encoder memory needs", "--memory"]);
    assert_eq!(dir.names(), ["a"]);
    let enough = suggested(&ran.stderr, "--memory ");
    dir.codec(&["encode", "-c", "xz", "--memory", &enough, "a"])
        .succeeds();
}

#[test]
fn a_file_that_takes_more_than_the_default_to_decode_is_announced() {
    let dir = Dir::new();
    dir.write("a", b"content");
    let ran = dir.codec(&["encode", "-c", "zstd", "--block", "512M", "a"]);
    assert!(
        ran.succeeds()
            .stderr
            .contains("warning: decoding may need --memory")
    );
}
