//! Coding the latents of a tile.

use codec_core::{Error, Result};
use codec_entropy::golomb::{decode_exp_golomb, encode_exp_golomb};
use codec_entropy::range::{RangeDecoder, RangeEncoder};
use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};

use super::planes::Planes;
use super::tables::{Centre, Tables, class_of, plain_bits};
use super::{ContextModel, MOST};

/// Order of the code for how far a value is beyond its table.
const BEYOND_ORDER: u32 = 2;

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

/// Goes through all places in order, asks `value` for the latent at each with its class and mean.
fn walk(
    model: &ContextModel,
    planes: &mut Planes,
    channels: usize,
    mut value: impl FnMut(usize, usize, usize, i32) -> Result<i16>,
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
                    + ((i32::from(predictor.running) * running) >> 8);
                let class = class_of(scale);
                let found = value(channel, row * width + column, class, mean)?;
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
    walk(model, &mut planes, channels, |channel, at, class, mean| {
        let wanted = latents[channel * height * width + at];
        let plain = plain_bits(class);
        let centre = Centre::of(mean, plain);
        let bit = choice.bit
            / choice
                .weights
                .get(channel)
                .copied()
                .unwrap_or(1.0)
                .max(1e-6);
        let value = chosen(tables, class, centre, plain, wanted, bit);
        put(&mut encoder, tables, class, centre, plain, value);
        out[channel * height * width + at] = value;
        Ok(value)
    })?;
    Ok((encoder.finish(), out))
}

/// Shows every latent with its class and mean to `seen`.
pub(super) fn visit(
    model: &ContextModel,
    values: &[i16],
    [channels, height, width]: [usize; 3],
    mut seen: impl FnMut(usize, i32, i16),
) -> Result<()> {
    let mut planes = Planes::new(channels, height, width);
    walk(model, &mut planes, channels, |channel, at, class, mean| {
        let value = values[channel * height * width + at];
        seen(class, mean, value);
        Ok(value)
    })
}

/// The integer for `wanted` that costs least.
#[inline]
fn chosen(tables: &Tables, class: usize, centre: Centre, plain: u32, wanted: f32, bit: f32) -> i16 {
    let most = f32::from(MOST);
    let wanted = if wanted.is_nan() {
        0.0
    } else {
        wanted.clamp(-most, most)
    };
    let nearest = wanted.round();
    if bit <= 0.0 || nearest == 0.0 {
        return nearest as i16;
    }
    let toward = nearest - nearest.signum();
    let cost = |value: f32| {
        let symbol = centre.symbol(value as i32 >> plain);
        let bits = tables.cost(class, centre, symbol) as f32 / 256.0;
        (wanted - value) * (wanted - value) + bit * bits
    };
    let best = if cost(toward) < cost(nearest) {
        toward
    } else {
        nearest
    };
    let zero_is_near = best.abs() == 1.0 && toward != 0.0;
    if zero_is_near && cost(0.0) < cost(best) {
        return 0;
    }
    best as i16
}

#[inline]
fn put(
    encoder: &mut RangeEncoder,
    tables: &Tables,
    class: usize,
    centre: Centre,
    plain: u32,
    value: i16,
) {
    let unit = i32::from(value) >> plain;
    let symbol = centre.symbol(unit);
    if let Some(interval) = tables.interval(class, centre, symbol) {
        encoder.encode(interval);
    }
    if symbol == 0 {
        let (below, by) = centre.beyond(unit);
        encoder.encode_bits(u32::from(below), 1);
        encode_exp_golomb(encoder, by, BEYOND_ORDER);
    }
    if plain > 0 {
        encoder.encode_bits(value as u32 & ((1 << plain) - 1), plain);
    }
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
    walk(model, &mut planes, channels, |channel, at, class, mean| {
        let value = take(&mut decoder, &model.tables, class, mean)?;
        out[channel * height * width + at] = value;
        Ok(value)
    })?;
    decoder.finish().map_err(corrupt)?;
    Ok(out)
}

#[inline]
fn take(decoder: &mut RangeDecoder<'_>, tables: &Tables, class: usize, mean: i32) -> Result<i16> {
    let corrupt = |error: EntropyError| Error::corrupt(0, error.to_string());
    let plain = plain_bits(class);
    let centre = Centre::of(mean, plain);
    let point = decoder.point(super::tables::PRECISION).map_err(corrupt)?;
    let symbol = tables.symbol_at(class, centre, point);
    let interval: Option<Interval> = tables.interval(class, centre, symbol);
    let interval = interval.ok_or_else(|| Error::Internal("an empty interval".to_owned()))?;
    decoder.advance(interval).map_err(corrupt)?;
    let unit = if symbol == 0 {
        let below = decoder.decode_bits(1).map_err(corrupt)? == 1;
        let by = decode_exp_golomb(decoder, BEYOND_ORDER).map_err(corrupt)?;
        centre.value_beyond(below, by)
    } else {
        centre.value(symbol)
    };
    let low = if plain > 0 {
        decoder.decode_bits(plain).map_err(corrupt)?
    } else {
        0
    };
    let value = (i64::from(unit) << plain) | i64::from(low);
    i16::try_from(value)
        .ok()
        .filter(|value| value.unsigned_abs() <= MOST as u16)
        .ok_or_else(|| Error::corrupt(decoder.position() as u64, format!("a latent of {value}")))
}
