//! Parameters of a circuit as bytes: what each state adds to what holds for its variable as a whole.
//!
//! First come the distributions that nodes share, then for each node the distribution of its states, on
//! a coarse logarithmic scale. A transition is stored as its ratio to what the node's edges and states
//! have in general, a choice between ranges of symbols as the ratio of its odds to those of the state's
//! label. Most of these ratios say nothing and are one.
//!
//! The smaller the expected number of records that a parameter is about, the less it can say. That
//! number, which the decoder knows as well, chooses the stream that a parameter is written to.

use codec_core::{Error, Result};
use codec_entropy::ans::{decode_bytes, encode_bytes};

use super::levels::{PER_OCTAVE, eighths_below, nearest_eighths, power};
use super::shared::{read_priors, write_priors};
use crate::circuit::Node;
use crate::lanes::{padded, sum};
use crate::sharing::{Priors, Sharing};
use crate::symbol_tree::Branch;
use crate::{Circuit, Schema, Tree};

/// Streams of transitions, and as many of choices.
const CONTEXTS: usize = 20;
/// Eighths of an octave to a step of a variable's distributions.
const SPREAD_STEP: i32 = 2;
/// Eighths of an octave to a step of the odds of a choice.
pub(super) const ODDS_STEP: i32 = 2;

/// How many bits of the model a bit of the records is worth, and how many records there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tradeoff {
    pub(super) records: f32,
    pub(super) bits_per_model_bit: f32,
}

/// The streams that the parameters are written to.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) shared: Vec<u8>,
    spreads: Vec<u8>,
    transitions: [Vec<u8>; CONTEXTS],
    choices: [Vec<u8>; CONTEXTS],
}

impl Streams {
    fn each(&self) -> impl Iterator<Item = &Vec<u8>> {
        let first = [&self.shared, &self.spreads].into_iter();
        first.chain(&self.transitions).chain(&self.choices)
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let first = [&mut self.shared, &mut self.spreads].into_iter();
        first.chain(&mut self.transitions).chain(&mut self.choices)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for stream in self.each() {
            let coded = encode_bytes(stream);
            out.extend_from_slice(&(coded.len() as u32).to_le_bytes());
            out.extend_from_slice(&coded);
        }
    }

    /// Reads the streams, which together are at most `limit` bytes long.
    pub(super) fn read(mut input: &[u8], mut limit: usize) -> Result<Self> {
        let mut streams = Self::default();
        for stream in streams.each_mut() {
            let truncated = || Error::corrupt(0, "the model ends within its parameters");
            let (len, rest) = input.split_first_chunk().ok_or_else(truncated)?;
            let len = u32::from_le_bytes(*len) as usize;
            let (coded, rest) = rest.split_at_checked(len).ok_or_else(truncated)?;
            *stream = decode_bytes(coded, limit)
                .map_err(|error| Error::corrupt(0, format!("the model's parameters: {error}")))?;
            limit -= stream.len();
            input = rest;
        }
        if input.is_empty() {
            Ok(streams)
        } else {
            Err(Error::corrupt(
                0,
                "there is more after the model's parameters",
            ))
        }
    }
}

/// The stream for a parameter about this many records.
fn context(records: f32) -> usize {
    (eighths_below(records).div_euclid(PER_OCTAVE) + 3).clamp(0, CONTEXTS as i32 - 1) as usize
}

/// A distribution of positive shares, read from steps of its scale.
pub(super) fn distribution(steps: &[u8]) -> Vec<f32> {
    let mut shares = vec![0.0; padded(steps.len())];
    for (share, &step) in shares.iter_mut().zip(steps) {
        *share = power(-i32::from(step) * SPREAD_STEP);
    }
    normalise(&mut shares);
    shares
}

/// The steps whose [`distribution`] is near to these shares.
pub(super) fn spread_steps(shares: &[f32]) -> Vec<u8> {
    let step = |&share: &f32| (-nearest_eighths(share) / SPREAD_STEP).clamp(0, 255) as u8;
    shares.iter().map(step).collect()
}

pub(super) fn normalise(row: &mut [f32]) {
    let factor = 1.0 / sum(row);
    row.iter_mut().for_each(|value| *value *= factor);
}

