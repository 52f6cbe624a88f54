use crate::fixture::{Dir, text};
use codec_corpora::bench::{Record, read_json_lines};

fn records(lines: &[u8]) -> Vec<Record> {
    read_json_lines(lines).unwrap()
}

fn labels(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.label.as_str()).collect()
}

#[test]
fn a_bench_gives_a_table_and_every_report() {
    let dir = Dir::new();
    dir.write("set/a.txt", &text(200_000));
    dir.write("set/sub/b.txt", &text(3000));
    let ran = dir.codec(&[
        "bench",
        "-r",
        "set",
        "-c",
        "zstd",
        "-c",
        "xz:1:extreme",
        "--runs",
        "1",
        "--json",
        "r.jsonl",
        "--csv",
        "r.csv",
        "--html",
        "r.html",
    ]);
    let table = ran.succeeds().text();
    for part in ["zstd:3", "xz:1:extreme", "total (2 files, 203,000 bytes)"] {
        assert!(table.contains(part), "{table}");
    }
    let records = records(&dir.read("r.jsonl"));
    assert_eq!(
        labels(&records),
        ["zstd:3", "xz:1:extreme", "zstd:3", "xz:1:extreme"]
    );
    for record in &records {
        assert_eq!(record.dataset, "set");
        assert!(record.item.ends_with(".txt"));
        assert!(record.encoded_bytes < record.content_bytes);
        assert!(record.encode_s > 0.0 && record.decode_s > 0.0);
        assert!(record.peak_rss_bytes > Some(1 << 20), "{record:?}");
        assert_eq!((record.timing.as_str(), record.runs), ("call", 1));
    }
    let csv = String::from_utf8(dir.read("r.csv")).unwrap();
    assert_eq!(csv.lines().count(), 5);
    let html = String::from_utf8(dir.read("r.html")).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("xz:1:extreme"));
}

#[test]
fn measured_sizes_are_those_of_the_files_that_encode_writes() {
    let dir = Dir::new();
    dir.write("a.txt", &text(150_000));
    let ran = dir.codec(&[
        "bench",
        "a.txt",
        "-c",
        "zstd:19",
        "-c",
        "gzip:native",
        "--block",
        "64k",
        "--runs",
        "1",
        "--json",
        "-",
    ]);
    let records = records(&ran.succeeds().stdout);
    assert_eq!(labels(&records), ["zstd:19:block=64KiB", "gzip:6:native"]);
    let encode = |args: &[&str]| {
        let ran = dir.codec(&[&["encode", "--stdout", "a.txt"], args].concat());
        ran.succeeds().stdout.len() as u64
    };
    let container = encode(&["-c", "zstd", "--level", "19", "--block", "64k"]);
    assert_eq!(records[0].encoded_bytes, container);
    assert_eq!(
        records[1].encoded_bytes,
        encode(&["-c", "gzip", "--native"])
    );
}

#[test]
fn the_system_tools_are_measured_in_the_same_way() {
    let dir = Dir::new();
    dir.write("a.txt", &text(150_000));
    let ran = dir.codec(&[
        "bench",
        "a.txt",
        "-c",
        "gzip:9",
        "--against",
        "--runs",
        "2",
        "--json",
        "-",
    ]);
    let records = records(&ran.succeeds().stdout);
    assert!(records.iter().all(|record| record.timing == "process"));
    let Some(peer) = records.get(1) else {
        eprintln!("skipped: {}", ran.stderr);
        return;
    };
    assert_eq!(records[0].peers, ["system-gzip:9"]);
    assert_eq!(peer.label, "system-gzip:9");
    assert_eq!(peer.stream, "system");
    assert!(peer.build.version.contains('.'));
    assert!(peer.encoded_bytes < 150_000);
}

#[test]
fn what_cannot_be_measured_is_said_at_once() {
    let dir = Dir::new();
    dir.write("a.txt", b"content");
    dir.write("there.html", b"mine");
    let bench = |args: &[&str]| dir.codec(&[&["bench", "a.txt"], args].concat());
    bench(&["-c", "soup"]).fails(2, &["unknown codec 'soup'"]);
    bench(&["-c", "zstd:99"]).fails(2, &["zstd:99", "1 to 22"]);
    bench(&["-c", "store:native"]).fails(2, &["store"]);
    bench(&["-c", "system-soup"]).fails(2, &["soup", "gzip"]);
    bench(&["--json", "-", "--csv", "-"]).fails(2, &["standard output"]);
    bench(&["-c", "store", "--html", "there.html"]).fails(1, &["there.html", "-f"]);
    assert_eq!(dir.read("there.html"), b"mine");
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let dir = Dir::new();
    dir.write("a.txt", b"content");
    let ran = dir.codec(&["bench", "-c", "store", "gone.txt", "a.txt"]);
    ran.fails(1, &["gone.txt"]);
    assert!(ran.text().contains("a.txt (7 bytes)"));
}
