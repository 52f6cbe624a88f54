//! Qualities of reads: adaptive contexts of the qualities before, alone or mixed.

use crate::coder::{BitCoder, Flag, Number};
use crate::damage::{Damage, Damaged};
use codec_entropy::mixing::{AdaptiveProbability, Apm, Mixer, context_hash, squash, stretch};

/// What came before a quality in its read. Qualities are numbers in the order of their bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Past {
    last: [usize; 3],
    /// How much qualities have gone down so far.
    falls: usize,
    position: usize,
}

impl Past {
    fn push(&mut self, quality: usize) {
        self.falls += self.last[0].saturating_sub(quality);
        self.last = [quality, self.last[0], self.last[1]];
        self.position += 1;
    }

    /// The larger of the second and third last.
    fn larger(&self) -> usize {
        self.last[1].max(self.last[2])
    }

    fn is_level(&self) -> usize {
        usize::from(self.last[1] == self.last[2])
    }
}

/// A model of the bits of a quality.
trait Model {
    fn begin(&mut self, past: &Past);
    fn code(&mut self, coder: &mut impl BitCoder, node: usize, bit: bool) -> bool;
}

/// Codes the qualities of reads of the given lengths, and returns them as bytes.
///
/// `mixes` says whether contexts are mixed, which is smaller and slower.
///
/// # Errors
/// [`Damage`] if the coded qualities are cut short.
pub(super) fn code<K: BitCoder>(
    coder: &mut K,
    qualities: &[u8],
    lens: &[u32],
    mixes: bool,
    encodes: bool,
) -> Damaged<Vec<u8>> {
    let total: usize = lens.iter().map(|len| *len as usize).sum();
    if total == 0 {
        return Ok(Vec::new());
    }
    let alphabet = Alphabet::code(coder, qualities)?;
    let decoded = if encodes { 0 } else { total };
    let mut reads = Reads {
        qualities,
        lens,
        encodes,
        decoded: Vec::with_capacity(decoded.min(1 << 20)),
    };
    if mixes {
        reads.code(coder, &alphabet, &mut Mixed::new(&alphabet, total))?;
    } else {
        reads.code(coder, &alphabet, &mut Light::new(&alphabet))?;
    }
    Ok(reads.decoded)
}

/// Bytes of memory that a model takes.
pub(crate) fn memory_bytes(mixes: bool) -> usize {
    let entries = if mixes {
        CONTEXTS << MOST_BITS
    } else {
        1 << LIGHT_BITS
    };
    /// For the mixer and the rest.
    const OTHERS: usize = 1 << 18;
    entries * size_of::<AdaptiveProbability>() + Apm::memory_bytes(1 << 16) + OTHERS
}

struct Reads<'a> {
    qualities: &'a [u8],
    lens: &'a [u32],
    encodes: bool,
    decoded: Vec<u8>,
}

impl Reads<'_> {
    fn code(
        &mut self,
        coder: &mut impl BitCoder,
        alphabet: &Alphabet,
        model: &mut impl Model,
    ) -> Damaged<()> {
        let mut qualities = self.qualities.iter();
        for &len in self.lens {
            let mut past = Past::default();
            for _ in 0..len {
                let byte = qualities.next().copied().unwrap_or(0);
                let symbol = usize::from(alphabet.symbols[usize::from(byte)]);
                model.begin(&past);
                let mut node = 1;
                for place in (0..alphabet.bits).rev() {
                    let bit = model.code(coder, node, symbol >> place & 1 == 1);
                    node = node << 1 | usize::from(bit);
                }
                let symbol = node & ((1 << alphabet.bits) - 1);
                past.push(symbol);
                if !self.encodes {
                    let byte = alphabet.bytes.get(symbol).copied();
                    self.decoded.push(
                        byte.ok_or(Damage("a quality that is not among those of the block"))?,
                    );
                }
            }
            if coder.is_overrun() {
                return Err(Damage("the qualities are cut short"));
            }
        }
        Ok(())
    }
}

/// The bytes that occur.
struct Alphabet {
    bytes: Vec<u8>,
    /// The number of each byte.
    symbols: [u8; 256],
    /// Bits of a number.
    bits: u32,
}

