use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::fixture::{CODEC, Dir, text};

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .arg(format!("-{signal}"))
        .arg(child.id().to_string())
        .status();
    assert!(sent.unwrap().success());
}

/// Sends `signal` to an encoder that is in the middle of its work.
fn interrupted(dir: &Dir, signal: &str) -> ExitStatus {
    let mut child = dir.start(&["encode", "-f", "-c", "store", "-o", "target", "-"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&text(3 << 20)).unwrap();
    dir.wait_for_temporary();
    send(signal, &child);
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    output.status
}

#[test]
fn signals_leave_neither_a_temporary_file_nor_half_a_target() {
    for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let dir = Dir::new();
        let status = interrupted(&dir, signal);
        assert_eq!(status.signal(), Some(number), "{status:?}");
        assert!(dir.names().is_empty(), "{:?}", dir.names());
        dir.write("target", b"precious");
        interrupted(&dir, signal);
        assert_eq!(dir.names(), ["target"]);
        assert_eq!(dir.read("target"), b"precious");
    }
}

#[test]
fn a_killed_encoder_leaves_the_target_as_it_was() {
    let dir = Dir::new();
    assert_eq!(interrupted(&dir, "KILL").signal(), Some(9));
    assert!(!dir.names().contains(&"target".to_owned()));
    for name in dir.names() {
        std::fs::remove_file(dir.path(&name)).unwrap();
    }
    dir.write("target", b"precious");
    interrupted(&dir, "KILL");
    assert_eq!(dir.read("target"), b"precious");
}

#[test]
fn a_signal_that_the_parent_ignores_stays_ignored() {
    let dir = Dir::new();
    let script = format!("trap '' HUP; exec {CODEC} encode -o target -");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(dir.path("."))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"content").unwrap();
    dir.wait_for_temporary();
    send("HUP", &child);
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(dir.names(), ["target"]);
}
