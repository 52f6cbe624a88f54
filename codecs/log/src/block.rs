//! Payloads of blocks: a summary that searches read first, then the lines by one of several methods.

use std::num::NonZeroUsize;

use codec_classic::cm::CmOptions;
use codec_classic::{Brotli, Bwt, Cm, Xz, Zstd};
use codec_core::{BlockCodec, Error, Params, Result, both};

use crate::columns::{self, ColumnOptions, ColumnsError, OpenBlock, Structure};
use crate::rows::{self, Effort};
use crate::structure::Header;
use crate::structure::timestamp::Timestamp;

/// How the lines of a block are written. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Templates and columns of values.
    Columns = 1,
    /// Row by row, levels 7 to 9.
    RowsQuick = 2,
    /// See [`RowsQuick`](Self::RowsQuick).
    RowsMid = 3,
    /// See [`RowsQuick`](Self::RowsQuick).
    RowsMax = 4,
    /// As plain bytes, by zstd.
    Zstd = 16,
    /// As plain bytes, by Brotli.
    Brotli = 17,
    /// As plain bytes, by LZMA2.
    Xz = 18,
    /// As plain bytes, by block sorting.
    Bwt = 19,
    /// As plain bytes, by context mixing.
    Cm = 20,
}

impl Method {
    const ALL: [Self; 9] = [
        Self::Columns,
        Self::RowsQuick,
        Self::RowsMid,
        Self::RowsMax,
        Self::Zstd,
        Self::Brotli,
        Self::Xz,
        Self::Bwt,
        Self::Cm,
    ];

    /// The method's name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::RowsQuick => "rows-quick",
            Self::RowsMid => "rows-mid",
            Self::RowsMax => "rows-max",
            Self::Zstd => "zstd",
            Self::Brotli => "brotli",
            Self::Xz => "xz",
            Self::Bwt => "bwt",
            Self::Cm => "cm",
        }
    }

    fn effort(self) -> Option<Effort> {
        match self {
            Self::RowsQuick => Some(Effort::Quick),
            Self::RowsMid => Some(Effort::Mid),
            Self::RowsMax => Some(Effort::Max),
            _ => None,
        }
    }

    fn classic(self) -> Option<&'static dyn BlockCodec> {
        match self {
            Self::Zstd => Some(&Zstd),
            Self::Brotli => Some(&Brotli),
            Self::Xz => Some(&Xz),
            Self::Bwt => Some(&Bwt),
            Self::Cm => Some(&Cm),
            _ => None,
        }
    }
}

/// What a block's payload begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How the lines are written.
    pub method: Method,
    /// Number of newlines in the block.
    pub newlines: u64,
    /// Whether the block ends with a newline; if not, its last line may go on in the next block.
    pub is_ended: bool,
    /// The earliest and the latest time of its lines, where times were recognised.
    pub times: Option<[Timestamp; 2]>,
}

impl Summary {
    /// Judges a block.
    #[must_use]
    pub fn of(content: &[u8], method: Method) -> Self {
        Self {
            method,
            newlines: memchr::memchr_iter(b'\n', content).count() as u64,
            is_ended: content.last() == Some(&b'\n'),
            times: times(content),
        }
    }

