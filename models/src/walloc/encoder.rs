//! From a picture to coded tiles.

use std::ops::Range;

use codec_core::{Error, ImageShape, Job, Result, ordered};
use codec_corpora::picture::{Picture, Samples};
use codec_wavelet::Packet2d;

use super::analysis::project;
use super::export::BIT;
use super::model::ImageModel;
use super::tiles::{ANALYSIS_MARGIN, Area, Grid, TILE, cropped};
use super::{STEPS, alpha, step_size};
use crate::context::{self, Choice};
use crate::targets::last_that_fits;

/// Bytes of a payload before what is coded.
const HEAD: u64 = 6;

/// The payload of a tile.
///
/// One byte for the step, one for the number of the prefix; the number of the tile as 4 bytes,
/// little-endian; with an alpha channel, the length of the latents likewise; the latents; the alpha
/// channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedTile {
    /// Index of the step.
    pub step: usize,
    /// Number of the prefix.
    pub prefix: usize,
    /// Number of the tile, from left to right, then down.
    pub number: u32,
    /// Coded latents.
    pub latents: Vec<u8>,
    /// Coded alpha channel.
    pub alpha: Option<Vec<u8>>,
}

impl CodedTile {
    /// The payload.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.step as u8, self.prefix as u8];
        bytes.extend(self.number.to_le_bytes());
        if let Some(alpha) = &self.alpha {
            bytes.extend((self.latents.len() as u32).to_le_bytes());
            bytes.extend(&self.latents);
            bytes.extend(alpha);
        } else {
            bytes.extend(&self.latents);
        }
        bytes
    }

    /// The tile in a payload.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the position in the payload.
    pub fn from_bytes(payload: &[u8], has_alpha: bool) -> Result<Self> {
        let ([step, prefix], rest) = payload
            .split_first_chunk::<2>()
            .ok_or_else(|| Error::corrupt(0, "a tile without step and channels"))?;
        let (number, rest) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| Error::corrupt(2, "a tile without a number"))?;
        let number = u32::from_le_bytes(*number);
        let (step, prefix) = (usize::from(*step), usize::from(*prefix));
        if step >= STEPS {
            return Err(Error::corrupt(0, format!("step {step}, there are {STEPS}")));
        }
        if !has_alpha {
            return Ok(CodedTile {
                step,
                prefix,
                number,
                latents: rest.to_vec(),
                alpha: None,
            });
        }
        let short = || Error::corrupt(6, "a tile that ends before its alpha channel");
        let (len, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let len = u32::from_le_bytes(*len) as usize;
        let (latents, alpha) = rest.split_at_checked(len).ok_or_else(short)?;
        Ok(CodedTile {
            step,
            prefix,
            number,
            latents: latents.to_vec(),
            alpha: Some(alpha.to_vec()),
        })
    }
}

/// Encodes the tiles of one picture.
pub struct Encoder<'a> {
    model: &'a ImageModel,
    picture: &'a Picture,
    grid: Grid,
    prefix: usize,
    packet: Packet2d,
    choice: Choice,
}

impl<'a> Encoder<'a> {
    /// An encoder for a picture on `grid` with prefix number `prefix`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the model has too many levels.
    pub fn new(
        model: &'a ImageModel,
        picture: &'a Picture,
        grid: Grid,
        prefix: usize,
    ) -> Result<Self> {
        let packet =
            Packet2d::new(model.shape().levels).map_err(|e| Error::Internal(e.to_string()))?;
        let choice = Choice {
            bit: BIT,
            weights: model.weights.clone(),
        };
        Ok(Encoder {
            model,
            picture,
            grid,
            prefix,
            packet,
            choice,
        })
    }

    /// Latents of a tile, not quantised: `[channels, rows, columns]`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the transform refuses.
    pub fn latents(&self, tile: &Area) -> Result<Vec<f32>> {
        let n = self.model.shape().coefficients();
        let channels = self.model.shape().prefixes[self.prefix];
        let analysis = &self.model.analysis[..channels * n];
        latents_of(self.picture, &self.grid, &self.packet, analysis, tile)
    }

    /// The bytes of latents at `step`.
    fn coded(&self, latents: &[f32], tile: &Area, step: usize) -> Result<Vec<u8>> {
        let scale = 1.0 / step_size(step);
        let scaled: Vec<f32> = latents.iter().map(|value| value * scale).collect();
        let channels = self.model.shape().prefixes[self.prefix];
        let dimensions = [channels, tile.height(), tile.width()];
        let (bytes, _) =
            context::encode(self.model.context(step), &scaled, dimensions, &self.choice)?;
        Ok(bytes)
    }

    fn alpha(&self, tile: &Area) -> Option<Vec<u8>> {
        coded_alpha(self.picture, &self.grid, tile)
    }

    /// The tile that has `number` at `step`.
    ///
    /// # Errors
    /// As [`latents`](Self::latents).
    pub fn tile(&self, number: u32, tile: &Area, step: usize) -> Result<CodedTile> {
        let latents = self.coded(&self.latents(tile)?, tile, step)?;
        Ok(CodedTile {
            step,
            prefix: self.prefix,
            number,
            latents,
            alpha: self.alpha(tile),
        })
    }

