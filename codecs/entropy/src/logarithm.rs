//! Binary logarithms of integers, in integers.

/// One bit, in the unit in which ideal code lengths are given: 1/65,536 bit.
pub const BIT: u64 = 1 << 16;

/// `log2(value)` in units of 1/65,536, rounded to the nearest one; 0 for 0.
///
/// Squares the mantissa again and again: whether the square reaches 2 is the next binary digit.
pub(crate) fn log2(value: u32) -> u64 {
    let Some(whole) = value.checked_ilog2() else {
        return 0;
    };
    /// Digits after the point that are computed; the last three are for rounding.
    const DIGITS: u32 = 19;
    // In 1..2, with 31 bits after the point.
    let mut mantissa = u64::from(value) << (31 - whole);
    let mut digits = 0;
    for _ in 0..DIGITS {
        mantissa = (mantissa * mantissa) >> 31;
        let digit = mantissa >> 32;
        mantissa >>= digit;
        digits = digits << 1 | digit;
    }
    (u64::from(whole) << 16) + ((digits + 4) >> 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_floating_point_to_one_unit() {
        for value in (1..70_000).chain((0..1000).map(|i| u32::MAX - i * 4_294_967)) {
            let expected = f64::from(value).log2() * 65_536.0;
            assert!((log2(value) as f64 - expected).abs() < 0.6, "{value}");
        }
    }

    #[test]
    fn powers_of_two_are_exact() {
        for exponent in 0..32u32 {
            assert_eq!(log2(1 << exponent), u64::from(exponent) * BIT);
        }
    }
}
