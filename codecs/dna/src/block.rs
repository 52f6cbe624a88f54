//! Payloads of blocks: what they begin with, and which of several layouts content is written in.

use std::num::NonZeroUsize;

use codec_classic::Auto;
use codec_core::{BlockCodec, Error, Memory, Params, Result, both};
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};

use crate::damage::Damage;
use crate::fastq::{self, Reads};
use crate::lines::Lines;
use crate::names;
use crate::residues::{Joiner, Residues, Splitter, base};
use crate::sequence::{self, Method};

/// How content is written. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// As plain bytes, by `auto`.
    Classic = 0,
    /// As lines, some of them headers.
    Lines = 1,
    /// As records of FASTQ.
    Reads = 2,
    /// Nothing but bases in upper case.
    Upper = 4,
    /// Nothing but bases in lower case.
    Lower = 5,
    /// As `Upper`, and a line feed.
    UpperLine = 6,
    /// As `Lower`, and a line feed.
    LowerLine = 7,
}

impl Layout {
    const ALL: [Self; 7] = [
        Self::Classic,
        Self::Lines,
        Self::Reads,
        Self::Upper,
        Self::Lower,
        Self::UpperLine,
        Self::LowerLine,
    ];

    /// For the layouts of bases alone, whether they are in lower case, and whether a line ends.
    fn one_line(self) -> Option<(bool, bool)> {
        match self {
            Self::Upper => Some((false, false)),
            Self::Lower => Some((true, false)),
            Self::UpperLine => Some((false, true)),
            Self::LowerLine => Some((true, true)),
            Self::Classic | Self::Lines | Self::Reads => None,
        }
    }

    fn of_one_line(is_lower: bool, is_ended: bool) -> Self {
        match (is_lower, is_ended) {
            (false, false) => Self::Upper,
            (true, false) => Self::Lower,
            (false, true) => Self::UpperLine,
            (true, true) => Self::LowerLine,
        }
    }
}

const METHODS: [Method; 4] = [Method::Packed, Method::Fast, Method::Mid, Method::Max];

/// The first byte of a payload.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The method that the level stands for, which tells the memory that blocks may need.
    class: Method,
    /// The method that the bases of this block are written with.
    method: Method,
    layout: Layout,
}

impl Head {
    fn to_byte(self) -> u8 {
        self.class as u8 | (self.method as u8) << 2 | (self.layout as u8) << 4
    }

    fn from_byte(byte: u8) -> Result<Self> {
        let method = |bits: u8| METHODS[usize::from(bits & 3)];
        let layout = Layout::ALL
            .into_iter()
            .find(|layout| *layout as u8 == byte >> 4);
        Ok(Head {
            class: method(byte),
            method: method(byte >> 2),
            layout: layout.ok_or_else(|| {
                Error::corrupt(0, format!("dna layout {} is not known", byte >> 4))
            })?,
        })
    }
}

/// The method that a level stands for.
pub(crate) fn class_of(level: u8) -> Method {
    match level {
        0 | 1 => Method::Packed,
        2..=4 => Method::Fast,
        5..=7 => Method::Mid,
        8.. => Method::Max,
    }
}

/// The highest level of a class, whose memory is enough for all of them.
fn top_level(class: Method) -> u8 {
    match class {
        Method::Packed => 1,
        Method::Fast => 4,
        Method::Mid => 7,
        Method::Max => 9,
    }
}

/// Whether qualities are mixed from several contexts.
fn mixes(class: Method) -> bool {
    matches!(class, Method::Mid | Method::Max)
}

/// A level whose memory is enough for a stream of which this is a payload.
///
/// # Errors
/// [`Error::Corrupt`] where the payload is none of ours.
pub(crate) fn level_of(payload: &[u8]) -> Result<u8> {
    let &byte = payload
        .first()
        .ok_or_else(|| Damage("an empty payload").at(0))?;
    Ok(top_level(Head::from_byte(byte)?.class))
}

/// Memory that `auto` may take, in bytes: what is no sequence is coded at a lower level in large
/// blocks.
const CLASSIC_MEMORY: u64 = 160 << 20;

