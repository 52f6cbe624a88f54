//! What the lifting steps compute, against the filters that they are made of.

#![allow(clippy::unwrap_used, reason = "a promise that is broken ends its test")]

use std::num::NonZeroUsize;

use codec_wavelet::{Boundary, Error, MAX_LEVELS, Packet1d, Packet2d};

/// The analysis filters of `bior4.4` from their middle on; those of PyWavelets are these with the high
/// one negated.
const LOW: [f64; 5] = [
    0.852_698_679_008_893_8,
    0.377_402_855_612_830_66,
    -0.110_624_404_418_437_18,
    -0.023_849_465_019_556_843,
    0.037_828_455_507_264_04,
];
const HIGH: [f64; 4] = [
    0.788_485_616_405_582_9,
    -0.418_092_273_221_617_24,
    -0.040_689_417_609_164_06,
    0.064_538_882_628_697_06,
];

/// `signal` in band-limited noise that is the same everywhere.
fn noise(length: usize) -> Vec<f32> {
    let mut state = 12_345_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

/// Splits by convolution: low bands are centred at even samples, high bands at odd ones.
fn convolve(signal: &[f64], index: impl Fn(i64, i64) -> i64) -> [Vec<f64>; 2] {
    let n = signal.len() as i64;
    let at = |t: i64| signal[index(t, n) as usize];
    let filter = |taps: &[f64], centre: i64| {
        (1..taps.len()).fold(taps[0] * at(centre), |sum, k| {
            sum + taps[k] * (at(centre - k as i64) + at(centre + k as i64))
        })
    };
    [
        (0..n / 2).map(|t| filter(&LOW, 2 * t)).collect(),
        (0..n / 2).map(|t| filter(&HIGH, 2 * t + 1)).collect(),
    ]
}

fn periodic(t: i64, n: i64) -> i64 {
    t.rem_euclid(n)
}

fn symmetric(t: i64, n: i64) -> i64 {
    let t = t.rem_euclid(2 * n - 2);
    t.min(2 * n - 2 - t)
}

/// Bands of the full tree by convolution, in the order of the tree.
fn tree(signal: Vec<f64>, levels: u32, index: &impl Fn(i64, i64) -> i64) -> Vec<Vec<f64>> {
    (0..levels).fold(vec![signal], |bands, _| {
        bands
            .iter()
            .flat_map(|band| convolve(band, index))
            .collect()
    })
}

fn check(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*found) - expected).abs() < 2e-6,
            "{at}: {found} {expected}"
        );
    }
}

#[test]
fn signals_are_convolved_with_the_filters() {
    for levels in 0..4 {
        let signal = noise(96);
        let wide: Vec<f64> = signal.iter().copied().map(f64::from).collect();
        let packet = Packet1d::new(levels).unwrap();
        let found = packet.forward(&signal, [1, 96]).unwrap();
        check(&found, &tree(wide.clone(), levels, &symmetric).concat());
        let packet = packet.with_boundary(Boundary::Periodic);
        let found = packet.forward(&signal, [1, 96]).unwrap();
        check(&found, &tree(wide, levels, &periodic).concat());
    }
}

/// Bands of the full tree of an image by convolution: rows, then columns, level for level.
fn image_tree(
    image: Vec<f64>,
    [h, w]: [usize; 2],
    levels: u32,
    index: &impl Fn(i64, i64) -> i64,
) -> Vec<f64> {
    if levels == 0 {
        return image;
    }
    let rows: Vec<_> = image
        .chunks_exact(w)
        .map(|row| convolve(row, index))
        .collect();
    let mut quarters = vec![Vec::new(); 4];
    for horizontal in 0..2 {
        let columns: Vec<_> = (0..w / 2)
            .map(|x| {
                let column: Vec<f64> = rows.iter().map(|row| row[horizontal][x]).collect();
                convolve(&column, index)
            })
            .collect();
        for vertical in 0..2 {
            quarters[2 * vertical + horizontal] = (0..h / 2)
                .flat_map(|y| columns.iter().map(move |column| column[vertical][y]))
                .collect();
        }
    }
    quarters
        .into_iter()
        .flat_map(|quarter| image_tree(quarter, [h / 2, w / 2], levels - 1, index))
        .collect()
}

