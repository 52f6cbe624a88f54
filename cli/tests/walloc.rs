//! Pictures by the codec `walloc`, from the command line.

use codec_corpora::picture::{Picture, Samples};
use codec_corpora::sound::{Sound, SoundSamples};
use codec_suite::core::Budget;

use crate::fixture::{Dir, frame_of};

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

fn sound(samples: usize) -> Vec<u8> {
    let samples = (0..2 * samples).map(|at| {
        let t = (at / 2) as f32 / 44_100.0;
        (12_000.0 * (t * 2764.0).sin() + (at % 2 * 900) as f32 * (t * 9000.0).sin()) as i32
    });
    let sound = Sound::new(44_100, 2, 16, SoundSamples::Integer(samples.collect())).unwrap();
    let mut file = Vec::new();
    sound.write_wav(&mut file).unwrap();
    file
}

#[test]
fn sound_is_encoded_to_a_rate_and_decoded_to_wav() {
    let dir = Dir::new();
    dir.write("s.wav", &sound(90_000));
    dir.write("p.png", &png());
    dir.codec(&["encode", "--bitrate", "24", "s.wav"])
        .succeeds();
    let len = dir.read("s.wav.cdc").len() as f64;
    assert!(len * 8.0 / 1000.0 / (90_000.0 / 44_100.0) <= 24.0);
    dir.codec(&["decode", "-o", "out.wav", "s.wav.cdc"])
        .succeeds();
    let sound = Sound::read(&mut &dir.read("out.wav")[..], &Budget::default()).unwrap();
    let shape = sound.shape();
    assert_eq!(
        (shape.samples, shape.channels, shape.rate),
        (90_000, 2, 44_100)
    );
    // The codec of pictures stands for that of sound where sound comes, also in one run.
    dir.codec(&[
        "encode",
        "-f",
        "--verify",
        "--quality",
        "70",
        "s.wav",
        "p.png",
    ])
    .succeeds();
    for (file, codec) in [("s.wav.cdc", "walloc-audio"), ("p.png.cdc", "walloc")] {
        let ran = dir.codec(&["info", "--json", file]);
        assert!(ran.text().contains(&format!("\"{codec}\"")), "{file}");
    }
    dir.codec(&["encode", "-f", "--bpp", "1", "s.wav"])
        .fails(2, &["walloc-audio", "bpp"]);
    dir.codec(&["encode", "-f", "-c", "walloc", "--bitrate", "24", "p.png"])
        .fails(2, &["no use for --bitrate", "walloc-audio"]);
}

#[test]
fn latents_of_sound_are_written_as_arrays() {
    let dir = Dir::new();
    dir.write("s.wav", &sound(5000));
    dir.codec(&["encode", "-c", "walloc-audio", "--set", "bands=32", "s.wav"])
        .succeeds();
    let ran = dir.codec(&["latents", "-o", "s.npy", "s.wav.cdc"]);
    assert!(ran.succeeds().text().contains("2 x 32 x 20"));
    let npy = dir.read("s.npy");
    assert_eq!(npy.len(), 128 + 4 * 2 * 32 * 20);
    assert!(String::from_utf8_lossy(&npy[..128]).contains("'<i4'"));
}

#[test]
fn damaged_sound_is_an_error() {
    let dir = Dir::new();
    dir.write("s.wav", &sound(30_000)[..50_000]);
    dir.codec(&["encode", "--quality", "50", "s.wav"])
        .fails(3, &["s.wav"]);
    assert!(!dir.path("s.wav.cdc").exists());
}

