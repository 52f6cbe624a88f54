//! Any bytes at all: an answer or an error, never a panic, never memory out of proportion.

use codec_entropy::adaptive::{ByteModel, CountModel, NibbleModel};
use codec_entropy::ans::{self, AnsDecoder, AnsEncoder, StaticDecoder, StaticEncoder};
use codec_entropy::bank::Bank;
use codec_entropy::golomb::decode_exp_golomb;
use codec_entropy::range::{BYTES_PAST_END, RangeDecoder, RangeEncoder};
use codec_entropy::stack::StackCoder;
use codec_entropy::table::{EscapedTable, StaticTable};
use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};
use proptest::prelude::*;

use crate::{noise, skewed, table_of};

/// Decodes with every model in turn until there is an error, or often enough.
fn exhaust(coder: &mut impl EntropyDecoder) -> Result<(), EntropyError> {
    let (mut nibble, mut byte) = (NibbleModel::new(), ByteModel::new());
    let mut count = CountModel::new(300).unwrap();
    let table = StaticTable::from_counts(&[1, 0, 900, 4], 14).unwrap();
    let escaped = EscapedTable::from_counts(&[4, 0, 4], 4, 8).unwrap();
    for i in 0..400 {
        nibble.decode(coder)?;
        byte.decode(coder)?;
        assert!(count.decode(coder)? < 300);
        assert!(table.decode(coder)? < 4);
        escaped.decode(coder)?;
        for bank in [Bank::gaussian(), Bank::laplace(), Bank::logistic()] {
            bank.decode(coder, i % 70, i32::MAX)?;
        }
        decode_exp_golomb(coder, (i % 40) as u32)?;
        coder.decode_bits((i % 40) as u32)?;
        // An interval that need not be where the point is.
        if i % 7 == 0 {
            coder.advance(Interval::new(9, 90, 10).unwrap())?;
        }
    }
    Ok(())
}

