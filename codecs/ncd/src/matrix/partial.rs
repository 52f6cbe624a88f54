//! Partial matrices: what one shard has computed so far, in a file that can be continued and merged.
//!
//! All numbers are little-endian. A header is followed by one record for each tile of the shard, in
//! the order of [`Plan::shard`]:
//!
//! | bytes | header |
//! |---|---|
//! | 8 | `\x89NCDPART` |
//! | 4 | version, 1 |
//! | 4 | length of everything below, up to but without the check |
//! | 8 | XXH64 of the items: of each its name, its length and its content |
//! | 4, 4 | shard, count of shards |
//! | 1 | directions: 0 upper, 1 both and the mean, 2 both and the larger |
//! | 4 + len | description of the measure, UTF-8 |
//! | 4 | number of items |
//! | 4 + len, for each | name of the item, UTF-8 |
//! | 4 | CRC-32C of everything before it |
//!
//! | bytes | record |
//! |---|---|
//! | 4, 4, 4 | row, first column, number of distances |
//! | 4 for each | distances, float32 |
//! | 4 | CRC-32C of everything before it in the record |

use std::io::{Read, Seek, SeekFrom, Write};

use codec_core::{Error, Result};
use xxhash_rust::xxh64::Xxh64;

use super::{DistanceMatrix, Order, Plan, Shard, Tile, check_names, check_value};

const MAGIC: &[u8; 8] = b"\x89NCDPART";
const VERSION: u32 = 1;
/// Bytes before the part of the header whose length is written.
const FIXED: usize = 16;
/// Longest header that is believed: a million names of a kilobyte.
const LONGEST_HEADER: u32 = 1 << 30;

/// What a partial matrix is a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Names of all items.
    pub names: Vec<String>,
    /// [`items_hash`] of the items.
    pub items: u64,
    /// Everything that decides what the distances are, in words: distance, codec, parameters.
    pub measure: String,
    /// In which directions pairs are measured.
    pub order: Order,
    /// Which part it is.
    pub shard: Shard,
}

/// A complete shard of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it is a part of.
    pub header: Header,
    /// All tiles of the shard with their values.
    pub tiles: Vec<(Tile, Vec<f32>)>,
}

/// A number that other items, or the same in another order, almost certainly do not have.
#[must_use]
pub fn items_hash<'a>(items: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> u64 {
    let mut hash = Xxh64::new(0);
    for (name, content) in items {
        for part in [name.as_bytes(), content] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.digest()
}

impl Header {
    /// How the whole matrix is cut.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::new(self.names.len(), self.order)
    }

    /// Why a file with the header `other` is no part of the same matrix, if it is not.
    #[must_use]
    pub fn differs_from(&self, other: &Header) -> Option<String> {
        if self.measure != other.measure {
            Some(format!(
                "it is of another measure: {}, here {}",
                other.measure, self.measure
            ))
        } else if self.order != other.order {
            Some("it measures pairs in other directions (--symmetric)".to_owned())
        } else if self.names.len() != other.names.len() {
            let (theirs, ours) = (other.names.len(), self.names.len());
            Some(format!("it is of {theirs} items, here are {ours}"))
        } else if let Some((theirs, ours)) =
            other.names.iter().zip(&self.names).find(|(a, b)| a != b)
        {
            Some(format!("it is of other items: {theirs}, here {ours}"))
        } else if self.items != other.items {
            Some("it is of items of the same names with other content".to_owned())
        } else if self.shard.count() != other.shard.count() {
            let (theirs, ours) = (other.shard.count(), self.shard.count());
            Some(format!("it is one of {theirs} shards, here of {ours}"))
        } else {
            None
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        let too_long = |_| Error::Usage("the names of the items are too long together".into());
        let mut body = Vec::new();
        body.extend_from_slice(&self.items.to_le_bytes());
        body.extend_from_slice(&self.shard.index().to_le_bytes());
        body.extend_from_slice(&self.shard.count().to_le_bytes());
        body.push(match self.order {
            Order::Upper => 0,
            Order::Mean => 1,
            Order::Larger => 2,
        });
        let mut put = |len: usize, text: &str| {
            body.extend_from_slice(&u32::try_from(len).map_err(too_long)?.to_le_bytes());
            body.extend_from_slice(text.as_bytes());
            Ok(())
        };
        put(self.measure.len(), &self.measure)?;
        put(self.names.len(), "")?;
        for name in &self.names {
            put(name.len(), name)?;
        }
        let len = u32::try_from(body.len()).map_err(too_long)?;
        let mut bytes = [MAGIC, &VERSION.to_le_bytes()[..], &len.to_le_bytes(), &body].concat();
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        Ok(bytes)
    }

    fn from_body(body: &[u8]) -> Result<Self> {
        let mut fields = Fields { bytes: body, at: 0 };
        let items = u64::from_le_bytes(fields.array()?);
        let (index, count) = (fields.number()?, fields.number()?);
        let shard = Shard::new(index, count).map_err(|error| fields.wrong(&error.to_string()))?;
        let order = match fields.array()? {
            [0u8] => Order::Upper,
            [1] => Order::Mean,
            [2] => Order::Larger,
            _ => return Err(fields.wrong("expected directions of 0, 1 or 2")),
        };
        let measure = fields.text()?;
        let n = fields.number()?;
        let mut names = Vec::new();
        for _ in 0..n {
            names.push(fields.text()?);
        }
        if fields.at != body.len() {
            return Err(fields.wrong("expected the end of the header"));
        }
        check_names(&names).map_err(|problem| fields.wrong(&problem))?;
        Ok(Header {
            names,
            items,
            measure,
            order,
            shard,
        })
    }
}

