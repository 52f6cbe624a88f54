//! From the frames of a picture to its integers.

use codec_core::container::Frame;
use codec_core::{Error, FrameSource, ImageShape, Job, Reservation, Result, Stats, ordered};

use super::alpha;
use super::encoder::CodedTile;
use super::model::ImageModel;
use super::tiles::{Area, Grid, TILE, cropped};
use crate::context;

/// The integers of a whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageLatents {
    /// The grid that they are on.
    pub grid: Grid,
    /// Index of their step.
    pub step: usize,
    /// Number of the prefix: how many channels there are.
    pub prefix: usize,
    /// `[channels, rows, columns]`; zero in tiles that were lost.
    pub values: Vec<i16>,
    /// The alpha channel, pixel by pixel, if there is one; zero in tiles that were lost.
    pub(super) alpha: Option<Vec<u16>>,
}

/// The integers with what they took.
pub(super) struct Received {
    pub(super) latents: ImageLatents,
    pub(super) stats: Stats,
    /// Their memory.
    _held: Reservation,
}

impl Received {
    /// Decodes the entropy layer of a picture's frames.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged frames, for a tile that comes twice, and if there is none.
    pub(super) fn read(
        model: &ImageModel,
        shape: &ImageShape,
        frames: &mut dyn FrameSource,
        job: &Job,
    ) -> Result<Self> {
        let grid = Grid {
            width: shape.width as usize,
            height: shape.height as usize,
            stride: 1 << model.shape().levels,
        };
        let has_alpha = shape.channels.is_multiple_of(2);
        // A frame of almost nothing can stand for a whole tile of zeros.
        let channels = model.shape().channels() as u64;
        let integers = grid.places().saturating_mul(2 * channels);
        let alpha = u64::from(has_alpha) * 2;
        let bytes = integers.saturating_add(shape.pixels().saturating_mul(alpha));
        let held = job.budget.reserve("latents", bytes)?;
        let mut latents: Option<ImageLatents> = None;
        let mut stats = Stats::default();
        let mut next = 0u32;
        ordered(
            job.threads,
            || frames.next_frame(),
            |frame| {
                let decoded = DecodedTile::new(model, &grid, shape, &frame);
                let decoded = decoded.map_err(|error| error.offset_by(frame.payload_at))?;
                Ok((decoded, frame.payload_at, frame.payload.len()))
            },
            |(decoded, at, len)| {
                if decoded.number < next {
                    let number = decoded.number;
                    return Err(Error::corrupt(at, format!("tile {number} once more")));
                }
                next = decoded.number.saturating_add(1);
                let whole = latents.get_or_insert_with(|| decoded.blank(model, grid, shape));
                if (whole.step, whole.prefix) != (decoded.step, decoded.prefix) {
                    return Err(Error::corrupt(at, "tiles of different steps or channels"));
                }
                whole.place(&decoded);
                stats.payload_bytes += len as u64;
                stats.frames += 1;
                Ok(())
            },
        )?;
        let latents = latents.ok_or_else(|| Error::corrupt(0, "no tile of a picture is there"))?;
        Ok(Received {
            latents,
            stats,
            _held: held,
        })
    }
}

struct DecodedTile {
    number: u32,
    tile: Area,
    step: usize,
    prefix: usize,
    values: Vec<i16>,
    alpha: Option<Vec<u16>>,
}

impl DecodedTile {
    fn new(model: &ImageModel, grid: &Grid, shape: &ImageShape, frame: &Frame) -> Result<Self> {
        let coded = CodedTile::from_bytes(&frame.payload, shape.channels.is_multiple_of(2))?;
        let prefixes = &model.shape().prefixes;
        let &channels = prefixes.get(coded.prefix).ok_or_else(|| {
            Error::corrupt(1, format!("prefix {} of {}", coded.prefix, prefixes.len()))
        })?;
        let number = coded.number;
        let tile = grid
            .tile(number, TILE)
            .ok_or_else(|| Error::corrupt(2, format!("tile {number} of {}", grid.count(TILE))))?;
        let dimensions = [channels, tile.height(), tile.width()];
        let values = context::decode(model.context(coded.step), &coded.latents, dimensions)?;
        let alpha = match &coded.alpha {
            None => None,
            Some(bytes) => {
                let (rows, columns) = grid.pixels(&tile);
                let count = rows.len() * columns.len();
                Some(alpha::decode(bytes, count, columns.len(), shape.bits)?)
            }
        };
        Ok(DecodedTile {
            number,
            tile,
            step: coded.step,
            prefix: coded.prefix,
            values,
            alpha,
        })
    }

    /// A picture of zeros with the same step and channels.
    fn blank(&self, model: &ImageModel, grid: Grid, shape: &ImageShape) -> ImageLatents {
        let channels = model.shape().prefixes[self.prefix];
        ImageLatents {
            grid,
            step: self.step,
            prefix: self.prefix,
            values: vec![0; channels * grid.rows() * grid.columns()],
            alpha: self
                .alpha
                .as_ref()
                .map(|_| vec![0; shape.pixels() as usize]),
        }
    }
}

impl ImageLatents {
    fn place(&mut self, decoded: &DecodedTile) {
        let tile = &decoded.tile;
        let (rows, columns) = (self.grid.rows(), self.grid.columns());
        for (channel, plane) in decoded.values.chunks_exact(tile.len()).enumerate() {
            for (row, values) in tile.rows.clone().zip(plane.chunks_exact(tile.width())) {
                let start = (channel * rows + row) * columns + tile.columns.start;
                self.values[start..start + values.len()].copy_from_slice(values);
            }
        }
        if let (Some(whole), Some(part)) = (&mut self.alpha, &decoded.alpha) {
            let (rows, columns) = self.grid.pixels(tile);
            for (row, values) in rows.zip(part.chunks_exact(columns.len())) {
                let start = row * self.grid.width + columns.start;
                whole[start..start + values.len()].copy_from_slice(values);
            }
        }
    }

    /// The latents of `area`: `[channels, rows, columns]`.
    #[must_use]
    pub fn part(&self, area: &Area) -> Vec<i16> {
        let all = Area {
            rows: 0..self.grid.rows(),
            columns: 0..self.grid.columns(),
        };
        cropped(&self.values, &all, area)
    }
}
