//! A training run from pictures to a model's file.
//!
//! First the coder, which takes minutes: principal components of wavelet coefficients, stages of
//! codebooks by k-means, priors on the indices that are nearest and then once more on those that the
//! first priors' prices choose, and a linear decoder by least squares. Then the decoder learns, in
//! steps, from exactly those indices that the finished coder chooses; what it learns never changes a
//! file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use codec_core::{Error, Result};
use codec_wavelet::Packet2d;
use rayon::prelude::*;

use super::UNIT;
use super::linear::{self, LinearForm};
use super::model::VqModel;
use super::prior_fit::{self, Seen, Training};
use super::stages::{self, Crop, Size, Stages};
use super::tile::{PACES, choose};
use crate::arrays::{Array, tensor, values};
use crate::random::Random;
use crate::train::adam::{self, AdamW};
use crate::train::checkpoint::{Checkpoint, names};
use crate::train::cosine;
use crate::train::pictures::Pictures;
use crate::walloc::analysis::project;
use crate::walloc::closed_form::{Coefficients, principal};
use crate::walloc::net::{Shape, Synthesis};

/// Learning rate of the linear path against that of the rest: it starts at its closed form.
const LINEAR_RATE: f32 = 0.04;
/// Mean squared error of a coefficient that is usual.
const USUAL: f32 = 0.003;
/// Places of the condition between two numbers of stages.
pub const STEP_OF_STAGE: usize = 16;

/// What a run is told.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Sizes of the decoder.
    pub shape: Shape,
    /// How the codebooks are learned.
    pub stages: stages::Plan,
    /// Crops that the coder is learned from.
    pub crops: u64,
    /// Pixels of a crop's side.
    pub side: usize,
    /// Steps of each prior, twice.
    pub prior_steps: u64,
    /// Steps of the decoder.
    pub steps: u64,
    /// Crops of a step.
    pub batch: usize,
    /// Peak learning rate of the decoder.
    pub rate: f32,
    /// Seed of everything random.
    pub seed: u64,
}

impl Plan {
    /// The sizes and settings that the shipped model has, for so many steps.
    #[must_use]
    pub fn new(steps: u64, seed: u64) -> Self {
        Plan {
            shape: Shape {
                colours: 3,
                levels: 4,
                prefixes: vec![32],
                wide: 32,
                width: 128,
                blocks: 6,
                anchors: 4,
            },
            stages: stages::Plan {
                coarse_channels: 12,
                codes: vec![1024; 4],
                rounds: 14,
                seed,
            },
            crops: 2400,
            side: 256,
            prior_steps: 4000,
            steps,
            batch: 2,
            rate: 2e-3,
            seed,
        }
    }
}

/// The paces that a number of stages is used with.
#[must_use]
pub fn paces(count: usize) -> std::ops::Range<usize> {
    match count {
        1 => 6..PACES,
        2 => 3..PACES,
        3 => 2..10,
        _ => 0..9,
    }
}

/// A run and where it is kept.
pub struct Session {
    plan: Plan,
    coder: VqModel,
    pictures: Pictures,
    packet: Packet2d,
    device: Device,
    checkpoint: PathBuf,
    synthesis: Synthesis,
    average: Vec<Tensor<1>>,
    state: adam::State,
    names: Vec<String>,
    done: u64,
}

fn internal(error: codec_wavelet::Error) -> Error {
    Error::Internal(error.to_string())
}

impl Session {
    /// Begins a run, or goes on with the one that the files at `checkpoint` keep. `said` hears what is
    /// being done.
    ///
    /// # Errors
    /// [`Error::Usage`] if the run there has another plan or there are no pictures; errors of files.
    pub fn open(
        plan: Plan,
        folders: &[PathBuf],
        checkpoint: &Path,
        device: &Device,
        said: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let pictures = Pictures::read(folders, plan.side)?;
        let packet = Packet2d::new(plan.shape.levels).map_err(internal)?;
        let coder_path = checkpoint.with_extension("coder");
        let coder = if coder_path.exists() {
            VqModel::read(&std::fs::read(&coder_path).map_err(Error::io("read the coder"))?)?
        } else {
            let coder = coder(&plan, &pictures, &packet, device, said)?;
            std::fs::write(&coder_path, coder.to_bytes()?).map_err(Error::io("write the coder"))?;
            coder
        };
        let device = device.clone().autodiff();
        let synthesis = synthesis_of(&coder, &device)?;
        let mut session = Session {
            average: adam::parameters(&synthesis.valid()),
            names: names(&synthesis)
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            state: Vec::new(),
            done: 0,
            checkpoint: checkpoint.to_owned(),
            plan,
            coder,
            pictures,
            packet,
            device,
            synthesis,
        };
        if checkpoint.exists() {
            let (kept, texts) =
                Checkpoint::read(checkpoint, session.synthesis.clone(), &session.device)?;
            if texts.get("plan") != Some(&json(&session.plan)?) {
                return Err(Error::Usage(format!(
                    "{}: a run with other settings",
                    checkpoint.display()
                )));
            }
            session.synthesis = kept.module;
            session.average = kept.average;
            session.state = kept.state;
            session.done = kept.done;
        }
        Ok(session)
    }

