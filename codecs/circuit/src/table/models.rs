//! Adaptive models of symbols and numbers that follow each other down a column.
//!
//! One path serves encoder, decoder and measurement: values are read by the first and written by the
//! second.

use codec_entropy::mixing::{
    AdaptiveProbability, BitCoder, ContextSet, Mixer, context_hash, squash, stretch,
};

/// Contexts of a symbol.
const CONTEXTS: usize = 6;
/// Mixer inputs: the contexts, the symbol's own frequency, a constant.
const INPUTS: usize = CONTEXTS + 2;
/// Learning rates, as for `cm`: settled, and in addition at the beginning.
const RATE: i32 = 160;
const FIRST_RATE: i32 = 1200;
const RATE_HALF_LIFE: i32 = 1 << 12;
const FIRST_WEIGHT: i32 = 64;
const MAP_RATE: u32 = 6;
const LIMIT: u32 = 255;

/// A value that no symbol, class or number can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// Symbols of one column, by two columns that they depend on and by the symbols above.
#[derive(Clone, Copy)]
pub(super) struct Parents<'a>(pub(super) [Option<&'a [u8]>; 2]);

impl Parents<'_> {
    fn at(&self, row: usize) -> [u64; 2] {
        self.0.map(|symbols| {
            symbols
                .and_then(|symbols| symbols.get(row))
                .map_or(256, |symbol| u64::from(*symbol))
        })
    }
}

/// Predicts symbols of up to eight bits in several contexts.
struct SymbolModel {
    contexts: ContextSet<CONTEXTS>,
    alone: Box<[AdaptiveProbability; 256]>,
    mixer: Mixer<INPUTS, 2>,
    inputs: [i16; INPUTS],
    coded: i32,
    bits: u32,
}

impl SymbolModel {
    /// A model of symbols below `symbols` for a column of `rows` cells.
    fn new(symbols: usize, rows: usize) -> Self {
        let line_bits = (usize::BITS - rows.leading_zeros() + 2).clamp(6, 18);
        Self {
            contexts: ContextSet::new(line_bits, [false; CONTEXTS]),
            alone: Box::new([AdaptiveProbability::default(); 256]),
            mixer: Mixer::new([(CONTEXTS + 1) * 256, 256], 1, FIRST_WEIGHT),
            inputs: [0; INPUTS],
            coded: 0,
            bits: usize::BITS - symbols.saturating_sub(1).leading_zeros(),
        }
    }

    /// Codes a symbol in contexts `hashes`; `row` of below 256 selects weights.
    fn code(&mut self, coder: &mut impl BitCoder, symbol: u8, hashes: [u64; CONTEXTS]) -> u8 {
        let hashes = std::array::from_fn(|i| context_hash(hashes[i], i as u32 + 1));
        self.contexts.begin_byte(&hashes);
        let mut known = self.contexts.known_contexts();
        let rate = RATE + FIRST_RATE * RATE_HALF_LIFE / (RATE_HALF_LIFE + self.coded);
        self.coded = (self.coded + 1).min(1 << 20);
        let (mut partial, mut node) = (1usize, 0usize);
        for place in (0..self.bits).rev() {
            if place == 3 && self.bits > 4 {
                self.contexts.middle_of_byte(partial as u8 & 15);
                known = self.contexts.known_contexts();
                node = 0;
            }
            self.contexts.predict(node, &mut self.inputs);
            self.inputs[CONTEXTS] = stretch(self.alone[partial & 255].probability());
            self.inputs[CONTEXTS + 1] = 256;
            let logit = self
                .mixer
                .mix(&self.inputs, [known * 256 + partial, partial], 0);
            let bit = coder.code(symbol >> place & 1 == 1, squash(logit).clamp(1, 65_535));
            self.contexts.update(node, bit, MAP_RATE);
            self.alone[partial & 255].update(bit, LIMIT);
            self.mixer.learn(&self.inputs, bit, rate);
            partial = partial << 1 | usize::from(bit);
            node = 2 * node + 1 + usize::from(bit);
        }
        (partial ^ (1 << self.bits)) as u8
    }
}

/// Bits of numbers whose size is known, each in the context of those above it.
struct Leaves {
    cells: Vec<AdaptiveProbability>,
    cell_bits: u32,
    depth: u32,
}

impl Leaves {
    /// A model that learns the first `depth` bits of `rows` numbers; those behind are as likely set
    /// as not.
    fn new(depth: u8, rows: usize) -> Self {
        let cell_bits = (usize::BITS - rows.leading_zeros() + 4).min(16);
        let len = if depth == 0 { 0 } else { 1 << cell_bits };
        Self {
            cells: vec![AdaptiveProbability::new(1 << 15, 1); len],
            cell_bits,
            depth: u32::from(depth),
        }
    }

    /// Codes the lowest `bits` bits of a number, of a class of numbers.
    fn code(&mut self, coder: &mut impl BitCoder, number: u64, bits: u32, class: u64) -> u64 {
        let mut partial = 1u64;
        for (done, place) in (0..bits).rev().enumerate() {
            let bit = number >> place & 1 == 1;
            let bit = if (done as u32) < self.depth {
                let hash = context_hash(class << 40 ^ partial, 9) >> (64 - self.cell_bits);
                match self.cells.get_mut(hash as usize) {
                    Some(cell) => {
                        let bit = coder.code(bit, cell.probability().clamp(1, 65_535));
                        cell.update(bit, LIMIT);
                        bit
                    }
                    None => coder.code(bit, 1 << 15),
                }
            } else {
                coder.code(bit, 1 << 15)
            };
            partial = partial << 1 | u64::from(bit);
        }
        partial & !(u64::MAX.checked_shl(bits).unwrap_or(0))
    }
}