/// The parameters of `auto` that stand for a level, for content of a length.
fn classic_params(level: u8, content_len: usize) -> Result<Params> {
    let mut params = Params::defaults(Auto.descriptor().params);
    for level in (1..=level).rev() {
        params.set("level", &level.to_string())?;
        let Memory { encode, decode } = Auto.memory(&params, content_len);
        if encode.max(decode) <= CLASSIC_MEMORY {
            break;
        }
    }
    Ok(params)
}

/// Largest content of a block: places in it are 32-bit numbers.
pub(crate) const LARGEST_BLOCK: u64 = 1 << 30;

/// Working memory for a block beside it and its payload, in bytes.
pub(crate) fn memory(level: u8, block_len: usize, reference_len: usize) -> Memory {
    /// Tables of the models of numbers, which are small.
    const TABLES: u64 = 1 << 20;
    let class = class_of(level);
    let tables =
        TABLES + names::memory_bytes(block_len) as u64 + fastq::memory_bytes(mixes(class)) as u64;
    // Bases are kept one a byte; lines (4 bytes for each 8), exceptions (12 for each 16) and changes
    // of case (4 for each 16) are at most as many.
    let streams = (block_len as u64).saturating_mul(5) / 2;
    let ours = sequence::memory_bytes(block_len, class, reference_len)
        .saturating_add(streams)
        .saturating_add(tables);
    let classic =
        classic_params(top_level(class), block_len).map(|params| Auto.memory(&params, block_len));
    let classic = classic.unwrap_or(Memory {
        encode: u64::MAX,
        decode: u64::MAX,
    });
    Memory {
        encode: ours.max(classic.encode),
        decode: ours.max(classic.decode),
    }
}

/// Encodes a block.
pub(crate) fn encode(
    content: &[u8],
    level: u8,
    reference: &[u8],
    threads: NonZeroUsize,
) -> Result<Vec<u8>> {
    let class = class_of(level);
    let how = How {
        class,
        level,
        reference,
        threads,
    };
    let is_fastq = content.starts_with(b"@");
    let mut ours = if is_fastq {
        as_reads(content, how)?
    } else {
        None
    };
    if ours.is_none() {
        ours = as_lines(content, how);
    }
    if ours.is_none() && !is_fastq {
        // The block may begin within a record.
        ours = as_reads(content, how)?;
    }
    match ours {
        Some(coded) if !coded.is_doubtful => Ok(coded.payload),
        Some(coded) => {
            let classic = as_bytes(content, class, level)?;
            Ok(if classic.len() < coded.payload.len() {
                classic
            } else {
                coded.payload
            })
        }
        None => as_bytes(content, class, level),
    }
}

/// What a block is encoded with.
#[derive(Clone, Copy)]
struct How<'a> {
    class: Method,
    level: u8,
    reference: &'a [u8],
    threads: NonZeroUsize,
}

/// A payload, and whether a classical codec may do better.
struct Coded {
    payload: Vec<u8>,
    is_doubtful: bool,
}

fn as_bytes(content: &[u8], class: Method, level: u8) -> Result<Vec<u8>> {
    let head = Head {
        class,
        method: Method::Packed,
        layout: Layout::Classic,
    };
    let mut payload = vec![head.to_byte()];
    payload.extend(Auto.encode_block(content, &classic_params(level, content.len())?)?);
    Ok(payload)
}

/// Bases with the method of a class, or with a simpler one where that is smaller.
fn encode_bases(bases: &[u8], how: How<'_>) -> (Method, Vec<u8>) {
    let class = how.class;
    let coded = sequence::encode(bases, class, how.reference);
    if class != Method::Packed && coded.len() > bases.len().div_ceil(4) {
        return (Method::Packed, sequence::encode(bases, Method::Packed, &[]));
    }
    (class, coded)
}

/// Whether most of the first thymines or uracils are uracils.
fn is_rna(content: &[u8]) -> bool {
    const LOOKED_AT: usize = 16 << 10;
    let lines = content
        .get(..LOOKED_AT)
        .unwrap_or(content)
        .split(|byte| *byte == b'\n');
    let letters = lines.filter(|line| !line.starts_with(b">")).flatten();
    let balance = letters.fold(0i64, |balance, letter| match letter {
        b'U' | b'u' => balance + 1,
        b'T' | b't' => balance - 1,
        _ => balance,
    });
    balance > 0
}

