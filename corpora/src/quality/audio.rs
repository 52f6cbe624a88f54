//! Measures of sound. Samples are floats with full scale at -1 and 1.

use codec_core::{Error, Result};

use super::spectrum::{magnitudes, mel_bands};

/// Magnitudes below this count as this in logarithms.
const FLOOR: f32 = 1e-5;

/// Signal-to-distortion ratio in dB over all samples of all channels: energy of the original over that
/// of the difference. Infinite for equal sound, and minus infinity where the original is silent.
///
/// # Errors
/// [`Error::Usage`] if the lengths differ.
pub fn sdr(original: &[f32], decoded: &[f32]) -> Result<f64> {
    check_lengths(original.len(), decoded.len())?;
    let pairs = || {
        original
            .iter()
            .zip(decoded)
            .map(|(a, b)| (f64::from(*a), f64::from(*b)))
    };
    let signal: f64 = pairs().map(|(a, _)| a * a).sum();
    let apart: f64 = pairs().map(|(a, b)| (a - b) * (a - b)).sum();
    Ok(decibels(signal, apart))
}

/// Scale-invariant SDR in dB (Le Roux et al.: "SDR – half-baked or well done?", 2019) over all samples
/// of all channels as one signal, without their mean: loudness does not count.
///
/// # Errors
/// [`Error::Usage`] if the lengths differ.
pub fn si_sdr(original: &[f32], decoded: &[f32]) -> Result<f64> {
    check_lengths(original.len(), decoded.len())?;
    let mean = |samples: &[f32]| {
        let sum: f64 = samples.iter().copied().map(f64::from).sum();
        sum / samples.len().max(1) as f64
    };
    let (a_mean, b_mean) = (mean(original), mean(decoded));
    let pairs = || {
        let pairs = original.iter().zip(decoded);
        pairs.map(|(a, b)| (f64::from(*a) - a_mean, f64::from(*b) - b_mean))
    };
    let energy: f64 = pairs().map(|(a, _)| a * a).sum();
    let common: f64 = pairs().map(|(a, b)| a * b).sum();
    let scale = if energy > 0.0 { common / energy } else { 0.0 };
    let signal = scale * scale * energy;
    let apart: f64 = pairs().map(|(a, b)| (b - scale * a).powi(2)).sum();
    Ok(decibels(signal, apart))
}

/// Distance of logarithmic mel spectra: the mean over bands and frames of the difference of log10 of
/// power, summed over windows of 2048 samples (150 bands) and of 512 (80 bands); the mean over
/// channels. One channel is one element of `original` and `decoded`. 0.1 is a decibel in one window.
///
/// This is the logarithmic part of the distance that the Descript Audio Codec is evaluated with.
///
/// # Errors
/// [`Error::Usage`] if numbers of channels or lengths differ, or there is no channel.
pub fn log_mel_distance(original: &[Vec<f32>], decoded: &[Vec<f32>], rate: u32) -> Result<f64> {
    by_channel(original, decoded, |original, decoded| {
        let mut sum = 0.0;
        for (window, bands) in [(2048, 150), (512, 80)] {
            let bank = mel_bands(window, rate, bands);
            let log_mels = |samples: &[f32]| -> Result<Vec<f32>> {
                let frames = magnitudes(samples, window)?;
                let bands = |frame: &Vec<f32>| {
                    let mels = bank.iter().map(|(first, weights)| {
                        let bins = frame.iter().skip(*first).zip(weights);
                        bins.map(|(bin, weight)| bin * weight).sum::<f32>()
                    });
                    mels.map(|mel| 2.0 * mel.max(FLOOR).log10())
                        .collect::<Vec<f32>>()
                };
                Ok(frames.iter().flat_map(bands).collect())
            };
            sum += mean_difference(&log_mels(original)?, &log_mels(decoded)?);
        }
        Ok(sum)
    })
}

/// Multi-resolution STFT distance (Yamamoto et al.: "Parallel WaveGAN", 2020): spectral convergence and
/// the mean difference of natural logarithms of magnitudes, averaged over windows of 512, 1024 and 2048
/// samples, a quarter apart; the mean over channels. One channel is one element of `original` and
/// `decoded`. The paper's windows are shorter than their transforms, ours are as long.
///
/// # Errors
/// [`Error::Usage`] if numbers of channels or lengths differ, or there is no channel.
pub fn stft_distance(original: &[Vec<f32>], decoded: &[Vec<f32>]) -> Result<f64> {
    const WINDOWS: [usize; 3] = [512, 1024, 2048];
    by_channel(original, decoded, |original, decoded| {
        let mut sum = 0.0;
        for window in WINDOWS {
            let original = magnitudes(original, window)?.concat();
            let decoded = magnitudes(decoded, window)?.concat();
            let squares = |values: &mut dyn Iterator<Item = f32>| {
                values.map(|value| f64::from(value).powi(2)).sum::<f64>()
            };
            let apart = squares(&mut original.iter().zip(&decoded).map(|(a, b)| a - b)).sqrt();
            let norm = squares(&mut original.iter().copied()).sqrt();
            let logs = |values: &[f32]| -> Vec<f32> {
                values.iter().map(|value| value.max(FLOOR).ln()).collect()
            };
            // Silence against silence is no distance.
            let convergence = if apart > 0.0 {
                apart / norm.max(f64::from(FLOOR))
            } else {
                0.0
            };
            sum += convergence + mean_difference(&logs(&original), &logs(&decoded));
        }
        Ok(sum / WINDOWS.len() as f64)
    })
}

