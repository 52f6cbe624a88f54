//! Encodes, decodes and verifies files with the Burrows-Wheeler codec, one thread.
//!
//! `cargo run --release -p codec-classic --example bwt -- [-b MIB] FILE...` prints, per file, its
//! size, the sum of its blocks' payloads, and user CPU time both ways as MB/s (10^6 bytes).

use std::error::Error;
use std::time::Duration;

use codec_classic::bwt::{decode_block, encode_block};

fn main() -> Result<(), Box<dyn Error>> {
    let mut block = 4 << 20;
    let mut arguments = std::env::args().skip(1);
    println!(
        "{:>10} {:>10} {:>7} {:>8} {:>8}  file",
        "bytes", "payload", "ratio", "enc MB/s", "dec MB/s"
    );
    while let Some(argument) = arguments.next() {
        if argument == "-b" {
            block = arguments
                .next()
                .ok_or("-b needs a number of MiB")?
                .parse::<usize>()?
                << 20;
            continue;
        }
        let content = std::fs::read(&argument)?;
        let [encoding, decoding, size] = measure(&content, block)?;
        let megabytes = content.len() as f64 / 1e6;
        println!(
            "{:>10} {:>10} {:>7.4} {:>8.1} {:>8.1}  {}",
            content.len(),
            size,
            size / content.len().max(1) as f64,
            megabytes / encoding,
            megabytes / decoding,
            argument.rsplit('/').next().unwrap_or(&argument),
        );
    }
    Ok(())
}

/// Seconds of encoding, seconds of decoding (each the best of three) and bytes of payload.
fn measure(content: &[u8], block: usize) -> Result<[f64; 3], Box<dyn Error>> {
    let mut best = [f64::INFINITY, f64::INFINITY, 0.0];
    for _ in 0..3 {
        let start = user_time()?;
        let payloads: Vec<Vec<u8>> = content.chunks(block).map(encode_block).collect();
        let middle = user_time()?;
        for (payload, part) in payloads.iter().zip(content.chunks(block)) {
            if decode_block(payload, part.len())? != part {
                return Err("the decoded block differs".into());
            }
        }
        let end = user_time()?;
        best[0] = best[0].min((middle - start).as_secs_f64());
        best[1] = best[1].min((end - middle).as_secs_f64());
        best[2] = payloads.iter().map(Vec::len).sum::<usize>() as f64;
    }
    Ok(best)
}

/// User CPU time of this process so far, which Linux counts in hundredths of a second.
fn user_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .nth(11)
        .ok_or("no user time in /proc/self/stat")?
        .parse()?;
    Ok(Duration::from_millis(ticks * 10))
}
