//! Coding the latents of a tile.

use codec_core::{Error, Result};
use codec_entropy::EntropyError;
use codec_entropy::range::{RangeDecoder, RangeEncoder};

use super::planes::Planes;
use super::symbols::Expected;
use super::tables::class_of;
use super::{ContextModel, MOST};

/// How the encoder chooses integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Squared steps that a bit is worth: 0 rounds to the nearest.
    pub bit: f32,
    /// Weight of a squared error in each channel.
    pub weights: Vec<f32>,
}

/// The running mean of a channel's magnitudes, in 1/256.
#[inline]
pub(super) fn next_running(running: i32, value: i16) -> i32 {
    running + (((i32::from(value).abs().min(1 << 10) << 8) - running) >> 5)
}

/// Goes through all places in order, asks `value` for the latent at each with what is expected.
fn walk(
    model: &ContextModel,
    planes: &mut Planes,
    channels: usize,
    mut value: impl FnMut(usize, usize, Expected) -> Result<i16>,
) -> Result<()> {
    let (height, width) = (planes.height, planes.width);
    let (mut means, mut scales) = (vec![0; width], vec![0; width]);
    for (channel, predictor) in model.channels.iter().enumerate().take(channels) {
        let mut running = predictor.start;
        let [mean_1, mean_2] = predictor.mean_left.map(i32::from);
        let [left_1, left_2] = predictor.left.map(i32::from);
        for row in 0..height {
            planes.row_sums(predictor, row, &mut means, &mut scales);
            let start = planes.at(channel, row, 0);
            let (mut last, mut before) = (0i16, 0i16);
            for column in 0..width {
                let mean = means[column] + mean_1 * i32::from(last) + mean_2 * i32::from(before);
                let magnitude = |value: i16| i32::from(value).abs().min(1 << 10);
                let scale = scales[column]
                    + left_1 * magnitude(last)
                    + left_2 * magnitude(before)
                    + ((i64::from(predictor.running) * i64::from(running)) >> 8) as i32;
                let expected = Expected::new(class_of(scale), mean);
                let found = value(channel, row * width + column, expected)?;
                planes.set(start + column, found);
                running = next_running(running, found);
                before = last;
                last = found;
            }
        }
        planes.finish(channel);
    }
    Ok(())
}

/// Codes latents (`[channels, height, width]` in steps) and gives the bytes and the integers that
/// they stand for.
///
/// # Errors
/// [`Error::Internal`] if the model has fewer channels.
pub fn encode(
    model: &ContextModel,
    latents: &[f32],
    [channels, height, width]: [usize; 3],
    choice: &Choice,
) -> Result<(Vec<u8>, Vec<i16>)> {
    if model.channels.len() < channels || latents.len() != channels * height * width {
        return Err(Error::Internal(
            "latents of another shape than the model's".to_owned(),
        ));
    }
    let mut encoder = RangeEncoder::new();
    let mut planes = Planes::new(channels, height, width);
    let tables = &model.tables;
    let mut out = vec![0i16; latents.len()];
    walk(model, &mut planes, channels, |channel, at, expected| {
        let wanted = latents[channel * height * width + at];
        let bit = choice.bit
            / choice
                .weights
                .get(channel)
                .copied()
                .unwrap_or(1.0)
                .max(1e-6);
        let value = expected.chosen(tables, wanted, bit, MOST.into());
        expected.put(&mut encoder, tables, value);
        let value = value as i16;
        out[channel * height * width + at] = value;
        Ok(value)
    })?;
    Ok((encoder.finish(), out))
}

/// Shows every latent with what was expected of it to `seen`.
pub(super) fn visit(
    model: &ContextModel,
    values: &[i16],
    [channels, height, width]: [usize; 3],
    mut seen: impl FnMut(Expected, i16),
) -> Result<()> {
    let mut planes = Planes::new(channels, height, width);
    walk(model, &mut planes, channels, |channel, at, expected| {
        let value = values[channel * height * width + at];
        seen(expected, value);
        Ok(value)
    })
}

/// The integers behind `bytes`, `[channels, height, width]`.
///
/// # Errors
/// [`Error::Corrupt`] with the position in `bytes`.
pub fn decode(
    model: &ContextModel,
    bytes: &[u8],
    [channels, height, width]: [usize; 3],
) -> Result<Vec<i16>> {
    let corrupt = |error: EntropyError| Error::corrupt(0, error.to_string());
    let mut decoder = RangeDecoder::new(bytes);
    let mut planes = Planes::new(channels, height, width);
    let mut out = vec![0i16; channels * height * width];
    walk(model, &mut planes, channels, |channel, at, expected| {
        let value = expected.take(&mut decoder, &model.tables, MOST.into())? as i16;
        out[channel * height * width + at] = value;
        Ok(value)
    })?;
    decoder.finish().map_err(corrupt)?;
    Ok(out)
}
