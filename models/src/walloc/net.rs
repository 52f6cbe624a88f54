//! The network between the latents and the wavelet coefficients.
//!
//! Synthesis adds two paths. The *linear* path is one convolution of 3x3 latents, fitted by least
//! squares for each number of channels: what a linear decoder can do, and where training starts. The
//! *residual* path is a small convolutional network whose last layer starts at zero. Both are told how
//! coarse the latents are and how many channels there are, through gains and offsets that a
//! [`Shape::condition`] interpolates.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use crate::arrays::tensor;
use crate::random::Random;

/// Sizes of a model.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// Colours of a pixel.
    pub colours: usize,
    /// Levels of the wavelet packet transform: a latent stands for `2^levels` by `2^levels` pixels.
    pub levels: u32,
    /// Numbers of leading channels that decode on their own, ascending; the last is all of them.
    pub prefixes: Vec<usize>,
    /// Leading channels whose neighbours the linear path sees; of later ones it sees the latent itself.
    pub wide: usize,
    /// Channels of the residual path.
    pub width: usize,
    /// Blocks of the residual path.
    pub blocks: usize,
    /// Steps at which gains are stored, `STEPS_PER_ANCHOR` apart.
    pub anchors: usize,
}

/// Step indices between two anchors.
pub const STEPS_PER_ANCHOR: usize = 16;

impl Shape {
    /// All channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.prefixes.last().copied().unwrap_or(0)
    }

    /// Wavelet coefficients at each latent's place.
    #[must_use]
    pub fn coefficients(&self) -> usize {
        self.colours << (2 * self.levels)
    }

    /// Values that say how coarse the latents are and how many channels there are.
    #[must_use]
    pub fn conditions(&self) -> usize {
        self.anchors + self.prefixes.len()
    }

    /// The condition of latents at `step`, with prefix number `prefix`.
    #[must_use]
    pub fn condition(&self, step: usize, prefix: usize) -> Vec<f32> {
        let mut values = vec![0.0; self.conditions()];
        let low = (step / STEPS_PER_ANCHOR).min(self.anchors - 1);
        let part = (step - low * STEPS_PER_ANCHOR) as f32 / STEPS_PER_ANCHOR as f32;
        values[low] = 1.0 - part;
        if low + 1 < self.anchors {
            values[low + 1] = part;
        }
        values[self.anchors + prefix] = 1.0;
        values
    }
}

/// The linear path for one number of channels.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[coefficients, min(wide, channels), 3, 3]`.
    pub near: Param<Tensor<4>>,
    /// `[coefficients, channels - wide]`, absent where that is 0.
    pub point: Option<Param<Tensor<2>>>,
}

/// A block of the residual path: depthwise 5x5, gain and offset, 1x1, ReLU, 1x1, added to its input.
#[derive(Module, Debug)]
pub struct Block {
    /// `[width, 1, 5, 5]`.
    pub depthwise: Param<Tensor<4>>,
    /// `[conditions, 2 * width]`: gains less one, then offsets.
    pub film: Param<Tensor<2>>,
    /// `[1, width, width]`.
    pub first: Param<Tensor<3>>,
    /// `[1, width, 1]`.
    pub first_bias: Param<Tensor<3>>,
    /// `[1, width, width]`.
    pub second: Param<Tensor<3>>,
}

/// From dequantised latents to wavelet coefficients.
#[derive(Module, Debug)]
pub struct Synthesis {
    /// One for each prefix.
    pub linear: Vec<Linear>,
    /// `[conditions, channels]`: gains of the linear path's input, less one.
    pub shrink: Param<Tensor<2>>,
    /// `[1, width, channels]`.
    pub input: Param<Tensor<3>>,
    /// The residual path.
    pub blocks: Vec<Block>,
    /// `[1, coefficients, width]`, in parts of `spread`.
    pub output: Param<Tensor<3>>,
    /// `[1, coefficients, 1]`, not trained: deviation of what the linear path leaves over.
    pub spread: Param<Tensor<3>>,
    /// `[1, channels]`, not trained: variance of the channels.
    pub variance: Param<Tensor<2>>,
}

fn parameter<const D: usize>(
    shape: [usize; D],
    device: &Device,
    value: impl FnMut() -> f32,
) -> Param<Tensor<D>> {
    let values = std::iter::repeat_with(value)
        .take(shape.iter().product())
        .collect();
    Param::from_tensor(tensor(values, shape, device))
}

