//! Learned codecs: layers, training, and the models of images and audio.

pub mod arrays;
pub mod context;
pub mod device;
pub mod latents;
pub mod learn;
pub mod linear;
mod pictures;
pub mod random;
mod shipped;
mod targets;
pub mod train;
pub mod vq;
pub mod walloc;

use std::sync::Arc;

use codec_core::Codec;

/// The codecs of this crate, their networks on `device`.
#[must_use]
pub fn codecs(device: device::DeviceChoice) -> Vec<Arc<dyn Codec>> {
    vec![
        Arc::new(walloc::WallocCodec { device }),
        Arc::new(walloc::audio::WallocAudioCodec),
        Arc::new(vq::VqCodec { device }),
    ]
}
