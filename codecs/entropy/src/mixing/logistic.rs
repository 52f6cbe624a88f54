//! The logistic domain: log odds of a probability and back, by tables made with integers.

/// Steps of the logistic domain in one nat of log odds.
pub const STEPS_PER_NAT: i32 = 256;

/// Largest magnitude that [`squash`] tells apart: ln(65535) nats, rounded up to whole nats.
pub const LOGIT_LIMIT: i32 = 12 * STEPS_PER_NAT - 1;

/// Largest magnitude that [`stretch`] returns, so that 32 inputs times 16-bit weights fit an i32.
pub const STRETCH_LIMIT: i32 = 2047;

/// Log odds of `probability` / 65536, in units of 1/256 nat, clamped to ±[`STRETCH_LIMIT`].
///
/// The table looks at the upper 12 bits of the probability and answers for the middle of the
/// interval that they leave.
#[inline(always)]
#[must_use]
pub fn stretch(probability: u16) -> i16 {
    STRETCH[usize::from(probability >> 4)]
}

/// The probability (of 65536, in `1..=65535`) whose log odds are `logit` / 256 nats.
///
/// `logit` should lie within ±4095 (beyond ±[`LOGIT_LIMIT`] nothing changes); farther out the
/// argument wraps around, which saves the clamping that callers have mostly done already.
#[inline(always)]
#[must_use]
pub fn squash(logit: i32) -> u16 {
    SQUASH[logit.wrapping_add(SQUASH_ZERO) as usize & (SQUASH_LEN - 1)]
}

const SQUASH_LEN: usize = 8192;
/// Where the table holds one half.
const SQUASH_ZERO: i32 = 4096;
static SQUASH: [u16; SQUASH_LEN] = squash_table();
static STRETCH: [i16; 4096] = stretch_table();

/// One, in the fixed point of the exponentials below.
const ONE: u128 = 1 << 62;

/// e^(-1/256) in that fixed point: the series 1 - x + x^2/2 - ... summed in integers.
const fn exp_of_minus_one_step() -> u128 {
    let mut term = ONE;
    let mut sum = 0;
    let mut k = 1;
    while term > 0 {
        if k % 2 == 1 {
            sum += term;
        } else {
            sum -= term;
        }
        term /= STEPS_PER_NAT as u128 * k;
        k += 1;
    }
    sum
}

/// 1 / (1 + e^(-logit)) in 32-bit fixed point for logits 0, 1, ... `LOGIT_LIMIT`.
const fn upper_half() -> [u64; LOGIT_LIMIT as usize + 1] {
    let step = exp_of_minus_one_step();
    let mut half = [0; LOGIT_LIMIT as usize + 1];
    let mut power = ONE;
    let mut i = 0;
    while i < half.len() {
        half[i] = ((ONE << 32) / (ONE + power)) as u64;
        power = power * step / ONE;
        i += 1;
    }
    half
}

const fn squash_table() -> [u16; SQUASH_LEN] {
    let half = upper_half();
    let mut table = [0; SQUASH_LEN];
    let mut i = 0;
    while i < SQUASH_LEN {
        let logit = i as i32 - SQUASH_ZERO;
        let distance = logit.unsigned_abs() as usize;
        let exact = half[if distance < half.len() {
            distance
        } else {
            half.len() - 1
        }];
        let rounded = (exact + (1 << 15)) >> 16;
        let upper = if rounded > 65_535 {
            65_535
        } else {
            rounded as u32
        };
        table[i] = if logit < 0 { 65_536 - upper } else { upper } as u16;
        i += 1;
    }
    table
}

const fn stretch_table() -> [i16; 4096] {
    let half = upper_half();
    let mut table = [0; 4096];
    let mut logit = 0;
    let mut i = 0;
    while i < 2048 {
        let middle = ((2 * (2048 + i) + 1) as u64) << 19;
        while logit < half.len() - 1 && half[logit] < middle {
            logit += 1;
        }
        let clamped = if logit as i32 > STRETCH_LIMIT {
            STRETCH_LIMIT
        } else {
            logit as i32
        };
        table[2048 + i] = clamped as i16;
        table[2047 - i] = -clamped as i16;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squash_is_the_logistic_function() {
        for logit in -LOGIT_LIMIT..=LOGIT_LIMIT {
            let exact = 65536.0 / (1.0 + (-f64::from(logit) / 256.0).exp());
            let got = f64::from(squash(logit));
            assert!(
                (got - exact.clamp(1.0, 65535.0)).abs() <= 0.51,
                "{logit}: {got} {exact}"
            );
        }
    }

    #[test]
    fn squash_is_monotone_and_never_certain() {
        for logit in -4000..4000 {
            assert!(squash(logit) <= squash(logit + 1));
            assert!(squash(logit) >= 1);
        }
    }

    #[test]
    fn stretch_inverts_squash_to_a_few_steps() {
        for logit in -1200..=1200 {
            let back = i32::from(stretch(squash(logit)));
            assert!((back - logit).abs() <= 10, "{logit} -> {back}");
        }
    }

    #[test]
    fn stretch_is_odd_and_monotone() {
        for p in 0..4095u16 {
            assert!(stretch(p << 4) <= stretch((p + 1) << 4));
            assert_eq!(stretch(p << 4), -stretch((4095 - p) << 4));
        }
    }
}
