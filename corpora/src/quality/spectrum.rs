//! Magnitudes of short-time spectra.

use std::f64::consts::PI;

use codec_core::{Error, Result};
use realfft::RealFftPlanner;

/// Magnitudes of the spectra of Hann windows of `window` samples (even), a quarter of it apart:
/// `window` / 2 + 1 for each frame. Silence of half a window stands before and behind the sound, so
/// that every sample counts and any length has a frame.
pub(super) fn magnitudes(samples: &[f32], window: usize) -> Result<Vec<Vec<f32>>> {
    let hop = (window / 4).max(1);
    let weight = |at: usize| (0.5 - 0.5 * (2.0 * PI * at as f64 / window as f64).cos()) as f32;
    let weights: Vec<f32> = (0..window).map(weight).collect();
    let mut padded = vec![0.0; window / 2];
    padded.extend(samples);
    padded.resize(padded.len() + window / 2, 0.0);
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(window);
    let mut input = transform.make_input_vec();
    let mut output = transform.make_output_vec();
    let mut frames = Vec::new();
    for frame in padded.windows(window).step_by(hop) {
        for (value, (sample, weight)) in input.iter_mut().zip(frame.iter().zip(&weights)) {
            *value = sample * weight;
        }
        let done = transform.process(&mut input, &mut output);
        done.map_err(|error| Error::Internal(format!("Fourier transform: {error}")))?;
        frames.push(output.iter().map(|bin| bin.norm()).collect());
    }
    Ok(frames)
}

/// A bank of triangles that are equally wide on the mel scale of Slaney's Auditory Toolbox, each of
/// area 1 in Hz: for each band the first bin it covers, and the weights from there on.
pub(super) fn mel_bands(window: usize, rate: u32, bands: usize) -> Vec<(usize, Vec<f32>)> {
    let top = f64::from(rate) / 2.0;
    let edge = |at: usize| hz(mel(top) * at as f64 / (bands + 1) as f64);
    let bin = f64::from(rate) / window as f64;
    let band = |number: usize| {
        let (low, middle, high) = (edge(number), edge(number + 1), edge(number + 2));
        let first = (low / bin).floor() as usize;
        let last = ((high / bin).ceil() as usize).min(window / 2);
        let weight = |index: usize| {
            let at = index as f64 * bin;
            let rising = (at - low) / (middle - low);
            let falling = (high - at) / (high - middle);
            (rising.min(falling).max(0.0) * 2.0 / (high - low)) as f32
        };
        (first, (first..=last).map(weight).collect())
    };
    (0..bands).map(band).collect()
}

/// Below 1000 Hz the scale is linear, 200/3 Hz to a mel; above, 27 mels make a factor of 6.4.
const LINEAR: f64 = 200.0 / 3.0;
const TURN: f64 = 1000.0;

fn mel(hz: f64) -> f64 {
    match hz < TURN {
        true => hz / LINEAR,
        false => TURN / LINEAR + (hz / TURN).ln() * 27.0 / 6.4f64.ln(),
    }
}

fn hz(mel: f64) -> f64 {
    match mel < TURN / LINEAR {
        true => mel * LINEAR,
        false => TURN * ((mel - TURN / LINEAR) * 6.4f64.ln() / 27.0).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mel_scale_has_its_known_points() {
        for (at, expected) in [(0.0, 0.0), (1000.0, 15.0), (6400.0, 42.0)] {
            assert!((mel(at) - expected).abs() < 1e-9);
            assert!((hz(expected) - at).abs() < 1e-9);
        }
    }

    #[test]
    fn bands_have_area_1() {
        for (first, weights) in mel_bands(2048, 48_000, 40).iter().skip(8) {
            let area: f32 = weights.iter().sum::<f32>() * 48_000.0 / 2048.0;
            assert!((area - 1.0).abs() < 0.1, "band from bin {first}: {area}");
        }
    }

    #[test]
    fn a_tone_is_in_its_bin() {
        let tone: Vec<f32> = (0..4096)
            .map(|at| (2.0 * PI * 16.0 * f64::from(at) / 256.0).sin() as f32)
            .collect();
        let frames = magnitudes(&tone, 256).unwrap();
        assert_eq!(frames.len(), 4096 / 64 + 1);
        let frame = &frames[20];
        // Half the sum of the window.
        assert!((frame[16] - 64.0).abs() < 0.01, "{}", frame[16]);
        assert!(frame[20] < 0.01 && frame.len() == 129);
    }
}
