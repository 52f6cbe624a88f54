//! Latents as arrays: the way out of a file for learning.

use std::collections::HashMap;
use std::io::Read;

use codec_core::container::Reader;
use codec_core::{Error, Job, MediaKind, Result};

use crate::arrays::{self, Stored};
use crate::walloc::WallocCodec;
use crate::walloc::codec::ImageLatents;
use crate::walloc::step_size;

/// Latents of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Latents {
    /// `[channels, rows, columns]`.
    pub shape: [usize; 3],
    /// The integers, the last dimension fastest.
    pub values: Vec<i16>,
    /// What an integer counts: multiply by it to get latents whose unit is the range of a pixel
    /// (1 from black to white), nearly orthonormal, so that a squared error of latents is nearly one of
    /// pixels.
    pub step: f32,
}

impl Latents {
    /// Latents of the only stream of a `.cdc` file: the entropy layer is decoded, no pixel is made.
    ///
    /// ```
    /// # fn main() -> Result<(), codec_core::Error> {
    /// use codec_core::{Codec, Job, Media, Params, encode_stream};
    /// use codec_models::latents::Latents;
    /// use codec_models::walloc::WallocCodec;
    /// # let picture = codec_corpora::picture::Picture::new(
    /// #     40, 24, 3, codec_corpora::picture::Samples::Eight(vec![90; 40 * 24 * 3]))?;
    /// # let mut png = Vec::new();
    /// # picture.write_png(&mut png)?;
    ///
    /// let codec = WallocCodec::default();
    /// let job = Job::single_threaded();
    /// let mut params = Params::defaults(codec.descriptor().params);
    /// params.set("channels", "4")?;
    /// let mut file = Vec::new();
    /// encode_stream(&codec, Media::bytes(&mut &png[..], "png"), &params, &job, &mut file)?;
    /// let latents = Latents::read(&mut &file[..], &job)?;
    /// assert_eq!(latents.shape, [4, 3, 5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the stream is not one of a learned codec of images, or its model is
    /// missing; otherwise as decoding.
    pub fn read(input: &mut dyn Read, job: &Job) -> Result<Self> {
        let mut reader = Reader::new(input, &job.budget);
        let header = reader
            .next_stream()?
            .ok_or_else(|| Error::corrupt(0, "there is no stream"))?;
        if header.codec != WallocCodec::ID || header.media.kind() != MediaKind::Image {
            return Err(Error::Unsupported(format!(
                "a stream of '{}' with {} has no latents of images",
                header.codec,
                header.media.kind().name()
            )));
        }
        let (latents, channels) = WallocCodec::latents(&header, &mut reader, job)?;
        Ok(Self::of_image(latents, channels))
    }

    fn of_image(latents: ImageLatents, channels: usize) -> Self {
        Latents {
            shape: [channels, latents.grid.rows(), latents.grid.columns()],
            step: step_size(latents.step),
            values: latents.values,
        }
    }

    /// The integers times the step.
    #[must_use]
    pub fn dequantised(&self) -> Vec<f32> {
        self.values
            .iter()
            .map(|&value| f32::from(value) * self.step)
            .collect()
    }

    /// A NumPy file of the integers, or of the latents as 32-bit floats.
    #[must_use]
    pub fn to_npy(&self, is_float: bool) -> Vec<u8> {
        let [channels, rows, columns] = self.shape;
        let kind = if is_float { "<f4" } else { "<i2" };
        let text = format!(
            "{{'descr': '{kind}', 'fortran_order': False, 'shape': ({channels}, {rows}, {columns}), }}"
        );
        let len = (10 + text.len() + 1).next_multiple_of(64) - 10;
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((len as u16).to_le_bytes());
        bytes.extend(format!("{text:<width$}\n", width = len - 1).bytes());
        bytes.extend(self.bytes(is_float));
        bytes
    }

    fn bytes(&self, is_float: bool) -> Vec<u8> {
        if is_float {
            self.dequantised()
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        } else {
            self.values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        }
    }
}

/// A SafeTensors file of several latents by name; the metadata hold `step/NAME`.
///
/// # Errors
/// [`Error::Internal`] if an array is not of its shape.
pub fn to_safetensors(latents: &[(String, Latents)], is_float: bool) -> Result<Vec<u8>> {
    let arrays: Vec<Stored> = latents
        .iter()
        .map(|(name, latents)| {
            let shape = latents.shape.to_vec();
            if is_float {
                Stored::floats(name, shape, &latents.dequantised())
            } else {
                Stored::shorts(name, shape, &latents.values)
            }
        })
        .collect();
    let steps: HashMap<String, String> = latents
        .iter()
        .map(|(name, latents)| (format!("step/{name}"), latents.step.to_string()))
        .collect();
    arrays::file(&arrays, steps)
}
