//! FASTQ: reading it strictly, and taking blocks of it apart.

mod block;
mod quality;
mod records;

pub(crate) use block::{Reads, last_record_end};
pub(crate) use quality::memory_bytes;
pub use records::{Malformed, Reason, Record, Records, check};