impl Alphabet {
    fn code(coder: &mut impl BitCoder, qualities: &[u8]) -> Damaged<Self> {
        let mut occurs = [false; 256];
        for &byte in qualities {
            occurs[usize::from(byte)] = true;
        }
        let lowest = occurs.iter().position(|occurs| *occurs).unwrap_or(0);
        let highest = occurs.iter().rposition(|occurs| *occurs).unwrap_or(0);
        let lowest = Number::new().code(coder, lowest as u32);
        let span = Number::new().code(coder, (highest as u32).wrapping_sub(lowest));
        let highest = lowest.saturating_add(span);
        if highest > 255 {
            return Err(Damage("a quality above all bytes"));
        }
        let mut flags = [Flag::default(); 2];
        let mut before = true;
        let mut bytes = Vec::new();
        for byte in lowest..=highest {
            let is_end = byte == lowest || byte == highest;
            before = is_end || flags[usize::from(before)].code(coder, occurs[byte as usize]);
            if before {
                bytes.push(byte as u8);
            }
        }
        let mut symbols = [0; 256];
        for (symbol, byte) in bytes.iter().enumerate() {
            symbols[usize::from(*byte)] = symbol as u8;
        }
        let bits = usize::BITS - (bytes.len() - 1).leading_zeros();
        Ok(Self {
            bytes,
            symbols,
            bits,
        })
    }
}

const LIMIT: u32 = 1023;

/// Binary logarithm of the most entries in the table of the light model.
const LIGHT_BITS: u32 = 21;
/// Bits of its context beside those of two qualities.
const LIGHT_OTHERS: u32 = 3;

/// One context: the last quality, the larger of the two before and whether they differ, and how
/// much qualities have gone down.
struct Light {
    table: Vec<AdaptiveProbability>,
    bits: u32,
    /// Bits of a quality that contexts leave out, where there are more than 64 different ones.
    coarse: u32,
    row: usize,
}

impl Light {
    fn new(alphabet: &Alphabet) -> Self {
        let bits = alphabet.bits;
        let fine = bits.min((LIGHT_BITS - LIGHT_OTHERS - bits) / 2);
        Self {
            table: vec![AdaptiveProbability::default(); 1 << (2 * fine + LIGHT_OTHERS + bits)],
            bits,
            coarse: bits - fine,
            row: 0,
        }
    }
}

impl Model for Light {
    #[inline(always)]
    fn begin(&mut self, past: &Past) {
        let fine = self.bits - self.coarse;
        let [last, larger] = [past.last[0], past.larger()].map(|quality| quality >> self.coarse);
        let falls = (past.falls >> 4).min(3);
        let context = ((falls << 1 | past.is_level()) << fine | larger) << fine | last;
        self.row = context << self.bits;
    }

    #[inline(always)]
    fn code(&mut self, coder: &mut impl BitCoder, node: usize, bit: bool) -> bool {
        let cell = &mut self.table[self.row | node];
        let bit = coder.code(bit, cell.probability().max(1));
        cell.update(bit, LIMIT);
        bit
    }
}

const CONTEXTS: usize = 6;
/// The contexts, the bits alone, a constant.
const INPUTS: usize = 8;
/// Binary logarithms of the fewest and the most entries of each context's table.
const FEWEST_BITS: u32 = 14;
const MOST_BITS: u32 = 20;

/// Rows of weights: the bits so far; the place in the read; the last quality.
const ROWS: [usize; 3] = [256, 256, 256];
const FIRST_WEIGHT: i32 = 45;
const RATE: i32 = 60;
const FIRST_RATE: i32 = 800;
/// Qualities after which half of the additional rate is gone.
const RATE_HALF_LIFE: i32 = 1 << 13;
const APM_RATE: u32 = 6;

/// Several contexts, mixed.
struct Mixed {
    tables: Vec<AdaptiveProbability>,
    alone: Box<[AdaptiveProbability; 256]>,
    mixer: Mixer<INPUTS, 3>,
    refined: Apm,
    inputs: [i16; INPUTS],
    table_bits: u32,
    bits: u32,
    rows: [usize; CONTEXTS],
    cells: [usize; CONTEXTS],
    last: usize,
    place: usize,
    count: i32,
    rate: i32,
}

