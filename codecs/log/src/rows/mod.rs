//! Row-order context mixing for logs: the smallest files, at one to a few megabytes a second.
//!
//! Bytes are coded in the order in which they stand. Three layers know what a log is:
//!
//! 1. A line is tokens and delimiters. Its *template so far* is a hash of both in which tokens with
//!    digits and names of days and months leave a placeholder, so that like places of like lines
//!    meet whatever the numbers are.
//! 2. Experts point at earlier places (same template so far, same field of the line above, same
//!    line before, same token of this line, last number and its last change, long matches) and
//!    expect the text to go on as it did there.
//! 3. A model of flags predicts, from who agrees and where, whether the surest expert is right. A
//!    flag codes that at once; where it fails, contexts of bytes, tokens, templates, numbers and
//!    the experts' bytes are mixed bit by bit.
//!
//! Mixing, histories and the last maps follow Mahoney's PAQ; experts that survive mismatches
//! follow its match models; one flag for a whole expected byte follows the symbol ranking of Bloom
//! and Fenwick. Templates, anchors at delimiters and the contexts of numbers are our own. Every
//! block is imagined to follow a primer of a few kilobytes, which teaches a new model common
//! formats and what to trust.
//!
//! Any bytes can be coded; text without lines merely gains little. All arithmetic that leads to a
//! probability is on integers, so every machine decodes what any other has encoded. A payload is
//! one arithmetic-coded stream; the content's length is not stored, and nothing stands for an
//! empty block.

mod bank;
mod bytes;
mod contexts;
mod experts;
mod flag;
mod line;
mod model;
mod numbers;
mod repeats;

use codec_entropy::binary::{BinaryDecoder, BinaryEncoder, StreamLengthError};
use codec_entropy::mixing::{BitCoder, CostMeter, Silent};
use model::{Max, Mid, Model, Quick};
use thiserror::Error;

/// Steps of the mixers' learning below this are left out.
const SMALL_STEP: u16 = 8;

/// How much to spend on a block. Decoding takes the effort of encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As `Mid`, with fewer experts and smaller tables.
    Quick,
    /// Every byte is first offered as the surest expert expects it; contexts learn the others only.
    Mid,
    /// Only nearly certain bytes are offered; contexts learn and mix all others bit by bit.
    Max,
}

/// Why a payload cannot be decoded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RowsError {
    /// The payload ends before the content does.
    #[error("the payload is shorter than its content needs")]
    Truncated,
    /// The payload goes on behind the content.
    #[error("the payload is longer than its content needs")]
    Trailing,
}

impl From<StreamLengthError> for RowsError {
    fn from(error: StreamLengthError) -> Self {
        match error {
            StreamLengthError::Truncated => Self::Truncated,
            StreamLengthError::Trailing => Self::Trailing,
        }
    }
}

/// Encodes a block on its own.
///
/// ```
/// use codec_log::rows::{Effort, decode_block, encode_block};
///
/// let log = b"10:00:01 job 7 done\n10:00:03 job 8 done\n10:00:04 job 9 failed\n";
/// let payload = encode_block(log, Effort::Mid);
/// assert!(payload.len() < log.len() / 2);
/// assert_eq!(decode_block(&payload, log.len(), Effort::Mid).unwrap(), log);
/// ```
#[must_use]
pub fn encode_block(content: &[u8], effort: Effort) -> Vec<u8> {
    if content.is_empty() {
        return Vec::new();
    }
    let mut encoder = BinaryEncoder::new();
    code_all(content, effort, &mut encoder, |_, _| ());
    encoder.finish()
}

/// Decodes a block of `content_len` bytes; the effort must be that of encoding.
///
/// The output grows as bytes are decoded. The model's tables take [`memory_bytes`] from the start.
///
/// # Errors
///
/// [`RowsError`] when the payload is truncated or has bytes left over. A payload that is damaged
/// may decode to something else; checksums are the container's affair.
pub fn decode_block(
    payload: &[u8],
    content_len: usize,
    effort: Effort,
) -> Result<Vec<u8>, RowsError> {
    if content_len == 0 {
        return if payload.is_empty() {
            Ok(Vec::new())
        } else {
            Err(RowsError::Trailing)
        };
    }
    match effort {
        Effort::Quick => decode_all(Quick::new(content_len, effort), payload, content_len),
        Effort::Mid => decode_all(Mid::new(content_len, effort), payload, content_len),
        Effort::Max => decode_all(Max::new(content_len, effort), payload, content_len),
    }
}

