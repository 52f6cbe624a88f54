//! The `.cdc` container: a checked header, checksummed independent frames, and a footer index.
//!
//! Every byte is described in `docs/format.md`. In short:
//!
//! ```text
//! file   = stream, stream, ...                  concatenated files are valid files
//! stream = header, frame, frame, ... [index]    the last frame says that it is the last;
//!                                               an index follows if there is more than one
//! ```
//!
//! A frame carries a CRC-32C of its compressed bytes, checked *before* they are decoded (an ANS
//! coder turns damaged input into wrong symbols without noticing), and an XXH64 of its content,
//! checked after.

mod fields;
mod frame;
mod header;
mod index;
mod reader;
mod recover;
mod seek;
mod writer;

pub use frame::Frame;
pub use header::{MAGIC, StreamHeader};
pub use index::{Index, IndexEntry};
pub use reader::Reader;
pub use recover::{Gap, Recovery, recover};
pub use seek::{StreamIndex, decode_range, read_frame, read_indexes};
pub use writer::Writer;