    /// The finest step with which all payloads have at most `bytes`, each counted with `overhead`
    /// more; the coarsest if none has.
    ///
    /// # Errors
    /// As [`tile`](Self::tile).
    pub fn step_for(&self, bytes: u64, overhead: u64, job: &Job) -> Result<usize> {
        let channels = self.model.shape().prefixes[self.prefix] as u64;
        let floats = self.grid.places().saturating_mul(channels * 4);
        let _held = job.budget.reserve("the latents of a picture", floats)?;
        let mut kept = Vec::new();
        let mut next = self.grid.tiles(TILE).map(|(_, tile)| tile);
        ordered(
            job.threads,
            || Ok(next.next()),
            |tile| {
                let alpha = self.alpha(&tile).map_or(0, |alpha| alpha.len() as u64 + 4);
                Ok((self.latents(&tile)?, tile, alpha))
            },
            |item| {
                kept.push(item);
                Ok(())
            },
        )?;
        last_that_fits(self.model.finest(self.prefix) + 1, bytes, |step| {
            let mut total = 0u64;
            let mut next = kept.iter();
            ordered(
                job.threads,
                || Ok(next.next()),
                |(latents, tile, alpha)| {
                    let coded = self.coded(latents, tile, step)?.len() as u64;
                    Ok(coded + alpha + HEAD + overhead)
                },
                |len| {
                    total += len;
                    Ok(())
                },
            )?;
            Ok(total)
        })
    }
}

/// Latents of a tile of a picture, not quantised: `[channels, rows, columns]`.
///
/// # Errors
/// [`Error::Internal`] if the transform refuses.
pub(crate) fn latents_of(
    picture: &Picture,
    grid: &Grid,
    packet: &Packet2d,
    analysis: &[f32],
    tile: &Area,
) -> Result<Vec<f32>> {
    let internal = |error: codec_wavelet::Error| Error::Internal(error.to_string());
    let outer = grid.grown(tile, ANALYSIS_MARGIN);
    let (rows, columns) = grid.pixels(&outer);
    let shape = [3, rows.len(), columns.len()];
    let pixels = planar(picture, &rows, &columns);
    let coefficients = packet.forward(&pixels, shape).map_err(internal)?;
    let coefficients = cropped(&coefficients, &outer, tile);
    let n = 3 * grid.stride * grid.stride;
    Ok(project(analysis, &coefficients, n, tile.len()))
}

/// The alpha channel of a tile, coded, if there is one.
pub(crate) fn coded_alpha(picture: &Picture, grid: &Grid, tile: &Area) -> Option<Vec<u8>> {
    let shape = picture.shape();
    if !shape.channels.is_multiple_of(2) {
        return None;
    }
    let (rows, columns) = grid.pixels(tile);
    let values = alpha_of(picture, &rows, &columns);
    Some(alpha::encode(&values, columns.len(), shape.bits))
}

/// Colours of a part of a picture, planar `[3, rows, columns]` from -0.5 to 0.5; grey is three equal
/// colours.
fn planar(picture: &Picture, rows: &Range<usize>, columns: &Range<usize>) -> Vec<f32> {
    let shape = picture.shape();
    match picture.samples() {
        Samples::Eight(samples) => spread(samples, &shape, rows, columns, 255.0),
        Samples::Sixteen(samples) => spread(samples, &shape, rows, columns, 65_535.0),
    }
}

fn spread<T: Copy + Into<f32>>(
    samples: &[T],
    shape: &ImageShape,
    rows: &Range<usize>,
    columns: &Range<usize>,
    most: f32,
) -> Vec<f32> {
    let (channels, width) = (usize::from(shape.channels), shape.width as usize);
    let len = rows.len() * columns.len();
    let mut out = vec![0.0f32; 3 * len];
    let (red, rest) = out.split_at_mut(len);
    let (green, blue) = rest.split_at_mut(len);
    let scale = 1.0 / most;
    let mut at = 0;
    for row in rows.clone() {
        let line = &samples[(row * width + columns.start) * channels..][..columns.len() * channels];
        let value = |sample: T| sample.into() * scale - 0.5;
        let (red, green, blue) = (
            &mut red[at..][..columns.len()],
            &mut green[at..][..columns.len()],
            &mut blue[at..][..columns.len()],
        );
        at += columns.len();
        if channels < 3 {
            for (i, pixel) in line.chunks_exact(channels).enumerate() {
                let grey = value(pixel[0]);
                (red[i], green[i], blue[i]) = (grey, grey, grey);
            }
        } else {
            for (i, pixel) in line.chunks_exact(channels).enumerate() {
                red[i] = value(pixel[0]);
                green[i] = value(pixel[1]);
                blue[i] = value(pixel[2]);
            }
        }
    }
    out
}

fn alpha_of(picture: &Picture, rows: &Range<usize>, columns: &Range<usize>) -> Vec<u16> {
    let channels = picture.channels();
    let width = picture.width();
    let places = rows
        .clone()
        .flat_map(|row| columns.clone().map(move |column| (row, column)));
    let index = |(row, column): (usize, usize)| (row * width + column + 1) * channels - 1;
    match picture.samples() {
        Samples::Eight(samples) => places.map(|place| samples[index(place)].into()).collect(),
        Samples::Sixteen(samples) => places.map(|place| samples[index(place)]).collect(),
    }
}