/// Writes a partial matrix record by record.
///
/// ```
/// use codec_ncd::matrix::{Order, Shard, partial};
/// use std::io::Cursor;
/// let header = partial::Header {
///     names: ["a", "b"].map(String::from).to_vec(),
///     items: partial::items_hash([("a", &b"x"[..]), ("b", b"y")]),
///     measure: "ncd zlib".into(),
///     order: Order::Upper,
///     shard: Shard::WHOLE,
/// };
/// let mut file = Cursor::new(Vec::new());
/// let (mut writer, done) = partial::Writer::resume(&mut file, &header)?;
/// assert_eq!(done, 0);
/// for tile in header.plan().shard(header.shard) {
///     writer.record(&tile, &[0.25])?;
/// }
/// file.set_position(0);
/// let matrix = partial::merge(vec![partial::read(&mut file)?])?;
/// assert_eq!(matrix.get(0, 1), 0.25);
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<F: Read + Write + Seek> Writer<F> {
    /// Continues the partial matrix in `file`, or starts it where the file is empty or ends within
    /// its header. Also gives how many tiles are there already; the next one is written behind them,
    /// over a record that was cut off.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the file is a part of another matrix, [`Error::Corrupt`] with the
    /// position if it is damaged or something else, and then it is left as it was; [`Error::Io`].
    pub fn resume(mut file: F, header: &Header) -> Result<(Self, usize)> {
        let own = header.to_bytes()?;
        let start = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| {
                let mut start = Vec::new();
                (&mut file).take(own.len() as u64).read_to_end(&mut start)?;
                Ok(start)
            })
            .map_err(Error::io("read the partial matrix"))?;
        let (done, end) = if start.len() < own.len() && own.starts_with(&start) {
            // Cut off within the very header we would write.
            (0, None)
        } else {
            file.seek(SeekFrom::Start(0))
                .map_err(Error::io("read the partial matrix"))?;
            let mut reader = Reader::new(&mut file)?;
            if let Some(problem) = header.differs_from(&reader.header) {
                return Err(Error::Mismatch(format!(
                    "the partial matrix cannot go on: {problem}"
                )));
            }
            if reader.header.shard != header.shard {
                let (theirs, ours) = (reader.header.shard, header.shard);
                return Err(Error::Mismatch(format!(
                    "the partial matrix is shard {theirs}, not {ours}"
                )));
            }
            let mut done = 0;
            while reader.next()?.is_some() {
                done += 1;
            }
            (done, Some(reader.at))
        };
        let seek = file.seek(SeekFrom::Start(end.unwrap_or(0)));
        seek.map_err(Error::io("continue the partial matrix"))?;
        let mut writer = Writer { out: file };
        if end.is_none() {
            writer.put(&own)?;
        }
        Ok((writer, done))
    }

    /// Adds the next tile. It is with the system when this returns.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn record(&mut self, tile: &Tile, values: &[f32]) -> Result<()> {
        let mut record = Vec::with_capacity(16 + 4 * values.len());
        for number in [tile.row, tile.columns.start, values.len()] {
            // The header holds as many names, so the numbers fit.
            record.extend_from_slice(&(number as u32).to_le_bytes());
        }
        for value in values {
            record.extend_from_slice(&value.to_le_bytes());
        }
        record.extend_from_slice(&crc32c::crc32c(&record).to_le_bytes());
        self.put(&record)
    }

    /// The file, behind the last record.
    pub fn into_inner(self) -> F {
        self.out
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        written.map_err(Error::io("write the partial matrix"))
    }
}

