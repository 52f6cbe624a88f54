//! Probabilistic circuits: models of records whose likelihoods, marginals and conditionals are exact,
//! and lossless coding with them.

pub mod array;
mod baselines;
mod block;
mod circuit;
mod codec;
mod coder;
mod fields;
mod fit;
mod front;
mod inference;
mod lanes;
mod learn;
mod lengths;
mod messages;
mod model;
mod parallel;
mod prepared;
mod random;
mod records;
mod schema;
mod sharing;
mod shipped;
mod structure;
mod symbol_tree;
pub mod table;
#[cfg(test)]
mod testing;
mod tree;

use std::sync::Arc;

pub use circuit::Circuit;
pub use codec::CircuitCodec;
pub use coder::{Coder, GROUP};
pub use front::{Front, Parts};
pub use inference::{AnomalyScores, Distributions, Evidence, Explanations, Filling, Inference};
pub use learn::{Data, Learner, Pass, PassKind, Plan, Settings, Smoothing, Training, bits};
pub use model::Model;
pub use records::Records;
pub use schema::{Kind, Schema, Variable};
pub use shipped::Shipped;
pub use structure::{MOST_VARIABLES, chow_liu_tree};
pub use tree::Tree;

/// Every codec of this crate.
#[must_use]
pub fn codecs() -> Vec<Arc<dyn codec_core::Codec>> {
    vec![Arc::new(CircuitCodec)]
}