    /// Steps done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.done >= self.plan.steps
    }

    /// Number of pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// One step of the decoder; gives the mean PSNR of the coefficients in dB.
    ///
    /// # Errors
    /// As reading the data.
    pub fn step(&mut self) -> Result<f32> {
        let shape = self.plan.shape.clone();
        let (n, c) = (shape.coefficients(), shape.channels());
        let mut random = Random::new(self.plan.seed, 1_000_000 + self.done);
        let (mut targets, mut latents, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        let mut size = Size {
            height: 0,
            width: 0,
        };
        for _ in 0..self.plan.batch {
            let count = 1 + random.below(self.coder.stages.count());
            let range = paces(count);
            let pace = range.start + random.below(range.len());
            let pixels = self.pictures.crop(self.plan.side, &mut random);
            let crop = transformed(&self.packet, &pixels, self.plan.side)?;
            size = Size {
                height: crop.height,
                width: crop.width,
            };
            let wanted = latents_of(&self.coder.analysis, &crop, n);
            latents.extend(decoded(&self.coder, &wanted, size, (count, pace)));
            targets.extend(crop.values);
            conditions.extend(shape.condition((count - 1) * STEP_OF_STAGE, 0));
        }
        let (batch, [h, w]) = (self.plan.batch, [size.height, size.width]);
        let device = &self.device;
        let targets: Tensor<4> = tensor(targets, [batch, n, h, w], device);
        let latents: Tensor<4> = tensor(latents, [batch, c, h, w], device);
        let condition = tensor(conditions, [batch, shape.conditions()], device);
        let steps = tensor(vec![0.0; batch], [batch, 1], device);
        let out = self.synthesis.forward(latents, steps, condition, 0);
        let norms = tensor(norms(&self.packet, &shape), [1, n, 1, 1], device);
        let error = ((out - targets) * norms)
            .square()
            .reshape([batch, n * h * w])
            .mean_dim(1);
        let found = error.clone().detach();
        let loss = (error / (found.clone() + USUAL)).mean();
        let gradients = loss.backward();
        let rate = cosine(self.plan.rate, self.done, self.plan.steps, 200);
        let names = &self.names;
        let rates = |number: usize| match names.get(number) {
            Some(name) if name.starts_with("linear.") => LINEAR_RATE * rate,
            _ => rate,
        };
        let adam = AdamW::default();
        let (synthesis, _) = adam.step(self.synthesis.clone(), &gradients, &mut self.state, &rates);
        self.synthesis = synthesis;
        self.done += 1;
        let decay = (1.0 - 10.0 / (10.0 + self.done as f32)).min(0.998);
        let average = std::mem::take(&mut self.average);
        self.average = adam::averaged(average, adam::parameters(&self.synthesis.valid()), decay);
        let errors = values(found.inner())?;
        let decibels = errors.iter().map(|error| -10.0 * error.max(1e-9).log10());
        Ok(decibels.sum::<f32>() / batch as f32)
    }

    /// Writes the state, to go on from here.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn keep(&self) -> Result<()> {
        let texts = HashMap::from([("plan".to_owned(), json(&self.plan)?)]);
        let checkpoint = Checkpoint {
            module: self.synthesis.clone(),
            average: self.average.clone(),
            state: self.state.clone(),
            done: self.done,
        };
        checkpoint.write(&self.checkpoint, texts)
    }

    /// The model as it stands.
    ///
    /// # Errors
    /// [`Error::Internal`] where the device gives nothing back.
    pub fn model(&self) -> Result<VqModel> {
        let averaged = adam::with_parameters(self.synthesis.valid(), self.average.clone());
        VqModel::new(
            self.plan.shape.clone(),
            self.coder.analysis.clone(),
            self.coder.stages.clone(),
            self.coder.priors.clone(),
            arrays_of(&averaged)?,
        )
    }

    /// Removes the files of the run's state.
    pub fn forget(checkpoint: &Path) {
        for path in [checkpoint.to_owned(), checkpoint.with_extension("coder")] {
            // What is not there need not be removed.
            drop(std::fs::remove_file(path));
        }
    }
}

