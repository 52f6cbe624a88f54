use std::num::NonZeroUsize;
use std::path::Path;

use codec_core::{Error, Job, Registry};

use super::testing::registry;
use super::*;
use crate::bench::Record;
use crate::picture::{Picture, Samples};
use crate::sound::{Sound, SoundSamples};

fn picture(width: u32, height: u32, channels: u8) -> Picture {
    let value = |at: u32| {
        let (pixel, channel) = (at / u32::from(channels), at % u32::from(channels));
        let (x, y) = (f64::from(pixel % width), f64::from(pixel / width));
        // Texture, so that more quality takes more bytes.
        let noise = f64::from(at.wrapping_mul(2_654_435_769) >> 24) / 8.0;
        (112.0 + 50.0 * (x / 7.0 + f64::from(channel)).sin() + 50.0 * (y / 11.0).cos() + noise)
            as u8
    };
    let samples = (0..width * height * u32::from(channels))
        .map(value)
        .collect();
    Picture::new(width, height, channels, Samples::Eight(samples)).unwrap()
}

fn write_picture(folder: &Path, name: &str, picture: &Picture) -> Original {
    let mut file = Vec::new();
    picture.write_png(&mut file).unwrap();
    std::fs::write(folder.join(name), file).unwrap();
    Original::open(name.to_owned(), &folder.join(name)).unwrap()
}

fn write_sound(folder: &Path, name: &str) -> Original {
    let value = |at: u32| (8000.0 * (f64::from(at) / 20.0).sin()) as i32;
    let samples = SoundSamples::Integer((0..48_000).map(value).collect());
    let sound = Sound::new(48_000, 2, 16, samples).unwrap();
    let mut file = Vec::new();
    sound.write_wav(&mut file).unwrap();
    std::fs::write(folder.join(name), file).unwrap();
    Original::open(name.to_owned(), &folder.join(name)).unwrap()
}

fn run(registry: &Registry, codings: Vec<Coding>, originals: Vec<Original>) -> Outcome {
    let eval = Eval {
        registry,
        codings,
        dataset: "test".into(),
        job: Job::single_threaded(),
        threads: NonZeroUsize::new(2).unwrap(),
        samples: 1,
        sample_rate: 1.0,
    };
    eval.run(originals.len(), originals, &mut |_| {}).unwrap()
}

#[test]
fn a_codec_is_run_on_pictures_and_sound() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry();
    let codings = Coding::of_codec("coarse", Some("quality=40,80,99"), &registry).unwrap();
    let originals = vec![
        write_picture(folder.path(), "a.png", &picture(64, 48, 3)),
        write_picture(folder.path(), "b.png", &picture(40, 40, 1)),
        write_sound(folder.path(), "c.wav"),
    ];
    let outcome = run(&registry, codings, originals);
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
    assert_eq!(outcome.records.len(), 9);
    let of = |item: &str, setting: &str| -> &Record {
        let mut records = outcome.records.iter();
        let found = records.find(|r| r.item == item && r.label == format!("coarse:{setting}"));
        found.unwrap()
    };
    let (low, high) = (of("a.png", "quality=40"), of("a.png", "quality=80"));
    assert!(low.metrics["psnr_db"] < high.metrics["psnr_db"]);
    assert!(low.metrics["ms_ssim"] < high.metrics["ms_ssim"]);
    assert!(low.bpp.unwrap() < high.bpp.unwrap());
    let bits = low.encoded_bytes as f64 * 8.0;
    assert_eq!(low.bpp, Some(bits / (64.0 * 48.0)));
    // A step of 1 changes nothing: no finite PSNR.
    let equal = of("a.png", "quality=99");
    assert!(!equal.metrics.contains_key("psnr_db") && equal.metrics["ms_ssim"] > 0.999_999);
    let sound = of("c.wav", "quality=80");
    assert!(sound.bpp.is_none() && sound.metrics["sdr_db"] > 10.0);
    let expected = sound.encoded_bytes as f64 * 8.0 / 1000.0 / 0.5;
    assert!((sound.metrics["kilobits_per_second"] - expected).abs() < 1e-9);
    // The original and the point of its curve, of the first picture.
    let labels: Vec<&str> = outcome
        .samples
        .iter()
        .map(|sample| sample.label.as_str())
        .collect();
    assert_eq!(labels.len(), 2);
    assert_eq!(labels[0], "");
    assert!(labels[1].starts_with("coarse:quality="));
    let text = table::render(&outcome.records);
    assert!(text.contains("pictures, means of 2 files") && text.contains("sound, means of 1 file"));
}

#[test]
fn what_fails_is_told_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry();
    let codings = Coding::of_codec("coarse", Some("quality=50"), &registry).unwrap();
    // The codec refuses 16 bits.
    let deep = Picture::new(8, 8, 1, Samples::Sixteen(vec![999; 64])).unwrap();
    let originals = vec![
        write_picture(folder.path(), "deep.png", &deep),
        write_picture(folder.path(), "good.png", &picture(16, 16, 3)),
    ];
    let outcome = run(&registry, codings, originals);
    assert_eq!(outcome.records.len(), 1);
    assert_eq!(outcome.failures.len(), 1);
    assert_eq!(outcome.failures[0].item, "deep.png");
}

#[test]
fn files_of_neither_kind_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "text").unwrap();
    let error = Original::open("a.txt".into(), &path).unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
}

#[test]
fn peers_code_and_decode() {
    let folder = tempfile::tempdir().unwrap();
    let registry = registry();
    for peer in Peer::ALL {
        if !peer.missing().is_empty() {
            eprintln!("{} is not installed, its test is left out", peer.name());
            continue;
        }
        let codings = Coding::of_peer(peer);
        let count = codings.len();
        let originals = match peer {
            Peer::Opus => vec![write_sound(folder.path(), "c.wav")],
            _ => vec![
                write_picture(folder.path(), "a.png", &picture(128, 96, 3)),
                write_picture(folder.path(), "b.png", &picture(40, 40, 1)),
                write_picture(folder.path(), "c.png", &picture(20, 24, 4)),
            ],
        };
        let items = originals.len();
        let outcome = run(&registry, codings, originals);
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        assert_eq!(outcome.records.len(), count * items);
        for curve in curves(&outcome.records) {
            assert!(curve.is_peer && curve.name == peer.name());
            let (first, last) = (&curve.points[0], &curve.points[count - 1]);
            assert!(first.rate < last.rate, "{}: {curve:?}", peer.name());
            assert!(
                first.values[0] < last.values[0],
                "{}: {curve:?}",
                peer.name()
            );
        }
        assert!(peer.version().is_some());
        assert_eq!(outcome.records[0].stream, "system");
    }
}