#[test]
fn a_model_of_sound_is_fitted_and_needed_to_decode() {
    let dir = Dir::new();
    dir.write("sounds/a.wav", &sound(60_000));
    dir.codec(&[
        "train",
        "walloc-audio",
        "--data",
        "sounds",
        "-o",
        "own.safetensors",
    ])
    .succeeds();
    let card = String::from_utf8(dir.read("own.safetensors.json")).unwrap();
    assert!(card.contains("\"sounds\": 1"));
    dir.write("s.wav", &sound(30_000));
    let model = ["--model", "own.safetensors"];
    let encode = ["encode", "-c", "walloc-audio", "s.wav"];
    dir.codec(&[&encode[..], &model[..]].concat()).succeeds();
    dir.codec(&["decode", "-o", "out.wav", "s.wav.cdc"])
        .fails(5, &["model", "--model"]);
    let decode = ["decode", "-o", "out.wav", "s.wav.cdc"];
    dir.codec(&[&decode[..], &model[..]].concat()).succeeds();
}

/// Flips a byte in frame `number` of a file.
fn damage(dir: &Dir, name: &str, number: usize) {
    let (at, len) = frame_of(dir, name, number);
    let mut file = dir.read(name);
    file[at + len / 2] ^= 0x10;
    dir.write(name, &file);
}

#[test]
fn what_is_left_of_a_damaged_picture_is_recovered() {
    let dir = Dir::new();
    let (width, height) = (2100u32, 16u32);
    let samples = (0..width * height * 3).map(|at| (at / 3 % width / 9 * 31 + at % 3 * 20) as u8);
    let picture = Picture::new(width, height, 3, Samples::Eight(samples.collect())).unwrap();
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    dir.write("p.png", &png);
    dir.codec(&["encode", "-c", "walloc", "p.png"]).succeeds();
    dir.codec(&["decode", "-o", "whole.png", "p.png.cdc"])
        .succeeds();
    damage(&dir, "p.png.cdc", 1);
    dir.codec(&["decode", "-o", "part.png", "p.png.cdc"])
        .fails(3, &["p.png.cdc"]);
    dir.codec(&["recover", "-o", "left.cdc", "p.png.cdc"]);
    dir.codec(&["decode", "-o", "part.png", "left.cdc"])
        .succeeds();
    let read = |name| Picture::from_bytes(&dir.read(name), &Budget::default()).unwrap();
    let (whole, part) = (read("whole.png"), read("part.png"));
    assert_eq!(whole.shape(), part.shape());
    let row = |picture: &Picture, from: usize, to: usize| match picture.samples() {
        Samples::Eight(samples) => samples[3 * from..3 * to].to_vec(),
        Samples::Sixteen(_) => panic!("16 bits"),
    };
    // Tiles are 1,024 pixels wide, and a pixel is made from latents up to 136 pixels away.
    assert!(row(&whole, 0, 1024 - 136) == row(&part, 0, 1024 - 136));
    assert!(row(&whole, 1200, 1900) != row(&part, 1200, 1900));
}

#[test]
fn what_is_left_of_damaged_sound_is_recovered() {
    let dir = Dir::new();
    dir.write("s.wav", &sound(200_000));
    dir.codec(&["encode", "-c", "walloc-audio", "s.wav"])
        .succeeds();
    dir.codec(&["decode", "-o", "whole.wav", "s.wav.cdc"])
        .succeeds();
    damage(&dir, "s.wav.cdc", 1);
    dir.codec(&["recover", "-o", "left.cdc", "s.wav.cdc"]);
    dir.codec(&["decode", "-o", "part.wav", "left.cdc"])
        .succeeds();
    let (whole, part) = (dir.read("whole.wav"), dir.read("part.wav"));
    assert_eq!(whole.len(), part.len());
    let same = 44 + 4 * (65_536 - 4096);
    assert!(whole[..same] == part[..same] && whole != part);
}

