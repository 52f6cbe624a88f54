//! AdamW (Loshchilov and Hutter 2019, algorithm 2) with the state in plain sight.
//!
//! burn's own optimizer restores its state on the process's default device, which is a GPU wherever
//! one is compiled in; training has to resume on the device it was told, so the state is kept here.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// What does not change while training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Decay of the mean of the gradients, and of their squares.
    pub betas: (f32, f32),
    /// Added to the root of the squares.
    pub epsilon: f32,
    /// Decay of parameters of two or more dimensions, a step, times the learning rate.
    pub decay: f32,
    /// Largest norm of all gradients together; longer ones are shortened.
    pub clip: f32,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW {
            betas: (0.9, 0.99),
            epsilon: 1e-8,
            decay: 0.0,
            clip: 1.0,
        }
    }
}

/// Means of one parameter's gradients and of their squares, flattened.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Mean of the gradients.
    pub mean: Tensor<1>,
    /// Mean of their squares.
    pub square: Tensor<1>,
    /// Steps in which the parameter had a gradient.
    pub steps: u32,
}

/// The state of an optimizer: one entry for each parameter, in the order of the module.
pub type State = Vec<Option<Moments>>;

impl AdamW {
    /// One step of all parameters that have a gradient, at the learning rate that `rate` gives for the
    /// number of each in the module; gives the norm of all gradients before
    /// clipping too. If that is not finite, nothing changes.
    pub fn step<M: Module>(
        &self,
        module: M,
        gradients: &Gradients,
        state: &mut State,
        rate: &dyn Fn(usize) -> f32,
    ) -> (M, f32) {
        let mut norm = Norm {
            gradients,
            squares: None,
        };
        module.visit(&mut norm);
        let norm = norm
            .squares
            .map_or(0.0, |squares| squares.sqrt().into_scalar::<f32>());
        if !norm.is_finite() {
            return (module, norm);
        }
        let mut update = Update {
            settings: *self,
            gradients,
            state,
            rate,
            shorten: (self.clip / norm.max(1e-12)).min(1.0),
            at: 0,
        };
        (module.map(&mut update), norm)
    }
}

struct Norm<'a> {
    gradients: &'a Gradients,
    squares: Option<Tensor<1>>,
}

impl ModuleVisitor for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            let square = gradient.square().sum();
            self.squares = Some(match self.squares.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Update<'a> {
    settings: AdamW,
    gradients: &'a Gradients,
    state: &'a mut State,
    rate: &'a dyn Fn(usize) -> f32,
    shorten: f32,
    at: usize,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let at = self.at;
        self.at += 1;
        if self.state.len() <= at {
            self.state.resize_with(at + 1, || None);
        }
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = tensor.grad(self.gradients) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let shape = tensor.shape();
        let gradient = gradient.flatten::<1>(0, D - 1) * self.shorten;
        let value = tensor.inner().flatten::<1>(0, D - 1);
        let before = self.state[at].take().unwrap_or_else(|| Moments {
            mean: value.zeros_like(),
            square: value.zeros_like(),
            steps: 0,
        });
        let (new, moments) = self.moved::<D>(value, gradient, before, (self.rate)(at));
        self.state[at] = Some(moments);
        let new = Tensor::from_inner(new.reshape(shape)).require_grad();
        Param::from_mapped_value(id, new, mapper)
    }
}

impl Update<'_> {
    fn moved<const D: usize>(
        &self,
        value: Tensor<1>,
        gradient: Tensor<1>,
        before: Moments,
        rate: f32,
    ) -> (Tensor<1>, Moments) {
        let (first, second) = self.settings.betas;
        let steps = before.steps + 1;
        let mean = before.mean * first + gradient.clone() * (1.0 - first);
        let square = before.square * second + gradient.square() * (1.0 - second);
        let unbias = |beta: f32| 1.0 - beta.powi(steps.min(100_000) as i32);
        let scale = (square.clone() / unbias(second)).sqrt() + self.settings.epsilon;
        let move_by = mean.clone() / scale * (rate / unbias(first));
        let kept = if D >= 2 {
            1.0 - rate * self.settings.decay
        } else {
            1.0
        };
        (
            value * kept - move_by,
            Moments {
                mean,
                square,
                steps,
            },
        )
    }
}

/// Values of all parameters, in the order of the module.
#[must_use]
pub fn parameters<M: Module>(module: &M) -> Vec<Tensor<1>> {
    struct Collect(Vec<Tensor<1>>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            let value = if value.is_autodiff() {
                value.inner()
            } else {
                value
            };
            self.0.push(value.flatten::<1>(0, D - 1));
        }
    }
    let mut collect = Collect(Vec::new());
    module.visit(&mut collect);
    collect.0
}

/// `module` with other values of its parameters, in its order.
///
/// # Panics
/// If there are not as many as it has parameters, or of another size.
#[must_use]
pub fn with_parameters<M: Module>(module: M, values: Vec<Tensor<1>>) -> M {
    struct Replace(std::vec::IntoIter<Tensor<1>>);
    impl ModuleMapper for Replace {
        #[allow(clippy::expect_used, reason = "documented")]
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, tensor, mapper) = param.consume();
            let new = self.0.next().expect("a value for each parameter");
            let new = new.reshape(tensor.shape());
            let new = if tensor.is_autodiff() {
                Tensor::from_inner(new).set_require_grad(tensor.is_require_grad())
            } else {
                new
            };
            Param::from_mapped_value(id, new, mapper)
        }
    }
    module.map(&mut Replace(values.into_iter()))
}

/// The running mean of parameters: `mean * decay + value * (1 - decay)`.
#[must_use]
pub fn averaged(mean: Vec<Tensor<1>>, values: Vec<Tensor<1>>, decay: f32) -> Vec<Tensor<1>> {
    let pairs = mean.into_iter().zip(values);
    pairs
        .map(|(mean, value)| mean * decay + value * (1.0 - decay))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays::{tensor, values};
    use burn::tensor::Device;

    #[derive(Module, Debug)]
    struct Line {
        slope: Param<Tensor<2>>,
        fixed: Param<Tensor<1>>,
    }

    #[test]
    fn a_line_is_found_and_what_is_fixed_stays() {
        let device = Device::flex().autodiff();
        let mut line = Line {
            slope: Param::from_tensor(tensor(vec![0.0], [1, 1], &device)),
            fixed: Param::from_tensor(tensor(vec![7.0], [1], &device)).set_require_grad(false),
        };
        let adam = AdamW::default();
        let mut state = State::new();
        for _ in 0..400 {
            let loss = (line.slope.val() * 2.0 - 3.0).square().sum();
            let gradients = loss.backward();
            (line, _) = adam.step(line, &gradients, &mut state, &|_| 0.02);
        }
        let found = parameters(&line)
            .into_iter()
            .map(|value| values(value).unwrap());
        let found: Vec<f32> = found.flatten().collect();
        assert!((found[0] - 1.5).abs() < 1e-2, "{found:?}");
        assert_eq!(found[1].to_bits(), 7.0f32.to_bits());
    }
}
