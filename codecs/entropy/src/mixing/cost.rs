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

/// Units of [`coarse_cost`] in one bit.
pub const COARSE_UNITS_PER_BIT: u32 = 1 << 12;

/// [`cost`] by a table of the probability's upper 12 bits, in 1/4096 bit: for statistics that are
/// kept with every bit.
#[inline(always)]
#[must_use]
pub fn coarse_cost(bit: bool, probability: u16) -> u32 {
    let upper = usize::from(probability >> 4);
    u32::from(COARSE[if bit { upper } else { COARSE.len() - 1 - upper }])
}

static COARSE: [u16; 1 << 12] = coarse_table();

/// The cost of a set bit in the middle of each interval of probabilities.
const fn coarse_table() -> [u16; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut upper = 0;
    while upper < table.len() {
        let cost = 16 * UNITS_PER_BIT - log2((upper as u32) << 4 | 1 << 3);
        table[upper] = (cost * COARSE_UNITS_PER_BIT as u64 / UNITS_PER_BIT) as u16;
        upper += 1;
    }
    table
}

/// log2 of `value` (at least 1) in 1/65536, rounded down: the fraction is found bit by bit from
/// repeated squaring.
const fn log2(value: u32) -> u64 {
    let value = if value == 0 { 1 } else { value };
    let whole = value.ilog2();
    let mut mantissa = (value as u64) << (31 - whole);
    let mut result = whole as u64;
    let mut bits = 0;
    while bits < 16 {
        bits += 1;
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
            if (4096..61_440).contains(&probability) {
                let coarse = f64::from(coarse_cost(true, probability)) * 16.0;
                assert!((coarse - exact).abs() < 300.0, "{probability}");
            }
        }
    }
}
