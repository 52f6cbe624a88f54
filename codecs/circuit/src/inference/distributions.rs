//! Marginals of variables and posteriors of their latent variables.

use codec_core::{Error, Result};

use super::messages::{Messages, slice_of};
use super::product::{Combine, Matrix, multiply};
use super::{Evidence, Inference, first_largest};
use crate::Records;

/// For each of `n` records and each of `d` variables a distribution, over the variable's symbols or
/// over the states of its latent variable: `[n][d][symbols or states]`, in f64.
#[derive(Debug, Clone, PartialEq)]
pub struct Distributions {
    /// Where each variable's distribution starts in a record's values, and where the last ends.
    starts: Vec<usize>,
    values: Vec<f64>,
}

impl Distributions {
    fn zero(sizes: impl Iterator<Item = usize>, records: usize) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        for size in sizes {
            end += size;
            starts.push(end);
        }
        Self {
            values: vec![0.0; records * end],
            starts,
        }
    }

    /// Number of values of a record: the number of symbols, or of states, of all variables together.
    #[must_use]
    pub fn width(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Number of records, `n`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.width()
    }

    /// Whether there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The distribution of a variable in a record.
    ///
    /// # Panics
    /// If there is no such record or variable.
    #[must_use]
    pub fn of(&self, record: usize, variable: usize) -> &[f64] {
        &self.record(record)[self.starts[variable]..self.starts[variable + 1]]
    }

    /// The distributions of a record, one after the other: as a vector of features, for instance.
    ///
    /// # Panics
    /// If there is no such record.
    #[must_use]
    pub fn record(&self, record: usize) -> &[f64] {
        &self.values[record * self.width()..][..self.width()]
    }
}

