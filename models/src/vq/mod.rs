//! Pictures as indices of codebooks: for extreme rates.
//!
//! After "Extreme Image Compression using Fine-tuned VQGANs" (Mao et al., 2024) and residual vector
//! quantisation (SoundStream, EnCodec): a picture is a coarse grid of indices, one for 32 by 32
//! pixels, and three finer ones, each for 16 by 16 pixels, that quantise what is left. Here the
//! encoder is a wavelet packet transform and a matrix, indices are chosen by what they cost and coded
//! under a causal integer network that looks at what is known around them, and a small network makes
//! pixels of them.

pub mod codebook;
pub mod codec;
pub mod encoder;
pub mod linear;
pub mod model;
pub mod prior;
pub mod prior_fit;
pub mod received;
pub mod session;
pub mod stages;
pub mod tile;

pub use codec::VqCodec;

#[cfg(test)]
mod tests;

/// Latents have this many steps to the range of a pixel.
pub const UNIT: f32 = 64.0;
