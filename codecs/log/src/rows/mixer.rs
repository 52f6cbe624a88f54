//! Logistic mixing of more inputs than the suite's mixer takes.

use codec_entropy::mixing::{LOGIT_LIMIT, squash};

/// Fraction bits of a weight as it enters the dot product (its upper 16 bits).
const WEIGHT_BITS: u32 = 12;

/// A weight of one, in the full 32 bits.
const ONE: i32 = 1 << (WEIGHT_BITS + 16);

/// Steps of learning below this change nothing that matters and are left out.
const SMALL_STEP: u16 = 8;

/// A blend weight of one, and the magnitude at which blend weights stop.
const BLEND_ONE: i32 = 1 << 16;
const BLEND_LIMIT: i32 = 8 * BLEND_ONE;

/// `S` weighted sums of `N` log odds, each with weights chosen by its own context, blended by a
/// second layer.
///
/// It works as [`codec_entropy::mixing::Mixer`] does (after Mahoney's PAQ mixers), for any number
/// of inputs: sums wrap around where only absurd inputs reach, the same way everywhere.
#[derive(Clone, Debug)]
pub(super) struct WideMixer<const N: usize, const S: usize> {
    weights: Vec<[i32; N]>,
    bases: [usize; S],
    blends: Vec<[i32; S]>,
    rows: [usize; S],
    sums: [i32; S],
    blend: usize,
    logit: i32,
}

impl<const N: usize, const S: usize> WideMixer<N, S> {
    /// A mixer with `rows[s]` rows in set `s` and `blends` rows of blend weights; all weights
    /// begin as `weight_256ths` / 256.
    pub(super) fn new(rows: [usize; S], blends: usize, weight_256ths: i32) -> Self {
        let mut total = 0;
        let bases = rows.map(|rows| {
            let base = total;
            total += rows;
            base
        });
        Self {
            weights: vec![[weight_256ths * (ONE / 256); N]; total],
            bases,
            blends: vec![[BLEND_ONE / S as i32; S]; blends],
            rows: [0; S],
            sums: [0; S],
            blend: 0,
            logit: 0,
        }
    }

    /// Bytes of memory that a mixer of these dimensions takes.
    pub(super) fn memory_bytes(rows: [usize; S], blends: usize) -> usize {
        rows.iter().sum::<usize>() * N * size_of::<i32>() + blends * S * size_of::<i32>()
    }

    /// The mixed log odds in 1/256 nat, within ±`LOGIT_LIMIT`. Rows must be below their numbers.
    #[inline(always)]
    pub(super) fn mix(&mut self, inputs: &[i16; N], rows: [usize; S], blend: usize) -> i32 {
        let shares = &self.blends[blend];
        let mut logit = 0;
        for set in 0..S {
            let row = self.bases[set] + rows[set];
            let sum = dot(inputs, &self.weights[row]);
            self.rows[set] = row;
            self.sums[set] = sum;
            logit += (sum * shares[set]) >> 16;
        }
        self.blend = blend;
        self.logit = logit.clamp(-LOGIT_LIMIT, LOGIT_LIMIT);
        self.logit
    }

    /// Learns the bit that was predicted from `inputs` by the last [`mix`](Self::mix); `rate` is in
    /// units of 2^-16 per (nat of input * unit of error), at most 2047.
    #[inline(always)]
    pub(super) fn learn(&mut self, inputs: &[i16; N], bit: bool, rate: i32) {
        let shares = &mut self.blends[self.blend];
        let blend_error = error(bit, self.logit) >> 4;
        let chosen = self.sums.iter().zip(&self.rows);
        for (share, (&sum, &row)) in shares.iter_mut().zip(chosen) {
            let moved = *share + ((sum * blend_error) >> 14);
            *share = moved.clamp(-BLEND_LIMIT, BLEND_LIMIT);
            let step = ((error(bit, sum) * rate + (1 << 11)) >> 12) as i16;
            if step.unsigned_abs() >= SMALL_STEP {
                add_scaled(&mut self.weights[row], inputs, step);
            }
        }
    }
}

/// How far the bit (as 0 or 65536) is above the probability predicted.
#[inline(always)]
fn error(bit: bool, logit: i32) -> i32 {
    (i32::from(bit) << 16) - i32::from(squash(logit))
}

// Not inlined: on their own these loops become a few vector instructions.

#[inline(never)]
fn dot<const N: usize>(inputs: &[i16; N], weights: &[i32; N]) -> i32 {
    let mut sum = 0i32;
    for i in 0..N {
        sum = sum.wrapping_add(i32::from(inputs[i]) * (weights[i] >> 16));
    }
    (sum >> WEIGHT_BITS).clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
}

#[inline(never)]
fn add_scaled<const N: usize>(weights: &mut [i32; N], inputs: &[i16; N], step: i16) {
    for i in 0..N {
        weights[i] = weights[i].wrapping_add(i32::from(inputs[i]) * i32::from(step));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_which_input_to_trust() {
        let mut mixer = WideMixer::<40, 2>::new([1, 2], 1, 64);
        let mut noise = 1u32;
        for i in 0..4_000 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let bit = noise >> 31 == 1;
            let mut inputs = [0; 40];
            inputs[3] = if bit { 300 } else { -300 };
            inputs[39] = if noise >> 30 & 1 == 1 { 800 } else { -800 };
            let logit = mixer.mix(&inputs, [0, i % 2], 0);
            assert!(i < 2_000 || (logit > 500) == bit);
            mixer.learn(&inputs, bit, 400);
        }
    }

    #[test]
    fn the_greatest_inputs_and_weights_do_not_overflow() {
        let mut mixer = WideMixer::<64, 1>::new([1], 1, 256);
        for _ in 0..10_000 {
            let logit = mixer.mix(&[2047; 64], [0], 0);
            assert!(logit.abs() <= LOGIT_LIMIT);
            mixer.learn(&[2047; 64], true, 2047);
        }
    }
}
