use crate::fixture::{Dir, frame_of, text};

const BLOCK: usize = 64 << 10;

fn with_a_file() -> (Dir, Vec<u8>) {
    let dir = Dir::new();
    let content = text(300_000);
    dir.encoded("a.cdc", &content);
    (dir, content)
}

#[test]
fn an_intact_file_loses_nothing() {
    let (dir, _) = with_a_file();
    let ran = dir.codec(&["recover", "a.cdc", "-o", "saved.cdc"]);
    assert!(ran.succeeds().text().contains("nothing was lost"));
    assert!(dir.read("saved.cdc") == dir.read("a.cdc"));
}

#[test]
fn a_damaged_middle_frame_is_left_out_and_reported() {
    let (dir, content) = with_a_file();
    let (at, len) = frame_of(&dir, "a.cdc", 2);
    let mut bytes = dir.read("a.cdc");
    bytes[at + len / 2] ^= 1;
    dir.write("a.cdc", &bytes);
    let ran = dir.codec(&["recover", "a.cdc", "-o", "saved.cdc", "--json"]);
    ran.fails(3, &[]);
    let report = &ran.json()[0];
    assert_eq!(report["content_lost"], true);
    assert_eq!(report["frames_missing"], 1);
    assert_eq!(report["gaps"][0]["at"], at);
    assert_eq!(report["gaps"][0]["len"], len);
    let saved = dir.codec(&["cat", "saved.cdc"]);
    let expected = [&content[..2 * BLOCK], &content[3 * BLOCK..]].concat();
    assert!(saved.succeeds().stdout == expected);
}

#[test]
fn a_damaged_header_is_made_good_from_the_index() {
    let (dir, content) = with_a_file();
    let mut bytes = dir.read("a.cdc");
    bytes[3] ^= 1;
    bytes[14] ^= 1;
    dir.write("a.cdc", &bytes);
    let ran = dir.codec(&["recover", "a.cdc", "-o", "saved.cdc"]);
    assert!(ran.succeeds().text().contains("damaged at byte 0"));
    assert!(dir.codec(&["cat", "saved.cdc"]).succeeds().stdout == content);
}

#[test]
fn a_cut_file_keeps_its_whole_frames() {
    let (dir, content) = with_a_file();
    let (at, len) = frame_of(&dir, "a.cdc", 3);
    dir.write("a.cdc", &dir.read("a.cdc")[..at + len / 2]);
    dir.codec(&["recover", "a.cdc", "-o", "saved.cdc"])
        .fails(3, &[]);
    assert!(dir.codec(&["cat", "saved.cdc"]).succeeds().stdout == content[..3 * BLOCK]);
}

#[test]
fn nothing_is_overwritten_and_nothing_to_save_leaves_nothing() {
    let (dir, _) = with_a_file();
    dir.write("saved.cdc", b"precious");
    let ran = dir.codec(&["recover", "a.cdc", "-o", "saved.cdc"]);
    ran.fails(1, &["saved.cdc exists already", "hint: -f"]);
    assert_eq!(dir.read("saved.cdc"), b"precious");
    dir.codec(&["recover", "-f", "a.cdc", "-o", "a.cdc"])
        .fails(2, &["the same file"]);
    dir.write("junk", &text(100_000));
    dir.codec(&["recover", "junk", "-o", "none"])
        .fails(3, &["junk: nothing can be saved"]);
    dir.codec_reading(b"x", &["encode", "-o", "a.gz"])
        .succeeds();
    dir.codec(&["recover", "a.gz", "-o", "none"])
        .fails(5, &["a.gz: is a gzip stream"]);
    assert_eq!(dir.names(), ["a.cdc", "a.gz", "junk", "saved.cdc"]);
}
