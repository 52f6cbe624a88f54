//! Training of image models.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use codec_core::{Error, Result};
use codec_wavelet::Packet2d;

use super::closed_form::{ClosedForm, Coefficients, DEAD_ZONE, fit};
use super::export::BIT;
use super::model::ImageModel;
use super::net::{Shape, Synthesis};
use super::rate::RateProxy;
use super::{STEPS, step_size};
use crate::arrays::{self, tensor};
use crate::context::{self, Choice};
use crate::random::Random;
use crate::train::adam::{self, AdamW};
use crate::train::checkpoint::{Checkpoint, names};
use crate::train::cosine;
use crate::train::pictures::Pictures;

/// All that is trained.
#[derive(Module, Debug)]
pub struct Trainee {
    /// `[1, channels, coefficients]`.
    pub analysis: Param<Tensor<3>>,
    /// The decoder.
    pub synthesis: Synthesis,
    /// The stand-in for the entropy coder.
    pub rate: RateProxy,
}

/// How to train.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Settings {
    /// Sizes of the model.
    pub shape: Shape,
    /// Optimizer steps.
    pub steps: u64,
    /// Crops of a step.
    pub batch: usize,
    /// Pixels of a crop's side.
    pub side: usize,
    /// Peak learning rate.
    pub rate: f32,
    /// Chances of the prefixes.
    pub chances: Vec<f32>,
    /// Bits' weight against that which high-rate theory gives.
    pub bits: f32,
    /// Seed of everything random.
    pub seed: u64,
}

/// Least and greatest step index that every prefix is trained at.
pub const USUAL_STEPS: (usize, usize) = (10, 60);
/// Chance of a step beyond the usual range.
const FINE: f32 = 0.15;

/// Learning rate of the encoder against that of the rest: it starts at its closed form.
const ANALYSIS_RATE: f32 = 0.15;
/// Learning rate of the linear path in the last part, likewise.
const LINEAR_RATE: f32 = 0.04;

/// One batch on the device.
struct Batch {
    coefficients: Tensor<4>,
    noise: Tensor<4>,
    condition: Tensor<2>,
    sizes: Tensor<4>,
    steps: Vec<usize>,
    usual: Tensor<2>,
    prefix: usize,
}

/// What a step showed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown {
    /// Peak signal-to-noise ratio of the coefficients, mean over crops, in dB.
    pub psnr: f32,
    /// Bits per pixel by the stand-in.
    pub bpp: f32,
    /// The loss.
    pub loss: f32,
}

impl Trainee {
    /// The closed form as a trainee.
    #[must_use]
    pub fn new(shape: &Shape, form: &ClosedForm, seed: u64, device: &Device) -> Self {
        let (n, c) = (shape.coefficients(), shape.channels());
        let mut synthesis = Synthesis::new(shape, seed, device);
        for (i, (near, point)) in form.linear.iter().enumerate() {
            let channels = shape.prefixes[i];
            let wide = channels.min(shape.wide);
            let linear = &mut synthesis.linear[i];
            linear.near = fixed(tensor(near.clone(), [n, wide, 3, 3], device));
            if channels > wide {
                let point = tensor(point.clone(), [n, channels - wide], device);
                linear.point = Some(fixed(point));
            }
        }
        let mut shrink = form.shrink.clone();
        shrink.resize(shape.conditions() * c, 0.0);
        let variance = form
            .deviations
            .iter()
            .map(|deviation| deviation * deviation)
            .collect();
        synthesis.variance = fixed(tensor(variance, [1, c], device));
        synthesis.spread = fixed(tensor(form.spread.clone(), [1, n, 1], device));
        synthesis.shrink = Param::from_tensor(tensor(shrink, [shape.conditions(), c], device));
        Trainee {
            analysis: Param::from_tensor(tensor(form.analysis.clone(), [1, c, n], device)),
            synthesis,
            rate: RateProxy::new(shape, device),
        }
    }

