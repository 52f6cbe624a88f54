//! Probabilistic circuits: models of records whose likelihoods, marginals and conditionals are exact,
//! and lossless coding with them.

mod baselines;
mod circuit;
mod inference;
mod lanes;
mod learn;
mod messages;
mod parallel;
mod random;
mod records;
mod schema;
mod structure;
mod tree;

pub use circuit::Circuit;
pub use inference::{AnomalyScores, Distributions, Evidence, Explanations, Filling, Inference};
pub use learn::{Learner, Settings, Smoothing, bits};
pub use records::Records;
pub use schema::{Kind, Schema, Variable};
pub use structure::{MOST_VARIABLES, chow_liu_tree};
pub use tree::Tree;