impl Inference<'_> {
    /// `P(value of the variable | evidence)` for every record, variable and symbol:
    /// `[n][d][symbols]`.
    ///
    /// Variables that are known get all the probability on their value; in a record whose known values
    /// are impossible, all probabilities are zero. The result takes 8 bytes for each record and symbol
    /// (1.6 MB for each picture of 28 by 28 bytes): ask for as many records at a time as there is room.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape.
    pub fn marginals(&self, evidence: &Evidence) -> Result<Distributions> {
        let symbols = self.circuit.schema.variables.iter();
        let sizes = symbols.map(|variable| usize::from(variable.symbols));
        self.distributions(evidence, sizes, Inference::marginal)
    }

    /// `P(value of the variable | evidence)` of one variable: `[n, symbols]`, row by row. As
    /// [`marginals`](Self::marginals), in half of the time and in less room.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape, [`Error::Usage`] if there
    /// is no such variable.
    pub fn conditional(&self, evidence: &Evidence, variable: usize) -> Result<Vec<f64>> {
        self.check(evidence)?;
        let Some(of_variable) = self.circuit.schema.variables.get(variable) else {
            return Err(Error::Usage(format!(
                "there is no variable {variable}: the model has {}, the first of them 0",
                self.circuit.schema.len()
            )));
        };
        let symbols = usize::from(of_variable.symbols);
        let mut wanted = vec![false; self.circuit.schema.len()];
        let mut next = Some(variable);
        while let Some(at) = next {
            wanted[at] = true;
            next = self.circuit.tree.parent(at);
        }
        let mut results = vec![0.0; evidence.len() * symbols];
        let mut parts: Vec<_> = results.chunks_mut(slice_of(self) * symbols).collect();
        self.for_each_slice(evidence, &mut parts, |messages, first, part| {
            let len = part.len() / symbols;
            messages.up(self, evidence, first, len, Combine::Sum);
            messages.down(self, evidence, &wanted, |messages, at, from_above| {
                if at == variable {
                    let marginal = self.marginal(messages, evidence, at, from_above);
                    put(&marginal, messages.columns(), part, 0, symbols);
                }
            });
        })?;
        Ok(results)
    }

    /// `P(state of the latent variable | evidence)` for every record, variable and state:
    /// `[n][d][states]`.
    ///
    /// [`Distributions::record`] is a record in the compressed domain: a vector of features that says
    /// of which kind the record is around each variable. In a record whose known values are
    /// impossible, all probabilities are zero.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape.
    pub fn posteriors(&self, evidence: &Evidence) -> Result<Distributions> {
        let sizes = self.circuit.nodes.iter().map(|node| node.states);
        self.distributions(evidence, sizes, Inference::posterior)
    }

    /// The most probable state of each latent variable given the whole record, each by itself:
    /// `[n, d]`, row by row; the first of equally probable ones. A record as `d` small numbers, for
    /// nearest neighbours by the number of differing states.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the records are not of the circuit's shape.
    pub fn latents(&self, records: &Records) -> Result<Vec<u16>> {
        let evidence = Evidence::from(records);
        self.check(&evidence)?;
        let width = evidence.width();
        let all = vec![true; width];
        let mut latents = vec![0; evidence.len() * width];
        let mut parts: Vec<_> = latents.chunks_mut(slice_of(self) * width).collect();
        self.for_each_slice(&evidence, &mut parts, |messages, first, part| {
            messages.up(self, &evidence, first, part.len() / width, Combine::Sum);
            messages.down(self, &evidence, &all, |messages, at, from_above| {
                let joint = messages.joint(self, at, from_above);
                for (column, record) in part.chunks_exact_mut(width).enumerate() {
                    let of_record = joint[column..].iter().step_by(messages.columns());
                    record[at] = first_largest(of_record.copied()) as u16;
                }
            });
        })?;
        Ok(latents)
    }

    fn distributions(
        &self,
        evidence: &Evidence,
        sizes: impl Iterator<Item = usize>,
        of_node: impl Fn(&Self, &Messages, &Evidence, usize, &[f64]) -> Vec<f64> + Sync,
    ) -> Result<Distributions> {
        self.check(evidence)?;
        let mut results = Distributions::zero(sizes, evidence.len());
        let width = results.width();
        let starts = &results.starts;
        let all = vec![true; evidence.width()];
        let mut parts: Vec<_> = results.values.chunks_mut(slice_of(self) * width).collect();
        self.for_each_slice(evidence, &mut parts, |messages, first, part| {
            messages.up(self, evidence, first, part.len() / width, Combine::Sum);
            messages.down(self, evidence, &all, |messages, at, from_above| {
                let distribution = of_node(self, messages, evidence, at, from_above);
                put(&distribution, messages.columns(), part, starts[at], width);
            });
        })?;
        Ok(results)
    }

    /// `P(state | evidence)` of node `at`, `[states, columns]`.
    fn posterior(
        &self,
        messages: &Messages,
        _: &Evidence,
        at: usize,
        from_above: &[f64],
    ) -> Vec<f64> {
        let mut joint = messages.joint(self, at, from_above);
        normalise(&mut joint, messages.columns());
        joint
    }

    /// `P(symbol | evidence)` of node `at`, `[symbols, columns]`.
    pub(super) fn marginal(
        &self,
        messages: &Messages,
        evidence: &Evidence,
        at: usize,
        from_above: &[f64],
    ) -> Vec<f64> {
        let columns = messages.columns();
        let symbols = usize::from(self.circuit.schema.variables[at].symbols);
        let joint = messages.joint(self, at, from_above);
        let mut marginal = vec![0.0; symbols * columns];
        let known = || messages.known(evidence, at).take(messages.len());
        if known().any(|value| value.is_none()) {
            let emission = self.emission(at);
            let emission = Matrix::rows(&emission, self.circuit.nodes[at].states);
            multiply(
                self.arch,
                Combine::Sum,
                emission,
                &joint,
                columns,
                &mut marginal,
            );
            normalise(&mut marginal, columns);
        }
        for (column, value) in known().enumerate() {
            if let Some(value) = value {
                let possible = joint[column..].iter().step_by(columns).any(|&p| p > 0.0);
                for (symbol, place) in marginal[column..].iter_mut().step_by(columns).enumerate() {
                    let is_it = possible && symbol == usize::from(value);
                    *place = f64::from(u8::from(is_it));
                }
            }
        }
        marginal
    }
}

/// Scales each column to sum to one, but for those of zeros.
fn normalise(values: &mut [f64], columns: usize) {
    let mut totals = vec![0.0; columns];
    for row in values.chunks_exact(columns) {
        for (total, value) in totals.iter_mut().zip(row) {
            *total += value;
        }
    }
    for row in values.chunks_exact_mut(columns) {
        for (value, &total) in row.iter_mut().zip(&totals) {
            if total > 0.0 {
                *value /= total;
            }
        }
    }
}

/// Puts a distribution of `[size, columns]` at `start` of each record's `width` values in `part`.
fn put(distribution: &[f64], columns: usize, part: &mut [f64], start: usize, width: usize) {
    let size = distribution.len() / columns;
    for (column, record) in part.chunks_exact_mut(width).enumerate() {
        let values = distribution[column..].iter().step_by(columns);
        for (place, &value) in record[start..start + size].iter_mut().zip(values) {
            *place = value;
        }
    }
}