/// Bits that each byte takes in each stream.
pub(super) struct Costs {
    transitions: Vec<[f32; 256]>,
    choices: Vec<[f32; 256]>,
}

impl Costs {
    /// Before anything is known: zero is cheap, and the farther from it the dearer.
    pub(super) fn guessed() -> Self {
        let mut of_byte = [0.0; 256];
        for (byte, cost) in of_byte.iter_mut().enumerate() {
            *cost = if byte == 0 { 0.5 } else { 6.0 };
        }
        Self {
            transitions: vec![of_byte; CONTEXTS],
            choices: vec![of_byte; CONTEXTS],
        }
    }

    /// Those of streams already made.
    pub(super) fn of(streams: &Streams) -> Self {
        Self {
            transitions: streams
                .transitions
                .iter()
                .map(|stream| costs_of(stream))
                .collect(),
            choices: streams
                .choices
                .iter()
                .map(|stream| costs_of(stream))
                .collect(),
        }
    }
}

fn costs_of(stream: &[u8]) -> [f32; 256] {
    let mut counts = [0.1f32; 256];
    for &byte in stream {
        counts[usize::from(byte)] += 1.0;
    }
    let total: f32 = counts.iter().sum();
    counts.map(|count| (total / count).log2())
}

/// Writes the parameters of nodes.
struct NodeWriter<'a> {
    circuit: &'a Circuit,
    shared: (&'a Sharing, &'a Priors),
    tradeoff: Tradeoff,
    costs: &'a Costs,
    streams: &'a mut Streams,
}

impl NodeWriter<'_> {
    /// Writes node `at`, whose parent's states are distributed as `parent_spread`, and returns the
    /// distribution of its own states as the decoder will see it.
    fn write(&mut self, at: usize, parent_spread: &[f32]) -> Vec<f32> {
        let node = &self.circuit.nodes[at];
        let mut marginal = vec![0.0; node.states];
        for (row, &share) in node
            .transition
            .chunks_exact(node.stride())
            .zip(parent_spread)
        {
            for (sum, &value) in marginal.iter_mut().zip(row) {
                *sum += share * value;
            }
        }
        let steps = spread_steps(&marginal);
        self.streams.spreads.extend_from_slice(&steps);
        let spread = distribution(&steps);
        self.write_transitions(at, parent_spread, &spread);
        self.write_choices(at, &spread);
        spread
    }

    fn write_transitions(&mut self, at: usize, parent_spread: &[f32], spread: &[f32]) {
        let node = &self.circuit.nodes[at];
        let (sharing, priors) = self.shared;
        let mut prior = vec![0.0; node.stride()];
        let rows = node
            .transition
            .chunks_exact(node.stride())
            .zip(parent_spread);
        for ((row, &share), &from) in rows.zip(self.circuit.parent_labels(at)) {
            priors.transition_row(sharing, at, from, &node.labels, spread, &mut prior);
            let records = self.tradeoff.records * share;
            let weight = records * self.tradeoff.bits_per_model_bit;
            for (&target, &prior) in row.iter().zip(&prior).take(node.states) {
                let context = context(records * prior);
                let costs = &self.costs.transitions[context];
                let cost = |level: i8| {
                    let value = prior * power(i32::from(level));
                    divergence(target, value) * weight + costs[usize::from(level as u8)]
                };
                let level = cheapest(nearest_eighths(target / prior), cost);
                self.streams.transitions[context].push(level as u8);
            }
        }
    }

    fn write_choices(&mut self, at: usize, spread: &[f32]) {
        let node = &self.circuit.nodes[at];
        let stride = node.stride();
        let (sharing, priors) = self.shared;
        let shared = &priors.emissions[sharing.pool[at]];
        let totals = shared.tree.totals(&node.emission);
        for (number, choice) in shared.tree.choices().iter().enumerate() {
            for (state, (&share, &label)) in spread.iter().zip(&node.labels).enumerate() {
                let of_branch = |branch| match branch {
                    Branch::Symbol(symbol) => node.emission[usize::from(symbol) * stride + state],
                    Branch::Choice(below) => totals[usize::from(below) * stride + state],
                };
                let [first, second] = choice.branches.map(of_branch);
                let prior =
                    [0, 1].map(|branch| shared.branch(number, branch, label, sharing.labels));
                let records = self.tradeoff.records * share;
                let context = context(records * choice.reach);
                let weight = records * self.tradeoff.bits_per_model_bit;
                let costs = &self.costs.choices[context];
                let cost = |level: i8| {
                    let [p, q] = branch_probabilities(prior, level);
                    let total = first + second;
                    let lost = divergence(first, total * p) + divergence(second, total * q);
                    lost * weight + costs[usize::from(level as u8)]
                };
                let odds = first / second.max(f32::MIN_POSITIVE) * (prior[1] / prior[0]);
                let level = cheapest(nearest_eighths(odds) / ODDS_STEP, cost);
                self.streams.choices[context].push(level as u8);
            }
        }
    }
}

