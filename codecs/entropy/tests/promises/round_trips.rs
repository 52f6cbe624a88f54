//! Everything that is encoded comes back.

use codec_entropy::adaptive::{ByteModel, CountModel, NibbleModel};
use codec_entropy::ans::{
    self, AnsDecoder, AnsEncoder, BLOCK_SIZE, ONE_STATE_BELOW, StaticDecoder, StaticEncoder,
};
use codec_entropy::bank::{Bank, SCALES};
use codec_entropy::golomb::{decode_exp_golomb, encode_exp_golomb};
use codec_entropy::range::{RangeDecoder, RangeEncoder};
use codec_entropy::stack::StackCoder;
use codec_entropy::table::{EscapedTable, StaticTable};
use codec_entropy::{BIT, EntropyDecoder, EntropyEncoder, EntropyError, IntervalBuffer};
use proptest::prelude::*;

use crate::{count, noise, skewed, table_of};

/// A symbol of any kind, with what its model needs to know.
#[derive(Debug, Clone)]
enum Item {
    Bits(u32, u32),
    Golomb(u32, u32),
    Nibble(u8),
    Byte(u8),
    Counted(u32),
    Tabled(u32),
    Escaped(u32),
    Residual {
        bank: usize,
        scale: usize,
        mean: i32,
        value: i32,
    },
}

fn item() -> impl Strategy<Value = Item> {
    let residual = (
        0..3usize,
        0..SCALES,
        any::<i32>(),
        prop_oneof![-9..9i32, any::<i32>()],
    )
        .prop_map(|(bank, scale, mean, off)| Item::Residual {
            bank,
            scale,
            mean,
            value: mean.wrapping_add(off),
        });
    prop_oneof![
        (any::<u32>(), 0..=32u32).prop_map(|(value, count)| Item::Bits(value, count)),
        (prop_oneof![0..100u32, any::<u32>()], 0..40u32)
            .prop_map(|(v, order)| Item::Golomb(v, order)),
        (0..16u8).prop_map(Item::Nibble),
        any::<u8>().prop_map(Item::Byte),
        (0..COUNTED as u32).prop_map(Item::Counted),
        prop_oneof![Just(1u32), Just(3)].prop_map(Item::Tabled),
        prop_oneof![0..9u32, any::<u32>()].prop_map(Item::Escaped),
        residual,
    ]
}

const COUNTED: usize = 37;

/// One model of each kind.
struct Models {
    nibble: NibbleModel,
    byte: ByteModel,
    count: CountModel,
    table: StaticTable,
    escaped: EscapedTable,
}

impl Models {
    fn new() -> Self {
        Self {
            nibble: NibbleModel::with_rate(4),
            byte: ByteModel::new(),
            count: CountModel::new(COUNTED).unwrap(),
            table: StaticTable::from_counts(&[0, 9, 0, 1], 11).unwrap(),
            escaped: EscapedTable::from_counts(&[5, 0, 0, 7, 0], 2, 12).unwrap(),
        }
    }

    fn encode(&mut self, coder: &mut impl EntropyEncoder, item: &Item) {
        match *item {
            Item::Bits(value, count) => coder.encode_bits(value, count),
            Item::Golomb(value, order) => encode_exp_golomb(coder, value, order),
            Item::Nibble(symbol) => self.nibble.encode(coder, symbol),
            Item::Byte(symbol) => self.byte.encode(coder, symbol),
            Item::Counted(symbol) => self.count.encode(coder, symbol).unwrap(),
            Item::Tabled(symbol) => self.table.encode(coder, symbol).unwrap(),
            Item::Escaped(symbol) => self.escaped.encode(coder, symbol).unwrap(),
            Item::Residual {
                bank,
                scale,
                mean,
                value,
            } => {
                banks()[bank].encode(coder, scale, mean, value).unwrap();
            }
        }
    }

    /// Decodes where `item` is expected and tells whether that is what came.
    fn decodes(
        &mut self,
        coder: &mut impl EntropyDecoder,
        item: &Item,
    ) -> Result<bool, EntropyError> {
        Ok(match *item {
            Item::Bits(value, count) => {
                u64::from(coder.decode_bits(count)?) == u64::from(value) & ((1 << count) - 1)
            }
            Item::Golomb(value, order) => decode_exp_golomb(coder, order)? == value,
            Item::Nibble(symbol) => self.nibble.decode(coder)? == symbol,
            Item::Byte(symbol) => self.byte.decode(coder)? == symbol,
            Item::Counted(symbol) => self.count.decode(coder)? == symbol,
            Item::Tabled(symbol) => self.table.decode(coder)? == symbol,
            Item::Escaped(symbol) => self.escaped.decode(coder)? == symbol,
            Item::Residual {
                bank,
                scale,
                mean,
                value,
            } => banks()[bank].decode(coder, scale, mean)? == value,
        })
    }

