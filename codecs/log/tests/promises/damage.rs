//! Damaged payloads are errors or other content: never a panic, more output than announced, or
//! endless work.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use codec_core::{BlockCodec, Params};
use codec_log::Log;
use codec_log::columns::{
    ColumnOptions, ColumnsError, Kernel, OpenBlock, Structure, decode_block, encode_block,
};
use proptest::prelude::*;

use crate::logs::{Kind, Noise};

/// Payloads of small logs, with and without repeats, packed and as they are.
fn payloads() -> Vec<(Vec<u8>, usize)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let content = kind.log(6_000, 4);
        for (kernel, dense) in [(None, true), (Some(Kernel::Store), false)] {
            let options = ColumnOptions {
                structure: Structure::Mapped,
                kernel,
                dense,
            };
            let payload = encode_block(&content, &options, NonZeroUsize::MIN);
            all.push((payload, content.len()));
        }
    }
    all
}

/// Decodes in every way; whatever comes out is no longer than announced.
#[track_caller]
fn survives(payload: &[u8], content_len: usize) {
    let started = Instant::now();
    if let Ok(content) = decode_block(payload, content_len) {
        assert_eq!(content.len(), content_len);
    }
    for threads in [1, 2] {
        let threads = NonZeroUsize::new(threads).unwrap();
        let Ok(block) = OpenBlock::new(payload, content_len, threads) else {
            continue;
        };
        let _ = block.may_contain(b"session");
        if let Ok(mut lines) = block.lines() {
            let (text, ends) = lines.take_text();
            assert!(text.len() <= content_len + 1 && ends.len() <= content_len);
            if let Ok(Some(numbers)) = lines.take_numbers() {
                assert!(numbers.len() <= content_len);
            }
        }
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_flipped_bit_is_no_panic() {
    for (payload, content_len) in payloads() {
        let mut noise = Noise::new(payload.len() as u64);
        for at in 0..payload.len() {
            // The numbers at the beginning decide on lengths; the rest is sampled.
            if at < 80 || noise.below(12) == 0 {
                let mut damaged = payload.clone();
                damaged[at] ^= 1 << noise.below(8);
                survives(&damaged, content_len);
            }
        }
    }
}

#[test]
fn a_truncated_payload_is_almost_always_an_error() {
    for (payload, content_len) in payloads() {
        let lens = (0..payload.len()).filter(|len| len % 7 == 0 || *len < 80);
        let (mut cuts, mut passed) = (0, 0);
        for len in lens {
            survives(&payload[..len], content_len);
            cuts += 1;
            passed += usize::from(decode_block(&payload[..len], content_len).is_ok());
        }
        // What a coder reads behind its end may by chance fit the length of the content: damage is
        // for the container to find.
        assert!(passed * 50 < cuts, "{passed} of {cuts}");
    }
}

#[test]
fn another_length_than_that_of_the_content_is_an_error() {
    for (payload, content_len) in payloads() {
        for other in [0, 1, content_len - 1, content_len + 1, 10 * content_len] {
            assert!(decode_block(&payload, other).is_err(), "{other}");
            survives(&payload, other);
        }
    }
}

/// A number as payloads have them: seven bits a byte, low ones first.
fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A payload of `rows` rows with these texts, packed by LZMA2, and nothing behind them.
fn crafted(rows: u64, texts: [&[u8]; 8]) -> Vec<u8> {
    let xz = codec_classic::Xz;
    let params = Params::defaults(xz.descriptor().params);
    let mut payload = number(rows << 3 | 1);
    for text in texts {
        let packed = xz.encode_block(text, &params).unwrap();
        payload.push(Kernel::Lzma as u8);
        payload.extend(number(text.len() as u64));
        payload.extend(number(packed.len() as u64));
        payload.extend(packed);
    }
    payload.extend(number(8));
    payload.extend([0x55; 16]);
    payload
}

#[test]
fn a_crafted_payload_without_content_is_empty() {
    let payload = crafted(0, [b"", b"", &[0; 3], b"", b"", b"", b"", b""]);
    survives(&payload, 0);
    let rows = crafted(9, [b"", b"", &[0; 3], b"", b"", b"", b"", b""]);
    survives(&rows, 64);
}

#[test]
fn absurd_counts_and_lengths_are_errors() {
    for value in [1 << 20, 1 << 40, (1 << 63) - 1, u64::MAX] {
        let huge = number(value);
        let whole = [huge.clone(), vec![0; 64]].concat();
        let repeats = [number(5 << 3 | 2), huge.clone(), huge.clone(), vec![0; 64]].concat();
        let text = [number(5 << 3), vec![1], huge.clone(), huge, vec![0; 64]].concat();
        for payload in [whole, repeats, text] {
            assert!(decode_block(&payload, 1000).is_err());
            survives(&payload, 1000);
        }
    }
}

#[test]
fn more_templates_than_lines_are_an_error() {
    let newlines = vec![b'\n'; 60_000];
    for [headers, bodies] in [[&newlines[..], b""], [b"", &newlines[..]]] {
        let payload = crafted(5, [headers, bodies, &[0; 3], b"", b"", b"", b"", b""]);
        let result = OpenBlock::new(&payload, 10_000, NonZeroUsize::MIN).unwrap();
        assert!(matches!(
            result.lines(),
            Err(ColumnsError::Templates(60_000))
        ));
    }
}

#[test]
fn more_columns_than_bytes_are_an_error() {
    let slots = vec![1; 12_000];
    let descriptions = vec![0; 36_003];
    let payload = crafted(5, [b"", &slots, &descriptions, b"", b"", b"", b"", b""]);
    let result = OpenBlock::new(&payload, 10_000, NonZeroUsize::MIN).unwrap();
    assert!(matches!(
        result.lines(),
        Err(ColumnsError::Templates(12_001))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn noise_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), content_len in 0usize..5_000) {
        survives(&bytes, content_len);
    }

    #[test]
    fn noise_behind_a_method_is_no_panic(
        method in 1u8..24,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        content_len in 0usize..5_000,
    ) {
        let payload = [&[method][..], &bytes].concat();
        let params = Params::defaults(Log.descriptor().params);
        if let Ok(content) = Log.decode_block(&payload, content_len, &params) {
            // The container refuses any other length; a decoder must not run far past it either.
            prop_assert!(content.len() <= content_len + (1 << 16));
        }
    }
}
