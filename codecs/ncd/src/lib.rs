//! Compression distances, classification by code length, distance matrices and trees.
//!
//! Everything here asks codecs for code lengths through [`codec_core::CodeLength`] and knows no
//! codec by name.
//!
//! | you want to | look at |
//! |---|---|
//! | read sequences, tables or folders of files | [`dataset`] |
//! | measure how far two contents are apart | [`distance`] |
//! | estimate code lengths in microseconds | [`lz`] |
//! | classify by the nearest items | [`knn`] |
//! | classify by one model for each class | [`classes`] |
//! | find the nearest items of a large collection | [`neighbors`] |
//! | compare with methods that do not compress | [`baselines`] |
//! | score predictions, or divide data into folds | [`evaluation`] |
//! | compute, keep and exchange all distances of a collection | [`matrix`] |
//! | make, score and draw trees | [`tree`] |
//! | find clusters | [`cluster`] |

pub mod baselines;
pub mod classes;
pub mod cluster;
pub mod dataset;
pub mod distance;
pub mod evaluation;
pub mod knn;
pub mod lz;
pub mod matrix;
pub mod neighbors;
mod nexus;
mod shuffle;
mod text;
pub mod tree;
