//! The file of a model of indices: a SafeTensors file that anyone can open.
//!
//! | array | type, shape | what |
//! |---|---|---|
//! | `analysis` | F32 `[channels, coefficients]` | from wavelet coefficients to latents |
//! | `codebook/S` | I16 `[codes, dimension]` | vectors of stage `S` in 1/64 of the range of a pixel |
//! | `prior/S/factors` | I16 `[128]` | of the inputs, in 1/256 |
//! | `prior/S/first`, `prior/S/second` | I16 `[64, 128]`, `[codes, 64]` | weights of the two layers |
//! | `prior/S/first_bias`, `prior/S/second_bias` | I32 `[64]`, `[codes]` | what is added to their sums |
//! | `synthesis/…` | F16 | decoder, as in models of [`walloc`](crate::walloc::net) |
//!
//! The metadata key `model` holds the sizes as JSON.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use codec_core::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensors};
use xxhash_rust::xxh64::xxh64;

use super::codebook::Codebook;
use super::prior::{HIDDEN, INPUTS, Prior};
use super::stages::{COARSE, Stages};
use crate::arrays::{self, Array, Stored};
use crate::walloc::net::Shape;

/// Kind of these files.
pub const KIND: &str = "vq-image";
/// Version of the layout.
pub const VERSION: u32 = 1;
/// Largest file that is read, in bytes.
const MOST_BYTES: usize = 64 << 20;
/// Codes of a stage, at most.
const MOST_CODES: usize = 4096;

/// What the metadata say.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Description {
    /// `vq-image`.
    pub kind: String,
    /// Version of this layout.
    pub version: u32,
    /// Sizes of the decoder; the only prefix are all channels.
    pub shape: Shape,
    /// Leading channels that the first stage gives.
    pub coarse_channels: usize,
    /// Codes of each stage.
    pub codes: Vec<usize>,
}

/// A model of indices, without a device.
#[derive(Debug, Clone, PartialEq)]
pub struct VqModel {
    /// Sizes.
    pub description: Description,
    /// From wavelet coefficients to latents, `[channels, coefficients]`.
    pub analysis: Vec<f32>,
    /// Codebooks.
    pub stages: Stages,
    /// One for each stage.
    pub priors: Vec<Prior>,
    /// Arrays of the decoder, named as its parameters.
    pub synthesis: Vec<Array>,
    hash: u64,
}

impl VqModel {
    /// A model of these parts.
    ///
    /// # Errors
    /// [`Error::Internal`] if an array is not of its shape.
    pub fn new(
        shape: Shape,
        analysis: Vec<f32>,
        stages: Stages,
        priors: Vec<Prior>,
        synthesis: Vec<Array>,
    ) -> Result<Self> {
        let description = Description {
            kind: KIND.to_owned(),
            version: VERSION,
            shape,
            coarse_channels: stages.coarse_channels,
            codes: (0..stages.count())
                .map(|stage| stages.book(stage).len())
                .collect(),
        };
        let model = VqModel {
            description,
            analysis,
            stages,
            priors,
            synthesis,
            hash: 0,
        };
        Self::read(&model.to_bytes()?)
    }

    /// XXH64 of the file: how streams name their model.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Sizes of the decoder.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.description.shape
    }

    /// The file.
    ///
    /// # Errors
    /// [`Error::Internal`] if an array is not of its shape.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let shape = self.shape();
        let dimensions = vec![shape.channels(), shape.coefficients()];
        let mut parts = vec![Stored::floats("analysis", dimensions, &self.analysis)];
        for (stage, prior) in self.priors.iter().enumerate() {
            let book = self.stages.book(stage);
            let name = |what: &str| format!("prior/{stage}/{what}");
            parts.extend([
                Stored::shorts(
                    format!("codebook/{stage}"),
                    vec![book.len(), book.dimension()],
                    book.vectors(),
                ),
                Stored::shorts(name("factors"), vec![INPUTS], &prior.factors),
                Stored::shorts(name("first"), vec![HIDDEN, INPUTS], &prior.first),
                Stored::longs(name("first_bias"), vec![HIDDEN], &prior.first_bias),
                Stored::shorts(name("second"), vec![book.len(), HIDDEN], &prior.second),
                Stored::longs(name("second_bias"), vec![book.len()], &prior.second_bias),
            ]);
        }
        let synthesis = self.synthesis.iter();
        parts.extend(synthesis.map(|array| Stored::halves("synthesis/", array)));
        let json = serde_json::to_string(&self.description)
            .map_err(|error| Error::Internal(error.to_string()))?;
        arrays::file(&parts, HashMap::from([("model".to_owned(), json)]))
    }

    /// The model in a file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the bytes are not such a file, [`Error::Unsupported`] for another kind or
    /// version.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let corrupt = |error: &dyn std::fmt::Display| Error::corrupt(0, format!("model: {error}"));
        if bytes.len() > MOST_BYTES {
            let len = bytes.len();
            return Err(corrupt(&format!("{len} bytes, at most {MOST_BYTES}")));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| corrupt(&error))?;
        let texts = header.metadata().as_ref();
        let json = texts
            .and_then(|texts| texts.get("model"))
            .ok_or_else(|| corrupt(&"no description of a model"))?;
        let description: Description =
            serde_json::from_str(json).map_err(|error| corrupt(&error))?;
        check(&description)?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| corrupt(&error))?;
        let mut synthesis = Vec::new();
        for (name, view) in file.tensors() {
            if let Some(name) = name.strip_prefix("synthesis/") {
                synthesis.push(arrays::halves(name, &view)?);
            }
        }
        synthesis.sort_by(|a, b| a.name.cmp(&b.name));
        let shape = &description.shape;
        let dimensions = [shape.channels(), shape.coefficients()];
        let priors: Result<Vec<_>> = description
            .codes
            .iter()
            .enumerate()
            .map(|(stage, &codes)| prior(&file, stage, codes))
            .collect();
        Ok(VqModel {
            analysis: arrays::floats(&file, "analysis", &dimensions)?,
            stages: stages(&file, &description)?,
            priors: priors?,
            synthesis,
            description,
            hash: xxh64(bytes, 0),
        })
    }
}

