//! Parameters of a circuit as bytes: what each state adds to what holds for its variable as a whole.
//!
//! A variable has two distributions, over its symbols and over the states of its latent variable, on a
//! coarse logarithmic scale. A transition is stored as its ratio to the states' distribution, above
//! the ratio that goes with never having been seen; a choice between ranges of symbols as the ratio
//! of its odds to those of the variable. Most of them say nothing and are zero.
//!
//! The smaller the expected number of records that a parameter is about, the less it can say. That
//! number, which the decoder knows as well, chooses the stream that a parameter is written to.

use codec_core::{Error, Result};
use codec_entropy::ans::{decode_bytes, encode_bytes};

use super::levels::{PER_OCTAVE, eighths_below, nearest_eighths, power};
use crate::circuit::Node;
use crate::lanes::{padded, sum};
use crate::symbol_tree::{Branch, SymbolTree};
use crate::{Circuit, Schema, Tree};

/// Streams of transitions, and as many of choices.
const CONTEXTS: usize = 20;
/// Eighths of an octave to a step of a variable's distributions.
const SPREAD_STEP: i32 = 2;
/// Eighths of an octave to a step of the odds of a choice.
const ODDS_STEP: i32 = 2;

/// How many bits of the model a bit of the records is worth, and how many records there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tradeoff {
    pub(super) records: f32,
    pub(super) bits_per_model_bit: f32,
}

/// The streams that the parameters are written to.
#[derive(Default)]
pub(super) struct Streams {
    spreads: Vec<u8>,
    transitions: [Vec<u8>; CONTEXTS],
    choices: [Vec<u8>; CONTEXTS],
}

