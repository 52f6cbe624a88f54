//! Encodes, decodes and verifies files with the context-mixing codec; prints sizes and speeds.
//!
//! `cargo run --release --example cm -- LEVEL FILE...` (speeds are per second of processor time, so
//! that other programs disturb them little).

use codec_classic::cm::{CmOptions, decode_block, encode_block};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let level = arguments.next().ok_or("usage: cm LEVEL FILE...")?.parse()?;
    let options = CmOptions { level };
    let (mut read, mut written) = (0, 0);
    for path in arguments {
        let content = std::fs::read(&path)?;
        let start = processor_seconds()?;
        let payload = encode_block(&content, &options);
        let middle = processor_seconds()?;
        let decoded = decode_block(&payload, content.len(), &options)?;
        let end = processor_seconds()?;
        if decoded != content {
            return Err(format!("{path}: decoded to something else").into());
        }
        let speed = |seconds: f64| content.len() as f64 / 1e6 / seconds.max(1e-6);
        println!(
            "{:>10} -> {:>9}  {:.3} bits/byte  encode {:.2} decode {:.2} MB/s  {path}",
            content.len(),
            payload.len(),
            payload.len() as f64 * 8.0 / content.len().max(1) as f64,
            speed(middle - start),
            speed(end - middle),
        );
        read += content.len();
        written += payload.len();
    }
    println!("{read:>10} -> {written:>9}  total");
    Ok(())
}

/// Time this process has spent on a processor so far (Linux).
fn processor_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let statistics = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = statistics.split(' ').next().ok_or("no time")?.parse()?;
    Ok(nanoseconds / 1e9)
}
