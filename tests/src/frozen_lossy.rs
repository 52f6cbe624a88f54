//! What the frozen files of lossy codecs hold: latents that every build reads the same, and pictures
//! and sounds that differ by one step of a sample at most. They are coded with small models that
//! lie beside them, because shipped models get better.

use std::sync::Arc;

use codec_corpora::picture::{Picture, Samples};
use codec_corpora::sound::{Sound, SoundSamples};
use codec_suite::core::container::Reader;
use codec_suite::core::{Error, Job, Media, Params, Result, decode_streams, encode_stream};
use codec_suite::models::latents::Latents;
use codec_suite::models::vq::VqCodec;

/// The lossy codecs.
pub const CODECS: [&str; 3] = ["walloc", "walloc-audio", "vq"];

/// What a frozen file was made of.
pub struct Original {
    /// Name of the file, without `.cdc`.
    pub name: &'static str,
    /// The file that was encoded.
    pub bytes: Vec<u8>,
    /// Parameters of the codec.
    pub settings: &'static [(&'static str, &'static str)],
    /// Whether what it decodes to is frozen, too.
    pub is_kept: bool,
}

/// The originals of a codec, each frozen once per version.
#[must_use]
pub fn originals(codec: &str) -> Vec<Original> {
    match codec {
        "walloc" => pictures(),
        "walloc-audio" => sounds(),
        "vq" => extreme_pictures(),
        _ => Vec::new(),
    }
}

/// A picture that is large enough to train on.
#[must_use]
pub fn large_picture() -> Vec<u8> {
    picture(300, 280, 3, 8)
}

/// Suffix of the files that a codec decodes to.
#[must_use]
pub fn suffix(codec: &str) -> &'static str {
    match codec {
        "walloc-audio" => "wav",
        _ => "png",
    }
}

fn pictures() -> Vec<Original> {
    let original = |name, (width, height, channels, bits), settings, is_kept| Original {
        name,
        bytes: picture(width, height, channels, bits),
        settings,
        is_kept,
    };
    vec![
        original("rgb", (40, 24, 3, 8), &[("channels", "4")], true),
        original(
            "coarse",
            (64, 40, 3, 8),
            &[("channels", "2"), ("quality", "10")],
            true,
        ),
        original("grey-16-bits", (17, 33, 1, 16), &[("channels", "4")], true),
        original("alpha", (20, 20, 4, 8), &[("channels", "4")], true),
        original("two-tiles", (1100, 9, 3, 8), &[("channels", "4")], false),
    ]
}

fn extreme_pictures() -> Vec<Original> {
    let original = |name, (width, height, channels, bits), settings, is_kept| Original {
        name,
        bytes: picture(width, height, channels, bits),
        settings,
        is_kept,
    };
    vec![
        original("one-stage", (90, 60, 3, 8), &[("quality", "1")], true),
        original("two-stages", (90, 60, 3, 8), &[("quality", "40")], true),
        original("all-stages", (70, 70, 3, 8), &[("quality", "100")], true),
        original("grey-16-bits", (17, 33, 1, 16), &[], true),
        original("alpha", (20, 20, 4, 8), &[], true),
        original("two-tiles", (600, 9, 3, 8), &[], false),
    ]
}

fn sounds() -> Vec<Original> {
    let original = |name, (rate, channels, samples), settings, is_kept| Original {
        name,
        bytes: sound(rate, channels, samples),
        settings,
        is_kept,
    };
    vec![
        original("stereo", (44_100, 2, 3000), &[("quality", "60")], true),
        original("mono-coarse", (8000, 1, 5000), &[("quality", "25")], true),
        original("few-bands", (16_000, 1, 4000), &[("bands", "16")], true),
        original("finest", (44_100, 1, 2000), &[("quality", "100")], true),
        original(
            "two-frames",
            (48_000, 2, 70_000),
            &[("quality", "20")],
            false,
        ),
    ]
}

#[expect(
    clippy::expect_used,
    reason = "only tests and the freeze example call this"
)]
fn picture(width: u32, height: u32, channels: u8, bits: u8) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let values = places.flat_map(|(x, y)| {
        (0..u32::from(channels)).map(move |channel| {
            let edge = if (x / 13 + y / 9) % 2 == 0 { 40 } else { 130 };
            (edge + x * 3 / 2 + y * (channel + 1)).min(250)
        })
    });
    let samples = match bits {
        8 => Samples::Eight(values.map(|value| value as u8).collect()),
        _ => Samples::Sixteen(values.map(|value| (value * 257) as u16).collect()),
    };
    let picture = Picture::new(width, height, channels, samples).expect("as many samples");
    let mut png = Vec::new();
    picture
        .write_png(&mut png)
        .expect("a vector takes anything");
    png
}

/// A triangle in each channel that gets slower and louder.
#[expect(
    clippy::expect_used,
    reason = "only tests and the freeze example call this"
)]
fn sound(rate: u32, channels: u8, samples: i32) -> Vec<u8> {
    let values = (0..samples).flat_map(|at| {
        (0..i32::from(channels)).map(move |channel| {
            let period = 60 + 40 * channel + at / 200;
            let triangle = (at % period - period / 2).abs() * 4 - period;
            triangle * (40 + at / 100)
        })
    });
    let samples = SoundSamples::Integer(values.map(|value| value.clamp(-32_000, 32_000)).collect());
    let sound = Sound::new(rate, channels, 16, samples).expect("as many samples");
    let mut wav = Vec::new();
    sound.write_wav(&mut wav).expect("a vector takes anything");
    wav
}

fn job(model: &[u8]) -> Job {
    Job {
        model: Some(Arc::from(model)),
        ..Job::single_threaded()
    }
}

/// A frozen file as this build writes it.
///
/// # Errors
/// As encoding.
pub fn encode(codec: &str, model: &[u8], original: &Original) -> Result<Vec<u8>> {
    let registry = codec_suite::registry();
    let codec = registry.named(codec)?;
    let mut params = Params::defaults(codec.descriptor().params);
    for (name, value) in original.settings {
        params.set(name, value)?;
    }
    let (mut input, mut file) = (&original.bytes[..], Vec::new());
    let suffix = suffix(codec.descriptor().id);
    let media = Media::bytes(&mut input, suffix);
    encode_stream(codec, media, &params, &job(model), &mut file)?;
    Ok(file)
}

/// What a frozen file decodes to.
///
/// # Errors
/// As decoding.
pub fn decode(model: &[u8], file: &[u8]) -> Result<Vec<u8>> {
    let mut media = Vec::new();
    decode_streams(&codec_suite::registry(), file, &job(model), &mut media)?;
    Ok(media)
}

/// CRC-32C of the latents or the indices of a frozen file, in hexadecimal.
///
/// # Errors
/// As decoding.
pub fn latents(codec: &str, model: &[u8], file: &[u8]) -> Result<String> {
    let job = job(model);
    let bytes = if codec == VqCodec::ID {
        let mut input = file;
        let mut frames = Reader::new(&mut input, &job.budget);
        let header = frames
            .next_stream()?
            .ok_or_else(|| Error::corrupt(0, "there is no stream"))?;
        let (received, _) = VqCodec::received(&header, &mut frames, &job)?;
        let indices = received.tokens.iter().flatten();
        indices.flat_map(|index| index.to_le_bytes()).collect()
    } else {
        Latents::read(&mut &file[..], &job)?.to_npy(false)
    };
    Ok(format!("{:08x}\n", crc32c::crc32c(&bytes)))
}
