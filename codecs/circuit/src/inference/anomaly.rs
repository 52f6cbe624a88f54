//! How unusual records are, and where.

use codec_core::Result;

use super::messages::slice_of;
use super::product::Combine;
use super::{Evidence, Inference, in_bits};
use crate::Records;

/// How unusual records are, in bits: large is unusual, infinite is impossible.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyScores {
    /// `-log2 P(record)`, `[n]`: what the record takes to code.
    pub bits: Vec<f64>,
    /// The same divided by the number of variables, `[n]`.
    pub bits_per_dimension: Vec<f64>,
    /// `-log2 P(value | all other values of the record)`, `[n, d]`, row by row: how surprising each
    /// value is where it stands, which tells the values that make a record unusual.
    pub surprise: Vec<f64>,
}

impl Inference<'_> {
    /// Scores whole records, and each of their values given the others, in one pass up and one down.
    ///
    /// Where only the scores of records are needed, [`bits`](Self::bits) takes half of the time.
    ///
    /// # Errors
    /// [`Error::Unsupported`](codec_core::Error::Unsupported) if the records are not of the circuit's
    /// shape.
    pub fn anomaly_scores(&self, records: &Records) -> Result<AnomalyScores> {
        let evidence = Evidence::from(records);
        self.check(&evidence)?;
        let width = evidence.width();
        let all = vec![true; width];
        let mut nats = vec![0.0; evidence.len()];
        let mut surprise = vec![0.0; evidence.len() * width];
        let slice = slice_of(self);
        let in_records = surprise.chunks_mut(slice * width);
        let mut parts: Vec<_> = nats.chunks_mut(slice).zip(in_records).collect();
        self.for_each_slice(
            &evidence,
            &mut parts,
            |messages, first, (nats, surprise)| {
                messages.up(self, &evidence, first, nats.len(), Combine::Sum);
                for (nats, log) in nats.iter_mut().zip(messages.log_likelihood(self)) {
                    *nats = log;
                }
                messages.down(self, &evidence, &all, |messages, at, from_above| {
                    let others = messages.joint_of_others(self, at, from_above);
                    let known = messages.known(&evidence, at);
                    let rows = surprise.chunks_mut(width).zip(known);
                    for (column, (row, value)) in rows.enumerate() {
                        let weights = others[column..].iter().step_by(messages.columns());
                        row[at] = value.map_or(0.0, |value| self.surprise(at, value, weights));
                    }
                });
            },
        )?;
        let bits = in_bits(nats);
        Ok(AnomalyScores {
            bits_per_dimension: bits.iter().map(|bits| bits / width as f64).collect(),
            bits,
            surprise,
        })
    }

    /// `-log2 P(value)` where the states of node `at` have these weights.
    fn surprise<'w>(&self, at: usize, value: u8, weights: impl Iterator<Item = &'w f64>) -> f64 {
        let (mut of_value, mut total) = (0.0, 0.0);
        let emission = self.emission_of(at, value).zip(&self.scales[at].emission);
        for ((emission, &scale), weight) in emission.zip(weights) {
            of_value += emission * weight;
            if scale > 0.0 {
                total += weight;
            }
        }
        if of_value > 0.0 {
            (total / of_value).log2().max(0.0)
        } else {
            f64::INFINITY
        }
    }
}
