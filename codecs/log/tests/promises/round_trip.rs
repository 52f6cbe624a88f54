//! Any bytes come back, whatever they are and however they are encoded.

use std::num::NonZeroUsize;

use codec_core::Blocks;
use codec_log::Log;
use codec_log::columns::{ColumnOptions, Kernel, Structure, decode_block, encode_block};
use proptest::prelude::*;

use crate::logs::{Kind, Noise};
use crate::{decoded, file_of};

const STRUCTURES: [Structure; 3] = [Structure::Fields, Structure::Templates, Structure::Mapped];
const KERNELS: [Option<Kernel>; 6] = [
    None,
    Some(Kernel::Store),
    Some(Kernel::Deflate),
    Some(Kernel::Bwt),
    Some(Kernel::Lzma),
    Some(Kernel::Zstd),
];

fn options() -> Vec<ColumnOptions> {
    let mut all = Vec::new();
    for structure in STRUCTURES {
        for kernel in KERNELS {
            for dense in [false, true] {
                all.push(ColumnOptions {
                    structure,
                    kernel,
                    dense,
                });
            }
        }
    }
    all
}

#[track_caller]
fn columns_give_back(content: &[u8], options: &ColumnOptions) {
    let payload = encode_block(content, options, NonZeroUsize::MIN);
    let decoded = decode_block(&payload, content.len()).unwrap();
    assert!(decoded == content, "{options:?}");
}

/// Contents that are no ordinary log.
fn oddities() -> Vec<(&'static str, Vec<u8>)> {
    let mut noise = Noise::new(7);
    let line = b"Jun 14 15:16:01 combo sshd[19939]: failed for user 7\n";
    let long = [b"x 1 ".repeat(20_000), b"\n".to_vec()].concat();
    vec![
        ("nothing", Vec::new()),
        ("one newline", b"\n".to_vec()),
        ("one byte", b"7".to_vec()),
        ("newlines only", vec![b'\n'; 5_000]),
        ("carriage returns only", b"\r\n".repeat(2_000)),
        ("blank lines between", b"a 1\n\n\n b 2\n \n".repeat(100)),
        ("no newline at the end", [&line.repeat(9)[..], b"Jun 14"].concat()),
        ("one line of a megabyte", b"word 123 ".repeat(120_000)),
        ("lines longer than any that is taken apart", long.repeat(4)),
        (
            "a long line among short ones",
            [&line.repeat(50)[..], &long, &line.repeat(50)].concat(),
        ),
        ("bytes that stand for slots", b"a\x01\x02 1 \x02\x02\x01 x\n".repeat(50)),
        ("escapes before newlines", b"\x02\n\x01\n\x02\x02\n7\x02\n".repeat(50)),
        ("zeros", vec![0; 5_000]),
        ("zeros in lines", b"a\x00b 12\x00\n\x00\n".repeat(60)),
        ("no UTF-8", b"\xff\xfe caf\xe9 12 \x80\n".repeat(60)),
        ("noise", noise.bytes(30_000)),
        ("every byte", (0..=255).cycle().take(9_000).collect()),
        (
            "numbers at the limits",
            b"n 000 18446744073709551615 999999999999999999 00:00:00 99:59:59.999999999 1.00000000000000000 0.0\n"
                .repeat(8),
        ),
        ("colons and points", b"1.2.3 1: :1 1..2 .5 5. 12:34:5 12:34:567 1,2\n".repeat(8)),
        ("quotes", b"\"a 1\" \"b\":\"c/1 d\" \"\" \"\\\"\" \"open 1\n".repeat(30)),
    ]
}

#[test]
fn columns_give_back_oddities_with_all_options() {
    for (name, content) in oddities() {
        for options in options() {
            if content.len() > 100_000 && options.kernel.is_some() {
                continue;
            }
            let payload = encode_block(&content, &options, NonZeroUsize::MIN);
            let decoded = decode_block(&payload, content.len()).unwrap();
            assert!(decoded == content, "{name} {options:?}");
        }
    }
}

#[test]
fn a_block_of_more_columns_than_there_may_be_comes_back() {
    // Each template has a number of values of its own, so that none merge; together they have more
    // than the 2^18 columns of a block.
    let line = |values: usize| "7 ".repeat(values) + "end\n";
    let content: String = (0..95).map(|n| line(3_000 + n).repeat(3)).collect();
    columns_give_back(content.as_bytes(), &options()[35]);
    let unlike: String = (0..95 * 3)
        .map(|n| format!("{n} {}", line(3_000 + n / 3)))
        .collect();
    columns_give_back(unlike.as_bytes(), &options()[24]);
}

