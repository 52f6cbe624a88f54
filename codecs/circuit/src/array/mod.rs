//! Arrays as records: IDX, `.npy` and binary PGM and PPM, byte for byte, and folders of pictures.
//!
//! | file | values | shapes |
//! |---|---|---|
//! | IDX, the format of MNIST | `u8`, `i8`, `i16` | `[n]`, `[n, d]`, `[n, h, w]`, `[n, h, w, c]` |
//! | `.npy` 1.0, 2.0, 3.0 in C order | `u1`, `i1`, `b1`, `u2`, `i2` of either byte order | the same |
//! | PGM, PPM (`P5`, `P6`) | 8 bits, 16 bits | `[h, w]`, `[h, w, 3]`: one record |
//!
//! The first extent counts records; the others make up a record. A value of 8 bits is one variable
//! of 256 symbols. A value of 16 bits is two: variables `2 i` and `2 i + 1` are the high and the low
//! byte of value `i`. A signed value is stored plus 128, or 32768, so that symbols have the order of
//! values. Shapes with `h` and `w` are pictures: [`Schema::grid`] is `(h, w)`.

mod file;
mod idx;
mod npy;
mod pictures;
mod pnm;
#[cfg(test)]
mod tests;

use codec_core::{Error, Result};

use crate::{Records, Schema};

pub use file::read_records;
pub use npy::npy_bytes;
pub use pictures::{Pictures, read_folder};

/// Most variables of a record that is read from an array.
pub const MOST_VALUES: usize = 1 << 16;

/// A file of an array in parts, from [`part`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayParts {
    /// What the records are made of: ordinal variables of 256 symbols, whatever the values are, so
    /// that a model fits every file of the same shape.
    pub schema: Schema,
    /// The values, `[n, d]`.
    pub records: Records,
    /// The header of the file as it stands there, with its spaces and comments. It starts with the
    /// format's own mark, and says which format that is.
    pub rest: Vec<u8>,
}

/// Whether content that starts with these bytes is IDX, `.npy`, PGM or PPM; [`part`] says whether it
/// is of a kind that can be read. Six bytes are enough to tell.
#[must_use]
pub fn recognises(start: &[u8]) -> bool {
    Format::of(start).is_some()
}

/// Divides the content of a file into records and the rest.
///
/// ```
/// use codec_circuit::array;
/// // Two pictures of 1 x 3 pixels as IDX.
/// let content = b"\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03abcxyz";
/// let parts = array::part(content)?;
/// assert_eq!(parts.schema.grid, Some((1, 3)));
/// assert_eq!(parts.records.record(1), b"xyz");
/// let whole = array::whole(&parts.schema, &parts.records, &parts.rest, content.len())?;
/// assert_eq!(whole, content);
/// # Ok::<(), codec_core::Error>(())
/// ```
///
/// # Errors
/// - [`Error::Corrupt`] with its position if the header breaks the format's rules, or the file is
///   shorter or longer than the header says.
/// - [`Error::Unsupported`] if the content is of no such format, or its values or shape are none of
///   those above: records have at least one and at most [`MOST_VALUES`] variables.
pub fn part(content: &[u8]) -> Result<ArrayParts> {
    let header = Header::read(content)?;
    let width = header.width()?;
    let values = &content[header.len..];
    let expected = u128::from(header.extents[0]) * width as u128;
    if expected != values.len() as u128 {
        let first_wrong = expected.min(values.len() as u128) as u64;
        return Err(Error::corrupt(
            header.len as u64 + first_wrong,
            format!(
                "an array of {:?} has {expected} bytes of values after its header, but there are {}",
                header.extents,
                values.len()
            ),
        ));
    }
    let mut values = values.to_vec();
    header.dtype.make_symbols(&mut values);
    Ok(ArrayParts {
        schema: header.schema(width),
        records: Records::new(width, values),
        rest: content[..header.len].to_vec(),
    })
}

/// Puts the parts together again: the mirror of [`part`]. `content_len` is the length of the file in
/// bytes. Nothing is allocated before all numbers agree.
///
/// # Errors
/// - [`Error::Corrupt`] if `rest` is no header of an array, or it, the schema, the records and the
///   length contradict each other; positions are those in `rest`.
/// - [`Error::Unsupported`] if `rest` is the header of an array that [`part`] does not take.
pub fn whole(
    schema: &Schema,
    records: &Records,
    rest: &[u8],
    content_len: usize,
) -> Result<Vec<u8>> {
    let header = Header::read(rest)?;
    let width = header.width()?;
    let number = records.len() as u64;
    let agree = |what: &str, expected: u64, found: u64| {
        if expected == found {
            return Ok(());
        }
        let problem = format!("the array's header: expected {expected} {what}, found {found}");
        Err(Error::corrupt(0, problem))
    };
    agree("bytes", rest.len() as u64, header.len as u64)?;
    agree("variables", schema.len() as u64, width as u64)?;
    agree("values a record", records.width() as u64, width as u64)?;
    agree("records", number, header.extents[0])?;
    let len = rest.len() + records.values().len();
    agree("bytes of content", content_len as u64, len as u64)?;
    let mut content = Vec::with_capacity(len);
    content.extend_from_slice(rest);
    content.extend_from_slice(records.values());
    header.dtype.make_values(&mut content[rest.len()..]);
    Ok(content)
}

