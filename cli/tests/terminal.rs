use std::process::{Command, Stdio};

use crate::fixture::{CODEC, Dir, Ran, text};

/// Runs a command on a terminal of its own, with `typed` as its input; `None` without `script`.
fn on_a_terminal(dir: &Dir, typed: &str, args: &str) -> Option<Ran> {
    let probe = Command::new("script")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("skipped: script, which makes terminals, is not installed");
        return None;
    }
    let command = format!("{CODEC} {args}");
    Some(dir.run("script", typed.as_bytes(), &["-qec", &command, "/dev/null"]))
}

#[test]
fn a_person_is_asked_before_a_file_is_overwritten() {
    let dir = Dir::new();
    dir.write("a", b"content");
    dir.write("a.cdc", b"precious");
    let Some(refused) = on_a_terminal(&dir, "n\n", "encode a") else {
        return;
    };
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .text()
            .contains("a.cdc exists already; overwrite it? [y/N]")
    );
    assert_eq!(dir.read("a.cdc"), b"precious");
    if let Some(allowed) = on_a_terminal(&dir, "y\n", "encode a") {
        assert_eq!(allowed.code, 0, "{}", allowed.text());
        assert_eq!(dir.codec(&["cat", "a.cdc"]).stdout, b"content");
    }
}

#[test]
fn compressed_data_does_not_reach_a_terminal() {
    let dir = Dir::new();
    dir.write("a", b"content");
    if let Some(ran) = on_a_terminal(&dir, "", "encode --stdout a") {
        assert_eq!(ran.code, 2);
        assert!(
            ran.text()
                .contains("compressed data is not written to a terminal")
        );
    }
    if let Some(ran) = on_a_terminal(&dir, "", "decode") {
        assert_eq!(ran.code, 2);
        assert!(ran.text().contains("standard input: is a terminal"));
    }
}

#[test]
fn long_operations_show_their_progress_on_a_terminal() {
    let dir = Dir::new();
    dir.write("a", &text(6 << 20));
    // More than a second of work, even for a quick machine.
    let args = "encode -c xz -9 --set extreme=true --block 256k -T1 a";
    if let Some(ran) = on_a_terminal(&dir, "", args) {
        assert_eq!(ran.code, 0, "{}", ran.text());
        assert!(ran.text().contains("of 6.00 MiB"), "{}", ran.text());
    }
}