#[test]
fn columns_give_back_logs_with_all_options() {
    for kind in Kind::ALL {
        let content = kind.log(12_000, 1);
        for options in options() {
            columns_give_back(&content, &options);
            columns_give_back(&content[..content.len() - 1], &options);
        }
    }
}

#[test]
fn the_codec_gives_back_oddities_and_logs_at_all_levels() {
    let logs = Kind::ALL.map(|kind| ("log", kind.log(9_000, 2)));
    for (name, content) in oddities().into_iter().chain(logs) {
        // The upper levels are slow, and do not treat long content in another way.
        let content = &content[..content.len().min(90_000)];
        for level in 1..=9u8 {
            if content.len() > 40_000 && level > 4 {
                continue;
            }
            let level = level.to_string();
            let settings = [("level", level.as_str()), ("block", "64k")];
            let file = file_of(&Blocks(Log), content, &settings, 1);
            assert!(decoded(&file).unwrap() == content, "{name} {level}");
        }
    }
}

#[test]
fn a_payload_is_the_same_for_every_number_of_threads() {
    for kind in Kind::ALL {
        let content = kind.log(150_000, 3);
        for options in [options()[0], options()[35]] {
            let [one, two, three] = [1, 2, 3].map(|threads| {
                encode_block(&content, &options, NonZeroUsize::new(threads).unwrap())
            });
            assert!(one == two && one == three, "{kind:?}");
        }
        for block in ["64k", "32m"] {
            let settings = [("level", "3"), ("block", block)];
            let [one, two, three] =
                [1, 2, 3].map(|threads| file_of(&Blocks(Log), &content, &settings, threads));
            assert!(one == two && one == three, "{kind:?}");
        }
    }
}

/// Lines of pieces that matter to tokens, templates and values.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 16] = [
        b" ",
        b"word",
        b"Jun",
        b"\"",
        b"\x01",
        b"\x02",
        b"\r",
        b"\n",
        b"12:34:56",
        b"2024-06-14T12:00:01.5",
        b"007",
        b"1.50",
        b"http://a/b?c=1",
        b"\xff",
        b"=[:",
        b"\0",
    ];
    let piece = prop::sample::select(&PIECES[..]);
    let line = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let numbered = (line, prop::collection::vec(any::<u16>(), 1..9));
    prop::collection::vec(numbered, 0..12).prop_map(|shapes| {
        let mut content = Vec::new();
        for (line, numbers) in shapes {
            for number in numbers {
                content.extend_from_slice(&line);
                // Most lines repeat but for a number, some altogether.
                match number % 3 {
                    0 => content.push(b'\n'),
                    _ => content.extend_from_slice(format!("{number} x\n").as_bytes()),
                }
            }
        }
        content
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn columns_give_back_any_bytes(content in prop::collection::vec(any::<u8>(), 0..600), choice in 0usize..36) {
        columns_give_back(&content, &options()[choice]);
    }

    #[test]
    fn columns_give_back_any_lines(content in lines(), cut in 0usize..40, choice in 0usize..36) {
        let content = &content[..content.len().saturating_sub(cut)];
        columns_give_back(content, &options()[choice]);
    }

    #[test]
    fn columns_give_back_any_repeats(rows in prop::collection::vec(0u8..6, 0..300), choice in 0usize..36) {
        let content: String = rows.iter().map(|row| format!("unit {row} is ready after a while\n")).collect();
        columns_give_back(content.as_bytes(), &options()[choice]);
    }

    #[test]
    fn columns_give_back_any_log(kind in 0usize..7, seed: u64, len in 0usize..6_000, choice in 0usize..36) {
        let log = Kind::ALL[kind].log(len, seed);
        columns_give_back(&log[..len.min(log.len())], &options()[choice]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn the_codec_gives_back_any_lines(content in lines(), level in 1u8..=9) {
        let level = level.to_string();
        let file = file_of(&Blocks(Log), &content, &[("level", &level)], 1);
        prop_assert!(decoded(&file).unwrap() == content);
    }
}
