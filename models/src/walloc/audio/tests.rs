//! What `walloc-audio` promises, on generated sounds and with the shipped model.

use std::num::NonZeroUsize;

use codec_core::container::{Frame, Reader};
use codec_core::{
    Budget, Codec, Error, FrameSource, Job, Limits, Media, Params, Result, encode_stream,
};
use codec_corpora::sound::{Sound, SoundSamples};
use proptest::prelude::*;

use super::codec::AudioLatents;
use super::model::AudioModel;
use super::{BANDS, COLUMNS, WallocAudioCodec, rate};
use crate::latents::{Latents, Values};
use crate::random::Random;

/// Tones, a swell and some noise, different in each channel.
fn sound(rate: u32, channels: u8, samples: usize) -> Sound {
    let mut random = Random::new(11, 0);
    let mut all = Vec::new();
    for at in 0..samples {
        let t = at as f32 / rate as f32;
        let swell = 0.6 + 0.4 * (t * 3.0).sin();
        for channel in 0..channels {
            let tone = (t * std::f32::consts::TAU * (220.0 + 110.0 * f32::from(channel))).sin();
            let high = (t * std::f32::consts::TAU * 1234.0).sin();
            let value = swell * (0.5 * tone + 0.2 * high) + 0.003 * random.normal();
            all.push((value * 20_000.0) as i32);
        }
    }
    Sound::new(rate, channels, 16, SoundSamples::Integer(all)).unwrap()
}

fn wav(sound: &Sound) -> Vec<u8> {
    let mut file = Vec::new();
    sound.write_wav(&mut file).unwrap();
    file
}

fn job(threads: usize) -> Job {
    Job {
        threads: NonZeroUsize::new(threads).unwrap(),
        ..Job::single_threaded()
    }
}

fn try_encode(file: &[u8], settings: &[(&str, &str)], job: &Job) -> Result<Vec<u8>> {
    let codec = WallocAudioCodec;
    let mut params = Params::defaults(codec.descriptor().params);
    for (name, value) in settings {
        params.set(name, value).unwrap();
    }
    let (mut input, mut out) = (file, Vec::new());
    encode_stream(
        &codec,
        Media::bytes(&mut input, "wav"),
        &params,
        job,
        &mut out,
    )?;
    Ok(out)
}

fn encode(sound: &Sound, settings: &[(&str, &str)]) -> Vec<u8> {
    try_encode(&wav(sound), settings, &job(1)).unwrap()
}

/// Frames of a file without those of some numbers.
struct Without<'a, S> {
    frames: &'a mut S,
    lost: &'a [usize],
    next: usize,
}

impl<S: FrameSource> FrameSource for Without<'_, S> {
    fn next_frame(&mut self) -> Result<Option<Frame>> {
        loop {
            let frame = self.frames.next_frame()?;
            self.next += 1;
            if !self.lost.contains(&(self.next - 1)) {
                return Ok(frame);
            }
        }
    }
}

fn decode_without(file: &[u8], lost: &[usize], job: &Job) -> Result<Sound> {
    let mut input = file;
    let mut frames = Reader::new(&mut input, &job.budget);
    let header = frames.next_stream()?.unwrap();
    let mut frames = Without {
        frames: &mut frames,
        lost,
        next: 0,
    };
    let mut wav = Vec::new();
    WallocAudioCodec.decode(&header, &mut frames, job, &mut wav)?;
    Sound::read(&mut &wav[..], &Budget::default())
}

fn decode(file: &[u8]) -> Sound {
    decode_without(file, &[], &job(1)).unwrap()
}

/// Signal to distortion in decibels.
fn sdr(original: &Sound, decoded: &Sound) -> f64 {
    assert_eq!(original.shape(), decoded.shape());
    let (mut signal, mut distortion) = (0.0, 1e-12);
    for (a, b) in original.to_f32().iter().zip(decoded.to_f32()) {
        signal += f64::from(a * a);
        distortion += f64::from((a - b) * (a - b));
    }
    10.0 * (signal / distortion).log10()
}

#[test]
fn sounds_of_every_shape_come_back_close() {
    for (rate, channels, samples) in [
        (44_100, 2, 100_000),
        (8000, 1, 9000),
        (96_000, 2, 70_000),
        (48_000, 6, 30_000),
        (48_000, 8, 20_000),
        (16_000, 1, 1),
        (16_000, 2, 255),
    ] {
        let sound = sound(rate, channels, samples);
        let file = encode(&sound, &[("quality", "60")]);
        let decibels = sdr(&sound, &decode(&file));
        assert!(decibels > 25.0 || samples < 300, "{channels}: {decibels}");
        assert!(
            file.len() < 400 + samples * usize::from(channels),
            "{channels}"
        );
    }
}

