//! What `vq` promises, on generated pictures and with the shipped model.

use std::num::NonZeroUsize;

use codec_core::container::{Frame, Reader};
use codec_core::{
    Budget, Codec, Error, FrameSource, Job, Limits, Media, Params, Registry, Result, Shape,
    decode_streams, encode_stream,
};
use codec_corpora::picture::{Picture, Samples};
use proptest::prelude::*;

use super::VqCodec;
use super::encoder::Payload;
use super::model::VqModel;
use super::stages::Size;
use super::tile;
use crate::device::DeviceChoice;
use crate::random::Random;

/// Soft blobs on a slope.
fn picture(width: u32, height: u32, channels: u8, bits: u8) -> Picture {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x as f32, y as f32)));
    let values = places.flat_map(|(x, y)| {
        (0..channels).map(move |channel| {
            let blob = (x / 31.0).sin() * (y / 23.0).cos() * 60.0;
            let slope = 110.0 + 50.0 * x / width as f32 - 10.0 * f32::from(channel);
            (blob + slope).clamp(0.0, 255.0)
        })
    });
    let samples = match bits {
        8 => Samples::Eight(values.map(|value| value as u8).collect()),
        _ => Samples::Sixteen(values.map(|value| (value * 257.0) as u16).collect()),
    };
    Picture::new(width, height, channels, samples).unwrap()
}

fn job(threads: usize) -> Job {
    Job {
        threads: NonZeroUsize::new(threads).unwrap(),
        ..Job::single_threaded()
    }
}

fn encode(picture: &Picture, settings: &[(&str, &str)], threads: usize) -> Vec<u8> {
    let codec = VqCodec::default();
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    let mut params = Params::defaults(codec.descriptor().params);
    for (name, value) in settings {
        params.set(name, value).unwrap();
    }
    let (mut input, mut file) = (&png[..], Vec::new());
    let media = Media::bytes(&mut input, "png");
    encode_stream(&codec, media, &params, &job(threads), &mut file).unwrap();
    file
}

fn decode(file: &[u8], job: &Job) -> Result<Picture> {
    let mut registry = Registry::new();
    for codec in crate::codecs(DeviceChoice::Cpu) {
        registry.register(codec);
    }
    let mut png = Vec::new();
    decode_streams(&registry, file, job, &mut png)?;
    Picture::from_bytes(&png, &Budget::default())
}

fn psnr(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let values = |picture: &Picture| -> Vec<f64> {
        match picture.samples() {
            Samples::Eight(samples) => samples.iter().map(|&v| v.into()).collect(),
            Samples::Sixteen(samples) => samples.iter().map(|&v| f64::from(v) / 257.0).collect(),
        }
    };
    let (a, b) = (values(a), values(b));
    let sum: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
    10.0 * (65_025.0 * a.len() as f64 / sum.max(1e-9)).log10()
}

#[test]
fn pictures_of_every_kind_and_size_come_back_nearly() {
    for (width, height) in [(1, 1), (1, 40), (17, 33), (200, 120)] {
        for (channels, bits) in [(1, 8), (2, 16), (3, 8), (4, 8), (3, 16)] {
            let original = picture(width, height, channels, bits);
            let file = encode(&original, &[("quality", "100")], 1);
            let found = psnr(&original, &decode(&file, &job(1)).unwrap());
            assert!(
                found > 24.0,
                "{width} x {height}, {channels} of {bits}: {found}"
            );
        }
    }
}

#[test]
fn more_quality_is_larger_and_better() {
    let original = picture(500, 400, 3, 8);
    let mut last = (0, 0.0);
    for quality in ["1", "30", "60", "100"] {
        let file = encode(&original, &[("quality", quality)], 1);
        let found = psnr(&original, &decode(&file, &job(1)).unwrap());
        assert!(file.len() > last.0 && found > last.1, "{quality}: {found}");
        last = (file.len(), found);
    }
}

#[test]
fn files_and_pictures_do_not_depend_on_threads() {
    let original = picture(1100, 90, 3, 8);
    let file = encode(&original, &[], 1);
    let whole = decode(&file, &job(1)).unwrap();
    for threads in [2, 7] {
        assert_eq!(encode(&original, &[], threads), file);
        assert_eq!(decode(&file, &job(threads)).unwrap(), whole);
    }
}

