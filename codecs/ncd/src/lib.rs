//! Compression distances, classification by code length, distance matrices and trees.
//!
//! Everything here asks codecs for code lengths through [`codec_core::CodeLength`] and knows no
//! codec by name.
//!
//! | you want to | look at |
//! |---|---|
//! | read sequences, tables or folders of files | [`dataset`] |
//! | measure how far two contents are apart | [`distance`] |

pub mod dataset;
pub mod distance;
