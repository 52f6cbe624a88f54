//! Logistic mixing: weighted sums of log odds, with weights learned online.

use super::logistic::{LOGIT_LIMIT, squash};

/// Fraction bits of a weight as it enters the dot product (its upper 16 bits).
const WEIGHT_BITS: u32 = 12;

/// A weight of one, in the full 32 bits.
pub(super) const ONE: i32 = 1 << (WEIGHT_BITS + 16);

/// Steps of learning below this change nothing that matters to most models and are left out.
const USUAL_SMALL_STEP: u16 = 12;

/// A blend weight of one, and the magnitude at which blend weights stop.
const BLEND_ONE: i32 = 1 << 16;
const BLEND_LIMIT: i32 = 8 * BLEND_ONE;

/// Mixes `N` predictions into one: `S` weighted sums, each with a row of weights chosen by its own
/// context, blended by a second layer of weights.
///
/// Inputs are log odds in 1/256 nat (see [`stretch`](super::stretch)). After the bit is known, each
/// row moves along the gradient of its own coding cost, `input * error`, as in Mahoney's PAQ mixers
/// (2002-2005), and the blend along that of the result. Weights keep 32 bits, of which the upper
/// 16 enter the sums, so that slow learning rates still accumulate; they wrap around at ±8, which
/// only absurd inputs reach.
///
/// `N` should be a multiple of 8 for the vector units. Unused inputs stay zero and cost nothing but
/// time. Up to 32 inputs within ±2047 always sum up in 32 bits; of more, sums wrap around where only
/// absurd inputs and weights reach. Steps of learning below `SMALL_STEP` are left out.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize, const S: usize, const SMALL_STEP: u16 = USUAL_SMALL_STEP> {
    weights: Vec<[i32; N]>,
    /// Where each set's rows begin in `weights`.
    bases: [usize; S],
    blends: Vec<[i32; S]>,
    chosen: Chosen<S>,
}

/// What the last prediction used and gave.
#[derive(Clone, Copy, Debug)]
struct Chosen<const S: usize> {
    rows: [usize; S],
    sums: [i32; S],
    blend: usize,
    logit: i32,
}

impl<const N: usize, const S: usize, const SMALL_STEP: u16> Mixer<N, S, SMALL_STEP> {
    /// A mixer with `rows[s]` rows in set `s` and `blends` rows of blend weights. All weights begin
    /// as `weight_256ths` / 256, all sums with an equal share of the blend.
    #[must_use]
    pub fn new(rows: [usize; S], blends: usize, weight_256ths: i32) -> Self {
        const { assert!(N <= 64 && S > 0) };
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
            chosen: Chosen {
                rows: [0; S],
                sums: [0; S],
                blend: 0,
                logit: 0,
            },
        }
    }

    /// Bytes of memory that a mixer of these dimensions takes.
    #[must_use]
    pub fn memory_bytes(rows: [usize; S], blends: usize) -> usize {
        rows.iter().sum::<usize>() * N * size_of::<i32>() + blends * S * size_of::<i32>()
    }

    /// The mixed log odds in 1/256 nat, within ±[`LOGIT_LIMIT`].
    ///
    /// # Panics
    ///
    /// When a row is not below its set's number of rows and reaches past the last set, or `blend`
    /// not below the number of blends.
    #[inline(always)]
    pub fn mix(&mut self, inputs: &[i16; N], rows: [usize; S], blend: usize) -> i32 {
        let shares = &self.blends[blend];
        let mut logit = 0;
        for set in 0..S {
            let row = self.bases[set] + rows[set];
            let sum = dot(inputs, &self.weights[row]);
            self.chosen.rows[set] = row;
            self.chosen.sums[set] = sum;
            logit += (sum * shares[set]) >> 16;
        }
        self.chosen.blend = blend;
        self.chosen.logit = logit.clamp(-LOGIT_LIMIT, LOGIT_LIMIT);
        self.chosen.logit
    }

    /// Learns the bit that was predicted from `inputs` by the last [`mix`](Self::mix).
    ///
    /// `rate` is in units of 2^-16 per (nat of input * unit of error), at most 2047; about 160 is
    /// good when settled, 1000 to 2000 at the beginning.
    #[inline(always)]
    pub fn learn(&mut self, inputs: &[i16; N], bit: bool, rate: i32) {
        let Chosen {
            rows,
            sums,
            blend,
            logit,
        } = self.chosen;
        let shares = &mut self.blends[blend];
        // 12 bits of the error keep the product with a sum in 32 bits.
        let blend_error = error(bit, logit) >> 4;
        for set in 0..S {
            let share = shares[set] + ((sums[set] * blend_error) >> 14);
            shares[set] = share.clamp(-BLEND_LIMIT, BLEND_LIMIT);
            let step = ((error(bit, sums[set]) * rate + (1 << 11)) >> 12) as i16;
            if step.unsigned_abs() >= SMALL_STEP {
                add_scaled(&mut self.weights[rows[set]], inputs, step);
            }
        }
    }
}

/// How far the bit (as 0 or 65536) is above the probability predicted.
#[inline(always)]
pub(super) fn error(bit: bool, logit: i32) -> i32 {
    (i32::from(bit) << 16) - i32::from(squash(logit))
}

// The two loops over inputs are not inlined: on their own they become a few vector instructions,
// inside the larger functions they did not.

#[inline(never)]
pub(super) fn dot<const N: usize>(inputs: &[i16; N], weights: &[i32; N]) -> i32 {
    let mut sum = 0i32;
    for i in 0..N {
        sum = sum.wrapping_add(i32::from(inputs[i]) * (weights[i] >> 16));
    }
    (sum >> WEIGHT_BITS).clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
}

#[inline(never)]
pub(super) fn add_scaled<const N: usize>(weights: &mut [i32; N], inputs: &[i16; N], step: i16) {
    for i in 0..N {
        weights[i] = weights[i].wrapping_add(i32::from(inputs[i]) * i32::from(step));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_which_input_to_trust() {
        let mut mixer = <Mixer<8, 2>>::new([1, 2], 1, 64);
        let mut noise = 1u32;
        for i in 0..4_000 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let bit = noise >> 31 == 1;
            let honest = if bit { 300 } else { -300 };
            let liar = if noise >> 30 & 1 == 1 { 800 } else { -800 };
            let inputs = [honest, liar, 0, 0, 0, 0, 0, 0];
            let logit = mixer.mix(&inputs, [0, i % 2], 0);
            assert!(i < 2_000 || (logit > 500) == bit);
            mixer.learn(&inputs, bit, 400);
        }
    }

    #[test]
    fn the_greatest_inputs_and_weights_do_not_overflow() {
        let mut mixer = <Mixer<64, 1>>::new([1], 1, 256);
        for _ in 0..10_000 {
            let logit = mixer.mix(&[2047; 64], [0], 0);
            assert!(logit.abs() <= LOGIT_LIMIT);
            mixer.learn(&[2047; 64], true, 2047);
        }
    }
}
