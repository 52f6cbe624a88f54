//! The structure of a log: the header of its lines, the times in it, and the templates of its messages.
//!
//! Nothing has to be told: no format of the header, no expressions for values. [`Header`] is inferred from the lines, and
//! [`Miner`] learns a [`Template`] for each kind of message. Lines may be of any bytes; of a very long one only the start is
//! looked at.
//!
//! How a line becomes a template: its header is stripped; the message is cut into tokens, and what looks like a value
//! (numbers, addresses, paths, quoted phrases, dates, lists) is masked, which leaves its *shape*; shapes that differ only
//! where many words occur are clustered; lines are matched with the clusters' patterns by a prefix tree with wildcards.
//!
//! The example `grouping_accuracy` measures the result against ground truth.

mod cluster;
mod filling;
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
