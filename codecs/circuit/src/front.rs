//! What records are made of: from files to records and back.

use std::borrow::Cow;

use codec_core::{Error, Result};

use crate::table::{self, TableFront};
use crate::{Records, Schema, array};

/// In front of what tables need; arrays need nothing.
const TABLE: u8 = 1;

/// What the records of a file, or of all files that a model is for, are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    /// Arrays whose records have this schema; see [`mod@array`].
    Array(Schema),
    /// Tables of these columns; see [`table`].
    Table(TableFront),
}

/// A file in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// What the records are made of.
    pub front: Front,
    /// The records, which a circuit codes.
    pub records: Records,
    /// Everything else: the header of an array as it stands in the file, what is beside the records
    /// of a table, compressed.
    pub rest: Vec<u8>,
}

impl Front {
    /// Takes content apart in the way that suits it: arrays are recognised by their first bytes, and
    /// everything else is looked at as a table.
    ///
    /// ```
    /// use codec_circuit::Front;
    /// let table = b"city,code\nOslo,7\nRome,9\nOslo,7\n";
    /// let parts = Front::part(table)?;
    /// assert_eq!(parts.records.len(), 3);
    /// let whole = parts.front.whole(&parts.records, &parts.rest, table.len())?;
    /// assert_eq!(whole, table);
    /// # Ok::<(), codec_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`array::part`] and [`table::fit`].
    pub fn part(content: &[u8]) -> Result<Parts> {
        if array::recognises(content) {
            let parts = array::part(content)?;
            return Ok(Parts {
                front: Front::Array(parts.schema),
                records: parts.records,
                rest: parts.rest,
            });
        }
        let front = table::fit(content)?;
        let (records, rest) = table::part(content, &front)?;
        Ok(Parts {
            front: Front::Table(front),
            records,
            rest,
        })
    }

    /// Takes content apart that is expected to be like this: records and the rest.
    ///
    /// # Errors
    /// Those of [`array::part`] and [`table::part`]; [`Error::Unsupported`] naming both shapes if
    /// records have another one.
    pub fn part_alike(&self, content: &[u8]) -> Result<(Records, Vec<u8>)> {
        match self {
            Front::Array(schema) => {
                let parts = array::part(content)?;
                if parts.schema == *schema {
                    return Ok((parts.records, parts.rest));
                }
                Err(Error::Unsupported(format!(
                    "the records are {}, and the model is for {}",
                    described(&parts.schema),
                    described(schema)
                )))
            }
            Front::Table(front) => {
                if array::recognises(content) {
                    let columns = front.names().len();
                    return Err(Error::Unsupported(format!(
                        "the content is an array, and the model is for tables of {columns} columns"
                    )));
                }
                table::part(content, front)
            }
        }
    }

    /// Puts a file of `content_len` bytes together again.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the parts do not belong together, as [`array::whole`] and
    /// [`table::whole`].
    pub fn whole(&self, records: &Records, rest: &[u8], content_len: usize) -> Result<Vec<u8>> {
        match self {
            Front::Array(schema) => array::whole(schema, records, rest, content_len),
            Front::Table(front) => table::whole(front, records, rest, content_len),
        }
    }

    /// The variables of a record.
    #[must_use]
    pub fn schema(&self) -> Cow<'_, Schema> {
        match self {
            Front::Array(schema) => Cow::Borrowed(schema),
            Front::Table(front) => Cow::Owned(front.schema()),
        }
    }

    /// What a [model](crate::Model) keeps of this beside its variables: nothing for arrays; for
    /// tables a byte 1 and the [`TableFront`].
    ///
    /// # Errors
    /// As [`TableFront::write`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        match self {
            Front::Array(_) => Ok(Vec::new()),
            Front::Table(front) => {
                let mut bytes = vec![TABLE];
                front.write(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// What [`to_bytes`](Self::to_bytes) wrote into a model whose variables are `schema`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it is damaged or the variables are others, [`Error::Unsupported`]
    /// for kinds of files that this build does not know.
    pub fn read(bytes: &[u8], schema: &Schema) -> Result<Self> {
        let front = match bytes.split_first() {
            None => return Ok(Front::Array(schema.clone())),
            Some((&TABLE, rest)) => {
                let (front, len) = TableFront::read(rest)?;
                if len != rest.len() {
                    return Err(Error::corrupt(
                        0,
                        "the model's columns have bytes behind them",
                    ));
                }
                front
            }
            Some((kind, _)) => {
                return Err(Error::Unsupported(format!(
                    "the model is for files of kind {kind}; this program knows arrays and tables (kind 1)"
                )));
            }
        };
        if front.schema() != *schema {
            return Err(Error::corrupt(
                0,
                "the model's variables are not those of its columns",
            ));
        }
        Ok(Front::Table(front))
    }
}

/// A schema of arrays in a few words.
fn described(schema: &Schema) -> String {
    let values = schema.len();
    match schema.grid {
        Some((rows, columns)) if rows * columns == values => {
            format!("pictures of {rows} x {columns}, one byte a pixel")
        }
        Some((rows, columns)) => format!(
            "pictures of {rows} x {columns}, {} bytes a pixel",
            values / (rows * columns).max(1)
        ),
        None => format!("rows of {values} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_keep_what_files_are_made_of() {
        let table = b"a,b\nx,1\ny,2\nx,1\ny,2\n";
        let array = array::npy_bytes(&[2, 2, 3], 1, b"abcdefABCDEF");
        for content in [&table[..], &array] {
            let parts = Front::part(content).unwrap();
            let bytes = parts.front.to_bytes().unwrap();
            let read = Front::read(&bytes, &parts.front.schema()).unwrap();
            assert_eq!(read, parts.front);
            let (records, rest) = read.part_alike(content).unwrap();
            assert_eq!(read.whole(&records, &rest, content.len()).unwrap(), content);
            assert!(Front::read(&[&bytes[..], b"x"].concat(), &read.schema()).is_err());
        }
    }

    #[test]
    fn records_of_another_shape_are_refused_with_both_shapes() {
        let front = Front::Array(Schema::picture(2, 3));
        let other = array::npy_bytes(&[1, 3, 2], 1, b"abcdef");
        let error = front.part_alike(&other).unwrap_err().to_string();
        assert!(
            error.contains("3 x 2") && error.contains("2 x 3"),
            "{error}"
        );
        let flat = array::npy_bytes(&[1, 6], 1, b"abcdef");
        let error = front.part_alike(&flat).unwrap_err().to_string();
        assert!(error.contains("rows of 6 bytes"), "{error}");
        let table = Front::part(b"a,b\nx,1\ny,2\nx,1\n").unwrap().front;
        assert!(matches!(
            table.part_alike(&flat),
            Err(Error::Unsupported(_))
        ));
    }
}
