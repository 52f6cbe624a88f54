//! All records of a file as one stream, in which the circuit's predictions are mixed with what the
//! file itself has shown so far.
//!
//! A circuit sees a variable's surroundings through its states only. Here each symbol is a chain of
//! binary choices between ranges of symbols; the circuit's probability of a choice is one of several
//! that are mixed, and the others are adaptive, in contexts of values close by and of records before.
//! No model has to be stored for them, but a record can only be read after all before it.

use codec_core::{Error, Result};
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
use codec_entropy::mixing::{AdaptiveProbability, BitCoder, Mixer, context_hash, squash, stretch};

use super::relatives::relatives;
use super::{Coder, GROUP};
use crate::sharing::Sharing;
use crate::symbol_tree::{Branch, SymbolTree};
use crate::{Circuit, Kind, Records};

/// Contexts of adaptive probabilities.
const CONTEXTS: usize = 8;
/// Inputs of the mixer: those, the circuit, a constant, and padding.
const INPUTS: usize = 16;
/// Most bits of the number of adaptive probabilities of a context.
const TABLE_BITS: u32 = 20;

impl Coder {
    /// All records as one stream: smaller than codewords, but readable from the start only.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if they are not of the circuit's shape.
    pub fn encode_solid(&self, records: &Records) -> Result<Vec<u8>> {
        self.circuit.check(records)?;
        let mut encoder = BinaryEncoder::new();
        let width = records.width();
        let mut history = History::new(width);
        let mut mixture = Mixture::new(&self.circuit, records.len());
        for first in (0..records.len()).step_by(GROUP) {
            let group = records.range(first..(first + GROUP).min(records.len()));
            self.code_group(&mut encoder, &mut mixture, &mut history, group)?;
        }
        Ok(encoder.finish())
    }

    /// The `count` records behind such a stream.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not the stream of so many records.
    pub fn decode_solid(&self, stream: &[u8], count: usize) -> Result<Records> {
        let mut decoder = BinaryDecoder::new(stream);
        let width = self.circuit.schema.len();
        let mut history = History::new(width);
        let mut mixture = Mixture::new(&self.circuit, count);
        let mut values = Vec::new();
        for first in (0..count).step_by(GROUP) {
            let group = Records::new(width, vec![0; width * GROUP.min(count - first)]);
            let decoded = self.code_group(&mut decoder, &mut mixture, &mut history, group)?;
            if decoder.is_overrun() {
                return Err(Error::corrupt(
                    stream.len() as u64,
                    format!("the records end within record {first} to {}", first + GROUP),
                ));
            }
            values.extend_from_slice(decoded.values());
        }
        decoder
            .finish()
            .map_err(|error| Error::corrupt(stream.len() as u64, error.to_string()))?;
        Ok(Records::new(width, values))
    }

    /// Codes some records, side by side; a decoder is given any and returns those decoded.
    fn code_group(
        &self,
        coder: &mut impl BitCoder,
        mixture: &mut Mixture,
        history: &mut History,
        group: Records,
    ) -> Result<Records> {
        let width = group.width();
        let mut values = group.values().to_vec();
        self.walk(group.len(), |node, weights, symbols| {
            for (lane, coded) in symbols.iter_mut().enumerate() {
                let record = &mut values[lane * width..][..width];
                mixture.set_contexts(node, record, history.of(node));
                let predicted = self.predict(node, weights.of(lane));
                let below = |symbol: u16| predicted.below(usize::from(symbol));
                *coded = mixture.code(coder, node, record[node], below);
                record[node] = *coded;
                history.push(node, *coded);
            }
            Ok(())
        })?;
        Ok(Records::new(width, values))
    }
}

/// The last two values of each variable.
struct History(Vec<[u8; 2]>);

impl History {
    fn new(width: usize) -> Self {
        Self(vec![[0; 2]; width])
    }

    fn of(&self, node: usize) -> [u8; 2] {
        self.0[node]
    }

    fn push(&mut self, node: usize, value: u8) {
        let [last, _] = self.0[node];
        self.0[node] = [value, last];
    }
}

/// The adaptive models, and the mixer.
struct Mixture {
    on_grid: bool,
    relatives: Vec<Vec<u32>>,
    ordinal: Vec<bool>,
    /// For each node, the tree of its pool.
    pool: Vec<usize>,
    trees: Vec<SymbolTree>,
    tables: [Vec<AdaptiveProbability>; CONTEXTS],
    table_bits: u32,
    hashes: [u64; CONTEXTS],
    /// How little is known of the surroundings, for the mixer.
    novelty: usize,
    mixer: Mixer<INPUTS, 2>,
    symbols_coded: u64,
}

