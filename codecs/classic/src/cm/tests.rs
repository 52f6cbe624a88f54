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
fn a_truncated_payload_is_an_error_or_another_content() {
    let content = prose(500);
    for level in LEVELS {
        let options = CmOptions { level };
        let payload = encode_block(&content, &options);
        for len in 0..payload.len() {
            let decoded = decode_block(&payload[..len], content.len(), &options);
            // The layout alone, and by chance a stream less its last bytes, are valid streams.
            let may_be_valid = len == 2 || len + 8 >= payload.len();
            assert!(
                decoded.is_err() || may_be_valid,
                "level {level}, {len} bytes"
            );
            assert_ne!(
                decoded.as_deref(),
                Ok(&content[..]),
                "level {level}, {len} bytes"
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

/// A content with words, numbers, markup, a table, records and a repetition.
fn mixture() -> Vec<u8> {
    let mut content = prose(120);
    for row in 0..30u32 {
        content.extend(format!("<row id=\"{row}\">{}</row>\n", row * row % 97).bytes());
    }
    content.extend(records(60));
    content.extend_from_within(200..500);
    content
}

#[test]
fn the_format_is_frozen_for_a_small_text() {
    let text = b"She sells sea shells; the shells she sells are sea shells.";
    for (level, frozen) in [
        (1, FROZEN_TEXT[0]),
        (5, FROZEN_TEXT[1]),
        (9, FROZEN_TEXT[2]),
    ] {
        let payload = encode_block(text, &CmOptions { level });
        let hex: String = payload.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, frozen, "level {level}");
    }
}

#[test]
fn the_format_is_frozen_for_a_mixture_at_every_level() {
    for (layout, content) in [mixture(), records(400)].iter().enumerate() {
        for level in MIN_LEVEL..=MAX_LEVEL {
            let payload = encode_block(content, &CmOptions { level });
            let sum = payload.iter().fold(0xCBF2_9CE4_8422_2325u64, |sum, &byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
            });
            let frozen = FROZEN_MIXTURE[layout][usize::from(level - MIN_LEVEL)];
            assert_eq!(
                (payload.len(), sum),
                frozen,
                "layout {layout}, level {level}"
            );
        }
    }
}

/// Payloads of the small text at levels 1, 5 and 9.
const FROZEN_TEXT: [&str; 3] = [
    "0000b8ada94ad8e9aad8f79cbae95a5b4501a60ea861e41a5187d917198ba048",
    "0000b92bcd1a37c0809c9ad7ce81ec9151ba0a2ae06919b0655229328cd73e",
    "0000b8e15622ca44883d5b8d710b642c9960a2f287c47d362a07a23c6e162f",
];

/// Length and FNV-1a of the payloads, by layout and level.
const FROZEN_MIXTURE: [[(usize, u64); 9]; 2] = [
    [
        (351, 0x36EC45A17B1E9D82),
        (351, 0x36EC45A17B1E9D82),
        (351, 0x36EC45A17B1E9D82),
        (327, 0x8C2754085EBECEA2),
        (327, 0x8C2754085EBECEA2),
        (327, 0x8C2754085EBECEA2),
        (323, 0x5F601430F5FCCAAF),
        (323, 0x5F601430F5FCCAAF),
        (323, 0x5F601430F5FCCAAF),
    ],
    [
        (253, 0x5AD8E57CD2AC557D),
        (253, 0x5AD8E57CD2AC557D),
        (253, 0x5AD8E57CD2AC557D),
        (251, 0xC793D93AEDB241D4),
        (251, 0xC793D93AEDB241D4),
        (251, 0xC793D93AEDB241D4),
        (246, 0x155236E953E885B6),
        (246, 0x155236E953E885B6),
        (246, 0x155236E953E885B6),
    ],
];
