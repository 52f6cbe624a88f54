//! Pictures: samples in rows, out of PNG, JPEG, PNM and WebP files, and into PNG files.
//!
//! ```
//! use codec_core::Budget;
//! use codec_corpora::picture::{Picture, Samples};
//!
//! let picture = Picture::new(2, 1, 3, Samples::Eight(vec![255, 0, 0, 0, 0, 255]))?;
//! let mut file = Vec::new();
//! picture.write_png(&mut file)?;
//! assert_eq!(Picture::from_bytes(&file, &Budget::default())?, picture);
//! # Ok::<(), codec_core::Error>(())
//! ```

mod jpeg;
mod read;
mod write;

pub use write::PngWriter;

use codec_core::{Error, ImageShape, MediaSink, Result};

/// A picture in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    shape: ImageShape,
    samples: Samples,
}

/// Samples, interleaved by pixel, row by row from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    /// Of 8 bits.
    Eight(Vec<u8>),
    /// Of 16 bits.
    Sixteen(Vec<u16>),
}

impl Samples {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Samples::Eight(samples) => samples.len(),
            Samples::Sixteen(samples) => samples.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Picture {
    /// A picture of `width` x `height` pixels with `channels` samples each: 1 grey, 2 grey and alpha,
    /// 3 RGB, 4 RGB and alpha.
    ///
    /// # Errors
    /// [`Error::Usage`] if a size is 0, or `samples` has another length than the sizes give.
    pub fn new(width: u32, height: u32, channels: u8, samples: Samples) -> Result<Self> {
        let bits = match samples {
            Samples::Eight(_) => 8,
            Samples::Sixteen(_) => 16,
        };
        let shape = ImageShape {
            width,
            height,
            channels,
            bits,
        };
        let expected = shape.pixels().saturating_mul(u64::from(channels));
        if expected == 0 || channels > 4 || samples.len() as u64 != expected {
            return Err(Error::Usage(format!(
                "{width} x {height} pixels of {channels} channels are not {} samples",
                samples.len()
            )));
        }
        Ok(Picture { shape, samples })
    }

    /// Size and sample format.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.width as usize
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.shape.height as usize
    }

    /// Samples of a pixel.
    #[must_use]
    pub fn channels(&self) -> usize {
        usize::from(self.shape.channels)
    }

    /// Samples, interleaved by pixel, row by row from the top.
    #[must_use]
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The samples themselves.
    #[must_use]
    pub fn into_samples(self) -> Samples {
        self.samples
    }

    /// Writes the picture as a PNG file; see [`PngWriter`].
    ///
    /// # Errors
    /// As [`PngWriter`].
    pub fn write_png(&self, sink: &mut dyn MediaSink) -> Result<()> {
        let mut writer = PngWriter::new(sink, self.shape)?;
        match &self.samples {
            Samples::Eight(samples) => writer.rows8(samples)?,
            Samples::Sixteen(samples) => writer.rows16(samples)?,
        }
        writer.finish()
    }

    /// The picture as people compare it, with 3 samples of 8 bits a pixel: 16 bits rounded, grey as
    /// equal colours, alpha blended over white.
    #[must_use]
    pub fn to_rgb8(&self) -> Picture {
        let samples: Vec<u8> = match &self.samples {
            Samples::Eight(samples) if self.shape.channels == 3 => samples.clone(),
            Samples::Eight(samples) => rgb8(samples, self.channels(), u32::from),
            // 65535 = 255 * 257.
            Samples::Sixteen(samples) => rgb8(samples, self.channels(), |sample| {
                (u32::from(sample) + 128) / 257
            }),
        };
        Picture {
            shape: ImageShape {
                channels: 3,
                bits: 8,
                ..self.shape
            },
            samples: Samples::Eight(samples),
        }
    }
}

/// RGB of `channels` interleaved samples, which `to_eight` brings to 0..=255.
fn rgb8<T: Copy>(samples: &[T], channels: usize, to_eight: impl Fn(T) -> u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples.len() / channels.max(1) * 3);
    for pixel in samples.chunks_exact(channels.max(1)) {
        let mut values = [0u32, 0, 0, 255];
        for (value, sample) in values.iter_mut().zip(pixel) {
            *value = to_eight(*sample);
        }
        let (colour, alpha) = match (channels, values) {
            (1, [grey, ..]) => ([grey; 3], 255),
            (2, [grey, alpha, ..]) => ([grey; 3], alpha),
            (_, [red, green, blue, alpha]) => ([red, green, blue], alpha),
        };
        // At most 255: a mean of values up to 255.
        let blended = colour.map(|value| ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
        out.extend(blended);
    }
    out
}

#[cfg(test)]
mod tests;
