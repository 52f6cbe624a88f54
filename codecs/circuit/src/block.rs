//! Payloads of blocks: records under a circuit, or bytes.
//!
//! # Format
//!
//! Numbers are LEB128, byte strings follow their length.
//!
//! | method (first byte) | what follows |
//! |---|---|
//! | 0, bytes | a level of `auto`, one byte; a payload of `auto` |
//! | 1, records under the model that the stream's header names | records |
//! | 2, records under a model of their own | the model, a byte string; records |
//!
//! where records are
//!
//! | field | |
//! |---|---|
//! | rest | its length; the length of what it is packed to by `brotli`, or 0; the bytes |
//! | records | how many |
//! | share | records of a codeword, except the last one; 0 if all are one solid stream, to the end |
//! | least | bytes of the shortest codeword but the last, if there are several |
//! | width | one byte: bits that tell how much longer than that a codeword is, if there are several |
//! | lengths | of every codeword but the last, in that many bits each, low bits first, filled up to a byte |
//! | codewords | to the end |

mod lengths;

use std::num::NonZeroUsize;
use std::ops::Range;

use codec_classic::{Auto, Brotli};
use codec_core::{BlockCodec, Budget, Error, Memory, Params, Result};

use crate::coder::SOLID_MEMORY;
use crate::fields::{Fields, write_bytes, write_number};
use crate::fit::{self, Effort};
use crate::front::Parts;
use crate::prepared::Prepared;
use crate::{Front, GROUP, Model, Records, parallel};
use lengths::{read_lengths, write_lengths};

const BYTES: u8 = 0;
const NAMED: u8 = 1;
const INSIDE: u8 = 2;

/// Records that are worth a model of their own.
const LEAST_RECORDS: usize = 200;
/// Bytes of a codeword from which on their number and lengths cost little.
const LEAST_CODEWORD: usize = 1 << 10;
/// Most records of a codeword: all of them are decoded for one.
const MOST_SHARE: usize = GROUP << 8;
/// Memory that `auto` may take, in bytes.
const BYTES_MEMORY: u64 = 160 << 20;

/// A block as it is written.
pub(crate) struct Coded {
    pub(crate) payload: Vec<u8>,
    /// Of records; `None` for bytes.
    pub(crate) records: Option<CodedRecords>,
}

/// What the records of a block came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodedRecords {
    pub(crate) records: u64,
    /// Variables of all of them.
    pub(crate) values: u64,
    pub(crate) codeword_bytes: u64,
    /// Bytes of the model in the payload; 0 for one that the header names.
    pub(crate) model_inside: u64,
}

/// When a model is learned for the very records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fitting {
    Never,
    /// Where there are enough records, and no other model makes them smaller than bytes.
    Auto,
    Always,
}

/// Whether records are one stream that adapts to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Solid {
    /// Codewords, each readable alone.
    Never,
    /// Where records are not readable alone anyway: tables.
    Tables,
    Always,
}

/// How to encode.
pub(crate) struct How<'a> {
    pub(crate) fitting: Fitting,
    pub(crate) solid: Solid,
    pub(crate) effort: Effort,
    pub(crate) threads: NonZeroUsize,
    pub(crate) budget: &'a Budget,
}

/// The smallest of the ways to write content, of which `parts` are those that a model is tried for.
pub(crate) fn encode(
    content: &[u8],
    parts: Option<Parts>,
    named: Option<&Prepared>,
    how: &How<'_>,
) -> Result<Coded> {
    let mut best = Coded {
        payload: encode_bytes(content, how)?,
        records: None,
    };
    let Some(parts) = parts.filter(|parts| !parts.records.is_empty()) else {
        return Ok(best);
    };
    let mut offer = |coded: Coded| {
        let is_smaller = coded.payload.len() < best.payload.len();
        if is_smaller {
            best = coded;
        }
        is_smaller
    };
    let fitting = match named.filter(|named| named.front == parts.front) {
        Some(named) if offer(encode_records(vec![NAMED], named, &parts, how)?) => Fitting::Never,
        _ => how.fitting,
    };
    let is_worth = match fitting {
        Fitting::Never => false,
        Fitting::Auto => parts.records.len() >= LEAST_RECORDS,
        Fitting::Always => true,
    };
    if !is_worth {
        return Ok(best);
    }
    let mut least = usize::MAX;
    for states in fit::states_to_try(&parts.front.schema(), &parts.records, how.effort) {
        let effort = Effort {
            states: Some(states),
            ..how.effort
        };
        let Some(coded) = encode_fitted(&parts, effort, how)? else {
            break;
        };
        let len = coded.payload.len();
        offer(coded);
        if std::mem::replace(&mut least, len) <= len {
            break;
        }
    }
    Ok(best)
}