    fn all_decode(mut self, coder: &mut impl EntropyDecoder, items: &[Item]) {
        for item in items {
            assert_eq!(self.decodes(coder, item), Ok(true), "{item:?}");
        }
    }
}

fn banks() -> [&'static Bank; 3] {
    [Bank::gaussian(), Bank::laplace(), Bank::logistic()]
}

fn encoded<E: EntropyEncoder>(mut coder: E, items: &[Item]) -> E {
    let mut models = Models::new();
    for item in items {
        models.encode(&mut coder, item);
    }
    coder
}

proptest! {
    #[test]
    fn any_symbols_through_the_range_coder(items in prop::collection::vec(item(), 0..300)) {
        let coded = encoded(RangeEncoder::new(), &items).finish();
        let mut coder = RangeDecoder::new(&coded);
        Models::new().all_decode(&mut coder, &items);
        prop_assert_eq!(coder.finish(), Ok(()));
    }

    #[test]
    fn any_symbols_through_interleaved_ans(items in prop::collection::vec(item(), 0..300)) {
        let coded = encoded(AnsEncoder::new(), &items).finish();
        let mut coder = AnsDecoder::new(&coded).unwrap();
        Models::new().all_decode(&mut coder, &items);
        prop_assert_eq!(coder.finish(), Ok(()));
    }

    #[test]
    fn any_symbols_through_the_stack(items in prop::collection::vec(item(), 0..300)) {
        let mut stack = StackCoder::new();
        stack.push_all(&encoded(IntervalBuffer::new(), &items));
        let bytes = stack.into_bytes();
        prop_assert_ne!(bytes.last(), Some(&0));
        let mut stack = StackCoder::from_bytes(&bytes).unwrap();
        Models::new().all_decode(&mut stack, &items);
        prop_assert!(stack.is_empty());
    }

    #[test]
    fn popping_from_any_bits_and_pushing_back_restores_them(
        bits in prop::collection::vec(any::<u8>(), 0..200),
        count in 0..300usize,
    ) {
        let table = table_of(&skewed(7, 1000), 12);
        let mut stack = StackCoder::from_bits(&bits);
        let symbols: Vec<u32> = (0..count).map(|_| table.decode(&mut stack).unwrap()).collect();
        let stored = stack.into_bytes();
        let mut stack = StackCoder::from_bytes(&stored).unwrap();
        for symbol in symbols.into_iter().rev() {
            stack.push(table.interval(symbol).unwrap());
        }
        prop_assert_eq!(stack.into_bits(), Ok(bits));
    }

    #[test]
    fn any_bytes_in_blocks(bytes in prop::collection::vec(any::<u8>(), 0..3000), mask in any::<u8>()) {
        let bytes: Vec<u8> = bytes.into_iter().map(|byte| byte & mask).collect();
        let coded = ans::encode_bytes(&bytes);
        prop_assert!(coded.len() <= bytes.len() + 3);
        prop_assert_eq!(ans::decode_bytes(&coded, bytes.len()), Ok(bytes));
    }

    #[test]
    fn any_bytes_with_their_static_table(
        bytes in prop::collection::vec(any::<u8>(), 1..2000),
        precision in 8..=16u32,
        mask in any::<u8>(),
    ) {
        let bytes: Vec<u8> = bytes.into_iter().map(|byte| byte & mask).collect();
        check_static(&table_of(&bytes, precision), &bytes);
    }

    #[test]
    fn any_wide_symbols_with_their_static_table(
        symbols in prop::collection::vec(0..5000u16, 1..2000),
        precision in 12..=16u32,
    ) {
        let mut counts = vec![0; 5000];
        symbols.iter().for_each(|&symbol| counts[usize::from(symbol)] += 1);
        check_static(&StaticTable::from_counts(&counts, precision).unwrap(), &symbols);
    }

    #[test]
    fn any_table_as_written(
        counts in prop::collection::vec(prop_oneof![Just(0u32), 1..9u32, any::<u32>()], 1..600),
        precision in 8..=16u32,
    ) {
        if let Ok(table) = StaticTable::from_counts(&counts, precision) {
            let mut written = vec![1, 2, 3];
            table.write(&mut written);
            let length = written.len() - 3;
            written.push(77);
            prop_assert_eq!(StaticTable::read(&written[3..], counts.len()), Ok((table, length)));
        }
    }

    #[test]
    fn any_escaped_table_as_written(
        counts in prop::collection::vec(0..9u32, 0..200),
        escapes in 0..9u32,
        precision in 8..=16u32,
    ) {
        let table = EscapedTable::from_counts(&counts, escapes, precision).unwrap();
        let mut written = Vec::new();
        table.write(&mut written);
        let length = written.len();
        prop_assert_eq!(EscapedTable::read(&written, counts.len()), Ok((table, length)));
    }

    #[test]
    fn every_point_belongs_to_the_symbol_around_it(
        counts in prop::collection::vec(prop_oneof![Just(0u32), 1..9u32, any::<u32>()], 1..300),
        precision in 8..=16u32,
    ) {
        if let Ok(table) = StaticTable::from_counts(&counts, precision) {
            let mut point = 0;
            for symbol in (0..counts.len() as u32).filter(|&symbol| table.frequency(symbol) > 0) {
                let interval = table.interval(symbol).unwrap();
                prop_assert_eq!(interval.start(), point);
                point += interval.frequency();
                for inside in [interval.start(), point - 1] {
                    prop_assert_eq!(table.symbol_at(inside), (symbol, interval));
                }
            }
            prop_assert_eq!(point, 1 << precision);
        }
    }
}

