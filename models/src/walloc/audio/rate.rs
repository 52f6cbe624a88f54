//! From latents to the payload of a frame and back.

use codec_core::{Error, Result};

use super::coder::{self, Decoded, Layout};
use super::model::AudioModel;
use super::transform::Columns;
use super::{BANDS, COLUMNS, STEPS, step_size};

/// Squared steps that a bit is worth: at high rates, 6 dB to a bit.
pub(super) const BIT: f32 = 0.1155;
/// Latents of less than this many steps alone do not make a band worth coding.
const LEAST: f32 = 0.6;
/// Bytes before the bands' numbers: step and number of the frame.
const HEAD: usize = 5;

/// How many bands of each plane have something to code, of the lowest `bands`.
fn layout(latents: &[f32], columns: usize, bands: usize) -> Layout {
    let planes = latents.chunks_exact(BANDS * columns);
    let last = |plane: &[f32]| {
        let strong = |row: &[f32]| row.iter().any(|value| value.abs() > LEAST);
        let mut rows = plane.chunks_exact(columns).take(bands);
        rows.rposition(strong).map_or(0, |band| band + 1)
    };
    Layout {
        bands: planes.map(last).collect(),
        columns,
    }
}

/// The latents in steps, and which of them are coded.
pub(super) fn scaled(columns: &Columns, step: usize, bands: usize) -> (Vec<f32>, Layout) {
    let scale = 1.0 / step_size(step);
    let latents: Vec<f32> = columns.values.iter().map(|value| value * scale).collect();
    let layout = layout(&latents, columns.count, bands);
    (latents, layout)
}

/// The payload of frame `number`: the step as a byte, the number of the frame as 4 bytes and for each
/// plane how many bands are coded as 2 bytes, all little-endian; the latents.
///
/// # Errors
/// [`Error::Internal`] for latents of another shape.
pub(super) fn payload(
    model: &AudioModel,
    columns: &Columns,
    number: u32,
    step: usize,
    bands: usize,
) -> Result<Vec<u8>> {
    let (latents, layout) = scaled(columns, step, bands);
    let mut payload = vec![step as u8];
    payload.extend(number.to_le_bytes());
    for &bands in &layout.bands {
        payload.extend((bands as u16).to_le_bytes());
    }
    if layout.bands.iter().any(|&bands| bands > 0) {
        payload.extend(coder::encode(model, &latents, &layout, BIT, |_, _, _| {})?);
    }
    Ok(payload)
}

/// A frame that was decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// Its number.
    pub(super) number: u32,
    /// Index of its step.
    pub(super) step: usize,
    /// Integers, `[planes, BANDS, columns]`.
    pub(super) values: Vec<i32>,
    /// Latents.
    pub(super) columns: Columns,
}

/// The frame in a payload; `columns` are all of the sound.
///
/// # Errors
/// [`Error::Corrupt`] with the position in the payload.
pub(super) fn frame(
    model: &AudioModel,
    payload: &[u8],
    planes: usize,
    columns: u64,
) -> Result<Frame> {
    let start = HEAD + 2 * planes;
    let (Some((&step, rest)), Some(coded)) = (payload.split_first(), payload.get(start..)) else {
        return Err(Error::corrupt(0, "a frame of sound that ends in its head"));
    };
    let step = usize::from(step);
    if step >= STEPS {
        return Err(Error::corrupt(0, format!("step {step}, there are {STEPS}")));
    }
    let (number, rest) = rest.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let number = u32::from_le_bytes(*number);
    let before = u64::from(number) * COLUMNS as u64;
    if before >= columns {
        let frames = columns.div_ceil(COLUMNS as u64);
        return Err(Error::corrupt(1, format!("frame {number} of {frames}")));
    }
    let (bands, _) = rest.as_chunks::<2>();
    let bands = bands.iter().take(planes);
    let layout = Layout {
        bands: bands
            .map(|&bytes| u16::from_le_bytes(bytes).into())
            .collect(),
        columns: (columns - before).min(COLUMNS as u64) as usize,
    };
    if let Some(&bands) = layout.bands.iter().find(|&&bands| bands > BANDS) {
        let what = format!("{bands} bands, there are {BANDS}");
        return Err(Error::corrupt(HEAD as u64, what));
    }
    let len = planes * BANDS * layout.columns;
    let decoded = if layout.bands.iter().any(|&bands| bands > 0) {
        let decoded = coder::decode(model, coded, &layout);
        decoded.map_err(|error| error.offset_by(start as u64))?
    } else if coded.is_empty() {
        Decoded {
            values: vec![0; len],
            restored: vec![0.0; len],
        }
    } else {
        return Err(Error::corrupt(start as u64, "bytes after a silent frame"));
    };
    let size = step_size(step);
    let values = decoded.restored.iter().map(|value| value * size).collect();
    Ok(Frame {
        number,
        step,
        values: decoded.values,
        columns: Columns {
            count: layout.columns,
            values,
        },
    })
}