/// The level at `nearest`, beside it or at zero that costs least.
fn cheapest(nearest: i32, cost: impl Fn(i8) -> f32) -> i8 {
    let nearest = nearest.clamp(-126, 126) as i8;
    let mut best = (cost(0), 0);
    for level in nearest - 1..=nearest + 1 {
        let cost = cost(level);
        if cost < best.0 {
            best = (cost, level);
        }
    }
    best.1
}

/// Bits lost for each record by coding what has probability `target` as if it had `value`, as a part
/// of a sum in which both come to the same.
fn divergence(target: f32, value: f32) -> f32 {
    if target > 0.0 {
        target * (target / value).log2() + (value - target) * std::f32::consts::LOG2_E
    } else {
        value * std::f32::consts::LOG2_E
    }
}

/// Probabilities of the two branches of a choice at a level of its odds.
pub(super) fn branch_probabilities(prior: [f32; 2], level: i8) -> [f32; 2] {
    let first = prior[0] * power(i32::from(level) * ODDS_STEP);
    let total = first + prior[1];
    [first / total, prior[1] / total]
}

/// Reads the parameters of all nodes.
pub(super) fn read_nodes(
    schema: &Schema,
    tree: &Tree,
    labels: &[Vec<u16>],
    records: f32,
    streams: &Streams,
) -> Result<Vec<Node>> {
    let count = label_count(labels);
    let sharing = Sharing::new(schema, tree, count);
    let priors = read_priors(schema, &sharing, &streams.shared)?;
    let mut reader = Reader {
        shared: (&sharing, &priors),
        records,
        spreads: &streams.spreads,
        transitions: std::array::from_fn(|at| &streams.transitions[at][..]),
        choices: std::array::from_fn(|at| &streams.choices[at][..]),
    };
    let mut nodes: Vec<Option<Node>> = vec![None; tree.len()];
    let mut spreads: Vec<Vec<f32>> = vec![Vec::new(); tree.len()];
    for at in tree.preorder() {
        let (parent_spread, parent_labels) = match tree.parent(at) {
            Some(parent) => (
                &spreads[parent][..labels[parent].len()],
                &labels[parent][..],
            ),
            None => (&[1.0][..], &[0][..]),
        };
        let symbols = usize::from(schema.variables[at].symbols);
        let (node, spread) =
            reader.node(at, &labels[at], symbols, (parent_spread, parent_labels))?;
        nodes[at] = Some(node);
        spreads[at] = spread;
    }
    reader.finish()?;
    Ok(nodes.into_iter().flatten().collect())
}

/// Number of labels that there have to be.
pub(super) fn label_count(labels: &[Vec<u16>]) -> usize {
    labels
        .iter()
        .flatten()
        .max()
        .map_or(1, |&label| usize::from(label) + 1)
}