fn json(plan: &Plan) -> Result<String> {
    serde_json::to_string(plan).map_err(|error| Error::Internal(error.to_string()))
}

fn arrays_of(synthesis: &Synthesis) -> Result<Vec<Array>> {
    let parameters = adam::parameters(synthesis);
    let named = names(synthesis).into_iter().zip(parameters);
    named
        .map(|((name, shape), value)| {
            Ok(Array {
                name,
                shape,
                values: values(value)?,
            })
        })
        .collect()
}

/// The decoder of a model, to be trained on.
fn synthesis_of(model: &VqModel, device: &Device) -> Result<Synthesis> {
    let empty = Synthesis::new(model.shape(), 0, device);
    let found = names(&empty).into_iter().map(|(name, _)| {
        let array = model.synthesis.iter().find(|array| array.name == name);
        let array = array.ok_or_else(|| Error::corrupt(0, format!("model: no array {name}")))?;
        Ok(tensor(
            array.values.clone(),
            [array.values.len()],
            &device.clone().inner(),
        ))
    });
    let found: Result<Vec<Tensor<1>>> = found.collect();
    Ok(adam::with_parameters(empty, found?))
}

fn transformed(packet: &Packet2d, pixels: &[f32], side: usize) -> Result<Coefficients> {
    let values = packet.forward(pixels, [3, side, side]).map_err(internal)?;
    let [height, width] = packet.grid(side, side);
    Ok(Coefficients {
        height,
        width,
        values,
    })
}

/// The norm of what each coefficient stands for.
fn norms(packet: &Packet2d, shape: &Shape) -> Vec<f32> {
    packet.norms().repeat(shape.colours)
}

/// Latents in units, `[area, channels]`.
pub(super) fn latents_of(analysis: &[f32], crop: &Coefficients, n: usize) -> Vec<f32> {
    let area = crop.height * crop.width;
    let planes = project(analysis, &crop.values, n, area);
    let channels = analysis.len() / n;
    let mut out = vec![0.0; planes.len()];
    for (channel, plane) in planes.chunks_exact(area).enumerate() {
        for (at, value) in plane.iter().enumerate() {
            out[at * channels + channel] = value * UNIT;
        }
    }
    out
}

/// What the coder makes of latents: planar `[channels, area]`, in the range of a pixel.
fn decoded(
    coder: &VqModel,
    latents: &[f32],
    size: Size,
    (count, pace): (usize, usize),
) -> Vec<f32> {
    let tokens = choose(
        &coder.stages,
        &coder.priors,
        latents,
        size,
        (count, pace),
        |_, _, _| {},
    );
    planar(&coder.stages.sum(&tokens, size), coder.stages.channels)
}

/// Latents `[area, channels]` in units as `[channels, area]` in the range of a pixel.
#[must_use]
pub fn planar(sum: &[i32], channels: usize) -> Vec<f32> {
    let area = sum.len() / channels;
    let mut out = vec![0.0; sum.len()];
    for (at, place) in sum.chunks_exact(channels).enumerate() {
        for (channel, &value) in place.iter().enumerate() {
            out[channel * area + at] = value as f32 / UNIT;
        }
    }
    out
}

