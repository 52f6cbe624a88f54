//! How probable each latent is, in integers.
//!
//! Latents of a tile (`[channels, height, width]`) are coded channel after channel, row after row. What
//! is known at a place predicts the latent there as a *mean* and a *scale*, each a weighted sum over
//! *taps*: latents (for the mean) or their magnitudes (for the scale) of the same channel to the left
//! and above, and of earlier channels all around. A table for that scale, and for where the mean lies
//! between two integers, gives the interval. All arithmetic is on integers with fixed weights, so that
//! every machine finds the same intervals; wrapping cannot happen because the weights are checked
//! when a model is read.

mod coder;
mod fit;
mod planes;
mod symbols;
mod tables;

pub use coder::{Choice, decode, encode};
pub(crate) use fit::{Counts, fit_weights};
pub use fit::{Example, fit};
pub(crate) use symbols::Expected;
pub use tables::Tables;

use codec_core::{Error, Result};

/// Latents beyond this are clamped by the encoder and refused by the decoder.
pub const MOST: i16 = 1 << 13;
/// Magnitudes count up to this.
const MOST_MAGNITUDE: i16 = 1 << 10;
/// Sum of the magnitudes of the weights of a sum, at most.
const MOST_WEIGHT: i64 = 1 << 17;

/// One term of a mean: the latent of `channel`, `down` rows below and `right` columns to the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tap {
    /// Channel of the latent; that which is predicted, or an earlier one.
    pub channel: u16,
    /// Rows: -2 to 1.
    pub down: i8,
    /// Columns: -2 to 2.
    pub right: i8,
    /// Weight in 1/4096.
    pub weight: i16,
}

/// Magnitudes of an earlier channel around a place, as terms of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// The channel.
    pub channel: u16,
    /// Weight of the magnitude at the place itself, in 1/4096.
    pub centre: i16,
    /// Weight of the sum of the eight around it, the four nearest twice, in 1/4096.
    pub ring: i16,
}

/// What predicts the latents of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelModel {
    /// Terms of the mean from the same channel's rows above, and from earlier channels.
    pub mean: Vec<Tap>,
    /// Weights of the two latents to the left in the mean, the nearest first.
    pub mean_left: [i16; 2],
    /// Constant term of the scale, in 1/4096.
    pub scale: i32,
    /// Terms of the scale from the magnitudes of the same channel's rows above.
    pub above: Vec<Tap>,
    /// Terms of the scale from earlier channels.
    pub around: Vec<Around>,
    /// Weights of the magnitudes of the two latents to the left, the nearest first.
    pub left: [i16; 2],
    /// Weight of the running mean of the channel's magnitudes, in 1/4096.
    pub running: i16,
    /// The running mean before the first latent, in 1/256.
    pub start: i32,
}

/// Predictions for all channels, for one range of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextModel {
    /// One for each channel.
    pub channels: Vec<ChannelModel>,
    /// The intervals.
    pub tables: Tables,
}

