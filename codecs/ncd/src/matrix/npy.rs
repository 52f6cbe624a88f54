//! NumPy's `.npy` arrays: float32, little-endian, n × n. Names lie in a text beside it, one a line.
//!
//! The format is NumPy's NEP 1: magic, version, length of a header that is a Python dictionary,
//! values.

use std::io::{self, Write};

use codec_core::{Error, Result};

use super::{Asymmetry, DistanceMatrix};

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

pub(super) fn write(matrix: &DistanceMatrix, out: &mut dyn Write) -> io::Result<()> {
    let n = matrix.len();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {n}), }}");
    // Values start at a multiple of 64 bytes, and the header ends in a line feed.
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    let len = u16::try_from(header.len()).map_err(io::Error::other)?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for row in 0..n {
        for column in 0..n {
            out.write_all(&matrix.get(row, column).to_le_bytes())?;
        }
    }
    Ok(())
}

pub(super) fn parse(
    bytes: &[u8],
    names: Option<&str>,
    asymmetry: Asymmetry,
) -> Result<DistanceMatrix> {
    let (header, at) = header(bytes)?;
    let kind = value_of(header, "descr").unwrap_or_default();
    let width = match kind.trim_matches(['\'', '"']) {
        "<f4" => 4,
        "<f8" => 8,
        other => {
            return Err(Error::Unsupported(format!(
                "the array has values of type {other:?}; distances are '<f4' or '<f8'"
            )));
        }
    };
    let n = shape(header).ok_or_else(|| {
        Error::corrupt(
            10,
            "expected a square array of two dimensions, such as (30, 30)",
        )
    })?;
    let values = &bytes[at..];
    let expected = n.checked_mul(n).and_then(|cells| cells.checked_mul(width));
    if expected != Some(values.len()) {
        let found = values.len() / width;
        return Err(Error::corrupt(
            at as u64,
            format!("expected {n} x {n} values, found {found}"),
        ));
    }
    let names = names.ok_or_else(|| {
        Error::Usage("an .npy array has no names: they are expected in a file beside it".into())
    })?;
    let names: Vec<String> = names.lines().map(str::to_owned).collect();
    if names.len() != n {
        let found = names.len();
        return Err(Error::Usage(format!(
            "the array has {n} rows, but there are {found} names"
        )));
    }
    let square: Vec<f32> = values
        .chunks_exact(width)
        .map(|value| match value {
            [a, b, c, d] => f32::from_le_bytes([*a, *b, *c, *d]),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as f32,
            _ => f32::NAN,
        })
        .collect();
    DistanceMatrix::from_square(names, &square, asymmetry).map_err(|error| match error {
        Error::Usage(problem) => Error::corrupt(at as u64, problem),
        other => other,
    })
}

/// The header's text, and where the values start.
fn header(bytes: &[u8]) -> Result<(&str, usize)> {
    let short = || Error::corrupt(bytes.len() as u64, "the header of the array is cut off");
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| Error::corrupt(0, "expected an .npy array"))?;
    let (start, len) = match rest {
        [1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => {
            let len = u32::from_le_bytes([*a, *b, *c, *d]);
            (12, usize::try_from(len).map_err(|_| short())?)
        }
        [version, ..] if *version > 3 => {
            return Err(Error::Unsupported(format!(
                "version {version} of .npy is not known"
            )));
        }
        _ => return Err(short()),
    };
    let end = start + len;
    let header = bytes.get(start..end).ok_or_else(short)?;
    let header = std::str::from_utf8(header)
        .map_err(|_| Error::corrupt(start as u64, "the header of the array is no text"))?;
    Ok((header, end))
}

/// What stands behind `'key':` in the header, up to the next comma.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let after = header.split_once(&format!("'{key}'"))?.1;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    Some(value.split([',', '}']).next()?.trim())
}

/// The side of the square.
fn shape(header: &str) -> Option<usize> {
    let after = header.split_once("'shape'")?.1.split_once('(')?.1;
    let sides: Vec<&str> = after.split_once(')')?.0.split(',').map(str::trim).collect();
    match sides[..] {
        [rows, columns] | [rows, columns, ""] if rows == columns => rows.parse().ok(),
        _ => None,
    }
}
