//! What is expected of a latent: a mean from a filter that learns, and terms of a scale.
//!
//! The filter is a normalised least-mean-squares one (Widrow and Hoff; Haykin, "Adaptive Filter
//! Theory", chapter 7) on integers: weights in 1/65536, means in 1/4096.

use super::MOST;
use super::field::Field;

/// Latents that a mean looks at, one of them spare.
const TAPS: usize = 16;
/// How much of an error the weights take up at once, in 1/65536 of a weight for 1/4096 of a mean, in
/// 1/256: 0.15.
const RATE: i64 = 614;
/// Added to the energy of the latents.
const CALM: i64 = 2;
/// Magnitude of a weight, at most: 4.
const MOST_WEIGHT: i64 = 4 << 16;
/// Magnitude of a mean in 1/4096, at most.
const MOST_MEAN: i64 = (MOST as i64) << 12;

/// Terms of a scale.
pub(super) const TERMS: usize = 14;

/// The filter of one band.
pub(super) struct Filter {
    weights: [i32; TAPS],
    inputs: [i32; TAPS],
    energy: i64,
    /// Running mean of the band's errors, in 1/256 of 1/16.
    running: i64,
}

impl Filter {
    pub(super) fn new() -> Self {
        Filter {
            weights: [0; TAPS],
            inputs: [0; TAPS],
            energy: 0,
            running: 0,
        }
    }

    /// The mean at a place in 1/4096: from the four latents before it, those around it of the two
    /// bands below, and those around it in the plane of the middle.
    #[inline]
    pub(super) fn mean(&mut self, field: &Field, middle: Option<&Field>, at: usize) -> i32 {
        let inputs = &mut self.inputs;
        inputs[..4].copy_from_slice(&field.values::<4>(at, 0, -4));
        inputs[4..9].copy_from_slice(&field.values::<5>(at, 1, -2));
        inputs[9..12].copy_from_slice(&field.values::<3>(at, 2, -1));
        if let Some(middle) = middle {
            inputs[12..15].copy_from_slice(&middle.values::<3>(at, 0, -1));
        }
        let (mut sum, mut energy) = (0i64, 0i64);
        for (&weight, &input) in self.weights.iter().zip(&self.inputs) {
            let input = i64::from(input);
            sum += i64::from(weight) * input;
            energy += input * input;
        }
        self.energy = energy;
        (sum >> 4).clamp(-MOST_MEAN, MOST_MEAN) as i32
    }

    /// Learns that the latent behind `mean` was `value`.
    #[inline]
    pub(super) fn learn(&mut self, value: i32, mean: i32) {
        let error = (i64::from(value) << 12) - i64::from(mean);
        self.running += (((error.abs() >> 8) << 8) - self.running) >> 4;
        if self.energy == 0 {
            return;
        }
        let gain = (error * RATE * 256) / (self.energy + CALM);
        for (weight, &input) in self.weights.iter_mut().zip(&self.inputs) {
            let moved = i64::from(*weight) + ((gain * i64::from(input) + (1 << 15)) >> 16);
            *weight = moved.clamp(-MOST_WEIGHT, MOST_WEIGHT) as i32;
        }
    }

    /// The terms of the scale at a place, in 1/16: the first is one.
    #[inline]
    pub(super) fn terms(&self, field: &Field, middle: Option<&Field>, at: usize) -> [i32; TERMS] {
        let [third, second, first] = field.errors::<3>(at, 0, -3);
        let [last] = field.values::<1>(at, 0, -1);
        let [before, below, after] = field.errors::<3>(at, 1, -1);
        let [before_2, below_2, after_2] = field.errors::<3>(at, 2, -1);
        let [below_3] = field.errors::<1>(at, 3, 0);
        let [below_4] = field.errors::<1>(at, 4, 0);
        let mut terms = [
            16,
            first,
            second,
            third,
            (self.running >> 8) as i32,
            below,
            before + after,
            below_2,
            before_2 + after_2,
            below_3 + below_4,
            last.abs() << 4,
            0,
            0,
            0,
        ];
        if let Some(middle) = middle {
            let [before, here, after] = middle.errors::<3>(at, 0, -1);
            let [below] = middle.errors::<1>(at, 1, 0);
            terms[11] = here;
            terms[12] = before + after;
            terms[13] = below + middle.error_above(at);
        }
        terms
    }
}