fn check_static<S>(table: &StaticTable, symbols: &[S])
where
    S: ans::AnsSymbol + Default + PartialEq + std::fmt::Debug,
{
    let mut coded = vec![9];
    StaticEncoder::new(table)
        .encode(symbols, &mut coded)
        .unwrap();
    let mut decoded = vec![S::default(); symbols.len()];
    assert_eq!(
        StaticDecoder::new(table).decode(&coded[1..], &mut decoded),
        Ok(())
    );
    assert!(decoded == symbols);
}

#[test]
fn static_streams_at_every_number_of_states_and_remainder() {
    let bytes = skewed(8, ONE_STATE_BELOW + 20);
    let table = table_of(&bytes, 12);
    for len in (0..20).chain(ONE_STATE_BELOW - 3..ONE_STATE_BELOW + 20) {
        check_static(&table, &bytes[..len]);
    }
}

#[test]
fn blocks_around_the_block_size() {
    for len in [
        0,
        1,
        2,
        BLOCK_SIZE - 1,
        BLOCK_SIZE,
        BLOCK_SIZE + 1,
        2 * BLOCK_SIZE + 5,
    ] {
        for bytes in [skewed(9, len), noise(9, len), vec![3; len]] {
            let coded = ans::encode_bytes(&bytes);
            assert!(coded.len() <= len + 4 + len.div_ceil(BLOCK_SIZE));
            assert_eq!(ans::decode_bytes(&coded, len).as_ref(), Ok(&bytes));
        }
    }
}

#[test]
fn a_table_of_one_symbol_costs_nothing_per_symbol() {
    let table = StaticTable::from_counts(&[0, 1], 12).unwrap();
    assert_eq!(table.frequency(1), 4096);
    let mut coded = Vec::new();
    StaticEncoder::new(&table)
        .encode(&[1u8; 100_000], &mut coded)
        .unwrap();
    assert_eq!(coded.len(), 32);
    check_static(&table, &[1u8; 100_000]);
    let mut coder = RangeEncoder::new();
    for _ in 0..1000 {
        table.encode(&mut coder, 1).unwrap();
    }
    assert_eq!(coder.finish(), []);
}

#[test]
fn an_alphabet_of_65_536_symbols_each_at_one_point() {
    let table = StaticTable::from_counts(&vec![1; 65_536], 16).unwrap();
    let symbols: Vec<u16> = (0..=u16::MAX).rev().collect();
    check_static(&table, &symbols);
    let mut written = Vec::new();
    table.write(&mut written);
    assert_eq!(
        StaticTable::read(&written, 65_536),
        Ok((table, written.len()))
    );
}

