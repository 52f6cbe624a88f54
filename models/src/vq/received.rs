//! From the frames of a picture to its indices and latents.

use codec_core::container::Frame;
use codec_core::{Error, FrameSource, ImageShape, Job, Reservation, Result, Stats, ordered};

use super::UNIT;
use super::codec::{TILE, grid};
use super::encoder::Payload;
use super::model::VqModel;
use super::stages::{COARSE, Size};
use super::tile::{Tokens, decode};
use crate::walloc::alpha;
use crate::walloc::tiles::{Area, Grid};

/// A picture's indices, and the latents that they add up to; zero in tiles that were lost.
pub struct Received {
    /// The shape of the picture.
    pub shape: ImageShape,
    /// The grid of its latents.
    pub grid: Grid,
    /// Number of stages.
    pub count: usize,
    /// Indices of each stage, `[rows, columns]` of its grid.
    pub tokens: Tokens,
    /// `[rows, columns, channels]` in units.
    latents: Vec<i16>,
    channels: usize,
    /// The alpha channel, pixel by pixel, if there is one.
    pub(super) alpha: Option<Vec<u16>>,
    pub(super) stats: Stats,
    _held: Reservation,
}

struct DecodedTile {
    number: u32,
    area: Area,
    tokens: Tokens,
    sum: Vec<i32>,
    alpha: Option<Vec<u16>>,
}

impl Received {
    /// Decodes the entropy layer of a picture's frames.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged frames, for a tile that comes twice, and if there is none.
    pub(super) fn read(
        model: &VqModel,
        shape: &ImageShape,
        frames: &mut dyn FrameSource,
        job: &Job,
    ) -> Result<Self> {
        let grid = grid(model, shape.width, shape.height);
        let has_alpha = shape.channels.is_multiple_of(2);
        let place = 2 * (model.stages.channels + model.stages.count()) as u64;
        let alpha = shape.pixels().saturating_mul(2 * u64::from(has_alpha));
        let bytes = grid.places().saturating_mul(place).saturating_add(alpha);
        let mut received = Received {
            shape: *shape,
            grid,
            count: 0,
            tokens: Vec::new(),
            latents: Vec::new(),
            channels: model.stages.channels,
            alpha: None,
            stats: Stats::default(),
            _held: job.budget.reserve("latents", bytes)?,
        };
        let mut next = 0u32;
        ordered(
            job.threads,
            || frames.next_frame(),
            |frame| {
                let tile = DecodedTile::new(model, &grid, shape, &frame);
                let tile = tile.map_err(|error| error.offset_by(frame.payload_at))?;
                Ok((tile, frame.payload_at, frame.payload.len()))
            },
            |(tile, at, len)| {
                if tile.number < next {
                    let number = tile.number;
                    return Err(Error::corrupt(at, format!("tile {number} once more")));
                }
                next = tile.number.saturating_add(1);
                if received.count == 0 {
                    received.begin(&tile);
                }
                if received.count != tile.tokens.len() {
                    return Err(Error::corrupt(at, "tiles of different numbers of stages"));
                }
                received.place(&tile);
                received.stats.payload_bytes += len as u64;
                received.stats.frames += 1;
                Ok(())
            },
        )?;
        if received.count == 0 {
            return Err(Error::corrupt(0, "no tile of a picture is there"));
        }
        Ok(received)
    }

    fn size(&self) -> Size {
        Size {
            height: self.grid.rows(),
            width: self.grid.columns(),
        }
    }

    fn begin(&mut self, tile: &DecodedTile) {
        let size = self.size();
        self.count = tile.tokens.len();
        self.tokens = (0..self.count)
            .map(|stage| vec![0; size.of_stage(stage).area()])
            .collect();
        self.latents = vec![0; size.area() * self.channels];
        self.alpha = tile
            .alpha
            .as_ref()
            .map(|_| vec![0; self.shape.pixels() as usize]);
    }

    fn place(&mut self, tile: &DecodedTile) {
        let (size, area) = (self.size(), &tile.area);
        let rows = tile.sum.chunks_exact(area.width() * self.channels);
        for (row, values) in area.rows.clone().zip(rows) {
            let start = (row * size.width + area.columns.start) * self.channels;
            for (to, &value) in self.latents[start..].iter_mut().zip(values) {
                *to = value.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
        }
        let inner = Size {
            height: area.height(),
            width: area.width(),
        };
        for (stage, (whole, part)) in self.tokens.iter_mut().zip(&tile.tokens).enumerate() {
            let (outer, inner) = (size.of_stage(stage), inner.of_stage(stage));
            let shrink = if stage == 0 { COARSE } else { 1 };
            let (top, left) = (area.rows.start / shrink, area.columns.start / shrink);
            for (row, values) in part.chunks_exact(inner.width).enumerate() {
                let start = (top + row) * outer.width + left;
                whole[start..start + values.len()].copy_from_slice(values);
            }
        }
        if let (Some(whole), Some(part)) = (&mut self.alpha, &tile.alpha) {
            let (rows, columns) = self.grid.pixels(area);
            for (row, values) in rows.zip(part.chunks_exact(columns.len())) {
                let start = row * self.grid.width + columns.start;
                whole[start..start + values.len()].copy_from_slice(values);
            }
        }
    }

    /// The latents of `area`, `[channels, rows, columns]`, in the range of a pixel.
    #[must_use]
    pub fn latents(&self, area: &Area) -> Vec<f32> {
        let columns = self.grid.columns();
        let mut out = vec![0.0; self.channels * area.len()];
        for (y, row) in area.rows.clone().enumerate() {
            for (x, column) in area.columns.clone().enumerate() {
                let start = (row * columns + column) * self.channels;
                let place = &self.latents[start..start + self.channels];
                for (channel, &value) in place.iter().enumerate() {
                    out[channel * area.len() + y * area.width() + x] = f32::from(value) / UNIT;
                }
            }
        }
        out
    }
}

impl DecodedTile {
    fn new(model: &VqModel, grid: &Grid, shape: &ImageShape, frame: &Frame) -> Result<Self> {
        let payload = Payload::new(&frame.payload, model.stages.count())?;
        let number = payload.number;
        let area = grid
            .tile(number, TILE)
            .ok_or_else(|| Error::corrupt(2, format!("tile {number} of {}", grid.count(TILE))))?;
        let size = Size {
            height: area.height(),
            width: area.width(),
        };
        let decoded = decode(
            &model.stages,
            &model.priors,
            &payload.parts,
            size,
            payload.pace,
        );
        let (tokens, sum) = decoded.map_err(|error| error.offset_by(payload.parts_at as u64))?;
        let alpha = if shape.channels.is_multiple_of(2) {
            let (rows, columns) = grid.pixels(&area);
            let count = rows.len() * columns.len();
            Some(alpha::decode(
                payload.rest,
                count,
                columns.len(),
                shape.bits,
            )?)
        } else if payload.rest.is_empty() {
            None
        } else {
            let at = frame.payload.len() - payload.rest.len();
            return Err(Error::corrupt(at as u64, "bytes behind a tile"));
        };
        Ok(DecodedTile {
            number,
            area,
            tokens,
            sum,
            alpha,
        })
    }
}
