//! The most probable explanation of what is known.

use codec_core::Result;

use super::messages::{Messages, slice_of};
use super::product::Combine;
use super::{Evidence, Inference, first_largest};
use crate::Records;

/// The most probable explanation of each partial record.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanations {
    /// The records with their missing values filled in, `[n, d]`.
    pub records: Records,
    /// The states of the latent variables, `[n, d]`, row by row.
    pub states: Vec<u16>,
    /// Natural logarithm of the probability of the record together with the states, `[n]`, in nats.
    /// -∞ where the known values are impossible; the other values and the states are then 0.
    pub log_probability: Vec<f64>,
}

impl Inference<'_> {
    /// The most probable values of the missing variables *together with* the states of all latent
    /// variables: `argmax P(missing values, states | evidence)`.
    ///
    /// It is exact (Viterbi's algorithm on the tree, or max-product). Note what is maximised: to
    /// maximise over the missing values alone, with the states summed out, is NP-hard in hidden trees.
    /// For the single most probable value of each variable by itself, see [`Filling::Mode`].
    /// Of equally probable explanations it is the one that has, from the root of the tree on, the
    /// smallest state and then the smallest value.
    ///
    /// [`Filling::Mode`]: crate::Filling::Mode
    ///
    /// Source: Park and Darwiche, "Complexity results and approximation strategies for MAP
    /// explanations" (2004), for the hardness.
    ///
    /// # Errors
    /// [`Error::Unsupported`](codec_core::Error::Unsupported) if the evidence is not of the circuit's
    /// shape.
    pub fn most_probable(&self, evidence: &Evidence) -> Result<Explanations> {
        self.check(evidence)?;
        let width = evidence.width();
        let known = evidence.values().iter();
        let mut values: Vec<u8> = known.map(|value| value.unwrap_or(0)).collect();
        let mut states = vec![0u16; values.len()];
        let mut logs = vec![0.0; evidence.len()];
        let slice = slice_of(self);
        let in_records = values
            .chunks_mut(slice * width)
            .zip(states.chunks_mut(slice * width));
        let mut parts: Vec<_> = in_records.zip(logs.chunks_mut(slice)).collect();
        self.for_each_slice(evidence, &mut parts, |messages, first, part| {
            let ((values, states), logs) = part;
            messages.up(self, evidence, first, logs.len(), Combine::Max);
            for (log, value) in logs.iter_mut().zip(messages.log_likelihood(self)) {
                *log = value;
            }
            self.trace_back(messages, evidence, values, states);
        })?;
        Ok(Explanations {
            records: Records::new(width, values),
            states,
            log_probability: logs,
        })
    }

    /// Chooses states and values from the root to the leaves, `[records, d]`.
    fn trace_back(
        &self,
        messages: &Messages,
        evidence: &Evidence,
        values: &mut [u8],
        states: &mut [u16],
    ) {
        let circuit = self.circuit;
        let width = evidence.width();
        for at in circuit.tree.preorder() {
            let node = &circuit.nodes[at];
            let favourites = self.favourites(at);
            let known = messages.known(evidence, at);
            let records = values.chunks_mut(width).zip(states.chunks_mut(width));
            for (column, ((values, states), known)) in records.zip(known).enumerate() {
                let above = circuit.tree.parent(at).map_or(0, |parent| states[parent]);
                let row = &node.transition[usize::from(above) * node.stride()..];
                let both = row.iter().zip(messages.likelihood_of(at, column));
                let products = both.map(|(&transition, below)| f64::from(transition) * below);
                let state = first_largest(products);
                states[at] = state as u16;
                if known.is_none() {
                    values[at] = favourites[state];
                }
            }
        }
    }

    /// The most probable symbol of each state.
    fn favourites(&self, at: usize) -> Vec<u8> {
        let states = self.circuit.nodes[at].states;
        let emission = self.emission(at);
        let of_state = |state: usize| emission[state..].iter().step_by(states).copied();
        (0..states)
            .map(|state| first_largest(of_state(state)) as u8)
            .collect()
    }
}
