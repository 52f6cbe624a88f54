//! Speed and size of every coder of the crate on one file, beside constriction's.
//!
//! `cargo run --release -p codec-entropy --example throughput -- FILE`
//!
//! The file is cut into pieces of 64 KiB, each coded on its own, on one thread. A piece's time is
//! the least of many runs, so that what else the machine does is left out; the times of all pieces
//! are summed. A symbol is what one call of a model codes: a byte counts as two nibbles.

mod constriction_rows;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use codec_entropy::adaptive::{ByteModel, CountModel};
use codec_entropy::ans::{
    AnsDecoder, AnsEncoder, StaticDecoder, StaticEncoder, decode_block, encode_block,
};
use codec_entropy::bank::Bank;
use codec_entropy::range::{RangeDecoder, RangeEncoder};
use codec_entropy::stack::StackCoder;
use codec_entropy::table::StaticTable;
use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let path = std::env::args().nth(1).ok_or("usage: throughput FILE")?;
    let data = std::fs::read(&path)?;
    let counts = count(&data);
    let table = StaticTable::from_counts(&counts, 12)?;
    let mut header = Vec::new();
    table.write(&mut header);
    println!("{path}: {} bytes", data.len());
    println!(
        "12-bit table: {} bytes, leaves {} bytes of data",
        header.len(),
        table.ideal_bits(&counts)? >> 19
    );
    println!("{:40} {:>8} {:>8} {:>10}", "", "encode", "decode", "size");
    println!("{:40} {:>8} {:>8} {:>10}", "", "Msym/s", "Msym/s", "bytes");

    static_ans(&data, &counts)?;
    constriction_rows::ans(&data, &table)?;
    every_coder("12-bit table", 1, &data, || &table)?;
    constriction_rows::range(&data, &table)?;
    stack(&data, &table)?;
    every_coder("adaptive bytes, as nibbles", 2, &data, ByteModel::new)?;
    constriction_rows::adaptive(&data)?;
    let bytes = CountModel::new(256)?;
    every_coder("adaptive counts of bytes", 1, &data, || bytes.clone())?;
    every_coder("Gaussian of 64 scales", 1, &data, Residuals::default)
}

/// Something that codes bytes one after the other.
trait Model {
    fn encode(&mut self, coder: &mut impl EntropyEncoder, byte: u8) -> Result<(), EntropyError>;
    fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError>;
}

impl Model for &StaticTable {
    fn encode(&mut self, coder: &mut impl EntropyEncoder, byte: u8) -> Result<(), EntropyError> {
        StaticTable::encode(self, coder, u32::from(byte))
    }

    fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        Ok(StaticTable::decode(self, coder)? as u8)
    }
}

impl Model for ByteModel {
    fn encode(&mut self, coder: &mut impl EntropyEncoder, byte: u8) -> Result<(), EntropyError> {
        ByteModel::encode(self, coder, byte);
        Ok(())
    }

    fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        ByteModel::decode(self, coder)
    }
}

impl Model for CountModel {
    fn encode(&mut self, coder: &mut impl EntropyEncoder, byte: u8) -> Result<(), EntropyError> {
        CountModel::encode(self, coder, u32::from(byte))
    }

    fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        Ok(CountModel::decode(self, coder)? as u8)
    }
}

/// Bytes as differences from the one before, with a scale that changes with every symbol.
#[derive(Default)]
struct Residuals {
    last: u8,
    symbols: usize,
}

impl Residuals {
    fn scale(&self) -> usize {
        32 + self.symbols % 16
    }

    fn next(&mut self, byte: u8) {
        self.last = byte;
        self.symbols += 1;
    }
}

impl Model for Residuals {
    fn encode(&mut self, coder: &mut impl EntropyEncoder, byte: u8) -> Result<(), EntropyError> {
        Bank::gaussian().encode(coder, self.scale(), i32::from(self.last), i32::from(byte))?;
        self.next(byte);
        Ok(())
    }

    fn decode(&mut self, coder: &mut impl EntropyDecoder) -> Result<u8, EntropyError> {
        let byte = Bank::gaussian().decode(coder, self.scale(), i32::from(self.last))? as u8;
        self.next(byte);
        Ok(byte)
    }
}