impl Mixture {
    fn new(circuit: &Circuit, records: usize) -> Self {
        let schema = &circuit.schema;
        let sharing = Sharing::new(schema, &circuit.tree, 1);
        let symbols = (records as u64).saturating_mul(schema.len() as u64);
        let table_bits = symbols
            .max(1 << 12)
            .ilog2()
            .saturating_sub(2)
            .min(TABLE_BITS);
        let trees = symbol_trees(circuit, &sharing);
        let choices = trees
            .iter()
            .map(|tree| tree.choices().len())
            .max()
            .unwrap_or(0);
        let rows = [choices.max(1) * NOVELTIES, schema.len()];
        Self {
            on_grid: schema.grid.is_some(),
            relatives: relatives(schema, &circuit.tree),
            ordinal: schema
                .variables
                .iter()
                .map(|variable| variable.kind == Kind::Ordinal)
                .collect(),
            pool: sharing.pool,
            trees,
            tables: std::array::from_fn(|_| vec![AdaptiveProbability::default(); 1 << table_bits]),
            table_bits,
            hashes: [0; CONTEXTS],
            novelty: 0,
            mixer: Mixer::new(rows, 1, 48),
            symbols_coded: 0,
        }
    }

    fn set_contexts(&mut self, node: usize, record: &[u8], before: [u8; 2]) {
        let relatives = &self.relatives[node];
        let value = |number: usize, levels: u64| match relatives.get(number) {
            None => 0,
            Some(&other) => {
                let value = u64::from(record[other as usize]);
                if value == 0 || !self.ordinal[other as usize] {
                    1 + value
                } else {
                    2 + (value - 1) * levels / 256
                }
            }
        };
        let values = |levels: &[u64]| {
            levels
                .iter()
                .enumerate()
                .fold(0u64, |hash, (number, &levels)| {
                    hash * 259 + value(number, levels)
                })
        };
        let node = node as u64;
        let [last, last_but_one] = before.map(u64::from);
        let contexts = if self.on_grid {
            let sum: u64 = relatives
                .iter()
                .map(|&other| u64::from(record[other as usize]))
                .sum();
            [
                values(&[20, 20]),
                values(&[10, 10, 10]),
                values(&[6, 6, 6, 6]),
                node,
                node << 16 | values(&[12]),
                sum / relatives.len().max(1) as u64,
                values(&[64]),
                values(&[4, 4, 4, 4, 4, 4]),
            ]
        } else {
            let near = values(&[256, 256]);
            [
                node,
                node << 20 | values(&[256]),
                node << 20 | near,
                node << 20 | last,
                node << 20 | last << 9 | values(&[256]),
                node << 20 | last << 8 | last_but_one,
                (near << 8 | last).wrapping_mul(4099) + node,
                values(&[16, 16, 16, 16, 16, 16]).wrapping_mul(4099) + node,
            ]
        };
        for (number, (hash, context)) in self.hashes.iter_mut().zip(contexts).enumerate() {
            *hash = context_hash(context, number as u32);
        }
    }

    /// Codes a symbol of `node`, of which `below` says how much of the circuit's probability is below
    /// a symbol.
    fn code(
        &mut self,
        coder: &mut impl BitCoder,
        node: usize,
        symbol: u8,
        below: impl Fn(u16) -> f32,
    ) -> u8 {
        self.symbols_coded += 1;
        let rate = 90 + (60_000_000 / (self.symbols_coded + 40_000)) as i32;
        let pool = self.pool[node];
        if self.trees[pool].choices().is_empty() {
            return 0;
        }
        let mut at = 0;
        let mut part = [below(0), below(self.trees[pool].choices()[0].bounds[2])];
        loop {
            let choice = self.trees[pool].choices()[at];
            let cut = below(choice.bounds[1]);
            let share = (cut - part[0]) / (part[1] - part[0]);
            let is_first = u16::from(symbol) < choice.bounds[1];
            let is_first = self.code_choice(coder, (node, at), share, is_first, rate);
            part[usize::from(is_first)] = cut;
            match choice.branches[usize::from(!is_first)] {
                Branch::Symbol(symbol) => return symbol as u8,
                Branch::Choice(next) => at = usize::from(next),
            }
        }
    }