#[test]
fn a_file_is_as_small_as_it_was_asked_to_be() {
    let original = picture(512, 512, 3, 8);
    let file = encode(&original, &[("bpp", "0.03")], 1);
    assert!(file.len() * 8 <= 512 * 512 * 3 / 100, "{}", file.len());
    let file = encode(&original, &[("target-size", "700")], 1);
    assert!(file.len() <= 700, "{}", file.len());
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let file = encode(&picture(60, 50, 4, 8), &[], 1);
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(decode(&damaged, &job(1)).is_err(), "byte {at}");
        assert!(decode(&file[..at], &job(1)).is_err(), "{at} bytes");
    }
}

#[test]
fn a_header_of_impossible_size_is_refused() {
    let file = encode(&picture(20, 20, 2, 16), &[], 1);
    let small = Job {
        budget: Budget::new(Limits {
            memory: 1 << 30,
            output: u64::MAX,
        }),
        ..job(1)
    };
    let mut reader = Reader::new(&file[..], &small.budget);
    let mut header = reader.next_stream().unwrap().unwrap();
    let Shape::Image(shape) = &mut header.media.shape else {
        panic!("no picture");
    };
    (shape.width, shape.height) = (u32::MAX, u32::MAX);
    let refused = VqCodec::received(&header, &mut reader, &small);
    assert!(matches!(refused, Err(Error::Limit { .. })));
}

struct Given(Vec<Frame>);

impl FrameSource for Given {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        Ok(self.0.pop())
    }
}

#[test]
fn tiles_that_are_lost_are_grey_and_none_may_come_twice() {
    let file = encode(&picture(1100, 20, 3, 8), &[], 1);
    let job = job(1);
    let mut reader = Reader::new(&file[..], &job.budget);
    let header = reader.next_stream().unwrap().unwrap();
    let frames: Vec<Frame> = std::iter::from_fn(|| reader.next_frame().unwrap()).collect();
    assert_eq!(frames.len(), 2);
    let read = |frames: Vec<Frame>| VqCodec::received(&header, &mut Given(frames), &job);
    let (part, _) = read(vec![frames[0].clone()]).unwrap();
    assert_eq!(part.tokens[1].len(), 2 * 69);
    assert!(part.tokens[1][..64].iter().any(|&token| token != 0));
    assert!(part.tokens[1][64..69].iter().all(|&token| token == 0));
    assert!(read(vec![frames[0].clone(), frames[0].clone()]).is_err());
    assert!(read(Vec::new()).is_err());
}

fn model() -> VqModel {
    VqModel::read(include_bytes!("../../weights/vq.safetensors")).unwrap()
}

/// Runs under an emulated older processor, too: integers alone decide.
#[test]
fn latents_have_the_same_bytes_on_every_machine() {
    let model = model();
    let size = Size {
        height: 9,
        width: 11,
    };
    let mut random = Random::new(6, 1);
    let tokens: tile::Tokens = (0..model.stages.count())
        .map(|stage| {
            let codes = model.stages.book(stage).len();
            let count = size.of_stage(stage).area();
            (0..count).map(|_| random.below(codes) as u16).collect()
        })
        .collect();
    let mut all = Vec::new();
    for pace in [0, 7, 15] {
        let parts = tile::encode(&model.stages, &model.priors, &tokens, size, pace).unwrap();
        let parts: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
        let decoded = tile::decode(&model.stages, &model.priors, &parts, size, pace).unwrap();
        assert_eq!(decoded, (tokens.clone(), model.stages.sum(&tokens, size)));
        all.extend(parts.concat());
    }
    let hash = xxhash_rust::xxh64::xxh64(&all, 0);
    assert_eq!(hash, 0x327E_9245_048A_A001, "{hash:#018X}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn arbitrary_payloads_never_panic(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        pace in 0u8..16,
        count in 1u8..5,
        cut in 0u16..40,
    ) {
        let model = model();
        let mut payload = payload;
        // Heads that are nearly right.
        let head: Vec<u8> = [pace, count, 0, 0, 0, 0]
            .into_iter()
            .chain((0..count).flat_map(|_| cut.to_le_bytes()))
            .collect();
        let len = head.len().min(payload.len());
        payload[..len].copy_from_slice(&head[..len]);
        if let Ok(parsed) = Payload::new(&payload, 4) {
            let size = Size { height: 3, width: 5 };
            drop(tile::decode(&model.stages, &model.priors, &parsed.parts, size, parsed.pace));
        }
    }
}
