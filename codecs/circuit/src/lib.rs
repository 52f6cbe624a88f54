//! Probabilistic circuits: models of records whose likelihoods, marginals and conditionals are exact,
//! and lossless coding with them.

pub mod array;
mod records;
mod schema;

pub use records::Records;
pub use schema::{Kind, Schema, Variable};
