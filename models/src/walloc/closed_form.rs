//! Where training starts: principal components as encoder, least squares as linear decoder.

use super::net::{STEPS_PER_ANCHOR, Shape};
use super::step_size;
use crate::linear::{Matrix, least_squares, symmetric_eigen};
use crate::random::Random;

/// Wavelet coefficients of a picture or crop.
#[derive(Debug, Clone)]
pub struct Coefficients {
    /// Rows of latents.
    pub height: usize,
    /// Latents of a row.
    pub width: usize,
    /// `[coefficients, height, width]`.
    pub values: Vec<f32>,
}

/// The linear codec.
#[derive(Debug, Clone)]
pub struct ClosedForm {
    /// Analysis: `[channels, coefficients]`, orthonormal rows.
    pub analysis: Vec<f32>,
    /// Standard deviation of each channel.
    pub deviations: Vec<f32>,
    /// Least-squares gain of each channel's dequantised value, less one: `[anchors, channels]`.
    pub shrink: Vec<f32>,
    /// Deviation of what the linear synthesis leaves over, roughly, for each coefficient.
    pub spread: Vec<f32>,
    /// Squared error of a place that is usual, for each prefix and anchor: `[prefixes, anchors]`.
    pub usual: Vec<f32>,
    /// Synthesis for each prefix: `[coefficients, min(wide, channels), 3, 3]` and
    /// `[coefficients, channels - wide]`.
    pub linear: Vec<(Vec<f32>, Vec<f32>)>,
}

/// Quantises to the nearest multiple of `step`, but to zero up to `0.5 + dead` steps.
#[must_use]
pub fn quantised(value: f32, step: f32, dead: f32) -> f32 {
    let scaled = value / step;
    scaled.signum() * (scaled.abs() + 0.5 - dead).floor().max(0.0) * step
}

/// Values that a quantiser sends nearer to zero than rounding would, in steps.
pub const DEAD_ZONE: f32 = 0.12;

/// Fits the linear codec to `crops`.
#[must_use]
pub fn fit(shape: &Shape, crops: &[Coefficients]) -> ClosedForm {
    let (n, c) = (shape.coefficients(), shape.channels());
    let (variance, vectors) = components(crops);
    let mut form = ClosedForm {
        deviations: variance[..c].iter().map(|v| v.sqrt()).collect(),
        analysis: vectors.values[..c * n].iter().map(|&v| v as f32).collect(),
        shrink: vec![0.0; shape.anchors * c],
        spread: Vec::new(),
        usual: Vec::new(),
        linear: Vec::new(),
    };
    form.usual = usual(shape, &variance);
    form.spread = spread(&vectors, &variance, shape.wide);
    let latents: Vec<Vec<f32>> = crops.iter().map(|crop| form.latents(crop, c)).collect();
    form.fit_shrink(shape, &latents);
    for &channels in &shape.prefixes {
        let fitted = form.fit_linear(shape, crops, &latents, channels);
        form.linear.push(fitted);
    }
    form
}

/// Variances and directions of the principal components of coefficients, the greatest first.
fn components(crops: &[Coefficients]) -> (Vec<f32>, Matrix) {
    let first = crops
        .first()
        .map_or((0, 1), |crop| (crop.values.len(), crop.height * crop.width));
    let n = first.0 / first.1;
    let mut covariance = Matrix::zeros(n, n);
    let mut place = vec![0.0; n];
    for crop in crops {
        let area = crop.height * crop.width;
        for at in 0..area {
            for (value, plane) in place.iter_mut().zip(crop.values.chunks_exact(area)) {
                *value = plane[at];
            }
            covariance.add_outer(1.0, &place, &place);
        }
    }
    let places: usize = crops.iter().map(|crop| crop.height * crop.width).sum();
    let (values, vectors) = symmetric_eigen(&covariance);
    let variance = values.iter().map(|v| (v / places as f64).max(0.0) as f32);
    (variance.collect(), vectors)
}

/// The leading principal components of coefficients, `[channels, coefficients]`, and the deviation of
/// each.
#[must_use]
pub fn principal(crops: &[Coefficients], channels: usize) -> (Vec<f32>, Vec<f32>) {
    let (variance, vectors) = components(crops);
    let n = variance.len();
    let rows = vectors.values[..channels * n].iter().map(|&v| v as f32);
    (
        rows.collect(),
        variance[..channels].iter().map(|v| v.sqrt()).collect(),
    )
}

/// What reverse water-filling at each step leaves of the channels that a prefix has, and all of the
/// others.
fn usual(shape: &Shape, variance: &[f32]) -> Vec<f32> {
    let mut out = Vec::new();
    for &channels in &shape.prefixes {
        for anchor in 0..shape.anchors {
            let noise = step_size(anchor * STEPS_PER_ANCHOR).powi(2) / 6.0;
            let (kept, lost) = variance.split_at(channels);
            let kept: f32 = kept.iter().map(|variance| variance.min(noise)).sum();
            out.push(kept + lost.iter().sum::<f32>());
        }
    }
    out
}

