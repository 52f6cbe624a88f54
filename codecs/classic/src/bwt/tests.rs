use super::*;
use proptest::prelude::*;

/// A fixed sequence of numbers that look random (xorshift).
fn numbers(mut state: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

fn noise(len: usize) -> Vec<u8> {
    numbers(9)
        .map(|number| (number >> 32) as u8)
        .take(len)
        .collect()
}

/// Words of a small vocabulary, with structure on several scales.
fn text(len: usize) -> Vec<u8> {
    let words = [
        "the ", "river ", "of ", "a ", "stone ", "was, ", "and ", "her ", "old\n", "Mill ",
    ];
    let pick = |number: u64| words[(number % 7 + number / 7 % 4) as usize];
    numbers(5)
        .flat_map(|number| pick(number).bytes())
        .take(len)
        .collect()
}

fn assert_round_trip(content: &[u8]) -> usize {
    let payload = encode_block(content);
    let decoded = decode_block(&payload, content.len());
    assert!(decoded.as_deref() == Ok(content), "{} bytes", content.len());
    assert!(payload.len() <= content.len() + 1);
    payload.len()
}

#[test]
fn an_empty_block_has_an_empty_payload() {
    assert_eq!(encode_block(&[]), []);
    assert_eq!(decode_block(&[], 0), Ok(Vec::new()));
    assert_eq!(decode_block(&[STORED], 0), Err(BwtError::StoredLength));
    assert_eq!(decode_block(&[TRANSFORMED], 0), Err(BwtError::Rows));
    assert_eq!(decode_block(&[], 1), Err(BwtError::Kind));
}

#[test]
fn the_shortest_blocks_come_back() {
    for content in [
        &b"x"[..],
        b"xx",
        b"xy",
        b"yx",
        b"xyx",
        b"\0",
        b"\xff\0",
        b"\0\0\0",
    ] {
        assert_round_trip(content);
    }
}

#[test]
fn blocks_around_the_lengths_where_walks_change_come_back() {
    for len in [
        0x7fff, 0x8000, 0x8001, 0xc000, 0xf_ffff, 0x10_0000, 0x10_0001, 0x11_2345,
    ] {
        assert_round_trip(&text(len));
    }
}

#[test]
fn every_symbol_comes_back() {
    let ascending: Vec<u8> = (0..=255).collect();
    assert_round_trip(&ascending);
    let descending: Vec<u8> = (0..=255).rev().collect();
    assert_round_trip(&descending.repeat(50));
}

#[test]
fn long_runs_and_periods_take_few_bytes() {
    assert!(assert_round_trip(&vec![0; 1 << 21]) < 120);
    assert!(assert_round_trip(&b"ab".repeat(1 << 20)) < 130);
    assert!(assert_round_trip(&text(1000).repeat(1000)) < 2500);
}

#[test]
fn a_block_too_long_for_packed_links_comes_back() {
    let mut content = text(1 << 20).repeat(17);
    content[5 << 20] = b'#';
    assert_round_trip(&content);
}

#[test]
fn noise_is_stored() {
    let content = noise(100_000);
    let payload = encode_block(&content);
    assert_eq!(payload.len(), content.len() + 1);
    assert_eq!(payload[0], STORED);
    assert_eq!(decode_block(&payload, content.len()), Ok(content));
    assert_eq!(decode_block(&payload, 99_999), Err(BwtError::StoredLength));
}

#[test]
fn a_truncated_stream_is_an_error_not_a_panic() {
    let content = text(3000);
    let payload = encode_block(&content);
    for len in 0..payload.len() {
        assert!(
            decode_block(&payload[..len], content.len()).is_err(),
            "{len}"
        );
    }
}

#[test]
fn trailing_bytes_are_an_error() {
    let content = text(3000);
    let mut payload = encode_block(&content);
    payload.push(0);
    assert_eq!(
        decode_block(&payload, content.len()),
        Err(BwtError::Stream(StreamLengthError::Trailing))
    );
}

#[test]
fn a_wrong_content_length_is_an_error() {
    let content = text(3000);
    let payload = encode_block(&content);
    for len in [1, 2, 2999, 3001, 40_000, 2_000_000, usize::MAX] {
        assert!(decode_block(&payload, len).is_err(), "{len}");
    }
}

#[test]
fn rows_out_of_range_are_an_error() {
    let content = text(0x9000);
    let payload = encode_block(&content);
    assert_eq!(transform::row_count(content.len()), 3);
    for row in 0..3 {
        for value in [0, content.len() as u16 + 1, u16::MAX] {
            let mut damaged = payload.clone();
            damaged[1 + 2 * row..3 + 2 * row].copy_from_slice(&value.to_le_bytes());
            assert_eq!(decode_block(&damaged, content.len()), Err(BwtError::Rows));
        }
    }
}

#[test]
fn a_row_of_another_place_is_an_error() {
    let content = text(0x9000);
    let payload = encode_block(&content);
    for position in [1, 3, 5] {
        let mut damaged = payload.clone();
        damaged[position] ^= 1;
        assert_eq!(decode_block(&damaged, content.len()), Err(BwtError::Rows));
    }
}

#[test]
fn memory_covers_links_bytes_and_content() {
    assert!(memory_bytes(1 << 20) > 6 << 20);
    assert!(memory_bytes(0) < 4 << 20);
    assert_eq!(memory_bytes(usize::MAX), usize::MAX);
}

/// FNV-1a, to pin long payloads down by one number.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn the_format_is_frozen() {
    assert_eq!(encode_block(&b"she sells sea shells ".repeat(4)), GOLDEN);
    let mixed = [
        text(70_000),
        noise(3000),
        vec![7; 5000],
        text(1000).repeat(9),
    ]
    .concat();
    let payload = encode_block(&mixed);
    assert_eq!(
        (payload.len(), digest(&payload)),
        (GOLDEN_LEN, GOLDEN_DIGEST)
    );
}

