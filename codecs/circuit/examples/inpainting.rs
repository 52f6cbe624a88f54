//! Fills in hidden halves of pictures in an IDX file that a circuit was not learned from.
//!
//! ```text
//! cargo run --release -p codec-circuit --example inpainting -- train-images.idx mosaic.pgm [states]
//! ```
//!
//! The circuit is the shipped one, which was learned from all but the last 10,000 pictures of that file;
//! if a number of states is given or none is shipped, a small one is learned. Bits are those of all
//! pictures held out, as many as that.
//!
//! For several ways to hide a half, it says what the true hidden half takes in bits: alone, given the
//! shown half, and as independent pixels. It draws twenty examples of two of the ways: the picture, what
//! was shown, the mean, the most probable explanation and a sample.

use std::num::NonZeroUsize;
use std::time::Instant;

use codec_circuit::{
    Circuit, Evidence, Filling, Inference, Learner, Model, Records, Schema, Settings, Shipped,
    Smoothing, chow_liu_tree,
};
use codec_core::{Budget, Error, Result};

/// Pictures at the end of the file that are not learned from, of which this is the most.
const HELD_OUT: usize = 10_000;
const EXAMPLES: usize = 20;
const EPOCHS: u32 = 4;
const BATCH: usize = 500;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, mosaic, states @ ..] = arguments.as_slice() else {
        println!(
            "usage: inpainting pictures.idx mosaic.pgm [states] (nothing to do without pictures)"
        );
        return Ok(());
    };
    let states = match states.first().map(|states| states.parse()) {
        None => None,
        Some(Ok(states)) => Some(states),
        Some(Err(_)) => return Err(Error::Usage("the number of states is none".to_owned())),
    };
    let data = std::fs::read(path).map_err(Error::io("read pictures"))?;
    let (rows, columns, pictures) = read_idx(&data)?;
    let held_out = HELD_OUT.min(pictures.len() / 6);
    let first = pictures.len() - held_out;
    let (train, others) = (
        pictures.range(0..first),
        pictures.range(first..pictures.len()),
    );

    let schema = Schema::picture(rows, columns);
    let shipped = Shipped::fitting(&schema).next();
    let circuit = match (shipped, states) {
        (Some(shipped), None) => Model::read(shipped.file, &Budget::default())?.into_circuit(),
        _ => learn(&schema, &train, states.unwrap_or(16))?,
    };
    let inference = Inference::new(&circuit);
    let ways = ways_to_hide(rows, columns);
    let some = others.range(0..EXAMPLES.min(held_out));
    let mut lines = vec![some.clone()];
    for (_, shown) in &ways[..2] {
        let shown = Evidence::masked(&some, shown);
        let values = shown.values().iter();
        let with_grey = values.map(|value| value.unwrap_or(64)).collect();
        lines.push(Records::new(schema.len(), with_grey));
        for filling in [
            Filling::Mean,
            Filling::MostProbable,
            Filling::Sample { seed: 1 },
        ] {
            lines.push(inference.inpaint(&shown, filling)?);
        }
    }
    let picture = draw(&lines, rows, columns);
    std::fs::write(mosaic, picture).map_err(Error::io("write mosaic"))?;

    let independent = Circuit::independent(&schema, &train, 1.0)?;
    println!(
        "bits of {held_out} hidden halves: given the shown half, alone, ratio, as independent pixels"
    );
    for (name, shown) in &ways {
        let start = Instant::now();
        let hidden: Vec<bool> = shown.iter().map(|shown| !shown).collect();
        let hidden = Evidence::masked(&others, &hidden);
        let given = inference.log_conditional(&hidden, &Evidence::masked(&others, shown))?;
        let given = mean_bits(&given);
        let alone = mean_bits(&inference.log_likelihood(&hidden)?);
        let pixels = mean_bits(&Inference::new(&independent).log_likelihood(&hidden)?);
        println!(
            "{name:>14}: {given:.1} {alone:.1} {:.3} {pixels:.1} ({:.1} s)",
            given / alone,
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

/// A small circuit.
fn learn(schema: &Schema, train: &Records, states: usize) -> Result<Circuit> {
    let threads = NonZeroUsize::MIN;
    let start = Instant::now();
    let tree = chow_liu_tree(schema, train, threads)?;
    let settings = Settings {
        states,
        labels_per_state: 2,
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
    let mut learner = Learner::new(schema, &tree, train, settings, threads)?;
    for epoch in 0..EPOCHS {
        let bits = learner.epoch(train, threads)? / schema.len() as f64;
        println!(
            "epoch {epoch}: {bits:.4} bits per pixel, {:.0} s",
            start.elapsed().as_secs_f64()
        );
    }
    Ok(learner.circuit().clone())
}

/// Names of ways to hide a half, and which pixels they show.
fn ways_to_hide(rows: usize, columns: usize) -> [(&'static str, Vec<bool>); 5] {
    let pixels = |shown: &dyn Fn(usize, usize) -> bool| -> Vec<bool> {
        let places = (0..rows * columns).map(|at| (at / columns, at % columns));
        places.map(|(row, column)| shown(row, column)).collect()
    };
    // Pseudorandom, by the mixing function of MurmurHash3 (Appleby).
    let scattered = |row: usize, column: usize| {
        let mut bits = (row * columns + column) as u32 + 1;
        bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
        bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
        (bits ^ (bits >> 16)) & 1 == 0
    };
    [
        ("lower half", pixels(&|row, _| row < rows / 2)),
        ("scattered", pixels(&scattered)),
        ("right half", pixels(&|_, column| column < columns / 2)),
        ("odd rows", pixels(&|row, _| row % 2 == 0)),
        (
            "checkerboard",
            pixels(&|row, column| (row + column) % 2 == 0),
        ),
    ]
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

/// Lines of pictures as one gray picture, in the PGM format.
fn draw(lines: &[Records], rows: usize, columns: usize) -> Vec<u8> {
    const GAP: usize = 2;
    let across = lines.first().map_or(0, Records::len);
    let width = across * (columns + GAP);
    let height = lines.len() * (rows + GAP);
    let mut pixels = vec![255; width * height];
    for (down, pictures) in lines.iter().enumerate() {
        for (along, picture) in pictures.iter().enumerate() {
            for (y, pixels_of_row) in picture.chunks_exact(columns).enumerate() {
                let start = (down * (rows + GAP) + y) * width + along * (columns + GAP);
                pixels[start..start + columns].copy_from_slice(pixels_of_row);
            }
        }
    }
    let mut file = format!("P5\n{width} {height}\n255\n").into_bytes();
    file.extend(pixels);
    file
}