/// Records with a model that is learned for them.
fn encode_fitted(parts: &Parts, effort: Effort, how: &How<'_>) -> Result<Option<Coded>> {
    let schema = parts.front.schema();
    let count = parts.records.len();
    let needed = fit::memory_for(&schema, count, effort);
    let reserved = how.budget.reserve("learning a circuit", needed)?;
    let circuit = fit::fit(&schema, &parts.records, effort, how.threads)?;
    drop(reserved);
    let Some(circuit) = circuit else {
        return Ok(None);
    };
    let exactness = if is_solid(parts, how) { 0.3 } else { 1.0 };
    let model = Model::write(&circuit, &parts.front.to_bytes()?, count as u64, exactness)?;
    drop(circuit);
    let mut start = vec![INSIDE];
    write_bytes(&model, &mut start);
    // What decodes is what the file says, to the last bit.
    let inside = Prepared::read(&model, how.budget)?;
    let mut coded = encode_records(start, &inside, parts, how)?;
    if let Some(records) = &mut coded.records {
        records.model_inside = model.len() as u64;
    }
    Ok(Some(coded))
}

/// Content as bytes.
fn encode_bytes(content: &[u8], how: &How<'_>) -> Result<Vec<u8>> {
    let (level, params) = bytes_params(how.effort.level, content.len())?;
    let mut payload = vec![BYTES, level];
    payload.extend(Auto.encode_block(content, &params)?);
    Ok(payload)
}

/// The highest level of `auto` up to this one whose memory suffices for content of a length.
fn bytes_params(level: u8, content_len: usize) -> Result<(u8, Params)> {
    let mut params = Params::defaults(Auto.descriptor().params);
    let mut chosen = 1;
    for level in (1..=level.clamp(1, 9)).rev() {
        params.set("level", &level.to_string())?;
        chosen = level;
        let Memory { encode, decode } = Auto.memory(&params, content_len);
        if encode.max(decode) <= BYTES_MEMORY {
            break;
        }
    }
    Ok((chosen, params))
}

/// Most memory for a block beside it and its payload, before any model, in bytes.
pub(crate) fn memory(block_len: usize) -> u64 {
    (block_len as u64).saturating_add(BYTES_MEMORY)
}

/// Memory to encode content as bytes, in bytes.
pub(crate) fn bytes_memory(level: u8, content_len: usize) -> Result<u64> {
    let (_, params) = bytes_params(level, content_len)?;
    Ok(Auto.memory(&params, content_len).encode)
}

fn encode_records(
    mut payload: Vec<u8>,
    model: &Prepared,
    parts: &Parts,
    how: &How<'_>,
) -> Result<Coded> {
    let Parts { records, rest, .. } = parts;
    write_rest(rest, &mut payload)?;
    write_number(records.len() as u64, &mut payload);
    let codeword_bytes = if is_solid(parts, how) {
        write_number(0, &mut payload);
        let reserved = how.budget.reserve("a solid stream", SOLID_MEMORY)?;
        let stream = model.coder.encode_solid(records)?;
        drop(reserved);
        payload.extend_from_slice(&stream);
        stream.len()
    } else {
        write_codewords(model, records, how, &mut payload)?
    };
    Ok(Coded {
        payload,
        records: Some(CodedRecords {
            records: records.len() as u64,
            values: records.values().len() as u64,
            codeword_bytes: codeword_bytes as u64,
            model_inside: 0,
        }),
    })
}

fn is_solid(parts: &Parts, how: &How<'_>) -> bool {
    match how.solid {
        Solid::Never => false,
        Solid::Tables => matches!(parts.front, Front::Table(_)),
        Solid::Always => true,
    }
}

/// Writes codewords behind their lengths, and returns how long they are together.
fn write_codewords(
    model: &Prepared,
    records: &Records,
    how: &How<'_>,
    payload: &mut Vec<u8>,
) -> Result<usize> {
    let share = share(model, records)?;
    write_number(share as u64, payload);
    let codewords = parallel::map(how.threads, records.len().div_ceil(share), |number| {
        let first = number * share;
        let end = records.len().min(first + share);
        model.coder.encode(&records.range(first..end))
    })?;
    let codewords: Vec<Vec<u8>> = codewords.into_iter().collect::<Result<_>>()?;
    write_lengths(&codewords, payload);
    let codeword_bytes = codewords.iter().map(Vec::len).sum();
    payload.reserve_exact(codeword_bytes);
    codewords
        .iter()
        .for_each(|codeword| payload.extend_from_slice(codeword));
    Ok(codeword_bytes)
}

