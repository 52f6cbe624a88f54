//! Where learning starts: every latent variable is given a state in some records, by what is around
//! its variable.
//!
//! Source: Liu, Zhang and Van den Broeck, "Scaling up probabilistic circuits by latent variable
//! distillation" (2022), where a network supplies the features that are clustered; here they are the
//! values themselves.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use codec_core::Result;
use pulp::Arch;

use super::Settings;
use super::statistics::Counts;
use crate::circuit::Node;
use crate::lanes::{Strided, multiply, padded};
use crate::random::Random;
use crate::{Records, Schema, Tree, parallel};

/// Records that are looked at.
const SAMPLE: usize = 12_000;
/// Rounds of k-means.
const ROUNDS: usize = 6;
/// A centre nearest in fewer records of the sample is no state of a variable.
const SMALLEST: usize = 4;

/// The state of one latent variable in each record of a sample.
pub(super) struct Assignment {
    labels: Vec<u16>,
    of_record: Vec<u16>,
}

impl Assignment {
    /// A node of these states, all of whose parameters are zero.
    pub(super) fn node(&self, parent: Option<&Assignment>, symbols: usize) -> Node {
        let rows = parent.map_or(1, |parent| parent.labels.len());
        let states = self.labels.len();
        Node {
            states,
            labels: self.labels.clone(),
            transition: vec![0.0; rows * padded(states)],
            emission: vec![0.0; symbols * padded(states)],
        }
    }
}

