//! The encoder: wavelet packets and one matrix, in plain arithmetic.

/// Places that are projected at a time, so that their coefficients stay in the cache.
const CHUNK: usize = 128;
/// Channels that are summed side by side.
const TOGETHER: usize = 4;

/// The channels of coefficients `[n, area]`: `[channels, area]`, where `matrix` is `[channels, n]`.
///
/// # Panics
/// If the slices do not have these shapes.
#[must_use]
pub fn project(matrix: &[f32], coefficients: &[f32], n: usize, area: usize) -> Vec<f32> {
    assert!(coefficients.len() == n * area && matrix.len().is_multiple_of(n));
    let channels = matrix.len() / n;
    let mut out = vec![0.0; channels * area];
    let mut sums = [[0.0f32; CHUNK]; TOGETHER];
    for start in (0..area).step_by(CHUNK) {
        let len = CHUNK.min(area - start);
        for first in (0..channels).step_by(TOGETHER) {
            let together = TOGETHER.min(channels - first);
            sums.iter_mut().for_each(|sums| sums.fill(0.0));
            for band in 0..n {
                let values = &coefficients[band * area + start..][..len];
                for (k, sums) in sums.iter_mut().enumerate().take(together) {
                    let weight = matrix[(first + k) * n + band];
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += weight * value;
                    }
                }
            }
            for (k, sums) in sums.iter().enumerate().take(together) {
                out[(first + k) * area + start..][..len].copy_from_slice(&sums[..len]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn projection_is_the_product_of_matrices() {
        let (channels, n, area) = (6, 5, 300);
        let mut random = Random::new(1, 0);
        let matrix: Vec<f32> = (0..channels * n).map(|_| random.normal()).collect();
        let coefficients: Vec<f32> = (0..n * area).map(|_| random.normal()).collect();
        let out = project(&matrix, &coefficients, n, area);
        for channel in 0..channels {
            for at in 0..area {
                let expected: f32 = (0..n)
                    .map(|b| matrix[channel * n + b] * coefficients[b * area + at])
                    .sum();
                assert!((out[channel * area + at] - expected).abs() < 1e-5);
            }
        }
    }
}