    fn loss(
        &self,
        batch: Batch,
        settings: &Settings,
        coder: Option<&ImageModel>,
    ) -> Result<(Tensor<1>, Shown)> {
        let shape = &settings.shape;
        let [n, k, h, w] = batch.coefficients.dims();
        let channels = shape.prefixes[batch.prefix];
        let area = (h * w) as f32;
        let flat = batch.coefficients.clone().reshape([n, k, h * w]);
        let mut analysis = self.analysis.val().narrow(1, 0, channels);
        if coder.is_some() {
            analysis = analysis.detach();
        }
        let latents = analysis.matmul(flat).reshape([n, channels, h, w]) / batch.sizes.clone();
        let plain = latents.clone().detach();
        let known = match coder {
            None => plain.clone().sign() * (plain.clone().abs() + (0.5 - DEAD_ZONE)).floor(),
            Some(model) => chosen_by(model, plain.clone(), &batch.steps)?,
        };
        let bits = match coder {
            None => {
                let noisy = latents.clone() + batch.noise.narrow(1, 0, channels);
                self.rate
                    .bits(noisy, known.clone(), batch.condition.clone())
            }
            // Nothing that is still trained changes the rate.
            Some(_) => known.zeros_like(),
        };
        let rounded = latents + (known - plain);
        let decoded = self.synthesis.forward(
            rounded * batch.sizes.clone(),
            batch.sizes.clone().reshape([n, 1]),
            batch.condition,
            batch.prefix,
        );
        let per_crop = |x: Tensor<4>| x.reshape([n as i32, -1]).sum_dim(1) / area;
        let distortion = per_crop((decoded - batch.coefficients).square());
        let rate = per_crop(bits);
        let sizes = batch.sizes.clone().reshape([n, 1]);
        let squares = sizes.square();
        let cost = distortion.clone() + rate.clone() * squares.clone() * (0.1155 * settings.bits);
        // Nearly the logarithm of the cost, but flat crops, which cost little anyway, weigh less.
        let weight = (cost.clone().detach() + batch.usual).recip();
        let loss = (cost * weight).mean();
        let shown = Shown {
            psnr: {
                let mse = distortion.detach() / k as f32;
                (mse.log() * (-10.0 / std::f32::consts::LN_10))
                    .mean()
                    .into_scalar()
            },
            bpp: rate.detach().mean().into_scalar::<f32>() / (1 << (2 * shape.levels)) as f32,
            loss: loss.clone().detach().into_scalar(),
        };
        Ok((loss, shown))
    }
}

/// A parameter that training leaves as it is.
fn fixed<const D: usize>(value: Tensor<D>) -> Param<Tensor<D>> {
    Param::from_tensor(value).set_require_grad(false)
}

/// The integers that the encoder of `model` chooses for latents in steps.
fn chosen_by(model: &ImageModel, latents: Tensor<4>, steps: &[usize]) -> Result<Tensor<4>> {
    let [n, c, h, w] = latents.dims();
    let device = latents.device();
    let values = arrays::values(latents)?;
    let choice = Choice {
        bit: BIT,
        weights: model.weights.clone(),
    };
    let mut integers = Vec::with_capacity(values.len());
    for (crop, &step) in values.chunks_exact(c * h * w).zip(steps) {
        let (_, chosen) = context::encode(model.context(step), crop, [c, h, w], &choice)?;
        integers.extend(chosen.into_iter().map(f32::from));
    }
    Ok(tensor(integers, [n, c, h, w], &device))
}

/// The data of step `at`.
fn batch(
    settings: &Settings,
    form: &ClosedForm,
    pictures: &Pictures,
    at: u64,
    device: &Device,
) -> Result<Batch> {
    let shape = &settings.shape;
    let mut random = Random::new(settings.seed, at);
    let prefix = chosen(&settings.chances, random.unit());
    let mut coefficients = Vec::new();
    let mut condition = Vec::new();
    let mut sizes = Vec::new();
    let mut steps = Vec::new();
    let mut usual = Vec::new();
    let mut grid = 0;
    for _ in 0..settings.batch {
        let crop = transformed(shape, pictures, settings.side, &mut random)?;
        grid = crop.height;
        coefficients.extend(crop.values);
        let step = sampled(settings, prefix, &mut random);
        let part = shape.condition(step, prefix);
        let all = &form.usual[prefix * shape.anchors..][..shape.anchors];
        usual.push(
            part.iter()
                .zip(all)
                .map(|(part, usual)| part * usual)
                .sum::<f32>(),
        );
        condition.extend(part);
        sizes.push(step_size(step));
        steps.push(step);
    }
    let n = settings.batch;
    let c = shape.channels();
    let noise = (0..n * c * grid * grid)
        .map(|_| random.unit() - 0.5)
        .collect();
    Ok(Batch {
        coefficients: tensor(coefficients, [n, shape.coefficients(), grid, grid], device),
        noise: tensor(noise, [n, c, grid, grid], device),
        condition: tensor(condition, [n, shape.conditions()], device),
        sizes: tensor(sizes, [n, 1, 1, 1], device),
        steps,
        usual: tensor(usual, [n, 1], device),
        prefix,
    })
}

/// A step index: mostly one of the usual range, and with all channels sometimes a finer one.
fn sampled(settings: &Settings, prefix: usize, random: &mut Random) -> usize {
    let (low, high) = USUAL_STEPS;
    let is_fine = prefix + 1 == settings.shape.prefixes.len() && random.unit() < FINE;
    let (low, high) = if is_fine {
        (high, STEPS - 1)
    } else {
        (low, high)
    };
    low + random.below(high - low + 1)
}

fn chosen(chances: &[f32], mut at: f32) -> usize {
    for (i, chance) in chances.iter().enumerate() {
        at -= chance;
        if at < 0.0 {
            return i;
        }
    }
    chances.len() - 1
}