struct Reader<'a> {
    shared: (&'a Sharing, &'a Priors),
    records: f32,
    spreads: &'a [u8],
    transitions: [&'a [u8]; CONTEXTS],
    choices: [&'a [u8]; CONTEXTS],
}

impl Reader<'_> {
    fn node(
        &mut self,
        at: usize,
        labels: &[u16],
        symbols: usize,
        parent: (&[f32], &[u16]),
    ) -> Result<(Node, Vec<f32>)> {
        let (states, stride) = (labels.len(), padded(labels.len()));
        let spread = self.spread(states)?;
        let mut node = Node {
            states,
            labels: labels.to_vec(),
            transition: vec![0.0; parent.0.len() * stride],
            emission: vec![0.0; symbols * stride],
        };
        self.transitions(at, &mut node, parent, &spread)?;
        self.emissions(at, &mut node, &spread)?;
        Ok((node, spread))
    }

    fn transitions(
        &mut self,
        at: usize,
        node: &mut Node,
        (parent_spread, parent_labels): (&[f32], &[u16]),
        spread: &[f32],
    ) -> Result<()> {
        let (sharing, priors) = self.shared;
        let stride = node.stride();
        let mut prior = vec![0.0; stride];
        let rows = node.transition.chunks_exact_mut(stride).zip(parent_spread);
        for ((row, &share), &from) in rows.zip(parent_labels) {
            priors.transition_row(sharing, at, from, &node.labels, spread, &mut prior);
            let records = self.records * share;
            for (value, &prior) in row.iter_mut().zip(&prior).take(node.states) {
                let level = next(&mut self.transitions[context(records * prior)])?;
                *value = prior * power(i32::from(level as i8));
            }
            normalise(row);
        }
        Ok(())
    }

    fn emissions(&mut self, at: usize, node: &mut Node, spread: &[f32]) -> Result<()> {
        let (sharing, priors) = self.shared;
        let shared = &priors.emissions[sharing.pool[at]];
        let choices = shared.tree.choices();
        let mut branches = Vec::with_capacity(choices.len() * node.states);
        for (number, choice) in choices.iter().enumerate() {
            for (&share, &label) in spread.iter().zip(&node.labels) {
                let prior =
                    [0, 1].map(|branch| shared.branch(number, branch, label, sharing.labels));
                let context = context(self.records * share * choice.reach);
                let level = next(&mut self.choices[context])?;
                branches.push(branch_probabilities(prior, level as i8));
            }
        }
        let states = node.states;
        let probability =
            |at: usize, branch: usize, state: usize| branches[at * states + state][branch];
        shared
            .tree
            .spread_out(states, probability, &mut node.emission);
        Ok(())
    }

    fn spread(&mut self, len: usize) -> Result<Vec<f32>> {
        let (steps, rest) = self.spreads.split_at_checked(len).ok_or_else(exhausted)?;
        self.spreads = rest;
        Ok(distribution(steps))
    }

    fn finish(self) -> Result<()> {
        let mut left = self.transitions.iter().chain(&self.choices);
        if self.spreads.is_empty() && left.all(|stream| stream.is_empty()) {
            Ok(())
        } else {
            Err(Error::corrupt(
                0,
                "the model has more parameters than its shape has",
            ))
        }
    }
}

fn next(stream: &mut &[u8]) -> Result<u8> {
    let (&byte, rest) = stream.split_first().ok_or_else(exhausted)?;
    *stream = rest;
    Ok(byte)
}

fn exhausted() -> Error {
    Error::corrupt(0, "the model has fewer parameters than its shape has")
}

/// The circuit's parameters as streams, each parameter as exactly as it is worth.
pub(super) fn write_nodes(circuit: &Circuit, tradeoff: Tradeoff) -> Result<Streams> {
    /// Rounds of choosing levels, each with the costs of the one before.
    const ROUNDS: usize = 3;
    let labels: Vec<Vec<u16>> = circuit
        .nodes
        .iter()
        .map(|node| node.labels.clone())
        .collect();
    let sharing = Sharing::new(&circuit.schema, &circuit.tree, label_count(&labels));
    let shared = write_priors(circuit, &sharing, tradeoff.records);
    let priors = read_priors(&circuit.schema, &sharing, &shared)?;
    let mut costs = Costs::guessed();
    let mut streams = Streams::default();
    for _ in 0..ROUNDS {
        streams = Streams::default();
        let mut writer = NodeWriter {
            circuit,
            shared: (&sharing, &priors),
            tradeoff,
            costs: &costs,
            streams: &mut streams,
        };
        let mut spreads: Vec<Vec<f32>> = vec![Vec::new(); circuit.nodes.len()];
        for at in circuit.tree.preorder() {
            let parent_spread = match circuit.tree.parent(at) {
                Some(parent) => &spreads[parent][..circuit.nodes[parent].states],
                None => &[1.0],
            };
            spreads[at] = writer.write(at, parent_spread);
        }
        costs = Costs::of(&streams);
    }
    streams.shared = shared;
    Ok(streams)
}
