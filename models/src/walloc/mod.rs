//! WaLLoC: wavelet packets, a linear bottleneck, and a small network that takes it apart again.

pub mod analysis;
pub mod closed_form;
pub mod decoder;
pub mod export;
pub mod model;
pub mod net;
pub mod rate;
pub mod tiles;
pub mod train;

/// Number of step indices: `0..STEPS`.
pub const STEPS: usize = 97;

/// The quantiser's step for index `step`: from 1 (of the range of a pixel) down to 1/64, sixteen to an
/// octave.
#[must_use]
pub fn step_size(step: usize) -> f32 {
    (-(step as f32) / 16.0).exp2()
}
