//! What is encoded comes back bit for bit, whatever it is, in the same file for every thread count.

use std::num::NonZeroUsize;

use codec_suite::core::{Budget, Codec, Job, Limits, Media, encode_stream};
use proptest::prelude::*;

use crate::samples::samples;

fn encode(codec: &dyn Codec, content: &[u8], settings: &[(&str, &str)], threads: usize) -> Vec<u8> {
    let job = Job {
        threads: NonZeroUsize::new(threads).unwrap(),
        budget: Budget::new(Limits::none()),
        reference: None,
        model: None,
        models: None,
    };
    let params = codec_suite::params(codec, settings).unwrap();
    let mut input = content;
    let mut file = Vec::new();
    encode_stream(
        codec,
        Media::bytes(&mut input, "bin"),
        &params,
        &job,
        &mut file,
    )
    .unwrap();
    file
}

#[test]
fn every_codec_gives_back_every_kind_of_data() {
    for codec in codec_suite::registry().lossless() {
        for (name, content) in samples(60_000) {
            let file = encode(codec, &content, &[], 1);
            let id = codec.descriptor().id;
            assert!(
                codec_suite::decode(&file).unwrap() == content,
                "{id} on {name}"
            );
        }
    }
}

#[test]
fn every_codec_writes_the_same_file_with_every_number_of_threads() {
    let content: Vec<u8> = samples(70_000)
        .into_iter()
        .flat_map(|(_, content)| content)
        .collect();
    for codec in codec_suite::registry().lossless() {
        let block = [("block", "65536")];
        let file = encode(codec, &content, &block, 1);
        for threads in [2, 7] {
            let id = codec.descriptor().id;
            assert!(
                encode(codec, &content, &block, threads) == file,
                "{id} on {threads}"
            );
        }
        assert_eq!(codec_suite::decode(&file).unwrap(), content);
    }
}

#[test]
fn every_level_of_every_codec_gives_back_the_content() {
    let content: Vec<u8> = samples(8_000)
        .into_iter()
        .flat_map(|(_, content)| content)
        .collect();
    for codec in codec_suite::registry().lossless() {
        let levels = (0..=22).map(|level: u32| level.to_string());
        for level in levels {
            let settings = [("level", level.as_str())];
            if codec_suite::params(codec, &settings).is_ok() {
                let file = encode(codec, &content, &settings, 1);
                let id = codec.descriptor().id;
                assert!(
                    codec_suite::decode(&file).unwrap() == content,
                    "{id} level {level}"
                );
            }
        }
    }
}

#[test]
fn files_may_be_concatenated() {
    let registry = codec_suite::registry();
    let mut files = Vec::new();
    let mut contents = Vec::new();
    for (codec, (_, content)) in registry.lossless().zip(samples(1_000)) {
        files.extend(encode(codec, &content, &[], 1));
        contents.extend(content);
    }
    assert_eq!(codec_suite::decode(&files).unwrap(), contents);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn short_content_of_any_shape_survives_every_codec(
        unit in prop::collection::vec(any::<u8>(), 0..40),
        repeats in 0usize..50,
        tail in prop::collection::vec(0u8..4, 0..300),
    ) {
        let content = [unit.repeat(repeats), tail].concat();
        for codec in codec_suite::registry().lossless() {
            let file = encode(codec, &content, &[], 1);
            prop_assert_eq!(&codec_suite::decode(&file).unwrap(), &content);
        }
    }
}
