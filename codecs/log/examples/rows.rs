//! Measures row-order context mixing: `rows LEVEL FILE…` prints each file's payload size and the
//! processor time of encoding and decoding it, after checking the round trip. `rows -e LEVEL FILE…`
//! only encodes.

use codec_log::rows::{Effort, decode_block, encode_block};

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let only_encode = args.first().is_some_and(|arg| arg == "-e");
    if only_encode {
        args.remove(0);
    }
    let effort = match args.first().map(String::as_str) {
        Some("7") => Effort::Quick,
        Some("8") => Effort::Mid,
        _ => Effort::Max,
    };
    let mut total = 0;
    for path in args.iter().skip(1) {
        let content = match std::fs::read(path) {
            Ok(content) => content,
            Err(error) => {
                eprintln!("{path}: {error}");
                continue;
            }
        };
        let start = processor_seconds();
        let payload = encode_block(&content, effort);
        let encode = processor_seconds() - start;
        total += payload.len();
        let name = path.rsplit('/').next().unwrap_or(path);
        let speed = |seconds: f64| content.len() as f64 / 1e6 / seconds;
        print!(
            "{name:24} {:9} -> {:8}  {:5.2} MB/s",
            content.len(),
            payload.len(),
            speed(encode)
        );
        if !only_encode {
            let start = processor_seconds();
            let decoded = decode_block(&payload, content.len(), effort);
            let decode = processor_seconds() - start;
            assert_eq!(decoded.as_ref(), Ok(&content), "{path}");
            print!("  {:5.2} MB/s", speed(decode));
        }
        println!();
    }
    println!("total {total}");
}

/// Processor time of this process so far.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat
        .split(' ')
        .next()
        .and_then(|field| field.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}
