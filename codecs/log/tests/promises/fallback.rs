//! What is no log is never larger than the classical codecs of the level make it.

use codec_classic::{Brotli, Bwt, Cm, Gzip, Xz, Zstd};
use codec_core::{Blocks, Codec};
use codec_log::Log;

use crate::file_of;
use crate::logs::Noise;

/// Content that is no log, by name.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let mut noise = Noise::new(5);
    let words = [
        "the", "of", "entropy", "code", "a", "length", "model", "is", "and", "frame",
    ];
    let mut prose = String::new();
    for word in 0..9_000 {
        prose += noise.pick(&words);
        prose.push(if word % 13 == 12 { '\n' } else { ' ' });
    }
    let mut table = String::new();
    for row in 0..2_500 {
        table += &format!(
            "{row},{},{:.2}\n",
            noise.below(90),
            noise.below(10_000) as f64 / 100.0
        );
    }
    let numbers = (0..10_000u32).flat_map(|n| (n * n / 97).to_le_bytes());
    vec![
        ("nothing", Vec::new()),
        ("one byte", b"x".to_vec()),
        ("noise", noise.bytes(40_000)),
        ("prose", prose.into_bytes()),
        ("a table", table.into_bytes()),
        ("numbers", numbers.collect()),
        ("zeros", vec![0; 40_000]),
    ]
}

#[test]
fn a_file_is_never_larger_than_that_of_the_best_classical_codec() {
    for (name, content) in contents() {
        for level in ["1", "3", "6", "9"] {
            let mut rivals: Vec<Box<dyn Codec>> = vec![
                Box::new(Blocks(Gzip)),
                Box::new(Blocks(Brotli)),
                Box::new(Blocks(Xz)),
                Box::new(Blocks(Zstd)),
                Box::new(Blocks(Bwt)),
            ];
            if level == "9" {
                rivals.push(Box::new(Blocks(Cm)));
            }
            let sizes = rivals.iter().map(|rival| {
                let has_level = params_of(rival.as_ref()).has("level");
                let settings: &[_] = if has_level { &[("level", level)] } else { &[] };
                file_of(rival.as_ref(), &content, settings, 1).len()
            });
            let best = sizes.min().unwrap();
            let own = file_of(&Blocks(Log), &content, &[("level", level)], 1).len();
            let most = best + best / 1000 + 32;
            assert!(
                own <= most,
                "{name} at {level}: {own} bytes, at most {most}"
            );
        }
    }
}

fn params_of(codec: &dyn Codec) -> codec_core::Params {
    codec_core::Params::defaults(codec.descriptor().params)
}
