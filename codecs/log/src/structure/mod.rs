//! The structure of a log: the header of its lines, the times in it, and the templates of its messages.

mod cluster;
mod filling;
mod hash;
mod header;
mod json;
mod miner;
mod template;
pub mod timestamp;
mod token;
mod tree;
mod unit;
mod vocabulary;
mod word;

pub use header::{Field, Header};
pub use miner::Miner;
pub use template::{Template, TemplateId};
