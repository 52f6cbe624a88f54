//! Where learning starts: every latent variable is given a state in some records, by what is around
//! its variable.
//!
//! Source: Liu, Zhang and Van den Broeck, "Scaling up probabilistic circuits by latent variable
//! distillation" (2022), where a network supplies the features that are clustered; here they are the
//! values themselves.

use pulp::Arch;

use super::statistics::Counts;
use crate::circuit::Node;
use crate::lanes::{Strided, multiply, padded};
use crate::random::Random;
use crate::{Records, Schema, Tree};

/// Records that are looked at.
const SAMPLE: usize = 12_000;
/// Rounds of k-means.
const ROUNDS: usize = 6;
/// A cluster of fewer records of the sample is no state.
const SMALLEST: usize = 4;

/// The state of one latent variable in each record of a sample.
pub(super) struct Assignment {
    pub(super) states: usize,
    pub(super) of_record: Vec<u16>,
}

/// The records that assignments are made for.
pub(super) fn sample(records: &Records, random: &mut Random) -> Records {
    if records.len() <= SAMPLE {
        return records.clone();
    }
    let mut numbers: Vec<usize> = (0..records.len()).collect();
    random.shuffle(&mut numbers);
    let chosen = numbers[..SAMPLE]
        .iter()
        .flat_map(|&number| records.record(number));
    Records::new(records.width(), chosen.copied().collect())
}

/// States for the latent variable of `variable` from the values around it, at most `most`.
pub(super) fn assign(
    arch: Arch,
    schema: &Schema,
    tree: &Tree,
    sample: &Records,
    variable: usize,
    most: usize,
    random: &mut Random,
) -> Assignment {
    let around = match schema.grid {
        Some((rows, columns)) => patch(schema, rows, columns, variable),
        None => relatives(tree, variable),
    };
    let features = features(sample, &around);
    let width = features.len() / sample.len().max(1);
    cluster(arch, &features, width, most, random)
}

/// The pixels at most three rows and columns away, and how much each counts.
fn patch(schema: &Schema, rows: usize, columns: usize, variable: usize) -> Vec<(usize, f32)> {
    const REACH: usize = 3;
    let channels = (schema.len() / (rows * columns).max(1)).max(1);
    let pixel = variable / channels;
    let (row, column) = (pixel / columns, pixel % columns);
    let mut around = Vec::new();
    for y in row.saturating_sub(REACH)..(row + REACH + 1).min(rows) {
        for x in column.saturating_sub(REACH)..(column + REACH + 1).min(columns) {
            let distance = y.abs_diff(row).pow(2) + x.abs_diff(column).pow(2);
            let weight = 1.0 / (1.0 + distance as f32);
            let first = (y * columns + x) * channels;
            around.extend((first..first + channels).map(|other| (other, weight)));
        }
    }
    around
}

/// The variable itself and its neighbours in the tree.
fn relatives(tree: &Tree, variable: usize) -> Vec<(usize, f32)> {
    const NEIGHBOURS: usize = 15;
    let parent = tree.parent(variable);
    let neighbours = parent.into_iter().chain(tree.children(variable));
    std::iter::once((variable, 1.0))
        .chain(neighbours.take(NEIGHBOURS).map(|other| (other, 0.3)))
        .collect()
}

/// The weighted values at the places `around`, one padded row for each record.
fn features(sample: &Records, around: &[(usize, f32)]) -> Vec<f32> {
    let width = padded(around.len());
    let mut features = vec![0.0; sample.len() * width];
    for (row, record) in features.chunks_exact_mut(width).zip(sample.iter()) {
        for (feature, &(at, weight)) in row.iter_mut().zip(around) {
            *feature = f32::from(record[at]) * weight;
        }
    }
    features
}

