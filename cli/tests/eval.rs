use codec_corpora::bench::read_json_lines;
use codec_corpora::eval::Peer;
use codec_corpora::picture::{Picture, Samples};

use crate::fixture::Dir;

fn picture(width: u32, height: u32) -> Vec<u8> {
    let value = |at: u32| {
        let noise = at.wrapping_mul(2_654_435_769) >> 27;
        (at / 3 % width + at / 3 / width + noise) as u8
    };
    let samples = (0..width * height * 3).map(value).collect();
    let picture = Picture::new(width, height, 3, Samples::Eight(samples)).unwrap();
    let mut file = Vec::new();
    picture.write_png(&mut file).unwrap();
    file
}

#[test]
fn peers_are_measured_on_a_directory_with_every_report() {
    if !Peer::Jpeg.missing().is_empty() || !Peer::WebP.missing().is_empty() {
        eprintln!("JPEG or WebP is not installed, this test is left out");
        return;
    }
    let dir = Dir::new();
    dir.write("set/a.png", &picture(96, 64));
    dir.write("set/sub/b.png", &picture(64, 80));
    dir.write("set/notes.txt", b"not a picture");
    let ran = dir.codec(&[
        "eval",
        "set",
        "--peers",
        "jpeg,webp",
        "--json",
        "r.jsonl",
        "--html",
        "r.html",
    ]);
    let ran = ran.succeeds();
    assert!(ran.stderr.contains("notes.txt"), "{}", ran.stderr);
    let table = ran.text();
    for part in [
        "pictures, means of 2 files",
        "-quality 80",
        "WebP",
        "BD-rate against",
        "MS-SSIM",
    ] {
        assert!(table.contains(part), "no {part:?} in {table}");
    }
    let records = read_json_lines(&dir.read("r.jsonl")[..]).unwrap();
    let points = Peer::Jpeg.ladder().len() + Peer::WebP.ladder().len();
    assert_eq!(records.len(), 2 * points);
    assert_eq!(records[0].dataset, "set");
    assert_eq!(records[0].codec, "system-jpeg");
    assert!(records[0].metrics["psnr_db"] > 15.0 && records[0].bpp.unwrap() > 0.0);
    let page = String::from_utf8(dir.read("r.html")).unwrap();
    assert!(page.contains("<polyline") && page.contains("data:image/png;base64,"));
    let again = dir.codec(&["eval", "--peers", "jpeg", "--html", "r.html", "set/a.png"]);
    again.fails(1, &["r.html exists already", "-f overwrites it"]);
}

#[test]
fn what_cannot_be_evaluated_is_told() {
    let dir = Dir::new();
    dir.write("a.png", &picture(16, 16));
    dir.write("a.txt", b"text");
    let eval = |args: &[&str]| dir.codec(&[&["eval"], args].concat());
    eval(&["a.png", "--peers", "none"]).fails(2, &["nothing to run"]);
    eval(&["a.png", "--peers", "flif"]).fails(2, &["unknown peer 'flif'", "jpeg"]);
    eval(&["a.png", "-c", "zstd"]).fails(2, &["neither pictures nor sound", "codec bench"]);
    eval(&["a.png", "-c", "oops"]).fails(2, &["oops"]);
    eval(&["a.png", "--settings", "quality=3"]).fails(2, &["--settings needs a codec"]);
    eval(&["a.png", "--pictures-at", "0"]).fails(2, &["above 0"]);
    eval(&["a.txt"]).fails(5, &["a.txt", "WAV or FLAC", "PNG, JPEG, PNM or WebP"]);
    dir.write("cut.png", &picture(16, 16)[..60]);
    eval(&["cut.png"]).fails(3, &["cut.png"]);
}
