//! The structure of a log: the header of its lines, the times in it, and the templates of its messages.

mod header;
mod json;
pub mod timestamp;
mod token;
mod unit;

pub use header::{Field, Header};
