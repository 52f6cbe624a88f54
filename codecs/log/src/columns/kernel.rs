//! Kernels: the classical codecs that the texts of templates and values go through.

use super::ColumnsError;
use codec_classic::{Bwt, Deflate, Store, Xz, Zstd};
use codec_core::{BlockCodec, Params};

/// A classical codec for texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// No compression.
    Store = 0,
    /// DEFLATE, the kernel of gzip.
    Deflate = 1,
    /// Block sorting, of the class of bzip2.
    Bwt = 2,
    /// LZMA2.
    Lzma = 3,
    /// zstd.
    Zstd = 4,
}

impl Kernel {
    const ALL: [Self; 5] = [
        Self::Store,
        Self::Deflate,
        Self::Bwt,
        Self::Lzma,
        Self::Zstd,
    ];

    fn codec(self) -> &'static dyn BlockCodec {
        match self {
            Self::Store => &Store,
            Self::Deflate => &Deflate,
            Self::Bwt => &Bwt,
            Self::Lzma => &Xz,
            Self::Zstd => &Zstd,
        }
    }

    fn encode(self, text: &[u8], level: &str) -> Option<Vec<u8>> {
        let codec = self.codec();
        let mut params = Params::defaults(codec.descriptor().params);
        if params.has("level") {
            params.set("level", level).ok()?;
        }
        codec.encode_block(text, &params).ok()
    }
}

/// The kernels to try on each text, with their levels; the smallest result is kept.
pub(super) type Choice = &'static [(Kernel, &'static str)];

/// Appends a text through the best kernel: a byte for the kernel, the text's length, the payload's
/// length, the payload.
pub(super) fn write(text: &[u8], choice: Choice, out: &mut Vec<u8>) {
    let mut best = (Kernel::Store, text.to_vec());
    for (kernel, level) in choice {
        if let Some(payload) = kernel.encode(text, level)
            && payload.len() < best.1.len()
        {
            best = (*kernel, payload);
        }
    }
    out.push(best.0 as u8);
    put_number(text.len() as u64, out);
    put_number(best.1.len() as u64, out);
    out.extend_from_slice(&best.1);
}

/// Takes a text of at most `limit` bytes from the beginning of `input`.
pub(super) fn read(input: &mut &[u8], limit: u64) -> Result<Vec<u8>, ColumnsError> {
    let number = take_number(input)?;
    let kernel = Kernel::ALL
        .into_iter()
        .find(|kernel| *kernel as u64 == number);
    let kernel = kernel.ok_or(ColumnsError::Kernel(number))?;
    let text_len = take_number(input)?;
    if text_len > limit {
        return Err(ColumnsError::TooLong {
            len: text_len,
            limit,
        });
    }
    let len = take_number(input)?;
    let payload = take(input, len)?;
    let codec = kernel.codec();
    let params = Params::defaults(codec.descriptor().params);
    if text_len == 0 {
        return Ok(Vec::new());
    }
    let text = codec
        .decode_block(payload, text_len as usize, &params)
        .map_err(|error| ColumnsError::Text(error.to_string()))?;
    if text.len() as u64 != text_len {
        return Err(ColumnsError::Truncated);
    }
    Ok(text)
}

/// Appends a number, seven bits a byte, low ones first.
pub(super) fn put_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number of [`put_number`].
pub(super) fn take_number(input: &mut &[u8]) -> Result<u64, ColumnsError> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = input.split_first().ok_or(ColumnsError::Truncated)?;
        *input = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(ColumnsError::Number)
}

/// Takes `len` bytes.
pub(super) fn take<'a>(input: &mut &'a [u8], len: u64) -> Result<&'a [u8], ColumnsError> {
    let len = usize::try_from(len).map_err(|_| ColumnsError::Truncated)?;
    let (taken, rest) = input.split_at_checked(len).ok_or(ColumnsError::Truncated)?;
    *input = rest;
    Ok(taken)
}