/// Deviation of each coefficient without the first `kept` components, and with noise of a step of 1/4
/// on these.
fn spread(vectors: &Matrix, variance: &[f32], kept: usize) -> Vec<f32> {
    let n = vectors.columns;
    let left = |component: usize| {
        if component < kept {
            variance[component].min(1.0 / 96.0)
        } else {
            variance[component]
        }
    };
    let of = |coefficient: usize| -> f32 {
        (0..n)
            .map(|component| {
                let weight = vectors.values[component * n + coefficient] as f32;
                weight * weight * left(component)
            })
            .sum()
    };
    (0..n)
        .map(|coefficient| of(coefficient).sqrt().max(1e-4))
        .collect()
}

impl ClosedForm {
    /// The channels of `crop`: `[channels, height, width]`.
    #[must_use]
    pub fn latents(&self, crop: &Coefficients, channels: usize) -> Vec<f32> {
        let area = crop.height * crop.width;
        let n = crop.values.len() / area;
        let mut out = vec![0.0; channels * area];
        for (plane, row) in out
            .chunks_exact_mut(area)
            .zip(self.analysis.chunks_exact(n))
        {
            for (&weight, coefficient) in row.iter().zip(crop.values.chunks_exact(area)) {
                for (value, &coefficient) in plane.iter_mut().zip(coefficient) {
                    *value += weight * coefficient;
                }
            }
        }
        out
    }

    fn fit_shrink(&mut self, shape: &Shape, latents: &[Vec<f32>]) {
        let c = shape.channels();
        for anchor in 0..shape.anchors {
            let step = step_size(anchor * STEPS_PER_ANCHOR);
            for channel in 0..c {
                let (mut products, mut squares) = (1e-9, 1e-9);
                for latents in latents {
                    let area = latents.len() / c;
                    for &y in &latents[channel * area..][..area] {
                        let decoded = quantised(y, step, DEAD_ZONE);
                        products += f64::from(y * decoded);
                        squares += f64::from(decoded * decoded);
                    }
                }
                self.shrink[anchor * c + channel] = (products / squares - 1.0) as f32;
            }
        }
    }

    fn fit_linear(
        &self,
        shape: &Shape,
        crops: &[Coefficients],
        latents: &[Vec<f32>],
        channels: usize,
    ) -> (Vec<f32>, Vec<f32>) {
        let n = shape.coefficients();
        let wide = channels.min(shape.wide);
        let inputs = 9 * wide + channels - wide;
        let (mut gram, mut moments) = (Matrix::zeros(inputs, inputs), Matrix::zeros(inputs, n));
        let mut random = Random::new(1, channels as u64);
        let (mut input, mut output) = (vec![0.0; inputs], vec![0.0; n]);
        for (crop, latents) in crops.iter().zip(latents) {
            let (h, w) = (crop.height, crop.width);
            let step = STEPS_PER_ANCHOR + random.below(3 * STEPS_PER_ANCHOR);
            let decoded = self.dequantised(shape, &latents[..channels * h * w], h * w, step);
            let weight = 1.0 / f64::from(step_size(step)).powi(2);
            for at in 0..h * w {
                gather(&decoded, [h, w], at, wide, &mut input);
                for (value, plane) in output.iter_mut().zip(crop.values.chunks_exact(h * w)) {
                    *value = plane[at];
                }
                gram.add_outer(weight, &input, &input);
                moments.add_outer(weight, &input, &output);
            }
        }
        let solved = least_squares(&gram, &moments, 1e-7);
        let column = |range: std::ops::Range<usize>| -> Vec<f32> {
            let outputs = (0..n).flat_map(|o| range.clone().map(move |i| (o, i)));
            outputs
                .map(|(o, i)| solved.values[i * n + o] as f32)
                .collect()
        };
        (column(0..9 * wide), column(9 * wide..inputs))
    }

    /// Quantised latents after the gains of `step`.
    fn dequantised(&self, shape: &Shape, latents: &[f32], area: usize, step: usize) -> Vec<f32> {
        let (c, size) = (shape.channels(), step_size(step));
        let condition = shape.condition(step, 0);
        let gains: Vec<f32> = (0..c)
            .map(|channel| {
                let anchors = condition[..shape.anchors].iter().enumerate();
                let sum: f32 = anchors
                    .map(|(a, part)| part * self.shrink[a * c + channel])
                    .sum();
                1.0 + sum
            })
            .collect();
        latents
            .chunks_exact(area)
            .zip(&gains)
            .flat_map(|(plane, gain)| {
                plane
                    .iter()
                    .map(move |&y| gain * quantised(y, size, DEAD_ZONE))
            })
            .collect()
    }
}

/// The inputs of the linear synthesis at place `at`.
pub(crate) fn gather(
    latents: &[f32],
    [h, w]: [usize; 2],
    at: usize,
    wide: usize,
    input: &mut [f32],
) {
    let (row, column) = ((at / w) as isize, (at % w) as isize);
    let area = h * w;
    for channel in 0..wide {
        for tap in 0..9 {
            let (y, x) = (row + tap / 3 - 1, column + tap % 3 - 1);
            let inside = (0..h as isize).contains(&y) && (0..w as isize).contains(&x);
            input[9 * channel + tap as usize] = if inside {
                latents[channel * area + y as usize * w + x as usize]
            } else {
                0.0
            };
        }
    }
    for (value, plane) in input[9 * wide..]
        .iter_mut()
        .zip(latents.chunks_exact(area).skip(wide))
    {
        *value = plane[at];
    }
}