fn transformed(
    shape: &Shape,
    pictures: &Pictures,
    side: usize,
    random: &mut Random,
) -> Result<Coefficients> {
    let packet = Packet2d::new(shape.levels).map_err(|e| Error::Usage(e.to_string()))?;
    let pixels = pictures.crop(side, random);
    let values = packet
        .forward(&pixels, [3, side, side])
        .map_err(|e| Error::Usage(e.to_string()))?;
    let [height, width] = packet.grid(side, side);
    Ok(Coefficients {
        height,
        width,
        values,
    })
}

/// The closed form of `crops` random crops.
///
/// # Errors
/// [`Error::Usage`] for a shape that cannot be.
pub fn closed_form(settings: &Settings, pictures: &Pictures, crops: usize) -> Result<ClosedForm> {
    let mut random = Random::new(settings.seed, u64::MAX);
    let crops: Result<Vec<_>> = (0..crops)
        .map(|_| transformed(&settings.shape, pictures, settings.side, &mut random))
        .collect();
    Ok(fit(&settings.shape, &crops?))
}

/// A run in memory.
pub struct Run {
    /// How it is trained.
    pub settings: Settings,
    /// The parameters.
    pub trainee: Trainee,
    /// Their running means.
    pub average: Vec<Tensor<1>>,
    state: adam::State,
    form: ClosedForm,
    /// Names of the parameters.
    names: Vec<String>,
    /// The model whose encoder stays as it is and chooses the integers, in the last part of training.
    pub coder: Option<ImageModel>,
    /// Steps done.
    pub done: u64,
}

impl Run {
    /// A run that begins.
    #[must_use]
    pub fn new(settings: Settings, form: &ClosedForm, device: &Device) -> Self {
        let trainee = Trainee::new(&settings.shape, form, settings.seed, device);
        let average = adam::parameters(&trainee);
        Run {
            settings,
            average,
            state: Vec::new(),
            form: form.clone(),
            names: names(&trainee).into_iter().map(|(name, _)| name).collect(),
            coder: None,
            done: 0,
            trainee,
        }
    }

    /// One step.
    ///
    /// # Errors
    /// As reading the data.
    pub fn step(&mut self, pictures: &Pictures, device: &Device) -> Result<Shown> {
        let settings = &self.settings;
        let batch = batch(settings, &self.form, pictures, self.done, device)?;
        let (loss, shown) = self.trainee.loss(batch, settings, self.coder.as_ref())?;
        let gradients = loss.backward();
        let rate = cosine(settings.rate, self.done, settings.steps, 200);
        let adam = AdamW::default();
        let trainee = self.trainee.clone();
        let rate = |number: usize| match self.names.get(number).map(String::as_str) {
            Some("analysis") => ANALYSIS_RATE * rate,
            Some(name) if name.starts_with("synthesis.linear.") => LINEAR_RATE * rate,
            _ => rate,
        };
        let (trainee, _) = adam.step(trainee, &gradients, &mut self.state, &rate);
        self.trainee = trainee;
        self.done += 1;
        let decay = (1.0 - 10.0 / (10.0 + self.done as f32)).min(0.998);
        let average = std::mem::take(&mut self.average);
        self.average = adam::averaged(average, adam::parameters(&self.trainee), decay);
        Ok(shown)
    }

    /// Goes over to the last part: the encoder stays as it is in `coder`, which chooses the integers
    /// from now on.
    pub fn enter_last_part(&mut self, coder: ImageModel) {
        let device = self.trainee.analysis.val().device();
        let (c, n) = (coder.shape().channels(), coder.shape().coefficients());
        let analysis: Tensor<3> = tensor(coder.analysis.clone(), [1, c, n], &device);
        self.trainee.analysis = fixed(analysis.clone());
        for linear in &mut self.trainee.synthesis.linear {
            let near = linear.near.val().set_require_grad(true);
            linear.near = Param::from_tensor(near);
            linear.point = linear
                .point
                .take()
                .map(|point| Param::from_tensor(point.val().set_require_grad(true)));
        }
        if let Some(average) = self.average.first_mut() {
            *average = analysis.inner().flatten::<1>(0, 2);
        }
        self.coder = Some(coder);
    }

    /// The trainee with the running means of its parameters, on the plain device.
    #[must_use]
    pub fn averaged(&self) -> Trainee {
        adam::with_parameters(self.trainee.valid(), self.average.clone())
    }

    /// The run's state, to be written.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<Trainee> {
        Checkpoint {
            module: self.trainee.clone(),
            average: self.average.clone(),
            state: self.state.clone(),
            done: self.done,
        }
    }

    /// The run as it was when the checkpoint was written.
    #[must_use]
    pub fn resumed(self, checkpoint: Checkpoint<Trainee>) -> Self {
        Run {
            settings: self.settings,
            trainee: checkpoint.module,
            average: checkpoint.average,
            state: checkpoint.state,
            form: self.form,
            names: self.names,
            coder: self.coder,
            done: checkpoint.done,
        }
    }
}