    /// Takes the summary from the beginning of a payload.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] where there is none.
    pub fn take(payload: &mut &[u8]) -> Result<Self> {
        let damaged = |_| Error::corrupt(0, "the block's summary is damaged");
        let number = columns::take_number(payload).map_err(damaged)?;
        let method = Method::ALL
            .into_iter()
            .find(|method| *method as u64 == number);
        let method =
            method.ok_or_else(|| Error::corrupt(0, format!("log method {number} is not known")))?;
        let newlines = columns::take_number(payload).map_err(damaged)?;
        let flags = columns::take_number(payload).map_err(damaged)?;
        let times = if flags & HAS_TIMES == 0 {
            None
        } else {
            let first = columns::take_number(payload).map_err(damaged)?;
            let span = columns::take_number(payload).map_err(damaged)?;
            let first = (first >> 1) as i64 ^ -((first & 1) as i64);
            let last = first.saturating_add(i64::try_from(span).unwrap_or(i64::MAX));
            Some([first, last].map(Timestamp::from_milliseconds))
        };
        Ok(Self {
            method,
            newlines,
            is_ended: flags & IS_ENDED != 0,
            times,
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        columns::put_number(self.method as u64, out);
        columns::put_number(self.newlines, out);
        let has_times = if self.times.is_some() { HAS_TIMES } else { 0 };
        let is_ended = if self.is_ended { IS_ENDED } else { 0 };
        columns::put_number(has_times | is_ended, out);
        if let Some(times) = self.times {
            let [first, last] = times.map(Timestamp::milliseconds);
            columns::put_number(((first << 1) ^ (first >> 63)) as u64, out);
            columns::put_number(last.saturating_sub(first) as u64, out);
        }
    }
}

const HAS_TIMES: u64 = 1;
const IS_ENDED: u64 = 2;

/// Lines whose times are looked for to learn where they stand.
const SAMPLED_LINES: usize = 200;
/// Pieces of a block that they come from, and bytes of each.
const HEADER_PIECES: usize = 4;
const HEADER_PIECE: usize = 64 << 10;
/// Longest line whose time is looked at, in bytes.
const LONGEST_LINE: usize = 64 << 10;

/// The header that the lines of a block have, judged by lines from its beginning, its middle and the
/// quarters between.
#[must_use]
pub fn header_of(content: &[u8]) -> Option<Header> {
    let starts = (0..HEADER_PIECES).map(|piece| content.len() / HEADER_PIECES * piece);
    let pieces = starts.map(|start| {
        let rest = content.get(start..).unwrap_or_default();
        // The piece begins within a line, but for the first one.
        let skipped = match start {
            0 => 0,
            _ => memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1),
        };
        let rest = rest.get(skipped..).unwrap_or_default();
        rest.get(..HEADER_PIECE).unwrap_or(rest)
    });
    let lines: Vec<&[u8]> = pieces
        .flat_map(|piece| {
            let lines = piece.split(|byte| *byte == b'\n');
            lines
                .filter(|line| line.len() <= LONGEST_LINE)
                .take(SAMPLED_LINES / HEADER_PIECES)
        })
        .collect();
    Header::infer(&lines)
}

fn times(content: &[u8]) -> Option<[Timestamp; 2]> {
    let header = header_of(content)?;
    let mut times: Option<[Timestamp; 2]> = None;
    let mut before: &[u8] = &[];
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', content).chain([content.len()]) {
        let line = content.get(start..end).unwrap_or_default();
        start = end + 1;
        // Lines of the same moment begin alike.
        if line.len() > LONGEST_LINE || (!before.is_empty() && line.starts_with(before)) {
            continue;
        }
        if let Some((time, span)) = header.timestamp(line) {
            before = line.get(..span.end).unwrap_or_default();
            let [first, last] = times.unwrap_or([time; 2]);
            times = Some([first.min(time), last.max(time)]);
        }
    }
    times
}

/// How to encode blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) level: u8,
    pub(crate) kernel: Option<columns::Kernel>,
}

/// Encodes a block.
pub(crate) fn encode(content: &[u8], options: &Options, threads: NonZeroUsize) -> Result<Vec<u8>> {
    let coded = || encode_best(content, options, threads);
    let (coded, mut summary) = both(threads, coded, || Summary::of(content, Method::Columns));
    let (method, coded) = coded?;
    summary.method = method;
    let mut payload = Vec::with_capacity(coded.len() + 32);
    summary.put(&mut payload);
    payload.extend_from_slice(&coded);
    Ok(payload)
}

fn encode_best(
    content: &[u8],
    options: &Options,
    threads: NonZeroUsize,
) -> Result<(Method, Vec<u8>)> {
    let mut best = Candidates {
        content,
        options,
        best: None,
    };
    if looks_like_lines(content) {
        let coded = columns::encode_block(content, &column_options(options), threads);
        best.offer(Method::Columns, coded);
        if let Some(method) = rows_method(options.level) {
            let effort = method.effort().unwrap_or(Effort::Max);
            best.offer(method, rows::encode_block(content, effort));
        }
    }
    best.try_classic()?;
    Ok(best.best.unwrap_or((Method::Zstd, Vec::new())))
}