/// Records of a codeword: few, so that any of them is near, but enough for codewords to be long.
fn share(model: &Prepared, records: &Records) -> Result<usize> {
    let tried = records.len().min(4 * GROUP);
    let len = model.coder.encode(&records.range(0..tried))?.len();
    let mut share = GROUP;
    while share < MOST_SHARE && share * len < LEAST_CODEWORD * tried {
        share *= 2;
    }
    Ok(share)
}

fn write_rest(rest: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let packed = Brotli.encode_block(rest, &rest_params()?)?;
    write_number(rest.len() as u64, out);
    if packed.len() < rest.len() {
        write_number(packed.len() as u64, out);
        out.extend(packed);
    } else {
        write_number(0, out);
        out.extend_from_slice(rest);
    }
    Ok(())
}

fn read_rest(fields: &mut Fields<'_>, content_len: usize) -> Result<Vec<u8>> {
    // What is beside the records of a table is coded, and may be a little longer than the table.
    let most = (content_len as u64)
        .saturating_mul(2)
        .saturating_add(1 << 16);
    let len = fields.number_up_to(most, "the length of what is beside the records")?;
    let packed_len = fields.number_up_to(most, "the length of what that is packed to")?;
    if packed_len == 0 {
        return Ok(fields.take(len)?.to_vec());
    }
    let packed = fields.take(packed_len)?;
    Brotli.decode_block(packed, len, &rest_params()?)
}

fn rest_params() -> Result<Params> {
    let mut params = Params::defaults(Brotli.descriptor().params);
    params.set("level", "11")?;
    Ok(params)
}

/// Decodes a block.
pub(crate) fn decode(
    payload: &[u8],
    content_len: usize,
    named: Option<&Prepared>,
    threads: NonZeroUsize,
    budget: &Budget,
) -> Result<Vec<u8>> {
    let opened = match Opened::read(payload, content_len, named, budget)? {
        Block::Bytes { level, packed } => return decode_bytes(level, packed, content_len, budget),
        Block::Records(opened) => opened,
    };
    let count = opened.count;
    let reserved = budget.reserve("records", opened.memory(content_len))?;
    let records = opened.records(0..count, threads)?;
    let content = opened.front().whole(&records, &opened.rest, content_len);
    drop(reserved);
    content
}

/// Some of the records of a block as they lie in its content, and how many it has; see
/// [`crate::array::values`].
///
/// # Errors
/// [`Error::Usage`] where the block is a table or was coded as bytes.
pub(crate) fn decode_range(
    payload: &[u8],
    content_len: usize,
    numbers: Range<u64>,
    named: Option<&Prepared>,
    how: (NonZeroUsize, &Budget),
) -> Result<(Vec<u8>, u64)> {
    let (threads, budget) = how;
    let Block::Records(opened) = Opened::read(payload, content_len, named, budget)? else {
        return Err(Error::Usage(
            "the content was coded as bytes, without records".to_owned(),
        ));
    };
    let Front::Array(_) = opened.front() else {
        return Err(Error::Usage(
            "the content is a table: its rows are not kept by themselves".to_owned(),
        ));
    };
    let count = opened.count as u64;
    let end = numbers.end.min(count);
    let numbers = numbers.start.min(end) as usize..end as usize;
    if numbers.is_empty() {
        return Ok((Vec::new(), count));
    }
    let records = opened.records(numbers, threads)?;
    let values = crate::array::values(&records, &opened.rest)?;
    Ok((values, count))
}

fn decode_bytes(level: u8, packed: &[u8], content_len: usize, budget: &Budget) -> Result<Vec<u8>> {
    if !(1..=9).contains(&level) {
        return Err(Error::corrupt(
            1,
            format!("there is no level {level} of auto"),
        ));
    }
    let mut params = Params::defaults(Auto.descriptor().params);
    params.set("level", &level.to_string())?;
    let needed = Auto.memory(&params, content_len).decode;
    let reserved = budget.reserve("decoder memory", needed)?;
    let content = Auto.decode_block(packed, content_len, &params);
    drop(reserved);
    content.map_err(|error| error.offset_by(2))
}

enum Block<'a> {
    Bytes { level: u8, packed: &'a [u8] },
    Records(Opened<'a>),
}

/// A payload of records, taken apart but not decoded.
struct Opened<'a> {
    model: Source<'a>,
    rest: Vec<u8>,
    /// Number of records.
    count: usize,
    /// Records of a codeword; 0 for a solid stream.
    share: usize,
    /// Where codewords end within `codewords`, but for the last one.
    ends: Vec<usize>,
    codewords: &'a [u8],
    /// Where the codewords begin in the payload.
    at: u64,
}

/// Where a model comes from.
enum Source<'a> {
    Named(&'a Prepared),
    Inside(Box<Prepared>),
}

