use super::*;
use codec_entropy::mixing::UNITS_PER_BIT;
use proptest::prelude::*;

const EFFORTS: [Effort; 3] = [Effort::Quick, Effort::Mid, Effort::Max];

fn round_trip(content: &[u8], effort: Effort) -> usize {
    let payload = encode_block(content, effort);
    let decoded = decode_block(&payload, content.len(), effort);
    assert_eq!(decoded.as_deref(), Ok(content), "{effort:?}");
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

/// A log of so many lines.
fn log(lines: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for (i, choice) in noise(lines, 5).into_iter().enumerate() {
        let time = format!("{:02}:{:02}:{:02}", i / 3600 % 24, i / 60 % 60, i % 60);
        let line = match choice % 3 {
            0 => format!(
                "{time} worker[{}]: job {} done in {} ms\n",
                choice,
                7 * i,
                choice
            ),
            1 => format!("{time} worker[{}]: job {} failed: timeout\n", choice, 7 * i),
            _ => format!("{time} cache: {} entries\r\n", i),
        };
        text.extend(line.bytes());
    }
    text
}

fn structured() -> impl Strategy<Value = Vec<u8>> {
    let repetitive = (prop::collection::vec(any::<u8>(), 1..40), 1..60usize)
        .prop_map(|(unit, times)| unit.repeat(times));
    let digits = prop::collection::vec(
        prop_oneof![6 => b'0'..=b'9', 1 => Just(b' '), 1 => Just(b'\n')],
        0..1500,
    );
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..1500),
        repetitive,
        digits,
        (0..40usize).prop_map(log),
    ]
}