/// A block's payload, opened as far as its method lets it be searched.
#[derive(Debug)]
pub(crate) enum Opened<'p> {
    Columns(OpenBlock<'p>),
    Content(Vec<u8>),
}

/// Opens a block.
pub(crate) fn open(
    payload: &[u8],
    content_len: usize,
    threads: NonZeroUsize,
) -> Result<Opened<'_>> {
    let mut coded = payload;
    let summary = Summary::take(&mut coded)?;
    if summary.method != Method::Columns {
        return decode(payload, content_len).map(Opened::Content);
    }
    let block = OpenBlock::new(coded, content_len, threads);
    block.map(Opened::Columns).map_err(damaged_columns)
}

pub(crate) fn damaged_columns(error: ColumnsError) -> Error {
    Error::corrupt(0, format!("log columns: {error}"))
}

/// Decodes a block.
pub(crate) fn decode(payload: &[u8], content_len: usize) -> Result<Vec<u8>> {
    let mut coded = payload;
    let summary = Summary::take(&mut coded)?;
    let at = (payload.len() - coded.len()) as u64;
    decode_method(summary.method, coded, content_len).map_err(|error| error.offset_by(at))
}

fn decode_method(method: Method, coded: &[u8], content_len: usize) -> Result<Vec<u8>> {
    if let Some(effort) = method.effort() {
        return rows::decode_block(coded, content_len, effort)
            .map_err(|error| Error::corrupt(0, format!("log rows: {error}")));
    }
    if let Some(codec) = method.classic() {
        let mut params = Params::defaults(codec.descriptor().params);
        if method == Method::Cm {
            params.set("level", &cm_level(content_len).to_string())?;
        }
        return codec.decode_block(coded, content_len, &params);
    }
    columns::decode_block(coded, content_len).map_err(damaged_columns)
}

fn column_options(options: &Options) -> ColumnOptions {
    ColumnOptions {
        structure: match options.level {
            0 | 1 => Structure::Fields,
            2 => Structure::Templates,
            _ => Structure::Mapped,
        },
        kernel: options.kernel,
        dense: options.level > 3,
    }
}

fn rows_method(level: u8) -> Option<Method> {
    match level {
        7 => Some(Method::RowsQuick),
        8 => Some(Method::RowsMid),
        9.. => Some(Method::RowsMax),
        _ => None,
    }
}

/// The smallest payload so far.
struct Candidates<'a> {
    content: &'a [u8],
    options: &'a Options,
    best: Option<(Method, Vec<u8>)>,
}

/// Pieces of a block that are compressed to see whether plain bytes may do, and their length.
const PIECES: usize = 4;
const PIECE: usize = 16 << 10;

impl Candidates<'_> {
    fn offer(&mut self, method: Method, coded: Vec<u8>) {
        if self
            .best
            .as_ref()
            .is_none_or(|(_, best)| coded.len() < best.len())
        {
            self.best = Some((method, coded));
        }
    }

    /// Tries classical codecs of the level, unless a sample shows that they are far off.
    fn try_classic(&mut self) -> Result<()> {
        if let Some((_, best)) = &self.best {
            let sample = sample(self.content);
            let (_, coded) = self.classic(&[Method::Bwt], &sample)?;
            let len = self.content.len() as u64;
            let expected = coded.len() as u64 * len / (sample.len() as u64).max(1);
            // A sample has less to refer to than the whole, and other codecs may do better.
            if 2 * expected > 3 * best.len() as u64 {
                return Ok(());
            }
        }
        let methods: &[Method] = match self.options.level {
            9.. => &[Method::Cm, Method::Xz, Method::Bwt, Method::Brotli],
            _ => &[Method::Xz, Method::Bwt, Method::Brotli, Method::Zstd],
        };
        let (method, coded) = self.classic(methods, self.content)?;
        self.offer(method, coded);
        Ok(())
    }

    fn classic(&self, methods: &[Method], content: &[u8]) -> Result<(Method, Vec<u8>)> {
        let mut best: Option<(Method, Vec<u8>)> = None;
        for method in methods {
            let Some(codec) = method.classic() else {
                continue;
            };
            let mut params = Params::defaults(codec.descriptor().params);
            if params.has("level") {
                let level = classic_level(*method, self.options.level, content.len());
                params.set("level", &level)?;
            }
            let coded = codec.encode_block(content, &params)?;
            if best
                .as_ref()
                .is_none_or(|(_, best)| coded.len() < best.len())
            {
                best = Some((*method, coded));
            }
        }
        Ok(best.unwrap_or((Method::Zstd, Vec::new())))
    }
}

