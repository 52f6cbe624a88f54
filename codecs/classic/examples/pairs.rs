//! Code lengths of all pairs of sequences, as compression distances need them: how fast they come.
//!
//! `cargo run --release -p codec-classic --example pairs -- [-c CODEC] [-l LEVEL] [-n ROWS] TABLE.tsv`
//! takes the first column of the first `ROWS` rows (40) behind the header, primes each row with
//! itself and a space, and asks for the joint length with every row. Prints the sum of these lengths
//! in bytes, which no measure of speed may change, and pairs per second of user CPU time.

use std::error::Error;
use std::time::Duration;

use codec_core::Params;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut codec, mut level, mut rows, mut table) = ("gzip".to_owned(), None, 40, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "-c" => codec = value()?,
            "-l" => level = Some(value()?),
            "-n" => rows = value()?.parse()?,
            _ => table = Some(argument),
        }
    }
    let table = std::fs::read_to_string(table.ok_or("no table given")?)?;
    let sequences: Vec<&[u8]> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next())
        .map(str::as_bytes)
        .take(rows)
        .collect();
    let codecs = codec_classic::codecs();
    let codec = codecs
        .iter()
        .find(|known| known.descriptor().id == codec)
        .ok_or(format!("no codec {codec}"))?;
    let mut params = Params::defaults(codec.descriptor().params);
    if let Some(level) = level {
        params.set("level", &level)?;
    }
    let lengths = codec.code_length().ok_or("no code lengths")?;
    let start = user_time()?;
    let mut sum = 0.0;
    for x in &sequences {
        let primed = lengths.primed(&[x, b" "], &params)?;
        for y in &sequences {
            sum += primed.joint_bits(y)? / 8.0;
        }
    }
    let seconds = (user_time()? - start).as_secs_f64();
    let pairs = sequences.len() * sequences.len();
    let bytes: usize = sequences.iter().map(|x| x.len()).sum();
    println!(
        "{} level {}: {pairs} pairs of {} bytes on average, {sum} bytes in all, {:.0} pairs/s",
        codec.descriptor().id,
        params.integer("level"),
        bytes / sequences.len().max(1),
        pairs as f64 / seconds,
    );
    Ok(())
}

/// User CPU time of this process so far, in the kernel's ticks of 10 ms.
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
