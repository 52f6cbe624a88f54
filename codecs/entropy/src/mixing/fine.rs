//! Logistic mixing of predictions that are close to even odds.

use super::logistic::LOGIT_LIMIT;
use super::mixer::{ONE, add_scaled, dot, error};

/// Fraction bits of a blend weight, and of one as it enters the sum.
const BLEND_BITS: u32 = 32;
const BLEND_SUM_BITS: u32 = 16;

/// Magnitude at which blend weights stop.
const BLEND_LIMIT: i64 = 8 << BLEND_BITS;

/// A [`Mixer`](super::Mixer) for symbols that are nearly random, such as the bases of a genome.
///
/// Where each prediction is worth a hundredth of a bit, what [`Mixer`](super::Mixer) rounds away is
/// no longer small: here every step of learning counts, and blend weights have 32 bits of fraction,
/// so that rounding does not pull them to one side. Their rate is the caller's. Inputs, weights,
/// sets and rows are as there.
///
/// ```
/// use codec_entropy::mixing::{FineMixer, squash};
///
/// let mut mixer = <FineMixer<8, 1>>::new([1], 1, 64, 128);
/// let inputs = [100, -100, 0, 0, 0, 0, 0, 0];
/// for _ in 0..2000 {
///     let _ = mixer.mix(&inputs, [0], 0);
///     mixer.learn(&inputs, true, 400);
/// }
/// assert!(squash(mixer.mix(&inputs, [0], 0)) > 50_000);
/// ```
#[derive(Clone, Debug)]
pub struct FineMixer<const N: usize, const S: usize> {
    weights: Vec<[i32; N]>,
    /// Where each set's rows begin in `weights`.
    bases: [usize; S],
    blends: Vec<[i64; S]>,
    blend_rate: i64,
    rows: [usize; S],
    sums: [i32; S],
    blend: usize,
    logit: i32,
}

impl<const N: usize, const S: usize> FineMixer<N, S> {
    /// A mixer with `rows[s]` rows in set `s` and `blends` rows of blend weights. All weights begin
    /// as `weight_256ths` / 256, all sums with an equal share of the blend, which changes by
    /// `blend_rate` / 2^24 per (step of a sum * 65536th of error).
    #[must_use]
    pub fn new(rows: [usize; S], blends: usize, weight_256ths: i32, blend_rate: u16) -> Self {
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
            blends: vec![[(1 << BLEND_BITS) / S as i64; S]; blends],
            blend_rate: i64::from(blend_rate),
            rows: [0; S],
            sums: [0; S],
            blend: 0,
            logit: 0,
        }
    }

    /// Bytes of memory that a mixer of these dimensions takes.
    #[must_use]
    pub fn memory_bytes(rows: [usize; S], blends: usize) -> usize {
        rows.iter().sum::<usize>() * N * size_of::<i32>() + blends * S * size_of::<i64>()
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
            self.rows[set] = row;
            self.sums[set] = sum;
            logit += i64::from(sum) * (shares[set] >> (BLEND_BITS - BLEND_SUM_BITS));
        }
        self.blend = blend;
        self.logit = ((logit >> BLEND_SUM_BITS) as i32).clamp(-LOGIT_LIMIT, LOGIT_LIMIT);
        self.logit
    }

    /// Learns the bit that was predicted from `inputs` by the last [`mix`](Self::mix).
    ///
    /// `rate` is in units of 2^-16 per (nat of input * unit of error), at most 2047.
    #[inline(always)]
    pub fn learn(&mut self, inputs: &[i16; N], bit: bool, rate: i32) {
        let shares = &mut self.blends[self.blend];
        let blend_error = i64::from(error(bit, self.logit)) * self.blend_rate;
        for (set, share) in shares.iter_mut().enumerate() {
            let sum = self.sums[set];
            let learned = *share + ((i64::from(sum) * blend_error) >> 8);
            *share = learned.clamp(-BLEND_LIMIT, BLEND_LIMIT);
            let step = ((error(bit, sum) * rate + (1 << 11)) >> 12) as i16;
            add_scaled(&mut self.weights[self.rows[set]], inputs, step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixing::squash;

    /// A predictor that is right by a hundredth of a nat is found among noise.
    #[test]
    fn weak_evidence_adds_up() {
        let mut mixer = <FineMixer<8, 2>>::new([1, 1], 1, 0, 128);
        let mut state = 1u64;
        let mut gained = 0i64;
        for i in 0..400_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let hint = state >> 33 & 1 == 1;
            // The hint is right in 53 of 100 cases.
            let bit = hint == ((state >> 40) % 100 < 53);
            let noise = if state >> 50 & 1 == 1 { 60 } else { -60 };
            let inputs = [if hint { 60 } else { -60 }, noise, 0, 0, 0, 0, 0, 0];
            let p = i64::from(squash(mixer.mix(&inputs, [0, 0], 0)));
            if i >= 200_000 {
                gained += if bit { p } else { 65_536 - p } - 32_768;
            }
            mixer.learn(&inputs, bit, 16);
        }
        // The best possible gain is 0.03 * 0.06 of 65536 per bit.
        assert!(gained / 200_000 > 80, "{}", gained / 200_000);
    }

    #[test]
    fn the_greatest_inputs_and_weights_do_not_overflow() {
        let mut mixer = <FineMixer<32, 3>>::new([1, 1, 1], 1, 256, u16::MAX);
        for i in 0..10_000 {
            let logit = mixer.mix(&[2047; 32], [0, 0, 0], 0);
            assert!(logit.abs() <= LOGIT_LIMIT);
            mixer.learn(&[2047; 32], i % 3 == 0, 2047);
        }
    }

    /// Codecs that were written with it must decode for ever.
    #[test]
    fn what_it_learns_is_frozen() {
        let mut mixer = <FineMixer<16, 3>>::new([4, 5, 1], 2, 40, 128);
        let mut state = 1u64;
        let mut next = |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % bound
        };
        let mut hash = 0u64;
        let mut last = 0;
        for round in 0..20_000 {
            let inputs: [i16; 16] = std::array::from_fn(|i| {
                let size = if round % 100 == 0 {
                    2047
                } else {
                    300 / (i as u64 + 1)
                };
                next(2 * size + 1) as i16 - size as i16
            });
            let rows = [next(4) as usize, next(5) as usize, 0];
            last = mixer.mix(&inputs, rows, next(2) as usize);
            hash = (hash ^ u64::from(last.unsigned_abs())).wrapping_mul(0x0100_0000_01B3);
            let bit = i32::from(inputs[0]) + i32::from(inputs[3]) + next(400) as i32 > 200;
            mixer.learn(&inputs, bit, 300);
        }
        assert_eq!((hash, last), (0xef6e_b995_6248_fcbf, -966));
    }
}