/// The level of a classical codec that stands for a level of ours.
fn classic_level(method: Method, level: u8, block_len: usize) -> String {
    let level = match method {
        Method::Brotli if level == 9 => 11,
        Method::Cm => cm_level(block_len),
        _ => level,
    };
    level.to_string()
}

/// The level of `cm` for a block: the best one with which a block can be decoded in the memory that
/// decoders take by default.
fn cm_level(block_len: usize) -> u8 {
    if block_len > 16 << 20 { 8 } else { 9 }
}

/// Bytes of memory that a block takes to be decoded, whatever its method.
pub(crate) fn memory_bytes(block_len: usize) -> u64 {
    let cm = CmOptions {
        level: cm_level(block_len),
    };
    columns_memory(block_len)
        .max(rows::memory_bytes(Effort::Max, block_len) as u64)
        .max(codec_classic::cm::memory_bytes(&cm, block_len) as u64)
}

/// Bytes of memory that columns of a block take at most.
pub(crate) fn columns_memory(block_len: usize) -> u64 {
    (block_len as u64)
        .saturating_mul(6)
        .saturating_add(64 << 20)
}

/// Pieces of a block, spread evenly; all of a short one.
fn sample(content: &[u8]) -> Vec<u8> {
    if content.len() <= PIECES * PIECE {
        return content.to_vec();
    }
    let step = (content.len() - PIECE) / (PIECES - 1);
    let pieces = (0..PIECES).filter_map(|piece| content.get(piece * step..piece * step + PIECE));
    pieces.flatten().copied().collect()
}

/// Shortest lines that are worth being taken apart, in bytes on average. Of shorter ones there would
/// be more than the memory for a block has room for.
const SHORTEST_LINES: usize = 8;

/// Whether a block is text in lines, as far as a sample of it shows.
fn looks_like_lines(content: &[u8]) -> bool {
    let newlines = memchr::memchr_iter(b'\n', content).count();
    if newlines.saturating_mul(SHORTEST_LINES) > content.len().max(1 << 20) {
        return false;
    }
    let step = (content.len() / (64 << 10)).max(1) | 1;
    let mut looked_at = 0usize;
    let mut strange = 0usize;
    for byte in content.iter().step_by(step) {
        looked_at += 1;
        let is_strange = byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t');
        strange += usize::from(is_strange);
    }
    strange * 20 <= looked_at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_beginning_without_any() {
        let banner = "starting the service, please wait\n".repeat(300);
        let lines: String = (0..3000)
            .map(|n| format!("2024-05-01 12:{:02}:{:02} worker ready\n", n / 60, n % 60))
            .collect();
        let summary = Summary::of((banner + &lines).as_bytes(), Method::Columns);
        let [first, last] = summary.times.unwrap().map(Timestamp::milliseconds);
        assert_eq!(last - first, 2_999_000);
    }

    #[test]
    fn a_summary_survives_and_a_damaged_one_is_an_error() {
        let times = Some([-5, 7].map(Timestamp::from_milliseconds));
        for times in [None, times] {
            let summary = Summary {
                method: Method::RowsMid,
                newlines: 3000,
                is_ended: true,
                times,
            };
            let mut bytes = Vec::new();
            summary.put(&mut bytes);
            assert_eq!(Summary::take(&mut bytes.as_slice()).unwrap(), summary);
            for len in 0..bytes.len() {
                let cut = Summary::take(&mut &bytes[..len]);
                assert!(matches!(cut, Err(Error::Corrupt { .. })), "{len} bytes");
            }
        }
        assert!(Summary::take(&mut &[99, 0, 0][..]).is_err());
    }
}
