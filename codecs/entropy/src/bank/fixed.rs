//! Distributions in fixed-point arithmetic: the probability of lying beyond a bound.

/// The probability, in units of 2^-40, of being more than so many standard deviations above the
/// mean; the argument is in units of 2^-40 too.
pub(super) type Tail = fn(u64) -> u64;

/// Binary digits after the point.
const DIGITS: u32 = 40;

const ONE: u64 = 1 << DIGITS;

/// Binary logarithm of one point of a table of 2^16, as a probability.
pub(super) const POINT_BITS: u32 = DIGITS - crate::MAX_PRECISION;

/// Half a point of such a table.
pub(super) const HALF_POINT: u64 = 1 << (POINT_BITS - 1);

/// One over the standard deviation of scale `index`, in units of 2^-50.
pub(super) fn inverse_deviation(index: u32) -> u64 {
    // 2^((48 - 3 index) / 16) = 2^(3 - whole) / 2^(part / 16).
    let (whole, part) = (3 * index / 16, 3 * index % 16);
    ((1u128 << (53 + 62 - whole)) / u128::from(power_of_two(part))) as u64
}

/// `k + 1/2` in standard deviations, given their [inverse](inverse_deviation).
pub(super) fn bound(inverse_deviation: u64, k: u32) -> u64 {
    ((u128::from(2 * k + 1) * u128::from(inverse_deviation)) >> (50 + 1 - DIGITS)) as u64
}

/// `2^(sixteenths / 16)` in units of 2^-62, for `sixteenths` below 16.
fn power_of_two(sixteenths: u32) -> u64 {
    let mut power = 1u128 << 62;
    let mut root = 2u128 << 62;
    for digit in (0..4).rev() {
        // 2^(1/2), 2^(1/4), 2^(1/8), 2^(1/16) in turn.
        root = (root << 62).isqrt();
        if sixteenths >> digit & 1 == 1 {
            power = (power * root) >> 62;
        }
    }
    power as u64
}

pub(super) fn gaussian_tail(x: u64) -> u64 {
    /// Beyond this many deviations the probability is below 2^-24: less than half of a half point.
    const FARTHEST: u64 = 11 * (ONE / 2);
    /// `1 / sqrt(2 pi)` in units of 2^-40.
    const INVERSE_ROOT: u64 = 438_641_676_112;
    if x >= FARTHEST {
        return 0;
    }
    let square = multiply(x, x);
    let mut term = x;
    let mut sum = 0;
    let mut odd = 1;
    while term > 0 {
        sum += term;
        odd += 2;
        term = multiply(term, square) / odd;
    }
    // The sum is below 2^62, the other two below 1: nothing overflows, and the small exponential
    // keeps its digits until they have met the large sum.
    let (mantissa, shift) = exponential(square / 2);
    let product = (u128::from(mantissa) * u128::from(sum)) >> (MANTISSA_DIGITS - DIGITS + shift);
    let inside = (product * u128::from(INVERSE_ROOT)) >> (2 * DIGITS);
    (ONE / 2).saturating_sub(inside as u64)
}

pub(super) fn laplace_tail(x: u64) -> u64 {
    /// `sqrt(2)` in units of 2^-40.
    const ROOT_TWO: u64 = 1_554_944_255_988;
    small_exponential(multiply(ROOT_TWO, x)) / 2
}

pub(super) fn logistic_tail(x: u64) -> u64 {
    /// `pi / sqrt(3)` in units of 2^-40.
    const PI_BY_ROOT_THREE: u64 = 1_994_293_491_429;
    let e = small_exponential(multiply(PI_BY_ROOT_THREE, x));
    ((u128::from(e) << DIGITS) / u128::from(ONE + e)) as u64
}

fn multiply(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> DIGITS) as u64
}

/// Binary digits after the point of the mantissas below.
const MANTISSA_DIGITS: u32 = 60;

/// `exp(-x)` as a mantissa in `1/2..=1`, in units of 2^-60, and the power of 1/2 that goes with it.
fn exponential(x: u64) -> (u64, u32) {
    /// `ln(2)` in units of 2^-60.
    const LN_2: u128 = 799_144_290_325_165_979;
    let x = u128::from(x) << (MANTISSA_DIGITS - DIGITS);
    let rest = (x % LN_2) as u64;
    // exp(-rest) = sum of (-rest)^n / n!, of which two terms are taken at a time; the second is
    // always the smaller one, so that the sum never falls below zero.
    let mut sum = 0;
    let mut term = 1u64 << MANTISSA_DIGITS;
    let mut n = 0;
    while term > 0 {
        let next = |term: u64, n: u64| {
            ((u128::from(term) * u128::from(rest)) >> MANTISSA_DIGITS) as u64 / n
        };
        let negative = next(term, n + 1);
        sum += term - negative;
        term = next(negative, n + 2);
        n += 2;
    }
    (sum, (x / LN_2) as u32)
}

/// `exp(-x)` in units of 2^-40.
fn small_exponential(x: u64) -> u64 {
    let (mantissa, shift) = exponential(x);
    (mantissa >> (MANTISSA_DIGITS - DIGITS))
        .checked_shr(shift)
        .unwrap_or(0)
}
