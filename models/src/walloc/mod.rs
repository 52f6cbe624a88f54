//! WaLLoC: wavelet packets, a linear bottleneck, and a small network that takes it apart again.
//!
//! After "Learned Compression for Compressed Learning" (Jacobellis and Yadwadkar, 2024): a wavelet
//! packet transform and one matrix are the whole encoder, so that latents are a small dense grid that
//! other models can learn on. Here the transform is lifted and extended by mirroring, the number of
//! channels is nested, rate is part of the training, latents are coded by an integer
//! [context model](crate::context), and the decoder is a [small network](net) beside a linear one.

pub mod alpha;
pub mod analysis;
pub mod audio;
pub mod closed_form;
pub mod codec;
pub mod decoder;
pub mod encoder;
pub mod export;
pub mod latents;
pub mod model;
pub mod net;
pub(crate) mod paint;
mod planes;
pub mod rate;
pub mod session;
pub mod tiles;
pub mod train;

pub use codec::WallocCodec;

#[cfg(test)]
mod tests;

/// Number of step indices: `0..STEPS`.
pub const STEPS: usize = 97;

/// The quantiser's step for index `step`: from 1 (of the range of a pixel) down to 1/64, sixteen to an
/// octave.
#[must_use]
pub fn step_size(step: usize) -> f32 {
    (-(step as f32) / 16.0).exp2()
}