#[test]
fn a_symbol_of_frequency_zero_or_outside_the_table_is_refused() {
    let table = StaticTable::from_counts(&[1, 0, 1], 8).unwrap();
    let encoder = StaticEncoder::new(&table);
    let mut out = vec![5];
    let zero = EntropyError::ZeroFrequency { symbol: 1 };
    let outside = EntropyError::SymbolOutOfRange {
        symbol: 3,
        alphabet: 3,
    };
    assert_eq!(encoder.encode(&[0u8, 1], &mut out), Err(zero.clone()));
    assert_eq!(encoder.encode(&[0u16, 1], &mut out), Err(zero.clone()));
    assert_eq!(encoder.encode(&[0u8, 3], &mut out), Err(outside.clone()));
    assert_eq!(encoder.encode(&[3u16, 1], &mut out), Err(outside.clone()));
    assert_eq!(out, [5]);
    assert_eq!(table.interval(1), Err(zero));
    assert_eq!(table.interval(3), Err(outside));
    assert!(table.ideal_bits(&[1, 1, 1]).is_err());
    assert!(
        CountModel::new(3)
            .unwrap()
            .encode(&mut RangeEncoder::new(), 3)
            .is_err()
    );
}

#[test]
fn coders_come_within_a_few_bytes_of_the_ideal_length() {
    let bytes = skewed(10, 200_000);
    let table = table_of(&bytes, 12);
    let ideal = (table.ideal_bits(&count(&bytes)).unwrap() / BIT / 8) as usize;
    let mut streams = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    StaticEncoder::new(&table)
        .encode(&bytes, &mut streams[0])
        .unwrap();
    let mut ans = AnsEncoder::new();
    let mut range = RangeEncoder::new();
    let mut stack = StackCoder::new();
    for &byte in &bytes {
        table.encode(&mut ans, u32::from(byte)).unwrap();
        table.encode(&mut range, u32::from(byte)).unwrap();
        stack.push(table.interval(u32::from(byte)).unwrap());
    }
    streams[1] = ans.finish();
    streams[2] = range.finish();
    streams[3] = stack.into_bytes();
    for (stream, over) in streams.iter().zip([100, 100, 8, 16]) {
        assert!(
            (ideal - 8..ideal + over).contains(&stream.len()),
            "{} {ideal}",
            stream.len()
        );
    }
}

#[test]
fn an_adaptive_model_learns_what_a_table_would_have_said() {
    let bytes = skewed(11, 100_000);
    let ideal = table_of(&bytes, 16).ideal_bits(&count(&bytes)).unwrap() / BIT / 8;
    let mut coder = RangeEncoder::new();
    let mut model = ByteModel::new();
    bytes
        .iter()
        .for_each(|&byte| model.encode(&mut coder, byte));
    let nibbles = coder.finish().len() as u64;
    let mut coder = RangeEncoder::new();
    let mut model = CountModel::new(256).unwrap();
    bytes
        .iter()
        .for_each(|&byte| model.encode(&mut coder, u32::from(byte)).unwrap());
    let counts = coder.finish().len() as u64;
    assert!(nibbles < ideal + ideal / 50, "{nibbles} {ideal}");
    assert!(counts < ideal + ideal / 50, "{counts} {ideal}");
}

#[test]
fn the_most_distant_residuals_have_codes() {
    let extremes = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX];
    let pairs = || {
        extremes
            .into_iter()
            .flat_map(|mean| extremes.map(|value| (mean, value)))
    };
    for bank in banks() {
        for scale in [0, SCALES - 1, SCALES, usize::MAX] {
            let mut coder = RangeEncoder::new();
            for (mean, value) in pairs() {
                bank.encode(&mut coder, scale, mean, value).unwrap();
            }
            let coded = coder.finish();
            let mut coder = RangeDecoder::new(&coded);
            for (mean, value) in pairs() {
                assert_eq!(bank.decode(&mut coder, scale, mean), Ok(value));
            }
            assert_eq!(coder.finish(), Ok(()));
        }
    }
}

#[test]
fn the_ideal_length_of_residuals_is_what_they_take() {
    let residuals: Vec<i32> = (0..3000)
        .map(|i| (i % 61 - 30) * (i % 7) * (i % 11) / 9)
        .collect();
    for bank in banks() {
        for scale in [3, 20, 40] {
            let mut coder = RangeEncoder::new();
            let mut ideal = 0;
            for &residual in &residuals {
                bank.encode(&mut coder, scale, 0, residual).unwrap();
                ideal += bank.ideal_bits(scale, residual);
            }
            let bytes = coder.finish().len() as u64;
            assert!(
                (bytes * 8 * BIT).abs_diff(ideal) < 64 * BIT,
                "{bytes} {}",
                ideal / 8 / BIT
            );
        }
    }
}