impl<'a> Opened<'a> {
    fn read(
        payload: &'a [u8],
        content_len: usize,
        named: Option<&'a Prepared>,
        budget: &Budget,
    ) -> Result<Block<'a>> {
        let mut fields = Fields::new(payload, "the block");
        let model = match fields.byte()? {
            BYTES => {
                let level = fields.byte()?;
                let packed = fields.rest();
                return Ok(Block::Bytes { level, packed });
            }
            NAMED => Source::Named(named.ok_or_else(|| {
                fields.corrupt("it is coded under a model that the stream's header does not name")
            })?),
            INSIDE => {
                let file = fields.bytes()?;
                let at = fields.position() - file.len();
                let prepared = Prepared::read(file, budget)
                    .map_err(|error| inside(error).offset_by(at as u64))?;
                Source::Inside(Box::new(prepared))
            }
            method => return Err(fields.corrupt(&format!("method {method} is not known"))),
        };
        let rest = read_rest(&mut fields, content_len)?;
        let count = fields.number_up_to(content_len as u64, "the number of records")?;
        let width = match &model {
            Source::Named(prepared) => prepared.coder.circuit().schema().len(),
            Source::Inside(prepared) => prepared.coder.circuit().schema().len(),
        };
        // Every value takes a byte or, in tables, what is between it and the next, but for the last.
        if count.saturating_mul(width) > content_len.saturating_add(count) {
            return Err(fields.corrupt(&format!(
                "{count} records of {width} values are more than {content_len} bytes hold"
            )));
        }
        let share = fields.number_up_to(MOST_SHARE as u64, "records of a codeword")?;
        if (share < GROUP && share != 0) || count == 0 {
            return Err(fields.corrupt("codewords without records"));
        }
        let codewords = if share == 0 { 1 } else { count.div_ceil(share) };
        let ends = read_lengths(&mut fields, codewords)?;
        let at = fields.position() as u64;
        let codewords = fields.rest();
        if ends.last().is_some_and(|&end| end > codewords.len()) {
            return Err(Error::corrupt(at, "the block: codewords are cut short"));
        }
        Ok(Block::Records(Opened {
            model,
            rest,
            count,
            share,
            ends,
            codewords,
            at,
        }))
    }

    fn model(&self) -> &Prepared {
        match &self.model {
            Source::Named(prepared) => prepared,
            Source::Inside(prepared) => prepared,
        }
    }

    fn front(&self) -> &Front {
        &self.model().front
    }

    /// Memory to decode everything, beside the content and the payload, in bytes.
    fn memory(&self, content_len: usize) -> u64 {
        let content_len = content_len as u64;
        let solid = if self.share == 0 { SOLID_MEMORY } else { 0 };
        let beside_records = match self.front() {
            Front::Array(_) => content_len.saturating_mul(2),
            Front::Table(front) => {
                let cells = (self.count as u64).saturating_mul(front.names().len() as u64);
                let text = BYTES_MEMORY.min(content_len.saturating_mul(16));
                cells.saturating_mul(40).saturating_add(text)
            }
        };
        beside_records.saturating_add(solid)
    }

    /// Some of the records, of which there are at least `numbers.end`.
    fn records(&self, numbers: Range<usize>, threads: NonZeroUsize) -> Result<Records> {
        let model = self.model();
        if self.share == 0 {
            let solid = model.coder.decode_solid(self.codewords, self.count);
            let records = solid.map_err(|error| error.offset_by(self.at))?;
            return Ok(if numbers.len() == self.count {
                records
            } else {
                records.range(numbers)
            });
        }
        let first = numbers.start / self.share;
        let last = numbers.end.div_ceil(self.share);
        let parts = parallel::map(threads, last - first, |number| {
            let number = first + number;
            let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
            let end = self
                .ends
                .get(number)
                .copied()
                .unwrap_or(self.codewords.len());
            let count = self.share.min(self.count - number * self.share);
            model
                .coder
                .decode(&self.codewords[start..end], count)
                .map_err(|error| error.offset_by(self.at + start as u64))
        })?;
        let width = model.coder.circuit().schema().len();
        let mut values = Vec::with_capacity((last - first) * self.share * width);
        for part in parts {
            values.extend_from_slice(part?.values());
        }
        let records = Records::new(width, values);
        let skipped = first * self.share;
        if skipped == numbers.start && records.len() == numbers.len() {
            return Ok(records);
        }
        Ok(records.range(numbers.start - skipped..numbers.end - skipped))
    }
}

/// A model inside of a payload that is not one is damage.
fn inside(error: Error) -> Error {
    match error {
        Error::Unsupported(problem) => Error::corrupt(0, problem),
        other => other,
    }
}