fn as_lines(content: &[u8], how: How<'_>) -> Option<Coded> {
    let mut splitter = Splitter::new(is_rna(content), content.len());
    let mut lines = Lines::parse(content, &mut splitter)?;
    let Splitter {
        mut residues,
        bases,
        ..
    } = splitter;
    let is_doubtful = residues.is_doubtful() || bases.len() < content.len() / 4;
    if residues.is_plain() && lines.is_one_line() {
        let layout = Layout::of_one_line(residues.starts_lower, lines.is_ended());
        let (method, coded) = encode_bases(&bases, how);
        let payload = payload_of(how.class, method, layout, &[], &coded);
        return Some(Coded {
            payload,
            is_doubtful,
        });
    }
    let others = || {
        let mut encoder = BinaryEncoder::new();
        let lines = lines.code(&mut encoder, content.len(), true);
        let residues = residues.code(&mut encoder, true);
        lines.and(residues).ok().map(|()| encoder.finish())
    };
    let ((method, coded), others) = both(how.threads, || encode_bases(&bases, how), others);
    Some(Coded {
        payload: payload_of(how.class, method, Layout::Lines, &[&others?], &coded),
        is_doubtful,
    })
}

fn as_reads(content: &[u8], how: How<'_>) -> Result<Option<Coded>> {
    let Some((mut reads, splitter)) = Reads::parse(content) else {
        return Ok(None);
    };
    let Splitter {
        mut residues,
        bases,
        ..
    } = splitter;
    let is_doubtful = residues.is_doubtful();
    let malformed = match &reads.malformed[..] {
        [] => Vec::new(),
        malformed => Auto.encode_block(malformed, &classic_params(how.level, malformed.len())?)?,
    };
    let others = || {
        let mut encoder = BinaryEncoder::new();
        let len = content.len();
        let coded = reads.code(&mut encoder, &mut residues, len, mixes(how.class), true);
        coded.ok().map(|()| encoder.finish())
    };
    let ((method, coded), others) = both(how.threads, || encode_bases(&bases, how), others);
    Ok(others.map(|others| Coded {
        payload: payload_of(
            how.class,
            method,
            Layout::Reads,
            &[&others, &malformed],
            &coded,
        ),
        is_doubtful,
    }))
}

fn payload_of(
    class: Method,
    method: Method,
    layout: Layout,
    parts: &[&[u8]],
    bases: &[u8],
) -> Vec<u8> {
    let head = Head {
        class,
        method,
        layout,
    };
    let mut payload = vec![head.to_byte()];
    for part in parts {
        put_part(part, &mut payload);
    }
    payload.extend_from_slice(bases);
    payload
}

