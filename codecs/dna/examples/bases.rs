//! Codes the letters A, C, G and T of files by one method, and reports size and speed.
//!
//! `cargo run --release -p codec-dna --example bases -- max FILE...`

use std::time::Instant;

use codec_dna::sequence::{Method, decode, encode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let method = match arguments.next().as_deref() {
        Some("packed") => Method::Packed,
        Some("fast") => Method::Fast,
        Some("mid") => Method::Mid,
        Some("max") => Method::Max,
        _ => return Err("usage: bases packed|fast|mid|max FILE...".into()),
    };
    let mut total = 0;
    for name in arguments {
        let bases: Vec<u8> = std::fs::read(&name)?.iter().filter_map(base_of).collect();
        let start = Instant::now();
        let payload = encode(&bases, method, &[]);
        let encoded = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let decoded = decode(&payload, bases.len(), method, &[])?;
        let decoding = start.elapsed().as_secs_f64();
        if decoded != bases {
            return Err(format!("{name}: decoded bases differ").into());
        }
        total += payload.len();
        let mbases = bases.len() as f64 / 1e6;
        println!(
            "{name}: {} bases, {} bytes, {:.4} bits a base, encode {:.2} s ({:.2} Mbase/s), \
             decode {:.2} s ({:.2} Mbase/s)",
            bases.len(),
            payload.len(),
            payload.len() as f64 * 8.0 / bases.len().max(1) as f64,
            encoded,
            mbases / encoded,
            decoding,
            mbases / decoding,
        );
    }
    println!("total: {total} bytes");
    Ok(())
}

fn base_of(letter: &u8) -> Option<u8> {
    match letter.to_ascii_uppercase() {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' => Some(3),
        _ => None,
    }
}
