//! Probabilities on a logarithmic scale, in arithmetic that is the same everywhere.

/// Steps of the finest scale to a factor of two.
pub(super) const PER_OCTAVE: i32 = 8;

/// `2^(k/8)` to the nearest `f32`.
const EIGHTHS: [f32; 8] = [
    1.0,
    1.090_507_7,
    1.189_207_1,
    1.296_839_6,
    std::f32::consts::SQRT_2,
    1.542_210_8,
    1.681_792_9,
    1.834_008,
];

/// `2^(eighths/8)`, without what lies outside of `2^-126..2^127`.
pub(super) fn power(eighths: i32) -> f32 {
    let octave = eighths.div_euclid(PER_OCTAVE).clamp(-126, 126);
    let fraction = EIGHTHS[eighths.rem_euclid(PER_OCTAVE) as usize];
    f32::from_bits(((octave + 127) as u32) << 23) * fraction
}

/// The largest number of eighths whose [`power`] is at most `value`; that of the smallest normal
/// number if there is none.
pub(super) fn eighths_below(value: f32) -> i32 {
    let value = value.max(f32::MIN_POSITIVE);
    let octave = ((value.to_bits() >> 23) & 0xff) as i32 - 127;
    let mantissa = f32::from_bits((value.to_bits() & 0x007f_ffff) | (127 << 23));
    let below = EIGHTHS.iter().filter(|&&step| step <= mantissa).count() as i32;
    octave * PER_OCTAVE + below - 1
}

/// The number of eighths whose [`power`] is nearest to `value` by ratio, or nearly.
pub(super) fn nearest_eighths(value: f32) -> i32 {
    const HALF_STEP: f32 = 1.044_273_8;
    eighths_below(value * HALF_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_those_of_two() {
        for eighths in -1000..1000 {
            let exact = 2f64.powf(f64::from(eighths) / 8.0);
            assert!(
                (f64::from(power(eighths)) / exact - 1.0).abs() < 1e-6,
                "{eighths}"
            );
        }
        assert!(power(i32::MIN) > 0.0 && power(i32::MAX).is_finite());
    }

    #[test]
    fn levels_are_found_again() {
        for eighths in -900..900 {
            assert_eq!(nearest_eighths(power(eighths)), eighths);
            assert_eq!(nearest_eighths(power(eighths) * 1.04), eighths);
            assert_eq!(nearest_eighths(power(eighths) * 0.96), eighths);
            assert_eq!(eighths_below(power(eighths) * 1.05), eighths);
        }
        assert_eq!(eighths_below(0.0), eighths_below(f32::MIN_POSITIVE));
    }
}
