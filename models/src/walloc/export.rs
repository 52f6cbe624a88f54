//! From a trained network to a model's file: the context models are fitted to what its encoder makes
//! of the training pictures.

use codec_core::{Error, Result};
use codec_wavelet::Packet2d;

use super::analysis::project;
use super::closed_form::{DEAD_ZONE, quantised};
use super::model::{Description, ImageModel, KIND, VERSION};
use super::net::Shape;
use super::train::{Trainee, USUAL_STEPS};
use super::{STEPS, step_size};
use crate::arrays::{Array, values};
use crate::context::{Choice, ContextModel, Example, encode, fit};
use crate::random::Random;
use crate::train::adam;
use crate::train::checkpoint::names;
use crate::train::pictures::Pictures;

/// First steps of the context models after the first.
pub const BANDS: [usize; 3] = [24, 36, 48];
/// Least and greatest step that they are fitted at.
const FITTED: (usize, usize) = (8, 72);
/// Squared steps that a bit is worth: what theory gives at high rates.
pub const BIT: f32 = 0.1155;

/// Latents of a crop.
struct Latents {
    side: usize,
    values: Vec<f32>,
}

/// The model's file of `trainee`, its context models fitted to `crops` crops of `side` pixels.
///
/// # Errors
/// [`Error::Internal`] where a device gives nothing back.
pub fn export(
    shape: &Shape,
    trainee: &Trainee,
    pictures: &Pictures,
    crops: u64,
    side: usize,
    threads: usize,
) -> Result<ImageModel> {
    let arrays = arrays_of(trainee)?;
    let of = |name: &str| arrays.iter().find(|array| array.name == name);
    let analysis = of("analysis")
        .map(|array| array.values.clone())
        .unwrap_or_default();
    let weights = weights(shape, &arrays)?;
    let latents = latents(shape, &analysis, pictures, crops, side)?;
    let contexts = contexts(shape, &latents, &weights, threads)?;
    let synthesis = synthesis_of(&arrays);
    let description = Description {
        kind: KIND.to_owned(),
        version: VERSION,
        shape: shape.clone(),
        bands: BANDS.to_vec(),
        finest: finest(shape),
    };
    ImageModel::new(description, analysis, weights, synthesis, contexts)
}

/// `coder` with the decoder of `trainee`: the same streams, decoded better.
///
/// # Errors
/// As [`export`].
pub fn with_decoder(coder: &ImageModel, trainee: &Trainee) -> Result<ImageModel> {
    let description = Description {
        finest: finest(coder.shape()),
        ..coder.description.clone()
    };
    ImageModel::new(
        description,
        coder.analysis.clone(),
        coder.weights.clone(),
        synthesis_of(&arrays_of(trainee)?),
        coder.contexts.clone(),
    )
}

/// Fewer channels than all are trained up to the end of the usual range of steps.
fn finest(shape: &Shape) -> Vec<usize> {
    let mut finest = vec![USUAL_STEPS.1; shape.prefixes.len()];
    if let Some(last) = finest.last_mut() {
        *last = STEPS - 1;
    }
    finest
}

fn arrays_of(trainee: &Trainee) -> Result<Vec<Array>> {
    let parameters = adam::parameters(trainee);
    let named = names(trainee).into_iter().zip(parameters);
    named
        .map(|((name, shape), value)| {
            let values = values(value)?;
            Ok(Array {
                name,
                shape,
                values,
            })
        })
        .collect()
}

fn synthesis_of(arrays: &[Array]) -> Vec<Array> {
    let of = |array: &Array| {
        let name = array.name.strip_prefix("synthesis.")?;
        Some(Array {
            name: name.to_owned(),
            ..array.clone()
        })
    };
    arrays.iter().filter_map(of).collect()
}

/// How much an error of each channel weighs in the coefficients, by the linear path of all channels.
fn weights(shape: &Shape, arrays: &[Array]) -> Result<Vec<f32>> {
    let last = shape.prefixes.len() - 1;
    let find = |what: &str| {
        let name = format!("synthesis.linear.{last}.{what}");
        arrays.iter().find(move |array| array.name == name)
    };
    let near = find("near").ok_or_else(|| Error::Internal("no linear path".to_owned()))?;
    let (wide, all) = (near.shape[1], shape.channels());
    let mut weights = vec![0.0f32; all];
    for row in near.values.chunks_exact(9 * wide) {
        for (weight, taps) in weights.iter_mut().zip(row.chunks_exact(9)) {
            *weight += taps.iter().map(|tap| tap * tap).sum::<f32>();
        }
    }
    if let Some(point) = find("point") {
        for row in point.values.chunks_exact(all - wide) {
            for (weight, value) in weights[wide..].iter_mut().zip(row) {
                *weight += value * value;
            }
        }
    }
    Ok(weights)
}

fn latents(
    shape: &Shape,
    analysis: &[f32],
    pictures: &Pictures,
    crops: u64,
    side: usize,
) -> Result<Vec<Latents>> {
    let internal = |error: codec_wavelet::Error| Error::Internal(error.to_string());
    let packet = Packet2d::new(shape.levels).map_err(internal)?;
    let [rows, columns] = packet.grid(side, side);
    (0..crops)
        .map(|number| {
            let crop = pictures.crop(side, &mut Random::new(77, number));
            let values = packet.forward(&crop, [3, side, side]).map_err(internal)?;
            let values = project(analysis, &values, shape.coefficients(), rows * columns);
            Ok(Latents { side: rows, values })
        })
        .collect()
}

/// One context model for each band, fitted first to rounded latents and then to those that the
/// encoder would choose under the first.
fn contexts(
    shape: &Shape,
    latents: &[Latents],
    weights: &[f32],
    threads: usize,
) -> Result<Vec<ContextModel>> {
    let c = shape.channels();
    let mut models = Vec::new();
    for band in 0..=BANDS.len() {
        let low = if band == 0 { FITTED.0 } else { BANDS[band - 1] };
        let high = BANDS.get(band).copied().unwrap_or(FITTED.1);
        let mut model: Option<ContextModel> = None;
        for round in 0..2 {
            let mut random = Random::new(5 + round, band as u64);
            let examples: Result<Vec<Example>> = latents
                .iter()
                .map(|latents| {
                    let size = step_size(low + random.below(high - low));
                    example(latents, c, size, weights, model.as_ref())
                })
                .collect();
            model = Some(fit(&examples?, c, threads)?);
        }
        models.extend(model);
    }
    Ok(models)
}

fn example(
    latents: &Latents,
    channels: usize,
    size: f32,
    weights: &[f32],
    model: Option<&ContextModel>,
) -> Result<Example> {
    let side = latents.side;
    let values = match model {
        None => {
            let integer = |&value: &f32| (quantised(value, size, DEAD_ZONE) / size).round() as i16;
            latents.values.iter().map(integer).collect()
        }
        Some(model) => {
            let scaled: Vec<f32> = latents.values.iter().map(|value| value / size).collect();
            let choice = Choice {
                bit: BIT,
                weights: weights.to_vec(),
            };
            encode(model, &scaled, [channels, side, side], &choice)?.1
        }
    };
    Ok(Example {
        height: side,
        width: side,
        values,
    })
}
