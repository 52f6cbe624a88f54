//! How probable each index is: a small network on integers that sees what is known around it.
//!
//! Two layers. Inputs are latents that are known, times a factor of their own; weights have 12 bits
//! and sums 32, so that nothing can overflow or differ between machines. Outputs are logarithms to
//! the base of 2 in 1/256, which a table turns into weights of a distribution.

use codec_core::{Error, Result};
use codec_entropy::Interval;
use codec_entropy::MAX_PRECISION;

use super::stages::{Size, Stages};

/// Channels of the place itself that are seen.
const OWN: usize = 32;
/// Channels of what is around that are seen.
const NEAR: usize = 16;
/// Channels of what is diagonal, and of what lies ahead in the stages before.
const FAR: usize = 8;
/// Units of the hidden layer.
pub const HIDDEN: usize = 64;
/// Inputs of the first layer.
pub const INPUTS: usize = OWN + 4 * NEAR + 4 * FAR;
/// Largest input, and largest unit of the hidden layer.
pub const MOST: i32 = 2047;
/// An input of one deviation.
pub const ONE: i32 = 256;
/// Bits that weights of the first layer have behind the point.
pub const FIRST_SHIFT: u32 = 11;
/// The same of the second layer.
pub const SECOND_SHIFT: u32 = 10;
/// Magnitude of a weight of the second layer, at most, and of the first.
pub const MOST_WEIGHT: i32 = 4095;

/// The network of one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prior {
    /// Factors of the inputs, in 1/256.
    pub factors: Vec<i16>,
    /// `[HIDDEN, INPUTS]`.
    pub first: Vec<i16>,
    /// `[HIDDEN]`, in units of the first layer's sums.
    pub first_bias: Vec<i32>,
    /// `[codes, HIDDEN]`.
    pub second: Vec<i16>,
    /// `[codes]`, in units of the second layer's sums.
    pub second_bias: Vec<i32>,
}

impl Prior {
    /// Checks sizes and ranges: what keeps sums within 32 bits.
    ///
    /// # Errors
    /// [`Error::Corrupt`] saying what is wrong.
    pub fn check(&self, codes: usize) -> Result<()> {
        let sizes = [
            (self.factors.len(), INPUTS),
            (self.first.len(), HIDDEN * INPUTS),
            (self.first_bias.len(), HIDDEN),
            (self.second.len(), codes * HIDDEN),
            (self.second_bias.len(), codes),
        ];
        if sizes.iter().any(|(found, wanted)| found != wanted) {
            return Err(Error::corrupt(0, "model: a prior of another size"));
        }
        let weights = self.first.iter().chain(&self.second);
        let biases = self.first_bias.iter().chain(&self.second_bias);
        if weights
            .into_iter()
            .any(|&weight| i32::from(weight).abs() > MOST_WEIGHT)
            || biases.into_iter().any(|bias| bias.unsigned_abs() > 1 << 28)
        {
            return Err(Error::corrupt(0, "model: a prior's weight out of range"));
        }
        Ok(())
    }
}

/// What is known while the indices of a stage are coded.
pub struct Known<'a> {
    size: Size,
    channels: usize,
    stage: usize,
    /// Sum of the stages before, `[area, channels]`.
    before: &'a [i32],
    /// Sum of this stage's vectors so far, `[area, channels]`.
    here: Vec<i32>,
}

impl<'a> Known<'a> {
    /// Nothing of `stage` is known yet; `before` is the sum of the stages before it.
    #[must_use]
    pub fn new(size: Size, channels: usize, stage: usize, before: &'a [i32]) -> Self {
        Known {
            size,
            channels,
            stage,
            before,
            here: vec![0; before.len()],
        }
    }

    /// Makes an index known.
    pub fn set(&mut self, stages: &Stages, at: usize, code: usize) {
        let here = &mut self.here;
        stages.each(self.size, self.stage, at, code, |place, value| {
            here[place] += i32::from(value);
        });
    }

    /// The sum of all stages up to this one.
    #[must_use]
    pub fn sum(self) -> Vec<i32> {
        let pairs = self.here.iter().zip(self.before);
        pairs.map(|(here, before)| here + before).collect()
    }

