use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Output;

use crate::fixture::{Dir, text};

/// Encodes `a`, slowly, and changes it as soon as the encoder has it open.
fn encode_while(change: impl FnOnce(&Dir)) -> (Dir, Output) {
    let dir = Dir::new();
    dir.write("a", &text(3 << 20));
    let child = dir.start(&[
        "encode",
        "-c",
        "xz",
        "-9",
        "--set",
        "extreme=true",
        "-T1",
        "a",
    ]);
    dir.wait_for_temporary();
    change(&dir);
    let output = child.wait_with_output().unwrap();
    (dir, output)
}

#[track_caller]
fn is_refused(dir: &Dir, output: &Output, part: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains(part) && stderr.contains("hint: nothing was written"),
        "{stderr}"
    );
    assert_eq!(dir.names(), ["a"]);
}

#[test]
fn a_source_that_grows_while_it_is_read_gives_no_output() {
    let (dir, output) = encode_while(|dir| {
        let mut file = OpenOptions::new().append(true).open(dir.path("a")).unwrap();
        file.write_all(b"one more line").unwrap();
    });
    is_refused(&dir, &output, "a: grew while it was being read");
}

#[test]
fn a_source_that_shrinks_while_it_is_read_gives_no_output() {
    let (dir, output) = encode_while(|dir| {
        let file = OpenOptions::new().write(true).open(dir.path("a")).unwrap();
        file.set_len(1000).unwrap();
    });
    is_refused(&dir, &output, "a: shrank while it was being read");
}

#[test]
fn a_source_that_is_modified_in_place_gives_no_output() {
    let (dir, output) = encode_while(|dir| {
        let mut file = OpenOptions::new().write(true).open(dir.path("a")).unwrap();
        file.write_all(b"x").unwrap();
    });
    is_refused(&dir, &output, "a: was modified while it was being read");
}

#[test]
fn files_without_a_length_are_read_to_their_end() {
    let dir = Dir::new();
    let Ok(version) = fs::read("/proc/version") else {
        eprintln!("skipped: no /proc/version here");
        return;
    };
    dir.codec(&["encode", "-o", "version.cdc", "/proc/version"])
        .succeeds();
    assert_eq!(dir.codec(&["cat", "version.cdc"]).stdout, version);
}

#[test]
fn pipes_and_devices_need_a_name_for_the_output() {
    let dir = Dir::new();
    let made = dir.run("mkfifo", b"", &["pipe"]);
    made.succeeds();
    dir.codec(&["encode", "pipe"])
        .fails(2, &["pipe: is a pipe or device", "-o FILE"]);
    dir.codec(&["encode", "/dev/null"])
        .fails(2, &["/dev/null: is a pipe or device"]);
    dir.codec(&["encode", "-o", "empty.cdc", "/dev/null"])
        .succeeds();
    let writer = dir.path("pipe");
    let writing = std::thread::spawn(move || fs::write(writer, b"through a pipe"));
    dir.codec(&["encode", "-o", "pipe.cdc", "pipe"]).succeeds();
    writing.join().unwrap().unwrap();
    assert_eq!(dir.codec(&["cat", "pipe.cdc"]).stdout, b"through a pipe");
}

#[test]
fn the_source_is_removed_only_on_request_and_after_success() {
    let dir = Dir::new();
    dir.write("a", b"content");
    dir.write("b.cdc", b"precious");
    dir.write("b", b"content");
    let ran = dir.codec(&["encode", "--rm", "--verify", "a", "b"]);
    ran.fails(1, &["b.cdc exists already"]);
    assert_eq!(dir.names(), ["a.cdc", "b", "b.cdc"]);
    dir.codec(&["decode", "--rm", "a.cdc"]).succeeds();
    assert_eq!(dir.names(), ["a", "b", "b.cdc"]);
}
