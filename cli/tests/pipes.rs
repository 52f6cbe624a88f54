use std::fs;
use std::io::{Read, Write};
use std::process::Child;

use crate::fixture::{CODEC, Dir, text};

#[test]
fn data_goes_through_pipes_both_ways() {
    let dir = Dir::new();
    let content = text(500_000);
    for args in [
        &["encode"][..],
        &["encode", "-"],
        &["encode", "--stdout", "-"],
        &["encode", "-o", "-"],
    ] {
        let encoded = dir.codec_reading(&content, args);
        let decoded = dir.codec_reading(&encoded.succeeds().stdout, &["decode"]);
        assert!(decoded.succeeds().stdout == content);
    }
    assert!(dir.names().is_empty());
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let dir = Dir::new();
    dir.encoded("a.cdc", &text(4 << 20));
    dir.write("a", &text(4 << 20));
    for args in [
        &["cat", "a.cdc"][..],
        &["decode", "--stdout", "a.cdc"],
        &["encode", "-c", "store", "--stdout", "a"],
        &[
            "encode", "-c", "gzip", "-1", "--native", "--stdout", "a", "a", "a", "a", "a", "a",
        ],
    ] {
        let mut child = dir.start(args);
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), stderr.as_ref()),
            (Some(0), ""),
            "{args:?}"
        );
    }
}

#[test]
fn reports_to_a_closed_pipe_are_no_error() {
    let dir = Dir::new();
    let command = format!("{{ sleep 0.1; {CODEC} list; echo $? >&2; }} | true");
    let ran = dir.run("sh", b"", &["-c", &command]);
    assert_eq!(ran.succeeds().stderr, "0\n");
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    let dir = Dir::new();
    dir.write("a", &text(400_000));
    if fs::metadata("/dev/full").is_ok() {
        let ran = dir.codec(&["encode", "-o", "/dev/full", "a"]);
        ran.fails(1, &["a: cannot write /dev/full: No space left on device"]);
    } else {
        eprintln!("skipped: no /dev/full here");
    }
    // A limit on the size of files stands for a disk that fills up half way.
    let command = format!("trap '' XFSZ; ulimit -f 100; {CODEC} encode -c store a");
    let ran = dir.run("sh", b"", &["-c", &command]);
    ran.fails(1, &["a: cannot write a.cdc: File too large"]);
    assert_eq!(dir.names(), ["a"]);
}

/// The most memory a process ever had, in KiB; `None` where the system does not tell.
fn peak_memory(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Feeds `pieces` to a command, and measures its memory before its input ends.
fn peak_while_feeding<'a>(
    dir: &Dir,
    args: &[&str],
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Option<u64> {
    let mut child = dir.start(args);
    let mut stdin = child.stdin.take().unwrap();
    for piece in pieces {
        stdin.write_all(piece).unwrap();
    }
    let peak = peak_memory(&child);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    peak
}

#[test]
fn memory_does_not_grow_with_the_length_of_the_stream() {
    let dir = Dir::new();
    let piece = text(8 << 20);
    let encode = ["encode", "-c", "zstd", "-1", "-o", "a.cdc"];
    let encoding = peak_while_feeding(&dir, &encode, std::iter::repeat_n(&piece[..], 30));
    let encoded = dir.read("a.cdc");
    let decoding = peak_while_feeding(&dir, &["test"], encoded.chunks(1 << 20));
    for (what, peak) in [("encoding", encoding), ("decoding", decoding)] {
        match peak {
            Some(peak) => assert!(peak < 256 << 10, "{what} took {peak} KiB"),
            None => eprintln!("skipped: this system does not tell a process's peak memory"),
        }
    }
}