    /// The inputs of the network at a place of the stage's grid, before their factors.
    pub fn inputs(&self, at: usize, inputs: &mut [i32; INPUTS]) {
        inputs.fill(0);
        let side = if self.stage == 0 { 2 } else { 1 };
        let grid = self.size.of_stage(self.stage);
        let (row, column) = (
            (at / grid.width * side) as isize,
            (at % grid.width * side) as isize,
        );
        let mut next = 0;
        let mut put = |values: Option<&[i32]>, count: usize| {
            let values = values.unwrap_or_default();
            let count_known = count.min(values.len());
            inputs[next..next + count_known].copy_from_slice(&values[..count_known]);
            next += count;
        };
        let s = side as isize;
        if self.stage == 0 {
            // A coarse place sees the nearest of its neighbours' four places.
            put(self.place(&self.here, row, column - 1), OWN);
            put(self.place(&self.here, row - 1, column), NEAR);
            put(self.place(&self.here, row + 1, column - 1), NEAR);
            put(self.place(&self.here, row - 1, column + 1), NEAR);
            put(self.place(&self.here, row - s, column), NEAR);
            put(self.place(&self.here, row - 1, column - 1), FAR);
            put(self.place(&self.here, row - 1, column + s), FAR);
            put(self.place(&self.here, row - 1, column + s + 1), FAR);
            put(self.place(&self.here, row, column - s), FAR);
        } else {
            put(self.place(self.before, row, column), OWN);
            put(self.place(&self.here, row, column - 1), NEAR);
            put(self.place(&self.here, row - 1, column), NEAR);
            put(self.place(self.before, row, column + 1), NEAR);
            put(self.place(self.before, row + 1, column), NEAR);
            put(self.place(&self.here, row - 1, column - 1), FAR);
            put(self.place(&self.here, row - 1, column + 1), FAR);
            put(self.place(self.before, row, column - 1), FAR);
            put(self.place(self.before, row - 1, column), FAR);
        }
    }

    /// Latents at a place, if it is inside.
    fn place<'b>(&self, latents: &'b [i32], row: isize, column: isize) -> Option<&'b [i32]> {
        let row = usize::try_from(row)
            .ok()
            .filter(|&row| row < self.size.height)?;
        let column = usize::try_from(column)
            .ok()
            .filter(|&column| column < self.size.width)?;
        let start = (row * self.size.width + column) * self.channels;
        Some(&latents[start..start + self.channels])
    }
}

/// Frequencies of the indices at a place.
#[derive(Debug, Default)]
pub struct Distribution {
    /// Logarithms to the base of 2, in 1/256, up to a constant.
    logits: Vec<i32>,
    frequencies: Vec<u32>,
}

impl Distribution {
    /// Finds the logarithms for inputs.
    pub fn look(&mut self, prior: &Prior, inputs: &[i32; INPUTS]) {
        let mut seen = [0i16; INPUTS];
        for ((seen, &input), &factor) in seen.iter_mut().zip(inputs).zip(&prior.factors) {
            let input = input.clamp(-(1 << 15), 1 << 15);
            *seen = ((input * i32::from(factor)) >> 8).clamp(-MOST, MOST) as i16;
        }
        let mut hidden = [0i16; HIDDEN];
        let rows = prior.first.chunks_exact(INPUTS).zip(&prior.first_bias);
        for (hidden, (row, bias)) in hidden.iter_mut().zip(rows) {
            *hidden = ((dot(row, &seen) + bias) >> FIRST_SHIFT).clamp(0, MOST) as i16;
        }
        self.logits.clear();
        let rows = prior.second.chunks_exact(HIDDEN).zip(&prior.second_bias);
        let logits = rows.map(|(row, bias)| (dot(row, &hidden) + bias) >> SECOND_SHIFT);
        self.logits.extend(logits);
    }

    /// Bits of each index, roughly.
    pub fn costs(&self, costs: &mut Vec<f32>) {
        let most = self.logits.iter().copied().max().unwrap_or(0);
        let weights = self.logits.iter().map(|logit| exp2(most - logit));
        let sum = weights.map(u64::from).sum::<u64>() as f32 / 65_536.0;
        let level = most as f32 / 256.0 + sum.log2();
        costs.clear();
        // No index costs more than 16 bits, since each has a frequency.
        let cost = |logit: &i32| (level - *logit as f32 / 256.0).min(16.0);
        costs.extend(self.logits.iter().map(cost));
    }