#[test]
fn finer_qualities_are_larger_and_better() {
    let sound = sound(44_100, 2, 80_000);
    let (mut last_len, mut last_sdr) = (0, -100.0);
    for quality in ["10", "30", "50", "70", "90", "100"] {
        let file = encode(&sound, &[("quality", quality)]);
        let decibels = sdr(&sound, &decode(&file));
        assert!(file.len() > last_len && decibels > last_sdr, "{quality}");
        (last_len, last_sdr) = (file.len(), decibels);
    }
    assert!(last_sdr > 60.0, "{last_sdr}");
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let sound = wav(&sound(44_100, 2, 300_000));
    let one = try_encode(&sound, &[], &job(1)).unwrap();
    for threads in [2, 7] {
        assert_eq!(one, try_encode(&sound, &[], &job(threads)).unwrap());
        let decoded = decode_without(&one, &[], &job(threads)).unwrap();
        assert_eq!(decoded, decode(&one));
    }
}

#[test]
fn a_rate_and_a_size_are_kept() {
    let sound = sound(44_100, 2, 200_000);
    let seconds = sound.shape().seconds();
    let file = encode(&sound, &[("bitrate", "30")]);
    let kilobits = file.len() as f64 * 8.0 / 1000.0 / seconds;
    assert!((25.0..=30.0).contains(&kilobits), "{kilobits}");
    let file = encode(&sound, &[("target-size", "9000")]);
    assert!((7500..=9000).contains(&file.len()), "{}", file.len());
    let both = [("bitrate", "30"), ("target-size", "9000")];
    let refused = try_encode(&wav(&sound), &both, &job(1));
    assert!(matches!(refused, Err(Error::Usage(_))));
}

#[test]
fn floats_come_back_as_floats_and_what_is_no_number_is_silent() {
    let mut samples: Vec<f32> = (0..4000).map(|at| (at as f32 * 0.05).sin() * 0.5).collect();
    samples[1000] = f32::NAN;
    samples[2000] = f32::INFINITY;
    let sound = Sound::new(44_100, 1, 32, SoundSamples::Float(samples)).unwrap();
    let decoded = decode(&encode(&sound, &[("quality", "80")]));
    assert_eq!(decoded.shape(), sound.shape());
    assert!(decoded.to_f32().iter().all(|sample| sample.abs() < 1.5));
}

#[test]
fn silence_and_full_scale_come_back() {
    let silent = Sound::new(
        44_100,
        2,
        16,
        SoundSamples::Integer(vec![0; 2 * 10 * BANDS * COLUMNS]),
    )
    .unwrap();
    let file = encode(&silent, &[]);
    assert!(file.len() < 800, "{}", file.len());
    assert_eq!(decode(&file), silent);
    let clipped: Vec<i32> = (0..100_000)
        .map(|at| if at / 100 % 2 == 0 { 32_767 } else { -32_768 })
        .collect();
    let clipped = Sound::new(44_100, 1, 16, SoundSamples::Integer(clipped)).unwrap();
    for quality in ["50", "100"] {
        let decoded = decode(&encode(&clipped, &[("quality", quality)]));
        assert!(sdr(&clipped, &decoded) > 20.0);
    }
}

#[test]
fn a_sound_without_samples_comes_back() {
    let empty = Sound::new(44_100, 2, 16, SoundSamples::Integer(Vec::new())).unwrap();
    assert_eq!(decode(&encode(&empty, &[])), empty);
}

#[test]
fn a_lost_frame_is_silent_and_spoils_nothing_else() {
    let sound = sound(44_100, 1, 4 * BANDS * COLUMNS);
    let file = encode(&sound, &[]);
    let whole = decode(&file).to_f32();
    let part = decode_without(&file, &[1, 3], &job(1)).unwrap().to_f32();
    let frame = BANDS * COLUMNS;
    let reach = 16 * BANDS;
    for (start, end) in [(0, frame - reach), (2 * frame + reach, 3 * frame - reach)] {
        let differ = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-4;
        assert!(!whole[start..end].iter().zip(&part[start..end]).any(differ));
    }
    let silent = &part[frame + reach..2 * frame - reach];
    assert!(silent.iter().all(|sample| sample.abs() < 1e-4));
    let none = decode_without(&file, &[0, 1, 2, 3], &job(1));
    assert!(matches!(none, Err(Error::Corrupt { .. })));
}