fn by_channel(
    original: &[Vec<f32>],
    decoded: &[Vec<f32>],
    distance: impl Fn(&[f32], &[f32]) -> Result<f64>,
) -> Result<f64> {
    if original.len() != decoded.len() || original.is_empty() {
        return Err(Error::Usage(format!(
            "sound of {} channels cannot be compared with sound of {}",
            original.len(),
            decoded.len()
        )));
    }
    let mut sum = 0.0;
    for (original, decoded) in original.iter().zip(decoded) {
        check_lengths(original.len(), decoded.len())?;
        sum += distance(original, decoded)?;
    }
    Ok(sum / original.len() as f64)
}

fn check_lengths(original: usize, decoded: usize) -> Result<()> {
    if original != decoded {
        return Err(Error::Usage(format!(
            "sound of {original} samples cannot be compared with sound of {decoded}"
        )));
    }
    Ok(())
}

fn mean_difference(a: &[f32], b: &[f32]) -> f64 {
    let apart = a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs()));
    apart.sum::<f64>() / a.len().max(1) as f64
}

fn decibels(signal: f64, apart: f64) -> f64 {
    match apart > 0.0 {
        true => 10.0 * (signal / apart).log10(),
        false => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..len).map(step).collect()
    }

    fn scaled(samples: &[f32], scale: f32) -> Vec<f32> {
        samples.iter().map(|sample| sample * scale).collect()
    }

    #[test]
    fn sdr_has_its_known_values() {
        let sound = noise(1000, 1);
        let found = sdr(&sound, &scaled(&sound, 0.9)).unwrap();
        assert!((found - 20.0).abs() < 1e-3, "{found}");
        assert_eq!(sdr(&[1.0, 0.0], &[1.0, 0.0]).unwrap(), f64::INFINITY);
        assert_eq!(sdr(&[0.0], &[1.0]).unwrap(), f64::NEG_INFINITY);
        assert!(matches!(sdr(&[0.0], &[]), Err(Error::Usage(_))));
    }

    #[test]
    fn si_sdr_takes_no_notice_of_loudness_and_mean() {
        // An error of a tenth that is orthogonal to the signal: 20 dB.
        let original = [1.0, -1.0, 1.0, -1.0];
        let decoded = [0.55, -0.45, 0.45, -0.55].map(|sample: f32| sample + 0.2);
        let found = si_sdr(&original, &decoded).unwrap();
        assert!((found - 20.0).abs() < 1e-4, "{found}");
        let sound = noise(1000, 1);
        assert!(si_sdr(&sound, &scaled(&sound, 0.3)).unwrap() > 100.0);
        assert!(si_sdr(&sound, &noise(1000, 2)).unwrap() < -10.0);
    }

    #[test]
    fn spectral_distances_of_louder_sound_have_their_known_values() {
        let sound = noise(20_000, 1);
        let louder = scaled(&sound, 10.0f32.sqrt());
        // Ten decibels in each of two windows.
        let found = log_mel_distance(from_ref(&sound), from_ref(&louder), 24_000).unwrap();
        assert!((found - 2.0).abs() < 0.01, "{found}");
        let expected = 10.0f64.sqrt() - 1.0 + 10.0f64.ln() / 2.0;
        let found = stft_distance(&[sound], &[louder]).unwrap();
        assert!((found - expected).abs() < 0.01, "{found} is not {expected}");
    }

    #[test]
    fn equal_and_silent_sound_has_no_distance() {
        for sound in [noise(5000, 3), vec![0.0; 5000], vec![0.5], Vec::new()] {
            let channels = [sound.clone(), sound];
            assert_eq!(log_mel_distance(&channels, &channels, 48_000).unwrap(), 0.0);
            assert_eq!(stft_distance(&channels, &channels).unwrap(), 0.0);
        }
    }

    #[test]
    fn distances_grow_with_noise() {
        let sound = noise(20_000, 1);
        let other = noise(20_000, 2);
        let mixed = |part: f32| -> Vec<f32> {
            let pairs = sound.iter().zip(&other);
            pairs.map(|(a, b)| a + part * b).collect()
        };
        let mels = [0.01, 0.1, 1.0]
            .map(|part| log_mel_distance(from_ref(&sound), &[mixed(part)], 24_000).unwrap());
        let stfts =
            [0.01, 0.1, 1.0].map(|part| stft_distance(from_ref(&sound), &[mixed(part)]).unwrap());
        assert!(mels.is_sorted_by(|a, b| a < b), "{mels:?}");
        assert!(stfts.is_sorted_by(|a, b| a < b), "{stfts:?}");
    }

    #[test]
    fn sound_that_cannot_be_compared_is_refused() {
        let mono = [vec![0.0; 10]];
        let stereo = [vec![0.0; 10], vec![0.0; 10]];
        assert!(matches!(
            stft_distance(&mono, &stereo),
            Err(Error::Usage(_))
        ));
        assert!(matches!(stft_distance(&[], &[]), Err(Error::Usage(_))));
        let longer = [vec![0.0; 11]];
        assert!(matches!(
            log_mel_distance(&mono, &longer, 8000),
            Err(Error::Usage(_))
        ));
    }
}