/// Decodes a block.
pub(crate) fn decode(
    payload: &[u8],
    content_len: usize,
    level: u8,
    reference: &[u8],
) -> Result<Vec<u8>> {
    let Some((&byte, rest)) = payload.split_first() else {
        return Err(Damage("an empty payload").at(0));
    };
    let head = Head::from_byte(byte)?;
    let is_planned = memory_order(head.class) <= memory_order(class_of(level));
    if !is_planned || memory_order(head.method) > memory_order(head.class) {
        return Err(Damage("the block was written with another level than the stream").at(0));
    }
    if content_len as u64 > LARGEST_BLOCK {
        return Err(Damage("a larger block than there is").at(0));
    }
    let decode_bases = |coded: &[u8], len: usize| {
        let at = payload.len() - coded.len();
        sequence::decode(coded, len, head.method, reference)
            .map_err(|error| error.offset_by(at as u64))
    };
    if let Some((is_lower, is_ended)) = head.layout.one_line() {
        let end: &[u8] = if is_ended { b"\n" } else { b"" };
        let len = content_len.checked_sub(end.len());
        let len = len.ok_or_else(|| Damage("a line that is longer than the content").at(0))?;
        let residues = Residues::plain(len as u32, is_lower);
        let bases = decode_bases(rest, len)?;
        let mut content = Vec::with_capacity(content_len);
        Joiner::new(&residues, &bases).append(len as u32, &mut content);
        content.extend_from_slice(end);
        return Ok(content);
    }
    if head.layout == Layout::Classic {
        let params = classic_params(top_level(head.class), content_len)?;
        let content = Auto.decode_block(rest, content_len, &params);
        return content.map_err(|error| error.offset_by(1));
    }
    let mut coded = rest;
    let mut part = || {
        let part = take_part(&mut coded).map_err(|damage| damage.at(1))?;
        Ok::<_, Error>((part, payload.len() - coded.len() - part.len()))
    };
    let (others, at) = part()?;
    let mut decoder = BinaryDecoder::new(others);
    let mut residues = Residues::default();
    let damaged = |damage: Damage| damage.at(at);
    let finish = |decoder: BinaryDecoder<'_>| {
        let finished = decoder.finish();
        finished.map_err(|error| Error::corrupt(at as u64, error.to_string()))
    };
    if head.layout == Layout::Reads {
        let (malformed, malformed_at) = part()?;
        let mut reads = Reads::default();
        let mixes = mixes(head.class);
        let decoded = reads.code(&mut decoder, &mut residues, content_len, mixes, false);
        decoded.map_err(damaged)?;
        finish(decoder)?;
        let params = classic_params(top_level(head.class), reads.malformed_len())?;
        let malformed = reads.take_malformed(malformed, &Auto, &params);
        malformed.map_err(|error| error.offset_by(malformed_at as u64))?;
        let bases = decode_bases(coded, residues.bases())?;
        return Ok(reads.join(content_len, &residues, &bases));
    }
    let mut lines = Lines::default();
    residues.len = lines
        .code(&mut decoder, content_len, false)
        .map_err(damaged)?;
    residues.code(&mut decoder, false).map_err(damaged)?;
    finish(decoder)?;
    let bases = decode_bases(coded, residues.bases())?;
    Ok(lines.join(content_len, &residues, &bases))
}

/// Methods by the memory that they need.
fn memory_order(method: Method) -> u8 {
    method as u8
}

/// Appends the length of a part, then the part.
fn put_part(part: &[u8], out: &mut Vec<u8>) {
    let mut len = part.len();
    while len >= 0x80 {
        out.push((len & 0x7F) as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(part);
}

fn take_part<'p>(payload: &mut &'p [u8]) -> std::result::Result<&'p [u8], Damage> {
    let mut len = 0u64;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = payload
            .split_first()
            .ok_or(Damage("the payload is cut short"))?;
        *payload = rest;
        len |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let (part, rest) = payload
                .split_at_checked(len)
                .ok_or(Damage("a part is cut short"))?;
            *payload = rest;
            return Ok(part);
        }
    }
    Err(Damage("a length that is too long"))
}

/// Where a block ends: with a record of FASTQ or else with a line, where it can.
pub(crate) fn end_of(block: &[u8]) -> usize {
    let record = Some(block).filter(|block| block.starts_with(b"@"));
    let record = record.and_then(fastq::last_record_end);
    let line = || memchr::memrchr(b'\n', block).map_or(block.len(), |at| at + 1);
    record.unwrap_or_else(line)
}

/// The bases (0 to 3: A, C, G, T) of sequences in FASTA, in FASTQ that is well formed, or on plain
/// lines; everything else is left out.
#[must_use]
pub fn bases_of(content: &[u8]) -> Vec<u8> {
    let mut bases = Vec::new();
    let mut push = |line: &[u8]| {
        let letters = line.iter().filter(|letter| b"ACGTUacgtu".contains(letter));
        bases.extend(letters.map(|letter| base(*letter)));
    };
    if content.starts_with(b"@") {
        let records = fastq::Records::new(content);
        records.flatten().for_each(|record| push(record.sequence));
    } else {
        let lines = content.split(|byte| *byte == b'\n');
        lines
            .filter(|line| line.first() != Some(&b'>'))
            .for_each(push);
    }
    bases
}
