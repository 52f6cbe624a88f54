//! Which variables depend on which: mutual information and the Chow–Liu tree.

use std::num::NonZeroUsize;

use codec_core::{Error, Result};

use crate::{Kind, Records, Schema, Tree, parallel};

/// Most variables that a tree is learned for: the time grows with their square.
pub const MOST_VARIABLES: usize = 4096;

/// The Chow–Liu tree of some records, rooted at its centre: the tree over the variables with the
/// largest sum of mutual informations.
///
/// Mutual informations are those of counts, with variables of many symbols reduced to 16 bins; ties
/// go to the variables that come first. The result does not depend on `threads`.
///
/// # Errors
/// [`Error::Unsupported`] for more than [`MOST_VARIABLES`] variables or none.
pub fn chow_liu_tree(schema: &Schema, records: &Records, threads: NonZeroUsize) -> Result<Tree> {
    let variables = schema.len();
    if variables == 0 || variables > MOST_VARIABLES {
        return Err(Error::Unsupported(format!(
            "a tree over {variables} variables; 1 to {MOST_VARIABLES} are possible"
        )));
    }
    let informations = mutual_informations(schema, records, threads)?;
    let edges = spanning_tree(variables, &informations);
    Tree::centred(variables, &edges)
        .ok_or_else(|| Error::Internal("the spanning tree does not span".to_owned()))
}

/// Mutual information in units of 2^-24 nat between each variable and those after it: rounding it
/// keeps the tree the same where logarithms differ in their last bits.
fn mutual_informations(
    schema: &Schema,
    records: &Records,
    threads: NonZeroUsize,
) -> Result<Vec<Vec<u32>>> {
    let binned = Binned::new(schema, records);
    parallel::map(threads, schema.len(), |variable| {
        binned.informations(variable)
    })
}

/// The edges of the maximum spanning tree, grown from variable 0 (Prim).
fn spanning_tree(variables: usize, informations: &[Vec<u32>]) -> Vec<(u32, u32)> {
    let between = |a: usize, b: usize| {
        let (low, high) = (a.min(b), a.max(b));
        informations[low][high - low - 1]
    };
    let mut edges = Vec::with_capacity(variables.saturating_sub(1));
    let mut waiting: Vec<usize> = (1..variables).collect();
    let mut best: Vec<(u32, usize)> = (0..variables)
        .map(|variable| {
            if variable == 0 {
                (0, 0)
            } else {
                (between(0, variable), 0)
            }
        })
        .collect();
    while !waiting.is_empty() {
        let mut chosen = 0;
        for at in 1..waiting.len() {
            if best[waiting[at]].0 > best[waiting[chosen]].0 {
                chosen = at;
            }
        }
        let variable = waiting.remove(chosen);
        edges.push((best[variable].1 as u32, variable as u32));
        for &other in &waiting {
            let information = between(variable, other);
            if information > best[other].0 {
                best[other] = (information, variable);
            }
        }
    }
    edges
}

const BINS: usize = 16;

/// Records with few symbols per variable, of which the most frequent one is bin 0 and left out.
struct Binned {
    records: usize,
    /// Counts of the bins, by variable.
    counts: Vec<[u32; BINS]>,
    /// The variables that are not in bin 0 with their bins, by record.
    others: Vec<Vec<(u32, u8)>>,
    /// The records in which a variable is not in bin 0, with its bin, by variable.
    holders: Vec<Vec<(u32, u8)>>,
}

impl Binned {
    fn new(schema: &Schema, records: &Records) -> Self {
        let mut histograms = vec![[0u32; 256]; schema.len()];
        for record in records.iter() {
            for (histogram, &value) in histograms.iter_mut().zip(record) {
                histogram[usize::from(value)] += 1;
            }
        }
        let bins: Vec<[u8; 256]> = histograms
            .iter()
            .zip(&schema.variables)
            .map(|(histogram, variable)| match variable.kind {
                Kind::Ordinal => ranges(histogram),
                Kind::Categorical => frequent(histogram),
            })
            .collect();
        let mut binned = Self {
            records: records.len(),
            counts: vec![[0; BINS]; schema.len()],
            others: vec![Vec::new(); records.len()],
            holders: vec![Vec::new(); schema.len()],
        };
        for (number, record) in records.iter().enumerate() {
            for (variable, (&value, bins)) in record.iter().zip(&bins).enumerate() {
                let bin = bins[usize::from(value)];
                binned.counts[variable][usize::from(bin)] += 1;
                if bin != 0 {
                    binned.others[number].push((variable as u32, bin));
                    binned.holders[variable].push((number as u32, bin));
                }
            }
        }
        binned
    }

