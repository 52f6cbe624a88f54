//! From latents to the file of a picture, in strips.

use std::num::NonZeroUsize;

use codec_core::{Error, ImageShape, Job, MediaSink, Result, ordered};
use codec_corpora::picture::PngWriter;

use super::decoder::Decoder;
use super::planes::Canvas;
use super::tiles::{Area, Grid};

/// Pixels of the side of what is decoded at once.
const REGION: usize = 2048;

/// Synthesises the picture, strip by strip, and writes it as PNG.
///
/// `pixels` gives those of the inner of two areas from the latents of the outer one, which reaches
/// further by the decoder's margin.
///
/// # Errors
/// [`Error::Limit`] if there is not enough memory; errors of the sink.
pub(crate) fn paint(
    decoder: &Decoder,
    grid: Grid,
    shape: ImageShape,
    alpha: Option<&[u16]>,
    job: &Job,
    media: &mut dyn MediaSink,
    pixels: impl Fn(&Area, &Area) -> Result<Vec<f32>> + Sync,
) -> Result<()> {
    let side = region_side(decoder, &grid, job);
    let strip = Canvas::memory(&shape, side * grid.stride);
    let _strip = job.budget.reserve("rows of the picture", strip)?;
    let around = |len: usize| (side + 2 * decoder.margin()).min(len);
    let need = Decoder::memory(
        decoder.shape(),
        around(grid.rows()) * around(grid.columns()),
    );
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
            let made = with_threads(inner, || pixels(&outer, &region))?;
            Ok((region, made?))
        },
        |(region, pixels)| {
            let (rows, columns) = grid.pixels(&region);
            let canvas = strip.get_or_insert_with(|| Canvas::new(shape, rows.clone()));
            canvas.paste(&pixels, &columns);
            if columns.end == grid.width {
                canvas.write(alpha, &mut png)?;
                strip = None;
            }
            Ok(())
        },
    )?;
    png.finish()
}

/// The largest side of a region that fits the memory limit, down to that of a tile.
fn region_side(decoder: &Decoder, grid: &Grid, job: &Job) -> usize {
    let mut side = REGION / grid.stride;
    let most = job.budget.memory_left() / 2;
    loop {
        let around = |len: usize| (side + 2 * decoder.margin()).min(len);
        let places = around(grid.rows()) * around(grid.columns());
        if side <= 32 || Decoder::memory(decoder.shape(), places) <= most {
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
