use std::process::{Command, Stdio};

use crate::fixture::{Dir, text};

/// Codec, suffix, and the tool that goes with it.
const FORMATS: [(&str, &str, &str); 4] = [
    ("gzip", "gz", "gzip"),
    ("xz", "xz", "xz"),
    ("zstd", "zst", "zstd"),
    ("brotli", "br", "brotli"),
];

fn is_installed(tool: &str) -> bool {
    let run = Command::new(tool)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let installed = run.is_ok_and(|status| status.success());
    if !installed {
        eprintln!("skipped: {tool} is not installed");
    }
    installed
}

#[test]
fn a_suffix_asks_for_the_native_stream_and_the_standard_tool_opens_it() {
    let dir = Dir::new();
    let content = text(300_000);
    dir.write("a.txt", &content);
    for (codec, suffix, tool) in FORMATS {
        let name = format!("a.txt.{suffix}");
        dir.codec(&["encode", "-o", &name, "a.txt"]).succeeds();
        dir.codec(&["encode", "-f", "-9", "--native", "-c", codec, "a.txt"])
            .succeeds();
        assert!(
            dir.codec(&["cat", &name]).succeeds().stdout == content,
            "{codec}"
        );
        if is_installed(tool) {
            let ran = dir.run(tool, b"", &["-dc", &name]);
            assert!(ran.succeeds().stdout == content, "{tool}");
        }
    }
}

#[test]
fn what_the_standard_tools_wrote_decodes_even_concatenated() {
    let dir = Dir::new();
    let content = text(300_000);
    dir.write("a.txt", &content);
    for (codec, suffix, tool) in FORMATS {
        if !is_installed(tool) {
            continue;
        }
        let encoded = dir
            .run(tool, b"", &["-c", "a.txt"])
            .succeeds()
            .stdout
            .clone();
        let name = format!("b.{suffix}");
        dir.write(&name, &encoded);
        dir.codec(&["decode", &name]).succeeds();
        assert!(dir.read("b") == content, "{tool}");
        std::fs::remove_file(dir.path("b")).unwrap();
        // A brotli stream cannot be followed by another.
        if codec != "brotli" {
            let ran = dir.codec_reading(&[&encoded[..], &encoded].concat(), &["decode"]);
            assert!(
                ran.succeeds().stdout == [&content[..], &content].concat(),
                "{tool}"
            );
        }
    }
}

#[test]
fn brotli_is_recognised_by_its_name_or_on_request_only() {
    let dir = Dir::new();
    let encoded = dir.codec_reading(b"content", &["encode", "-c", "brotli", "--native"]);
    let encoded = &encoded.succeeds().stdout;
    dir.write("a.br", encoded);
    dir.write("unnamed", encoded);
    dir.codec(&["decode", "a.br"]).succeeds();
    assert_eq!(dir.read("a"), b"content");
    dir.codec(&["decode", "unnamed"])
        .fails(3, &["unnamed", "hint: -c brotli"]);
    dir.codec(&["decode", "-c", "brotli", "unnamed"]).succeeds();
    assert_eq!(dir.read("unnamed.out"), b"content");
}

#[test]
fn shorthands_of_tar_archives_are_understood() {
    let dir = Dir::new();
    dir.write("a.tar", &text(1000));
    dir.codec(&["encode", "-o", "b.tgz", "a.tar"]).succeeds();
    dir.codec(&["decode", "b.tgz"]).succeeds();
    assert_eq!(dir.read("b.tar"), text(1000));
}
