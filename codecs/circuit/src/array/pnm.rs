//! Headers of binary PGM and PPM pictures.
//!
//! Source: the pages `pgm` and `ppm` of the Netpbm manual. Where a comment may stand follows Netpbm's
//! own reader: anywhere before the end of the last number, and right after it in place of the one
//! white-space byte there.

use codec_core::{Error, Result};

use super::{Dtype, Header};

pub(super) fn recognises(start: &[u8]) -> bool {
    matches!(start, [b'P', b'5' | b'6', after, ..] if *after == b'#' || after.is_ascii_whitespace())
}

/// The header of content that is [recognised](recognises).
pub(super) fn header(content: &[u8]) -> Result<Header> {
    let mut at = 2;
    let columns = number(content, &mut at, "the width")?;
    let rows = number(content, &mut at, "the height")?;
    let start = at;
    let largest = number(content, &mut at, "the largest value")?;
    let dtype = match largest {
        1..=0xff => Dtype::byte(false),
        0x100..=0xffff => Dtype::big_endian(false),
        _ => {
            return Err(Error::corrupt(
                start as u64,
                format!("the largest value of a picture is from 1 to 65535, not {largest}"),
            ));
        }
    };
    let mut extents = vec![1, rows, columns];
    if content[1] == b'6' {
        extents.push(3);
    }
    Ok(Header {
        len: at,
        extents,
        dtype,
    })
}

/// The next number after white space and comments, and past the white space or comment that ends it.
fn number(content: &[u8], at: &mut usize, what: &str) -> Result<u64> {
    while ends_word(content.get(*at)) {
        skip_one(content, at);
    }
    let start = *at;
    let mut value: u64 = 0;
    while let Some(digit) = content.get(*at).filter(|byte| byte.is_ascii_digit()) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .ok_or_else(|| {
                Error::corrupt(
                    start as u64,
                    format!("{what} of the picture exceeds 64 bits"),
                )
            })?;
        *at += 1;
    }
    if *at == start || !ends_word(content.get(*at)) {
        let found = match content.get(*at) {
            Some(byte) => format!("byte {byte:#04x}"),
            None => "the end".to_owned(),
        };
        return Err(Error::corrupt(
            *at as u64,
            format!("expected {what} of the picture and white space after it, found {found}"),
        ));
    }
    skip_one(content, at);
    Ok(value)
}

fn ends_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| *byte == b'#' || byte.is_ascii_whitespace())
}

/// Past one byte of white space, or a comment with the end of its line.
fn skip_one(content: &[u8], at: &mut usize) {
    if content[*at] == b'#' {
        let line_ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let rest = &content[*at..];
        *at += rest.iter().position(line_ends).unwrap_or(rest.len() - 1);
    }
    *at += 1;
}
