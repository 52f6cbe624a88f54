//! The file of an image model: a SafeTensors file that anyone can open, read without a device.
//!
//! | array | type, shape | what |
//! |---|---|---|
//! | `analysis` | F32 `[channels, coefficients]` | encoder |
//! | `weights` | F32 `[channels]` | weight of a squared error, for the choice of integers |
//! | `synthesis/…` | F16 | decoder, see [`net`](super::net) |
//! | `context/B/mean`, `context/B/above` | I16 `[n, 5]` | taps: of channel, from channel, down, right, weight |
//! | `context/B/around` | I16 `[n, 4]` | of channel, from channel, centre, ring |
//! | `context/B/left` | I16 `[channels, 5]` | two weights of the mean, two of the scale, running |
//! | `context/B/base` | I32 `[channels, 2]` | constant of the scale, start of the running mean |
//! | `context/B/tables` | U16 `[64, 5, 25]` | frequencies |
//!
//! `B` is the number of the range of steps, from 0. The metadata key `model` holds the sizes as JSON.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use codec_core::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensors};
use xxhash_rust::xxh64::xxh64;

use super::STEPS;
use super::net::Shape;
use crate::arrays::{self, Array, Stored};
use crate::context::{Around, ChannelModel, ContextModel, Tables, Tap};

/// What the metadata say.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Description {
    /// `walloc-image`.
    pub kind: String,
    /// Version of this layout.
    pub version: u32,
    /// Sizes.
    pub shape: Shape,
    /// First step of each context model but the first, ascending.
    pub bands: Vec<usize>,
    /// The finest step that each prefix was trained at: finer ones gain nothing.
    #[serde(default)]
    pub finest: Vec<usize>,
}

/// Kind of these files.
pub const KIND: &str = "walloc-image";
/// Version of the layout.
pub const VERSION: u32 = 1;
/// Largest file that is read, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// An image model, without a device.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageModel {
    /// Sizes and ranges of steps.
    pub description: Description,
    /// Encoder, `[channels, coefficients]`.
    pub analysis: Vec<f32>,
    /// Weight of a squared error of each channel.
    pub weights: Vec<f32>,
    /// Arrays of the decoder, named as its parameters.
    pub synthesis: Vec<Array>,
    /// One for each range of steps.
    pub contexts: Vec<ContextModel>,
    hash: u64,
}

impl ImageModel {
    /// A model of these parts.
    ///
    /// # Errors
    /// [`Error::Internal`] if an array is not of its shape.
    pub fn new(
        description: Description,
        analysis: Vec<f32>,
        weights: Vec<f32>,
        synthesis: Vec<Array>,
        contexts: Vec<ContextModel>,
    ) -> Result<Self> {
        let model = ImageModel {
            description,
            analysis,
            weights,
            synthesis,
            contexts,
            hash: 0,
        };
        Self::read(&model.to_bytes()?)
    }

    /// XXH64 of the file: how streams name their model.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Sizes of the model.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.description.shape
    }

    /// The finest step of prefix number `prefix` that is worth its bits.
    #[must_use]
    pub fn finest(&self, prefix: usize) -> usize {
        let finest = self.description.finest.get(prefix).copied();
        finest.unwrap_or(STEPS - 1).min(STEPS - 1)
    }

    /// The context model for `step`.
    #[must_use]
    pub fn context(&self, step: usize) -> &ContextModel {
        let band = self
            .description
            .bands
            .iter()
            .filter(|&&first| step >= first)
            .count();
        &self.contexts[band]
    }

    /// The file.
    ///
    /// # Errors
    /// [`Error::Internal`] if an array is not of its shape.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let shape = self.shape();
        let (c, n) = (shape.channels(), shape.coefficients());
        let mut parts = vec![
            Stored::floats("analysis", vec![c, n], &self.analysis),
            Stored::floats("weights", vec![c], &self.weights),
        ];
        for array in &self.synthesis {
            parts.push(Stored::halves("synthesis/", array));
        }
        for (band, context) in self.contexts.iter().enumerate() {
            parts.extend(context_arrays(band, context));
        }
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
            return Err(corrupt(&format!(
                "{} bytes, at most {MOST_BYTES}",
                bytes.len()
            )));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| corrupt(&error))?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|texts| texts.get("model"));
        let json = json.ok_or_else(|| corrupt(&"no description of a model"))?;
        let description: Description =
            serde_json::from_str(json).map_err(|error| corrupt(&error))?;
        check(&description)?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| corrupt(&error))?;
        let (c, n) = (
            description.shape.channels(),
            description.shape.coefficients(),
        );
        let mut synthesis = Vec::new();
        for (name, view) in file.tensors() {
            if let Some(name) = name.strip_prefix("synthesis/") {
                synthesis.push(arrays::halves(name, &view)?);
            }
        }
        synthesis.sort_by(|a, b| a.name.cmp(&b.name));
        let contexts: Result<Vec<_>> = (0..=description.bands.len())
            .map(|band| context(&file, band, c))
            .collect();
        Ok(ImageModel {
            analysis: arrays::floats(&file, "analysis", &[c, n])?,
            weights: arrays::floats(&file, "weights", &[c])?,
            synthesis,
            contexts: contexts?,
            description,
            hash: xxh64(bytes, 0),
        })
    }
}

impl crate::shipped::Model for ImageModel {
    #[cfg(feature = "weights")]
    const SHIPPED: Option<&'static [u8]> = Some(include_bytes!("../../weights/walloc.safetensors"));
    #[cfg(not(feature = "weights"))]
    const SHIPPED: Option<&'static [u8]> = None;

