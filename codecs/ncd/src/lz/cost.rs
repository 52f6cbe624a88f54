//! Prices of the steps of a parse, as whole numbers of 1/256 bit.

/// One bit.
pub(super) const BIT: u32 = 256;

/// Beside its byte, a literal where no match can be resumed: the step is chosen 15 times of 16.
pub(super) const LITERAL: u32 = 24;
/// Beside distance and length, a match there.
pub(super) const MATCH: u32 = 4 * BIT;
/// Beside its byte, a literal where a match can be resumed.
pub(super) const LITERAL_WARM: u32 = 145;
/// Beside its length, the match resumed.
pub(super) const RESUME: u32 = 2 * BIT;
/// Beside distance and length, another match.
pub(super) const MATCH_WARM: u32 = 4 * BIT;

/// What a match must gain: as much as it makes the literals dearer that follow it, if it is a chance
/// match that is never resumed.
pub(super) const MATCH_LEAST: u32 = super::parse::WARM as u32 * (LITERAL_WARM - LITERAL);
/// What a match resumed must gain, so that a few bases that agree by chance do not count.
pub(super) const RESUME_LEAST: u32 = 4 * BIT;

/// The mantissas of [`log2`]: log₂(1 + m/256) in 1/256 bit, rounded.
const MANTISSA: [u32; 256] = mantissas();

/// log₂(n) in 1/256 bit, from the leading nine bits of n; 0 for 0.
pub(super) fn log2(n: u32) -> u32 {
    let Some(exponent) = n.checked_ilog2() else {
        return 0;
    };
    let top = (u64::from(n) << 8 >> exponent) as usize & 255;
    exponent * BIT + MANTISSA[top]
}

/// A length that is `n` (at least 1) more than the shortest less one: Elias gamma, smoothed.
pub(super) fn length(n: u32) -> u32 {
    BIT + 2 * log2(n)
}

/// Digits of binary logarithms by squaring: whenever the square passes 2, the digit is 1.
const fn mantissas() -> [u32; 256] {
    let mut table = [0; 256];
    let mut m = 0;
    while m < 256 {
        let mut x: u64 = (256 + m as u64) << 22;
        let mut digits = 0;
        let mut step = 0;
        while step < 9 {
            x = (x * x) >> 30;
            digits <<= 1;
            if x >= 2 << 30 {
                x >>= 1;
                digits |= 1;
            }
            step += 1;
        }
        table[m] = (digits + 1) >> 1;
        m += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right_to_their_unit() {
        for n in (1..5_000).chain([1 << 20, (1 << 31) - 1, u32::MAX]) {
            let exact = f64::from(n).log2() * 256.0;
            let found = f64::from(log2(n));
            assert!((found - exact).abs() < 2.5, "{n}: {found} {exact}");
        }
    }
}