/// k-means from distinct random rows, without the clusters that come out very small.
fn cluster(
    arch: Arch,
    features: &[f32],
    width: usize,
    most: usize,
    random: &mut Random,
) -> Assignment {
    let mut centres = distinct_rows(features, width, most, random);
    let mut nearest = nearest_centres(arch, features, width, &centres);
    for round in 0..ROUNDS {
        let smallest = if round + 1 == ROUNDS { SMALLEST } else { 1 };
        centres = means(features, width, &nearest, centres.len() / width, smallest);
        nearest = nearest_centres(arch, features, width, &centres);
    }
    Assignment {
        states: (centres.len() / width).max(1),
        of_record: nearest,
    }
}

fn distinct_rows(features: &[f32], width: usize, most: usize, random: &mut Random) -> Vec<f32> {
    let rows = features.len() / width;
    let mut order: Vec<usize> = (0..rows).collect();
    random.shuffle(&mut order);
    let mut seen = std::collections::HashSet::new();
    let mut centres = Vec::new();
    for number in order {
        let row = &features[number * width..][..width];
        if seen.len() < most
            && seen.insert(row.iter().map(|value| value.to_bits()).collect::<Vec<_>>())
        {
            centres.extend_from_slice(row);
        }
    }
    centres
}

/// The nearest centre of each row: the first of those equally near.
fn nearest_centres(arch: Arch, features: &[f32], width: usize, centres: &[f32]) -> Vec<u16> {
    const ROWS: usize = 64;
    let count = centres.len() / width;
    let lanes = padded(count);
    let mut turned = vec![0.0; width * lanes];
    let mut halves = vec![f32::INFINITY; lanes];
    for (number, centre) in centres.chunks_exact(width).enumerate() {
        for (at, &value) in centre.iter().enumerate() {
            turned[at * lanes + number] = value;
        }
        halves[number] = centre.iter().map(|value| value * value).sum::<f32>() / 2.0;
    }
    let mut nearest = Vec::with_capacity(features.len() / width);
    let mut products = vec![0.0; ROWS * lanes];
    for rows in features.chunks(ROWS * width) {
        let products = &mut products[..rows.len() / width * lanes];
        multiply(arch, Strided::rows(rows, width), &turned, lanes, products);
        for products in products.chunks_exact(lanes) {
            let mut best = (f32::INFINITY, 0);
            for (number, (&product, &half)) in (0u16..).zip(products.iter().zip(&halves)) {
                if half - product < best.0 {
                    best = (half - product, number);
                }
            }
            nearest.push(best.1);
        }
    }
    nearest
}

/// The mean of the rows of each centre, without centres of fewer than `smallest` rows.
fn means(
    features: &[f32],
    width: usize,
    nearest: &[u16],
    count: usize,
    smallest: usize,
) -> Vec<f32> {
    let mut sums = vec![0.0f64; count * width];
    let mut rows = vec![0usize; count];
    for (row, &centre) in features.chunks_exact(width).zip(nearest) {
        let centre = usize::from(centre);
        rows[centre] += 1;
        for (sum, &value) in sums[centre * width..].iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    let smallest = smallest.min(rows.iter().copied().max().unwrap_or(0));
    let mut means = Vec::new();
    for (sums, &rows) in sums.chunks_exact(width).zip(&rows) {
        if rows >= smallest {
            means.extend(sums.iter().map(|sum| (sum / rows as f64) as f32));
        }
    }
    means
}

/// Counts of a node as if the states of the sample were known.
pub(super) fn counts(
    node: &Node,
    own: &Assignment,
    parent: Option<&Assignment>,
    symbols: impl Iterator<Item = u8>,
) -> Counts {
    let mut counts = Counts::zero(node);
    let stride = node.stride();
    for (number, (&state, symbol)) in own.of_record.iter().zip(symbols).enumerate() {
        let state = usize::from(state);
        let row = parent.map_or(0, |parent| usize::from(parent.of_record[number]));
        counts.transition[row * stride + state] += 1.0;
        counts.emission[usize::from(symbol) * stride + state] += 1.0;
    }
    counts
}