#[test]
fn images_are_convolved_with_the_filters_in_the_documented_order() {
    let pixels = noise(2 * 40 * 24);
    for levels in 0..4 {
        let expected = |index: &dyn Fn(i64, i64) -> i64| -> Vec<f64> {
            pixels
                .chunks_exact(40 * 24)
                .flat_map(|plane| {
                    let plane = plane.iter().copied().map(f64::from).collect();
                    image_tree(plane, [40, 24], levels, &|t, n| index(t, n))
                })
                .collect()
        };
        let packet = Packet2d::new(levels).unwrap();
        let found = packet.forward(&pixels, [2, 40, 24]).unwrap();
        check(&found, &expected(&symmetric));
        let packet = packet.with_boundary(Boundary::Periodic);
        let found = packet.forward(&pixels, [2, 40, 24]).unwrap();
        check(&found, &expected(&periodic));
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let pixels = noise(3 * 211 * 333);
    let signal = noise(2 * 90_001);
    for boundary in [Boundary::Symmetric, Boundary::Periodic] {
        let image = Packet2d::new(3).unwrap().with_boundary(boundary);
        let line = Packet1d::new(5).unwrap().with_boundary(boundary);
        let bands = image.forward(&pixels, [3, 211, 333]).unwrap();
        let back = image.inverse(&bands, [3, 211, 333]).unwrap();
        let line_bands = line.forward(&signal, [2, 90_001]).unwrap();
        let line_back = line.inverse(&line_bands, [2, 90_001]).unwrap();
        for threads in [2, 3, 7] {
            let threads = NonZeroUsize::new(threads).unwrap();
            let image = image.clone().with_threads(threads);
            let line = line.clone().with_threads(threads);
            assert_eq!(image.forward(&pixels, [3, 211, 333]).unwrap(), bands);
            assert_eq!(image.inverse(&bands, [3, 211, 333]).unwrap(), back);
            assert_eq!(line.forward(&signal, [2, 90_001]).unwrap(), line_bands);
            assert_eq!(line.inverse(&line_bands, [2, 90_001]).unwrap(), line_back);
        }
    }
}

/// FNV-1a over the bits of values.
fn digest(values: &[f32]) -> u64 {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[test]
fn bits_are_those_of_every_processor() {
    let packet = Packet2d::new(3).unwrap();
    let bands = packet.forward(&noise(3 * 61 * 83), [3, 61, 83]).unwrap();
    let back = packet.inverse(&bands, [3, 61, 83]).unwrap();
    assert_eq!(
        [digest(&bands), digest(&back)],
        [13_970_820_947_124_917_244, 18_296_150_893_608_003_673]
    );
    let packet = Packet1d::new(8).unwrap();
    let bands = packet.forward(&noise(70_001), [1, 70_001]).unwrap();
    let back = packet.inverse(&bands, [1, 70_001]).unwrap();
    assert_eq!(
        [digest(&bands), digest(&back)],
        [16_098_577_483_498_177_612, 10_508_154_706_555_027_891]
    );
}

#[test]
fn shapes_are_checked() {
    assert_eq!(Packet2d::new(11).unwrap_err(), Error::Levels(11));
    assert_eq!(Packet1d::new(11).unwrap_err(), Error::Levels(11));
    let packet = Packet2d::new(MAX_LEVELS).unwrap();
    let found = packet.forward(&[0.0; 5], [1, 2, 3]).unwrap_err();
    assert!(
        matches!(
            found,
            Error::Length {
                expected: 6,
                found: 5,
                ..
            }
        ),
        "{found}"
    );
    assert_eq!(
        packet.forward(&[], [usize::MAX, 5, 9]),
        Err(Error::TooLarge)
    );
    assert_eq!(
        packet.inverse(&[], [1 << 40, 1 << 40, 9]),
        Err(Error::TooLarge)
    );
    let packet = Packet1d::new(MAX_LEVELS).unwrap();
    assert_eq!(packet.forward(&[], [usize::MAX, 9]), Err(Error::TooLarge));
    assert!(packet.inverse(&[0.0; 1024], [1, 0]).is_err());
    assert!(packet.forward(&[], [3, 0]).unwrap().is_empty());
}