impl Streams {
    fn each(&self) -> impl Iterator<Item = &Vec<u8>> {
        let one = std::iter::once(&self.spreads);
        one.chain(&self.transitions).chain(&self.choices)
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let one = std::iter::once(&mut self.spreads);
        one.chain(&mut self.transitions).chain(&mut self.choices)
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
fn distribution(steps: &[u8]) -> Vec<f32> {
    let mut shares = vec![0.0; padded(steps.len())];
    for (share, &step) in shares.iter_mut().zip(steps) {
        *share = power(-i32::from(step) * SPREAD_STEP);
    }
    normalise(&mut shares);
    shares
}

/// The steps whose [`distribution`] is near to these shares.
fn spread_steps(shares: &[f32]) -> Vec<u8> {
    let step = |&share: &f32| (-nearest_eighths(share) / SPREAD_STEP).clamp(0, 255) as u8;
    shares.iter().map(step).collect()
}

fn normalise(row: &mut [f32]) {
    let factor = 1.0 / sum(row);
    row.iter_mut().for_each(|value| *value *= factor);
}

/// The ratio to the states' distribution, in eighths, that goes with a transition never seen in
/// `records` records: at most 0.
fn unseen(records: f32) -> i32 {
    -eighths_below(records + 1.0)
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

/// Writes the parameters of `node`, whose parent's states are distributed as `parent_spread`, and
/// returns the distribution of its own states as the decoder will see it.
pub(super) fn write_node(
    node: &Node,
    parent_spread: &[f32],
    tradeoff: Tradeoff,
    costs: &Costs,
    streams: &mut Streams,
) -> Vec<f32> {
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
    streams.spreads.extend_from_slice(&steps);
    let spread = distribution(&steps);
    write_transitions(node, parent_spread, &spread, tradeoff, costs, streams);
    write_choices(node, &spread, tradeoff, costs, streams);
    spread
}

fn write_transitions(
    node: &Node,
    parent_spread: &[f32],
    spread: &[f32],
    tradeoff: Tradeoff,
    costs: &Costs,
    streams: &mut Streams,
) {
    for (row, &share) in node
        .transition
        .chunks_exact(node.stride())
        .zip(parent_spread)
    {
        let records = tradeoff.records * share;
        let base = unseen(records);
        for (&target, &share) in row.iter().zip(spread).take(node.states) {
            let context = context(records * share);
            let nearest = (nearest_eighths(target / share) - base).clamp(0, 255);
            let cost = |level: i32| {
                let value = share * power(base + level);
                let lost = divergence(target, value) * records * tradeoff.bits_per_model_bit;
                lost + costs.transitions[context][level as usize]
            };
            streams.transitions[context].push(cheapest(nearest, 0, cost) as u8);
        }
    }
}

fn write_choices(
    node: &Node,
    spread: &[f32],
    tradeoff: Tradeoff,
    costs: &Costs,
    streams: &mut Streams,
) {
    let stride = node.stride();
    let symbol_shares: Vec<f32> = node
        .emission
        .chunks_exact(stride)
        .map(|row| {
            row.iter()
                .zip(spread)
                .map(|(value, share)| value * share)
                .sum()
        })
        .collect();
    let steps = spread_steps(&symbol_shares);
    streams.spreads.extend_from_slice(&steps);
    let tree = SymbolTree::new(&distribution(&steps)[..steps.len()]);
    let totals = tree.totals(&node.emission);
    for choice in tree.choices() {
        for (state, &share) in spread.iter().enumerate().take(node.states) {
            let of_branch = |branch| match branch {
                Branch::Symbol(symbol) => node.emission[usize::from(symbol) * stride + state],
                Branch::Choice(below) => totals[usize::from(below) * stride + state],
            };
            let [first, second] = choice.branches.map(of_branch);
            let context = context(tradeoff.records * share * choice.reach);
            let weight = tradeoff.records * share * tradeoff.bits_per_model_bit;
            let odds = first / second.max(f32::MIN_POSITIVE) * (choice.prior[1] / choice.prior[0]);
            let nearest = (nearest_eighths(odds) / ODDS_STEP).clamp(-127, 127);
            let cost = |level: i32| {
                let [p, q] = branch_probabilities(choice.prior, level as i8);
                let total = first + second;
                let lost = divergence(first, total * p) + divergence(second, total * q);
                lost * weight + costs.choices[context][usize::from(level as i8 as u8)]
            };
            streams.choices[context].push(cheapest(nearest, -127, cost) as i8 as u8);
        }
    }
}

/// The level at `nearest`, beside it or at zero that costs least.
fn cheapest(nearest: i32, least: i32, cost: impl Fn(i32) -> f32) -> i32 {
    let mut best = (cost(0), 0);
    for level in nearest - 1..=nearest + 1 {
        if (least..=least + 255).contains(&level) && level <= least.abs().max(255 + least) {
            let cost = cost(level);
            if cost < best.0 {
                best = (cost, level);
            }
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
fn branch_probabilities(prior: [f32; 2], level: i8) -> [f32; 2] {
    let first = prior[0] * power(i32::from(level) * ODDS_STEP);
    let total = first + prior[1];
    [first / total, prior[1] / total]
}

/// Reads the parameters of all nodes.
pub(super) fn read_nodes(
    schema: &Schema,
    tree: &Tree,
    states: &[usize],
    records: f32,
    streams: &Streams,
) -> Result<Vec<Node>> {
    let mut reader = Reader {
        spreads: &streams.spreads,
        transitions: std::array::from_fn(|at| &streams.transitions[at][..]),
        choices: std::array::from_fn(|at| &streams.choices[at][..]),
    };
    let mut nodes: Vec<Option<Node>> = vec![None; tree.len()];
    let mut spreads: Vec<Vec<f32>> = vec![Vec::new(); tree.len()];
    for at in tree.preorder() {
        let parent_spread = match tree.parent(at) {
            Some(parent) => &spreads[parent][..states[parent]],
            None => &[1.0],
        };
        let symbols = usize::from(schema.variables[at].symbols);
        let (node, spread) = reader.node(states[at], symbols, parent_spread, records)?;
        nodes[at] = Some(node);
        spreads[at] = spread;
    }
    reader.finish()?;
    Ok(nodes.into_iter().flatten().collect())
}

struct Reader<'a> {
    spreads: &'a [u8],
    transitions: [&'a [u8]; CONTEXTS],
    choices: [&'a [u8]; CONTEXTS],
}

impl Reader<'_> {
    fn node(
        &mut self,
        states: usize,
        symbols: usize,
        parent_spread: &[f32],
        records: f32,
    ) -> Result<(Node, Vec<f32>)> {
        let stride = padded(states);
        let spread = self.spread(states)?;
        let mut transition = vec![0.0; parent_spread.len() * stride];
        for (row, &share) in transition.chunks_exact_mut(stride).zip(parent_spread) {
            let records = records * share;
            let base = unseen(records);
            for (value, &share) in row.iter_mut().zip(&spread).take(states) {
                let level = next(&mut self.transitions[context(records * share)])?;
                *value = share * power(base + i32::from(level));
            }
            normalise(row);
        }
        let symbol_spread = self.spread(symbols)?;
        let tree = SymbolTree::new(&symbol_spread[..symbols]);
        let mut branches = Vec::with_capacity(tree.choices().len() * states);
        for choice in tree.choices() {
            for &share in &spread[..states] {
                let level = next(&mut self.choices[context(records * share * choice.reach)])?;
                branches.push(branch_probabilities(choice.prior, level as i8));
            }
        }
        let mut emission = vec![0.0; symbols * stride];
        let probability =
            |at: usize, branch: usize, state: usize| branches[at * states + state][branch];
        tree.spread_out(states, probability, &mut emission);
        let node = Node {
            states,
            transition,
            emission,
        };
        Ok((node, spread))
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
pub(super) fn write_nodes(circuit: &Circuit, tradeoff: Tradeoff) -> Streams {
    let mut costs = Costs::guessed();
    let mut streams = Streams::default();
    for _ in 0..ROUNDS {
        streams = Streams::default();
        let mut spreads: Vec<Vec<f32>> = vec![Vec::new(); circuit.nodes.len()];
        for at in circuit.tree.preorder() {
            let node = &circuit.nodes[at];
            let parent_spread = match circuit.tree.parent(at) {
                Some(parent) => &spreads[parent][..circuit.nodes[parent].states],
                None => &[1.0],
            };
            spreads[at] = write_node(node, parent_spread, tradeoff, &costs, &mut streams);
        }
        costs = Costs::of(&streams);
    }
    streams
}

/// Rounds of choosing levels, each with the costs of the one before.
const ROUNDS: usize = 3;