    fn of_file(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes)
    }

    fn xxh64(&self) -> u64 {
        self.hash
    }

    fn kept() -> &'static OnceLock<Arc<Self>> {
        static KEPT: OnceLock<Arc<ImageModel>> = OnceLock::new();
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
    let ascending = shape.prefixes.windows(2).all(|pair| pair[0] < pair[1]);
    let fits = shape.colours == 3
        && (1..=4).contains(&shape.levels)
        && (1..=8).contains(&shape.prefixes.len())
        && ascending
        && shape.prefixes[0] > 0
        && shape.channels() <= shape.coefficients().min(256)
        && (1..=shape.channels()).contains(&shape.wide)
        && (1..=512).contains(&shape.width)
        && shape.blocks <= 32
        && (1..=16).contains(&shape.anchors)
        && description.bands.len() < 16
        && description.bands.windows(2).all(|pair| pair[0] < pair[1]);
    if fits {
        Ok(())
    } else {
        Err(Error::corrupt(0, "model: sizes that cannot be"))
    }
}

/// The arrays of a context model, in the order of the table above.
fn context_arrays(band: usize, context: &ContextModel) -> [Stored; 6] {
    let name = |what: &str| format!("context/{band}/{what}");
    let rows = |what: &str, columns: usize, values: Vec<i16>| {
        Stored::shorts(name(what), vec![values.len() / columns, columns], &values)
    };
    let all = || context.channels.iter().enumerate();
    let tap = |of: usize, tap: &Tap| {
        let (down, right) = (tap.down.into(), tap.right.into());
        [of as i16, tap.channel as i16, down, right, tap.weight]
    };
    let mean = all().flat_map(|(of, model)| model.mean.iter().flat_map(move |t| tap(of, t)));
    let above = all().flat_map(|(of, model)| model.above.iter().flat_map(move |t| tap(of, t)));
    let around = all().flat_map(|(of, model)| {
        let row = move |a: &Around| [of as i16, a.channel as i16, a.centre, a.ring];
        model.around.iter().flat_map(row)
    });
    let left = all().flat_map(|(_, model)| {
        let [mean_1, mean_2] = model.mean_left;
        let [left_1, left_2] = model.left;
        [mean_1, mean_2, left_1, left_2, model.running]
    });
    let base = all().flat_map(|(_, model)| [model.scale, model.start]);
    let tables = context.tables.frequencies();
    [
        rows("mean", 5, mean.collect()),
        rows("above", 5, above.collect()),
        rows("around", 4, around.collect()),
        rows("left", 5, left.collect()),
        Stored::new(
            name("base"),
            Dtype::I32,
            vec![context.channels.len(), 2],
            base.flat_map(i32::to_le_bytes),
        ),
        Stored::words(name("tables"), vec![tables.len()], tables),
    ]
}

fn rows<const N: usize>(file: &SafeTensors<'_>, name: &str) -> Result<Vec<[i16; N]>> {
    if arrays::view(file, name, Dtype::I16)?.shape().get(1..) != Some(&[N]) {
        return Err(Error::corrupt(
            0,
            format!("model: array {name} has not {N} columns"),
        ));
    }
    let values = arrays::shorts(file, name)?;
    Ok(values.as_chunks::<N>().0.to_vec())
}

fn context(file: &SafeTensors<'_>, band: usize, channels: usize) -> Result<ContextModel> {
    let name = |what: &str| format!("context/{band}/{what}");
    let mut models = vec![ChannelModel::default(); channels];
    let of = |models: &mut Vec<ChannelModel>, channel: i16| -> Result<usize> {
        usize::try_from(channel)
            .ok()
            .filter(|&channel| channel < models.len())
            .ok_or_else(|| Error::corrupt(0, format!("model: context of channel {channel}")))
    };
    for (key, is_mean) in [("mean", true), ("above", false)] {
        for [channel, from, down, right, weight] in rows::<5>(file, &name(key))? {
            let at = of(&mut models, channel)?;
            let from = of(&mut models, from)? as u16;
            let tap = Tap {
                channel: from,
                down: down.clamp(-9, 9) as i8,
                right: right.clamp(-9, 9) as i8,
                weight,
            };
            let taps = if is_mean {
                &mut models[at].mean
            } else {
                &mut models[at].above
            };
            taps.push(tap);
        }
    }
    for [channel, from, centre, ring] in rows::<4>(file, &name("around"))? {
        let at = of(&mut models, channel)?;
        let channel = of(&mut models, from)? as u16;
        models[at].around.push(Around {
            channel,
            centre,
            ring,
        });
    }
    let left = rows::<5>(file, &name("left"))?;
    let base = arrays::view(file, &name("base"), Dtype::I32)?;
    let base = base.data().as_chunks::<8>().0.to_vec();
    if left.len() != channels || base.len() != channels {
        return Err(Error::corrupt(
            0,
            "model: contexts of another number of channels",
        ));
    }
    for ((model, left), base) in models.iter_mut().zip(left).zip(base) {
        model.mean_left = [left[0], left[1]];
        model.left = [left[2], left[3]];
        model.running = left[4];
        let [a, b, c, d, e, f, g, h] = base;
        model.scale = i32::from_le_bytes([a, b, c, d]);
        model.start = i32::from_le_bytes([e, f, g, h]);
    }
    let tables = arrays::words(file, &name("tables"))?;
    let model = ContextModel {
        channels: models,
        tables: Tables::new(tables)?,
    };
    model.check()?;
    Ok(model)
}