/// Bytes of working memory for encoding or decoding a block of `block_len` bytes, without the
/// input and output themselves.
#[must_use]
pub fn memory_bytes(effort: Effort, block_len: usize) -> usize {
    match effort {
        Effort::Quick => Quick::memory_bytes(block_len, effort),
        Effort::Mid => Mid::memory_bytes(block_len, effort),
        Effort::Max => Max::memory_bytes(block_len, effort),
    }
}

/// The ideal code length of every line (up to and including its line feed), in 1/65536 bit: how
/// unexpected it is after all lines before it. The sum is the payload's length but for rounding.
///
/// ```
/// use codec_log::rows::{Effort, line_bits};
///
/// let mut log = "12:00:00 heartbeat ok\n".repeat(20);
/// log.push_str("12:00:00 disk failure imminent\n");
/// let bits = line_bits(log.as_bytes(), Effort::Quick);
/// assert_eq!(bits.len(), 21);
/// assert!(bits[20] > 10 * bits[19]);
/// ```
#[must_use]
pub fn line_bits(content: &[u8], effort: Effort) -> Vec<u64> {
    let mut lines = Vec::new();
    let mut meter = CostMeter::default();
    let mut before = 0;
    code_all(content, effort, &mut meter, |byte, meter: &CostMeter| {
        if byte == b'\n' {
            lines.push(meter.units - before);
            before = meter.units;
        }
    });
    if content.last().is_some_and(|&byte| byte != b'\n') {
        lines.push(meter.units - before);
    }
    lines
}

/// Codes a block, calling `after` behind every byte.
fn code_all<K: BitCoder>(content: &[u8], effort: Effort, coder: &mut K, after: impl FnMut(u8, &K)) {
    let len = content.len();
    match effort {
        Effort::Quick => code_with(Quick::new(len, effort), content, coder, after),
        Effort::Mid => code_with(Mid::new(len, effort), content, coder, after),
        Effort::Max => code_with(Max::new(len, effort), content, coder, after),
    }
}

fn code_with<K: BitCoder, const F: usize, const FN: usize, const C: usize, const CN: usize>(
    mut model: Model<F, FN, C, CN>,
    content: &[u8],
    coder: &mut K,
    mut after: impl FnMut(u8, &K),
) {
    let mut history = train(&mut model);
    let first = history.len();
    history.extend_from_slice(content);
    for (position, &byte) in content.iter().enumerate() {
        model.code(coder, byte);
        model.advance(&history[..first + position + 1]);
        after(byte, coder);
    }
}

fn decode_all<const F: usize, const FN: usize, const C: usize, const CN: usize>(
    mut model: Model<F, FN, C, CN>,
    payload: &[u8],
    content_len: usize,
) -> Result<Vec<u8>, RowsError> {
    let mut decoder = BinaryDecoder::new(payload);
    let mut history = train(&mut model);
    let first = history.len();
    let end = first.saturating_add(content_len);
    while history.len() < end {
        let byte = model.code(&mut decoder, 0);
        history.push(byte);
        model.advance(&history);
        if decoder.is_overrun() {
            return Err(RowsError::Truncated);
        }
    }
    decoder.finish()?;
    history.drain(..first);
    Ok(history)
}

/// Lines in common formats, with common words.
const PRIMER: &[u8] = include_bytes!("primer.txt");

/// Teaches a new model the primer, which every block is imagined to follow, and returns it.
fn train<const F: usize, const FN: usize, const C: usize, const CN: usize>(
    model: &mut Model<F, FN, C, CN>,
) -> Vec<u8> {
    for (position, &byte) in PRIMER.iter().enumerate() {
        model.code(&mut Silent, byte);
        model.advance(&PRIMER[..=position]);
    }
    PRIMER.to_vec()
}

#[cfg(test)]
mod tests;
