//! Columns: lines as templates and typed values.

mod intern;
mod kernel;
mod model;
mod parse;
mod port;
mod read;
mod runs;
mod spec;
mod state;
mod template;
mod tokens;
mod value;
mod write;

pub use kernel::Kernel;
pub(crate) use kernel::{put_number, take_number};
pub use read::{DistinctLines, OpenBlock};
use std::num::NonZeroUsize;
use thiserror::Error;
pub use write::{ColumnOptions, Structure, encode_block};

/// Why a payload cannot be decoded.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ColumnsError {
    /// The payload ends before its contents do.
    #[error("the payload is cut short")]
    Truncated,
    /// A number takes more bytes than any number does.
    #[error("a number does not fit 63 bits")]
    Number,
    /// A kernel that this version does not know.
    #[error("kernel {0} is not known")]
    Kernel(u64),
    /// A text claims to be longer than its block allows.
    #[error("a text claims {len} bytes where at most {limit} can be")]
    TooLong {
        /// What it claims.
        len: u64,
        /// What can be.
        limit: u64,
    },
    /// A text's kernel refused it.
    #[error("{0}")]
    Text(String),
    /// More templates, or columns of them, than lines could have.
    #[error("{0} templates or columns are more than the block's lines can have")]
    Templates(usize),
    /// The description of a column is not one.
    #[error("column {0} has no valid description")]
    Column(usize),
    /// The rows do not fit the templates and texts.
    #[error("row {0} does not come from an encoder")]
    Row(usize),
    /// The repeats of lines do not fit the lines.
    #[error("the repeats of lines do not come from an encoder")]
    Repeats,
    /// The lines do not add up to the block.
    #[error("the lines make {made} bytes of {expected}")]
    Length {
        /// Bytes that came out.
        made: usize,
        /// Bytes of the block.
        expected: usize,
    },
}

/// Decodes a payload of [`encode_block`] whose content has `content_len` bytes.
///
/// # Errors
///
/// [`ColumnsError`] when the payload does not come from the encoder.
pub fn decode_block(payload: &[u8], content_len: usize) -> Result<Vec<u8>, ColumnsError> {
    let block = OpenBlock::new(payload, content_len, NonZeroUsize::MIN)?;
    block.lines()?.into_content()
}
