//! Ideal code lengths, in fixed point.

/// Units of [`cost`] in one bit.
pub const UNITS_PER_BIT: u64 = 1 << 16;

/// The ideal code length of `bit`, -log2 of its probability, in 1/65536 bit (rounded to about one
/// unit). `probability` is that of a set bit, of 65536, in `1..=65535`.
///
/// ```
/// use codec_entropy::mixing::{UNITS_PER_BIT, cost};
/// assert_eq!(cost(true, 1 << 15), UNITS_PER_BIT);
/// assert_eq!(cost(false, 3 << 14), 2 * UNITS_PER_BIT);
/// ```
#[inline]
#[must_use]
pub fn cost(bit: bool, probability: u16) -> u64 {
    let of_bit = if bit {
        u32::from(probability)
    } else {
        65_536 - u32::from(probability)
    };
    16 * UNITS_PER_BIT - log2(of_bit)
}

/// log2 of `value` (at least 1) in 1/65536, rounded down: the fraction is found bit by bit from
/// repeated squaring.
fn log2(value: u32) -> u64 {
    let value = value.max(1);
    let whole = value.ilog2();
    let mut mantissa = u64::from(value) << (31 - whole);
    let mut result = u64::from(whole);
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 31;
        let carry = mantissa >> 32;
        result = result << 1 | carry;
        mantissa >>= carry;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_minus_log2() {
        for probability in (1..=65_535u16).step_by(101) {
            let exact = -(f64::from(probability) / 65_536.0).log2() * 65_536.0;
            assert!((cost(true, probability) as f64 - exact).abs() < 3.0);
        }
    }
}
