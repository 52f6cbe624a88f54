use std::fs;
use std::os::unix::fs::symlink;

use crate::fixture::Dir;

#[test]
fn a_missing_file_is_named_and_the_others_are_done() {
    let dir = Dir::new();
    dir.write("b", b"content");
    let ran = dir.codec(&["encode", "missing", "b"]);
    ran.fails(1, &["missing: cannot open: No such file"]);
    assert_eq!(dir.names(), ["b", "b.cdc"]);
}

#[test]
fn a_directory_needs_the_option_for_it() {
    let dir = Dir::new();
    dir.write("tree/a", b"content");
    for command in ["encode", "decode", "test"] {
        dir.codec(&[command, "tree"])
            .fails(2, &["tree: is a directory", "hint: -r"]);
    }
    assert_eq!(dir.names(), ["tree"]);
}

#[test]
fn an_unknown_codec_or_parameter_is_answered_with_what_there_is() {
    let dir = Dir::new();
    dir.write("a", b"content");
    dir.codec(&["encode", "-c", "zip", "a"])
        .fails(2, &["unknown codec 'zip'", "gzip", "xz"]);
    dir.codec(&["encode", "-c", "xz", "--set", "colour=red", "a"])
        .fails(
            2,
            &[
                "codec 'xz': unknown parameter 'colour'",
                "extreme",
                "codec list xz",
            ],
        );
    dir.codec(&["list", "zip"])
        .fails(2, &["unknown codec 'zip'"]);
    dir.codec(&["encode", "--set", "level", "a"])
        .fails(2, &["KEY=VALUE"]);
    assert_eq!(dir.names(), ["a"]);
}

#[test]
fn a_level_out_of_range_is_answered_with_the_range() {
    let dir = Dir::new();
    dir.write("a", b"content");
    let gzip = ["encode", "-c", "gzip", "--level", "12", "a"];
    dir.codec(&gzip)
        .fails(2, &["level must be a whole number from 1 to 9, not '12'"]);
    dir.codec(&["encode", "-c", "zstd", "--level=-3", "a"])
        .fails(2, &["from 1 to 22"]);
    dir.codec(&["encode", "-c", "store", "-9", "a"])
        .fails(2, &["codec 'store' has no levels"]);
    dir.codec(&["encode", "-1", "-9", "a"])
        .fails(2, &["cannot be used with"]);
    let block = ["encode", "-c", "gzip", "--block", "1", "a"];
    dir.codec(&block)
        .fails(2, &["block must be from 65536 to 1073741824 bytes, not 1"]);
    assert_eq!(dir.names(), ["a"]);
}

#[test]
fn levels_reach_the_codec() {
    let dir = Dir::new();
    dir.write("a", b"content");
    for (args, expected) in [
        (&["-9"][..], "9"),
        (&["--level", "19"], "19"),
        (&["--set", "level=7"], "7"),
    ] {
        let args = [&["encode", "-c", "zstd", "-f", "a"], args].concat();
        dir.codec(&args).succeeds();
        let info = dir.codec(&["info", "--json", "a.cdc"]).json();
        assert_eq!(info[0]["params"]["level"], expected);
    }
}

#[test]
fn an_existing_target_is_left_alone() {
    let dir = Dir::new();
    dir.write("a", b"content");
    dir.write("a.cdc", b"precious");
    dir.codec(&["encode", "a"])
        .fails(1, &["a: a.cdc exists already", "hint: -f"]);
    assert_eq!(dir.read("a.cdc"), b"precious");
    symlink("nowhere", dir.path("link")).unwrap();
    dir.codec(&["encode", "-o", "link", "a"])
        .fails(1, &["link exists already"]);
    dir.codec(&["encode", "-f", "a"]).succeeds();
    dir.write("a", b"precious");
    dir.codec(&["decode", "a.cdc"])
        .fails(1, &["a exists already"]);
    assert_eq!(dir.read("a"), b"precious");
    assert_eq!(dir.names(), ["a", "a.cdc", "link"]);
}

