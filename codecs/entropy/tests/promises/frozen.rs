//! Bytes that must come out, and be understood, for ever.

use codec_entropy::adaptive::{ByteModel, CountModel, NibbleModel};
use codec_entropy::ans::{self, AnsDecoder, AnsEncoder, StaticDecoder, StaticEncoder};
use codec_entropy::bank::Bank;
use codec_entropy::golomb::encode_exp_golomb;
use codec_entropy::range::RangeEncoder;
use codec_entropy::stack::StackCoder;
use codec_entropy::table::{EscapedTable, StaticTable};
use codec_entropy::{EntropyDecoder, EntropyEncoder, Interval};

use crate::{fingerprint, noise, skewed, table_of};

#[test]
fn blocks() {
    assert_eq!(ans::encode_bytes(b""), [0]);
    assert_eq!(ans::encode_bytes(b"x"), [1, 0, b'x']);
    assert_eq!(ans::encode_bytes(b"xx"), [2, 1, b'x']);
    let coded = ans::encode_bytes(&skewed(1, 300_000));
    assert_eq!(
        (coded.len(), fingerprint(coded)),
        (187668, 10311124798670238371)
    );
    let coded = ans::encode_bytes(&skewed(2, 500));
    assert_eq!(
        (coded.len(), fingerprint(coded)),
        (348, 6987910919389047351)
    );
}

#[test]
fn static_streams_of_every_width() {
    let bytes = skewed(3, 50_000);
    let mut coded = Vec::new();
    for precision in 8..=16 {
        StaticEncoder::new(&table_of(&bytes, precision))
            .encode(&bytes, &mut coded)
            .unwrap();
    }
    let symbols: Vec<u16> = bytes.iter().map(|&byte| u16::from(byte) * 10).collect();
    let counts: Vec<u32> = (0..2600)
        .map(|symbol| u32::from(symbol % 10 == 0))
        .collect();
    for precision in [12, 14, 16] {
        let table = StaticTable::from_counts(&counts, precision).unwrap();
        StaticEncoder::new(&table)
            .encode(&symbols, &mut coded)
            .unwrap();
    }
    assert_eq!(
        (coded.len(), fingerprint(coded)),
        (432746, 15337652411648118649)
    );
}

#[test]
fn a_static_stream_of_one_state() {
    let table = StaticTable::from_frequencies(&[128, 64, 64], 8).unwrap();
    let mut coded = Vec::new();
    StaticEncoder::new(&table)
        .encode(&[0u8, 1, 2, 0, 0, 1], &mut coded)
        .unwrap();
    assert_eq!(coded, [0, 112, 4, 2]);
    let mut decoded = [0u8; 6];
    StaticDecoder::new(&table)
        .decode(&coded, &mut decoded)
        .unwrap();
    assert_eq!(decoded, [0, 1, 2, 0, 0, 1]);
}

#[test]
fn interval_streams() {
    let mut coder = AnsEncoder::new();
    coder.encode(Interval::new(1, 1, 1).unwrap());
    coder.encode(Interval::new(100, 3, 10).unwrap());
    coder.encode_bits(0xabcd_ef01, 32);
    let coded = coder.finish();
    assert_eq!(coded[..8], [0, 128, 2, 0, 64, 25, 85, 1]);
    assert_eq!(
        (coded.len(), fingerprint(coded.clone())),
        (36, 9349298927733820422)
    );
    let mut coder = AnsDecoder::new(&coded).unwrap();
    assert_eq!(coder.point(1), Ok(1));
    coder.advance(Interval::new(1, 1, 1).unwrap()).unwrap();
    assert!((100..103).contains(&coder.point(10).unwrap()));
    coder.advance(Interval::new(100, 3, 10).unwrap()).unwrap();
    assert_eq!(coder.decode_bits(32), Ok(0xabcd_ef01));
    assert_eq!(coder.finish(), Ok(()));
}

#[test]
fn range_streams_of_every_model() {
    let bytes = skewed(4, 20_000);
    let mut coder = RangeEncoder::new();
    let (mut nibbles, mut pairs) = (NibbleModel::with_rate(5), ByteModel::new());
    let mut counts = CountModel::with_increment(300, 40).unwrap();
    let table = table_of(&bytes, 13);
    for (i, &byte) in bytes.iter().enumerate() {
        nibbles.encode(&mut coder, byte);
        pairs.encode(&mut coder, byte);
        counts.encode(&mut coder, u32::from(byte)).unwrap();
        table.encode(&mut coder, u32::from(byte)).unwrap();
        for bank in [Bank::gaussian(), Bank::laplace(), Bank::logistic()] {
            bank.encode(&mut coder, i % 64, 7, i32::from(byte)).unwrap();
        }
        encode_exp_golomb(&mut coder, u32::from(byte), (i % 9) as u32);
        coder.encode_bits(u32::from(byte), 8);
    }
    let coded = coder.finish();
    assert_eq!(
        (coded.len(), fingerprint(coded)),
        (161154, 14992376838294317940)
    );
}

#[test]
fn the_end_of_a_range_stream_takes_no_more_bytes_than_it_needs() {
    let bits = |count| {
        let mut coder = RangeEncoder::new();
        coder.encode_bits(0x5a5a_5a5a, count);
        coder.finish()
    };
    assert_eq!(bits(0), []);
    assert_eq!(bits(3), [64]);
    assert_eq!(bits(8), [90]);
    assert_eq!(bits(32), [90, 90, 90, 90]);
}

#[test]
fn written_tables() {
    let written = |counts: &[u32], precision| {
        let mut bytes = Vec::new();
        StaticTable::from_counts(counts, precision)
            .unwrap()
            .write(&mut bytes);
        bytes
    };
    assert_eq!(written(&[5], 8), [1, 8]);
    assert_eq!(written(&[0, 0, 5, 0], 16), [5, 128, 18, 163, 178, 77]);
    assert_eq!(
        written(&[8, 4, 2, 1, 1], 12),
        [9, 74, 170, 177, 98, 56, 227, 173, 173, 227]
    );
    let long: Vec<u32> = noise(5, 3000)
        .into_iter()
        .map(|byte| u32::from(byte / 4))
        .collect();
    let long = written(&long, 16);
    assert_eq!(
        (long.len(), fingerprint(long)),
        (2118, 15018064048062845695)
    );
    let mut escaped = Vec::new();
    EscapedTable::from_counts(&[3, 0, 9], 1, 12)
        .unwrap()
        .write(&mut escaped);
    assert_eq!(escaped, [7, 73, 163, 243, 136, 161, 62, 160]);
}

#[test]
fn stacks() {
    let table = StaticTable::from_frequencies(&[128, 64, 64], 8).unwrap();
    let mut stack = StackCoder::new();
    assert_eq!(stack.clone().into_bytes(), []);
    for symbol in [0, 1, 2, 2, 1, 0, 0, 2] {
        stack.push(table.interval(symbol).unwrap());
    }
    assert_eq!(stack.into_bytes(), [0, 192, 248, 2]);
    let mut stack = StackCoder::from_bits(&noise(6, 100));
    let symbols: Vec<u8> = (0..60)
        .map(|_| table.decode(&mut stack).unwrap() as u8)
        .collect();
    assert_eq!(fingerprint(symbols), 15266255676516380489);
    let bytes = stack.into_bytes();
    assert_eq!((bytes.len(), fingerprint(bytes)), (89, 2569179937329179609));
}