/// Learns everything but the residual path of the decoder.
fn coder(
    plan: &Plan,
    pictures: &Pictures,
    packet: &Packet2d,
    device: &Device,
    said: &mut dyn FnMut(&str),
) -> Result<VqModel> {
    let shape = &plan.shape;
    let (n, channels) = (shape.coefficients(), shape.channels());
    let crop = |number: u64| {
        let mut random = Random::new(plan.seed, number);
        transformed(packet, &pictures.crop(plan.side, &mut random), plan.side)
    };
    said("principal components");
    let norms = norms(packet, shape);
    let first: Result<Vec<_>> = (0..plan.crops.min(250))
        .map(|number| {
            let mut crop = crop(number)?;
            let area = crop.height * crop.width;
            for (plane, norm) in crop.values.chunks_exact_mut(area).zip(&norms) {
                plane.iter_mut().for_each(|value| *value *= norm);
            }
            Ok(crop)
        })
        .collect();
    // Components of what counts in pixels: an error of a latent is one of the picture.
    let (mut analysis, deviations) = principal(&first?, channels);
    for row in analysis.chunks_exact_mut(n) {
        row.iter_mut()
            .zip(&norms)
            .for_each(|(weight, norm)| *weight *= norm);
    }
    let crops: Result<Vec<Crop>> = (0..plan.crops)
        .into_par_iter()
        .map(|number| {
            let coefficients = crop(number)?;
            Ok(Crop {
                size: Size {
                    height: coefficients.height,
                    width: coefficients.width,
                },
                latents: latents_of(&analysis, &coefficients, n),
            })
        })
        .collect();
    let crops = crops?;
    said("codebooks");
    let (stages, used) = stages::fit(&crops, channels, &plan.stages);
    said(&format!("{used:?} codes are used"));
    let mut priors = Vec::new();
    for turn in 0..2 {
        said("priors");
        let seen = seen(&stages, &priors, &crops, plan.seed + turn);
        let training = Training {
            steps: plan.prior_steps,
            batch: 256,
            rate: 3e-3,
            seed: plan.seed,
        };
        let fitted: Result<Vec<_>> = seen
            .par_iter()
            .enumerate()
            .map(|(stage, seen)| {
                let codes = stages.book(stage).len();
                prior_fit::fit(seen, codes, training, device)
            })
            .collect();
        let fitted = fitted?;
        let bits: Vec<String> = fitted
            .iter()
            .map(|(_, bits)| format!("{bits:.2}"))
            .collect();
        said(&format!(
            "{} bits of an index in each stage",
            bits.join(", ")
        ));
        priors = fitted.into_iter().map(|(prior, _)| prior).collect();
    }
    said("linear decoder");
    let empty = VqModel::new(shape.clone(), analysis, stages, priors, Vec::new())?;
    let count = plan.crops.min(500);
    let pairs: Result<Vec<_>> = (0..count)
        .into_par_iter()
        .map(|number| {
            let coefficients = crop(number)?;
            let size = Size {
                height: coefficients.height,
                width: coefficients.width,
            };
            let mut random = Random::new(plan.seed, 500_000 + number);
            let stages = 1 + random.below(empty.stages.count());
            let range = paces(stages);
            let pace = range.start + random.below(range.len());
            let latents = latents_of(&empty.analysis, &coefficients, n);
            Ok((
                decoded(&empty, &latents, size, (stages, pace)),
                coefficients,
            ))
        })
        .collect();
    let form = linear::fit(&pairs?, shape);
    let synthesis = initial(shape, &form, &deviations, plan.seed, device)?;
    VqModel::new(
        shape.clone(),
        empty.analysis,
        empty.stages,
        empty.priors,
        synthesis,
    )
}

/// What priors are trained on: the indices of all crops, each at a pace of its own.
fn seen(stages: &Stages, priors: &[super::prior::Prior], crops: &[Crop], seed: u64) -> Vec<Seen> {
    let of_crops: Vec<Vec<Seen>> = crops
        .par_iter()
        .enumerate()
        .map(|(number, crop)| {
            let pace = Random::new(seed, 700_000 + number as u64).below(PACES);
            let mut seen = vec![Seen::default(); stages.count()];
            let all = (stages.count(), pace);
            choose(
                stages,
                priors,
                &crop.latents,
                crop.size,
                all,
                |stage, inputs, index| {
                    seen[stage].add(inputs, index);
                },
            );
            seen
        })
        .collect();
    let mut all = vec![Seen::default(); stages.count()];
    for crop in of_crops {
        for (all, part) in all.iter_mut().zip(crop) {
            all.inputs.extend(part.inputs);
            all.indices.extend(part.indices);
        }
    }
    all
}

/// A decoder with the linear path alone.
fn initial(
    shape: &Shape,
    form: &LinearForm,
    deviations: &[f32],
    seed: u64,
    device: &Device,
) -> Result<Vec<Array>> {
    let (n, c) = (shape.coefficients(), shape.channels());
    let mut synthesis = Synthesis::new(shape, seed, device);
    if let Some(linear) = synthesis.linear.first_mut() {
        linear.near = Param::from_tensor(tensor(form.near.clone(), [n, c, 3, 3], device));
    }
    let variance = deviations.iter().map(|deviation| deviation * deviation);
    let variance = tensor(variance.collect(), [1, c], device);
    synthesis.variance = Param::from_tensor(variance);
    synthesis.spread = Param::from_tensor(tensor(form.left.clone(), [1, n, 1], device));
    arrays_of(&synthesis)
}
