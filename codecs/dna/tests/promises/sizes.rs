//! What is not bases costs next to nothing where it is regular, and little where it is usual.

use codec_classic::Auto;
use codec_core::{BlockCodec, Params};

use crate::{bases, encode, lines, numbers, reads};

/// Bytes beside the bases, at two bits a base.
fn beside(content: &str, bases: usize) -> usize {
    encode(content.as_bytes(), 1).len() - bases.div_ceil(4)
}

#[test]
fn plain_sequences_cost_one_byte() {
    let sequence = bases(9_999, 1);
    for content in [
        sequence.clone(),
        sequence.to_lowercase(),
        sequence.clone() + "\n",
        sequence.to_lowercase() + "\n",
    ] {
        assert_eq!(beside(&content, 9_999), 1);
    }
}

#[test]
fn regular_lines_cost_a_few_bytes() {
    let sequence = bases(99_999, 2);
    assert!(beside(&lines(&sequence, 60, "\n"), 99_999) <= 8);
    assert!(beside(&lines(&sequence, 70, "\r\n"), 99_999) <= 9);
    let genome = format!(
        ">NC_000913.3 Escherichia coli str. K-12 substr. MG1655, complete genome\n{}",
        lines(&sequence, 80, "\n")
    );
    assert!(beside(&genome, 99_999) < 50);
}

#[test]
fn many_records_of_one_length_cost_a_fraction_of_a_byte_each() {
    let sequence = bases(150_000, 3);
    let records = sequence.as_bytes().chunks(150).zip(1..);
    let content: String = records
        .map(|(read, n)| {
            format!(
                ">read_{n}\n{}",
                lines(std::str::from_utf8(read).unwrap(), 60, "\n")
            )
        })
        .collect();
    assert!(beside(&content, 150_000) < 250);
}

#[test]
fn masks_and_gaps_cost_about_the_information_in_their_lengths() {
    let mut below = numbers(5);
    let mut masked = String::new();
    for n in 0..400 {
        let run = bases(50 + below(400) as usize, n);
        masked += &if n % 2 == 1 { run.to_lowercase() } else { run };
    }
    let len = masked.len();
    assert!(beside(&masked, len) < 400 * 10 / 8);
    let gaps = masked.to_uppercase() + &"N".repeat(50_000) + &bases(1_000, 1) + &"N".repeat(777);
    assert!(beside(&gaps, len + 1_000) < 20);
}

#[test]
fn reads_cost_less_than_with_xz_and_zstd() {
    let content = reads(2_000);
    for level in [3, 6] {
        let payload = encode(content.as_bytes(), level);
        for codec in [&codec_classic::Xz as &dyn BlockCodec, &codec_classic::Zstd] {
            let mut params = Params::defaults(codec.descriptor().params);
            let best = if codec.descriptor().id == "xz" {
                "9"
            } else {
                "19"
            };
            params.set("level", best).unwrap();
            let other = codec.encode_block(content.as_bytes(), &params).unwrap();
            assert!(
                payload.len() * 10 < other.len() * 9,
                "{} {}",
                payload.len(),
                other.len()
            );
        }
    }
}

#[test]
fn what_is_no_sequence_costs_what_auto_makes_of_it() {
    let mut below = numbers(9);
    let noise: Vec<u8> = (0..30_000).map(|_| below(256) as u8).collect();
    let protein: Vec<u8> = (0..30_000)
        .map(|n| {
            if n % 61 == 60 {
                b'\n'
            } else {
                b"ARNDCQEGHILKMFPSTWYV"[below(20) as usize]
            }
        })
        .collect();
    let words = ["model", "of ", "bases", "\n", "the ", "a cat", "tag"];
    let text: Vec<u8> = (0..9_000)
        .flat_map(|_| words[below(7) as usize].bytes())
        .collect();
    for content in [noise, protein, text, b"a cat".to_vec(), vec![0; 1_000]] {
        for level in [1, 3, 6, 9] {
            let mut params = Params::defaults(Auto.descriptor().params);
            params.set("level", &level.to_string()).unwrap();
            let auto = Auto.encode_block(&content, &params).unwrap();
            assert!(encode(&content, level).len() <= auto.len() + 1);
        }
    }
}
