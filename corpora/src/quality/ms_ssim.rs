//! Multi-scale structural similarity (Wang, Simoncelli, Bovik: "Multi-scale structural similarity for
//! image quality assessment", 2003).

use codec_core::Result;

use super::both_rgb;
use crate::picture::Picture;

/// Weights of the scales from fine to coarse, from the paper.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// Width of the Gaussian window.
const TAPS: usize = 11;
const SIGMA: f64 = 1.5;
/// Constants that keep the quotients finite, for samples up to 255.
const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// MS-SSIM: the mean of those of red, green and blue, 1 for equal pictures.
///
/// Five scales, a Gaussian window of 11 x 11 with sigma 1.5 that stays within the picture, and means
/// of 2 x 2 pixels from each scale to the next (the last row or column of an odd number is left out).
/// Pictures of fewer than 161 pixels on a side have fewer scales, whose weights are made to sum to 1;
/// below 11 pixels the window shrinks with them. Contrasts that are turned round count as none.
///
/// # Errors
/// [`Error::Usage`](codec_core::Error::Usage) if the pictures differ in size.
pub fn ms_ssim(original: &Picture, decoded: &Picture) -> Result<f64> {
    let (original, decoded) = both_rgb(original, decoded)?;
    let plane = |colours: &super::Colours, channel: usize| Plane {
        width: colours.width,
        samples: {
            let samples = colours.samples.iter().skip(channel).step_by(3);
            samples.map(|sample| f32::from(*sample)).collect()
        },
    };
    let scores =
        (0..3).map(|channel| of_planes(plane(&original, channel), plane(&decoded, channel)));
    Ok(scores.sum::<f64>() / 3.0)
}

/// Samples of one colour, row by row.
struct Plane {
    width: usize,
    samples: Vec<f32>,
}

impl Plane {
    fn height(&self) -> usize {
        self.samples.len() / self.width.max(1)
    }

    fn rows(&self) -> std::slice::ChunksExact<'_, f32> {
        self.samples.chunks_exact(self.width.max(1))
    }

    /// Half the size: means of 2 x 2 samples.
    fn halved(&self) -> Plane {
        let mut samples = Vec::with_capacity(self.samples.len() / 4);
        let rows: Vec<&[f32]> = self.rows().collect();
        for pair in rows.as_chunks::<2>().0 {
            let columns = pair[0]
                .as_chunks::<2>()
                .0
                .iter()
                .zip(pair[1].as_chunks::<2>().0);
            samples.extend(columns.map(|([a, b], [c, d])| (a + b + c + d) / 4.0));
        }
        Plane {
            width: self.width / 2,
            samples,
        }
    }

    /// Weighted by the window, wherever all of it lies within the plane.
    fn blurred(&self, window: &[f32]) -> Vec<f32> {
        let across: Vec<f32> = self
            .rows()
            .flat_map(|row| row.windows(window.len()).map(|part| dot(part, window)))
            .collect();
        let width = (self.width + 1).saturating_sub(window.len());
        let height = (self.height() + 1).saturating_sub(window.len());
        let mut down = vec![0.0; width * height];
        for (y, sums) in down.chunks_exact_mut(width.max(1)).enumerate() {
            let rows = across.chunks_exact(width.max(1)).skip(y);
            for (row, weight) in rows.zip(window) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
        }
        down
    }

    fn times(&self, other: &Plane) -> Plane {
        let products = self.samples.iter().zip(&other.samples).map(|(a, b)| a * b);
        Plane {
            width: self.width,
            samples: products.collect(),
        }
    }
}

fn dot(values: &[f32], weights: &[f32]) -> f32 {
    values
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum()
}

fn of_planes(mut original: Plane, mut decoded: Plane) -> f64 {
    let side = original.width.min(original.height());
    let scales = (0..WEIGHTS.len())
        .take_while(|scale| *scale == 0 || side >> scale >= TAPS)
        .count();
    let used = WEIGHTS.get(..scales).unwrap_or(&WEIGHTS);
    let whole: f64 = used.iter().sum();
    let window = gaussian(TAPS.min(side));
    let mut product = 1.0;
    for (scale, weight) in used.iter().enumerate() {
        let (structure, full) = similarity(&original, &decoded, &window);
        // Luminance counts at the coarsest scale only.
        let factor = if scale + 1 == scales { full } else { structure };
        product *= factor.max(0.0).powf(weight / whole);
        if scale + 1 < scales {
            original = original.halved();
            decoded = decoded.halved();
        }
    }
    product
}

