//! The segments of a JPEG file: the decoder fills what is missing with grey, so that a file that was
//! cut short has to be noticed before.

use codec_core::{Error, Result};

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Checks that the segments of a JPEG file lead to its end marker.
///
/// # Errors
/// [`Error::Corrupt`] with the position where they do not.
pub(super) fn check_whole(bytes: &[u8]) -> Result<()> {
    let mut at = 0;
    loop {
        let marker_at = next_marker(bytes, at)?;
        let marker = bytes.get(marker_at + 1).copied().unwrap_or(EOI);
        at = marker_at + 2;
        match marker {
            EOI => return Ok(()),
            // Markers without a segment.
            SOI | 0x01 | 0xD0..=0xD7 => {}
            _ => at = segment_end(bytes, at)?,
        }
        if marker == SOS {
            at = coded_end(bytes, at)?;
        }
    }
}

/// Offset of the marker at `at`, behind fill bytes.
fn next_marker(bytes: &[u8], mut at: usize) -> Result<usize> {
    while bytes.get(at) == Some(&0xFF) && bytes.get(at + 1) == Some(&0xFF) {
        at += 1;
    }
    match bytes.get(at..at + 2) {
        Some([0xFF, _]) => Ok(at),
        Some(other) => Err(Error::corrupt(
            at as u64,
            format!("{other:02x?} where a marker of a JPEG file is expected"),
        )),
        None => Err(cut_short(bytes)),
    }
}

/// End of the segment whose length is at `at`.
fn segment_end(bytes: &[u8], at: usize) -> Result<usize> {
    let Some([high, low]) = bytes.get(at..at + 2) else {
        return Err(cut_short(bytes));
    };
    let end = at + usize::from(*high) * 256 + usize::from(*low);
    if end > bytes.len() {
        return Err(cut_short(bytes));
    }
    Ok(end)
}

/// End of the coded data at `at`: the next marker that is no restart.
fn coded_end(bytes: &[u8], at: usize) -> Result<usize> {
    let data = bytes.get(at..).unwrap_or_default();
    let ends =
        |pair: &[u8]| matches!(pair, [0xFF, code] if *code != 0 && !(0xD0..=0xD7).contains(code));
    match data.windows(2).position(ends) {
        Some(offset) => Ok(at + offset),
        None => Err(cut_short(bytes)),
    }
}

fn cut_short(bytes: &[u8]) -> Error {
    Error::corrupt(
        bytes.len() as u64,
        "the JPEG file is cut short: it ends before its end marker",
    )
}
