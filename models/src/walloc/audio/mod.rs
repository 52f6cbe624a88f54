//! WaLLoC for sound: wavelet packets of the middle and the sides, coded by a filter that learns.
//!
//! Samples (`[channels, samples]`) of the first two channels turn into their middle and side; each
//! plane turns into 256 bands, ordered by frequency, with one latent for every 256 samples; the
//! leading bands are the dimension reduction. A latent's mean comes from a filter over what is known
//! around it, whose weights learn while coding: steady tones are foretold. Its scale is
//! a weighted sum of the errors around it, with weights fitted to training sounds ([`fit`]). Both are
//! integers, so that every machine decodes the same latents.
//!
//! Differs from the paper's codec for sound: mirrored extension in place of periodic, a stream in
//! frames in place of whole clips, planes of their own in place of one matrix over stereo, no network
//! behind the latents.

pub mod codec;
mod coder;
mod field;
pub mod fit;
pub mod model;
mod predict;
mod rate;
mod transform;

pub use codec::WallocAudioCodec;

#[cfg(test)]
mod tests;

/// Levels of the wavelet packets.
pub const LEVELS: u32 = 8;
/// Bands of a plane, and samples of a latent.
pub const BANDS: usize = 1 << LEVELS;
/// Latents of a band in a frame: frames are coded on their own.
pub const COLUMNS: usize = 256;
/// Number of step indices: `0..STEPS`.
pub const STEPS: usize = 199;
/// Channels of a sound, at most.
pub const MOST_CHANNELS: u8 = 8;
/// Magnitude of a latent in steps, at most.
const MOST: i32 = 1 << 17;

/// The quantiser's step for index `step`: from 1 (full scale) down to 2^-12.4, sixteen to an
/// octave.
#[must_use]
pub fn step_size(step: usize) -> f32 {
    (-(step as f32) / 16.0).exp2()
}