impl ContextModel {
    /// Checks that no sum can overflow and that every tap is known when it is needed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] naming the channel.
    pub fn check(&self) -> Result<()> {
        for (at, channel) in self.channels.iter().enumerate() {
            let wrong = |what: &str| {
                Err(Error::corrupt(
                    0,
                    format!("context of channel {at}: {what}"),
                ))
            };
            let known = |tap: &Tap| {
                let own = usize::from(tap.channel) == at;
                let earlier = usize::from(tap.channel) < at;
                (-2..=1).contains(&tap.down)
                    && (-2..=2).contains(&tap.right)
                    && (earlier || own && tap.down < 0)
            };
            if !channel.mean.iter().all(known) || !channel.above.iter().all(known) {
                return wrong("a tap is not known in time");
            }
            if channel
                .around
                .iter()
                .any(|around| usize::from(around.channel) >= at)
            {
                return wrong("a later channel is looked at");
            }
            let sum = |weights: &mut dyn Iterator<Item = i16>| -> i64 {
                weights.map(|weight| i64::from(weight).abs()).sum()
            };
            let mean = sum(&mut channel.mean.iter().map(|tap| tap.weight))
                + sum(&mut channel.mean_left.into_iter());
            let scale = sum(&mut channel.above.iter().map(|tap| tap.weight))
                + sum(&mut channel.left.into_iter())
                + sum(&mut channel.around.iter().map(|around| around.centre))
                + 12 * sum(&mut channel.around.iter().map(|around| around.ring))
                + i64::from(channel.running).abs();
            if mean > MOST_WEIGHT || scale > MOST_WEIGHT || channel.scale.unsigned_abs() > 1 << 24 {
                return wrong("the weights are too large");
            }
            if !(0..=1 << 20).contains(&channel.start) {
                return wrong("the running mean starts out of range");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Latents whose magnitudes follow a common envelope, as those of pictures do.
    fn examples(count: u64) -> Vec<Example> {
        let (channels, height, width) = (3, 16, 20);
        (0..count)
            .map(|seed| {
                let mut random = Random::new(5, seed);
                let mut values = vec![0i16; channels * height * width];
                for channel in 0..channels {
                    for at in 0..height * width {
                        let (row, column) = (at / width, at % width);
                        let strong = (row / 4 + column / 5 + seed as usize).is_multiple_of(3);
                        let scale = if strong { 6.0 } else { 0.3 } / (1 + channel) as f32;
                        let slope = if channel == 0 { row as f32 * 4.0 } else { 0.0 };
                        values[channel * height * width + at] =
                            (slope + scale * random.normal()).round() as i16;
                    }
                }
                Example {
                    height,
                    width,
                    values,
                }
            })
            .collect()
    }

    #[test]
    fn latents_come_back_and_cost_less_than_their_entropy() {
        let model = fit(&examples(30), 3, 2).unwrap();
        assert_eq!(model, fit(&examples(30), 3, 1).unwrap());
        let fresh = examples(33).pop().unwrap();
        let latents: Vec<f32> = fresh.values.iter().map(|&value| value.into()).collect();
        let choice = Choice {
            bit: 0.0,
            weights: vec![1.0; 3],
        };
        let (bytes, chosen) = encode(&model, &latents, [3, 16, 20], &choice).unwrap();
        assert_eq!(chosen, fresh.values);
        assert_eq!(decode(&model, &bytes, [3, 16, 20]).unwrap(), fresh.values);
        let mut counts = std::collections::HashMap::new();
        for value in &fresh.values {
            *counts.entry(*value).or_insert(0.0f64) += 1.0;
        }
        let all = fresh.values.len() as f64;
        let entropy: f64 = counts
            .values()
            .map(|count| -count * (count / all).log2())
            .sum();
        assert!(
            bytes.len() as f64 * 8.0 < 0.8 * entropy,
            "{} of {entropy}",
            bytes.len() * 8
        );
    }

    #[test]
    fn a_scale_of_the_least_integer_is_refused() {
        let mut model = fit(&examples(3), 3, 1).unwrap();
        model.channels[1].scale = i32::MIN;
        assert!(model.check().is_err());
    }

    #[test]
    fn extreme_latents_come_back() {
        let model = fit(&examples(3), 3, 1).unwrap();
        let extremes = [
            0.0,
            f32::from(MOST),
            -f32::from(MOST),
            1e9,
            -700.0,
            f32::NAN,
        ];
        let latents: Vec<f32> = (0..3 * 4 * 5).map(|at| extremes[at * 7 % 6]).collect();
        let choice = Choice {
            bit: 0.2,
            weights: Vec::new(),
        };
        let (bytes, chosen) = encode(&model, &latents, [3, 4, 5], &choice).unwrap();
        assert_eq!(decode(&model, &bytes, [3, 4, 5]).unwrap(), chosen);
    }

    #[test]
    fn damaged_bytes_are_errors_or_other_latents_but_never_panic() {
        let model = fit(&examples(3), 3, 1).unwrap();
        let latents: Vec<f32> = (0..3 * 8 * 8).map(|at| (at % 5) as f32 - 2.0).collect();
        let choice = Choice {
            bit: 0.0,
            weights: Vec::new(),
        };
        let (bytes, _) = encode(&model, &latents, [3, 8, 8], &choice).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                drop(decode(&model, &damaged, [3, 8, 8]));
            }
            drop(decode(&model, &bytes[..at], [3, 8, 8]));
        }
    }
}
