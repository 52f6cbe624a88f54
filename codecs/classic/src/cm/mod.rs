//! Context-mixing codec: the smallest files for text, markup, tables and records, at about the same
//! moderate speed in both directions.
//!
//! Every bit is predicted by several contexts (the last 1 to 5 bytes, words, line and record
//! positions, a long match), their predictions are mixed in the logistic domain with weights
//! learned on the way, and the result drives a binary arithmetic coder. The architecture follows
//! Mahoney's PAQ and lpaq; contexts, tables and their sizes are our own. All arithmetic is on
//! integers, so every machine decodes what any other has encoded.
//!
//! A payload is: two bytes of layout (0 for text, else the record length, little-endian), then the
//! arithmetic-coded bits of the content, highest bit of each byte first. The content's length is
//! not stored; nothing stands for an empty block.

mod codec;
mod contexts;
mod layout;
mod model;

pub use codec::Cm;
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder, StreamLengthError};
use layout::Layout;
use model::{FULL, Model, QUICK, USUAL};
use std::fmt;

/// Lowest level.
pub const MIN_LEVEL: u8 = 1;
/// Highest level.
pub const MAX_LEVEL: u8 = 9;

/// How much to spend on a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CmOptions {
    /// From 1 to 9 (others are taken as the nearest): 1 to 3 use 4 contexts, 4 to 6 use 6, and 7 to
    /// 9 use 9; within each group the tables double from level to level. Decoding needs the level
    /// of encoding.
    pub level: u8,
}

impl Default for CmOptions {
    fn default() -> Self {
        Self { level: MAX_LEVEL }
    }
}

/// Why a payload cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CmError {
    /// The payload ends before the content does.
    Truncated,
    /// The payload goes on behind the content.
    Trailing,
}

impl fmt::Display for CmError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Truncated => "the payload is shorter than its content needs",
            Self::Trailing => "the payload is longer than its content needs",
        })
    }
}

impl std::error::Error for CmError {}

impl From<StreamLengthError> for CmError {
    fn from(error: StreamLengthError) -> Self {
        match error {
            StreamLengthError::Truncated => Self::Truncated,
            StreamLengthError::Trailing => Self::Trailing,
        }
    }
}

/// Encodes a block on its own. The result is at most a few bytes longer than the block.
///
/// ```
/// use codec_classic::cm::{CmOptions, decode_block, encode_block};
///
/// let options = CmOptions { level: 5 };
/// let text = b"how much wood would a woodchuck chuck if a woodchuck could chuck wood?";
/// let payload = encode_block(text, &options);
/// assert!(payload.len() < text.len());
/// assert_eq!(decode_block(&payload, text.len(), &options).unwrap(), text);
/// ```
#[must_use]
pub fn encode_block(input: &[u8], options: &CmOptions) -> Vec<u8> {
    if input.is_empty() {
        return Vec::new();
    }
    let layout = Layout::detect(input);
    let encoder = BinaryEncoder::appending_to(layout.to_bytes().to_vec());
    let line_bits = line_bits(options, input.len());
    match options.level {
        0..=3 => encode_with(
            Model::<QUICK>::new(layout, input.len(), line_bits),
            input,
            encoder,
        ),
        4..=6 => encode_with(
            Model::<USUAL>::new(layout, input.len(), line_bits),
            input,
            encoder,
        ),
        7.. => encode_with(
            Model::<FULL>::new(layout, input.len(), line_bits),
            input,
            encoder,
        ),
    }
}

/// Decodes a block of `content_len` bytes; the options must be those of encoding.
///
/// The output grows as bytes are decoded. The model's tables take [`memory_bytes`] from the start.
///
/// # Errors
///
/// [`CmError`] when the payload is truncated or has bytes left over. A payload that is damaged, or
/// truncated by a byte or two, may decode to something else; checksums are the container's affair.
pub fn decode_block(
    payload: &[u8],
    content_len: usize,
    options: &CmOptions,
) -> Result<Vec<u8>, CmError> {
    if content_len == 0 {
        return if payload.is_empty() {
            Ok(Vec::new())
        } else {
            Err(CmError::Trailing)
        };
    }
    let (layout, bits) = Layout::from_bytes(payload).ok_or(CmError::Truncated)?;
    let line_bits = line_bits(options, content_len);
    match options.level {
        0..=3 => decode_with(
            Model::<QUICK>::new(layout, content_len, line_bits),
            bits,
            content_len,
        ),
        4..=6 => decode_with(
            Model::<USUAL>::new(layout, content_len, line_bits),
            bits,
            content_len,
        ),
        7.. => decode_with(
            Model::<FULL>::new(layout, content_len, line_bits),
            bits,
            content_len,
        ),
    }
}

/// Bytes of working memory for encoding or decoding a block of `block_len` bytes, without the
/// input and output themselves.
#[must_use]
pub fn memory_bytes(options: &CmOptions, block_len: usize) -> usize {
    model::memory_bytes(block_len, line_bits(options, block_len))
}

/// Size of the context table: about a line of 64 bytes per byte of the block, up to the level's
/// limit (1 MiB at level 1, 256 MiB at level 9).
fn line_bits(options: &CmOptions, block_len: usize) -> u32 {
    let level = u32::from(options.level.clamp(MIN_LEVEL, MAX_LEVEL));
    let limit = 13 + level;
    model::len_bits(block_len).clamp(6, limit)
}

fn encode_with<const C: usize>(
    mut model: Model<C>,
    input: &[u8],
    mut encoder: BinaryEncoder,
) -> Vec<u8> {
    for (position, &byte) in input.iter().enumerate() {
        model.begin_byte(&input[..position]);
        for place in (4..8).rev() {
            let bit = byte >> place & 1 == 1;
            encoder.encode(bit, model.predict());
            model.update(bit);
        }
        model.middle_of_byte();
        for place in (0..4).rev() {
            let bit = byte >> place & 1 == 1;
            encoder.encode(bit, model.predict());
            model.update(bit);
        }
    }
    encoder.finish()
}

fn decode_with<const C: usize>(
    mut model: Model<C>,
    bits: &[u8],
    content_len: usize,
) -> Result<Vec<u8>, CmError> {
    let mut decoder = BinaryDecoder::new(bits);
    let mut output = Vec::new();
    while output.len() < content_len {
        model.begin_byte(&output);
        for _ in 0..4 {
            let bit = decoder.decode(model.predict());
            model.update(bit);
        }
        model.middle_of_byte();
        for _ in 0..4 {
            let bit = decoder.decode(model.predict());
            model.update(bit);
        }
        output.push(model.byte());
        if decoder.is_overrun() {
            return Err(CmError::Truncated);
        }
    }
    decoder.finish()?;
    Ok(output)
}

#[cfg(test)]
mod tests;
