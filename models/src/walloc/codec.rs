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
use super::encoder::{CodedTile, Encoder};
use super::model::ImageModel;
use super::planes::Canvas;
use super::tiles::{Area, Grid, TILE, cropped};
use super::{STEPS, alpha, shipped};
use crate::context;
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
        let (latents, _) = read_latents(&model, &shape, frames, job)?;
        let channels = model.shape().prefixes[latents.prefix];
        Ok((latents, channels))
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
        let mut tiles = grid.tiles(TILE).into_iter();
        ordered(
            job.workers(TILE_MEMORY),
            || Ok(tiles.next()),
            |tile| {
                let coded = encoder.tile(&tile, step)?;
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
        let (latents, mut stats) = read_latents(&model, &shape, frames, job)?;
        let decoder = Decoder::new(&model, &self.device.open()?)?;
        let bytes = u64::from(shape.channels) * u64::from(shape.bits / 8) * shape.pixels();
        job.budget.produce(bytes)?;
        stats.content_bytes = bytes;
        write(&decoder, &model, &latents, shape, job, media)?;
        Ok(stats)
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

/// The integers of a whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageLatents {
    /// The grid that they are on.
    pub grid: Grid,
    /// Index of their step.
    pub step: usize,
    /// Number of the prefix: how many channels there are.
    pub prefix: usize,
    /// `[channels, rows, columns]`.
    pub values: Vec<i16>,
    /// The alpha channel, pixel by pixel, if there is one.
    alpha: Option<Vec<u16>>,
}

/// Decodes the entropy layer of a picture's frames.
fn read_latents(
    model: &ImageModel,
    shape: &ImageShape,
    frames: &mut dyn FrameSource,
    job: &Job,
) -> Result<(ImageLatents, Stats)> {
    let grid = Grid {
        width: shape.width as usize,
        height: shape.height as usize,
        stride: 1 << model.shape().levels,
    };
    let has_alpha = shape.channels.is_multiple_of(2);
    let channels = model.shape().channels() as u64;
    let places = grid.rows() as u64 * grid.columns() as u64;
    let alpha_bytes = if has_alpha { 2 * shape.pixels() } else { 0 };
    // The integers stay; a frame of almost nothing can stand for a whole tile of zeros.
    drop(
        job.budget
            .reserve("latents", places * channels * 2 + alpha_bytes)?,
    );
    let mut latents: Option<ImageLatents> = None;
    let mut stats = Stats::default();
    let tiles = grid.tiles(TILE);
    let mut numbers = 0..;
    ordered(
        job.threads,
        || {
            let Some(frame) = frames.next_frame()? else {
                return Ok(None);
            };
            let number = numbers.next().unwrap_or(usize::MAX);
            Ok(Some((frame, number)))
        },
        |(frame, number)| {
            let tile = tiles.get(number).cloned().ok_or_else(|| {
                Error::corrupt(frame.payload_at, format!("more than {} tiles", tiles.len()))
            })?;
            let decoded = decode_tile(model, &grid, &tile, shape, &frame);
            let decoded = decoded.map_err(|error| error.offset_by(frame.payload_at))?;
            Ok((tile, decoded, frame.payload_at, frame.payload.len()))
        },
        |(tile, decoded, at, len)| {
            let whole = latents.get_or_insert_with(|| ImageLatents {
                grid,
                step: decoded.step,
                prefix: decoded.prefix,
                values: vec![0; model.shape().prefixes[decoded.prefix] * places as usize],
                alpha: has_alpha.then(|| vec![0; shape.pixels() as usize]),
            });
            if (whole.step, whole.prefix) != (decoded.step, decoded.prefix) {
                return Err(Error::corrupt(at, "tiles of different steps or channels"));
            }
            whole.place(&tile, &decoded);
            stats.payload_bytes += len as u64;
            stats.frames += 1;
            Ok(())
        },
    )?;
    match latents {
        Some(latents) if stats.frames as usize == tiles.len() => Ok((latents, stats)),
        _ => Err(Error::corrupt(
            0,
            format!("{} of {} tiles", stats.frames, tiles.len()),
        )),
    }
}

struct DecodedTile {
    step: usize,
    prefix: usize,
    values: Vec<i16>,
    alpha: Option<Vec<u16>>,
}

fn decode_tile(
    model: &ImageModel,
    grid: &Grid,
    tile: &Area,
    shape: &ImageShape,
    frame: &Frame,
) -> Result<DecodedTile> {
    let coded = CodedTile::from_bytes(&frame.payload, shape.channels.is_multiple_of(2))?;
    let prefixes = &model.shape().prefixes;
    let &channels = prefixes.get(coded.prefix).ok_or_else(|| {
        Error::corrupt(1, format!("prefix {} of {}", coded.prefix, prefixes.len()))
    })?;
    let dimensions = [channels, tile.height(), tile.width()];
    let values = context::decode(model.context(coded.step), &coded.latents, dimensions)?;
    let alpha = match &coded.alpha {
        None => None,
        Some(bytes) => {
            let (rows, columns) = grid.pixels(tile);
            let count = rows.len() * columns.len();
            Some(alpha::decode(bytes, count, columns.len(), shape.bits)?)
        }
    };
    Ok(DecodedTile {
        step: coded.step,
        prefix: coded.prefix,
        values,
        alpha,
    })
}

impl ImageLatents {
    fn place(&mut self, tile: &Area, decoded: &DecodedTile) {
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
    let mut png = PngWriter::new(media, shape)?;
    let places = (side + 2 * decoder.margin()).min(grid.rows()) as u64
        * (side + 2 * decoder.margin()).min(grid.columns()) as u64;
    let need = Decoder::memory(model.shape(), usize::try_from(places).unwrap_or(usize::MAX));
    let _held = job.budget.reserve("decoder memory", need)?;
    let regions = grid.tiles(side);
    let workers = job.workers(need).get().min(regions.len()).max(1);
    let inner = job.threads.get().div_ceil(workers);
    let mut regions = regions.into_iter();
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
    let most = job.budget.limits().memory / 2;
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
