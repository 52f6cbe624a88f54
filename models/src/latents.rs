//! Latents as arrays: the way out of a file for learning.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use codec_core::container::Reader;
use codec_core::{Error, Job, Result};
use safetensors::tensor::Dtype;

use crate::arrays::{self, Stored};
use crate::vq::model::VqModel;
use crate::vq::received::Received;
use crate::vq::stages::Size;
use crate::vq::{UNIT, VqCodec};
use crate::walloc::WallocCodec;
use crate::walloc::audio::codec::AudioLatents;
use crate::walloc::audio::{self, BANDS, WallocAudioCodec};
use crate::walloc::latents::ImageLatents;
use crate::walloc::step_size;

/// What a file of a learned codec holds.
pub enum Held {
    /// Latents of `walloc` or `walloc-audio`.
    Latents(Latents),
    /// Indices of `vq`.
    Tokens(Tokens),
}

impl Held {
    /// What the only stream of a `.cdc` file holds: the entropy layer is decoded, no pixel and no
    /// sample is made.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the stream is not one of a learned codec, or its model is missing;
    /// otherwise as decoding.
    pub fn read(input: &mut dyn Read, job: &Job) -> Result<Self> {
        let mut reader = Reader::new(input, &job.budget);
        let header = reader
            .next_stream()?
            .ok_or_else(|| Error::corrupt(0, "there is no stream"))?;
        match header.codec.as_str() {
            WallocCodec::ID => {
                let (latents, channels) = WallocCodec::latents(&header, &mut reader, job)?;
                Ok(Held::Latents(Latents::of_image(latents, channels)))
            }
            WallocAudioCodec::ID => {
                let latents = WallocAudioCodec::latents(&header, &mut reader, job)?;
                Ok(Held::Latents(Latents::of_audio(&latents)))
            }
            VqCodec::ID => {
                let (received, model) = VqCodec::received(&header, &mut reader, job)?;
                Ok(Held::Tokens(Tokens::new(&received, model)))
            }
            other => Err(Error::Unsupported(format!(
                "a stream of '{other}' has no latents"
            ))),
        }
    }
}

/// Indices of a picture.
pub struct Tokens {
    /// Rows and columns of the first stage.
    pub coarse_shape: [usize; 2],
    /// Its indices.
    pub coarse: Vec<u16>,
    /// Stages after the first, rows, columns.
    pub fine_shape: [usize; 3],
    /// Their indices.
    pub fine: Vec<u16>,
    model: Arc<VqModel>,
}

impl Tokens {
    fn new(received: &Received, model: Arc<VqModel>) -> Self {
        let size = Size {
            height: received.grid.rows(),
            width: received.grid.columns(),
        };
        let coarse = size.coarse();
        let mut stages = received.tokens.iter();
        Tokens {
            coarse_shape: [coarse.height, coarse.width],
            coarse: stages.next().cloned().unwrap_or_default(),
            fine_shape: [received.count.max(1) - 1, size.height, size.width],
            fine: stages.flatten().copied().collect(),
            model,
        }
    }

    /// `NAME/coarse` and `NAME/fine`, and as `codebook/S` the vectors of each stage in the range of a
    /// pixel: of 2 by 2 places times the leading channels in the first, of all channels in the others.
    fn stored(&self, name: &str) -> Vec<Stored> {
        let [rows, columns] = self.coarse_shape;
        let mut stored = vec![
            Stored::words(format!("{name}/coarse"), vec![rows, columns], &self.coarse),
            Stored::words(format!("{name}/fine"), self.fine_shape.to_vec(), &self.fine),
        ];
        for stage in 0..self.model.stages.count() {
            let book = self.model.stages.book(stage);
            let vectors = book.vectors().iter();
            let vectors: Vec<f32> = vectors.map(|&value| f32::from(value) / UNIT).collect();
            let shape = vec![book.len(), book.dimension()];
            stored.push(Stored::floats(format!("codebook/{stage}"), shape, &vectors));
        }
        stored
    }
}

