//! Coding a tile: choosing indices by what they cost, and writing and reading them.

use codec_core::{Error, Result};
use codec_entropy::MAX_PRECISION;
use codec_entropy::range::{RangeDecoder, RangeEncoder};
use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError};

use super::codebook::least;
use super::prior::{Distribution, INPUTS, Known, Prior};
use super::stages::{Size, Stages};

/// Number of paces: `0..PACES`.
pub const PACES: usize = 16;

/// How dear a bit is, in squared units: two paces double it.
#[must_use]
pub fn price(pace: usize) -> f32 {
    32.0 * (pace as f32 / 2.0).exp2()
}

/// Indices of a tile, stage after stage, each `[rows, columns]` of its grid.
pub type Tokens = Vec<Vec<u16>>;

/// The inputs at a place, the last of which is the pace.
fn inputs(known: &Known<'_>, at: usize, pace: usize, inputs: &mut [i32; INPUTS]) {
    known.inputs(at, inputs);
    inputs[INPUTS - 1] = pace as i32 * 16 - 128;
}

/// Chooses the indices of `stages` stages for latents (`[area, channels]` in units): at each place that
/// for which squared error and the price of the bits are least. Without priors the nearest.
/// `seen` hears stage, inputs and index.
pub fn choose(
    stages: &Stages,
    priors: &[Prior],
    latents: &[f32],
    size: Size,
    (count, pace): (usize, usize),
    mut seen: impl FnMut(usize, &[i32; INPUTS], u16),
) -> Tokens {
    let mut sum = vec![0i32; latents.len()];
    let mut left = latents.to_vec();
    let (mut wanted, mut distances, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    let mut distribution = Distribution::default();
    let mut now = [0; INPUTS];
    let mut tokens = Vec::new();
    for stage in 0..count.min(stages.count()) {
        let mut known = Known::new(size, stages.channels, stage, &sum);
        let mut indices = Vec::new();
        for at in 0..size.of_stage(stage).area() {
            stages.wanted(&left, size, stage, at, &mut wanted);
            stages.book(stage).distances(&wanted, &mut distances);
            inputs(&known, at, pace, &mut now);
            if let Some(prior) = priors.get(stage) {
                distribution.look(prior, &now);
                distribution.costs(&mut costs);
                let price = price(pace);
                for (distance, cost) in distances.iter_mut().zip(&costs) {
                    *distance += price * cost;
                }
            }
            let code = least(&distances);
            seen(stage, &now, code as u16);
            known.set(stages, at, code);
            indices.push(code as u16);
        }
        sum = known.sum();
        for (left, (latent, sum)) in left.iter_mut().zip(latents.iter().zip(&sum)) {
            *left = latent - *sum as f32;
        }
        tokens.push(indices);
    }
    tokens
}

/// The bytes of each stage's indices.
///
/// # Errors
/// [`Error::Internal`] for indices that the stages do not have.
pub fn encode(
    stages: &Stages,
    priors: &[Prior],
    tokens: &Tokens,
    size: Size,
    pace: usize,
) -> Result<Vec<Vec<u8>>> {
    let mut sum = vec![0i32; size.area() * stages.channels];
    let mut distribution = Distribution::default();
    let mut now = [0; INPUTS];
    let mut parts = Vec::new();
    for (stage, (indices, prior)) in tokens.iter().zip(priors).enumerate() {
        let mut encoder = RangeEncoder::new();
        let mut known = Known::new(size, stages.channels, stage, &sum);
        for (at, &index) in indices.iter().enumerate() {
            inputs(&known, at, pace, &mut now);
            distribution.look(prior, &now);
            distribution.finish();
            let interval = distribution.interval(index.into());
            encoder.encode(
                interval
                    .ok_or_else(|| Error::Internal(format!("index {index} of stage {stage}")))?,
            );
            known.set(stages, at, index.into());
        }
        sum = known.sum();
        parts.push(encoder.finish());
    }
    Ok(parts)
}

/// The indices in the bytes of leading stages, and the latents that they add up to, `[area, channels]`
/// in units.
///
/// # Errors
/// [`Error::Corrupt`] with the position in the part.
pub fn decode(
    stages: &Stages,
    priors: &[Prior],
    parts: &[&[u8]],
    size: Size,
    pace: usize,
) -> Result<(Tokens, Vec<i32>)> {
    let corrupt = |error: EntropyError| Error::corrupt(0, error.to_string());
    let mut sum = vec![0i32; size.area() * stages.channels];
    let mut distribution = Distribution::default();
    let mut now = [0; INPUTS];
    let mut tokens = Vec::new();
    for (stage, (part, prior)) in parts.iter().zip(priors).enumerate() {
        let mut decoder = RangeDecoder::new(part);
        let mut known = Known::new(size, stages.channels, stage, &sum);
        let mut indices = Vec::new();
        for at in 0..size.of_stage(stage).area() {
            inputs(&known, at, pace, &mut now);
            distribution.look(prior, &now);
            distribution.finish();
            let point = decoder.point(MAX_PRECISION).map_err(corrupt)?;
            let (code, interval) = distribution
                .at(point)
                .ok_or_else(|| Error::Internal("a point outside of all intervals".to_owned()))?;
            decoder.advance(interval).map_err(corrupt)?;
            known.set(stages, at, code);
            indices.push(code as u16);
        }
        decoder.finish().map_err(corrupt)?;
        sum = known.sum();
        tokens.push(indices);
    }
    Ok((tokens, sum))
}
