//! Compression distances, classification by code length, distance matrices and trees.
//!
//! Everything here asks codecs for code lengths through [`codec_core::CodeLength`] and knows no
//! codec by name.

pub mod cluster;
pub mod matrix;
mod nexus;
mod random;
mod text;
pub mod tree;
