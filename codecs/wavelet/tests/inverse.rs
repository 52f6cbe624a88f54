//! Inverses give the samples back to rounding, whatever the size, depth and boundary.

#![allow(clippy::unwrap_used, reason = "a promise that is broken ends its test")]

use codec_wavelet::{Boundary, Packet1d, Packet2d};
use proptest::prelude::*;

fn noise(length: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 - 0.5
        })
        .collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .fold(0.0, |most, (a, b)| (a - b).abs().max(most))
}

fn boundaries() -> impl Strategy<Value = Boundary> {
    prop_oneof![Just(Boundary::Symmetric), Just(Boundary::Periodic)]
}

proptest! {
    #[test]
    fn of_images(c in 0usize..4, h in 1usize..70, w in 1usize..70, levels in 0u32..6, seed: u32, boundary in boundaries()) {
        let packet = Packet2d::new(levels).unwrap().with_boundary(boundary);
        let pixels = noise(c * h * w, seed);
        let coefficients = packet.forward(&pixels, [c, h, w]).unwrap();
        let back = packet.inverse(&coefficients, [c, h, w]).unwrap();
        prop_assert!(largest_difference(&pixels, &back) < 1e-5);
    }

    #[test]
    fn of_signals(c in 0usize..4, n in 1usize..3000, levels in 0u32..=10, seed: u32, boundary in boundaries()) {
        let packet = Packet1d::new(levels).unwrap().with_boundary(boundary);
        let samples = noise(c * n, seed);
        let coefficients = packet.forward(&samples, [c, n]).unwrap();
        let back = packet.inverse(&coefficients, [c, n]).unwrap();
        prop_assert!(largest_difference(&samples, &back) < 2e-5);
    }
}

#[test]
fn of_the_smallest_images() {
    for (h, w) in [(1, 1), (1, 2), (1, 17), (17, 1), (3, 5), (2, 2), (8, 9)] {
        for levels in 0..=10 {
            let packet = Packet2d::new(levels).unwrap();
            let pixels = noise(h * w, 7);
            let coefficients = packet.forward(&pixels, [1, h, w]).unwrap();
            let back = packet.inverse(&coefficients, [1, h, w]).unwrap();
            assert!(
                largest_difference(&pixels, &back) < 1e-5,
                "{h}x{w}, {levels}"
            );
        }
    }
}

#[test]
fn energy_is_nearly_kept() {
    let packet = Packet2d::new(3).unwrap();
    let pixels = noise(128 * 128, 3);
    let coefficients = packet.forward(&pixels, [1, 128, 128]).unwrap();
    let energy = |values: &[f32]| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
    let ratio = energy(&coefficients) / energy(&pixels);
    // White noise is the worst case: expected are 1.0117 for each level and axis, and a little at edges.
    assert!((1.0..1.15).contains(&ratio), "{ratio}");
}

#[test]
fn a_constant_becomes_the_first_band_alone() {
    let packet = Packet2d::new(3).unwrap();
    let coefficients = packet.forward(&[0.25; 45 * 33], [1, 45, 33]).unwrap();
    let (first, others) = coefficients.split_at(6 * 5);
    assert!(first.iter().all(|v| (v - 2.0).abs() < 1e-5));
    assert!(others.iter().all(|v| v.abs() < 1e-5));
}
