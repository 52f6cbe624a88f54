use std::time::Instant;

use crate::fixture::{Dir, text};

#[test]
fn info_tells_what_a_stream_is_from_files_and_from_pipes() {
    let dir = Dir::new();
    dir.write("notes.txt", &text(200_000));
    let args = [
        "encode",
        "-c",
        "zstd",
        "--level",
        "5",
        "--block",
        "64k",
        "notes.txt",
    ];
    dir.codec(&args).succeeds();
    let file = dir
        .codec(&["info", "--json", "--frames", "notes.txt.cdc"])
        .succeeds()
        .json();
    assert_eq!(file[0]["schema"], "codec.info.v1");
    assert_eq!(file[0]["codec"], "zstd");
    assert_eq!(file[0]["codec_version"], 1);
    assert_eq!(file[0]["params"]["level"], "5");
    assert_eq!(file[0]["suffix"], "txt");
    assert_eq!(file[0]["content_bytes"], 200_000);
    assert_eq!(file[0]["encoded_bytes"], dir.read("notes.txt.cdc").len());
    assert_eq!(file[0]["frame_count"], 4);
    assert_eq!(file[0]["frames"][3]["content_at"], 3 * 65536);
    let args = ["info", "--json", "--frames", "-"];
    let mut pipe = dir
        .codec_reading(&dir.read("notes.txt.cdc"), &args)
        .succeeds()
        .json();
    pipe[0]["file"] = "notes.txt.cdc".into();
    assert_eq!(file, pipe);
    let human = dir.codec(&["info", "notes.txt.cdc"]).succeeds().text();
    for part in [
        "zstd version 1",
        "level=5",
        "200,000 bytes",
        "4, at most 65,536 bytes",
        ".txt",
    ] {
        assert!(human.contains(part), "no {part} in {human}");
    }
}

#[test]
fn every_stream_of_a_concatenated_file_is_described() {
    let dir = Dir::new();
    dir.encoded("a", b"first");
    dir.encoded("b", &text(100_000));
    dir.write("both.cdc", &[dir.read("a"), dir.read("b")].concat());
    let streams = dir.codec(&["info", "--json", "both.cdc"]).succeeds().json();
    assert_eq!(streams.len(), 2);
    assert_eq!(streams[1]["stream"], 1);
    assert_eq!(streams[1]["at"], dir.read("a").len());
    assert_eq!(streams[1]["content_bytes"], 100_000);
}

#[test]
fn failures_are_reported_as_json_too() {
    let dir = Dir::new();
    dir.encoded("good.cdc", b"content");
    let bytes = dir.read("good.cdc");
    dir.write("cut.cdc", &bytes[..bytes.len() - 1]);
    let ran = dir.codec(&["test", "--json", "cut.cdc", "good.cdc"]);
    ran.fails(3, &["cut.cdc: damaged"]);
    let records = ran.json();
    assert_eq!(records[0]["schema"], "codec.error.v1");
    assert_eq!(records[0]["file"], "cut.cdc");
    assert_eq!(records[0]["exit_code"], 3);
    assert!(records[0]["position"].as_u64().is_some());
    assert_eq!(records[1]["schema"], "codec.test.v1");
    assert_eq!(records[1]["ok"], true);
}

#[test]
fn encode_and_decode_report_what_they_did() {
    let dir = Dir::new();
    dir.write("a", &text(1000));
    let record = &dir
        .codec(&["encode", "-c", "xz", "--json", "a"])
        .succeeds()
        .json()[0];
    assert_eq!(record["schema"], "codec.encode.v1");
    assert_eq!(
        (&record["codec"], &record["output"]),
        (&"xz".into(), &"a.cdc".into())
    );
    assert_eq!(record["encoded_bytes"], dir.read("a.cdc").len());
    let record = &dir
        .codec(&["decode", "-f", "--json", "a.cdc"])
        .succeeds()
        .json()[0];
    assert_eq!(record["schema"], "codec.decode.v1");
    assert_eq!(record["content_bytes"], 1000);
    let verbose = dir
        .codec(&["encode", "-f", "-v", "a"])
        .succeeds()
        .stderr
        .clone();
    assert!(verbose.starts_with("a -> a.cdc: 1,000 -> "), "{verbose}");
    assert!(verbose.contains("codec "), "{verbose}");
    let silent = dir.codec(&["encode", "-f", "a"]);
    assert_eq!(
        (silent.succeeds().stderr.as_str(), silent.text().as_str()),
        ("", "")
    );
}

#[test]
fn every_codec_is_listed_with_its_parameters() {
    let dir = Dir::new();
    let records = dir.codec(&["list", "--json"]).succeeds().json();
    assert_eq!(
        records
            .iter()
            .filter(|record| record["default"] == true)
            .count(),
        1
    );
    let table = dir.codec(&["list"]).succeeds().text();
    assert_eq!(table.lines().count(), records.len() + 1);
    for record in &records {
        let codec = record["codec"].as_str().unwrap();
        assert!(table.contains(codec));
        let details = dir.codec(&["list", codec]).succeeds().text();
        for param in record["params"].as_array().unwrap() {
            let name = param["name"].as_str().unwrap();
            assert!(details.contains(&format!("--set {name}=")), "{details}");
        }
    }
}

#[test]
fn completions_and_manual_cover_every_subcommand() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = dir.codec(&["completions", shell]).succeeds().text();
        assert!(script.contains("recover"), "{shell}");
    }
    assert!(dir.codec(&["man"]).succeeds().text().contains(".SH"));
    dir.codec(&["man", "--out-dir", "man1"]).succeeds();
    let pages = crate::fixture::names_in(&dir.path("man1"));
    for page in ["codec.1", "codec-encode.1", "codec-recover.1"] {
        assert!(pages.contains(&page.to_owned()), "{pages:?}");
    }
}

#[test]
fn the_version_is_there_at_once() {
    let dir = Dir::new();
    let fastest = (0..5).map(|_| {
        let started = Instant::now();
        let ran = dir.codec(&["--version"]);
        assert!(ran.succeeds().text().starts_with("codec "));
        started.elapsed()
    });
    let fastest = fastest.min().unwrap();
    // Ten milliseconds are the aim; a busy machine and an unoptimised build get some more.
    assert!(fastest.as_millis() < 100, "{fastest:?}");
}
