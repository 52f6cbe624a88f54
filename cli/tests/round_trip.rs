use crate::fixture::{Dir, text};

#[test]
fn a_file_comes_back_under_its_name_and_both_sides_are_kept() {
    let dir = Dir::new();
    let content = text(300_000);
    dir.write("notes.txt", &content);
    dir.codec(&["encode", "notes.txt"]).succeeds();
    assert_eq!(dir.names(), ["notes.txt", "notes.txt.cdc"]);
    std::fs::remove_file(dir.path("notes.txt")).unwrap();
    dir.codec(&["decode", "notes.txt.cdc"]).succeeds();
    assert_eq!(dir.names(), ["notes.txt", "notes.txt.cdc"]);
    assert_eq!(dir.read("notes.txt"), content);
}

#[test]
fn every_codec_gives_back_what_it_got_with_the_same_bytes_for_every_thread_count() {
    let dir = Dir::new();
    dir.write("data", &text(150_000));
    dir.write("empty", b"");
    for record in dir.codec(&["list", "--json"]).succeeds().json() {
        let codec = record["codec"].as_str().unwrap();
        if record["lossless"] == false {
            continue;
        }
        for file in ["data", "empty"] {
            let encode = |threads: &str| {
                let args = [
                    "encode", "-c", codec, "--block", "64k", "-T", threads, "--stdout", file,
                ];
                let ran = dir.codec(&args);
                // A codec need not have blocks.
                if ran.code == 2 {
                    return dir.codec(&["encode", "-c", codec, "-T", threads, "--stdout", file]);
                }
                ran
            };
            let one = encode("1").succeeds().stdout.clone();
            assert!(one == encode("2").succeeds().stdout, "{codec} on {file}");
            let decoded = dir.codec_reading(&one, &["decode", "-T", "2"]);
            assert!(
                decoded.succeeds().stdout == dir.read(file),
                "{codec} on {file}"
            );
        }
    }
}

#[test]
fn an_empty_file_and_empty_input_are_valid() {
    let dir = Dir::new();
    dir.write("empty", b"");
    dir.codec(&["encode", "--verify", "empty"]).succeeds();
    dir.codec(&["decode", "-f", "empty.cdc"]).succeeds();
    assert_eq!(dir.read("empty"), b"");
    dir.codec_reading(b"", &["encode", "-o", "nothing.cdc"])
        .succeeds();
    let ran = dir.codec(&["cat", "nothing.cdc"]);
    assert!(ran.succeeds().stdout.is_empty());
}

#[test]
fn concatenated_files_decode_to_concatenated_content() {
    let dir = Dir::new();
    dir.write("a", &text(70_000));
    dir.write("b", b"second");
    let both = dir.codec(&["encode", "--stdout", "a", "b"]);
    let ran = dir.codec_reading(&both.succeeds().stdout, &["decode"]);
    assert_eq!(
        ran.succeeds().stdout,
        [text(70_000), b"second".to_vec()].concat()
    );
}

#[test]
fn verify_decodes_what_was_written() {
    let dir = Dir::new();
    dir.write("notes.txt", &text(200_000));
    for args in [&["-c", "zstd"][..], &["-c", "gzip", "--native"]] {
        let args = [&["encode", "--verify", "--json"], args, &["notes.txt"]].concat();
        let records = dir.codec(&args).succeeds().json();
        assert_eq!(records[0]["verified"], true);
    }
}

#[test]
fn a_range_of_bytes_is_read_by_index_and_without() {
    let dir = Dir::new();
    let content = text(300_000);
    dir.encoded("a.cdc", &content);
    let twice = [dir.read("a.cdc"), dir.read("a.cdc")].concat();
    dir.write("twice.cdc", &twice);
    let gzip = dir.codec_reading(&content, &["encode", "-c", "gzip", "--native"]);
    dir.write("a.gz", &gzip.succeeds().stdout);
    for (range, expected) in [
        ("100..100", 100..100),
        ("0..1", 0..1),
        ("65000..66000", 65_000..66_000),
        ("250k..", 256_000..300_000),
        ("..10", 0..10),
        ("299999..1M", 299_999..300_000),
        ("5M..6M", 0..0),
    ] {
        let expected = &content[expected];
        let from_file = dir.codec(&["cat", "--bytes", range, "a.cdc"]);
        assert!(from_file.succeeds().stdout == expected, "{range}");
        let from_pipe = dir.codec_reading(&dir.read("a.cdc"), &["cat", "--bytes", range]);
        assert!(from_pipe.succeeds().stdout == expected, "{range}");
        let native = dir.codec(&["cat", "--bytes", range, "a.gz"]);
        assert!(native.succeeds().stdout == expected, "{range}");
    }
    let across = dir.codec(&["cat", "--bytes", "299990..300010", "twice.cdc"]);
    let expected = [&content[299_990..], &content[..10]].concat();
    assert_eq!(across.succeeds().stdout, expected);
}
