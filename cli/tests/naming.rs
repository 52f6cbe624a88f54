use std::fs;
use std::os::unix::fs::symlink;

use crate::fixture::{Dir, names_in, text};

#[test]
fn a_directory_tree_is_mirrored_below_the_output_directory() {
    let dir = Dir::new();
    dir.write("top/tree/a.txt", b"a");
    dir.write("top/tree/sub/b.txt", b"b");
    dir.write("outside", b"secret");
    symlink(dir.path("outside"), dir.path("top/tree/link")).unwrap();
    symlink(dir.path("top"), dir.path("top/tree/sub/loop")).unwrap();
    dir.codec(&["encode", "-r", "--out-dir", "packed", "top/tree"])
        .succeeds();
    assert_eq!(names_in(&dir.path("packed/tree")), ["a.txt.cdc", "sub"]);
    assert_eq!(names_in(&dir.path("packed/tree/sub")), ["b.txt.cdc"]);
    dir.codec(&["decode", "-r", "--out-dir", "back", "packed/tree"])
        .succeeds();
    assert_eq!(dir.read("back/tree/sub/b.txt"), b"b");
}

#[test]
fn a_second_run_over_a_directory_leaves_the_outputs_of_the_first_alone() {
    let dir = Dir::new();
    dir.write("tree/a.txt", b"a");
    dir.codec(&["encode", "-r", "tree"]).succeeds();
    let again = dir.codec(&["encode", "-r", "-f", "tree"]);
    assert!(
        again
            .succeeds()
            .stderr
            .contains("1 file skipped because of the name")
    );
    assert_eq!(names_in(&dir.path("tree")), ["a.txt", "a.txt.cdc"]);
    let decoded = dir.codec(&["decode", "-r", "-f", "tree"]);
    decoded.succeeds();
    assert_eq!(names_in(&dir.path("tree")), ["a.txt", "a.txt.cdc"]);
}

#[test]
fn special_files_in_a_directory_are_skipped_with_a_warning() {
    let dir = Dir::new();
    dir.write("tree/a.txt", b"a");
    dir.run("mkfifo", b"", &["tree/pipe"]).succeeds();
    let ran = dir.codec(&["encode", "-r", "tree"]);
    assert!(
        ran.succeeds()
            .stderr
            .contains("warning: tree/pipe: not a regular file, skipped")
    );
    assert_eq!(names_in(&dir.path("tree")), ["a.txt", "a.txt.cdc", "pipe"]);
}

#[test]
fn names_come_from_a_list_too() {
    let dir = Dir::new();
    for name in ["a", "b c", "d"] {
        dir.write(name, b"content");
    }
    dir.write("lines", b"a\nb c\n");
    dir.codec(&["encode", "--files-from", "lines", "d"])
        .succeeds();
    assert_eq!(
        dir.names(),
        ["a", "a.cdc", "b c", "b c.cdc", "d", "d.cdc", "lines"]
    );
    let ran = dir.codec_reading(b"a\0b c\0", &["encode", "-f", "-v", "--files-from", "-"]);
    assert_eq!(ran.succeeds().stderr.lines().count(), 2);
    dir.codec(&["encode", "--files-from", "none"])
        .fails(1, &["none: cannot read the list"]);
}

#[test]
fn two_inputs_never_share_an_output_even_when_overwriting_is_allowed() {
    let dir = Dir::new();
    dir.write("x/a", b"first");
    dir.write("y/a", b"second");
    let ran = dir.codec(&["encode", "-f", "--out-dir", "out", "x/a", "y/a"]);
    ran.fails(2, &["y/a: out/a.cdc is the output of another input too"]);
    assert_eq!(dir.codec(&["cat", "out/a.cdc"]).stdout, b"first");
}

#[test]
fn a_name_without_a_known_suffix_takes_what_the_file_recorded() {
    let dir = Dir::new();
    dir.write("table.csv", b"a,b");
    dir.write("plain", b"x");
    dir.codec(&["encode", "-o", "upload", "table.csv"])
        .succeeds();
    dir.codec(&["encode", "-o", "other", "plain"]).succeeds();
    dir.codec(&["decode", "upload", "other"]).succeeds();
    assert_eq!(dir.read("upload.csv"), b"a,b");
    assert_eq!(dir.read("other.out"), b"x");
}

#[test]
fn a_file_in_place_of_a_directory_stops_everything_in_time() {
    let dir = Dir::new();
    dir.write("a", b"content");
    dir.write("file", b"precious");
    dir.codec(&["encode", "--out-dir", "file", "a"])
        .fails(1, &["a: cannot create file"]);
    dir.codec(&["encode", "-o", "file/x", "a"])
        .fails(1, &["a: cannot create file/x"]);
    dir.codec(&["encode", "-o", "none/x", "a"])
        .fails(1, &["a: cannot create none/x", "No such"]);
    assert_eq!(dir.names(), ["a", "file"]);
    assert_eq!(dir.read("file"), b"precious");
}

#[test]
fn a_directory_without_write_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    dir.write("tree/a", &text(1000));
    fs::set_permissions(dir.path("tree"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(dir.path("tree/probe"), b"").is_ok() {
        eprintln!("skipped: the superuser may write everywhere");
        return;
    }
    dir.codec(&["encode", "tree/a"])
        .fails(1, &["tree/a: cannot create tree/a.cdc"]);
    fs::set_permissions(dir.path("tree"), fs::Permissions::from_mode(0o755)).unwrap();
}