/// Number of labels that the states of nodes are chosen from where nodes share them.
pub(super) fn labels(settings: Settings) -> usize {
    settings.states * settings.labels_per_state
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

/// States for the latent variable of each variable from the values around it, at most as many as the
/// settings say.
pub(super) fn assign(
    schema: &Schema,
    tree: &Tree,
    sample: &Records,
    settings: Settings,
    random: &mut Random,
    threads: NonZeroUsize,
) -> Result<Vec<Assignment>> {
    let arch = Arch::new();
    if let Some((rows, columns)) = schema.grid {
        let patches = Patches {
            rows,
            columns,
            channels: (schema.len() / (rows * columns).max(1)).max(1),
        };
        let centres = common_centres(arch, &patches, sample, labels(settings), random);
        return parallel::map(threads, schema.len(), |variable| {
            let features = patches.features(sample, variable);
            choose(arch, &features, patches.width(), &centres, settings.states)
        });
    }
    let seeds: Vec<u64> = (0..schema.len()).map(|_| random.next()).collect();
    parallel::map(threads, schema.len(), |variable| {
        let around = relatives(tree, variable);
        let features = features(sample, &around);
        let width = padded(around.len());
        let mut random = Random::new(seeds[variable]);
        let centres = cluster(arch, &features, width, settings.states, &mut random);
        let mut assignment = choose(arch, &features, width, &centres, settings.states);
        assignment.labels.fill(0);
        assignment
    })
}

/// The surroundings of pixels: those at most [`REACH`] rows and columns away, the farther the less.
struct Patches {
    rows: usize,
    columns: usize,
    channels: usize,
}

const REACH: usize = 3;

impl Patches {
    fn width(&self) -> usize {
        padded((2 * REACH + 1).pow(2) * self.channels)
    }

    /// The surroundings of a variable in each record, one padded row each; 0 outside of the picture.
    /// Several variables of a pixel see themselves first.
    fn features(&self, sample: &Records, variable: usize) -> Vec<f32> {
        let width = self.width();
        let places = self.places(variable);
        let mut features = vec![0.0; sample.len() * width];
        for (row, record) in features.chunks_exact_mut(width).zip(sample.iter()) {
            fill(row, record, &places);
        }
        features
    }

    /// For each feature the variable it is of, if there is one, and its weight.
    fn places(&self, variable: usize) -> Vec<(Option<usize>, f32)> {
        let (pixel, channel) = (variable / self.channels, variable % self.channels);
        let (row, column) = (pixel / self.columns, pixel % self.columns);
        let mut places = Vec::new();
        for y in 0..=2 * REACH {
            for x in 0..=2 * REACH {
                let distance = y.abs_diff(REACH).pow(2) + x.abs_diff(REACH).pow(2);
                let weight = 1.0 / (1.0 + distance as f32);
                let (y, x) = (
                    (row + y).checked_sub(REACH),
                    (column + x).checked_sub(REACH),
                );
                let pixel = y.zip(x).filter(|&(y, x)| y < self.rows && x < self.columns);
                for turn in 0..self.channels {
                    let channel = (channel + turn) % self.channels;
                    let at = pixel.map(|(y, x)| (y * self.columns + x) * self.channels + channel);
                    places.push((at, weight));
                }
            }
        }
        places
    }
}

fn fill(row: &mut [f32], record: &[u8], places: &[(Option<usize>, f32)]) {
    for (feature, &(at, weight)) in row.iter_mut().zip(places) {
        *feature = at.map_or(0.0, |at| f32::from(record[at]) * weight);
    }
}

/// Centres of the surroundings of all variables together.
fn common_centres(
    arch: Arch,
    patches: &Patches,
    sample: &Records,
    most: usize,
    random: &mut Random,
) -> Vec<f32> {
    const ROWS: usize = 60_000;
    let width = patches.width();
    let mut features = vec![0.0; ROWS * width];
    let mut seen = HashSet::new();
    let mut kept = 0;
    for _ in 0..2 * ROWS {
        let record = sample.record(random.below(sample.len()));
        let row = &mut features[kept * width..][..width];
        fill(row, record, &patches.places(random.below(sample.width())));
        if seen.insert(
            row.iter()
                .map(|value| value.to_bits())
                .collect::<Vec<u32>>(),
        ) {
            kept += 1;
        }
        if kept == ROWS {
            break;
        }
    }
    features.truncate(kept * width);
    cluster(arch, &features, width, most, random)
}

/// States of one variable: those of the centres that are nearest in most records.
fn choose(arch: Arch, features: &[f32], width: usize, centres: &[f32], most: usize) -> Assignment {
    let nearest = nearest_centres(arch, features, width, centres);
    let mut counts = vec![0usize; centres.len() / width];
    for &centre in &nearest {
        counts[usize::from(centre)] += 1;
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&centre| std::cmp::Reverse(counts[centre]));
    let largest = counts[order[0]];
    order.retain(|&centre| counts[centre] >= SMALLEST.min(largest));
    order.truncate(most);
    order.sort_unstable();
    let chosen: Vec<f32> = order
        .iter()
        .flat_map(|&centre| &centres[centre * width..][..width])
        .copied()
        .collect();
    Assignment {
        of_record: nearest_centres(arch, features, width, &chosen),
        labels: order.iter().map(|&centre| centre as u16).collect(),
    }
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

/// Centres of k-means from distinct random rows.
fn cluster(
    arch: Arch,
    features: &[f32],
    width: usize,
    most: usize,
    random: &mut Random,
) -> Vec<f32> {
    let mut centres = distinct_rows(features, width, most, random);
    for _ in 0..ROUNDS {
        let nearest = nearest_centres(arch, features, width, &centres);
        centres = means(features, width, &nearest, centres.len() / width);
    }
    centres
}

fn distinct_rows(features: &[f32], width: usize, most: usize, random: &mut Random) -> Vec<f32> {
    let rows = features.len() / width;
    let mut order: Vec<usize> = (0..rows).collect();
    random.shuffle(&mut order);
    let mut seen = HashSet::new();
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

/// The mean of the rows of each centre, without centres of no rows.
fn means(features: &[f32], width: usize, nearest: &[u16], count: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; count * width];
    let mut rows = vec![0usize; count];
    for (row, &centre) in features.chunks_exact(width).zip(nearest) {
        let centre = usize::from(centre);
        rows[centre] += 1;
        for (sum, &value) in sums[centre * width..].iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    sums.chunks_exact(width)
        .zip(&rows)
        .filter(|&(_, &rows)| rows > 0)
        .flat_map(|(sums, &rows)| sums.iter().map(move |sum| (sum / rows as f64) as f32))
        .collect()
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