/// Codes the symbols of a column, each below `count`.
pub(super) fn code_symbols(
    coder: &mut impl BitCoder,
    symbols: &mut [u8],
    count: usize,
    parents: Parents<'_>,
) -> Result<(), OutOfRange> {
    let mut model = SymbolModel::new(count, symbols.len());
    let mut above = [0u64; 2];
    // By the first parent's symbol, the last symbol of a row that had it.
    let mut last = vec![0u64; 257];
    for (row, symbol) in symbols.iter_mut().enumerate() {
        let [first, second] = parents.at(row);
        let one = above[0];
        let two = one << 8 | above[1];
        let hashes = [
            one,
            two,
            first << 9 | last[first as usize] | 1 << 20,
            first,
            first << 9 | second,
            (first << 9 | second) << 9 | one,
        ];
        *symbol = model.code(coder, *symbol, hashes);
        if usize::from(*symbol) >= count {
            return Err(OutOfRange);
        }
        above = [u64::from(*symbol), one];
        last[first as usize] = u64::from(*symbol);
    }
    Ok(())
}

/// How differences of numbers are coded.
#[derive(Clone, Copy)]
pub(super) struct StepContexts<'a> {
    /// Symbols within each of which differences are taken.
    pub(super) by: Option<&'a [u8]>,
    /// Differences that are expected, one for each row.
    pub(super) like: Option<&'a [i64]>,
    /// See [`Steps::smooth`](super::front::Steps::smooth).
    pub(super) smooth: u8,
    pub(super) parents: Parents<'a>,
    pub(super) depth: u8,
}

/// The class of cells that are no numbers; a difference's class is its number of bits, 0 to 64.
const NO_NUMBER: u8 = 65;

/// Codes the numbers of a column, as differences.
pub(super) fn code_steps(
    coder: &mut impl BitCoder,
    places: &mut [Option<i64>],
    contexts: StepContexts<'_>,
) -> Result<(), OutOfRange> {
    let mut model = SymbolModel::new(usize::from(NO_NUMBER) + 1, places.len());
    let mut leaves = Leaves::new(contexts.depth, places.len());
    let mut means = vec![Mean::default(); 256];
    let mut classes = vec![[0u64; 2]; 256];
    let (mut above, mut class_above) = (0i64, 0u64);
    for (row, place) in places.iter_mut().enumerate() {
        let key = contexts
            .by
            .and_then(|by| by.get(row))
            .map_or(0, |symbol| usize::from(*symbol));
        let like = contexts
            .like
            .and_then(|like| like.get(row))
            .copied()
            .unwrap_or(0);
        let base = means[key].value().unwrap_or(above).wrapping_add(like);
        let (class, folded) = match *place {
            Some(place) => {
                let step = place.wrapping_sub(base);
                let folded = ((step << 1) ^ (step >> 63)) as u64;
                ((64 - folded.leading_zeros()) as u8, folded)
            }
            None => (NO_NUMBER, 0),
        };
        let [first, second] = contexts.parents.at(row);
        let [one, two] = classes[key];
        let hashes = [
            one,
            one << 8 | two,
            class_above << 8 | one,
            first,
            first << 9 | second,
            (first << 9 | second) << 9 | one,
        ];
        let class = model.code(coder, class, hashes);
        classes[key] = [u64::from(class), one];
        class_above = u64::from(class);
        *place = match u32::from(class) {
            0 => Some(base),
            bits @ 1..=64 => {
                let below = leaves.code(coder, folded, bits - 1, u64::from(class));
                let folded = 1 << (bits - 1) | below;
                let step = (folded >> 1) as i64 ^ -((folded & 1) as i64);
                Some(base.wrapping_add(step))
            }
            _ if class == NO_NUMBER => None,
            _ => return Err(OutOfRange),
        };
        if let Some(place) = *place {
            means[key].learn(place, contexts.smooth);
            above = place;
        }
    }
    Ok(())
}

/// A mean of numbers, in which later ones weigh more.
#[derive(Clone, Copy, Default)]
struct Mean {
    /// In 1/256.
    sum: i128,
    seen: u8,
}

impl Mean {
    fn value(self) -> Option<i64> {
        (self.seen > 0).then_some(((self.sum + 128) >> 8) as i64)
    }

    fn learn(&mut self, number: i64, smooth: u8) {
        // The first numbers weigh alike, as far as powers of two allow.
        let shift = smooth.min((self.seen + 1).ilog2() as u8);
        self.sum += ((i128::from(number) << 8) - self.sum) >> shift;
        self.seen = self.seen.saturating_add(1).min(254);
    }
}

/// Differences between each number and the last one before it, 0 where there is none.
pub(super) fn differences(places: &[Option<i64>]) -> Vec<i64> {
    let mut above = None;
    let steps = places.iter().map(|place| match (*place, above) {
        (Some(place), before) => {
            above = Some(place);
            before.map_or(0, |before| place.wrapping_sub(before))
        }
        (None, _) => 0,
    });
    steps.collect()
}

/// Codes where numbers are within their ranges: `offsets[row]` in `widths[symbols[row]]` bits.
pub(super) fn code_offsets(
    coder: &mut impl BitCoder,
    offsets: &mut [u64],
    symbols: &[u8],
    widths: &[u8],
    depth: u8,
) {
    let mut leaves = Leaves::new(depth, offsets.len());
    for (offset, symbol) in offsets.iter_mut().zip(symbols) {
        if let Some(&width) = widths.get(usize::from(*symbol)) {
            *offset = leaves.code(coder, *offset, u32::from(width), u64::from(*symbol));
        }
    }
}