fn static_ans(data: &[u8], counts: &[u32; 256]) -> Outcome<()> {
    measure(
        "static ANS, blocks with their own tables",
        1,
        data,
        |piece, out| {
            encode_block(piece, out);
            Ok(())
        },
        |coded, out| Ok(decode_block(coded, out).map(|_| ())?),
    )?;
    for precision in [12, 14, 16] {
        let table = StaticTable::from_counts(counts, precision)?;
        let (encoder, decoder) = (StaticEncoder::new(&table), StaticDecoder::new(&table));
        measure(
            &format!("static ANS, {precision}-bit table"),
            1,
            data,
            |piece, out| Ok(encoder.encode(piece, out)?),
            |coded, out| Ok(decoder.decode(coded, out)?),
        )?;
    }
    let symbols: Vec<u16> = data.iter().map(|&byte| u16::from(byte)).collect();
    for precision in [12, 16] {
        let table = StaticTable::from_counts(&[counts.as_slice(), &[0; 256]].concat(), precision)?;
        let (encoder, decoder) = (StaticEncoder::new(&table), StaticDecoder::new(&table));
        measure(
            &format!("static ANS, {precision}-bit table of 512 u16"),
            1,
            &symbols,
            |piece, out| Ok(encoder.encode(piece, out)?),
            |coded, out| Ok(decoder.decode(coded, out)?),
        )?;
    }
    Ok(())
}

fn every_coder<M: Model>(
    name: &str,
    symbols_per_byte: usize,
    data: &[u8],
    model: impl Fn() -> M,
) -> Outcome<()> {
    measure(
        &format!("interval ANS, {name}"),
        symbols_per_byte,
        data,
        |piece, out| {
            let (mut coder, mut model) = (AnsEncoder::new(), model());
            for &byte in piece {
                model.encode(&mut coder, byte)?;
            }
            out.extend(coder.finish());
            Ok(())
        },
        |coded, out| {
            let (mut coder, mut model) = (AnsDecoder::new(coded)?, model());
            for byte in out {
                *byte = model.decode(&mut coder)?;
            }
            Ok(coder.finish()?)
        },
    )?;
    measure(
        &format!("range coder, {name}"),
        symbols_per_byte,
        data,
        |piece, out| {
            let (mut coder, mut model) = (RangeEncoder::new(), model());
            for &byte in piece {
                model.encode(&mut coder, byte)?;
            }
            out.extend(coder.finish());
            Ok(())
        },
        |coded, out| {
            let (mut coder, mut model) = (RangeDecoder::new(coded), model());
            for byte in out {
                *byte = model.decode(&mut coder)?;
            }
            Ok(coder.finish()?)
        },
    )
}

fn stack(data: &[u8], table: &StaticTable) -> Outcome<()> {
    measure(
        "stack ANS, 12-bit table",
        1,
        data,
        |piece, out| {
            let mut coder = StackCoder::new();
            for &byte in piece.iter().rev() {
                coder.push(table.interval(u32::from(byte))?);
            }
            out.extend(coder.into_bytes());
            Ok(())
        },
        |coded, out| {
            let mut coder = StackCoder::from_bytes(coded)?;
            for byte in out {
                *byte = table.decode(&mut coder)? as u8;
            }
            Ok(())
        },
    )
}

const PIECE: usize = 64 * 1024;
const RUNS: usize = 40;

/// Prints the speeds and the size of one coder, which has to give back what it was given.
fn measure<S: Copy + Default + PartialEq>(
    name: &str,
    symbols_per_item: usize,
    data: &[S],
    mut encode: impl FnMut(&[S], &mut Vec<u8>) -> Outcome<()>,
    mut decode: impl FnMut(&[u8], &mut [S]) -> Outcome<()>,
) -> Outcome<()> {
    let (mut encoding, mut decoding, mut size) = (Duration::ZERO, Duration::ZERO, 0);
    for piece in data.chunks(PIECE) {
        let mut coded = Vec::new();
        let mut decoded = vec![S::default(); piece.len()];
        let (mut least_encoding, mut least_decoding) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            coded.clear();
            let start = Instant::now();
            encode(black_box(piece), &mut coded)?;
            least_encoding = least_encoding.min(start.elapsed());
            let start = Instant::now();
            decode(black_box(&coded), &mut decoded)?;
            least_decoding = least_decoding.min(start.elapsed());
        }
        if decoded != piece {
            return Err(format!("{name}: decoded something else").into());
        }
        encoding += least_encoding;
        decoding += least_decoding;
        size += coded.len();
    }
    let speed = |time: Duration| (data.len() * symbols_per_item) as f64 / time.as_secs_f64() / 1e6;
    println!(
        "{name:40} {:8.1} {:8.1} {size:10}",
        speed(encoding),
        speed(decoding)
    );
    Ok(())
}

fn count(data: &[u8]) -> [u32; 256] {
    let mut counts = [0; 256];
    for &byte in data {
        counts[usize::from(byte)] += 1;
    }
    counts
}
