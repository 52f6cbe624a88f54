//! What the latents would cost, as training sees it.
//!
//! A stand-in, with gradients, for the integer context model that codes the latents: a logistic
//! distribution whose mean is linear in the neighbours that are already known, and whose scale is
//! linear in their magnitudes and in those of the channels before.

use burn::module::{Module, Param};
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor, activation};

use super::net::Shape;
use crate::arrays::tensor;

/// Parameters of the stand-in.
#[derive(Module, Debug)]
pub struct RateProxy {
    /// `[conditions, channels]`: scale before the softplus.
    pub base: Param<Tensor<2>>,
    /// `[channels, 4]`: mean from the neighbours left, above, above left and above right.
    pub mean: Param<Tensor<2>>,
    /// `[channels]`: scale from the magnitudes of these neighbours.
    pub own: Param<Tensor<1>>,
    /// `[channels, channels]`: scale from the magnitudes of earlier channels.
    pub cross: Param<Tensor<2>>,
}

impl RateProxy {
    /// A stand-in that expects little of neighbours yet.
    #[must_use]
    pub fn new(shape: &Shape, device: &Device) -> Self {
        let c = shape.channels();
        let filled = |len: usize, value: f32| vec![value; len];
        RateProxy {
            base: Param::from_tensor(tensor(
                filled(shape.conditions() * c, 0.0),
                [shape.conditions(), c],
                device,
            )),
            mean: Param::from_tensor(tensor(filled(4 * c, 0.0), [c, 4], device)),
            own: Param::from_tensor(tensor(filled(c, 0.3), [c], device)),
            cross: Param::from_tensor(tensor(filled(c * c, 0.005), [c, c], device)),
        }
    }

    /// Bits of each of `noisy` (`[n, c, h, w]`, latents in steps with uniform noise), when the
    /// integers `known` (same shape, no gradient) are decoded channel after channel, row after row.
    #[must_use]
    pub fn bits(&self, noisy: Tensor<4>, known: Tensor<4>, condition: Tensor<2>) -> Tensor<4> {
        let [n, c, h, w] = noisy.dims();
        let all = self.base.val().dims()[1];
        let magnitudes = known.clone().abs();
        let mean = self.mean.val().narrow(0, 0, c);
        let mut centre: Option<Tensor<4>> = None;
        let mut near: Option<Tensor<4>> = None;
        for (tap, (down, right)) in [(0, 1), (1, 0), (1, 1), (1, -1)].into_iter().enumerate() {
            let weight = mean.clone().narrow(1, tap, 1).reshape([1, c, 1, 1]);
            let term = shifted(known.clone(), down, right) * weight;
            centre = Some(centre.map_or_else(|| term.clone(), |sum| sum + term.clone()));
            let share = if tap < 2 { 0.35 } else { 0.15 };
            let term = shifted(magnitudes.clone(), down, right) * share;
            near = Some(near.map_or_else(|| term.clone(), |sum| sum + term.clone()));
        }
        let base = condition
            .matmul(self.base.val())
            .reshape([n, all, 1, 1])
            .narrow(1, 0, c);
        let own = self.own.val().abs().narrow(0, 0, c).reshape([1, c, 1, 1]);
        let cross = self.cross.val().abs().tril(-1).slice([0..c, 0..c]);
        let others = cross
            .unsqueeze::<3>()
            .matmul(magnitudes.reshape([n, c, h * w]));
        let mut scale = activation::softplus(base, 1.0) + others.reshape([n, c, h, w]) + 0.02;
        let mut offset = noisy;
        if let (Some(near), Some(centre)) = (near, centre) {
            scale = scale + near * own;
            offset = offset - centre;
        }
        let high = activation::sigmoid((offset.clone() + 0.5) / scale.clone());
        let low = activation::sigmoid((offset - 0.5) / scale);
        ((high - low) + 1e-6).log() * -std::f32::consts::LOG2_E
    }
}

/// The values `down` rows above and `right` columns to the left; zero outside.
fn shifted(x: Tensor<4>, down: usize, right: isize) -> Tensor<4> {
    let [_, _, h, w] = x.dims();
    let (before, after) = (right.max(0) as usize, (-right).max(0) as usize);
    let padded = x.pad((before, after, down, 0), PadMode::Constant(0.0));
    padded.narrow(2, 0, h).narrow(3, after, w)
}
