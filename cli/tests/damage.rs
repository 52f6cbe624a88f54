use crate::fixture::{Dir, Ran, frame_of, stream_naming, text};

/// A directory with `a.cdc`, five frames of text, and nothing else.
fn with_a_file() -> Dir {
    let dir = Dir::new();
    dir.encoded("a.cdc", &text(300_000));
    dir
}

/// Every command that reads the file fails in the same way, and decoding leaves nothing behind.
#[track_caller]
fn all_fail(dir: &Dir, name: &str, code: i32, parts: &[&str]) -> Ran {
    let before = dir.names();
    dir.codec(&["test", name]).fails(code, parts);
    dir.codec(&["cat", name]).fails(code, parts);
    dir.codec(&["decode", "-o", "target", name])
        .fails(code, parts);
    dir.write("target", b"precious");
    let ran = dir.codec(&["decode", "-f", "-o", "target", name]);
    assert_eq!(dir.read("target"), b"precious");
    std::fs::remove_file(dir.path("target")).unwrap();
    assert_eq!(dir.names(), before);
    ran
}

#[test]
fn a_damaged_header_is_located() {
    let dir = with_a_file();
    let mut bytes = dir.read("a.cdc");
    bytes[14] ^= 1;
    dir.write("a.cdc", &bytes);
    let parts = [
        "a.cdc: damaged at byte",
        "header checksum is",
        "codec recover a.cdc -o OUT",
    ];
    all_fail(&dir, "a.cdc", 3, &parts);
    // The index holds a second copy, but it does not describe this file any more.
    dir.codec(&["info", "a.cdc"])
        .fails(3, &["a.cdc: damaged at byte"]);
}

#[test]
fn a_damaged_frame_is_located() {
    let dir = with_a_file();
    let (at, len) = frame_of(&dir, "a.cdc", 2);
    let mut bytes = dir.read("a.cdc");
    bytes[at + len / 2] ^= 0x10;
    dir.write("a.cdc", &bytes);
    let parts = [
        "a.cdc: damaged at byte",
        "payload checksum of frame 2 is",
        "give",
        "codec recover",
    ];
    let ran = all_fail(&dir, "a.cdc", 3, &parts);
    let position: usize = ran
        .stderr
        .split("at byte ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (at..at + 40).contains(&position),
        "{position} is not at the frame at {at}"
    );
}

#[test]
fn damage_to_any_byte_is_noticed() {
    let dir = Dir::new();
    dir.encoded("a.cdc", b"some content to keep");
    let bytes = dir.read("a.cdc");
    for index in (0..bytes.len()).step_by(3) {
        let mut bad = bytes.clone();
        bad[index] ^= 4;
        let ran = dir.codec_reading(&bad, &["test"]);
        assert!([3, 5].contains(&ran.code), "byte {index}: {}", ran.stderr);
    }
}

#[test]
fn a_truncated_stream_is_located_wherever_it_ends() {
    let dir = with_a_file();
    let bytes = dir.read("a.cdc");
    let (second, _) = frame_of(&dir, "a.cdc", 1);
    for len in [
        1,
        7,
        9,
        20,
        second,
        second + 3,
        second + 500,
        bytes.len() - 30,
        bytes.len() - 1,
    ] {
        dir.write("cut.cdc", &bytes[..len]);
        all_fail(
            &dir,
            "cut.cdc",
            3,
            &["cut.cdc: damaged at byte", "hint: codec recover cut.cdc"],
        );
    }
}

#[test]
fn trailing_garbage_is_located() {
    let dir = with_a_file();
    let mut bytes = dir.read("a.cdc");
    let at = format!("damaged at byte {}", bytes.len());
    bytes.extend(b"garbage");
    dir.write("a.cdc", &bytes);
    all_fail(&dir, "a.cdc", 3, &["a.cdc", &at, "trailing garbage"]);
}

#[test]
fn what_is_not_compressed_is_shown_with_what_would_be() {
    let dir = Dir::new();
    dir.write("a.txt", b"plain text");
    dir.write("b.cdc", b"plain text");
    let found =
        "at byte 0: found 70 6c 61 69 6e 20 74 65 78 74, expected the start of a .cdc, gzip";
    all_fail(
        &dir,
        "a.txt",
        3,
        &[
            "a.txt: is not in a known compressed format",
            found,
            "-c brotli",
        ],
    );
    all_fail(
        &dir,
        "b.cdc",
        3,
        &["b.cdc: is not", found, "codec recover b.cdc"],
    );
}

#[test]
fn empty_input_holds_no_stream() {
    let dir = Dir::new();
    dir.write("a.cdc", b"");
    all_fail(&dir, "a.cdc", 3, &["a.cdc: is empty"]);
    dir.codec_reading(b"", &["decode"])
        .fails(3, &["standard input: is empty"]);
}

#[test]
fn a_newer_container_is_unsupported_not_damaged() {
    let dir = with_a_file();
    let mut bytes = dir.read("a.cdc");
    bytes[8] = 2;
    dir.write("a.cdc", &bytes);
    all_fail(
        &dir,
        "a.cdc",
        5,
        &["a.cdc: container version 2 is newer", "reads version 1"],
    );
}

#[test]
fn a_newer_or_foreign_codec_is_unsupported() {
    let dir = Dir::new();
    dir.write("newer.cdc", &stream_naming("zstd", 99));
    all_fail(
        &dir,
        "newer.cdc",
        5,
        &["newer.cdc: the stream needs version 99 of codec 'zstd'"],
    );
    dir.write("foreign.cdc", &stream_naming("quantum", 1));
    all_fail(
        &dir,
        "foreign.cdc",
        5,
        &["needs codec 'quantum', which this build lacks"],
    );
    // What they say of themselves can be read all the same.
    let info = dir
        .codec(&["info", "--json", "foreign.cdc"])
        .succeeds()
        .json();
    assert_eq!(info[0]["codec"], "quantum");
}

#[test]
fn a_hostile_codec_name_is_printed_harmlessly() {
    let dir = Dir::new();
    dir.write("a.cdc", &stream_naming("\x1b[2J", 1));
    for command in ["decode", "info"] {
        let ran = dir.codec(&[command, "a.cdc"]);
        assert!(!ran.stderr.contains('\x1b') && !ran.text().contains('\x1b'));
    }
}

#[test]
fn damaged_native_streams_are_located() {
    let dir = Dir::new();
    let content = text(200_000);
    for codec in ["gzip", "xz", "zstd", "brotli"] {
        let encoded = dir.codec_reading(&content, &["encode", "-c", codec, "--native"]);
        let encoded = encoded.succeeds().stdout.clone();
        dir.write("cut", &encoded[..encoded.len() / 2]);
        let cut = dir.codec(&["decode", "-c", codec, "-o", "target", "cut"]);
        cut.fails(3, &["cut: damaged at byte"]);
        dir.write("more", &[&encoded[..], b"garbage"].concat());
        let more = dir.codec(&["decode", "-c", codec, "-o", "target", "more"]);
        more.fails(3, &["more: damaged at byte"]);
        let mut bad = encoded.clone();
        bad[encoded.len() / 2] ^= 0xFF;
        dir.write("bad", &bad);
        // Brotli has no checksum: damage may only show as wrong content.
        if codec != "brotli" {
            dir.codec(&["decode", "-c", codec, "-o", "target", "bad"])
                .fails(3, &["bad: damaged"]);
        }
        assert_eq!(dir.names(), ["bad", "cut", "more"]);
    }
}