/// Reads a partial matrix that must be complete: header, and all tiles with their values.
///
/// # Errors
/// [`Error::Mismatch`] if tiles of the shard are missing, [`Error::Corrupt`] with the position,
/// [`Error::Unsupported`] for a later version, [`Error::Io`].
pub fn read(reader: impl Read) -> Result<Part> {
    let mut reader = Reader::new(reader)?;
    let mut tiles = Vec::new();
    while let Some(tile) = reader.next()? {
        tiles.push(tile);
    }
    let header = reader.header;
    let (planned, found) = (header.plan().shard(header.shard).count(), tiles.len());
    if found < planned {
        return Err(Error::Mismatch(format!(
            "shard {} is not complete: {found} of its {planned} tiles are there",
            header.shard
        )));
    }
    Ok(Part { header, tiles })
}

/// Puts the parts of a matrix together.
///
/// # Errors
/// [`Error::Mismatch`] if parts are of different matrices or a shard is missing or there twice;
/// otherwise as [`Plan::assemble`].
pub fn merge(parts: Vec<Part>) -> Result<DistanceMatrix> {
    let Some(Part { header: first, .. }) = parts.first() else {
        return Err(Error::Usage("there are no parts to merge".into()));
    };
    let first = first.clone();
    let mut present = vec![false; first.shard.count() as usize];
    for Part { header, .. } in &parts {
        if let Some(problem) = first.differs_from(header) {
            let shard = header.shard;
            return Err(Error::Mismatch(format!(
                "the part with shard {shard} is not of the same matrix as shard {}: {problem}",
                first.shard
            )));
        }
        if std::mem::replace(&mut present[header.shard.index() as usize - 1], true) {
            return Err(Error::Mismatch(format!(
                "shard {} is there twice",
                header.shard
            )));
        }
    }
    let missing: Vec<String> = (1..)
        .zip(&present)
        .filter(|(_, present)| !**present)
        .map(|(index, _): (u32, _)| format!("{index}/{}", first.shard.count()))
        .collect();
    match &missing[..] {
        [] => {}
        [one] => return Err(Error::Mismatch(format!("shard {one} is missing"))),
        several => {
            let named = several
                .iter()
                .take(10)
                .cloned()
                .collect::<Vec<_>>()
                .join(", ");
            let more = if several.len() > 10 { ", ..." } else { "" };
            return Err(Error::Mismatch(format!(
                "{} shards are missing: {named}{more}",
                several.len()
            )));
        }
    }
    let tiles = parts.into_iter().flat_map(|part| part.tiles).map(Ok);
    first.plan().assemble(first.names, tiles)
}

