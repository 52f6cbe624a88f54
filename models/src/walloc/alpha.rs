//! The alpha channel of a tile, without loss: each row predicted from the one above and the value to
//! the left, the differences under adaptive models.

use codec_core::{Error, Result};
use codec_entropy::EntropyError;
use codec_entropy::adaptive::ByteModel;
use codec_entropy::range::{RangeDecoder, RangeEncoder};

/// How the surroundings of a value class its model: alike, alike to the left, alike above, or not.
const CLASSES: usize = 4;

fn models(bytes: usize) -> Vec<ByteModel> {
    (0..CLASSES * bytes).map(|_| ByteModel::new()).collect()
}

/// Prediction and class of the value at `at`.
fn predicted(values: &[u16], at: usize, width: usize) -> (u16, usize) {
    let left = if at.is_multiple_of(width) {
        None
    } else {
        Some(values[at - 1])
    };
    let above = at.checked_sub(width).map(|at| values[at]);
    let corner = if at.is_multiple_of(width) {
        None
    } else {
        at.checked_sub(width + 1)
    };
    match (left, above, corner.map(|at| values[at])) {
        (Some(left), Some(above), Some(corner)) => {
            let class = usize::from(left != corner) + 2 * usize::from(above != corner);
            let (low, high) = (left.min(above), left.max(above));
            let plane = i32::from(left) + i32::from(above) - i32::from(corner);
            (plane.clamp(low.into(), high.into()) as u16, class)
        }
        (Some(left), ..) => (left, 0),
        (None, Some(above), _) => (above, 0),
        (None, None, _) => (u16::MAX, 0),
    }
}

/// The bytes for `values` (rows of `width`), of 8 or 16 bits.
#[must_use]
pub fn encode(values: &[u16], width: usize, bits: u8) -> Vec<u8> {
    let bytes = usize::from(bits / 8);
    let (mut encoder, mut models) = (RangeEncoder::new(), models(bytes));
    for (at, &value) in values.iter().enumerate() {
        let (prediction, class) = predicted(values, at, width);
        let difference = value.wrapping_sub(prediction).to_le_bytes();
        for (byte, &part) in difference.iter().enumerate().take(bytes) {
            models[class * bytes + byte].encode(&mut encoder, part);
        }
    }
    encoder.finish()
}

/// The `count` values behind `input`.
///
/// # Errors
/// [`Error::Corrupt`] with the position in `input`.
pub fn decode(input: &[u8], count: usize, width: usize, bits: u8) -> Result<Vec<u16>> {
    let corrupt = |error: EntropyError| Error::corrupt(0, format!("alpha: {error}"));
    let bytes = usize::from(bits / 8);
    let (mut decoder, mut models) = (RangeDecoder::new(input), models(bytes));
    let mut values = vec![0u16; count];
    for at in 0..count {
        let (prediction, class) = predicted(&values, at, width);
        let mut difference = [0; 2];
        for (byte, part) in difference.iter_mut().enumerate().take(bytes) {
            *part = models[class * bytes + byte]
                .decode(&mut decoder)
                .map_err(corrupt)?;
        }
        let mask = if bits == 8 { 0xFF } else { u16::MAX };
        values[at] = prediction.wrapping_add(u16::from_le_bytes(difference)) & mask;
    }
    decoder.finish().map_err(corrupt)?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_of_both_depths_comes_back() {
        for (bits, most) in [(8u8, 255u16), (16, u16::MAX)] {
            for width in [1usize, 7, 40] {
                let values: Vec<u16> = (0..width * 30)
                    .map(|at| match at / width {
                        0..10 => most,
                        10..15 => (at * 977) as u16 % most,
                        _ => 0,
                    })
                    .collect();
                let bytes = encode(&values, width, bits);
                assert_eq!(decode(&bytes, values.len(), width, bits).unwrap(), values);
            }
        }
    }

    #[test]
    fn a_plain_channel_costs_next_to_nothing() {
        assert!(encode(&[255; 10_000], 100, 8).len() < 60);
    }
}
