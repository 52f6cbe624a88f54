//! Learned codecs: layers, training, and the models of images and audio.

pub mod context;
pub mod device;
pub mod linear;
pub mod random;
pub mod train;
pub mod walloc;
