//! Learns a small circuit from pictures in an IDX file and fills in the lower halves of others.
//!
//! ```text
//! cargo run --release -p codec-circuit --example inpainting -- train-images.idx mosaic.pgm
//! ```
//!
//! Says what the true lower halves take in bits with the upper halves known and without, and draws
//! twenty of them: the picture, what was shown, the mean, the most probable explanation and two samples.

use std::num::NonZeroUsize;
use std::time::Instant;

use codec_circuit::{
    Evidence, Filling, Inference, Learner, Records, Schema, Settings, Smoothing, chow_liu_tree,
};
use codec_core::{Error, Result};

/// Pictures at the end of the file that are not learned from, of which this is the most.
const HELD_OUT: usize = 10_000;
const EXAMPLES: usize = 20;
const EPOCHS: u32 = 4;
const BATCH: usize = 500;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, mosaic] = arguments.as_slice() else {
        println!("usage: inpainting pictures.idx mosaic.pgm (nothing to do without pictures)");
        return Ok(());
    };
    let data = std::fs::read(path).map_err(Error::io("read pictures"))?;
    let (rows, columns, pictures) = read_idx(&data)?;
    let held_out = HELD_OUT.min(pictures.len() / 6);
    let first = pictures.len() - held_out;
    let (train, hidden) = (
        pictures.range(0..first),
        pictures.range(first..pictures.len()),
    );

    let threads = NonZeroUsize::MIN;
    let schema = Schema::picture(rows, columns);
    let start = Instant::now();
    let tree = chow_liu_tree(&schema, &train, threads)?;
    let settings = Settings {
        states: 16,
        batch: BATCH,
        steps: (0.5, 0.02),
        batches: EPOCHS * train.len().div_ceil(BATCH) as u32,
        smoothing: Smoothing {
            emission: 1.0,
            growth: 1.5,
            transition: 1.0,
        },
        seed: 1,
    };
    let mut learner = Learner::new(&schema, &tree, &train, settings, threads)?;
    for epoch in 0..EPOCHS {
        let bits = learner.epoch(&train, threads)? / schema.len() as f64;
        println!(
            "epoch {epoch}: {bits:.4} bits per pixel, {:.0} s",
            start.elapsed().as_secs_f64()
        );
    }

    let inference = Inference::new(learner.circuit());
    let upper: Vec<bool> = (0..schema.len())
        .map(|at| at / columns < rows / 2)
        .collect();
    let lower: Vec<bool> = upper.iter().map(|upper| !upper).collect();
    let (shown, missing) = (
        Evidence::masked(&hidden, &upper),
        Evidence::masked(&hidden, &lower),
    );
    let start = Instant::now();
    let given = inference.log_conditional(&missing, &shown)?;
    let given = mean_bits(&given);
    let alone = mean_bits(&inference.log_likelihood(&missing)?);
    println!(
        "{held_out} lower halves: {alone:.1} bits alone, {given:.1} bits given the upper half: ratio {:.3} ({:.1} s)",
        given / alone,
        start.elapsed().as_secs_f64()
    );

    let some = hidden.range(0..EXAMPLES.min(held_out));
    let shown = Evidence::masked(&some, &upper);
    let blank: Vec<u8> = shown
        .values()
        .iter()
        .map(|value| value.unwrap_or(64))
        .collect();
    let fillings = [
        Filling::Mean,
        Filling::MostProbable,
        Filling::Sample { seed: 1 },
        Filling::Sample { seed: 2 },
    ];
    let mut rows_of_pictures = vec![some, Records::new(schema.len(), blank)];
    for filling in fillings {
        rows_of_pictures.push(inference.inpaint(&shown, filling)?);
    }
    let picture = draw(&rows_of_pictures, rows, columns);
    std::fs::write(mosaic, picture).map_err(Error::io("write mosaic"))
}

/// Rows, columns and the pictures of an IDX file of bytes in three dimensions.
fn read_idx(data: &[u8]) -> Result<(usize, usize, Records)> {
    const HEADER: usize = 16;
    let number = |at: usize| {
        let bytes = data.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes) as usize)
    };
    let header = (number(0), number(4), number(8), number(12));
    let (Some(0x0803), Some(count), Some(rows), Some(columns)) = header else {
        return Err(Error::corrupt(0, "not an IDX file of gray pictures"));
    };
    let pixels = &data[HEADER..];
    if rows * columns == 0 || Some(pixels.len()) != count.checked_mul(rows * columns) {
        return Err(Error::corrupt(4, "a count that is not that of the pixels"));
    }
    Ok((rows, columns, Records::new(rows * columns, pixels.to_vec())))
}

/// The mean of logarithms of probabilities, as bits.
fn mean_bits(nats: &[f64]) -> f64 {
    let total: f64 = nats.iter().sum();
    -total / std::f64::consts::LN_2 / nats.len() as f64
}

/// Rows of pictures as one gray picture, in the PGM format.
fn draw(rows_of_pictures: &[Records], rows: usize, columns: usize) -> Vec<u8> {
    const GAP: usize = 2;
    let across = rows_of_pictures.first().map_or(0, Records::len);
    let width = across * (columns + GAP);
    let height = rows_of_pictures.len() * (rows + GAP);
    let mut pixels = vec![255; width * height];
    for (down, pictures) in rows_of_pictures.iter().enumerate() {
        for (along, picture) in pictures.iter().enumerate() {
            for (y, line) in picture.chunks_exact(columns).enumerate() {
                let start = (down * (rows + GAP) + y) * width + along * (columns + GAP);
                pixels[start..start + columns].copy_from_slice(line);
            }
        }
    }
    let mut file = format!("P5\n{width} {height}\n255\n").into_bytes();
    file.extend(pixels);
    file
}