/// Bytes at random, and bytes that begin well.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let valid = ans::encode_bytes(&skewed(1, 2000));
    let changed =
        prop::collection::vec((0..valid.len(), any::<u8>()), 0..4).prop_map(move |changes| {
            let mut bytes = valid.clone();
            changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
            bytes
        });
    prop_oneof![prop::collection::vec(any::<u8>(), 0..300), changed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_as_blocks(bytes in bytes()) {
        if let Ok(decoded) = ans::decode_bytes(&bytes, 10_000) {
            prop_assert!(decoded.len() <= 10_000);
        }
        let _ = ans::decode_block(&bytes, &mut [0; 1000]);
    }

    #[test]
    fn any_bytes_as_tables(bytes in bytes(), alphabet in prop_oneof![0..300usize, Just(70_000)]) {
        if let Ok((table, length)) = StaticTable::read(&bytes, alphabet) {
            prop_assert!(length <= bytes.len());
            prop_assert_eq!(table.alphabet() as usize, alphabet);
            let sum: u32 = (0..table.alphabet()).map(|symbol| table.frequency(symbol)).sum();
            prop_assert_eq!(sum, 1 << table.precision());
        }
        let _ = EscapedTable::read(&bytes, alphabet);
    }

    #[test]
    fn any_bytes_as_a_static_stream(bytes in bytes(), len in 0..2000usize) {
        for precision in [12, 14, 16] {
            let decoder = StaticDecoder::new(&table_of(&skewed(2, 1000), precision));
            let _ = decoder.decode(&bytes, &mut vec![0u8; len]);
            let _ = decoder.decode(&bytes, &mut vec![0u16; len]);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_through_the_coders(bytes in bytes()) {
        let mut range = RangeDecoder::new(&bytes);
        let _ = exhaust(&mut range);
        prop_assert!(range.position() <= bytes.len());
        let _ = range.finish();
        if let Ok(mut ans) = AnsDecoder::new(&bytes) {
            let _ = exhaust(&mut ans);
            prop_assert!(ans.position() <= bytes.len());
            let _ = ans.finish();
        }
        if let Ok(mut stack) = StackCoder::from_bytes(&bytes) {
            let _ = exhaust(&mut stack);
            let _ = stack.into_bits();
        }
        let mut stack = StackCoder::from_bits(&bytes);
        let _ = exhaust(&mut stack);
        let _ = stack.into_bytes();
    }
}

#[test]
fn every_prefix_of_coded_blocks_is_an_error() {
    for bytes in [skewed(3, 600), noise(3, 50), vec![1; 100]] {
        let coded = ans::encode_bytes(&bytes);
        for len in 0..coded.len() {
            let decoded = ans::decode_bytes(&coded[..len], 1000);
            assert!(
                matches!(decoded, Err(EntropyError::Truncated { at }) if at == len),
                "{decoded:?}"
            );
        }
        let mut longer = coded.clone();
        longer.push(0);
        let trailing = EntropyError::TrailingData {
            at: coded.len(),
            len: 1,
        };
        assert_eq!(ans::decode_bytes(&longer, 1000), Err(trailing));
    }
}

#[test]
fn a_promise_of_much_data_is_not_believed() {
    let huge = [255, 255, 255, 255, 255, 255, 255, 255, 127, 1, 7];
    assert!(ans::decode_bytes(&huge, usize::MAX).is_err());
    let limit = EntropyError::LimitExceeded {
        needed: 300,
        limit: 299,
    };
    assert_eq!(ans::decode_bytes(&[172, 2, 1, 7], 299), Err(limit));
}

#[test]
fn a_changed_bit_of_a_static_stream_is_nearly_always_noticed() {
    let bytes = skewed(4, 40_000);
    let table = table_of(&bytes, 12);
    let mut coded = Vec::new();
    StaticEncoder::new(&table)
        .encode(&bytes, &mut coded)
        .unwrap();
    let decoder = StaticDecoder::new(&table);
    let mut decoded = vec![0u8; bytes.len()];
    let unnoticed = (0..500).filter(|i| {
        let mut damaged = coded.clone();
        damaged[i * 29] ^= 1 << (i % 8);
        decoder.decode(&damaged, &mut decoded).is_ok()
    });
    // Not all: after some wrong symbols the states can be right again.
    assert!(unnoticed.count() <= 5);
}

#[test]
fn an_interleaved_stream_ends_where_it_began() {
    let bytes = skewed(5, 200);
    let table = table_of(&bytes, 12);
    let mut coder = AnsEncoder::new();
    bytes
        .iter()
        .for_each(|&byte| table.encode(&mut coder, u32::from(byte)).unwrap());
    let coded = coder.finish();
    let decode = |bytes: &[u8], count| {
        let mut coder = AnsDecoder::new(bytes)?;
        for _ in 0..count {
            table.decode(&mut coder)?;
        }
        coder.finish()
    };
    assert_eq!(decode(&coded, 200), Ok(()));
    assert!(matches!(
        decode(&coded, 100),
        Err(EntropyError::TrailingData { .. })
    ));
    assert!(matches!(
        decode(&coded[..coded.len() - 2], 200),
        Err(EntropyError::Truncated { .. })
    ));
    assert!(matches!(
        decode(&coded[..31], 0),
        Err(EntropyError::Truncated { at: 31 })
    ));
    assert!(matches!(
        decode(&coded, 199),
        Err(EntropyError::Corrupt { .. })
    ));
}

#[test]
fn a_range_decoder_stops_soon_after_the_end() {
    let mut coder = RangeDecoder::new(&[]);
    let results: Vec<_> = (0..=8 * BYTES_PAST_END)
        .map(|_| coder.decode_bits(1))
        .collect();
    let first_error = results.into_iter().find(Result::is_err);
    assert_eq!(first_error, Some(Err(EntropyError::Truncated { at: 0 })));

    let mut encoder = RangeEncoder::new();
    (0..100).for_each(|i| encoder.encode_bits(i, 16));
    let coded = encoder.finish();
    let mut coder = RangeDecoder::new(&coded[..100]);
    let symbols = (0..100)
        .take_while(|_| coder.decode_bits(16).is_ok())
        .count();
    assert!((50..=54).contains(&symbols), "{symbols}");
    let mut coder = RangeDecoder::new(&coded);
    (0..90).for_each(|_| assert!(coder.decode_bits(16).is_ok()));
    assert!(matches!(
        coder.finish(),
        Err(EntropyError::TrailingData { .. })
    ));
}

#[test]
fn tables_that_do_not_add_up_are_refused() {
    let table = |frequencies: &[u32]| StaticTable::from_frequencies(frequencies, 8);
    assert!(table(&[200, 56]).is_ok());
    let invalid = |symbol| matches!(table(&[200, 57]), Err(EntropyError::InvalidTable { symbol: s, .. }) if s == symbol);
    assert!(invalid(1));
    assert!(matches!(
        table(&[200]),
        Err(EntropyError::InvalidTable { symbol: 1, .. })
    ));
    assert!(matches!(
        table(&[u32::MAX, u32::MAX]),
        Err(EntropyError::InvalidTable { .. })
    ));
    assert!(matches!(
        table(&[]),
        Err(EntropyError::InvalidTable { symbol: 0, .. })
    ));
    assert!(matches!(
        StaticTable::from_counts(&[1], 7),
        Err(EntropyError::PrecisionOutOfRange {
            precision: 7,
            min: 8,
            max: 16
        })
    ));
    assert!(matches!(
        StaticTable::from_counts(&vec![1; 65_537], 16),
        Err(EntropyError::AlphabetOutOfRange {
            alphabet: 65_537,
            max: 65_536
        })
    ));
    // A written table read with too small an alphabet.
    let mut written = Vec::new();
    StaticTable::from_counts(&[1; 10], 8)
        .unwrap()
        .write(&mut written);
    assert!(matches!(
        StaticTable::read(&written, 9),
        Err(EntropyError::InvalidTable { symbol: 9, .. })
    ));
    assert!(matches!(
        StaticTable::read(&written[..3], 10),
        Err(EntropyError::Truncated { at: 3 })
    ));
}

#[test]
fn bytes_that_cannot_be_a_stack_are_refused() {
    assert!(matches!(
        StackCoder::from_bytes(&[1, 0]),
        Err(EntropyError::Corrupt { at: 1, .. })
    ));
    assert!(StackCoder::from_bytes(&[]).is_ok_and(|stack| stack.is_empty()));
    let stack = StackCoder::from_bytes(&[1, 2, 3]).unwrap();
    assert!(matches!(
        stack.into_bits(),
        Err(EntropyError::Corrupt { .. })
    ));
}

#[test]
fn a_wide_table_does_not_decode_to_bytes() {
    let table = StaticTable::from_counts(&[1; 300], 12).unwrap();
    let mut coded = Vec::new();
    StaticEncoder::new(&table)
        .encode(&[1u16, 2], &mut coded)
        .unwrap();
    let wide = EntropyError::SymbolOutOfRange {
        symbol: 299,
        alphabet: 256,
    };
    assert_eq!(
        StaticDecoder::new(&table).decode(&coded, &mut [0u8; 2]),
        Err(wide)
    );
}
