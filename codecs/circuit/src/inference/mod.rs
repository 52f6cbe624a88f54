//! Exact inference on circuits, in f64.

mod anomaly;
mod distributions;
mod evidence;
mod explanation;
mod messages;
mod product;
mod sampling;
#[cfg(test)]
mod tests;

use std::f64::consts::LN_2;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use codec_core::{Error, Result};
use pulp::Arch;

pub use anomaly::AnomalyScores;
pub use distributions::Distributions;
pub use evidence::Evidence;
pub use explanation::Explanations;
pub use sampling::Filling;

use crate::{Circuit, parallel};
use messages::{Messages, slice_of};
use product::Combine;

/// Answers to questions about the distribution of a [`Circuit`], each exact and at a cost linear in the
/// circuit's parameters.
///
/// What is asked is [`Evidence`]: records `[n, d]` of which some values are known. The parameters are
/// normalised in f64, so probabilities sum to one to about 1e-15 although the circuit holds f32.
/// A row of parameters without a positive sum stays zero: what depends on it is impossible.
///
/// Records are worked on in slices, on as many threads as
/// [`with_threads`](Self::with_threads) says (one to begin with), with about 128 MB of memory on each
/// besides the results. Results depend neither on the threads nor on the other records.
///
/// Messages are scaled at every node by powers of two, so the probability of a record may be far below
/// what f64 can hold. Only among the states of *one* latent variable the range is that of f64: a state
/// 1e300 times less likely than another by the values below it counts as impossible, which matters only
/// if everything else rules that other state out by zeros.
///
/// Source: Pearl, "Probabilistic reasoning in intelligent systems" (1988), for messages in trees; Choi,
/// Vergari and Van den Broeck, "Probabilistic circuits: a unifying framework for tractable
/// probabilistic models" (2020), for the names of the questions.
///
/// ```
/// use codec_circuit::{Circuit, Evidence, Inference, Records, Schema, Variable, Kind, chow_liu_tree};
/// use std::num::NonZeroUsize;
///
/// let coin = Variable { kind: Kind::Categorical, symbols: 2 };
/// let schema = Schema { variables: vec![coin; 2], grid: None };
/// let records = Records::new(2, vec![0, 0, 0, 0, 1, 1, 1, 0]);
/// let tree = chow_liu_tree(&schema, &records, NonZeroUsize::MIN)?;
/// let circuit = Circuit::chow_liu(&schema, &tree, &records, 0.0)?;
///
/// let inference = Inference::new(&circuit);
/// let first_is_one = Evidence::new(2, vec![Some(1), None]);
/// assert!((inference.log_likelihood(&first_is_one)?[0] - 0.5f64.ln()).abs() < 1e-12);
/// let marginals = inference.marginals(&first_is_one)?;
/// assert_eq!(marginals.of(0, 0), [0.0, 1.0]);
/// assert!((marginals.of(0, 1)[1] - 0.5).abs() < 1e-12);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub struct Inference<'a> {
    circuit: &'a Circuit,
    scales: Vec<Scales>,
    arch: Arch,
    threads: NonZeroUsize,
}

/// What the parameters of a node are multiplied by to sum to one.
struct Scales {
    /// By state of the parent.
    transition: Vec<f64>,
    /// By state.
    emission: Vec<f64>,
}

impl<'a> Inference<'a> {
    /// Prepares inference, on one thread.
    #[must_use]
    pub fn new(circuit: &'a Circuit) -> Self {
        let scales = |node: &crate::circuit::Node| {
            let stride = node.stride();
            let rows = node.transition.chunks_exact(stride);
            let mut symbol_sums = vec![0.0; node.states];
            for row in node.emission.chunks_exact(stride) {
                for (sum, &value) in symbol_sums.iter_mut().zip(row) {
                    *sum += f64::from(value);
                }
            }
            Scales {
                transition: rows
                    .map(|row| inverse(row[..node.states].iter().copied().map(f64::from).sum()))
                    .collect(),
                emission: symbol_sums.into_iter().map(inverse).collect(),
            }
        };
        Self {
            circuit,
            scales: circuit.nodes.iter().map(scales).collect(),
            arch: Arch::new(),
            threads: NonZeroUsize::MIN,
        }
    }

