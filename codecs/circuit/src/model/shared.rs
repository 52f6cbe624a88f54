//! What nodes share, as bytes: every probability as a level of its logarithmic scale.

use codec_core::{Error, Result};

use super::levels::{nearest_eighths, power};
use super::parameters::{ODDS_STEP, branch_probabilities, distribution, normalise, spread_steps};
use crate::sharing::{EmissionPrior, Priors, Sharing, pool_emissions, pool_transitions};
use crate::symbol_tree::{Branch, SymbolTree};
use crate::{Circuit, Schema};

/// Records that each shared distribution is given beforehand.
const WEIGHT: f32 = 3.0;

/// The bytes of what the nodes of `circuit` share, if it was learned from so many records.
pub(super) fn write_priors(circuit: &Circuit, sharing: &Sharing, records: f32) -> Vec<u8> {
    let expected = expected_counts(circuit, sharing, records);
    let mut out = Vec::new();
    for pooled in &expected.transitions {
        write_transitions(pooled, sharing, &mut out);
    }
    for pooled in &expected.emissions {
        write_emissions(pooled, sharing, &mut out);
    }
    out
}

/// The distributions behind those bytes.
pub(super) fn read_priors(schema: &Schema, sharing: &Sharing, input: &[u8]) -> Result<Priors> {
    let mut input = input;
    let mut transitions = Vec::new();
    for _ in 0..sharing.edge_classes {
        transitions.push(read_transitions(sharing, &mut input)?);
    }
    let mut emissions = Vec::new();
    for pool in 0..sharing.pools {
        let member = sharing.pool.iter().position(|&other| other == pool);
        let symbols = member.map_or(1, |at| usize::from(schema.variables[at].symbols));
        emissions.push(read_emissions(sharing, symbols, &mut input)?);
    }
    if input.is_empty() {
        Ok(Priors {
            transitions,
            emissions,
        })
    } else {
        Err(Error::corrupt(
            0,
            "the model shares more than its shape has",
        ))
    }
}

/// Expected counts of what nodes share.
struct Expected {
    /// For each class of edges, `[labels, padded(labels)]`.
    transitions: Vec<Vec<f32>>,
    /// For each pool of variables, `[symbols, padded(labels)]`.
    emissions: Vec<Vec<f32>>,
}

fn expected_counts(circuit: &Circuit, sharing: &Sharing, records: f32) -> Expected {
    let stride = sharing.stride();
    let mut expected = Expected {
        transitions: vec![vec![0.0; sharing.labels * stride]; sharing.edge_classes],
        emissions: vec![Vec::new(); sharing.pools],
    };
    let mut usage: Vec<Vec<f32>> = vec![Vec::new(); circuit.nodes.len()];
    for at in circuit.tree.preorder() {
        let node = &circuit.nodes[at];
        let above = match circuit.tree.parent(at) {
            Some(parent) => usage[parent].clone(),
            None => vec![records],
        };
        let mut counts = node.transition.clone();
        let mut own = vec![0.0; node.stride()];
        for (row, &records) in counts.chunks_exact_mut(node.stride()).zip(&above) {
            for (value, own) in row.iter_mut().zip(&mut own) {
                *value *= records;
                *own += *value;
            }
        }
        if let Some(class) = sharing.edge_class[at] {
            let labels = circuit.parent_labels(at);
            pool_transitions(
                &counts,
                labels,
                node,
                stride,
                &mut expected.transitions[class],
            );
        }
        let mut symbols = node.emission.clone();
        for row in symbols.chunks_exact_mut(node.stride()) {
            row.iter_mut()
                .zip(&own)
                .for_each(|(value, records)| *value *= records);
        }
        let pooled = &mut expected.emissions[sharing.pool[at]];
        pooled.resize(symbols.len() / node.stride() * stride, 0.0);
        pool_emissions(&symbols, node, stride, pooled);
        own.truncate(node.states);
        usage[at] = own;
    }
    expected
}