#[test]
fn a_card_names_no_folders() {
    let dir = Dir::new();
    let samples = (0..256 * 256 * 3).map(|at| (at / 3 % 256 / 2 + at % 3 * 30 + at / 4000) as u8);
    let picture = Picture::new(256, 256, 3, Samples::Eight(samples.collect())).unwrap();
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    dir.write("far/away/pictures/p.png", &png);
    dir.write("out/keep", b"");
    dir.codec(&[
        "train",
        "walloc",
        "--data",
        "far/away/pictures",
        "--steps",
        "4",
        "--batch",
        "1",
        "--width",
        "8",
        "--blocks",
        "1",
        "--context-crops",
        "2",
        "--log",
        "out/log.csv",
        "-o",
        "out/own.safetensors",
    ])
    .succeeds();
    let card = String::from_utf8(dir.read("out/own.safetensors.json")).unwrap();
    assert!(card.contains("\"pictures\"") && card.contains("\"own.safetensors\""));
    assert!(!card.contains("far") && !card.contains("out/"), "{card}");
    dir.write("p.png", &png);
    let model = ["--model", "out/own.safetensors"];
    dir.codec(&[&["encode", "-c", "walloc", "p.png"], &model[..]].concat())
        .succeeds();
    dir.codec(&[&["decode", "-o", "q.png", "p.png.cdc"], &model[..]].concat())
        .succeeds();
}

#[test]
fn pictures_at_extreme_rates_come_back_and_give_indices() {
    let dir = Dir::new();
    let samples = (0..320 * 256 * 3).map(|at| {
        let (x, y) = (at / 3 % 320, at / 960);
        (60 + x / 3 + (y / 40 + x / 50) % 2 * 50 + at % 3 * 10) as u8
    });
    let picture = Picture::new(320, 256, 3, Samples::Eight(samples.collect())).unwrap();
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    dir.write("p.png", &png);
    dir.codec(&["encode", "-c", "vq", "--bpp", "0.05", "p.png"])
        .succeeds();
    assert!(dir.read("p.png.cdc").len() * 8 <= 320 * 256 / 20);
    dir.codec(&["decode", "-o", "q.png", "p.png.cdc"])
        .succeeds();
    let decoded = Picture::from_bytes(&dir.read("q.png"), &Budget::default()).unwrap();
    assert_eq!(decoded.shape(), picture.shape());
    dir.codec(&["latents", "-o", "i.npy", "p.png.cdc"])
        .fails(2, &["safetensors"]);
    let ran = dir.codec(&["latents", "-o", "i.safetensors", "p.png.cdc"]);
    assert!(
        ran.succeeds().text().contains("8 x 10 and"),
        "{}",
        ran.text()
    );
    let arrays = String::from_utf8_lossy(&dir.read("i.safetensors")[..2000]).into_owned();
    for name in ["p.png/coarse", "p.png/fine", "codebook/0", "U16"] {
        assert!(arrays.contains(name), "{name}: {arrays}");
    }
}

#[test]
fn a_classifier_is_trained_on_latents_and_tested() {
    let dir = Dir::new();
    for (class, level) in [("dark", 40u8), ("light", 190)] {
        for number in 0..4u8 {
            let samples = (0..64 * 64 * 3).map(|at| level + number * 4 + (at % 64 / 8) as u8);
            let picture = Picture::new(64, 64, 3, Samples::Eight(samples.collect())).unwrap();
            let mut png = Vec::new();
            picture.write_png(&mut png).unwrap();
            dir.write(&format!("data/{class}/{number}.png"), &png);
        }
    }
    let train = ["learn", "train", "--data", "data", "--epochs", "6"];
    let seen = ["--channels", "4", "-o", "own.safetensors"];
    dir.codec(&[&train[..], &seen[..]].concat()).succeeds();
    dir.codec(&[&train[..], &seen[..]].concat())
        .fails(1, &["own.safetensors"]);
    let eval = ["learn", "eval", "--data", "data", "--model"];
    let ran = dir.codec(&[&eval[..], &["own.safetensors", "--json"]].concat());
    let record = &ran.succeeds().json()[0];
    assert_eq!(record["examples"], 8);
    assert_eq!(record["accuracy"], 1.0);
    assert_eq!(record["classes"][1]["name"], "light");
    dir.codec(&train[..]).fails(2, &["--channels"]);
    dir.write("no.safetensors", b"no model");
    dir.codec(&[&eval[..], &["no.safetensors"]].concat())
        .fails(3, &["no.safetensors"]);
}
