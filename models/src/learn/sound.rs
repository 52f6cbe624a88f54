//! What a classifier sees of a sound.

use std::f32::consts::PI;
use std::path::Path;

use codec_core::{Budget, Codec, Error, Job, Limits, Media, Params, Result, encode_stream};
use codec_corpora::sound::{Sound, SoundSamples};

use super::View;
use crate::latents::Latents;
use crate::walloc::audio::WallocAudioCodec;

/// Zero crossings of the low-pass filter on each side.
const CROSSINGS: f32 = 4.0;

/// The sound of a file by a view of sounds.
pub(super) fn seen_sound(path: &Path, view: View) -> Result<([usize; 3], Vec<f32>)> {
    let sound = Sound::open(path, &Budget::new(Limits::none()))
        .map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?;
    let (View::Bands { samples, .. } | View::Waveform { samples, .. }) = view else {
        return Err(Error::Internal("a sound as a picture".to_owned()));
    };
    let channels = usize::from(sound.shape().channels.max(1));
    let all = sound.to_f32();
    let mono = all
        .chunks_exact(channels)
        .map(|sample| sample.iter().sum::<f32>() / channels as f32);
    let silence = std::iter::repeat(0.0);
    let wave: Vec<f32> = mono.chain(silence).take(samples).collect();
    match view {
        View::Bands { bands, quality, .. } => latents(wave, sound.shape().rate, bands, quality),
        View::Waveform { len, .. } => Ok(([1, 1, len], slower(&wave, len))),
        View::Latents { .. } | View::Pixels { .. } => {
            Err(Error::Internal("a sound as a picture".to_owned()))
        }
    }
}

/// Encodes the wave and takes the latents out of the file.
fn latents(wave: Vec<f32>, rate: u32, bands: usize, quality: u8) -> Result<([usize; 3], Vec<f32>)> {
    let sound = Sound::new(rate, 1, 32, SoundSamples::Float(wave))?;
    let mut wav = Vec::new();
    sound.write_wav(&mut wav)?;
    let codec = WallocAudioCodec;
    let mut params = Params::defaults(codec.descriptor().params);
    params.set("bands", &bands.to_string())?;
    params.set("quality", &quality.to_string())?;
    let job = Job::single_threaded();
    let (mut input, mut file) = (&wav[..], Vec::new());
    encode_stream(
        &codec,
        Media::bytes(&mut input, "wav"),
        &params,
        &job,
        &mut file,
    )?;
    let latents = Latents::read(&mut &file[..], &job)?;
    Ok((latents.shape, latents.dequantised()))
}

/// The wave at a lower rate, so that there are `len` numbers: by a sinc under a Hann window.
fn slower(wave: &[f32], len: usize) -> Vec<f32> {
    let ratio = (wave.len() as f32 / len.max(1) as f32).max(1.0);
    let reach = CROSSINGS * ratio;
    let at = |number: usize| {
        let middle = (number as f32 + 0.5) * ratio - 0.5;
        let first = (middle - reach).ceil().max(0.0) as usize;
        let last = ((middle + reach).floor() as usize).min(wave.len().saturating_sub(1));
        let terms = (first..=last).map(|at| {
            let x = (at as f32 - middle) / ratio;
            let sinc = if x == 0.0 {
                1.0
            } else {
                (PI * x).sin() / (PI * x)
            };
            let window = 0.5 + 0.5 * (PI * x / CROSSINGS).cos();
            wave[at] * sinc * window / ratio
        });
        terms.sum()
    };
    (0..len).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_wave_keeps_low_tones_and_loses_high_ones() {
        let tone = |frequency: f32| -> Vec<f32> {
            (0..4000)
                .map(|at| (at as f32 * frequency * 2.0 * PI).sin())
                .collect()
        };
        let energy = |wave: &[f32]| -> f32 {
            let middle = &wave[100..wave.len() - 100];
            middle.iter().map(|value| value * value).sum::<f32>() / middle.len() as f32
        };
        assert!((energy(&slower(&tone(0.03), 1000)) - 0.5).abs() < 0.02);
        assert!(energy(&slower(&tone(0.3), 1000)) < 0.001);
    }
}
