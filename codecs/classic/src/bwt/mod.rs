//! The Burrows-Wheeler block codec: `bwt`.
//!
//! A block is sorted by its suffixes (Burrows and Wheeler, 1994; sorting by libsais), which brings
//! bytes with similar surroundings together. The transformed block is then coded as runs, each
//! found by the recency of its symbol (Bentley et al., 1986), with every yes-or-no question
//! predicted by a small integer mixing model and coded by an arithmetic coder. Where common coders
//! of this family code move-to-front ranks (bzip2) or all eight bits of each byte (bzip3), this one
//! asks about candidate symbols by name, so that a symbol keeps its own statistics, and takes two to
//! three questions per byte of text.
//!
//! # Payload
//!
//! An empty block has an empty payload. Otherwise the first byte is 0 for a stored block, whose
//! bytes follow, or 1 for a transformed one: then come the rows of the transform (little-endian
//! numbers of as many bytes as the length needs: the sorted place of the suffix at every multiple of
//! a power of two that follows from the length), then one arithmetic-coded stream of runs. The
//! length of the content is not stored.
//!
//! ```
//! use codec_classic::bwt::{decode_block, encode_block};
//!
//! let content = b"she sells sea shells on the sea shore".repeat(20);
//! let payload = encode_block(&content);
//! assert!(payload.len() < 60);
//! assert_eq!(decode_block(&payload, content.len()), Ok(content));
//! ```

mod codec;
mod locality;
mod model;
mod predict;
mod transform;

pub use codec::Bwt;
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder, StreamLengthError};
use thiserror::Error;

use model::{Run, RunModel};
use transform::Transformed;

/// Longest block that is compressed, in bytes (1 GiB); a longer one is stored.
pub const MAX_BLOCK_LEN: usize = transform::MAX_LEN;

const STORED: u8 = 0;
const TRANSFORMED: u8 = 1;
/// Runs up to this length are written without a loop.
const SHORT_RUN: usize = 16;

/// Why a payload could not be decoded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BwtError {
    /// The payload does not begin with a known kind of block.
    #[error("the block is neither stored nor transformed")]
    Kind,
    /// A stored block has another length than the content.
    #[error("the stored block has the wrong length")]
    StoredLength,
    /// The rows of the transform are missing, out of range, or not those of this block.
    #[error("the rows of the transform do not belong to the block")]
    Rows,
    /// A run reaches over the end of the block or repeats the symbol before it.
    #[error("a run does not fit into the block")]
    Run,
    /// The arithmetic-coded stream has another length than its content has when encoded.
    #[error(transparent)]
    Stream(#[from] StreamLengthError),
}

/// Encodes a block; never to more than one byte above its length.
///
/// The result depends on nothing but `content`. Blocks of 4 to 16 MiB are usual: sorting takes
/// about five bytes of memory per byte, and larger blocks compress better. A block that does not
/// become smaller, is longer than [`MAX_BLOCK_LEN`], or for which the sorter finds no memory is
/// stored.
#[must_use]
pub fn encode_block(content: &[u8]) -> Vec<u8> {
    if content.is_empty() {
        return Vec::new();
    }
    match transform::forward(content).and_then(|transformed| encode_transformed(&transformed)) {
        Some(payload) if payload.len() <= content.len() => payload,
        _ => {
            let mut payload = Vec::with_capacity(content.len() + 1);
            payload.push(STORED);
            payload.extend_from_slice(content);
            payload
        }
    }
}

/// Decodes a payload of [`encode_block`] whose content has `content_len` bytes.
///
/// The caller must have limited `content_len`: up to 6 bytes are allocated for each of its bytes.
///
/// # Errors
///
/// [`BwtError`] when the payload is not one that [`encode_block`] writes for a content of that
/// length. Damage can also pass as another content; guard the content with a checksum.
pub fn decode_block(payload: &[u8], content_len: usize) -> Result<Vec<u8>, BwtError> {
    match payload.split_first() {
        None if content_len == 0 => Ok(Vec::new()),
        Some((&STORED, stored)) if stored.len() == content_len && content_len > 0 => {
            Ok(stored.to_vec())
        }
        Some((&STORED, _)) => Err(BwtError::StoredLength),
        Some((&TRANSFORMED, rest)) => decode_transformed(rest, content_len),
        _ => Err(BwtError::Kind),
    }
}

