//! Samples of what is missing, and other ways to fill it in.

use codec_core::{Error, Result};

use super::messages::{Messages, slice_of};
use super::product::Combine;
use super::{Evidence, Inference, first_largest};
use crate::random::Random;
use crate::{Kind, Records};

/// What to put in the place of a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// The expected value given what is known, rounded; the mode for categorical variables. The smallest
    /// mean square error.
    Mean,
    /// The most probable value given what is known, each variable by itself; the smallest of equally
    /// probable ones. The fewest wrong values.
    Mode,
    /// The values of the most probable explanation: see [`Inference::most_probable`]. They go together.
    MostProbable,
    /// One sample of all missing values together.
    Sample {
        /// Seed of the random numbers.
        seed: u64,
    },
}

impl Inference<'_> {
    /// Exact samples of whole records given what is known: `count` for each of the `n` partial records,
    /// one after the other, `[n * count, d]`.
    ///
    /// The samples are independent; those of a record depend on `seed`, the record and its number only.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape or the known values of a
    /// record are impossible.
    pub fn sample(&self, evidence: &Evidence, count: usize, seed: u64) -> Result<Records> {
        self.check(evidence)?;
        let width = evidence.width();
        let mut values = vec![0; evidence.len() * count * width];
        if count == 0 {
            return Ok(Records::new(width, values));
        }
        let mut possible = vec![true; evidence.len()];
        let slice = slice_of(self);
        let in_records = values.chunks_mut(slice * count * width);
        let mut parts: Vec<_> = in_records.zip(possible.chunks_mut(slice)).collect();
        self.for_each_slice(
            evidence,
            &mut parts,
            |messages, first, (values, possible)| {
                messages.up(self, evidence, first, possible.len(), Combine::Sum);
                for (possible, log) in possible.iter_mut().zip(messages.log_likelihood(self)) {
                    *possible = log > f64::NEG_INFINITY;
                }
                let mut room = Room::default();
                for (column, samples) in values.chunks_mut(count * width).enumerate() {
                    let number = first + column;
                    let of_record = mix(mix(seed, 0), number as u64);
                    for (sample, values) in (0u64..).zip(samples.chunks_mut(width)) {
                        let mut random = Random::new(mix(of_record, sample));
                        let known = evidence.record(number);
                        self.draw(messages, column, known, &mut random, &mut room, values);
                    }
                }
            },
        )?;
        refuse_impossible(&possible)?;
        Ok(Records::new(width, values))
    }

    /// The records with their missing values filled in, `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape or the known values of a
    /// record are impossible.
    pub fn inpaint(&self, evidence: &Evidence, filling: Filling) -> Result<Records> {
        match filling {
            Filling::Mean => self.fill(evidence, true),
            Filling::Mode => self.fill(evidence, false),
            Filling::MostProbable => {
                let explanations = self.most_probable(evidence)?;
                let logs = explanations.log_probability.iter();
                let possible: Vec<bool> = logs.map(|&log| log > f64::NEG_INFINITY).collect();
                refuse_impossible(&possible)?;
                Ok(explanations.records)
            }
            Filling::Sample { seed } => self.sample(evidence, 1, seed),
        }
    }

    /// Fills in by the marginals of the variables.
    fn fill(&self, evidence: &Evidence, with_means: bool) -> Result<Records> {
        self.check(evidence)?;
        let width = evidence.width();
        let all = vec![true; width];
        let mut values = vec![0; evidence.len() * width];
        let mut possible = vec![true; evidence.len()];
        let slice = slice_of(self);
        let in_records = values.chunks_mut(slice * width);
        let mut parts: Vec<_> = in_records.zip(possible.chunks_mut(slice)).collect();
        self.for_each_slice(
            evidence,
            &mut parts,
            |messages, first, (values, possible)| {
                messages.up(self, evidence, first, possible.len(), Combine::Sum);
                for (possible, log) in possible.iter_mut().zip(messages.log_likelihood(self)) {
                    *possible = log > f64::NEG_INFINITY;
                }
                messages.down(self, evidence, &all, |messages, at, from_above| {
                    let marginal = self.marginal(messages, evidence, at, from_above);
                    let as_mean =
                        with_means && self.circuit.schema.variables[at].kind == Kind::Ordinal;
                    for (column, record) in values.chunks_mut(width).enumerate() {
                        let probabilities = marginal[column..].iter().step_by(messages.columns());
                        record[at] = if as_mean {
                            let terms = probabilities.zip(0u32..);
                            let mean: f64 = terms.map(|(p, symbol)| p * f64::from(symbol)).sum();
                            mean.round() as u8
                        } else {
                            first_largest(probabilities.copied()) as u8
                        };
                    }
                });
            },
        )?;
        refuse_impossible(&possible)?;
        Ok(Records::new(width, values))
    }

    /// Draws the states and the missing values of one record, from the root to the leaves.
    fn draw(
        &self,
        messages: &Messages,
        column: usize,
        known: &[Option<u8>],
        random: &mut Random,
        room: &mut Room,
        values: &mut [u8],
    ) {
        let circuit = self.circuit;
        let Room { states, weights } = room;
        states.resize(known.len(), 0);
        for at in circuit.tree.preorder() {
            let node = &circuit.nodes[at];
            let above = circuit.tree.parent(at).map_or(0, |parent| states[parent]);
            let row = &node.transition[above * node.stride()..];
            let both = row.iter().zip(messages.likelihood_of(at, column));
            weights.clear();
            weights.extend(both.map(|(&transition, below)| f64::from(transition) * below));
            let state = choose(weights, random);
            states[at] = state;
            values[at] = known[at].unwrap_or_else(|| {
                let symbols = node.emission[state..].iter().step_by(node.stride());
                weights.clear();
                weights.extend(symbols.map(|&p| f64::from(p)));
                choose(weights, random) as u8
            });
        }
    }
}

/// Room that every draw uses again.
#[derive(Default)]
struct Room {
    /// Of each latent variable.
    states: Vec<usize>,
    /// Of the choice at hand.
    weights: Vec<f64>,
}

/// A place with a probability proportional to its weight: never one of weight zero, unless all are.
fn choose(weights: &[f64], random: &mut Random) -> usize {
    let total: f64 = weights.iter().sum();
    let threshold = random.unit() * total;
    let mut sum = 0.0;
    let mut last = 0;
    for (at, &weight) in weights.iter().enumerate() {
        sum += weight;
        if weight > 0.0 {
            last = at;
            if sum > threshold {
                break;
            }
        }
    }
    last
}

/// A seed for each pair of numbers.
fn mix(seed: u64, number: u64) -> u64 {
    Random::new(seed ^ number).next()
}

fn refuse_impossible(possible: &[bool]) -> Result<()> {
    match possible.iter().position(|&possible| !possible) {
        None => Ok(()),
        Some(number) => Err(Error::Unsupported(format!(
            "record {number}: its known values have no probability under the model, so nothing follows for the others"
        ))),
    }
}
