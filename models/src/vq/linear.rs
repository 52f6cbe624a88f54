//! The linear path of the decoder, by least squares.

use crate::linear::{Matrix, least_squares};
use crate::walloc::closed_form::{Coefficients, gather};
use crate::walloc::net::Shape;

/// The linear path.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearForm {
    /// `[coefficients, channels, 3, 3]`.
    pub near: Vec<f32>,
    /// Deviation of what it leaves over of each coefficient.
    pub left: Vec<f32>,
}

/// Fits it to decoded latents (`[channels, area]`) and the coefficients that they stand for.
#[must_use]
pub fn fit(pairs: &[(Vec<f32>, Coefficients)], shape: &Shape) -> LinearForm {
    let (n, inputs) = (shape.coefficients(), 9 * shape.channels());
    let (mut gram, mut moments) = (Matrix::zeros(inputs, inputs), Matrix::zeros(inputs, n));
    let mut energy = vec![0.0f64; n];
    let mut count = 0.0;
    let (mut input, mut output) = (vec![0.0; inputs], vec![0.0; n]);
    for (latents, crop) in pairs {
        let (h, w) = (crop.height, crop.width);
        for at in 0..h * w {
            gather(latents, [h, w], at, shape.channels(), &mut input);
            for (value, plane) in output.iter_mut().zip(crop.values.chunks_exact(h * w)) {
                *value = plane[at];
            }
            gram.add_outer(1.0, &input, &input);
            moments.add_outer(1.0, &input, &output);
            for (energy, value) in energy.iter_mut().zip(&output) {
                *energy += f64::from(value * value);
            }
            count += 1.0;
        }
    }
    let solved = least_squares(&gram, &moments, 1e-6);
    let at = |i: usize, o: usize| solved.values[i * n + o];
    let near = (0..n).flat_map(|o| (0..inputs).map(move |i| (o, i)));
    let near = near.map(|(o, i)| at(i, o) as f32).collect();
    // What is explained is the product of the solution with the moments.
    let left = (0..n).map(|o| {
        let explained: f64 = (0..inputs)
            .map(|i| at(i, o) * moments.values[i * n + o])
            .sum();
        (((energy[o] - explained) / f64::max(count, 1.0)).max(1e-10)).sqrt() as f32
    });
    LinearForm {
        near,
        left: left.collect(),
    }
}