/// Bytes of memory that coding a block of `block_len` bytes takes, in either direction, payload and
/// content included.
#[must_use]
pub fn memory_bytes(block_len: usize) -> usize {
    block_len
        .saturating_mul(7)
        .saturating_add(RunModel::memory_bytes())
}

fn encode_transformed(transformed: &Transformed) -> Option<Vec<u8>> {
    let row_bytes = row_bytes(transformed.bytes.len());
    let mut payload = vec![TRANSFORMED];
    for row in &transformed.rows {
        payload.extend(row.to_le_bytes().iter().take(row_bytes));
    }
    let mut encoder = BinaryEncoder::appending_to(payload);
    let mut model = RunModel::new();
    let mut rest = transformed.bytes.as_slice();
    while let Some(&symbol) = rest.first() {
        let len = run_len(rest, symbol);
        let run = Run {
            symbol,
            len: len as u32,
        };
        model.pass(&mut encoder, run, len).ok()?;
        rest = &rest[len..];
    }
    Some(encoder.finish())
}

fn decode_transformed(payload: &[u8], content_len: usize) -> Result<Vec<u8>, BwtError> {
    if content_len == 0 || content_len > MAX_BLOCK_LEN {
        return Err(BwtError::Rows);
    }
    let row_bytes = row_bytes(content_len);
    let (rows, stream) = payload
        .split_at_checked(transform::row_count(content_len) * row_bytes)
        .ok_or(BwtError::Rows)?;
    let rows: Vec<u32> = rows
        .chunks_exact(row_bytes)
        .map(|row| {
            row.iter()
                .rev()
                .fold(0, |number, &byte| number << 8 | u32::from(byte))
        })
        .collect();
    let bytes = decode_runs(stream, content_len)?;
    transform::inverse(&bytes, &rows)
}

/// Bytes of a row of a block of `len` bytes, 1 to 4; rows go up to the length.
fn row_bytes(len: usize) -> usize {
    len.checked_ilog2().unwrap_or(0) as usize / 8 + 1
}

fn decode_runs(stream: &[u8], content_len: usize) -> Result<Vec<u8>, BwtError> {
    let mut bytes = vec![0; content_len];
    let mut rest = bytes.as_mut_slice();
    let mut decoder = BinaryDecoder::new(stream);
    let mut model = RunModel::new();
    while !rest.is_empty() {
        if decoder.is_overrun() {
            return Err(StreamLengthError::Truncated.into());
        }
        let run = model.pass(&mut decoder, Run::default(), rest.len())?;
        let len = run.len as usize;
        match rest.first_chunk_mut::<SHORT_RUN>() {
            Some(start) if len <= SHORT_RUN => *start = [run.symbol; SHORT_RUN],
            _ => rest[..len].fill(run.symbol),
        }
        rest = &mut rest[len..];
    }
    decoder.finish()?;
    Ok(bytes)
}

/// Length of the run of `symbol` that `bytes` begin with.
#[inline(always)]
fn run_len(bytes: &[u8], symbol: u8) -> usize {
    let same = u64::from(symbol) * 0x0101_0101_0101_0101;
    let mut len = 0;
    while let Some(chunk) = bytes[len..].first_chunk::<8>() {
        let differing = u64::from_le_bytes(*chunk) ^ same;
        if differing != 0 {
            return len + differing.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let tail = &bytes[len..];
    len + tail.iter().take_while(|&&byte| byte == symbol).count()
}

#[cfg(test)]
mod tests;