const GOLDEN: &[u8] = &[
    1, 80, 223, 119, 106, 167, 33, 177, 142, 70, 233, 146, 149, 19, 34, 104, 233, 10, 69, 240, 196,
    187, 177, 47, 19,
];
const GOLDEN_LEN: usize = 10_590;
const GOLDEN_DIGEST: u64 = 1_523_825_085_467_102_402;

/// Blocks of random bytes from a small or full alphabet, in random runs, and repeated parts.
fn blocks() -> impl Strategy<Value = Vec<u8>> {
    let symbols = (1..=255u8).prop_flat_map(|largest| prop::collection::vec(0..=largest, 0..3000));
    let runs = prop::collection::vec((any::<u8>(), 1..300usize), 0..40).prop_map(|runs| {
        runs.iter()
            .flat_map(|&(symbol, len)| vec![symbol; len])
            .collect()
    });
    let periods = (prop::collection::vec(any::<u8>(), 1..50), 1..100usize)
        .prop_map(|(period, times)| period.repeat(times));
    prop_oneof![symbols, runs, periods]
}

proptest! {
    #[test]
    fn any_block_comes_back(content in blocks()) {
        assert_round_trip(&content);
    }

    #[test]
    fn a_damaged_payload_never_panics(
        content in blocks(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut payload = encode_block(&content);
        for (index, value) in damage {
            if !payload.is_empty() {
                let position = index.index(payload.len());
                payload[position] = value;
            }
        }
        let _ = decode_block(&payload, content.len());
    }

    #[test]
    fn an_arbitrary_payload_never_panics(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        content_len in 0..5000usize,
    ) {
        let _ = decode_block(&payload, content_len);
        let _ = decode_block(&[&[TRANSFORMED], &payload[..]].concat(), content_len);
    }

    #[test]
    fn the_inverse_of_arbitrary_bytes_never_panics(
        bytes in prop::collection::vec(0..4u8, 0..2000),
        row in any::<u32>(),
    ) {
        let rows = vec![row % (bytes.len() as u32 + 2); transform::row_count(bytes.len())];
        let _ = transform::inverse(&bytes, &rows);
    }
}
