//! What columns cost, in bits: estimates that the choice of codings rests on.

use codec_classic::cm::{self, CmOptions};
use codec_entropy::mixing::{CostMeter, UNITS_PER_BIT};

use super::models::{Parents, StepContexts, code_steps, code_symbols};

/// Bytes of text that are compressed for an estimate.
pub(super) const TEXT_SAMPLE: usize = 256 << 10;

/// Rows that models are tried on.
pub(super) const TRIED: usize = 50_000;

/// Bits of numbers that are modelled: choices that are tried.
pub(super) const DEPTHS: [u8; 4] = [0, 3, 8, 16];

/// Symbols of a column, each below `count`.
#[derive(Debug, Clone)]
pub(super) struct Symbols {
    pub(super) of_rows: Vec<u8>,
    pub(super) count: usize,
}

/// Bits that a parameter costs, for columns of so many rows.
fn parameter_bits(rows: usize) -> f64 {
    0.5 * (rows.max(2) as f64).log2()
}

/// Bits of counts with a total, at their own entropy.
fn entropy_bits(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let some = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count));
    some.map(|count| count * (total / count).log2()).sum()
}

fn occupied(counts: &[u32]) -> f64 {
    counts.iter().filter(|count| **count > 0).count() as f64
}

impl Symbols {
    fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; 256];
        self.of_rows
            .iter()
            .for_each(|symbol| counts[usize::from(*symbol)] += 1);
        counts
    }

    /// Bits of the symbols on their own, and of their frequencies.
    pub(super) fn own_bits(&self) -> f64 {
        let counts = self.counts();
        entropy_bits(&counts)
            + (occupied(&counts) - 1.0).max(0.0) * parameter_bits(self.of_rows.len())
    }

    /// Bits that knowing another column saves, parameters counted; 0 where it saves none.
    pub(super) fn gain_from(&self, parent: &Symbols) -> f64 {
        let mut joint = vec![0u32; 256 * parent.count.max(1)];
        for (own, other) in self.of_rows.iter().zip(&parent.of_rows) {
            if let Some(count) = joint.get_mut(usize::from(*other) << 8 | usize::from(*own)) {
                *count += 1;
            }
        }
        let given: f64 = joint.chunks(256).map(entropy_bits).sum();
        let parameters = occupied(&joint) - occupied(&parent.counts());
        let given = given + parameters.max(0.0) * parameter_bits(self.of_rows.len());
        (self.own_bits() - given).max(0.0)
    }
}

/// For each column with symbols, what the others save of its bits in the best tree (Chow and Liu,
/// 1968), each connection counted once.
pub(super) fn tree_gains(columns: &[Option<Symbols>]) -> Vec<f64> {
    let mut edges = Vec::new();
    for (one, symbols) in columns.iter().enumerate() {
        for (other, others) in columns.iter().enumerate().take(one) {
            if let (Some(symbols), Some(others)) = (symbols, others) {
                let gain = symbols.gain_from(others).min(others.gain_from(symbols));
                if gain > 0.0 {
                    edges.push((gain, one, other));
                }
            }
        }
    }
    edges.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut roots: Vec<usize> = (0..columns.len()).collect();
    let mut neighbours = vec![Vec::new(); columns.len()];
    for (gain, one, other) in edges {
        let (root, joined) = (roots[one], roots[other]);
        if root != joined {
            roots
                .iter_mut()
                .filter(|of| **of == joined)
                .for_each(|of| *of = root);
            neighbours[one].push((other, gain));
            neighbours[other].push((one, gain));
        }
    }
    let mut gains = vec![0.0; columns.len()];
    let mut seen = vec![false; columns.len()];
    for root in 0..columns.len() {
        let mut open = vec![root];
        while let Some(column) = open.pop() {
            seen[column] = true;
            for (next, gain) in &neighbours[column] {
                if !seen[*next] {
                    gains[*next] = *gain;
                    open.push(*next);
                }
            }
        }
    }
    gains
}

/// Bits of cells as text, one after the other; a sample stands for many.
pub(super) fn text_bits<'c>(cells: impl Iterator<Item = &'c [u8]>) -> f64 {
    let mut sample = Vec::new();
    let mut len = 0;
    for cell in cells {
        len += cell.len() + 1;
        if sample.len() < TEXT_SAMPLE {
            sample.extend_from_slice(cell);
            sample.push(b'\n');
        }
    }
    let coded = cm::encode_block(&sample, &CmOptions { level: 5 });
    coded.len() as f64 * 8.0 * len as f64 / sample.len().max(1) as f64
}

/// Bits of symbols as a sequence.
pub(super) fn sequence_bits(symbols: &Symbols, parents: [Option<&[u8]>; 2]) -> f64 {
    let rows = symbols.of_rows.len().min(TRIED);
    let mut tried = symbols.of_rows[..rows].to_vec();
    let mut meter = CostMeter::default();
    let coded = code_symbols(&mut meter, &mut tried, symbols.count, Parents(parents));
    match coded {
        Ok(()) => bits_of(meter) * symbols.of_rows.len() as f64 / rows.max(1) as f64,
        Err(_) => f64::INFINITY,
    }
}

pub(super) fn step_bits(places: &[Option<i64>], contexts: StepContexts<'_>) -> f64 {
    let mut meter = CostMeter::default();
    match code_steps(&mut meter, &mut places.to_vec(), contexts) {
        Ok(()) => bits_of(meter),
        Err(_) => f64::INFINITY,
    }
}

pub(super) fn bits_of(meter: CostMeter) -> f64 {
    meter.units as f64 / UNITS_PER_BIT as f64
}
