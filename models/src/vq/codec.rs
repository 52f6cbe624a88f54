//! `vq` as a codec of the suite: pictures at extreme rates.

use std::sync::Arc;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    Codec, Content, Descriptor, Error, FrameSink, FrameSource, Job, Media, MediaDescription,
    MediaKind, MediaSink, Memory, ParamKind, ParamSpec, Params, Result, Shape, Stats, ordered,
};

use super::encoder::Encoder;
use super::model::VqModel;
use super::received::Received;
use super::session::STEP_OF_STAGE;
use super::tile::PACES;
use crate::device::DeviceChoice;
use crate::pictures::{bytes_of, read, target};
use crate::shipped;
use crate::targets::{BPP, CONTAINER, FRAME, TARGET_SIZE, last_that_fits};
use crate::walloc::decoder::Decoder;
use crate::walloc::paint::paint;
use crate::walloc::tiles::Grid;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "quality",
        doc: "how much is kept: 1 is about 0.005 bits per pixel, 50 about 0.03, 100 about 0.1",
        kind: ParamKind::Integer {
            min: 1,
            max: 100,
            default: 50,
        },
        needed_to_decode: false,
    },
    BPP,
    TARGET_SIZE,
];

/// Latents of a tile's side: tiles are coded on their own.
pub(super) const TILE: usize = 64;
/// Memory to encode a tile, in bytes: pixels, coefficients, latents.
const TILE_MEMORY: u64 = 48 << 20;

/// Numbers of stages and paces from the smallest files to the largest.
const LADDER: [(usize, usize); 24] = [
    (1, 15),
    (1, 11),
    (2, 15),
    (2, 14),
    (2, 13),
    (2, 12),
    (2, 11),
    (2, 10),
    (2, 9),
    (2, 8),
    (2, 7),
    (2, 6),
    (3, 9),
    (3, 8),
    (3, 7),
    (3, 6),
    (3, 5),
    (4, 8),
    (4, 7),
    (4, 6),
    (4, 5),
    (4, 4),
    (4, 3),
    (4, 0),
];

/// The codec `vq`.
///
/// Reads a picture's file (PNG, JPEG, PNM, WebP) and decodes to PNG, as [`walloc`](crate::walloc)
/// does, at rates from 0.005 to 0.1 bits per pixel.
#[derive(Debug, Clone, Copy, Default)]
pub struct VqCodec {
    /// Where networks run when decoding.
    pub device: DeviceChoice,
}

impl VqCodec {
    /// Its identifier in files.
    pub const ID: &'static str = "vq";
    /// The version of its payloads.
    pub const VERSION: u32 = 1;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: Self::ID,
        version: Self::VERSION,
        summary: "pictures at extreme rates: indices of learned codebooks (lossy)",
        media: &[MediaKind::Image],
        lossless: false,
        params: PARAMS,
    };

    /// The indices of a picture's stream: the entropy layer is decoded, no pixel is made.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub fn received(
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
    ) -> Result<(Received, Arc<VqModel>)> {
        let Shape::Image(shape) = header.media.shape else {
            return Err(Error::corrupt(
                0,
                "a stream of vq without the shape of a picture",
            ));
        };
        let model: Arc<VqModel> = shipped::named(&header.model, job)?;
        let received = Received::read(&model, &shape, frames, job)?;
        Ok((received, model))
    }
}

/// The grid of a picture's latents.
pub(super) fn grid(model: &VqModel, width: u32, height: u32) -> Grid {
    Grid {
        width: width as usize,
        height: height as usize,
        stride: 1 << model.shape().levels,
    }
}

/// The rung of a quality.
fn rung_of_quality(quality: i64) -> usize {
    ((quality.clamp(1, 100) - 1) as usize * (LADDER.len() - 1) + 49) / 99
}

impl Codec for VqCodec {
    fn descriptor(&self) -> &Descriptor {
        &Self::DESCRIPTOR
    }

    fn memory(&self, _params: &Params) -> Memory {
        // The picture is in memory whole: this is for one of 100 megapixels. Decoding takes less where
        // it has less.
        Memory {
            encode: 1400 << 20,
            decode: 300 << 20,
        }
    }

    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        job: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats> {
        let Content::Bytes(reader) = media.content else {
            return Err(Error::Unsupported(
                "vq reads the bytes of a picture's file".to_owned(),
            ));
        };
        let (picture, content_bytes) = read(reader, job)?;
        let shape = picture.shape();
        let _held = job.budget.reserve("a picture", bytes_of(&shape))?;
        let model: Arc<VqModel> = shipped::chosen(job)?;
        let grid = grid(&model, shape.width, shape.height);
        let description = MediaDescription::new(Shape::Image(shape), &media.description.suffix);
        let tile_pixels = ((TILE * grid.stride) as u64).pow(2).min(shape.pixels());
        let mut header = StreamHeader::new(&Self::DESCRIPTOR, params, description, tile_pixels);
        header.model = model.hash().to_le_bytes().to_vec();
        let encoder = Encoder::new(&model, &picture, grid)?;
        let fixed = header.to_bytes().len() as u64 + CONTAINER;
        let rung = match target(params, &shape)? {
            None => rung_of_quality(params.integer("quality")),
            Some(bytes) => rung_for(&encoder, &grid, bytes.saturating_sub(fixed), job)?,
        };
        frames.begin(&header)?;
        let mut stats = Stats {
            content_bytes,
            ..Stats::default()
        };
        let mut tiles = grid.tiles(TILE);
        ordered(
            job.workers(TILE_MEMORY),
            || Ok(tiles.next()),
            |(number, tile)| {
                let payload = encoder.payload(number, &tile, LADDER[rung])?;
                let (rows, columns) = grid.pixels(&tile);
                Ok(Frame::lossy((rows.len() * columns.len()) as u64, payload))
            },
            |frame| {
                stats.payload_bytes += frame.payload.len() as u64;
                stats.frames += 1;
                frames.frame(frame)
            },
        )?;
        Ok(stats)
    }

    fn decode(
        &self,
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats> {
        let (received, model) = Self::received(header, frames, job)?;
        let decoder = Decoder::of_arrays(model.shape(), &model.synthesis, &self.device.open()?)?;
        let bytes = bytes_of(&received.shape);
        job.budget.produce(bytes)?;
        let step = (received.count.max(1) - 1) * STEP_OF_STAGE;
        let (grid, alpha) = (received.grid, received.alpha.as_deref());
        paint(
            &decoder,
            grid,
            received.shape,
            alpha,
            job,
            media,
            |outer, inner| {
                let latents = received.latents(outer);
                decoder.pixels_of(latents, 0.0, (step, 0), &grid, outer, inner)
            },
        )?;
        Ok(Stats {
            content_bytes: bytes,
            ..received.stats
        })
    }
}

/// The highest rung with which all payloads have at most `bytes`, the lowest if none has.
fn rung_for(encoder: &Encoder<'_>, grid: &Grid, bytes: u64, job: &Job) -> Result<usize> {
    last_that_fits(LADDER.len(), bytes, |rung| {
        let mut total = 0u64;
        let mut tiles = grid.tiles(TILE);
        ordered(
            job.workers(TILE_MEMORY),
            || Ok(tiles.next()),
            |(number, tile)| encoder.payload(number, &tile, LADDER[rung]),
            |payload| {
                total += payload.len() as u64 + FRAME;
                Ok(())
            },
        )?;
        Ok(total)
    })
}

const _: () = {
    let mut at = 0;
    while at < LADDER.len() {
        assert!(LADDER[at].1 < PACES);
        at += 1;
    }
};