    /// Turns logarithms into frequencies, of which each is at least 1 and the sum 2^16.
    pub fn finish(&mut self) {
        let most = self.logits.iter().copied().max().unwrap_or(0);
        let weights = self.logits.iter().map(|logit| exp2(most - logit));
        self.frequencies.clear();
        self.frequencies.extend(weights);
        let sum: u64 = self
            .frequencies
            .iter()
            .map(|&weight| u64::from(weight))
            .sum();
        let spare = (1u64 << MAX_PRECISION) - self.frequencies.len() as u64;
        let factor = (spare << 32) / sum.max(1);
        let mut left = 1u32 << MAX_PRECISION;
        let mut largest = (0, 0);
        for (at, frequency) in self.frequencies.iter_mut().enumerate() {
            *frequency = 1 + ((u64::from(*frequency) * factor) >> 32) as u32;
            left = left.saturating_sub(*frequency);
            if *frequency > largest.0 {
                largest = (*frequency, at);
            }
        }
        if let Some(frequency) = self.frequencies.get_mut(largest.1) {
            *frequency += left;
        }
    }

    /// The interval of an index.
    #[must_use]
    pub fn interval(&self, code: usize) -> Option<Interval> {
        let start: u32 = self.frequencies.get(..code)?.iter().sum();
        Interval::new(start, *self.frequencies.get(code)?, MAX_PRECISION)
    }

    /// The index at `point`, and its interval.
    #[must_use]
    pub fn at(&self, point: u32) -> Option<(usize, Interval)> {
        let mut start = 0;
        for (code, &frequency) in self.frequencies.iter().enumerate() {
            if point < start + frequency {
                return Some((code, Interval::new(start, frequency, MAX_PRECISION)?));
            }
            start += frequency;
        }
        None
    }
}

fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| i32::from(a) * i32::from(b))
        .sum()
}

/// `2^(-by / 256)` in 1/65536, for `by` of at least 0.
fn exp2(by: i32) -> u32 {
    let whole = (by >> 8).min(31) as u32;
    EXP2[(by & 255) as usize] >> whole
}

/// `2^(-i / 256)` in 1/65536.
const EXP2: [u32; 256] = exp2_table();

/// By multiplying with the 256th root of one half, in 1/2^62.
const fn exp2_table() -> [u32; 256] {
    const ROOT: u128 = 4_599_216_278_082_138_665;
    let mut table = [0; 256];
    let mut value: u128 = 1 << 62;
    let mut at = 0;
    while at < 256 {
        table[at] = ((value + (1 << 45)) >> 46) as u32;
        value = (value * ROOT) >> 62;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn prior(codes: usize) -> Prior {
        let mut random = Random::new(2, 2);
        let mut numbers = |count: usize, most: i32| -> Vec<i16> {
            (0..count)
                .map(|_| (random.below(2 * most as usize) as i32 - most) as i16)
                .collect()
        };
        Prior {
            factors: numbers(INPUTS, 500),
            first: numbers(HIDDEN * INPUTS, MOST_WEIGHT),
            first_bias: vec![1 << 20; HIDDEN],
            second: numbers(codes * HIDDEN, MOST_WEIGHT),
            second_bias: vec![0; codes],
        }
    }

    #[test]
    fn powers_of_two_are_right() {
        for by in 0..3000 {
            let wanted = 65_536.0 * (-f64::from(by) / 256.0).exp2();
            let found = f64::from(exp2(by));
            assert!((found - wanted).abs() <= 1.0, "{by}: {found}, {wanted}");
        }
    }

    #[test]
    fn every_index_has_an_interval_and_is_found_in_it() {
        let prior = prior(100);
        prior.check(100).unwrap();
        let mut distribution = Distribution::default();
        let mut random = Random::new(4, 4);
        for _ in 0..20 {
            let mut inputs = [0; INPUTS];
            inputs.fill_with(|| random.below(4000) as i32 - 2000);
            distribution.look(&prior, &inputs);
            distribution.finish();
            assert_eq!(distribution.frequencies.iter().sum::<u32>(), 1 << 16);
            for code in 0..100 {
                let interval = distribution.interval(code).unwrap();
                let start: u32 = distribution.frequencies[..code].iter().sum();
                assert_eq!(distribution.at(start), Some((code, interval)));
            }
        }
    }

    #[test]
    fn hostile_weights_cannot_overflow() {
        let codes = 1024;
        let most = MOST_WEIGHT as i16;
        let prior = Prior {
            factors: vec![i16::MAX; INPUTS],
            first: vec![most; HIDDEN * INPUTS],
            first_bias: vec![1 << 28; HIDDEN],
            second: vec![-most; codes * HIDDEN],
            second_bias: vec![-(1 << 28); codes],
        };
        prior.check(codes).unwrap();
        let mut distribution = Distribution::default();
        distribution.look(&prior, &[i32::MAX; INPUTS]);
        distribution.finish();
        assert_eq!(distribution.frequencies.iter().sum::<u32>(), 1 << 16);
    }
}
