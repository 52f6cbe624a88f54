//! Logs: the codec `log`, the structure of logs, and work on archives without unpacking them.
//!
//! A block of lines is written in one of two ways. [`columns`] takes lines apart into templates and
//! values and predicts each value from what stood beside it before: fast, and searched without
//! being decoded as a whole. [`rows`] mixes contexts and pointers to similar lines, byte by byte in
//! the order of the text: slow and smallest. What is no log goes to a classical codec.
//!
//! [`structure`] is the clustering on its own: templates of lines, with nothing to configure.

pub mod archive;
pub mod columns;
pub mod rows;
pub mod structure;

mod block;
mod codec;
mod hash;

use std::sync::Arc;

use codec_core::{Blocks, Codec};

pub use block::{Method, Summary, header_of};
pub use codec::Log;

/// Every codec of this crate.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn Codec>> {
    vec![Arc::new(Blocks(Log))]
}
