//! Probabilistic circuits: models of records whose likelihoods, marginals and conditionals are exact,
//! and lossless coding with them.

pub mod array;
mod baselines;
mod circuit;
mod coder;
mod fields;
mod inference;
mod lanes;
mod learn;
mod messages;
mod model;
mod parallel;
mod random;
mod records;
mod schema;
mod sharing;
mod structure;
mod symbol_tree;
pub mod table;
#[cfg(test)]
mod testing;
mod tree;

pub use circuit::Circuit;
pub use coder::{Coder, GROUP};
pub use inference::{AnomalyScores, Distributions, Evidence, Explanations, Filling, Inference};
pub use learn::{Data, Learner, Pass, PassKind, Plan, Settings, Smoothing, Training, bits};
pub use model::Model;
pub use records::Records;
pub use schema::{Kind, Schema, Variable};
pub use structure::{MOST_VARIABLES, chow_liu_tree};
pub use tree::Tree;
