//! Headers of IDX files.
//!
//! Source: the description of the format with the MNIST database (LeCun, Cortes, Burges): two zero
//! bytes, the type of the values, the number of extents, and each extent as a big-endian `u32`.

use codec_core::{Error, Result};

use super::{Dtype, Header};

/// The types of values with their names, whether read or not.
const TYPES: [(u8, &str); 6] = [
    (0x08, "u8"),
    (0x09, "i8"),
    (0x0b, "i16"),
    (0x0c, "i32"),
    (0x0d, "f32"),
    (0x0e, "f64"),
];

pub(super) fn recognises(start: &[u8]) -> bool {
    matches!(start, [0, 0, code, extents, ..] if *extents > 0 && type_name(*code).is_some())
}

/// The header of content that is [recognised](recognises).
pub(super) fn header(content: &[u8]) -> Result<Header> {
    let [_, _, code, count, after @ ..] = content else {
        return Err(Error::corrupt(0, "an IDX header has at least 4 bytes"));
    };
    let dtype = match code {
        0x08 => Dtype::byte(false),
        0x09 => Dtype::byte(true),
        0x0b => Dtype::big_endian(true),
        _ => {
            return Err(Error::Unsupported(format!(
                "IDX of type {} is not read: u8, i8 and i16 are",
                type_name(*code).unwrap_or("unknown")
            )));
        }
    };
    if !(1..=4).contains(count) {
        return Err(Error::Unsupported(format!(
            "IDX of {count} extents is not read: 1 to 4 are"
        )));
    }
    let len = 4 + 4 * usize::from(*count);
    let Some(extents) = after.get(..len - 4) else {
        return Err(Error::corrupt(
            content.len() as u64,
            format!(
                "an IDX header of {count} extents has {len} bytes, but there are {}",
                content.len()
            ),
        ));
    };
    Ok(Header {
        len,
        extents: extents
            .chunks_exact(4)
            .map(|extent| {
                extent
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            })
            .collect(),
        dtype,
    })
}

fn type_name(code: u8) -> Option<&'static str> {
    let (_, name) = TYPES.iter().find(|(known, _)| *known == code)?;
    Some(name)
}