impl Mixed {
    fn new(alphabet: &Alphabet, total: usize) -> Self {
        let len_bits = usize::BITS - total.leading_zeros();
        let table_bits = (len_bits + 4).clamp(FEWEST_BITS, MOST_BITS);
        Self {
            tables: vec![AdaptiveProbability::default(); CONTEXTS << table_bits],
            alone: Box::new([AdaptiveProbability::default(); 256]),
            mixer: Mixer::new(ROWS, 1, FIRST_WEIGHT),
            refined: Apm::new(1 << (2 * alphabet.bits)),
            inputs: [0; INPUTS],
            table_bits,
            bits: alphabet.bits,
            rows: [0; CONTEXTS],
            cells: [0; CONTEXTS],
            last: 0,
            place: 0,
            count: 0,
            rate: 0,
        }
    }
}

impl Model for Mixed {
    #[inline(always)]
    fn begin(&mut self, past: &Past) {
        let [last, second, third] = past.last;
        let larger = past.larger();
        let falls = past.falls;
        let place = past.position.min(2047);
        let contexts = [
            last << 16 | second << 8 | third,
            ((falls >> 3).min(15) << 1 | past.is_level()) << 16 | larger << 8 | last,
            place << 8 | last,
            second << 8 | third,
            ((falls >> 2).min(63) << 8 | (place >> 3).min(63)) << 8 | last.max(second),
            (place >> 2) << 16 | larger << 8 | last,
        ];
        // A row of all nodes lies together, wherever the hash puts it.
        let mask = (1 << (self.table_bits - self.bits)) - 1;
        for (i, context) in contexts.into_iter().enumerate() {
            let hash = (context_hash(context as u64, i as u32) >> 32) as usize;
            self.rows[i] = i << self.table_bits | (hash & mask) << self.bits;
        }
        self.last = last;
        self.place = past.position.min(255);
        self.count = self.count.saturating_add(1).min(1 << 20);
        self.rate = RATE + FIRST_RATE * RATE_HALF_LIFE / (RATE_HALF_LIFE + self.count);
    }

    #[inline(always)]
    fn code(&mut self, coder: &mut impl BitCoder, node: usize, bit: bool) -> bool {
        for i in 0..CONTEXTS {
            self.cells[i] = self.rows[i] | node;
            self.inputs[i] = stretch(self.tables[self.cells[i]].probability());
        }
        self.inputs[CONTEXTS] = stretch(self.alone[node & 255].probability());
        self.inputs[CONTEXTS + 1] = 256;
        let logit = self
            .mixer
            .mix(&self.inputs, [node, self.place, self.last], 0);
        let refined = self.refined.refine(logit, self.last << self.bits | node);
        let probability = (i32::from(squash(logit)) + refined) >> 1;
        let bit = coder.code(bit, probability.clamp(1, 65_535) as u16);
        self.mixer.learn(&self.inputs, bit, self.rate);
        self.refined.update(bit, APM_RATE);
        for cell in self.cells {
            self.tables[cell].update(bit, LIMIT);
        }
        self.alone[node & 255].update(bit, LIMIT);
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
    use proptest::prelude::*;

    fn check(reads: &[Vec<u8>]) {
        let qualities = reads.concat();
        let lens: Vec<u32> = reads.iter().map(|read| read.len() as u32).collect();
        for mixes in [false, true] {
            let mut encoder = BinaryEncoder::new();
            code(&mut encoder, &qualities, &lens, mixes, true).unwrap();
            let coded = encoder.finish();
            let mut decoder = BinaryDecoder::new(&coded);
            let decoded = code(&mut decoder, b"", &lens, mixes, false).unwrap();
            assert_eq!(decoded, qualities);
            decoder.finish().unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_bytes_come_back(reads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6)) {
            check(&reads);
        }

        #[test]
        fn qualities_come_back(reads in prop::collection::vec("[#,:F]{0,60}|[!-J]{0,60}", 0..6)) {
            check(&reads.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }
    }
}