/// Records as they lie in a file with this header (`rest` of [`part`]): the bytes of
/// `records * width`.
///
/// # Errors
/// As [`whole`], where the header is none or is for records of another width.
pub fn values(records: &Records, rest: &[u8]) -> Result<Vec<u8>> {
    let header = Header::read(rest)?;
    let width = header.width()?;
    if width != records.width() {
        let problem = format!(
            "the array's header: expected {} values a record, found {width}",
            records.width()
        );
        return Err(Error::corrupt(0, problem));
    }
    let mut values = records.values().to_vec();
    header.dtype.make_values(&mut values);
    Ok(values)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Idx,
    Npy,
    Pnm,
}

impl Format {
    fn of(start: &[u8]) -> Option<Format> {
        if idx::recognises(start) {
            Some(Format::Idx)
        } else if npy::recognises(start) {
            Some(Format::Npy)
        } else if pnm::recognises(start) {
            Some(Format::Pnm)
        } else {
            None
        }
    }
}

/// What the header of a file says of the array after it.
#[derive(Debug)]
struct Header {
    /// Bytes of the header.
    len: usize,
    /// One to four extents, of which the first is the number of records.
    extents: Vec<u64>,
    dtype: Dtype,
}

impl Header {
    /// The header that content starts with.
    fn read(content: &[u8]) -> Result<Header> {
        match Format::of(content) {
            Some(Format::Idx) => idx::header(content),
            Some(Format::Npy) => npy::header(content),
            Some(Format::Pnm) => pnm::header(content),
            None => Err(Error::Unsupported(
                "the content is neither IDX, nor .npy, nor a binary PGM or PPM picture".to_owned(),
            )),
        }
    }

    /// Number of variables of a record, `1..=MOST_VALUES`.
    fn width(&self) -> Result<usize> {
        let width = self.extents[1..]
            .iter()
            .fold(self.dtype.bytes as u64, |product, extent| {
                product.saturating_mul(*extent)
            });
        if width == 0 {
            return Err(Error::Unsupported(format!(
                "an array of {:?} has records without values",
                self.extents
            )));
        }
        if width > MOST_VALUES as u64 {
            return Err(Error::Unsupported(format!(
                "an array of {:?} values of {} bits has records of {width} variables, but at most \
                 {MOST_VALUES} are read",
                self.extents,
                8 * self.dtype.bytes
            )));
        }
        Ok(width as usize)
    }

    /// The schema of records of so many variables.
    fn schema(&self, width: usize) -> Schema {
        let grid = match self.extents[..] {
            // Neither exceeds the width.
            [_, rows, columns] | [_, rows, columns, _] => Some((rows as usize, columns as usize)),
            _ => None,
        };
        Schema {
            grid,
            ..Schema::bytes(width)
        }
    }
}

/// How values lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dtype {
    /// 1 or 2.
    bytes: usize,
    little_endian: bool,
    signed: bool,
}

impl Dtype {
    /// Values of one byte, which have no byte order.
    const fn byte(signed: bool) -> Dtype {
        Dtype {
            bytes: 1,
            little_endian: false,
            signed,
        }
    }

    /// Values of 16 bits, the high byte first.
    const fn big_endian(signed: bool) -> Dtype {
        Dtype {
            bytes: 2,
            little_endian: false,
            signed,
        }
    }

    /// Values as they lie in the file become symbols.
    fn make_symbols(self, values: &mut [u8]) {
        self.swap(values);
        self.flip_signs(values);
    }

    /// Symbols become values as they lie in the file.
    fn make_values(self, symbols: &mut [u8]) {
        self.flip_signs(symbols);
        self.swap(symbols);
    }

    fn swap(self, values: &mut [u8]) {
        if self.bytes == 2 && self.little_endian {
            for value in values.chunks_exact_mut(2) {
                value.swap(0, 1);
            }
        }
    }

    /// The step between two's complement and numbers from zero, in the high bytes.
    fn flip_signs(self, values: &mut [u8]) {
        if self.signed {
            for high in values.iter_mut().step_by(self.bytes) {
                *high ^= 0x80;
            }
        }
    }
}
