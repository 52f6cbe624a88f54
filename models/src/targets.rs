//! How large files may become: parameters that learned codecs share, and the search for what fits.

use codec_core::{ParamKind, ParamSpec, Result};

/// The parameter `bpp`.
pub(crate) const BPP: ParamSpec = ParamSpec {
    name: "bpp",
    doc: "bits per pixel that the file may have at most, instead of a quality",
    kind: ParamKind::Decimal {
        min: 1,
        max: 24_000,
    },
    needed_to_decode: false,
};

/// The parameter `target-size`.
pub(crate) const TARGET_SIZE: ParamSpec = ParamSpec {
    name: "target-size",
    doc: "bytes that the file may have at most, instead of a quality",
    kind: ParamKind::Size {
        min: 1,
        max: 1 << 40,
        default: "as the quality gives",
    },
    needed_to_decode: false,
};

/// Bytes that a container takes beside the payloads, at most: header and footer.
pub(crate) const CONTAINER: u64 = 160;
/// The same of each frame.
pub(crate) const FRAME: u64 = 40;

/// The last of `0..rungs` with which a file has at most `bytes`, 0 if none has; `size` tells how many
/// it has, and grows.
///
/// # Errors
/// Those of `size`.
pub(crate) fn last_that_fits(
    rungs: usize,
    bytes: u64,
    mut size: impl FnMut(usize) -> Result<u64>,
) -> Result<usize> {
    let (mut fits, mut too_large) = (0, rungs);
    while too_large - fits > 1 {
        let rung = (fits + too_large) / 2;
        if size(rung)? <= bytes {
            fits = rung;
        } else {
            too_large = rung;
        }
    }
    Ok(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rung_that_fits_is_found() {
        for (bytes, wanted) in [(0, 0), (10, 0), (11, 1), (59, 5), (1000, 9)] {
            let found = last_that_fits(10, bytes, |rung| Ok(rung as u64 * 10 + 1));
            assert_eq!(found.unwrap(), wanted, "{bytes}");
        }
    }
}