impl crate::shipped::Model for VqModel {
    #[cfg(feature = "weights")]
    const SHIPPED: Option<&'static [u8]> = Some(include_bytes!("../../weights/vq.safetensors"));
    #[cfg(not(feature = "weights"))]
    const SHIPPED: Option<&'static [u8]> = None;

    fn of_file(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes)
    }

    fn xxh64(&self) -> u64 {
        self.hash
    }

    fn kept() -> &'static OnceLock<Arc<Self>> {
        static KEPT: OnceLock<Arc<VqModel>> = OnceLock::new();
        &KEPT
    }
}

fn check(description: &Description) -> Result<()> {
    if description.kind != KIND || description.version != VERSION {
        return Err(Error::Unsupported(format!(
            "a model of kind {} version {}, not {KIND} version {VERSION}",
            description.kind, description.version
        )));
    }
    let shape = &description.shape;
    let fits = shape.colours == 3
        && (1..=5).contains(&shape.levels)
        && shape.prefixes.len() == 1
        && (1..=128).contains(&shape.channels())
        && shape.channels() <= shape.coefficients()
        && (1..=shape.channels()).contains(&shape.wide)
        && (1..=512).contains(&shape.width)
        && shape.blocks <= 32
        && (1..=16).contains(&shape.anchors)
        && (1..=shape.channels()).contains(&description.coarse_channels)
        && (1..=8).contains(&description.codes.len())
        && description
            .codes
            .iter()
            .all(|codes| (1..=MOST_CODES).contains(codes));
    if fits {
        Ok(())
    } else {
        Err(Error::corrupt(0, "model: sizes that cannot be"))
    }
}

fn prior(file: &SafeTensors<'_>, stage: usize, codes: usize) -> Result<Prior> {
    let name = |what: &str| format!("prior/{stage}/{what}");
    let prior = Prior {
        factors: arrays::shorts(file, &name("factors"))?,
        first: arrays::shorts(file, &name("first"))?,
        first_bias: arrays::longs(file, &name("first_bias"))?,
        second: arrays::shorts(file, &name("second"))?,
        second_bias: arrays::longs(file, &name("second_bias"))?,
    };
    prior.check(codes)?;
    Ok(prior)
}

fn stages(file: &SafeTensors<'_>, description: &Description) -> Result<Stages> {
    let channels = description.shape.channels();
    let coarse_dimension = COARSE * COARSE * description.coarse_channels;
    let book = |stage: usize, dimension: usize| {
        let name = format!("codebook/{stage}");
        let view = arrays::view(file, &name, Dtype::I16)?;
        let codes = description.codes.get(stage).copied().unwrap_or(0);
        if view.shape() != [codes, dimension] {
            return Err(Error::corrupt(
                0,
                format!("model: {name} is not of {codes} vectors of {dimension}"),
            ));
        }
        Ok(Codebook::new(arrays::shorts(file, &name)?, dimension))
    };
    let fine: Result<Vec<_>> = (1..description.codes.len())
        .map(|stage| book(stage, channels))
        .collect();
    Ok(Stages {
        channels,
        coarse_channels: description.coarse_channels,
        coarse: book(0, coarse_dimension)?,
        fine: fine?,
    })
}