#[test]
fn too_many_channels_and_other_files_are_unsupported() {
    let nine = Sound::new(8000, 9, 16, SoundSamples::Integer(vec![0; 900])).unwrap();
    let refused = try_encode(&wav(&nine), &[], &job(1));
    assert!(matches!(refused, Err(Error::Unsupported(_))));
    let refused = try_encode(b"not a sound at all", &[], &job(1));
    assert!(matches!(refused, Err(Error::Unsupported(_))));
    let cut = &wav(&sound(44_100, 2, 50_000))[..60_000];
    assert!(matches!(
        try_encode(cut, &[], &job(1)),
        Err(Error::Corrupt { .. })
    ));
}

#[test]
fn limits_of_memory_and_output_are_kept() {
    let sound = sound(44_100, 2, 300_000);
    let small = |memory, output| Job {
        budget: Budget::new(Limits { memory, output }),
        ..job(1)
    };
    let refused = try_encode(
        &wav(&sound),
        &[("bitrate", "64")],
        &small(1 << 20, u64::MAX),
    );
    assert!(matches!(refused, Err(Error::Limit { .. })));
    let file = encode(&sound, &[]);
    let refused = decode_without(&file, &[], &small(1 << 30, 1000));
    assert!(matches!(refused, Err(Error::Limit { .. })));
}

#[test]
fn latents_are_those_that_are_decoded_and_bands_reduce_them() {
    let sound = sound(16_000, 2, 80_000);
    let file = encode(&sound, &[("bands", "16")]);
    let latents = Latents::read(&mut &file[..], &job(2)).unwrap();
    assert_eq!(latents.shape, [2, 16, 80_000usize.div_ceil(BANDS)]);
    let Values::Long(values) = &latents.values else {
        panic!("latents of a picture");
    };
    assert!(values.iter().any(|&value| value != 0));
}

#[test]
fn latents_have_the_same_bytes() {
    let file = encode(&sound(44_100, 2, 150_000), &[]);
    let latents = |job: &Job| {
        let mut input = &file[..];
        let mut frames = Reader::new(&mut input, &job.budget);
        let header = frames.next_stream().unwrap().unwrap();
        WallocAudioCodec::latents(&header, &mut frames, job).unwrap()
    };
    let found: AudioLatents = latents(&job(1));
    assert_eq!(found, latents(&job(7)));
    let bytes = found.values.iter().flat_map(|value| value.to_le_bytes());
    let hash = xxhash_rust::xxh64::xxh64(&bytes.collect::<Vec<u8>>(), 0);
    assert_eq!(hash, 0xE514_47FE_4DC8_437B, "{hash:#018X}");
}

fn model() -> AudioModel {
    AudioModel::read(include_bytes!("../../../weights/walloc-audio.safetensors")).unwrap()
}

#[test]
fn damaged_payloads_are_errors_or_other_latents_but_never_panic() {
    let file = encode(&sound(8000, 2, 12_000), &[]);
    let budget = Budget::default();
    let mut input = &file[..];
    let mut frames = Reader::new(&mut input, &budget);
    frames.next_stream().unwrap();
    let payload = frames.next_frame().unwrap().unwrap().payload;
    let model = model();
    for at in (0..payload.len()).step_by(3) {
        let mut damaged = payload.clone();
        damaged[at] ^= 1 << (at % 8);
        drop(rate::frame(&model, &damaged, 2, 47));
        drop(rate::frame(&model, &payload[..at], 2, 47));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn arbitrary_payloads_never_panic(
        payload in prop::collection::vec(any::<u8>(), 0..200),
        planes in 1usize..9,
        columns in 0u64..600,
    ) {
        drop(rate::frame(&model(), &payload, planes, columns));
    }

    #[test]
    fn arbitrary_models_never_panic(
        at in 0usize..18_000,
        bytes in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut file = include_bytes!("../../../weights/walloc-audio.safetensors").to_vec();
        let len = bytes.len().min(file.len() - at);
        file[at..at + len].copy_from_slice(&bytes[..len]);
        if let Ok(model) = AudioModel::read(&file) {
            let payload = [100, 0, 0, 0, 0, 255, 0, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
            drop(rate::frame(&model, &payload, 1, 300));
        }
    }
}
