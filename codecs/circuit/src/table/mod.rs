//! Tables of mixed columns (CSV), as records of a circuit and bytes beside them.
//!
//! [`fit`] looks at a whole table and chooses how each column is coded; what it chose is a
//! [`TableFront`]. [`part`] takes a table apart into [`Records`], which a circuit codes, and *rest*,
//! which is coded already; [`whole`] is the way back, to the same bytes:
//!
//! - columns of few different cells, and ranges of numbers, become variables of the records;
//! - what is left of a number within its range, counters and times (as differences), and symbols
//!   that are told better by the rows above than by the rest of their row go to adaptive models;
//! - columns that copy another column or follow from it cost next to nothing;
//! - free text of all columns goes to the byte codecs, sorted by a column that it depends on;
//! - rows with another number of cells stay as they are.
//!
//! Cells are taken as they are written: no quote, sign or zero is ever normalised.

mod cells;
mod code;
mod fit;
mod front;
mod measure;
mod models;
mod number;
mod port;
mod ranges;
mod rows;
mod whole;

#[cfg(test)]
mod tests;

use codec_core::Result;

pub use front::TableFront;

use crate::Records;

/// A table taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableParts {
    /// How its columns are coded.
    pub front: TableFront,
    /// One record for each regular row.
    pub records: Records,
    /// Everything else, compressed.
    pub rest: Vec<u8>,
}

impl TableParts {
    /// Takes a table apart in the way that suits it.
    ///
    /// ```
    /// use codec_circuit::table::{TableParts, whole};
    ///
    /// let table = b"city,code,note\nOslo,7,\"a, b\"\nRome,9,\nOslo,7,x\n";
    /// let parts = TableParts::of(table)?;
    /// assert_eq!(parts.records.len(), 3);
    /// assert_eq!(whole(&parts.front, &parts.records, &parts.rest, table.len())?, table);
    /// # Ok::<(), codec_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`].
    pub fn of(content: &[u8]) -> Result<Self> {
        let front = fit(content)?;
        let (records, rest) = part(content, &front)?;
        Ok(Self {
            front,
            records,
            rest,
        })
    }
}

/// Chooses how the columns of a table are coded.
///
/// # Errors
/// [`Error::Unsupported`](codec_core::Error::Unsupported) where content is not a table: no delimiter
/// that rows have in common, fewer than two columns, or more than one in twenty rows with another
/// number of cells.
pub fn fit(content: &[u8]) -> Result<TableFront> {
    fit::fit(content)
}

/// Takes a table apart in a given way: records, `[n, schema().len()]`, and the rest, compressed.
///
/// # Errors
/// [`Error::Usage`](codec_core::Error::Usage) with row, column and value where the table is not one
/// that `front` can hold: other columns, a row with another number of cells, a category that it does
/// not know, something that is no number in a column of numbers.
pub fn part(content: &[u8], front: &TableFront) -> Result<(Records, Vec<u8>)> {
    code::part(content, front)
}

/// Puts a table of `content_len` bytes together again.
///
/// # Errors
/// [`Error::Corrupt`](codec_core::Error::Corrupt) with the position in `rest` where the parts are
/// not those of such a table. For each byte of `content_len` some 10 to 20 bytes are allocated, at most
/// 160 (in a table of empty cells), beside what the byte codecs need (160 MiB at most). Damage may also
/// give another table of the same length: guard the content with a checksum.
pub fn whole(
    front: &TableFront,
    records: &Records,
    rest: &[u8],
    content_len: usize,
) -> Result<Vec<u8>> {
    whole::whole(front, records, rest, content_len)
}
