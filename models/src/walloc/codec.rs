//! `walloc` as a codec of the suite: pictures.

use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::Arc;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    Codec, Content, Descriptor, Error, FrameSink, FrameSource, ImageShape, Job, Media,
    MediaDescription, MediaKind, MediaSink, Memory, ParamKind, ParamSpec, Params, Result, Shape,
    Stats, ordered,
};
use codec_corpora::picture::{Picture, PngWriter};

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::latents::{ImageLatents, Received};
use super::model::ImageModel;
use super::planes::Canvas;
use super::tiles::{Grid, TILE};
use super::{STEPS, shipped};
use crate::device::DeviceChoice;

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
    ParamSpec {
        name: "bpp",
        doc: "bits per pixel that the file may have at most, instead of a quality",
        kind: ParamKind::Decimal {
            min: 1,
            max: 24_000,
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "target-size",
        doc: "bytes that the file may have at most, instead of a quality",
        kind: ParamKind::Size {
            min: 1,
            max: 1 << 40,
            default: "as the quality gives",
        },
        needed_to_decode: false,
    },
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

/// Bytes that a container takes beside the payloads, at most: header and footer, and each frame.
const CONTAINER: u64 = 160;
const FRAME: u64 = 40;
/// Memory to encode a tile, in bytes: pixels, coefficients and latents.
const TILE_MEMORY: u64 = (TILE * TILE) as u64 * 2400;
/// Latents of the side of what is decoded at once.
const REGION: usize = 256;

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
        let model = named(&header.model, job)?;
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
        let model = match &job.model {
            Some(file) => Arc::new(ImageModel::read(file)?),
            None => shipped::default_model()?,
        };
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
        let model = named(&header.model, job)?;
        let received = Received::read(&model, &shape, frames, job)?;
        let decoder = Decoder::new(&model, &self.device.open()?)?;
        let bytes = bytes_of(&shape);
        job.budget.produce(bytes)?;
        write(&decoder, &model, &received.latents, shape, job, media)?;
        Ok(Stats {
            content_bytes: bytes,
            ..received.stats
        })
    }
}

/// The picture behind `reader`, and how many bytes its file has.
fn read(reader: &mut (dyn Read + Send), job: &Job) -> Result<(Picture, u64)> {
    let most = job.budget.limits().memory;
    let mut bytes = Vec::new();
    reader
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(Error::io("read input"))?;
    let _held = job.budget.reserve("a picture's file", bytes.len() as u64)?;
    let picture = Picture::from_bytes(&bytes, &job.budget)?;
    Ok((picture, bytes.len() as u64))
}

/// Bytes of the samples of a picture.
fn bytes_of(shape: &ImageShape) -> u64 {
    let pixel = u64::from(shape.channels) * u64::from(shape.bits.div_ceil(8));
    shape.pixels().saturating_mul(pixel)
}

fn target(params: &Params, shape: &ImageShape) -> Result<Option<u64>> {
    match (params.size("target-size"), params.decimal("bpp")) {
        (Some(_), Some(_)) => Err(Error::Usage(
            "bpp and target-size exclude each other".to_owned(),
        )),
        (Some(bytes), None) => Ok(Some(bytes)),
        (None, Some(bpp)) => Ok(Some((bpp * shape.pixels() as f64 / 8.0) as u64)),
        (None, None) => Ok(None),
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

/// The model that a stream names by its hash.
fn named(hash: &[u8], job: &Job) -> Result<Arc<ImageModel>> {
    if let Some(file) = &job.model {
        let model = ImageModel::read(file)?;
        if model.hash().to_le_bytes() == hash {
            return Ok(Arc::new(model));
        }
    }
    if let Some(model) = shipped::model(hash)? {
        return Ok(model);
    }
    if let Some(models) = &job.models
        && let Some(file) = models.find(hash)?
    {
        return Ok(Arc::new(ImageModel::read(&file)?));
    }
    Err(shipped::missing(hash))
}

/// Synthesises the picture, strip by strip, and writes it as PNG.
fn write(
    decoder: &Decoder,
    model: &ImageModel,
    latents: &ImageLatents,
    shape: ImageShape,
    job: &Job,
    media: &mut dyn MediaSink,
) -> Result<()> {
    let grid = latents.grid;
    let side = region_side(decoder, model, &grid, job);
    let strip = Canvas::memory(&shape, side * grid.stride);
    let _strip = job.budget.reserve("rows of the picture", strip)?;
    let around = |len: usize| (side + 2 * decoder.margin()).min(len);
    let need = Decoder::memory(model.shape(), around(grid.rows()) * around(grid.columns()));
    let count = usize::try_from(grid.count(side)).unwrap_or(usize::MAX);
    let workers = job.workers(need).get().min(count).max(1);
    let _held = job
        .budget
        .reserve("decoder memory", need.saturating_mul(workers as u64))?;
    let mut png = PngWriter::new(media, shape)?;
    let inner = job.threads.get().div_ceil(workers);
    let mut regions = grid.tiles(side).map(|(_, region)| region);
    let mut strip: Option<Canvas> = None;
    ordered(
        NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN),
        || Ok(regions.next()),
        |region| {
            let outer = grid.grown(&region, decoder.margin());
            let integers = latents.part(&outer);
            let pixels = with_threads(inner, || {
                decoder.pixels(
                    &integers,
                    &grid,
                    &outer,
                    &region,
                    latents.step,
                    latents.prefix,
                )
            })?;
            Ok((region, pixels?))
        },
        |(region, pixels)| {
            let (rows, columns) = grid.pixels(&region);
            let canvas = strip.get_or_insert_with(|| Canvas::new(shape, rows.clone()));
            canvas.paste(&pixels, &columns);
            if columns.end == grid.width {
                canvas.write(latents.alpha.as_deref(), &mut png)?;
                strip = None;
            }
            Ok(())
        },
    )?;
    png.finish()
}

/// The largest side of a region that fits the memory limit, down to that of a tile.
fn region_side(decoder: &Decoder, model: &ImageModel, grid: &Grid, job: &Job) -> usize {
    let mut side = REGION;
    let most = job.budget.memory_left() / 2;
    loop {
        let around = |len: usize| (side + 2 * decoder.margin()).min(len);
        let places = around(grid.rows()) * around(grid.columns());
        if side <= 32 || Decoder::memory(model.shape(), places) <= most {
            return side;
        }
        side /= 2;
    }
}

/// Runs `work` with so many threads for the layers of a network.
fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Error::Internal(error.to_string()))?;
    Ok(pool.install(work))
}