impl Synthesis {
    /// A network that gives zero whatever it gets, its residual path random but for the last layer.
    #[must_use]
    pub fn new(shape: &Shape, seed: u64, device: &Device) -> Self {
        let (c, w, n) = (shape.channels(), shape.width, shape.coefficients());
        let mut random = Random::new(seed, 0);
        let linear = shape.prefixes.iter().map(|&channels| Linear {
            near: parameter([n, channels.min(shape.wide), 3, 3], device, || 0.0),
            point: (channels > shape.wide)
                .then(|| parameter([n, channels - shape.wide], device, || 0.0)),
        });
        let linear = linear.collect();
        let input = parameter([1, w, c], device, || {
            random.normal() * (2.0 / c as f32).sqrt()
        });
        let blocks = (0..shape.blocks)
            .map(|_| Block {
                depthwise: parameter([w, 1, 5, 5], device, || 0.2 * random.normal()),
                film: parameter([shape.conditions(), 2 * w], device, || 0.0),
                first: parameter([1, w, w], device, || {
                    random.normal() * (2.0 / w as f32).sqrt()
                }),
                first_bias: parameter([1, w, 1], device, || 0.0),
                second: parameter([1, w, w], device, || {
                    0.5 * random.normal() / (w as f32).sqrt()
                }),
            })
            .collect();
        Synthesis {
            linear,
            shrink: parameter([shape.conditions(), c], device, || 0.0),
            input,
            blocks,
            output: parameter([1, n, w], device, || 0.0),
            spread: parameter([1, n, 1], device, || 1.0).set_require_grad(false),
            variance: parameter([1, c], device, || 1.0).set_require_grad(false),
        }
    }

    /// Wavelet coefficients `[n, coefficients, h, w]` from dequantised latents `[n, channels, h, w]`,
    /// which have the channels of prefix number `prefix` at least; `steps` (`[n, 1]`) are the sizes of
    /// their steps, `condition` is `[n, conditions]`.
    #[must_use]
    pub fn forward(
        &self,
        latents: Tensor<4>,
        steps: Tensor<2>,
        condition: Tensor<2>,
        prefix: usize,
    ) -> Tensor<4> {
        let [n, c, h, w] = latents.dims();
        let linear = &self.linear[prefix];
        let gains = condition.clone().matmul(self.shrink.val().narrow(1, 0, c)) + 1.0;
        let shrunk = latents.clone() * gains.reshape([n, c, 1, 1]);
        let near = linear.near.val();
        let [coefficients, wide, _, _] = near.dims();
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let mut out = conv2d(shrunk.clone().narrow(1, 0, wide), near, None, options).reshape([
            n,
            coefficients,
            h * w,
        ]);
        let mut used = wide;
        if let Some(point) = &linear.point {
            let point = point.val();
            let rest = point.dims()[1];
            used += rest;
            let rest = shrunk.narrow(1, wide, rest).reshape([n, rest, h * w]);
            out = out + point.unsqueeze::<3>().matmul(rest);
        }
        let input = self.input.val().narrow(2, 0, used);
        // Divided by their deviation and step, latents are of order one whatever the rate.
        let scale = (steps.square() + self.variance.val().narrow(1, 0, used))
            .sqrt()
            .recip();
        let seen =
            latents.narrow(1, 0, used).reshape([n, used, h * w]) * scale.reshape([n, used, 1]);
        let mut x = input.matmul(seen);
        for block in &self.blocks {
            x = block.forward(x, &condition, [h, w]);
        }
        (out + self.output.val().matmul(x) * self.spread.val()).reshape([n, coefficients, h, w])
    }
}

impl Block {
    fn forward(&self, x: Tensor<3>, condition: &Tensor<2>, [h, w]: [usize; 2]) -> Tensor<3> {
        let [n, width, _] = x.dims();
        let options = ConvOptions::new([1, 1], [2, 2], [1, 1], width);
        let spatial = x.clone().reshape([n, width, h, w]);
        let spatial =
            conv2d(spatial, self.depthwise.val(), None, options).reshape([n, width, h * w]);
        let film = condition
            .clone()
            .matmul(self.film.val())
            .reshape([n, 2 * width, 1]);
        let gain = film.clone().narrow(1, 0, width) + 1.0;
        let offset = film.narrow(1, width, width);
        let y = self.first.val().matmul(spatial * gain + offset) + self.first_bias.val();
        let y = burn::tensor::activation::relu(y);
        x + self.second.val().matmul(y)
    }
}
