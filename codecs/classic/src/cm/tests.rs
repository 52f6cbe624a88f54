use super::*;
use proptest::prelude::*;

const LEVELS: [u8; 4] = [1, 4, 7, 9];

fn round_trip(content: &[u8], level: u8) -> usize {
    let options = CmOptions { level };
    let payload = encode_block(content, &options);
    let decoded = decode_block(&payload, content.len(), &options);
    assert_eq!(decoded.as_deref(), Ok(content), "level {level}");
    payload.len()
}

/// Bytes that look random, the same on every machine.
fn noise(len: usize, mut seed: u32) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Sentences over a small vocabulary.
fn prose(words: usize) -> Vec<u8> {
    let vocabulary = [
        "the", "codec", "writes", "a", "short", "stream", "and", "reads", "it", "back",
    ];
    let mut text = Vec::new();
    for (i, choice) in noise(words, 7).into_iter().enumerate() {
        text.extend(vocabulary[usize::from(choice) % vocabulary.len()].bytes());
        text.push(if i % 11 == 10 { b'\n' } else { b' ' });
    }
    text
}

/// Records of 12 bytes: a counter, a constant, a noisy field.
fn records(count: u32) -> Vec<u8> {
    let noise = noise(count as usize, 3);
    let record = |i: u32| {
        let mut bytes = [0u8; 12];
        bytes[..4].copy_from_slice(&i.to_le_bytes());
        bytes[4..8].copy_from_slice(&[0, 0, 0x80, 0x3F]);
        bytes[8] = noise[i as usize] & 3;
        bytes
    };
    (0..count).flat_map(record).collect()
}

fn structured() -> impl Strategy<Value = Vec<u8>> {
    let repetitive = (prop::collection::vec(any::<u8>(), 1..40), 1..60usize)
        .prop_map(|(unit, times)| unit.repeat(times));
    let sparse = prop::collection::vec(prop_oneof![9 => Just(0u8), 1 => any::<u8>()], 0..2000);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..1500),
        repetitive,
        sparse,
        (0..300usize).prop_map(prose),
        (0..150u32).prop_map(records),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_block_comes_back(content in structured(), level in 1..=9u8) {
        round_trip(&content, level);
    }

    #[test]
    fn hostile_payloads_never_panic(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        content_len in 0..5000usize,
        level in 1..=9u8,
    ) {
        let _ = decode_block(&payload, content_len, &CmOptions { level });
    }

    #[test]
    fn a_damaged_payload_gives_an_error_or_the_right_number_of_bytes(
        content in structured(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255u8,
    ) {
        let options = CmOptions { level: 4 };
        let mut payload = encode_block(&content, &options);
        prop_assume!(!payload.is_empty());
        let place = place.index(payload.len());
        payload[place] ^= flip;
        if let Ok(decoded) = decode_block(&payload, content.len(), &options) {
            prop_assert_eq!(decoded.len(), content.len());
        }
    }
}

#[test]
fn an_empty_block_takes_nothing() {
    for level in LEVELS {
        assert_eq!(round_trip(b"", level), 0);
    }
    let options = CmOptions::default();
    assert_eq!(decode_block(b"x", 0, &options), Err(CmError::Trailing));
}

#[test]
fn one_byte_takes_at_most_four() {
    for byte in 0..=255 {
        assert!(round_trip(&[byte], 9) <= 4);
    }
}

#[test]
fn noise_grows_by_little() {
    let content = noise(40_000, 1);
    for level in LEVELS {
        assert!(round_trip(&content, level) < content.len() + content.len() / 50);
    }
}

#[test]
fn structure_is_found_at_every_level() {
    let (prose, records, zeros) = (prose(5_000), records(3_000), vec![0; 100_000]);
    for level in LEVELS {
        assert!(round_trip(&prose, level) < prose.len() / 6);
        assert!(round_trip(&records, level) < records.len() / 20);
        assert!(round_trip(&zeros, level) < 80);
    }
}

#[test]
fn a_truncated_payload_is_an_error() {
    let content = prose(500);
    for level in LEVELS {
        let options = CmOptions { level };
        let payload = encode_block(&content, &options);
        // With the two bytes of layout alone, the rest is implied zeros: a valid, other content.
        for len in (0..payload.len()).filter(|&len| len != 2) {
            let decoded = decode_block(&payload[..len], content.len(), &options);
            assert!(
                decoded.is_err(),
                "level {level}, {len} of {} bytes",
                payload.len()
            );
        }
    }
}

#[test]
fn bytes_behind_a_payload_are_an_error() {
    let content = prose(500);
    let options = CmOptions { level: 5 };
    for extra in [&[0u8][..], &[1], &[0, 0, 0, 0, 0, 0, 0, 0, 0]] {
        let mut payload = encode_block(&content, &options);
        payload.extend(extra);
        assert_eq!(
            decode_block(&payload, content.len(), &options),
            Err(CmError::Trailing)
        );
    }
}

#[test]
fn a_wrong_content_length_is_an_error() {
    let content = prose(500);
    let options = CmOptions { level: 9 };
    let payload = encode_block(&content, &options);
    for len in [
        0,
        1,
        content.len() / 2,
        content.len() - 100,
        content.len() + 100,
        1 << 20,
    ] {
        assert!(decode_block(&payload, len, &options).is_err(), "{len}");
    }
}

#[test]
fn memory_follows_block_and_level() {
    let at = |level, len| memory_bytes(&CmOptions { level }, len);
    assert!(at(9, 100) < 512 << 10);
    assert!(at(1, 1 << 30) < 32 << 20);
    assert!(at(9, 1 << 30) < 300 << 20);
    assert!(at(9, 1 << 20) < at(9, 1 << 22));
}