fn write_transitions(pooled: &[f32], sharing: &Sharing, out: &mut Vec<u8>) {
    let stride = sharing.stride();
    let mut totals = vec![0.0; sharing.labels];
    for row in pooled.chunks_exact(stride) {
        totals
            .iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
    }
    let steps = spread_steps(&shares(&totals));
    out.extend_from_slice(&steps);
    let spread = distribution(&steps);
    for row in pooled.chunks_exact(stride) {
        let total: f32 = row.iter().sum::<f32>() + WEIGHT;
        for (&count, &share) in row.iter().zip(&spread).take(sharing.labels) {
            let ratio = (count + WEIGHT * share) / total / share;
            out.push(nearest_eighths(ratio).clamp(-127, 127) as i8 as u8);
        }
    }
}

fn read_transitions(sharing: &Sharing, input: &mut &[u8]) -> Result<Vec<f32>> {
    let spread = distribution(take(input, sharing.labels)?);
    let mut table = vec![0.0; sharing.labels * sharing.stride()];
    for row in table.chunks_exact_mut(sharing.stride()) {
        let levels = take(input, sharing.labels)?;
        for ((value, &share), &level) in row.iter_mut().zip(&spread).zip(levels) {
            *value = share * power(i32::from(level as i8));
        }
        normalise(row);
    }
    Ok(table)
}

fn write_emissions(pooled: &[f32], sharing: &Sharing, out: &mut Vec<u8>) {
    let stride = sharing.stride();
    let totals: Vec<f32> = pooled
        .chunks_exact(stride)
        .map(|row| row.iter().sum())
        .collect();
    let steps = spread_steps(&shares(&totals));
    out.extend_from_slice(&steps);
    let tree = SymbolTree::new(&distribution(&steps)[..steps.len()]);
    let totals = tree.totals(pooled);
    for (at, choice) in tree.choices().iter().enumerate() {
        for label in 0..sharing.labels {
            let of_branch = |branch| match branch {
                Branch::Symbol(symbol) => pooled[usize::from(symbol) * stride + label],
                Branch::Choice(below) => totals[usize::from(below) * stride + label],
            };
            let total = totals[at * stride + label] + WEIGHT;
            let [first, second] = [0, 1].map(|branch| {
                (of_branch(choice.branches[branch]) + WEIGHT * choice.prior[branch]) / total
            });
            let odds = first / second * (choice.prior[1] / choice.prior[0]);
            out.push((nearest_eighths(odds) / ODDS_STEP).clamp(-127, 127) as i8 as u8);
        }
    }
}

fn read_emissions(sharing: &Sharing, symbols: usize, input: &mut &[u8]) -> Result<EmissionPrior> {
    let tree = SymbolTree::new(&distribution(take(input, symbols)?)[..symbols]);
    let labels = sharing.labels;
    let mut branches = vec![0.0; tree.choices().len() * 2 * labels];
    for (choice, branches) in tree
        .choices()
        .iter()
        .zip(branches.chunks_exact_mut(2 * labels))
    {
        let (first, second) = branches.split_at_mut(labels);
        let levels = take(input, labels)?;
        for ((first, second), &level) in first.iter_mut().zip(second).zip(levels) {
            [*first, *second] = branch_probabilities(choice.prior, level as i8);
        }
    }
    Ok(EmissionPrior { tree, branches })
}

/// Counts as shares, each a little more than nothing.
fn shares(counts: &[f32]) -> Vec<f32> {
    let total: f32 = counts.iter().sum::<f32>() + 1.0;
    let even = 1.0 / counts.len() as f32;
    counts.iter().map(|count| (count + even) / total).collect()
}

fn take<'a>(input: &mut &'a [u8], len: usize) -> Result<&'a [u8]> {
    let exhausted = || Error::corrupt(0, "the model shares less than its shape has");
    let (bytes, rest) = input.split_at_checked(len).ok_or_else(exhausted)?;
    *input = rest;
    Ok(bytes)
}