fn effort() -> impl Strategy<Value = Effort> {
    prop::sample::select(&EFFORTS[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_block_comes_back(content in structured(), effort in effort()) {
        round_trip(&content, effort);
    }

    #[test]
    fn hostile_payloads_never_panic(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        content_len in 0..5000usize,
        effort in effort(),
    ) {
        let _ = decode_block(&payload, content_len, effort);
    }

    #[test]
    fn a_damaged_payload_gives_an_error_or_the_right_number_of_bytes(
        content in structured(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255u8,
    ) {
        let mut payload = encode_block(&content, Effort::Mid);
        prop_assume!(!payload.is_empty());
        let place = place.index(payload.len());
        payload[place] ^= flip;
        if let Ok(decoded) = decode_block(&payload, content.len(), Effort::Mid) {
            prop_assert_eq!(decoded.len(), content.len());
        }
    }
}

#[test]
fn an_empty_block_takes_nothing() {
    for effort in EFFORTS {
        assert_eq!(round_trip(b"", effort), 0);
        assert_eq!(decode_block(b"x", 0, effort), Err(RowsError::Trailing));
    }
}

#[test]
fn odd_blocks_come_back() {
    let long_line = b"0123456789abcdef ".repeat(8_000);
    let blocks: [&[u8]; 7] = [
        b"\n",
        b"no line feed at all",
        b"\r\n\r\n\r\n",
        &[0; 3_000],
        &[b'\n'; 3_000],
        &[b'7'; 3_000],
        &long_line,
    ];
    for block in blocks {
        for effort in EFFORTS {
            round_trip(block, effort);
        }
    }
}

#[test]
fn every_single_byte_comes_back_from_at_most_four() {
    for byte in (0..=255).step_by(17) {
        assert!(round_trip(&[byte], Effort::Mid) <= 4);
    }
}

#[test]
fn noise_grows_by_little() {
    let content = noise(20_000, 1);
    for effort in EFFORTS {
        assert!(round_trip(&content, effort) < content.len() + content.len() / 20);
    }
}

#[test]
fn a_log_becomes_small_and_more_effort_makes_it_smaller() {
    let content = log(2_000);
    let [quick, mid, max] = EFFORTS.map(|effort| round_trip(&content, effort));
    assert!(quick < content.len() / 12, "{quick} of {}", content.len());
    assert!(max <= mid && mid <= quick, "{quick} {mid} {max}");
}

#[test]
fn a_truncated_payload_is_mostly_an_error_and_never_the_content() {
    let content = log(60);
    let payload = encode_block(&content, Effort::Mid);
    let decoded = (1..payload.len())
        .step_by(9)
        .map(|len| decode_block(&payload[..len], content.len(), Effort::Mid));
    let decoded: Vec<_> = decoded.collect();
    assert!(
        decoded
            .iter()
            .all(|decoded| decoded.as_deref() != Ok(&content[..]))
    );
    // What a shorter payload stands for may happen to be as long as the content.
    let errors = decoded.iter().filter(|decoded| decoded.is_err()).count();
    assert!(
        10 * errors > 9 * decoded.len(),
        "{errors} of {}",
        decoded.len()
    );
}

#[test]
fn bytes_behind_a_payload_are_an_error() {
    let content = log(30);
    for extra in [&[0u8][..], &[1], &[0; 9]] {
        let mut payload = encode_block(&content, Effort::Max);
        payload.extend(extra);
        let decoded = decode_block(&payload, content.len(), Effort::Max);
        assert_eq!(decoded, Err(RowsError::Trailing));
    }
}

#[test]
fn a_wrong_content_length_is_an_error() {
    let content = log(60);
    let payload = encode_block(&content, Effort::Mid);
    for len in [0, 1, content.len() / 2, content.len() + 5_000] {
        assert!(decode_block(&payload, len, Effort::Mid).is_err(), "{len}");
    }
}

#[test]
fn memory_follows_the_block() {
    for effort in EFFORTS {
        assert!(memory_bytes(effort, 1_000) < 20 << 20);
        assert!(memory_bytes(effort, 32 << 20) <= 200 << 20);
        assert_eq!(memory_bytes(effort, 1 << 40), memory_bytes(effort, 1 << 30));
    }
}

#[test]
fn the_bits_of_the_lines_sum_up_to_the_payload() {
    let content = log(400);
    for effort in EFFORTS {
        let payload = encode_block(&content, effort).len() as u64;
        let lines = line_bits(&content, effort);
        assert_eq!(lines.len(), 400);
        let bytes = lines.iter().sum::<u64>() / (8 * UNITS_PER_BIT);
        assert!(bytes.abs_diff(payload) <= 8, "{bytes} {payload}");
    }
}

#[test]
fn a_line_unlike_all_others_takes_the_most_bits() {
    let mut content = log(300);
    content.extend(b"panic: stack smashing detected at 0xDEADBEEF, halting\n");
    content.extend(log(20));
    content.extend(b"and no line feed");
    let lines = line_bits(&content, Effort::Mid);
    assert_eq!(lines.len(), 322);
    let most = lines.iter().skip(50).take(270).max();
    assert_eq!(lines.get(300), most);
}

/// A small log of several formats, with bytes that belong to none.
fn mixture() -> Vec<u8> {
    let mut content = log(120);
    for row in 0..40u32 {
        content.extend(format!("{{\"id\":{row},\"size\":{}}}\n", row * row % 97).bytes());
        content.extend(format!("Jan {:2} host-{} up\n", row % 31, row % 3).bytes());
    }
    content.extend(noise(200, 9));
    content.extend_from_within(100..900);
    content
}

#[test]
fn the_format_is_frozen() {
    for (effort, frozen) in EFFORTS.into_iter().zip(FROZEN) {
        let payload = encode_block(&mixture(), effort);
        let sum = payload.iter().fold(0xCBF2_9CE4_8422_2325u64, |sum, &byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        assert_eq!((payload.len(), sum), frozen, "{effort:?}");
    }
}

/// Length and FNV-1a of the payloads.
const FROZEN: [(usize, u64); 3] = [
    (746, 0xB8478391105BD5C4),
    (743, 0x595CDB7951F52FF8),
    (717, 0x469FD5A89231068F),
];
