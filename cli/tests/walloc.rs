//! Pictures by the codec `walloc`, from the command line.

use codec_corpora::picture::{Picture, Samples};

use crate::fixture::Dir;

fn png() -> Vec<u8> {
    let samples = (0..120 * 80 * 3).map(|at| {
        let (x, y) = (at / 3 % 120, at / 360);
        (x * 2 / (1 + at % 3) + y + (x / 20 + y / 20) % 2 * 40) as u8
    });
    let picture = Picture::new(120, 80, 3, Samples::Eight(samples.collect())).unwrap();
    let mut file = Vec::new();
    picture.write_png(&mut file).unwrap();
    file
}

#[test]
fn a_picture_is_encoded_to_a_rate_and_decoded_to_png() {
    let dir = Dir::new();
    dir.write("p.png", &png());
    dir.codec(&["encode", "--bpp", "0.8", "p.png"]).succeeds();
    assert!(dir.read("p.png.cdc").len() * 8 <= 120 * 80 * 8 / 10);
    dir.codec(&["decode", "-o", "out.png", "p.png.cdc"])
        .succeeds();
    let budget = codec_suite::core::Budget::default();
    let picture = Picture::from_bytes(&dir.read("out.png"), &budget).unwrap();
    assert_eq!(
        (picture.width(), picture.height(), picture.channels()),
        (120, 80, 3)
    );
    dir.codec(&["encode", "-f", "--verify", "--quality", "80", "p.png"])
        .succeeds();
    dir.codec(&["encode", "-c", "xz", "--quality", "80", "p.png"])
        .fails(2, &["no use for --quality", "walloc"]);
    dir.codec(&[
        "encode",
        "-f",
        "-c",
        "walloc",
        "--set",
        "channels=5",
        "p.png",
    ])
    .fails(2, &["channels"]);
}

#[test]
fn what_is_no_picture_is_refused_and_nothing_is_written() {
    let dir = Dir::new();
    dir.write("p.png", b"not a picture");
    dir.codec(&["encode", "-c", "walloc", "p.png"])
        .fails(5, &["p.png"]);
    assert!(!dir.path("p.png.cdc").exists());
}

#[test]
fn latents_are_written_as_arrays() {
    let dir = Dir::new();
    dir.write("p.png", &png());
    dir.codec(&["encode", "-c", "walloc", "--set", "channels=8", "p.png"])
        .succeeds();
    let ran = dir.codec(&["latents", "--json", "p.png.cdc", "-o", "p.npy"]);
    assert_eq!(
        ran.succeeds().json()[0]["shape"],
        serde_json::json!([8, 10, 15])
    );
    let npy = dir.read("p.npy");
    assert!(npy.starts_with(b"\x93NUMPY") && npy.len() == 128 + 8 * 10 * 15 * 2);
    dir.codec(&[
        "latents",
        "--float",
        "p.png.cdc",
        "p.png.cdc",
        "-o",
        "p.npy",
    ])
    .fails(2, &[".safetensors"]);
    dir.codec(&["encode", "-f", "-c", "zstd", "p.png"])
        .succeeds();
    dir.codec(&["latents", "p.png.cdc", "-o", "q.npy"])
        .fails(5, &["zstd"]);
}

#[test]
fn devices_that_are_not_there_are_named() {
    let dir = Dir::new();
    dir.write("p.png", &png());
    dir.codec(&["encode", "-c", "walloc", "p.png"]).succeeds();
    dir.codec(&["decode", "--device", "abacus", "-o", "q.png", "p.png.cdc"])
        .fails(2, &["abacus", "cpu"]);
    if !cfg!(feature = "wgpu") {
        dir.codec(&["decode", "--device", "wgpu", "-o", "q.png", "p.png.cdc"])
            .fails(5, &["wgpu"]);
    }
}
