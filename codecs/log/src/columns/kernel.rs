//! Kernels: the classical codecs that the texts of templates and values go through.

use super::ColumnsError;
use codec_classic::{Bwt, Deflate, Store, Xz, Zstd};
use codec_core::{BlockCodec, Error, Params, Result, ordered};
use std::num::NonZeroUsize;

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

    /// The length below which its payload is preferred to one of `other` bytes. Block sorting takes
    /// several times as long to decode as LZMA2, so for long texts it has to be clearly smaller.
    fn worth_it_below(self, text_len: usize, other: usize) -> usize {
        match self {
            Self::Bwt if text_len > SHORT_TEXT && other < text_len => other - other / 12,
            _ => other,
        }
    }

    fn decode(self, payload: &[u8], len: usize) -> Result<Vec<u8>> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let codec = self.codec();
        let params = Params::defaults(codec.descriptor().params);
        let text = codec.decode_block(payload, len, &params)?;
        match text.len() == len {
            true => Ok(text),
            false => Err(Error::corrupt(
                0,
                "a text has another length than announced",
            )),
        }
    }
}

/// Texts up to this length, in bytes, take no time to decode in any way.
const SHORT_TEXT: usize = 16 << 10;

/// The kernels to try on each text, with their levels; the smallest result is kept.
pub(super) type Choice = &'static [(Kernel, &'static str)];

/// Appends texts, each through its best kernel: a byte for the kernel, the text's length, the
/// payload's length, the payload.
pub(super) fn write_all(
    texts: &[Vec<u8>],
    choice: Choice,
    threads: NonZeroUsize,
    out: &mut Vec<u8>,
) {
    // The longest first, so that no thread is left with one at the end.
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(texts.get(*index).map_or(0, Vec::len)));
    let mut left = order.into_iter();
    let mut packed = vec![(Kernel::Store, Vec::new()); texts.len()];
    let done = ordered(
        threads,
        || Ok(left.next()),
        |index| {
            let text = texts.get(index).map_or(&[][..], Vec::as_slice);
            Ok((index, smallest(text, choice)))
        },
        |(index, best)| {
            if let Some(slot) = packed.get_mut(index) {
                *slot = best;
            }
            Ok(())
        },
    );
    debug_assert!(done.is_ok(), "neither end of the pipeline can fail");
    for (text, (kernel, payload)) in texts.iter().zip(packed) {
        out.push(kernel as u8);
        put_number(text.len() as u64, out);
        put_number(payload.len() as u64, out);
        out.extend_from_slice(&payload);
    }
}

fn smallest(text: &[u8], choice: Choice) -> (Kernel, Vec<u8>) {
    let mut best = (Kernel::Store, text.to_vec());
    for (kernel, level) in choice {
        if let Some(payload) = kernel.encode(text, level)
            && payload.len() < kernel.worth_it_below(text.len(), best.1.len())
        {
            best = (*kernel, payload);
        }
    }
    best
}

/// Takes `count` texts of at most `limit` bytes together from the beginning of `input`.
pub(super) fn read_all(
    input: &mut &[u8],
    count: usize,
    limit: u64,
    threads: NonZeroUsize,
) -> std::result::Result<Vec<Vec<u8>>, ColumnsError> {
    let mut total = 0u64;
    let mut packed = Vec::new();
    for _ in 0..count {
        let number = take_number(input)?;
        let kernel = Kernel::ALL
            .into_iter()
            .find(|kernel| *kernel as u64 == number);
        let kernel = kernel.ok_or(ColumnsError::Kernel(number))?;
        let len = take_number(input)?;
        total = total.saturating_add(len);
        if total > limit {
            return Err(ColumnsError::TooLong { len: total, limit });
        }
        let payload_len = take_number(input)?;
        packed.push((kernel, len as usize, take(input, payload_len)?));
    }
    let mut texts = Vec::new();
    let mut left = packed.into_iter();
    ordered(
        threads,
        || Ok(left.next()),
        |(kernel, len, payload)| kernel.decode(payload, len),
        |text| {
            texts.push(text);
            Ok(())
        },
    )
    .map_err(|error| ColumnsError::Text(error.to_string()))?;
    Ok(texts)
}

/// Appends a number, seven bits a byte, low ones first.
pub(crate) fn put_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number of [`put_number`].
pub(crate) fn take_number(input: &mut &[u8]) -> std::result::Result<u64, ColumnsError> {
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
pub(super) fn take<'a>(
    input: &mut &'a [u8],
    len: u64,
) -> std::result::Result<&'a [u8], ColumnsError> {
    let len = usize::try_from(len).map_err(|_| ColumnsError::Truncated)?;
    let (taken, rest) = input.split_at_checked(len).ok_or(ColumnsError::Truncated)?;
    *input = rest;
    Ok(taken)
}
