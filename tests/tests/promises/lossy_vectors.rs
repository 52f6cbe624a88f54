//! Frozen files of lossy codecs: their latents never change, and what is made of them hardly does.
//!
//! `cargo run -p codec-tests --example freeze` adds files for new versions and originals.

use std::fs;
use std::path::{Path, PathBuf};

use codec_corpora::picture::{Picture, Samples};
use codec_corpora::sound::Sound;
use codec_suite::core::Budget;
use codec_tests::frozen_lossy::{self, CODECS, originals, suffix};

/// Folders of all versions of a codec.
fn versions(codec: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("lossy-vectors");
    let folders = fs::read_dir(root.join(codec)).unwrap();
    folders.map(|entry| entry.unwrap().path()).collect()
}

/// Samples of a decoded file, in steps of 8 bits for pictures and of 16 bits for sound.
fn samples(suffix: &str, file: &[u8]) -> Vec<f32> {
    if suffix == "wav" {
        let sound = Sound::read(&mut &file[..], &Budget::default()).unwrap();
        return sound
            .to_f32()
            .iter()
            .map(|value| value * 32_768.0)
            .collect();
    }
    match Picture::from_bytes(file, &Budget::default())
        .unwrap()
        .samples()
    {
        Samples::Eight(samples) => samples.iter().map(|&value| value.into()).collect(),
        Samples::Sixteen(samples) => samples.iter().map(|&v| f32::from(v) / 257.0).collect(),
    }
}

#[test]
fn latents_of_every_frozen_file_are_the_same_and_samples_differ_by_one_at_most() {
    for codec in CODECS {
        for folder in versions(codec) {
            let read = |name: String| fs::read(folder.join(name)).unwrap();
            let model = read("model.safetensors".to_owned());
            for original in originals(codec) {
                let name = original.name;
                let file = read(format!("{name}.cdc"));
                let latents = frozen_lossy::latents(codec, &model, &file).unwrap();
                assert_eq!(
                    latents.as_bytes(),
                    read(format!("{name}.latents")),
                    "{name}"
                );
                let decoded = frozen_lossy::decode(&model, &file).unwrap();
                if !original.is_kept {
                    continue;
                }
                let suffix = suffix(codec);
                let frozen = samples(suffix, &read(format!("{name}.{suffix}")));
                let decoded = samples(suffix, &decoded);
                assert_eq!(frozen.len(), decoded.len(), "{name}");
                let differ = frozen.iter().zip(&decoded).map(|(a, b)| (a - b).abs());
                assert!(differ.fold(0.0, f32::max) <= 1.0, "{name}");
            }
        }
    }
}

#[test]
fn every_lossy_codec_has_frozen_files_of_its_version() {
    let registry = codec_suite::registry();
    let lossy = registry.iter().filter(|codec| !codec.descriptor().lossless);
    for codec in lossy {
        let descriptor = codec.descriptor();
        assert!(CODECS.contains(&descriptor.id), "{}", descriptor.id);
        let version = format!("v{}", descriptor.version);
        let found = versions(descriptor.id);
        assert!(found.iter().any(|folder| folder.ends_with(&version)));
    }
}