    /// The same on several threads.
    #[must_use]
    pub fn with_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// The circuit.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        self.circuit
    }

    /// Natural logarithm of the probability of what is known of each record, `[n]`, in nats: 0 where
    /// nothing is known, -∞ for what is impossible.
    ///
    /// The values that are not known are summed out, so differences of results are the logarithms of
    /// conditionals: see [`log_conditional`](Self::log_conditional).
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape.
    pub fn log_likelihood(&self, evidence: &Evidence) -> Result<Vec<f64>> {
        self.check(evidence)?;
        let mut logs = vec![0.0; evidence.len()];
        let mut parts: Vec<_> = logs.chunks_mut(slice_of(self)).collect();
        self.for_each_slice(evidence, &mut parts, |messages, first, part| {
            messages.up(self, evidence, first, part.len(), Combine::Sum);
            for (log, value) in part.iter_mut().zip(messages.log_likelihood(self)) {
                *log = value;
            }
        })?;
        Ok(logs)
    }

    /// Bits that what is known of each record takes, `[n]`: its ideal code length,
    /// `-log2 P(known values)`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the evidence is not of the circuit's shape.
    pub fn bits(&self, evidence: &Evidence) -> Result<Vec<f64>> {
        Ok(in_bits(self.log_likelihood(evidence)?))
    }

    /// Natural logarithm of `P(targets | given)` for each record, `[n]`, in nats: the joint probability
    /// of any subset of the variables given any other.
    ///
    /// It is `ln P(targets, given) - ln P(given)`; -∞ where the two contradict each other or `given` is
    /// impossible itself.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if either is not of the circuit's shape or they are not equally many.
    pub fn log_conditional(&self, targets: &Evidence, given: &Evidence) -> Result<Vec<f64>> {
        self.check(targets)?;
        if targets.len() != given.len() {
            return Err(Error::Unsupported(format!(
                "{} records given for {} records asked about",
                given.len(),
                targets.len()
            )));
        }
        let below = self.log_likelihood(given)?;
        let both: Vec<Option<u8>> = targets
            .values()
            .iter()
            .zip(given.values())
            .map(|(&target, &given)| target.or(given))
            .collect();
        let mut logs = self.log_likelihood(&Evidence::new(targets.width(), both))?;
        for (number, (log, below)) in logs.iter_mut().zip(below).enumerate() {
            let pairs = targets.record(number).iter().zip(given.record(number));
            let contradict = |(target, given): (&Option<u8>, &Option<u8>)| match (target, given) {
                (Some(target), Some(given)) => target != given,
                _ => false,
            };
            *log = if below == f64::NEG_INFINITY || pairs.into_iter().any(contradict) {
                f64::NEG_INFINITY
            } else {
                (*log - below).min(0.0)
            };
        }
        Ok(logs)
    }

    fn check(&self, evidence: &Evidence) -> Result<()> {
        let variables = &self.circuit.schema.variables;
        if evidence.width() != variables.len() {
            return Err(Error::Unsupported(format!(
                "records have {} values and the model has {} variables",
                evidence.width(),
                variables.len()
            )));
        }
        for number in 0..evidence.len() {
            for (at, (value, variable)) in evidence.record(number).iter().zip(variables).enumerate()
            {
                if let Some(value) = value.filter(|&value| u16::from(value) >= variable.symbols) {
                    return Err(Error::Unsupported(format!(
                        "record {number}, variable {at}: the value {value} is not below the model's {} symbols",
                        variable.symbols
                    )));
                }
            }
        }
        Ok(())
    }

    /// Calls `work` with room for messages, the number of the first record and each of the parts of the
    /// results, one for each slice of the evidence.
    fn for_each_slice<P: Send>(
        &self,
        evidence: &Evidence,
        parts: &mut [P],
        work: impl Fn(&mut Messages, usize, &mut P) + Sync,
    ) -> Result<()> {
        let slice = slice_of(self);
        debug_assert_eq!(parts.len(), evidence.len().div_ceil(slice));
        let free: Mutex<Vec<Messages>> = Mutex::new(Vec::new());
        let take = || free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        parallel::for_each(self.threads, parts, |number, part| {
            let mut messages = take().unwrap_or_default();
            work(&mut messages, number * slice, part);
            let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(messages);
        })
    }

    /// `P(state | state of the parent)`, `[states of the parent, states]`.
    fn transition(&self, at: usize, into: &mut Vec<f64>) {
        let node = &self.circuit.nodes[at];
        into.clear();
        let rows = node.transition.chunks_exact(node.stride());
        for (row, scale) in rows.zip(&self.scales[at].transition) {
            into.extend(
                row[..node.states]
                    .iter()
                    .map(|&value| f64::from(value) * scale),
            );
        }
    }

    /// `P(symbol | state)`, `[symbols, states]`.
    fn emission(&self, at: usize) -> Vec<f64> {
        let node = &self.circuit.nodes[at];
        let symbols = usize::from(self.circuit.schema.variables[at].symbols);
        let mut emission = Vec::with_capacity(symbols * node.states);
        for row in node.emission.chunks_exact(node.stride()) {
            let both = row.iter().zip(&self.scales[at].emission);
            emission.extend(both.map(|(&value, scale)| f64::from(value) * scale));
        }
        emission
    }

    /// `P(symbol | state)` of one symbol for every state.
    fn emission_of(&self, at: usize, symbol: u8) -> impl Iterator<Item = f64> + '_ {
        let row = self.circuit.nodes[at].emission_of(symbol);
        let both = row.iter().zip(&self.scales[at].emission);
        both.map(|(&value, scale)| f64::from(value) * scale)
    }

    /// What is known of a variable as a factor of its states, `[states, columns]`; where nothing is
    /// known, the sum or the largest of the factors of all symbols.
    fn factor(
        &self,
        at: usize,
        known: impl Iterator<Item = Option<u8>>,
        combine: Combine,
        factor: &mut [f64],
    ) {
        let columns = factor.len() / self.circuit.nodes[at].states;
        let unknown: Vec<f64> = match combine {
            Combine::Sum => {
                let scales = self.scales[at].emission.iter();
                scales
                    .map(|&scale| f64::from(u8::from(scale > 0.0)))
                    .collect()
            }
            Combine::Max => self.largest_emissions(at),
        };
        for (column, symbol) in known.enumerate() {
            let places = factor[column..].iter_mut().step_by(columns);
            match symbol {
                Some(symbol) => {
                    for (place, value) in places.zip(self.emission_of(at, symbol)) {
                        *place = value;
                    }
                }
                None => {
                    for (place, &value) in places.zip(&unknown) {
                        *place = value;
                    }
                }
            }
        }
    }

    /// `P(symbol | state)` of the most probable symbol, for every state.
    fn largest_emissions(&self, at: usize) -> Vec<f64> {
        let mut largest = vec![0.0f64; self.circuit.nodes[at].states];
        for row in self.emission(at).chunks_exact(largest.len()) {
            for (largest, &value) in largest.iter_mut().zip(row) {
                *largest = largest.max(value);
            }
        }
        largest
    }
}

/// The factor that makes `total` one, or everything zero where it is not a positive number.
fn inverse(total: f64) -> f64 {
    if total > 0.0 && total.is_finite() {
        1.0 / total
    } else {
        0.0
    }
}

fn in_bits(nats: Vec<f64>) -> Vec<f64> {
    // A difference, not a negation: no bits are 0, not -0.
    nats.into_iter().map(|nats| 0.0 - nats / LN_2).collect()
}

/// The place of the largest value, the first of those; 0 if there is none.
fn first_largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, value) in values.enumerate() {
        if value > best.1 {
            best = (at, value);
        }
    }
    best.0
}
