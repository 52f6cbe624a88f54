//! Logistic mixing: weighted sums of log odds, with weights learned online.

use super::logistic::{LOGIT_LIMIT, squash};

/// Fraction bits of a weight as it enters the dot product (its upper 16 bits).
const WEIGHT_BITS: u32 = 12;

/// A weight of one, in the full 32 bits.
const ONE: i32 = 1 << (WEIGHT_BITS + 16);

/// Rows of weights for `N` inputs, one row chosen per prediction.
///
/// The output is the dot product of the inputs (log odds, 1/256 nat) and the chosen row. After the
/// bit is known the row moves along the gradient of the coding cost, `input * error`, as in
/// Mahoney's PAQ mixers (2002-2005). Weights keep 32 bits, of which the upper 16 enter the product,
/// so that slow learning rates still accumulate. `N` must be at most 32 (the sum must fit 32 bits)
/// and should be a multiple of 8 for the vector units.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize> {
    rows: Vec<[i32; N]>,
}

impl<const N: usize> Mixer<N> {
    /// A mixer with `rows` rows, every weight being `weight_256ths` / 256.
    #[must_use]
    pub fn new(rows: usize, weight_256ths: i32) -> Self {
        const { assert!(N <= 32) };
        Self {
            rows: vec![[weight_256ths * (ONE / 256); N]; rows.max(1)],
        }
    }

    /// A mixer whose rows all begin as `weights_256ths` / 256.
    #[must_use]
    pub fn with_weights(rows: usize, weights_256ths: &[i32; N]) -> Self {
        const { assert!(N <= 32) };
        Self {
            rows: vec![weights_256ths.map(|weight| weight * (ONE / 256)); rows.max(1)],
        }
    }

    /// The mixed log odds in 1/256 nat, within ±[`LOGIT_LIMIT`]. `row` must be below the number of
    /// rows.
    #[inline(never)]
    #[must_use]
    pub fn mix(&self, inputs: &[i16; N], row: usize) -> i32 {
        let weights = &self.rows[row];
        let mut sum = 0i32;
        for i in 0..N {
            sum = sum.wrapping_add(i32::from(inputs[i]) * (weights[i] >> 16));
        }
        (sum >> WEIGHT_BITS).clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
    }

    /// Moves a row's weights by `step` times each input; see [`learning_step`].
    #[inline(never)]
    pub fn learn(&mut self, inputs: &[i16; N], row: usize, step: i16) {
        let weights = &mut self.rows[row];
        for i in 0..N {
            weights[i] = weights[i].wrapping_add(i32::from(inputs[i]) * i32::from(step));
        }
    }
}

/// The step for [`Mixer::learn`]: the error of a prediction times a learning rate.
///
/// `rate` is in units of 2^-16 per (nat of input * unit of error); PAQ-like mixers use about
/// 100 (0.0015) when settled and 1000 to 2000 at the beginning. It must be at most 2047.
#[inline(always)]
#[must_use]
pub fn learning_step(bit: bool, logit: i32, rate: i32) -> i16 {
    let error = (i32::from(bit) << 16) - i32::from(squash(logit));
    ((error * rate + (1 << 11)) >> 12) as i16
}
