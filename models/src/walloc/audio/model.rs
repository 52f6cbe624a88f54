//! The file of a model for sound: a SafeTensors file that anyone can open.
//!
//! | array | type, shape | what |
//! |---|---|---|
//! | `scales` | I16 `[2, 8, 14]` | weights of the terms of a scale in 1/4096, for middles and sides, for groups of bands |
//! | `tables` | U16 `[64, 5, 25]` | frequencies, as in a picture's model |
//! | `restored` | F32 `[64, 3, 2]` | for each class, and magnitudes 0, 1 and more: part of the way to the mean, and distance away from zero |
//!
//! The metadata key `model` holds the kind and the version as JSON.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use codec_core::{Error, Result};
use safetensors::tensor::SafeTensors;
use xxhash_rust::xxh64::xxh64;

use super::predict::TERMS;
use crate::arrays::{self, Stored};
use crate::context::Tables;

/// Kind of these files.
pub const KIND: &str = "walloc-audio";
/// Version of the layout.
pub const VERSION: u32 = 1;
/// Largest file that is read, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// Groups of bands.
pub(super) const GROUPS: usize = 8;
/// Classes of scale.
pub(super) const CLASSES: usize = 64;
/// Weights for all kinds of planes and groups.
const WEIGHTS: usize = 2 * GROUPS * TERMS;
/// Numbers that restore latents.
const RESTORED: usize = CLASSES * 3 * 2;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Description {
    kind: String,
    version: u32,
}

/// A model for sound.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioModel {
    /// `[2, GROUPS, TERMS]`.
    scales: Vec<i16>,
    pub(super) tables: Tables,
    /// `[CLASSES, 3, 2]`.
    restored: Vec<f32>,
    hash: u64,
}

/// The group of a band: 0, 1, then octaves.
pub(super) fn group(band: usize) -> usize {
    ((usize::BITS - band.leading_zeros()) as usize).min(GROUPS - 1)
}

impl AudioModel {
    /// A model of these parts.
    ///
    /// # Errors
    /// [`Error::Internal`] if an array is not of its shape.
    pub(super) fn new(scales: Vec<i16>, tables: Tables, restored: Vec<f32>) -> Result<Self> {
        let model = AudioModel {
            scales,
            tables,
            restored,
            hash: 0,
        };
        Self::read(&model.to_bytes()?)
    }

    /// XXH64 of the file: how streams name their model.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The scale of the sum of `terms` in 1/4096.
    #[inline]
    pub(super) fn scale(&self, is_side: bool, band: usize, terms: &[i32; TERMS]) -> i32 {
        let start = (usize::from(is_side) * GROUPS + group(band)) * TERMS;
        let weights = &self.scales[start..start + TERMS];
        let products = weights
            .iter()
            .zip(terms)
            .map(|(&weight, &term)| i64::from(weight) * i64::from(term));
        (products.sum::<i64>() >> 4).clamp(0, i64::from(i32::MAX)) as i32
    }

    /// What `value` most probably was, in steps, if it was expected with `class` and `mean`.
    #[inline]
    pub(super) fn restored(&self, class: usize, value: i32, mean: i32) -> f32 {
        let row = (class * 3 + value.unsigned_abs().min(2) as usize) * 2;
        let value = value as f32;
        let toward = (mean as f32 / 4096.0 - value).clamp(-0.5, 0.5);
        let away = if value == 0.0 { 0.0 } else { value.signum() };
        value + self.restored[row] * toward + self.restored[row + 1] * away
    }

    /// The file.
    ///
    /// # Errors
    /// [`Error::Internal`] if an array is not of its shape.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let tables = self.tables.frequencies();
        let parts = [
            Stored::shorts("scales", vec![2, GROUPS, TERMS], &self.scales),
            Stored::words("tables", vec![tables.len()], tables),
            Stored::floats("restored", vec![CLASSES, 3, 2], &self.restored),
        ];
        let description = Description {
            kind: KIND.to_owned(),
            version: VERSION,
        };
        let json = serde_json::to_string(&description)
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
        if description.kind != KIND || description.version != VERSION {
            return Err(Error::Unsupported(format!(
                "a model of kind {} version {}, not {KIND} version {VERSION}",
                description.kind, description.version
            )));
        }
        let file = SafeTensors::deserialize(bytes).map_err(|error| corrupt(&error))?;
        let scales = arrays::shorts(&file, "scales")?;
        let restored = arrays::floats(&file, "restored", &[CLASSES, 3, 2])?;
        if scales.len() != WEIGHTS || restored.len() != RESTORED {
            return Err(corrupt(&"arrays of another size"));
        }
        if scales.iter().any(|&weight| weight < 0) {
            return Err(corrupt(&"a weight of a scale below zero"));
        }
        Ok(AudioModel {
            scales,
            tables: Tables::new(arrays::words(&file, "tables")?)?,
            restored,
            hash: xxh64(bytes, 0),
        })
    }
}

impl crate::shipped::Model for AudioModel {
    #[cfg(feature = "weights")]
    const SHIPPED: Option<&'static [u8]> =
        Some(include_bytes!("../../../weights/walloc-audio.safetensors"));
    #[cfg(not(feature = "weights"))]
    const SHIPPED: Option<&'static [u8]> = None;

    fn of_file(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes)
    }

    fn xxh64(&self) -> u64 {
        self.hash
    }

    fn kept() -> &'static OnceLock<Arc<Self>> {
        static KEPT: OnceLock<Arc<AudioModel>> = OnceLock::new();
        &KEPT
    }
}
