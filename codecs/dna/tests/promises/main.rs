//! What the codec `dna` promises: content comes back, costs little, and damage is an error.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a failure is a panic; Clippy only knows functions marked as tests"
)]

mod damage;
mod reference;
mod round_trip;
mod sizes;

use codec_core::{BlockCodec, Codec, Params};
use codec_dna::{Dna, DnaBlocks};

fn params(level: u32) -> Params {
    let mut params = Params::defaults(Dna.descriptor().params);
    params.set("level", &level.to_string()).unwrap();
    params
}

fn encode(content: &[u8], level: u32) -> Vec<u8> {
    let blocks = DnaBlocks::default();
    blocks.encode_block(content, &params(level)).unwrap()
}

fn decode(payload: &[u8], len: usize, level: u32) -> codec_core::Result<Vec<u8>> {
    DnaBlocks::default().decode_block(payload, len, &params(level))
}

/// Numbers from a linear congruential generator, each below its bound.
fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % bound
    }
}

/// Letters of a sequence without structure.
fn bases(len: usize, seed: u64) -> String {
    let mut below = numbers(seed);
    let letter = |_| b"ACGT"[below(4) as usize] as char;
    (0..len).map(letter).collect()
}

/// A sequence on lines of a width.
fn lines(sequence: &str, width: usize, end: &str) -> String {
    let lines = sequence.as_bytes().chunks(width);
    lines
        .map(|line| format!("{}{end}", std::str::from_utf8(line).unwrap()))
        .collect()
}

/// Reads with names and qualities as an instrument writes them.
fn reads(count: u64) -> String {
    let mut below = numbers(count);
    let mut x = 1000;
    let mut read = |n: u64| {
        x += below(20);
        let y = 2000 + below(90_000);
        let mut quality = 38;
        let mut letters = bases(80, n).into_bytes();
        let mut qualities = Vec::new();
        for letter in &mut letters {
            quality = (quality + below(5)).saturating_sub(2).clamp(2, 41);
            if below(60) == 0 {
                quality = 2;
            }
            if quality == 2 {
                *letter = b'N';
            }
            qualities.push(quality as u8 + b'!');
        }
        let [letters, qualities] =
            [letters, qualities].map(|text| String::from_utf8(text).unwrap());
        format!("@HWI-ST1:97:D06:7:1101:{x}:{y} 1:N:0:ACGT\n{letters}\n+\n{qualities}\n")
    };
    (0..count).map(&mut read).collect()
}
