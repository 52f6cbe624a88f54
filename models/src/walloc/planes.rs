//! Rows of a picture, from planes of floats to samples.

use std::ops::Range;

use codec_core::{ImageShape, Result};
use codec_corpora::picture::PngWriter;

/// Some rows of the picture that is being decoded.
pub(super) struct Canvas {
    shape: ImageShape,
    rows: Range<usize>,
    /// Interleaved colours (one where the picture is grey), from 0 to the greatest sample.
    samples: Vec<u16>,
}

impl Canvas {
    /// Memory of `rows` rows while they are written, in bytes.
    pub(super) fn memory(shape: &ImageShape, rows: usize) -> u64 {
        let rows = u64::from(shape.height).min(rows as u64);
        let samples = rows * u64::from(shape.width) * u64::from(shape.channels.max(1));
        samples.saturating_mul(5)
    }

    pub(super) fn new(shape: ImageShape, rows: Range<usize>) -> Self {
        let colours = if shape.channels < 3 { 1 } else { 3 };
        let len = rows.len() * shape.width as usize * colours;
        Canvas {
            shape,
            rows,
            samples: vec![0; len],
        }
    }

    /// Rounds planar pixels (`[3, rows, columns]`, -0.5 to 0.5) into the columns.
    pub(super) fn paste(&mut self, pixels: &[f32], columns: &Range<usize>) {
        let width = self.shape.width as usize;
        let area = self.rows.len() * columns.len();
        let most = if self.shape.bits == 8 {
            255.0
        } else {
            65_535.0
        };
        let rounded = |value: f32| ((value + 0.5) * most + 0.5).clamp(0.0, most) as u16;
        let (red, rest) = pixels.split_at(area);
        let (green, blue) = rest.split_at(area);
        let grey = self.shape.channels < 3;
        for row in 0..self.rows.len() {
            let from = row * columns.len()..(row + 1) * columns.len();
            let to = row * width + columns.start;
            let colours = red[from.clone()]
                .iter()
                .zip(&green[from.clone()])
                .zip(&blue[from]);
            if grey {
                let out = &mut self.samples[to..to + columns.len()];
                for (out, ((red, green), blue)) in out.iter_mut().zip(colours) {
                    *out = rounded((red + green + blue) / 3.0);
                }
            } else {
                let out = &mut self.samples[3 * to..3 * (to + columns.len())];
                for (out, ((&red, &green), &blue)) in out.chunks_exact_mut(3).zip(colours) {
                    out[0] = rounded(red);
                    out[1] = rounded(green);
                    out[2] = rounded(blue);
                }
            }
        }
    }

    /// Writes the rows, with their alpha from that of the whole picture.
    pub(super) fn write(&self, alpha: Option<&[u16]>, png: &mut PngWriter<'_>) -> Result<()> {
        let colours = if self.shape.channels < 3 { 1 } else { 3 };
        let samples = match alpha {
            None => self.samples.clone(),
            Some(alpha) => {
                let width = self.shape.width as usize;
                let alpha = &alpha[self.rows.start * width..self.rows.end * width];
                let pixels = self.samples.chunks_exact(colours).zip(alpha);
                pixels
                    .flat_map(|(pixel, alpha)| pixel.iter().chain([alpha]).copied())
                    .collect()
            }
        };
        if self.shape.bits == 8 {
            let bytes: Vec<u8> = samples.iter().map(|&sample| sample as u8).collect();
            png.rows8(&bytes)
        } else {
            png.rows16(&samples)
        }
    }
}
