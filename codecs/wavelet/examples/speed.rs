//! Times the transforms: `cargo run --release -p codec-wavelet --example speed`.
//!
//! The best of several runs, in processor time of one thread.

use std::hint::black_box;
use std::time::{Duration, Instant};

use codec_wavelet::{Error, ForwardStream, Packet1d, Packet2d, bytes_of_planes, planes_of_bytes};
use cpu_time::ThreadTime;

fn main() -> Result<(), Error> {
    for [h, w] in [[512, 768], [2048, 3072]] {
        for levels in [1, 3, 4] {
            image(h, w, levels)?;
        }
    }
    for levels in [1, 4, 8, 10] {
        signal(2, 44_100 * 30, levels)?;
    }
    stream(2, 4096, 8)?;
    bytes(512, 768)
}

fn image(h: usize, w: usize, levels: u32) -> Result<(), Error> {
    let packet = Packet2d::new(levels)?;
    let shape = [3, h, w];
    let mut pixels = noise(3 * h * w);
    let mut coefficients = packet.forward(&pixels, shape)?;
    let forward = rate(h * w, || {
        packet.forward_into(black_box(&pixels), shape, &mut coefficients)
    })?;
    let inverse = rate(h * w, || {
        packet.inverse_into(black_box(&coefficients), shape, &mut pixels)
    })?;
    println!(
        "{w} x {h} RGB, {levels} levels: forward {forward:.0} MP/s, inverse {inverse:.0} MP/s"
    );
    Ok(())
}

fn signal(c: usize, n: usize, levels: u32) -> Result<(), Error> {
    let packet = Packet1d::new(levels)?;
    let mut samples = noise(c * n);
    let mut coefficients = packet.forward(&samples, [c, n])?;
    let forward = rate(c * n, || {
        packet.forward_into(black_box(&samples), [c, n], &mut coefficients)
    })?;
    let inverse = rate(c * n, || {
        packet.inverse_into(black_box(&coefficients), [c, n], &mut samples)
    })?;
    println!(
        "{c} x {n} samples, {levels} levels: forward {forward:.0}, inverse {inverse:.0} million samples/s"
    );
    Ok(())
}

fn stream(c: usize, chunk: usize, levels: u32) -> Result<(), Error> {
    let packet = Packet1d::new(levels)?;
    let samples = noise(c * chunk);
    let mut stream = ForwardStream::new(&packet, c)?;
    let forward = rate(c * chunk * 100, || {
        for _ in 0..100 {
            black_box(stream.push(black_box(&samples))?);
        }
        Ok(())
    })?;
    println!(
        "{c} channels in chunks of {chunk}, {levels} levels: forward {forward:.0} million samples/s"
    );
    Ok(())
}

fn bytes(h: usize, w: usize) -> Result<(), Error> {
    let mut bytes: Vec<u8> = (0..3 * h * w).map(|at| (at * 31 % 251) as u8).collect();
    let mut planes = vec![0.0; 3 * h * w];
    let from = rate(h * w, || {
        planes_of_bytes::<3>(black_box(&bytes), 3 * w, [h, w], &mut planes)
    })?;
    let to = rate(h * w, || {
        bytes_of_planes::<3>(black_box(&planes), [h, w], &mut bytes, 3 * w)
    })?;
    println!("{w} x {h} RGB of bytes: to planes {from:.0} MP/s, back {to:.0} MP/s");
    Ok(())
}

/// Millions of items a second in the best of the runs that fit into a second.
fn rate(items: usize, mut run: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let start = Instant::now();
    let mut best = Duration::MAX;
    while start.elapsed() < Duration::from_secs(1) {
        let begin = ThreadTime::now();
        run()?;
        best = best.min(begin.elapsed());
    }
    Ok(items as f64 / best.as_secs_f64() / 1e6)
}

fn noise(length: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}