    /// Mutual information of `variable` with each variable after it.
    fn informations(&self, variable: usize) -> Vec<u32> {
        let after = self.counts.len() - variable - 1;
        let mut pairs = vec![[[0u32; BINS]; BINS]; after];
        for &(record, bin) in &self.holders[variable] {
            let others = &self.others[record as usize];
            let first = others.partition_point(|&(other, _)| other as usize <= variable);
            for &(other, other_bin) in &others[first..] {
                pairs[other as usize - variable - 1][usize::from(bin)][usize::from(other_bin)] += 1;
            }
        }
        pairs
            .iter_mut()
            .zip(&self.counts[variable + 1..])
            .map(|(pairs, others)| {
                let ours = &self.counts[variable];
                complete(pairs, ours, others);
                information(pairs, ours, others, self.records)
            })
            .collect()
    }
}

/// Fills in the row and the column of bin 0 from the totals.
fn complete(pairs: &mut [[u32; BINS]; BINS], rows: &[u32; BINS], columns: &[u32; BINS]) {
    for column in 1..BINS {
        let known: u32 = (1..BINS).map(|row| pairs[row][column]).sum();
        pairs[0][column] = columns[column] - known;
    }
    for row in 0..BINS {
        let known: u32 = pairs[row][1..].iter().sum();
        pairs[row][0] = rows[row] - known;
    }
}

fn information(
    pairs: &[[u32; BINS]; BINS],
    rows: &[u32; BINS],
    columns: &[u32; BINS],
    records: usize,
) -> u32 {
    let mut nats = 0.0;
    for (pairs, &row) in pairs.iter().zip(rows) {
        for (&pair, &column) in pairs.iter().zip(columns) {
            if pair > 0 {
                let ratio = f64::from(pair) * records as f64 / (f64::from(row) * f64::from(column));
                nats += f64::from(pair) / records as f64 * ratio.ln();
            }
        }
    }
    (nats.max(0.0) * f64::from(1 << 24)) as u32
}

/// Bins of an ordered variable: its most frequent symbol alone, the others in ranges of about as many.
fn ranges(histogram: &[u32; 256]) -> [u8; 256] {
    let mode = most_frequent(histogram);
    let rest: u64 =
        histogram.iter().map(|&count| u64::from(count)).sum::<u64>() - u64::from(histogram[mode]);
    let mut before = 0u64;
    let mut bins = [0; 256];
    for (symbol, &count) in histogram.iter().enumerate() {
        if symbol != mode {
            let middle = before + u64::from(count) / 2;
            before += u64::from(count);
            bins[symbol] =
                1 + (middle * (BINS as u64 - 1) / rest.max(1)).min(BINS as u64 - 2) as u8;
        }
    }
    bins
}

/// Bins of a variable without order: its most frequent symbols, and one for the rest.
fn frequent(histogram: &[u32; 256]) -> [u8; 256] {
    let mut symbols: Vec<usize> = (0..256).collect();
    symbols.sort_by_key(|&symbol| std::cmp::Reverse(histogram[symbol]));
    let mut bins = [BINS as u8 - 1; 256];
    for (bin, &symbol) in (0u8..).zip(&symbols[..BINS - 1]) {
        bins[symbol] = bin;
    }
    bins
}

fn most_frequent(histogram: &[u32; 256]) -> usize {
    let mut mode = 0;
    for (symbol, &count) in histogram.iter().enumerate() {
        if count > histogram[mode] {
            mode = symbol;
        }
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four variables: 2 copies 0 most of the time, 3 copies 2, 1 is noise.
    fn chained() -> (Schema, Records) {
        let mut state = 1u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let mut values = Vec::new();
        for _ in 0..2000 {
            let first = random(200) as u8;
            let second = if random(10) == 0 {
                random(200) as u8
            } else {
                first
            };
            let third = if random(10) == 0 {
                random(200) as u8
            } else {
                second
            };
            values.extend([first, random(200) as u8, second, third]);
        }
        (Schema::bytes(4), Records::new(4, values))
    }

    #[test]
    fn what_depends_is_joined() {
        let (schema, records) = chained();
        for threads in [1, 3] {
            let tree =
                chow_liu_tree(&schema, &records, NonZeroUsize::new(threads).unwrap()).unwrap();
            let joined =
                |a: usize, b: usize| tree.parent(a) == Some(b) || tree.parent(b) == Some(a);
            assert!(joined(0, 2) && joined(2, 3) && !joined(0, 3), "{tree:?}");
        }
    }

    #[test]
    fn identical_variables_share_all_of_their_entropy() {
        let values: Vec<u8> = (0..1024u32)
            .flat_map(|i| [(i % 4) as u8 * 60, (i % 4) as u8])
            .collect();
        let records = Records::new(2, values);
        let information =
            mutual_informations(&Schema::bytes(2), &records, NonZeroUsize::MIN).unwrap()[0][0];
        let nats = f64::from(information) / f64::from(1 << 24);
        assert!((nats - 4f64.ln()).abs() < 1e-6, "{nats}");
    }

    #[test]
    fn too_many_variables_are_refused() {
        let schema = Schema::bytes(MOST_VARIABLES + 1);
        let records = Records::new(schema.len(), Vec::new());
        assert!(chow_liu_tree(&schema, &records, NonZeroUsize::MIN).is_err());
    }
}
