//! Compression distances, classification by code length, distance matrices and trees.
//!
//! Everything here asks codecs for code lengths through [`codec_core::CodeLength`] and knows no
//! codec by name.
//!
//! | you want to | look at |
//! |---|---|
//! | read sequences, tables or folders of files | [`dataset`] |
//! | measure how far two contents are apart | [`distance`] |
//! | compute, keep and exchange all distances of a collection | [`matrix`] |
//! | make, score and draw trees | [`tree`] |
//! | find clusters | [`cluster`] |

pub mod cluster;
pub mod dataset;
pub mod distance;
pub mod matrix;
mod nexus;
mod random;
mod text;
pub mod tree;
