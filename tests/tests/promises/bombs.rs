//! Small files that decode to much stop at the limit.

use std::num::NonZeroUsize;

use codec_suite::core::{Budget, Error, Job, Limits, Media, decode_streams, encode_stream};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

fn job(memory: usize, output: usize) -> Job {
    let limits = Limits {
        memory: memory as u64,
        output: output as u64,
    };
    Job {
        threads: NonZeroUsize::MIN,
        budget: Budget::new(limits),
        reference: None,
        model: None,
        models: None,
    }
}

fn bomb(codec: &str, len: usize, block: &str) -> Vec<u8> {
    let registry = codec_suite::registry();
    let codec = registry.named(codec).unwrap();
    let params = codec_suite::params(codec, &[("block", block)]).unwrap();
    let content = vec![0; len];
    let mut input = &content[..];
    let mut file = Vec::new();
    let unlimited = job(usize::MAX, usize::MAX);
    encode_stream(
        codec,
        Media::bytes(&mut input, ""),
        &params,
        &unlimited,
        &mut file,
    )
    .unwrap();
    file
}

#[test]
fn every_codec_stops_at_the_output_limit() {
    for codec in codec_suite::registry().lossless() {
        let file = bomb(codec.descriptor().id, 512 * KIB, "128k");
        let mut output = Vec::new();
        let limits = job(256 * MIB, 256 * KIB);
        let result = decode_streams(&codec_suite::registry(), &file[..], &limits, &mut output);
        assert!(
            matches!(result, Err(Error::Limit { .. })),
            "{}",
            codec.descriptor().id
        );
        assert_eq!(output.len(), 256 * KIB);
    }
}

#[test]
fn every_codec_stops_at_the_memory_limit() {
    for codec in codec_suite::registry().lossless() {
        let file = bomb(codec.descriptor().id, 2 * MIB, "2m");
        let mut output = Vec::new();
        let limits = job(MIB, usize::MAX);
        let result = decode_streams(&codec_suite::registry(), &file[..], &limits, &mut output);
        assert!(
            matches!(result, Err(Error::Limit { .. })),
            "{}",
            codec.descriptor().id
        );
        assert!(output.is_empty());
    }
}

#[test]
fn an_exact_limit_is_enough() {
    for codec in codec_suite::registry().lossless() {
        let file = bomb(codec.descriptor().id, 256 * KIB, "128k");
        let mut output = Vec::new();
        let exact = job(usize::MAX, 256 * KIB);
        decode_streams(&codec_suite::registry(), &file[..], &exact, &mut output).unwrap();
        assert_eq!(output.len(), 256 * KIB);
    }
}

#[test]
fn native_streams_stop_at_the_output_limit() {
    let content = vec![0; 8 * MIB];
    for codec in codec_suite::registry().lossless() {
        let Some(native) = codec.native() else {
            continue;
        };
        let params = codec_suite::params(codec, &[]).unwrap();
        let mut file = Vec::new();
        native
            .encode(&mut &content[..], &params, &mut file)
            .unwrap();
        let mut output = Vec::new();
        let result = native.decode(&mut &file[..], &job(256 * MIB, MIB).budget, &mut output);
        assert!(
            matches!(result, Err(Error::Limit { .. })),
            "{}",
            codec.descriptor().id
        );
        assert!(output.len() <= MIB);
    }
}

#[test]
fn a_nested_bomb_is_only_opened_one_level() {
    let inner = bomb("xz", 64 * MIB, "64m");
    let outer = codec_suite::encode(&inner, "xz", &[]).unwrap();
    assert_eq!(codec_suite::decode(&outer).unwrap(), inner);
}
