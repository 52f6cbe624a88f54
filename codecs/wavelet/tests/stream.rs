//! Chunks of a signal give the bits that the whole gives.

#![allow(clippy::unwrap_used, reason = "a promise that is broken ends its test")]

use codec_wavelet::{Boundary, Error, ForwardStream, InverseStream, Packet1d};
use proptest::prelude::*;

/// `[c, n]`, a tone with noise.
fn signal(c: usize, n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed | 1;
    (0..c * n)
        .map(|at| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (at as f32 * 0.05).sin() + (state >> 8) as f32 / 16_777_216.0
        })
        .collect()
}

/// Appends `[rows, k]` to rows.
fn append(rows: &mut [Vec<f32>], chunk: &[f32]) {
    let length = chunk.len() / rows.len();
    assert_eq!(chunk.len(), rows.len() * length);
    for (at, row) in rows.iter_mut().enumerate() {
        row.extend_from_slice(&chunk[at * length..][..length]);
    }
}

/// Columns `from..to` of `[rows, n]`.
fn columns(values: &[f32], n: usize, from: usize, to: usize) -> Vec<f32> {
    values
        .chunks_exact(n)
        .flat_map(|row| &row[from..to])
        .copied()
        .collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn compare(c: usize, n: usize, levels: u32, cuts: &[usize], seed: u32) {
    let packet = Packet1d::new(levels).unwrap();
    let samples = signal(c, n, seed);
    let whole = packet.forward(&samples, [c, n]).unwrap();

    let mut stream = ForwardStream::new(&packet, c).unwrap();
    let mut bands = vec![Vec::new(); c * packet.bands()];
    let mut from = 0;
    for cut in cuts.iter().map(|cut| cut % (n + 1)).chain([n]) {
        let to = cut.max(from);
        append(
            &mut bands,
            &stream.push(&columns(&samples, n, from, to)).unwrap(),
        );
        from = to;
    }
    append(&mut bands, &stream.finish());
    assert_eq!(
        bits(&bands.concat()),
        bits(&whole),
        "{c}x{n}, {levels}, {cuts:?}"
    );

    let blocks = packet.band_len(n);
    let mut stream = InverseStream::new(&packet, c).unwrap();
    let mut channels = vec![Vec::new(); c];
    let mut from = 0;
    for cut in cuts.iter().map(|cut| cut % (blocks + 1)).chain([blocks]) {
        let to = cut.max(from);
        append(
            &mut channels,
            &stream.push(&columns(&whole, blocks, from, to)).unwrap(),
        );
        from = to;
    }
    append(&mut channels, &stream.finish(n).unwrap());
    let back = packet.inverse(&whole, [c, n]).unwrap();
    assert_eq!(
        bits(&channels.concat()),
        bits(&back),
        "{c}x{n}, {levels}, {cuts:?}"
    );
}

proptest! {
    #[test]
    fn equal_the_whole(
        c in 1usize..3,
        n in 1usize..5000,
        levels in 0u32..=10,
        cuts in prop::collection::vec(0usize..5001, 0..8),
        seed: u32,
    ) {
        compare(c, n, levels, &cuts, seed);
    }
}

#[test]
fn equal_the_whole_where_windows_move() {
    compare(2, 150_001, 0, &[70_000], 1);
    compare(1, 150_000, 1, &[3, 70_000], 1);
    compare(1, 150_000, 3, &[5, 70_000, 70_001], 2);
    compare(1, 262_144, 8, &[100, 140_001], 3);
    compare(1, 300_003, 10, &[1, 2, 3, 250_000], 4);
}

#[test]
fn equal_the_whole_sample_by_sample() {
    let cuts: Vec<usize> = (0..200).collect();
    compare(1, 200, 3, &cuts, 5);
}

#[test]
fn of_nothing_are_empty() {
    let packet = Packet1d::new(3).unwrap();
    assert!(ForwardStream::new(&packet, 2).unwrap().finish().is_empty());
    let stream = InverseStream::new(&packet, 2).unwrap();
    assert!(stream.finish(0).unwrap().is_empty());
    let mut stream = ForwardStream::new(&packet, 0).unwrap();
    assert!(stream.push(&[]).unwrap().is_empty());
}

#[test]
fn refuse_what_does_not_fit() {
    let periodic = Packet1d::new(3).unwrap().with_boundary(Boundary::Periodic);
    assert_eq!(ForwardStream::new(&periodic, 1).unwrap_err(), Error::Stream);
    assert_eq!(InverseStream::new(&periodic, 1).unwrap_err(), Error::Stream);
    let packet = Packet1d::new(1).unwrap();
    let mut stream = ForwardStream::new(&packet, 2).unwrap();
    assert!(matches!(stream.push(&[0.0; 3]), Err(Error::Length { .. })));
    let mut stream = InverseStream::new(&packet, 2).unwrap();
    assert!(matches!(stream.push(&[0.0; 6]), Err(Error::Length { .. })));
    stream.push(&[0.0; 8]).unwrap();
    assert!(matches!(stream.finish(5), Err(Error::Length { .. })));
}