    /// Codes which branch of a choice is taken, of which the circuit gives the first `share`.
    fn code_choice(
        &mut self,
        coder: &mut impl BitCoder,
        (node, at): (usize, usize),
        share: f32,
        is_first: bool,
        rate: i32,
    ) -> bool {
        let mut inputs = [0i16; INPUTS];
        let mut places = [0usize; CONTEXTS];
        let mut known = 0;
        for (number, place) in places.iter_mut().enumerate() {
            let hash = self.hashes[number] ^ (at as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
            *place = (hash.wrapping_mul(0xa24b_aed4_963e_e407) >> (64 - self.table_bits)) as usize;
            let probability = self.tables[number][*place];
            inputs[number] = stretch(probability.probability());
            known += usize::from(probability != AdaptiveProbability::default());
        }
        self.novelty = (CONTEXTS - known).min(NOVELTIES - 1);
        // A share that is no number, where the circuit knows nothing, becomes 0 and then the least.
        let of_circuit = stretch((share * 65536.0).clamp(1.0, 65535.0) as u16);
        inputs[CONTEXTS] = of_circuit;
        inputs[CONTEXTS + 1] = of_circuit;
        inputs[CONTEXTS + 2] = 256;
        let rows = [at * NOVELTIES + self.novelty, node];
        let logit = self.mixer.mix(&inputs, rows, 0);
        let is_first = coder.code(is_first, squash(logit).max(1));
        self.mixer.learn(&inputs, is_first, rate);
        for (table, place) in self.tables.iter_mut().zip(places) {
            table[place].update(is_first, 255);
        }
        is_first
    }
}

/// Classes of how many contexts are new.
const NOVELTIES: usize = 4;

/// For each pool of variables a tree over their symbols, by how probable the circuit has them.
fn symbol_trees(circuit: &Circuit, sharing: &Sharing) -> Vec<SymbolTree> {
    let mut spreads: Vec<Vec<f32>> = vec![Vec::new(); sharing.pools];
    let mut states: Vec<Vec<f32>> = vec![Vec::new(); circuit.nodes.len()];
    for at in circuit.tree.preorder() {
        let node = &circuit.nodes[at];
        let above = match circuit.tree.parent(at) {
            Some(parent) => &states[parent][..],
            None => &[1.0],
        };
        let mut own = vec![0.0f32; node.stride()];
        for (row, &share) in node.transition.chunks_exact(node.stride()).zip(above) {
            own.iter_mut()
                .zip(row)
                .for_each(|(sum, &value)| *sum += share * value);
        }
        let spread = &mut spreads[sharing.pool[at]];
        spread.resize(node.emission.len() / node.stride(), 1e-6);
        for (sum, row) in spread
            .iter_mut()
            .zip(node.emission.chunks_exact(node.stride()))
        {
            *sum += crate::lanes::dot(row, &own);
        }
        own.truncate(node.states);
        states[at] = own;
    }
    spreads
        .iter()
        .map(|spread| SymbolTree::new(spread))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::testing::{learned, random_circuit, spots};

    #[test]
    fn records_come_back_in_any_number() {
        let (schema, records) = spots(300, 1);
        let coder = Coder::new(learned(&schema, &records, 1));
        for count in [0, 1, 15, 16, 17, 300] {
            let records = records.range(0..count);
            let stream = coder.encode_solid(&records).unwrap();
            assert_eq!(coder.decode_solid(&stream, count).unwrap(), records);
        }
    }

    #[test]
    fn what_repeats_within_a_file_is_learned_from_it() {
        let (schema, records) = spots(2000, 2);
        let coder = Coder::new(learned(&schema, &records.range(0..100), 1));
        let solid = coder.encode_solid(&records).unwrap().len();
        let apart: usize = (0..records.len())
            .step_by(GROUP)
            .map(|first| {
                coder
                    .encode(&records.range(first..first + GROUP))
                    .unwrap()
                    .len()
            })
            .sum();
        assert!(solid * 20 < apart * 19, "{solid} {apart}");
    }

    #[test]
    fn mixed_alphabets_and_impossible_symbols_come_back() {
        for seed in 0..12 {
            let mut circuit = random_circuit(&[256, 1, 2, 17, 100], 12, seed);
            if seed % 3 == 0 {
                circuit.nodes[2].emission.fill(0.0);
            }
            let mut random = Random::new(seed);
            let symbols = [256, 1, 2, 17, 100];
            let values = (0..5 * 50)
                .map(|at| random.below(symbols[at % 5]) as u8)
                .collect();
            let records = Records::new(5, values);
            let coder = Coder::new(circuit);
            let stream = coder.encode_solid(&records).unwrap();
            assert_eq!(coder.decode_solid(&stream, 50).unwrap(), records);
        }
    }

    #[test]
    fn streams_cut_short_or_too_long_are_refused() {
        let (schema, records) = spots(64, 3);
        let coder = Coder::new(learned(&schema, &records, 1));
        let stream = coder.encode_solid(&records).unwrap();
        assert!(coder.decode_solid(&stream[..stream.len() / 2], 64).is_err());
        assert!(
            coder
                .decode_solid(&[&stream[..], &[1; 40]].concat(), 64)
                .is_err()
        );
    }
}