/// Whether a file that starts with these bytes is a partial matrix.
#[must_use]
pub fn recognises(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Reads records and checks that they are those of the plan.
struct Reader<R> {
    input: R,
    header: Header,
    tiles: Box<dyn Iterator<Item = Tile>>,
    /// Offset behind the last whole record.
    at: u64,
}

impl<R: Read> Reader<R> {
    fn new(mut input: R) -> Result<Self> {
        let fixed = up_to(&mut input, FIXED)?;
        if fixed.len() < FIXED || !recognises(&fixed) {
            return Err(Error::corrupt(
                0,
                "expected a partial matrix (\\x89NCDPART)",
            ));
        }
        let mut fields = Fields {
            bytes: &fixed,
            at: MAGIC.len(),
        };
        let (version, len) = (fields.number()?, fields.number()?);
        if version != VERSION {
            return Err(Error::Unsupported(format!(
                "the partial matrix is of version {version}, this build knows {VERSION}"
            )));
        }
        if len > LONGEST_HEADER {
            return Err(Error::corrupt(
                12,
                format!("a header of {len} bytes is not believed"),
            ));
        }
        let len = len as usize;
        let rest = up_to(&mut input, len + 4)?;
        if rest.len() < len + 4 {
            let at = (FIXED + rest.len()) as u64;
            return Err(Error::corrupt(at, "the file ends within its header"));
        }
        let (body, check) = rest.split_at(len);
        let found = crc32c::crc32c_append(crc32c::crc32c(&fixed), body).to_le_bytes();
        if found != check {
            let at = (FIXED + len) as u64;
            return Err(Error::corrupt(at, "the checksum of the header is wrong"));
        }
        let header = Header::from_body(body).map_err(|error| error.offset_by(FIXED as u64))?;
        let tiles = Box::new(header.plan().shard(header.shard));
        Ok(Reader {
            input,
            header,
            tiles,
            at: (FIXED + len + 4) as u64,
        })
    }

    /// The next tile, or `None` at the end, which a record that is cut off is too.
    fn next(&mut self) -> Result<Option<(Tile, Vec<f32>)>> {
        let Some(tile) = self.tiles.next() else {
            if up_to(&mut self.input, 1)?.is_empty() {
                return Ok(None);
            }
            return Err(Error::corrupt(
                self.at,
                "expected the end after the last tile",
            ));
        };
        let len = 12 + 4 * tile.len();
        let record = up_to(&mut self.input, len + 4)?;
        if record.len() < len + 4 {
            return Ok(None);
        }
        let (body, check) = record.split_at(len);
        if crc32c::crc32c(body).to_le_bytes() != check {
            let row = tile.row + 1;
            let problem = format!("the checksum of a tile of row {row} is wrong");
            return Err(Error::corrupt(self.at, problem));
        }
        let mut fields = Fields { bytes: body, at: 0 };
        let found = [fields.number()?, fields.number()?, fields.number()?];
        let planned = [tile.row, tile.columns.start, tile.len()].map(|number| number as u32);
        if found != planned {
            let problem = format!("expected the tile {planned:?}, found {found:?}");
            return Err(Error::corrupt(self.at, problem));
        }
        let mut values = Vec::with_capacity(tile.len());
        for _ in 0..tile.len() {
            let value = f32::from_le_bytes(fields.array()?);
            check_value(value).map_err(|problem| Error::corrupt(self.at, problem))?;
            values.push(value);
        }
        self.at += record.len() as u64;
        Ok(Some((tile, values)))
    }
}

/// Up to `len` bytes, fewer only at the end; memory grows with what is there.
fn up_to(input: &mut impl Read, len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = input.take(len as u64).read_to_end(&mut bytes);
    read.map_err(Error::io("read the partial matrix"))?;
    Ok(bytes)
}

/// Fields of a header or record, one after the other.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn wrong(&self, problem: &str) -> Error {
        Error::corrupt(self.at as u64, problem)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let field = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk());
        let field = *field.ok_or_else(|| self.wrong("the header is cut off"))?;
        self.at += N;
        Ok(field)
    }

    fn number(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Result<String> {
        let len = self.number()? as usize;
        let end = self.at.saturating_add(len);
        let text = self.bytes.get(self.at..end);
        let text = text.ok_or_else(|| self.wrong("the header is cut off"))?;
        let text = std::str::from_utf8(text).map_err(|_| self.wrong("expected UTF-8 text"))?;
        let text = text.to_owned();
        self.at = end;
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
