//! The written form of a table.
//!
//! Range-coded: the precision, then the frequencies in symbol order until they fill the total. A
//! frequency is its bit length and the bits below the leading one. Bit lengths are coded by
//! adaptive counts chosen by the two lengths before, the bit after the leading one by adaptive
//! counts chosen by the length, the others as they are. After a frequency of zero comes how many
//! more zeros follow, in the same manner.

use super::StaticTable;
use crate::adaptive::CountModel;
use crate::range::{RangeDecoder, RangeEncoder};
use crate::{EntropyDecoder, EntropyEncoder, EntropyError, varint};

use super::{MAX_ALPHABET, MIN_TABLE_PRECISION};

impl StaticTable {
    /// Appends the table to `out`, without its alphabet, which the reader has to know.
    ///
    /// Format: the number of bytes that follow, as LEB128, then the stream of a [`RangeEncoder`]:
    /// the precision less 8, in 4 bits, then the frequencies from symbol 0 on, until their sum is
    /// the total. All models below are [`CountModel`]s with an increment of 2.
    ///
    /// - The bit length of the frequency, 0 to 17, with one of five models of 18 symbols. It is
    ///   chosen by the bit lengths of the two frequencies before, both 0 at the start: 0 if both are
    ///   0, 1 if only the last is, else 2, 3 or 4 if the last is up to 3, up to 6 or above.
    /// - For a bit length of 2 or more, the bit after the leading one, with a model of 2 symbols for
    ///   each bit length; then the rest of the bits as they are.
    /// - After a frequency of 0, how many more zeros follow, plus one: the bit length of that, less
    ///   one, with a model of 18 symbols, and the bits after the leading one as they are. The next
    ///   frequency, which is not 0, counts as one after two zeros.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut coder = RangeEncoder::new();
        coder.encode_bits(self.precision - MIN_TABLE_PRECISION, PRECISION_BITS);
        let mut model = HeaderModel::new();
        let mut left = 1u32 << self.precision;
        let mut symbol = 0;
        while left > 0 {
            let frequency = self.frequency(symbol);
            symbol += 1;
            left -= frequency;
            model.encode_frequency(&mut coder, frequency);
            if frequency == 0 {
                let run = (symbol..)
                    .take_while(|&next| self.frequency(next) == 0)
                    .count() as u32;
                model.encode_run(&mut coder, run);
                symbol += run;
            }
        }
        let bytes = coder.finish();
        varint::write(bytes.len() as u64, out);
        out.extend_from_slice(&bytes);
    }

    /// The table at the start of `input`, for `alphabet` symbols, and how many bytes it takes.
    ///
    /// Takes memory in proportion to `alphabet`, whatever `input` says.
    ///
    /// # Errors
    ///
    /// - [`EntropyError::AlphabetOutOfRange`] if `alphabet` is 0 or above [`MAX_ALPHABET`].
    /// - [`EntropyError::Truncated`] if `input` ends before the table does.
    /// - [`EntropyError::InvalidTable`] if the frequencies do not fill the total exactly, or need
    ///   more symbols.
    /// - [`EntropyError::PrecisionOutOfRange`], [`EntropyError::TrailingData`] or
    ///   [`EntropyError::Corrupt`] for bytes that [`write`](Self::write) cannot have written.
    pub fn read(input: &[u8], alphabet: usize) -> Result<(Self, usize), EntropyError> {
        if !(1..=MAX_ALPHABET).contains(&alphabet) {
            return Err(EntropyError::AlphabetOutOfRange {
                alphabet,
                max: MAX_ALPHABET,
            });
        }
        let mut start = 0;
        let length = varint::read(input, &mut start)?;
        let truncated = EntropyError::Truncated { at: input.len() };
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length));
        let bytes = end.and_then(|end| input.get(start..end)).ok_or(truncated)?;
        let table = read_frequencies(bytes, alphabet).map_err(|error| error.moved(start))?;
        Ok((table, start + bytes.len()))
    }
}

const PRECISION_BITS: u32 = 4;

