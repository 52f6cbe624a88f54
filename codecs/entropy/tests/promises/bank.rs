//! The fixed tables against floating-point arithmetic, and for ever the same.

use codec_entropy::bank::{Bank, SCALES};
use codec_entropy::{BIT, Interval};
use std::f64::consts::{PI, SQRT_2};

use crate::fingerprint;

const TOTAL: f64 = 65_536.0;

fn deviation(scale: usize) -> f64 {
    2f64.powf((3.0 * scale as f64 - 48.0) / 16.0)
}

fn gaussian(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * PI).sqrt()
}

fn laplace(x: f64) -> f64 {
    (-SQRT_2 * x.abs()).exp() / SQRT_2
}

fn logistic(x: f64) -> f64 {
    let rate = PI / 3f64.sqrt();
    let e = (-rate * x.abs()).exp();
    rate * e / (1.0 + e).powi(2)
}

/// The probability of `k` by Simpson's rule, which has nothing in common with how tables are made.
fn probability(density: Density, deviation: f64, k: i32) -> f64 {
    let steps = 400;
    let at = |i: i32| {
        let weight = if i == 0 || i == steps {
            1.0
        } else {
            f64::from(2 + 2 * (i % 2))
        };
        weight * density((f64::from(k) - 0.5 + f64::from(i) / f64::from(steps)) / deviation)
    };
    // A corner of the Laplace density at 0 is at the end of a step.
    (0..=steps).map(at).sum::<f64>() / f64::from(3 * steps) / deviation
}

type Density = fn(f64) -> f64;

fn banks() -> [(&'static Bank, Density); 3] {
    [
        (Bank::gaussian(), gaussian),
        (Bank::laplace(), laplace),
        (Bank::logistic(), logistic),
    ]
}

fn frequency(bank: &Bank, scale: usize, k: i32) -> Option<u32> {
    bank.interval(scale, k).map(Interval::frequency)
}

#[test]
fn frequencies_are_those_of_the_distributions() {
    for (bank, density) in banks() {
        for scale in (0..SCALES).step_by(3).chain([SCALES - 1]) {
            for k in (0..).step_by(1 + scale / 8) {
                let Some(frequency) = frequency(bank, scale, k) else {
                    break;
                };
                let expected = TOTAL * probability(density, deviation(scale), k);
                let tolerance = if k == 0 { 3.0 } else { 1.6 };
                let difference = (f64::from(frequency) - expected).abs();
                assert!(
                    difference <= tolerance,
                    "scale {scale}, {k}: {frequency}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn tables_cost_next_to_nothing_over_the_distributions() {
    for (bank, density) in banks() {
        for scale in 0..SCALES {
            let deviation = deviation(scale);
            let (mut ideal, mut actual) = (0.0, 0.0);
            for k in 0..(16.0 * deviation + 4.0) as i32 {
                let probability = probability(density, deviation, k);
                if probability > 1e-15 {
                    let both_signs = if k == 0 {
                        probability
                    } else {
                        2.0 * probability
                    };
                    ideal -= both_signs * probability.log2();
                    actual += both_signs * bank.ideal_bits(scale, k) as f64 / BIT as f64;
                }
            }
            assert!(
                actual - ideal < 0.02,
                "scale {scale}: {actual} bits, not {ideal}"
            );
        }
    }
}

#[test]
fn tables_are_symmetric() {
    for (bank, _) in banks() {
        for scale in 0..SCALES {
            for k in 1..5000 {
                assert_eq!(frequency(bank, scale, k), frequency(bank, scale, -k));
            }
        }
    }
}

#[test]
fn the_index_is_that_of_the_nearest_scale() {
    for scale in 0..SCALES {
        let exact = deviation(scale) * TOTAL;
        for factor in [0.94, 1.0, 1.06] {
            assert_eq!(Bank::scale_index((exact * factor) as u32), scale);
        }
    }
    assert_eq!(Bank::scale_index(0), 0);
    assert_eq!(Bank::scale_index(u32::MAX), SCALES - 1);
}

#[test]
fn the_tables_never_change() {
    let all = banks().map(|(bank, _)| {
        fingerprint((0..SCALES).flat_map(|scale| {
            let frequencies = (-5000..=5000).filter_map(move |k| frequency(bank, scale, k));
            frequencies.flat_map(u32::to_le_bytes)
        }))
    });
    assert_eq!(
        all,
        [
            2973946270770147516,
            14122549501012473848,
            432483532971020148
        ]
    );
}
