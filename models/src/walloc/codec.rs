//! `walloc` as a codec of the suite: pictures.

use std::sync::Arc;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    Codec, Content, Descriptor, Error, FrameSink, FrameSource, Job, Media, MediaDescription,
    MediaKind, MediaSink, Memory, ParamKind, ParamSpec, Params, Result, Shape, Stats, ordered,
};

use super::STEPS;
use super::decoder::Decoder;
use super::encoder::Encoder;
use super::latents::{ImageLatents, Received};
use super::model::ImageModel;
use super::paint::paint;
use super::tiles::{Grid, TILE};
use crate::device::DeviceChoice;
use crate::pictures::{bytes_of, read, target};
use crate::shipped;
use crate::targets::{BPP, CONTAINER, FRAME, TARGET_SIZE};

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "quality",
        doc: "how finely latents are kept: 1 is smallest, 50 about 0.5 bits per pixel, 100 finest",
        kind: ParamKind::Integer {
            min: 1,
            max: 100,
            default: 50,
        },
        needed_to_decode: false,
    },
    BPP,
    TARGET_SIZE,
    ParamSpec {
        name: "channels",
        doc: "channels of the latents: 4, 8 and 16 reduce the dimension 48, 24 and 12 times; 48 is for quality",
        kind: ParamKind::Integer {
            min: 1,
            max: 256,
            default: 48,
        },
        needed_to_decode: false,
    },
];

/// Memory to encode a tile, in bytes: pixels, coefficients and latents.
const TILE_MEMORY: u64 = (TILE * TILE) as u64 * 2400;

/// The codec `walloc`.
///
/// Reads a picture's file (PNG, JPEG, PNM, WebP) and decodes to PNG. Grey pictures are coded as RGB
/// with equal colours, which costs nothing, and decode to grey; an alpha channel is kept without loss;
/// pictures of 16 bits decode to 16 bits.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallocCodec {
    /// Where networks run when decoding.
    pub device: DeviceChoice,
}

impl WallocCodec {
    /// Its identifier in files.
    pub const ID: &'static str = "walloc";
    /// The version of its payloads.
    pub const VERSION: u32 = 1;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: Self::ID,
        version: Self::VERSION,
        summary: "pictures by wavelet packets, a linear bottleneck and a small network (lossy)",
        media: &[MediaKind::Image],
        lossless: false,
        params: PARAMS,
    };
}

impl WallocCodec {
    /// The integers of a picture's stream and their number of channels: the entropy layer is decoded,
    /// no pixel is made.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub fn latents(
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
    ) -> Result<(ImageLatents, usize)> {
        let Shape::Image(shape) = header.media.shape else {
            return Err(Error::corrupt(
                0,
                "a stream of walloc without the shape of a picture",
            ));
        };
        let model: Arc<ImageModel> = shipped::named(&header.model, job)?;
        let received = Received::read(&model, &shape, frames, job)?;
        let channels = model.shape().prefixes[received.latents.prefix];
        Ok((received.latents, channels))
    }
}

/// The step index of a quality.
#[must_use]
pub fn step_of_quality(quality: i64) -> usize {
    ((quality.clamp(1, 100) - 1) as usize * (STEPS - 1) + 49) / 99
}

impl Codec for WallocCodec {
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
                "walloc reads the bytes of a picture's file".to_owned(),
            ));
        };
        let (picture, content_bytes) = read(reader, job)?;
        let _held = job
            .budget
            .reserve("a picture", bytes_of(&picture.shape()))?;
        let model: Arc<ImageModel> = shipped::chosen(job)?;
        let prefix = prefix_of(&model, params.integer("channels"))?;
        let shape = picture.shape();
        let grid = Grid {
            width: shape.width as usize,
            height: shape.height as usize,
            stride: 1 << model.shape().levels,
        };
        let description = MediaDescription::new(Shape::Image(shape), &media.description.suffix);
        let tile_pixels = ((TILE * grid.stride) as u64).pow(2).min(shape.pixels());
        let mut header = StreamHeader::new(&Self::DESCRIPTOR, params, description, tile_pixels);
        header.model = model.hash().to_le_bytes().to_vec();
        let encoder = Encoder::new(&model, &picture, grid, prefix)?;
        let fixed = header.to_bytes().len() as u64 + CONTAINER;
        let step = match target(params, &shape)? {
            None => step_of_quality(params.integer("quality")).min(model.finest(prefix)),
            Some(bytes) => encoder.step_for(bytes.saturating_sub(fixed), FRAME, job)?,
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
                let coded = encoder.tile(number, &tile, step)?;
                let (rows, columns) = grid.pixels(&tile);
                Ok(Frame::lossy(
                    (rows.len() * columns.len()) as u64,
                    coded.to_bytes(),
                ))
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
        let Shape::Image(shape) = header.media.shape else {
            return Err(Error::corrupt(
                0,
                "a stream of walloc without the shape of a picture",
            ));
        };
        let model: Arc<ImageModel> = shipped::named(&header.model, job)?;
        let received = Received::read(&model, &shape, frames, job)?;
        let decoder = Decoder::new(&model, &self.device.open()?)?;
        let bytes = bytes_of(&shape);
        job.budget.produce(bytes)?;
        let latents = &received.latents;
        paint(
            &decoder,
            latents.grid,
            shape,
            latents.alpha.as_deref(),
            job,
            media,
            |outer, inner| {
                let integers = latents.part(outer);
                decoder.pixels(
                    &integers,
                    &latents.grid,
                    outer,
                    inner,
                    latents.step,
                    latents.prefix,
                )
            },
        )?;
        Ok(Stats {
            content_bytes: bytes,
            ..received.stats
        })
    }
}

fn prefix_of(model: &ImageModel, channels: i64) -> Result<usize> {
    let prefixes = &model.shape().prefixes;
    prefixes
        .iter()
        .position(|&prefix| prefix as i64 == channels)
        .ok_or_else(|| {
            Error::Usage(format!(
                "channels must be one of {prefixes:?}, not {channels}"
            ))
        })
}
