use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use crate::fixture::Dir;

#[test]
fn time_and_permissions_are_kept_both_ways() {
    let dir = Dir::new();
    dir.write("a", b"content");
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    let file = File::options().write(true).open(dir.path("a")).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    fs::set_permissions(dir.path("a"), Permissions::from_mode(0o640)).unwrap();
    dir.codec(&["encode", "a"]).succeeds();
    dir.codec(&["decode", "-f", "a.cdc"]).succeeds();
    for name in ["a.cdc", "a"] {
        let metadata = fs::metadata(dir.path(name)).unwrap();
        assert_eq!(metadata.modified().unwrap(), time, "{name}");
        assert_eq!(metadata.mode() & 0o7777, 0o640, "{name}");
    }
}

#[test]
fn special_permission_bits_are_not_passed_on() {
    let dir = Dir::new();
    dir.write("a", b"content");
    fs::set_permissions(dir.path("a"), Permissions::from_mode(0o6755)).unwrap();
    dir.codec(&["encode", "a"]).succeeds();
    let mode = fs::metadata(dir.path("a.cdc")).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o755);
}

#[test]
fn what_comes_from_a_pipe_gets_the_usual_permissions() {
    let dir = Dir::new();
    dir.codec_reading(b"content", &["encode", "-o", "a.cdc"])
        .succeeds();
    dir.write("usual", b"");
    let mode = |name: &str| fs::metadata(dir.path(name)).unwrap().mode();
    assert_eq!(mode("a.cdc"), mode("usual"));
}

#[test]
fn runs_of_zeros_become_holes_unless_that_is_unwanted() {
    let dir = Dir::new();
    let mut content = vec![0; 4 << 20];
    content[1_000_000] = 1;
    dir.encoded("a.cdc", &content);
    let on_disk = |name: &str| fs::metadata(dir.path(name)).unwrap().blocks() * 512;
    dir.codec(&["decode", "-o", "sparse", "a.cdc"]).succeeds();
    dir.codec(&["decode", "--no-sparse", "-o", "full", "a.cdc"])
        .succeeds();
    assert!(dir.read("sparse") == content && dir.read("full") == content);
    assert!(on_disk("full") >= 4 << 20, "{}", on_disk("full"));
    assert!(on_disk("sparse") <= 256 << 10, "{}", on_disk("sparse"));
}
