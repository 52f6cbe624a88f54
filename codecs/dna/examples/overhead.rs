//! What files cost beside their bases: `cargo run --release -p codec-dna --example overhead -- [-LEVEL] FILE...`

use std::time::Instant;

use codec_core::{BlockCodec, Params};
use codec_dna::sequence::{self, Method};
use codec_dna::{Dna, DnaBlocks, bases_of};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut params = Params::defaults(codec_core::Codec::descriptor(&Dna).params);
    let blocks = DnaBlocks::default();
    println!("content bases payload beside_bases encode_MB/s decode_MB/s file");
    for argument in std::env::args().skip(1) {
        if let Some(level) = argument.strip_prefix('-') {
            params.set("level", level)?;
            continue;
        }
        let content = std::fs::read(&argument)?;
        let started = Instant::now();
        let payload = blocks.encode_block(&content, &params)?;
        let encoded = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let decoded = blocks.decode_block(&payload, content.len(), &params)?;
        let decode = started.elapsed().as_secs_f64();
        assert!(decoded == content, "{argument} does not come back");
        let bases = bases_of(&content);
        let method = match params.integer("level") {
            1 => Method::Packed,
            2..=4 => Method::Fast,
            5..=7 => Method::Mid,
            _ => Method::Max,
        };
        let coded = sequence::encode(&bases, method, &[]).len();
        let megabytes = content.len() as f64 / 1e6;
        println!(
            "{} {} {} {} {:.1} {:.1} {argument}",
            content.len(),
            bases.len(),
            payload.len(),
            payload.len() as i64 - coded as i64,
            megabytes / encoded,
            megabytes / decode,
        );
    }
    Ok(())
}