#[test]
fn input_and_output_must_not_be_the_same_file_whatever_it_is_called() {
    let dir = Dir::new();
    dir.write("a", b"content");
    symlink("a", dir.path("link")).unwrap();
    fs::hard_link(dir.path("a"), dir.path("hard")).unwrap();
    for output in ["a", "./a", "link", "hard"] {
        let ran = dir.codec(&["encode", "-f", "-o", output, "a"]);
        ran.fails(2, &["a: input and output are the same file"]);
    }
    let ran = dir.run(
        "sh",
        b"",
        &[
            "-c",
            &format!("{} encode --stdout a >> a", crate::fixture::CODEC),
        ],
    );
    ran.fails(2, &["a: input and output are the same file"]);
    assert_eq!(dir.read("a"), b"content");
    assert_eq!(dir.names(), ["a", "hard", "link"]);
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let dir = Dir::new();
    dir.write("a", b"content");
    dir.write("b", b"content");
    for (args, part) in [
        (
            &["encode", "-o", "x", "a", "b"][..],
            "-o names one file, but there are 2 inputs",
        ),
        (
            &["encode", "--rm", "--stdout", "a"],
            "--rm needs an output file",
        ),
        (
            &["encode", "--rm", "-o", "/dev/null", "a"],
            "--rm works from file to file only",
        ),
        (
            &["encode", "--json", "--stdout", "a"],
            "--json reports on standard output",
        ),
        (
            &["encode", "--json", "-"],
            "--json reports on standard output",
        ),
        (
            &["encode", "--verify", "--stdout", "a"],
            "--verify needs an output file",
        ),
        (
            &["encode", "--native", "a"],
            "--native needs a codec by name",
        ),
        (
            &["encode", "--native", "-c", "store", "a"],
            "codec 'store' has no native stream",
        ),
        (
            &["encode", "-c", "xz", "-o", "a.gz", "a"],
            "-o a.gz asks for gzip, but -c names xz",
        ),
        (
            &["encode", "-o", "a.gz", "--block", "1M", "a"],
            "a native stream has no blocks",
        ),
        (
            &["encode", "--out-dir", "d", "-"],
            "standard input has no name",
        ),
        (
            &["encode", "-o", ".", "a"],
            "cannot write .: it is a directory",
        ),
        (
            &["decode", "-c", "store", "a"],
            "codec 'store' has no native stream to read",
        ),
        (
            &["cat", "--bytes", "5..2", "a"],
            "starts at 5 after its end 2",
        ),
        (&["encode", "--memory", "lots", "a"], "is not a size"),
    ] {
        dir.codec(args).fails(2, &[part]);
    }
    assert_eq!(dir.names(), ["a", "b"]);
}

#[test]
fn the_worst_outcome_of_several_files_is_the_exit_code() {
    let dir = Dir::new();
    dir.encoded("good.cdc", b"content");
    dir.write("text.cdc", b"not compressed at all");
    fs::create_dir(dir.path("tree")).unwrap();
    let ran = dir.codec(&["test", "missing", "text.cdc", "tree", "good.cdc"]);
    ran.fails(3, &["missing", "text.cdc", "tree"]);
    assert!(ran.text().starts_with("good.cdc: ok"));
    dir.codec(&["test", "tree", "missing"]).fails(1, &[]);
}

#[test]
fn escape_sequences_in_names_do_not_reach_the_terminal() {
    let dir = Dir::new();
    let ran = dir.codec(&["encode", "red\x1b[31m\u{202e}"]);
    ran.fails(1, &["red\\u{1b}[31m\\u{202e}: cannot open"]);
    assert!(!ran.stderr.contains('\x1b'));
}

#[test]
fn quiet_twice_says_nothing_at_all() {
    let dir = Dir::new();
    let ran = dir.codec(&["encode", "-qq", "missing"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
}
