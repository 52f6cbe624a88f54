//! The structure of a log: the header of its lines, the times in it, and the templates of its messages.

mod cluster;
mod filling;
mod hash;
mod header;
#[cfg(test)]
mod header_notations;
mod json;
mod miner;
mod template;
pub mod timestamp;
mod token;
#[cfg(test)]
mod token_shapes;
mod tree;
mod unit;
mod vocabulary;
mod word;

pub use header::{Field, Header};
pub use miner::Miner;
pub use template::{Template, TemplateId};
