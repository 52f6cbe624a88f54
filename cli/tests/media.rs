//! Streams of images and audio, by a codec that does not look at what it stores: 7 bytes that stand
//! for 7 pixels or samples.

use codec_suite::core::{AudioShape, ImageShape, MediaDescription, Shape};

use crate::fixture::{Dir, stream_of};

fn image(suffix: &str) -> Vec<u8> {
    let shape = Shape::Image(ImageShape {
        width: 7,
        height: 1,
        channels: 3,
        bits: 8,
    });
    stream_of("store", 1, MediaDescription::new(shape, suffix))
}

fn audio(suffix: &str) -> Vec<u8> {
    let shape = Shape::Audio(AudioShape {
        rate: 7000,
        channels: 2,
        samples: 7,
        bits: 16,
        is_float: false,
    });
    stream_of("store", 1, MediaDescription::new(shape, suffix))
}

#[test]
fn decoding_names_the_standard_file() {
    let dir = Dir::new();
    dir.write("photo.jpg.cdc", &image("jpg"));
    dir.write("song.flac.cdc", &audio("flac"));
    dir.codec(&["decode", "photo.jpg.cdc", "song.flac.cdc"])
        .succeeds();
    assert_eq!(dir.read("photo.png"), b"content");
    assert_eq!(dir.read("song.wav"), b"content");
    let again = dir.codec(&["decode", "photo.jpg.cdc"]);
    again.fails(1, &["exists"]);
    dir.codec(&["decode", "-o", "photo.any", "photo.jpg.cdc"])
        .succeeds();
    assert_eq!(dir.read("photo.any"), b"content");
}

#[test]
fn info_shows_shape_and_rate() {
    let dir = Dir::new();
    let (image, audio) = (image("jpg"), audio(""));
    dir.write("p.cdc", &image);
    dir.write("s.cdc", &audio);
    let ran = dir.codec(&["info", "--frames", "p.cdc", "s.cdc"]);
    let text = ran.succeeds().text();
    for part in [
        "content  7 x 1 pixels, 3 channels of 8 bits (image, from a name in .jpg)",
        "bits per pixel",
        "31 bytes for pixels 0..7",
        "content  0.001 s at 7000 Hz, 2 channels of 16 bits (audio)",
        "kb/s",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let records = dir.codec(&["info", "--frames", "--json", "p.cdc", "s.cdc"]);
    let records = records.succeeds().json();
    let (picture, sound) = (&records[0], &records[1]);
    assert_eq!(picture["shape"]["width"], 7);
    assert_eq!(picture["unit"], "pixel");
    assert_eq!(picture["content_len"], 7);
    assert!(picture["content_bytes"].is_null() && picture["ratio"].is_null());
    assert!(picture["frames"][0]["content_bytes"].is_null());
    assert_eq!(picture["bits_per_pixel"], image.len() as f64 * 8.0 / 7.0);
    assert_eq!(sound["shape"]["samples"], 7);
    assert_eq!(sound["kilobits_per_second"], audio.len() as f64 * 8.0);
}

#[test]
fn cat_counts_bytes_of_the_standard_file() {
    let dir = Dir::new();
    dir.write("p.cdc", &[image("png"), image("png")].concat());
    assert_eq!(
        dir.codec(&["cat", "p.cdc"]).succeeds().stdout,
        b"contentcontent"
    );
    let ran = dir.codec(&["cat", "--bytes", "3..9", "p.cdc"]);
    assert_eq!(ran.succeeds().stdout, b"tentco");
}

#[test]
fn recovered_frames_of_images_are_not_counted_in_bytes() {
    let dir = Dir::new();
    let garbage = b"garbage".to_vec();
    dir.write("p.cdc", &[garbage, image("png")].concat());
    let ran = dir.codec(&["recover", "p.cdc", "-o", "saved.cdc"]);
    let text = ran.fails(3, &[]).text();
    assert!(text.contains("saved 1 frame to saved.cdc"), "{text}");
    dir.codec(&["test", "saved.cdc"]).succeeds();
}
