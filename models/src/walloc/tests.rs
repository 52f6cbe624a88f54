//! What `walloc` promises, on generated pictures and with the shipped model.

use std::num::NonZeroUsize;

use codec_core::container::{Frame, Reader};
use codec_core::{
    Budget, Codec, Error, FrameSource, Job, Limits, Media, Params, Registry, Shape, decode_streams,
    encode_stream,
};
use codec_corpora::picture::{Picture, Samples};

use super::WallocCodec;
use crate::device::DeviceChoice;
use crate::random::Random;

/// A picture with edges, slopes and some noise.
fn picture(width: u32, height: u32, channels: u8, bits: u8) -> Picture {
    let mut random = Random::new(3, 0);
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let edge = if (x / 24 + y / 32) % 2 == 0 {
                70.0
            } else {
                150.0
            };
            let slope = 60.0 * x as f32 / width as f32;
            let base = edge + slope + 4.0 * random.normal();
            for channel in 0..channels {
                let is_alpha = channels.is_multiple_of(2) && channel + 1 == channels;
                let value = if is_alpha {
                    (x * 3 % 256) as f32
                } else {
                    base - 12.0 * f32::from(channel)
                };
                samples.push(value.clamp(0.0, 255.0));
            }
        }
    }
    let samples = if bits == 8 {
        Samples::Eight(samples.iter().map(|&value| value as u8).collect())
    } else {
        Samples::Sixteen(
            samples
                .iter()
                .map(|&value| (value * 257.0) as u16)
                .collect(),
        )
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
    let codec = WallocCodec::default();
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    let mut params = Params::defaults(codec.descriptor().params);
    for (name, value) in settings {
        params.set(name, value).unwrap();
    }
    let mut file = Vec::new();
    let mut input = &png[..];
    let media = Media::bytes(&mut input, "png");
    encode_stream(&codec, media, &params, &job(threads), &mut file).unwrap();
    file
}

fn decode_with(file: &[u8], job: &Job) -> Result<Picture, Error> {
    let mut registry = Registry::new();
    for codec in crate::codecs(DeviceChoice::Cpu) {
        registry.register(codec);
    }
    let mut png = Vec::new();
    decode_streams(&registry, file, job, &mut png)?;
    Picture::from_bytes(&png, &Budget::default())
}

fn decode(file: &[u8]) -> Picture {
    decode_with(file, &job(1)).unwrap()
}

fn values(picture: &Picture) -> Vec<f64> {
    match picture.samples() {
        Samples::Eight(samples) => samples.iter().map(|&v| f64::from(v)).collect(),
        Samples::Sixteen(samples) => samples.iter().map(|&v| f64::from(v) / 257.0).collect(),
    }
}

fn psnr(a: &Picture, b: &Picture) -> f64 {
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len());
    let mse: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / a.len() as f64;
    10.0 * (65_025.0 / mse.max(1e-9)).log10()
}

#[test]
fn pictures_of_every_kind_and_size_come_back_nearly() {
    let sizes = [(1, 1), (1, 9), (7, 3), (64, 8), (130, 77)];
    for (width, height) in sizes {
        for channels in 1..=4 {
            for bits in [8, 16] {
                let original = picture(width, height, channels, bits);
                let decoded = decode(&encode(&original, &[("quality", "70")], 1));
                assert_eq!(decoded.shape(), original.shape());
                let found = psnr(&original, &decoded);
                assert!(
                    found > 28.0,
                    "{width} x {height}, {channels} of {bits}: {found}"
                );
            }
        }
    }
}

#[test]
fn alpha_is_kept_without_loss() {
    for (channels, bits) in [(2, 8), (4, 8), (4, 16)] {
        let original = picture(50, 40, channels, bits);
        let decoded = decode(&encode(&original, &[("quality", "10")], 1));
        let alpha = |picture: &Picture| -> Vec<f64> {
            let all = values(picture);
            all.chunks_exact(channels.into())
                .map(|pixel| pixel[pixel.len() - 1])
                .collect()
        };
        assert_eq!(alpha(&decoded), alpha(&original));
    }
}

#[test]
fn quality_buys_fidelity_with_bytes_at_every_number_of_channels() {
    let original = picture(160, 120, 3, 8);
    for channels in ["4", "8", "16", "48"] {
        let mut last = (0, 0.0);
        for quality in ["5", "30", "60", "90"] {
            let file = encode(
                &original,
                &[("quality", quality), ("channels", channels)],
                1,
            );
            let found = psnr(&original, &decode(&file));
            // Beyond the steps that a few channels were trained at, nothing changes.
            assert!(
                file.len() >= last.0,
                "{channels} channels, quality {quality}"
            );
            assert!(
                found > last.1 - 0.1,
                "{channels} channels, quality {quality}: {found}"
            );
            last = (file.len(), found);
        }
    }
}

#[test]
fn a_file_is_as_small_as_it_was_asked_to_be_and_not_much_smaller() {
    let original = picture(300, 200, 3, 8);
    for target in [1500u64, 3000, 6000] {
        let size = target.to_string();
        let len = encode(&original, &[("target-size", &size)], 1).len() as u64;
        assert!(len <= target && len * 10 > target * 8, "{len} of {target}");
    }
    let len = encode(&original, &[("bpp", "0.5")], 1).len();
    assert!(len * 8 <= 30_000 && len * 8 > 24_000, "{len}");
}

