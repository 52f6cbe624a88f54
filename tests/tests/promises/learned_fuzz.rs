//! Damaged payloads and models of learned codecs, by the bodies of their fuzz targets.

use std::fs;
use std::path::Path;

use codec_suite::core::container::Reader;
use codec_suite::core::{Budget, FrameSource};
use codec_tests::fuzz;
use proptest::prelude::*;

fn frozen(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("lossy-vectors");
    fs::read(root.join(name)).unwrap()
}

/// The first payload of a frozen file behind `shape`.
fn payload(name: &str, shape: &[u8]) -> Vec<u8> {
    let file = frozen(name);
    let mut reader = Reader::new(&file[..], &Budget::default());
    reader.next_stream().unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    [shape, &frame.payload].concat()
}

/// Puts bytes at a place that `at` chooses.
fn damaged(mut content: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    let at = at % content.len();
    let len = bytes.len().min(content.len() - at);
    content[at..at + len].copy_from_slice(&bytes[..len]);
    content
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn damaged_pictures_do_no_harm(
        at in any::<usize>(),
        bytes in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        fuzz::walloc_payload(&damaged(payload("walloc/v1/alpha.cdc", &[3, 19, 3]), at, &bytes));
        fuzz::walloc_payload(&damaged(payload("walloc/v1/rgb.cdc", &[7, 23, 2]), at, &bytes));
        fuzz::walloc_payload(&bytes);
        fuzz::vq_payload(&damaged(payload("vq/v1/alpha.cdc", &[3, 19, 3]), at, &bytes));
        fuzz::vq_payload(&damaged(payload("vq/v1/all-stages.cdc", &[13, 69, 2]), at, &bytes));
        fuzz::vq_payload(&bytes);
    }

    #[test]
    fn damaged_sounds_do_no_harm(
        at in any::<usize>(),
        bytes in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let stereo = payload("walloc-audio/v1/stereo.cdc", &[1, 184, 11, 0]);
        fuzz::walloc_audio_payload(&damaged(stereo, at, &bytes));
        fuzz::walloc_audio_payload(&bytes);
    }

    #[test]
    fn damaged_models_do_no_harm(
        at in any::<usize>(),
        bytes in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        fuzz::walloc_model(&damaged(frozen("walloc/v1/model.safetensors"), at, &bytes));
        // The sizes and the names stand at the start.
        fuzz::walloc_model(&damaged(frozen("walloc/v1/model.safetensors"), at % 3000, &bytes));
        fuzz::vq_model(&damaged(frozen("vq/v1/model.safetensors"), at, &bytes));
        fuzz::vq_model(&damaged(frozen("vq/v1/model.safetensors"), at % 3000, &bytes));
        let sounds = || frozen("walloc-audio/v1/model.safetensors");
        fuzz::walloc_audio_model(&damaged(sounds(), at, &bytes));
        fuzz::walloc_audio_model(&damaged(sounds(), at % 500, &bytes));
    }
}
