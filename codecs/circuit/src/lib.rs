//! Probabilistic circuits: models of records whose likelihoods, marginals and conditionals are exact,
//! and lossless coding with them.

mod records;
mod schema;

pub mod table;

pub use records::Records;
pub use schema::{Kind, Schema, Variable};
