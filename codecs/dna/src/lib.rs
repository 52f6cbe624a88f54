//! Nucleotide sequences: the codec `dna`.
//!
//! A block is taken apart into its lines, headers, case, letters that are no bases, and bases.
//! Everything but the bases goes through small adaptive models into one arithmetic-coded stream;
//! the bases, which are nearly all of the information, go through [`sequence`]. What is no sequence
//! is left to the classical codec `auto`.
//!
//! Its code lengths, for distances and class models, are those of the bases alone; many classes are
//! asked at once by a model of their own.

mod block;
mod classes;
mod codec;
mod coder;
mod damage;
pub mod fastq;
mod lengths;
mod lines;
mod names;
mod residues;
pub mod sequence;

use std::sync::Arc;

use codec_core::Codec;

pub use block::bases_of;
pub use codec::{Dna, DnaBlocks};

/// Every codec of this crate.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn Codec>> {
    vec![Arc::new(Dna)]
}
