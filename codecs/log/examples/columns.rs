//! Sizes and times of the column writer.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}
fn main() {
    use codec_log::columns::{ColumnOptions, Structure};
    let level = std::env::var("LEVEL").unwrap_or("3".into());
    let options = ColumnOptions {
        structure: match level.as_str() {
            "1" => Structure::Fields,
            "2" => Structure::Templates,
            _ => Structure::Mapped,
        },
        kernel: None,
        dense: level.as_str() > "3",
    };
    let threads = std::env::var("T").map_or(1, |t| t.parse().unwrap());
    let threads = std::num::NonZeroUsize::new(threads).unwrap();
    let mut total = 0;
    for path in std::env::args().skip(1) {
        let content = std::fs::read(&path).unwrap();
        let mut payload = Vec::new();
        let n = std::env::var("N").map_or(60_000_000, |n| n.parse::<usize>().unwrap() * 1_000_000);
        let n = (n / content.len()).max(1);
        let start = cpu();
        for _ in 0..n {
            payload = codec_log::columns::encode_block(&content, &options, threads);
        }
        let encode = (cpu() - start) / n as f64;
        let start = cpu();
        let mut decoded = Ok(Vec::new());
        let again = std::env::var("AGAIN").map_or(1, |n| n.parse().unwrap());
        for _ in 0..n * again {
            decoded = codec_log::columns::decode_block(&payload, content.len());
        }
        let decode = (cpu() - start) / (n * again) as f64;
        let mb = content.len() as f64 / 1e6;
        total += payload.len();
        println!(
            "{:24} {:7} enc {:5.1} MB/s dec {:5.1} MB/s {:?}",
            path.rsplit('/').next().unwrap(),
            payload.len(),
            mb / encode,
            mb / decode,
            decoded.map(|d| d == content)
        );
    }
    println!("{total}");
}
