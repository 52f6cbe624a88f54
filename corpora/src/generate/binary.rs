//! Bytes that are not text.

use super::{Prng, fill};

/// Records of 32 bytes, little endian: counter `u32`, time `u64`, sensor `u16`, flags `u16`, three
/// slowly moving `i32`, and a check `u32`.
pub(super) fn records(len: usize, prng: &mut Prng) -> Vec<u8> {
    let mut counter: u32 = 0;
    let mut time: u64 = 1_900_000_000_000;
    let mut values = [20_000_i32, -500, 1_000_000];
    fill(len, |out| {
        counter = counter.wrapping_add(1);
        time += 10 + prng.zipf(4);
        for (value, step) in values.iter_mut().zip([9, 3, 401]) {
            *value = value.wrapping_add(prng.below(step) as i32 - step as i32 / 2);
        }
        let flags: u16 = if prng.one_in(30) { 0x8001 } else { 1 };
        out.extend_from_slice(&counter.to_le_bytes());
        out.extend_from_slice(&time.to_le_bytes());
        out.extend_from_slice(&((counter % 12) as u16).to_le_bytes());
        out.extend_from_slice(&flags.to_le_bytes());
        for value in values {
            out.extend_from_slice(&value.to_le_bytes());
        }
        let check = (time as u32 ^ counter).wrapping_mul(0x9e37_79b1);
        out.extend_from_slice(&check.to_le_bytes());
    })
}

/// Runs of zeros, 63 bytes long on average, each followed by a small value.
pub(super) fn sparse(len: usize, prng: &mut Prng) -> Vec<u8> {
    fill(len, |out| {
        out.resize(out.len() + prng.below(127) as usize, 0);
        out.push(1 + prng.zipf(5) as u8);
    })
}

pub(super) fn random(len: usize, prng: &mut Prng) -> Vec<u8> {
    fill(len, |out| {
        out.extend_from_slice(&prng.next_u64().to_le_bytes())
    })
}

/// Bytes in a row of the image.
const ROW: usize = 512;
/// log2 of the distance between the points of each lattice of noise, in pixels.
const LATTICES: [u32; 3] = [7, 5, 3];

/// Lattices of random heights, interpolated and added up, with a finer one half as high as the one
/// before; then noise of one grey level.
pub(super) fn image(len: usize, seed: u64) -> Vec<u8> {
    (0..len)
        .map(|at| {
            let (x, y) = ((at % ROW) as u64, (at / ROW) as u64);
            let smooth: u64 = LATTICES
                .iter()
                .enumerate()
                .map(|(octave, shift)| height(x, y, *shift, seed) >> octave)
                .sum();
            let noise = point(x, y, 0, seed) & 1;
            (smooth * 4 / 7 + noise).min(255) as u8
        })
        .collect()
}

/// The height at a pixel, `0..=255`, between the four lattice points around it.
fn height(x: u64, y: u64, shift: u32, seed: u64) -> u64 {
    let step = 1 << shift;
    let (left, top) = (x >> shift, y >> shift);
    let (dx, dy) = (x & (step - 1), y & (step - 1));
    let corner = |right: u64, down: u64| point(left + right, top + down, shift, seed) & 255;
    let upper = corner(0, 0) * (step - dx) + corner(1, 0) * dx;
    let lower = corner(0, 1) * (step - dx) + corner(1, 1) * dx;
    (upper * (step - dy) + lower * dy) >> (2 * shift)
}

/// Random bits of a lattice point.
fn point(x: u64, y: u64, lattice: u32, seed: u64) -> u64 {
    let place = (y << 24 | x) << 4 | u64::from(lattice);
    Prng::new(seed ^ place.wrapping_mul(0xd134_2543_de82_ef95)).next_u64()
}