#[test]
fn files_and_pictures_do_not_depend_on_threads_or_memory() {
    // More than one tile wide, and more than one region where memory is short.
    let original = picture(1100, 90, 3, 8);
    let file = encode(&original, &[], 1);
    let whole = decode(&file);
    for threads in [2, 7] {
        assert_eq!(encode(&original, &[], threads), file);
        assert_eq!(decode_with(&file, &job(threads)).unwrap(), whole);
    }
    let limits = Limits {
        memory: 60 << 20,
        output: u64::MAX,
    };
    let tight = Job {
        budget: Budget::new(limits),
        ..job(1)
    };
    let pieces = decode_with(&file, &tight).unwrap();
    let worst = values(&pieces)
        .iter()
        .zip(&values(&whole))
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(worst <= 1.0, "{worst}");
}

#[test]
fn flat_pictures_cost_a_fraction_of_others() {
    let flat = Picture::new(512, 512, 3, Samples::Eight(vec![200; 512 * 512 * 3])).unwrap();
    let file = encode(&flat, &[], 1);
    let other = encode(&picture(512, 512, 3, 8), &[], 1);
    assert!(
        file.len() * 5 < other.len(),
        "{} of {}",
        file.len(),
        other.len()
    );
    assert!(psnr(&flat, &decode(&file)) > 45.0);
}

#[test]
fn damage_is_an_error_with_its_position_and_never_a_panic() {
    let file = encode(&picture(60, 50, 4, 8), &[], 1);
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(decode_with(&damaged, &job(1)).is_err(), "byte {at}");
    }
    for len in 0..file.len() {
        assert!(decode_with(&file[..len], &job(1)).is_err(), "{len} bytes");
    }
}

#[test]
fn a_header_of_impossible_size_is_refused() {
    let file = encode(&picture(20, 20, 2, 16), &[], 1);
    let job = job(1);
    let mut reader = Reader::new(&file[..], &job.budget);
    let mut header = reader.next_stream().unwrap().unwrap();
    let Shape::Image(shape) = &mut header.media.shape else {
        panic!("no picture");
    };
    (shape.width, shape.height) = (u32::MAX, u32::MAX);
    let error = WallocCodec::latents(&header, &mut reader, &job).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

#[test]
fn a_tile_that_comes_twice_is_refused() {
    struct Twice(Frame, usize);
    impl FrameSource for Twice {
        fn next_frame(&mut self) -> codec_core::Result<Option<Frame>> {
            self.1 += 1;
            Ok((self.1 < 3).then(|| self.0.clone()))
        }
    }
    let file = encode(&picture(20, 20, 3, 8), &[], 1);
    let job = job(1);
    let mut reader = Reader::new(&file[..], &job.budget);
    let header = reader.next_stream().unwrap().unwrap();
    let frame = reader.next_frame().unwrap().unwrap();
    let error = WallocCodec::latents(&header, &mut Twice(frame.clone(), 0), &job).unwrap_err();
    assert!(error.to_string().contains("once more"), "{error}");
    let error = WallocCodec::latents(&header, &mut Twice(frame, 3), &job).unwrap_err();
    assert!(error.to_string().contains("no tile"), "{error}");
}

#[test]
fn what_is_no_picture_is_refused() {
    let codec = WallocCodec::default();
    let params = Params::defaults(codec.descriptor().params);
    for content in [&b""[..], b"hello", b"\x89PNG\r\n\x1a\nrubbish"] {
        let mut input = content;
        let media = Media::bytes(&mut input, "png");
        assert!(encode_stream(&codec, media, &params, &job(1), Vec::new()).is_err());
    }
}

#[test]
fn an_unknown_model_is_named() {
    let file = encode(&picture(20, 20, 3, 8), &[], 1);
    let mut reader = Reader::new(&file[..], &Budget::default());
    let mut header = reader.next_stream().unwrap().unwrap();
    header.model = vec![1, 2, 3, 4, 5, 6, 7, 8];
    let error = WallocCodec::latents(&header, &mut reader, &job(1)).unwrap_err();
    assert!(
        matches!(&error, Error::Unsupported(text) if text.contains("0807060504030201")),
        "{error}"
    );
}

/// Runs under an emulated older processor, too: integers alone decide.
#[test]
fn latents_have_the_same_bytes_on_every_machine() {
    use crate::context::{Choice, decode, encode};

    let model: std::sync::Arc<super::model::ImageModel> = crate::shipped::chosen(&job(1)).unwrap();
    let mut random = Random::new(9, 0);
    let shape = [48, 20, 24];
    let latents: Vec<f32> = (0..48 * 20 * 24)
        .map(|at| {
            let channel = at / (20 * 24);
            (random.below(9) as f32 - 4.0) * 8.0 / (1 + channel * channel / 8) as f32
        })
        .map(f32::round)
        .collect();
    let choice = Choice {
        bit: 0.0,
        weights: Vec::new(),
    };
    let mut all = Vec::new();
    for step in [10, 30, 40, 60] {
        let (bytes, chosen) = encode(model.context(step), &latents, shape, &choice).unwrap();
        assert_eq!(decode(model.context(step), &bytes, shape).unwrap(), chosen);
        all.extend(bytes);
    }
    assert_eq!(
        xxhash_rust::xxh64::xxh64(&all, 0),
        0x3C9A_6A76_7A4D_B700,
        "{} bytes",
        all.len()
    );
}
