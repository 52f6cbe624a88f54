//! Exponential Golomb codes, for numbers without a known bound.
//!
//! A number is coded as how many bits longer it is than `order` bits, in unary, and then its bits,
//! all at one bit each. Small orders suit numbers that are mostly 0 or 1; order 0 is Elias-gamma
//! of the number plus one (J. Teuhola, "A compression method for clustered bit-vectors", 1978).

use crate::{EntropyDecoder, EntropyEncoder, EntropyError};

/// Largest order of a code.
pub const MAX_ORDER: u32 = 31;

/// Codes `value`; an `order` above [`MAX_ORDER`] means [`MAX_ORDER`].
///
/// Takes `2 * floor(log2(value / 2^order + 1)) + 1 + order` bits.
///
/// ```
/// use codec_entropy::golomb::{decode_exp_golomb, encode_exp_golomb};
/// use codec_entropy::range::{RangeDecoder, RangeEncoder};
///
/// let mut encoder = RangeEncoder::new();
/// encode_exp_golomb(&mut encoder, 9, 2);
/// let coded = encoder.finish();
/// assert_eq!(coded, [0b10101_000]); // one more bit than two; then 9 + 4 - 8 in three bits
/// assert_eq!(decode_exp_golomb(&mut RangeDecoder::new(&coded), 2)?, 9);
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
pub fn encode_exp_golomb(coder: &mut impl EntropyEncoder, value: u32, order: u32) {
    let order = order.min(MAX_ORDER);
    let raised = u64::from(value) + (1 << order);
    let length = raised.ilog2();
    for _ in order..length {
        coder.encode_bits(1, 1);
    }
    coder.encode_bits(0, 1);
    // The leading bit is known; what is below it has at most 32 bits.
    coder.encode_bits(raised as u32, length);
}

/// The number that [`encode_exp_golomb`] coded with the same `order`.
///
/// # Errors
///
/// What the decoder reports, and [`EntropyError::Corrupt`] for a number above `u32::MAX`.
pub fn decode_exp_golomb(coder: &mut impl EntropyDecoder, order: u32) -> Result<u32, EntropyError> {
    let order = order.min(MAX_ORDER);
    let what = "an exponential Golomb code does not fit 32 bits";
    let mut length = order;
    while coder.decode_bits(1)? == 1 {
        length += 1;
        if length > 32 {
            return Err(EntropyError::Corrupt {
                at: coder.position(),
                what,
            });
        }
    }
    let raised = 1u64 << length | u64::from(coder.decode_bits(length)?);
    u32::try_from(raised - (1 << order)).map_err(|_| EntropyError::Corrupt {
        at: coder.position(),
        what,
    })
}