fn read_frequencies(bytes: &[u8], alphabet: usize) -> Result<StaticTable, EntropyError> {
    let mut coder = RangeDecoder::new(bytes);
    let precision = coder.decode_bits(PRECISION_BITS)? + MIN_TABLE_PRECISION;
    super::check(alphabet, precision)?;
    let mut model = HeaderModel::new();
    let mut left = 1u32 << precision;
    let mut frequencies: Vec<u32> = Vec::with_capacity(alphabet);
    while left > 0 {
        let symbol = frequencies.len();
        if symbol >= alphabet {
            let what = "the alphabet ends before the total is reached";
            return Err(EntropyError::InvalidTable { symbol, what });
        }
        let frequency = model.decode_frequency(&mut coder)?;
        let what = "the sum passes the total";
        left = left
            .checked_sub(frequency)
            .ok_or(EntropyError::InvalidTable { symbol, what })?;
        frequencies.push(frequency);
        if frequency == 0 {
            let run = model.decode_run(&mut coder)? as usize;
            if run >= alphabet - symbol {
                let what = "zeros run past the alphabet";
                return Err(EntropyError::InvalidTable { symbol, what });
            }
            frequencies.resize(symbol + 1 + run, 0);
        }
    }
    coder.finish()?;
    frequencies.resize(alphabet, 0);
    Ok(StaticTable::trusted(&frequencies, precision))
}

/// Bit lengths of frequencies: 0 for 0, 17 for the largest, 2^16.
const LENGTHS: usize = 18;

/// Counts start at 1 and so weigh half a symbol, as Krichevsky and Trofimov have it.
const INCREMENT: u32 = 2;

/// What has been learnt about the frequencies so far.
struct HeaderModel {
    lengths: [CountModel; 5],
    seconds: [CountModel; LENGTHS],
    runs: CountModel,
    last: u32,
    before: u32,
}

impl HeaderModel {
    fn new() -> Self {
        Self {
            lengths: std::array::from_fn(|_| CountModel::trusted(LENGTHS, INCREMENT)),
            seconds: std::array::from_fn(|_| CountModel::trusted(2, INCREMENT)),
            runs: CountModel::trusted(LENGTHS, INCREMENT),
            last: 0,
            before: 0,
        }
    }

    /// The counts for the next bit length: what matters is whether symbols are used around here,
    /// and how large their frequencies are.
    fn context(&self) -> usize {
        match (self.before, self.last) {
            (0, 0) => 0,
            (_, 0) => 1,
            (_, 1..=3) => 2,
            (_, 4..=6) => 3,
            _ => 4,
        }
    }

    fn encode_frequency(&mut self, coder: &mut RangeEncoder, frequency: u32) {
        let length = bit_length(frequency);
        let context = self.context();
        self.lengths[context].encode_known(coder, length);
        if length >= 2 {
            let below = length - 2;
            self.seconds[length as usize].encode_known(coder, (frequency >> below) & 1);
            coder.encode_bits(frequency, below);
        }
        self.passed(length);
    }

    fn decode_frequency(&mut self, coder: &mut RangeDecoder<'_>) -> Result<u32, EntropyError> {
        let length = self.lengths[self.context()].decode(coder)?;
        self.passed(length);
        if length < 2 {
            return Ok(length);
        }
        let second = self.seconds[length as usize % LENGTHS].decode(coder)?;
        Ok((2 | second) << (length - 2) | coder.decode_bits(length - 2)?)
    }

    fn encode_run(&mut self, coder: &mut RangeEncoder, run: u32) {
        let length = bit_length(run + 1);
        self.runs.encode_known(coder, length - 1);
        coder.encode_bits(run + 1, length - 1);
        self.ended();
    }

    fn decode_run(&mut self, coder: &mut RangeDecoder<'_>) -> Result<u32, EntropyError> {
        let length = self.runs.decode(coder)?;
        self.ended();
        Ok((1 << length | coder.decode_bits(length)?) - 1)
    }

    fn passed(&mut self, length: u32) {
        (self.before, self.last) = (self.last, length);
    }

    /// After a run of zeros the next frequency is not zero: as good as two zeros before it.
    fn ended(&mut self) {
        (self.before, self.last) = (0, 0);
    }
}

fn bit_length(value: u32) -> u32 {
    u32::BITS - value.leading_zeros()
}