/// Latents of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Latents {
    /// Of pictures `[channels, rows, columns]`; of sound `[planes, bands, columns]`.
    pub shape: [usize; 3],
    /// The integers, the last dimension fastest.
    pub values: Values,
    /// What an integer counts: multiply by it to get latents whose unit is the range of a pixel
    /// (1 from black to white), or full scale of a sample, nearly orthonormal, so that a squared error
    /// of latents is nearly one of pixels or samples.
    pub step: f32,
}

/// The integers of latents.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Of pictures.
    Short(Vec<i16>),
    /// Of sound.
    Long(Vec<i32>),
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
    /// [`Error::Unsupported`] if the stream is not one of `walloc` or `walloc-audio`, or its model is
    /// missing; otherwise as decoding.
    pub fn read(input: &mut dyn Read, job: &Job) -> Result<Self> {
        match Held::read(input, job)? {
            Held::Latents(latents) => Ok(latents),
            Held::Tokens(_) => Err(Error::Unsupported(
                "a stream of 'vq' has indices, no latents".to_owned(),
            )),
        }
    }

    fn of_image(latents: ImageLatents, channels: usize) -> Self {
        Latents {
            shape: [channels, latents.grid.rows(), latents.grid.columns()],
            step: step_size(latents.step),
            values: Values::Short(latents.values),
        }
    }

    fn of_audio(latents: &AudioLatents) -> Self {
        let planes = latents
            .values
            .chunks_exact((BANDS * latents.columns).max(1));
        let kept = planes.flat_map(|plane| &plane[..latents.bands * latents.columns]);
        Latents {
            shape: [latents.planes, latents.bands, latents.columns],
            step: audio::step_size(latents.step),
            values: Values::Long(kept.copied().collect()),
        }
    }

    /// The integers times the step.
    #[must_use]
    pub fn dequantised(&self) -> Vec<f32> {
        match &self.values {
            Values::Short(values) => values
                .iter()
                .map(|&value| f32::from(value) * self.step)
                .collect(),
            Values::Long(values) => values
                .iter()
                .map(|&value| value as f32 * self.step)
                .collect(),
        }
    }

    /// A NumPy file of the integers, or of the latents as 32-bit floats.
    #[must_use]
    pub fn to_npy(&self, is_float: bool) -> Vec<u8> {
        let [channels, rows, columns] = self.shape;
        let kind = match &self.values {
            _ if is_float => "<f4",
            Values::Short(_) => "<i2",
            Values::Long(_) => "<i4",
        };
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

    fn stored(&self, name: &str, is_float: bool) -> Stored {
        let kind = match &self.values {
            _ if is_float => Dtype::F32,
            Values::Short(_) => Dtype::I16,
            Values::Long(_) => Dtype::I32,
        };
        Stored::new(
            name,
            kind,
            self.shape.to_vec(),
            self.bytes(is_float).into_iter(),
        )
    }

    fn bytes(&self, is_float: bool) -> Vec<u8> {
        if is_float {
            let values = self.dequantised();
            return values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
        }
        match &self.values {
            Values::Short(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Values::Long(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }
}

/// A SafeTensors file of what several files hold, by name; the metadata hold `step/NAME` of latents.
///
/// # Errors
/// [`Error::Internal`] if an array is not of its shape.
pub fn to_safetensors(files: &[(String, Held)], is_float: bool) -> Result<Vec<u8>> {
    let mut arrays: Vec<Stored> = Vec::new();
    let mut steps = HashMap::new();
    for (name, held) in files {
        let of_file = match held {
            Held::Latents(latents) => {
                steps.insert(format!("step/{name}"), latents.step.to_string());
                vec![latents.stored(name, is_float)]
            }
            Held::Tokens(tokens) => tokens.stored(name),
        };
        for array in of_file {
            // Files under one model share its codebooks.
            if !arrays.iter().any(|before| before.name == array.name) {
                arrays.push(array);
            }
        }
    }
    arrays::file(&arrays, steps)
}
