//! Training the networks that say how probable indices are.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use codec_core::Result;

use super::prior::{FIRST_SHIFT, HIDDEN, INPUTS, MOST, MOST_WEIGHT, ONE, Prior, SECOND_SHIFT};
use crate::arrays::{tensor, values};
use crate::random::Random;
use crate::train::adam::AdamW;
use crate::train::cosine;

/// Places that were seen: inputs and the index that was there.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// `[count, INPUTS]`.
    pub inputs: Vec<i16>,
    /// `[count]`.
    pub indices: Vec<u16>,
}

impl Seen {
    /// Adds a place.
    pub fn add(&mut self, inputs: &[i32; INPUTS], index: u16) {
        let most = i32::from(i16::MAX);
        let kept = inputs.iter().map(|&input| input.clamp(-most, most) as i16);
        self.inputs.extend(kept);
        self.indices.push(index);
    }

    /// Factors that give every input a deviation of one; 0 for inputs that never change.
    fn factors(&self) -> Vec<i16> {
        let mut squares = vec![0.0f64; INPUTS];
        for row in self.inputs.chunks_exact(INPUTS) {
            for (square, &value) in squares.iter_mut().zip(row) {
                *square += f64::from(value).powi(2);
            }
        }
        let count = self.indices.len().max(1) as f64;
        let factor = |square: &f64| {
            let deviation = (square / count).sqrt();
            if deviation < 0.01 {
                return 0;
            }
            (f64::from(ONE) * 256.0 / deviation).round().min(32_767.0) as i16
        };
        squares.iter().map(factor).collect()
    }
}

#[derive(Module, Debug)]
struct Network {
    first: Param<Tensor<2>>,
    first_bias: Param<Tensor<2>>,
    second: Param<Tensor<2>>,
    second_bias: Param<Tensor<2>>,
}

impl Network {
    fn new(seen: &Seen, codes: usize, seed: u64, device: &Device) -> Self {
        let mut random = Random::new(seed, 8);
        let scale = (1.0 / INPUTS as f32).sqrt();
        let first = (0..INPUTS * HIDDEN).map(|_| scale * random.normal());
        let first = tensor(first.collect(), [INPUTS, HIDDEN], device);
        let mut counts = vec![0.5f32; codes];
        for &index in &seen.indices {
            counts[usize::from(index)] += 1.0;
        }
        let logarithms = counts.iter().map(|count| count.ln());
        let second = (0..HIDDEN * codes).map(|_| 0.02 * random.normal());
        Network {
            first: Param::from_tensor(first),
            first_bias: Param::from_tensor(tensor(vec![0.1; HIDDEN], [1, HIDDEN], device)),
            second: Param::from_tensor(tensor(second.collect(), [HIDDEN, codes], device)),
            second_bias: Param::from_tensor(tensor(logarithms.collect(), [1, codes], device)),
        }
    }

    fn loss(&self, inputs: Tensor<2>, indices: Tensor<2, Int>) -> Tensor<1> {
        let hidden = inputs.matmul(self.first.val()) + self.first_bias.val();
        let hidden = activation::relu(hidden).clamp_max(MOST as f32 / ONE as f32);
        let logits = hidden.matmul(self.second.val()) + self.second_bias.val();
        -activation::log_softmax(logits, 1).gather(1, indices).mean()
    }
}

/// How a prior is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Steps.
    pub steps: u64,
    /// Places of a step.
    pub batch: usize,
    /// Peak learning rate.
    pub rate: f32,
    /// What is random.
    pub seed: u64,
}

/// Trains the prior of a stage with `codes` codes; gives the bits of an index in the last steps, too.
///
/// # Errors
/// [`codec_core::Error::Internal`] where the device gives nothing back.
pub fn fit(seen: &Seen, codes: usize, training: Training, device: &Device) -> Result<(Prior, f32)> {
    let device = device.clone().autodiff();
    let factors = seen.factors();
    let mut network = Network::new(seen, codes, training.seed, &device);
    let (mut state, adam) = (Vec::new(), AdamW::default());
    let (mut sum, mut count) = (0.0, 0);
    for step in 0..training.steps {
        let mut random = Random::new(training.seed, 100 + step);
        let (mut inputs, mut indices) = (Vec::new(), Vec::new());
        for _ in 0..training.batch {
            let at = random.below(seen.indices.len());
            let row = &seen.inputs[at * INPUTS..][..INPUTS];
            let scaled = row.iter().zip(&factors).map(|(&input, &factor)| {
                let scaled = (i32::from(input) * i32::from(factor)) >> 8;
                scaled.clamp(-MOST, MOST) as f32 / ONE as f32
            });
            inputs.extend(scaled);
            indices.push(i32::from(seen.indices[at]));
        }
        let inputs = tensor(inputs, [training.batch, INPUTS], &device);
        let indices = TensorData::new(indices, [training.batch, 1]);
        let loss = network.loss(inputs, Tensor::from_data(indices, &device));
        if step * 10 >= training.steps * 9 {
            sum += values(loss.clone().inner())?
                .first()
                .copied()
                .unwrap_or(0.0);
            count += 1;
        }
        let gradients = loss.backward();
        let rate = cosine(training.rate, step, training.steps, 50);
        (network, _) = adam.step(network, &gradients, &mut state, &|_| rate);
    }
    let bits = sum / count.max(1) as f32 / std::f32::consts::LN_2;
    Ok((rounded(&network, factors, codes)?, bits))
}

/// The network in integers.
fn rounded(network: &Network, factors: Vec<i16>, codes: usize) -> Result<Prior> {
    let transposed = |tensor: Tensor<2>| values(tensor.inner().transpose());
    let weights = |values: Vec<f32>, scale: f32| -> Vec<i16> {
        let most = MOST_WEIGHT as f32;
        let fixed = values.iter().map(|value| (value * scale).round());
        fixed.map(|value| value.clamp(-most, most) as i16).collect()
    };
    let biases = |values: Vec<f32>, scale: f32| -> Vec<i32> {
        let most = (1 << 28) as f32;
        let fixed = values.iter().map(|value| (value * scale).round());
        fixed.map(|value| value.clamp(-most, most) as i32).collect()
    };
    let one = ONE as f32;
    let first = (1u32 << FIRST_SHIFT) as f32;
    // From natural logarithms to those of 2.
    let second = (1u32 << SECOND_SHIFT) as f32 * std::f32::consts::LOG2_E;
    let second_bias = values(network.second_bias.val().inner())?;
    let highest = second_bias
        .iter()
        .fold(f32::MIN, |most, value| most.max(*value));
    let second_bias = second_bias.iter().map(|value| value - highest).collect();
    let prior = Prior {
        factors,
        first: weights(transposed(network.first.val())?, first),
        first_bias: biases(values(network.first_bias.val().inner())?, first * one),
        second: weights(transposed(network.second.val())?, second),
        second_bias: biases(second_bias, second * one),
    };
    prior.check(codes)?;
    Ok(prior)
}