/// Mean of contrast and structure, and of these times luminance.
fn similarity(original: &Plane, decoded: &Plane, window: &[f32]) -> (f64, f64) {
    let means = [original.blurred(window), decoded.blurred(window)];
    let squares = [
        original.times(original).blurred(window),
        decoded.times(decoded).blurred(window),
        original.times(decoded).blurred(window),
    ];
    let (mut structure, mut full) = (0.0, 0.0);
    for (index, (a, b)) in means[0].iter().zip(&means[1]).enumerate() {
        let (a, b) = (f64::from(*a), f64::from(*b));
        let [aa, bb, ab] = [0, 1, 2].map(|which: usize| {
            squares
                .get(which)
                .and_then(|plane| plane.get(index))
                .map_or(0.0, |value| f64::from(*value))
        });
        let contrast = (2.0 * (ab - a * b) + C2) / (aa - a * a + bb - b * b + C2);
        structure += contrast;
        full += contrast * (2.0 * a * b + C1) / (a * a + b * b + C1);
    }
    let count = means[0].len().max(1) as f64;
    (structure / count, full / count)
}

/// A Gaussian of `taps` values that sum to 1.
fn gaussian(taps: usize) -> Vec<f32> {
    let middle = (taps.saturating_sub(1)) as f64 / 2.0;
    let value = |at: usize| (-(at as f64 - middle).powi(2) / (2.0 * SIGMA * SIGMA)).exp();
    let sum: f64 = (0..taps).map(value).sum();
    (0..taps).map(|at| (value(at) / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;
    use crate::picture::Samples;

    fn flat(side: u32, value: u8) -> Picture {
        let samples = vec![value; (side * side) as usize];
        Picture::new(side, side, 1, Samples::Eight(samples)).unwrap()
    }

    #[test]
    fn the_window_is_the_usual_one() {
        let window = gaussian(TAPS);
        assert!((window.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        // As tables of this window give it.
        assert!((window[0] - 0.001_028).abs() < 1e-5);
        assert!((window[5] - 0.266_012).abs() < 1e-5);
    }

    #[test]
    fn equal_pictures_have_1() {
        for (width, height) in [(200, 170), (64, 40), (12, 11), (3, 2), (1, 1)] {
            let picture = sample(width, height, 20);
            let score = ms_ssim(&picture, &picture).unwrap();
            assert!((score - 1.0).abs() < 1e-6, "{width} x {height}: {score}");
        }
    }

    #[test]
    fn flat_pictures_differ_in_luminance_at_the_coarsest_scale() {
        let (a, b) = (100.0, 150.0);
        let luminance: f64 = (2.0 * a * b + C1) / (a * a + b * b + C1);
        let score = ms_ssim(&flat(176, 100), &flat(176, 150)).unwrap();
        // Rounding of 32-bit squares is seen in the contrasts of flat pictures.
        assert!((score - luminance.powf(0.1333)).abs() < 1e-3, "{score}");
        // Below 22 pixels one scale is left, of weight 1.
        let score = ms_ssim(&flat(20, 100), &flat(20, 150)).unwrap();
        assert!((score - luminance).abs() < 1e-3, "{score}");
    }

    #[test]
    fn scores_fall_with_noise() {
        let clean = sample(192, 176, 0);
        let scores =
            [4, 16, 64, 250].map(|noise| ms_ssim(&clean, &sample(192, 176, noise)).unwrap());
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
        assert!(scores[0] > 0.99 && scores[3] < 0.95, "{scores:?}");
    }

    #[test]
    fn contrast_alone_has_its_known_value() {
        // A checkerboard of single pixels around 128 against one of twice its contrast: the finest
        // scale has contrast and structure 2 s t / (s s + t t), all coarser ones are flat.
        let board = |step: u8| {
            let value = |at: u32| {
                if (at / 176 + at % 176).is_multiple_of(2) {
                    128 + step
                } else {
                    128 - step
                }
            };
            Picture::new(
                176,
                176,
                1,
                Samples::Eight((0..176 * 176).map(value).collect()),
            )
            .unwrap()
        };
        let (s, t) = (10.0, 20.0);
        let contrast: f64 = (2.0 * s * t + C2) / (s * s + t * t + C2);
        let score = ms_ssim(&board(10), &board(20)).unwrap();
        assert!((score - contrast.powf(0.0448)).abs() < 1e-3, "{score}");
    }
}
