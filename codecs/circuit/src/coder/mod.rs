//! Coding records with a circuit: each symbol by its exact conditional probability.
//!
//! The variables are coded in preorder of the tree. At each node the walk keeps two vectors over its
//! states: how probable the states are together with everything coded so far, and how probable what
//! was coded below is given each state. Subtrees that are not coded yet drop out of the sums, because
//! rows of transitions sum to one. So every edge is crossed once downwards and at most once upwards,
//! and a record costs `O(|p|)` in all, where `|p|` is the number of parameters.
//!
//! Source: Liu, Mandt and Van den Broeck, "Lossless compression with probabilistic circuits" (2022),
//! whose general algorithm costs `O(log(d) |p|)`; walking the hidden tree itself saves the logarithm.
//!
//! # The same bits everywhere
//!
//! The only operations on probabilities are additions, products, quotients and comparisons of `f32`,
//! each rounded on its own and in a fixed order, which IEEE 754 defines to the last bit. What goes to
//! the entropy coder are integers made of them. [`GROUP`] records are walked side by side, and none
//! changes the numbers of another.

mod narrow;
mod relatives;
mod solid;
mod symbols;

use codec_core::{Error, Result};
use codec_entropy::range::{RangeDecoder, RangeEncoder};
use pulp::Arch;

use crate::lanes::{LANES, Strided, multiply};
use crate::{Circuit, Records};
use narrow::FEW;
pub(crate) use solid::SOLID_MEMORY;
use symbols::{Cumulative, Predicted};

/// Records that are walked side by side.
pub const GROUP: usize = LANES;

/// A circuit made ready for coding.
pub struct Coder {
    circuit: Circuit,
    cumulative: Vec<Cumulative>,
    arch: Arch,
}

impl Coder {
    /// Prepares a circuit.
    #[must_use]
    pub fn new(circuit: Circuit) -> Self {
        let cumulative = circuit.nodes.iter().map(Cumulative::new).collect();
        Self {
            circuit,
            cumulative,
            arch: Arch::new(),
        }
    }

    /// The circuit.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The codeword of one or more records.
    ///
    /// Long codewords waste least, and whoever wants one record of a codeword decodes all before it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if they are not of the circuit's shape, or if there are none.
    pub fn encode(&self, records: &Records) -> Result<Vec<u8>> {
        self.circuit.check(records)?;
        check_some(records.len())?;
        let mut encoder = RangeEncoder::new();
        for first in (0..records.len()).step_by(GROUP) {
            let count = GROUP.min(records.len() - first);
            self.walk(count, |node, weights, values| {
                for (lane, value) in values.iter_mut().enumerate() {
                    *value = records.record(first + lane)[node];
                    self.predict(node, weights.of(lane))
                        .encode(&mut encoder, *value);
                }
                Ok(())
            })?;
        }
        Ok(encoder.finish())
    }

    /// The `count` records, at least one, behind a codeword.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not the codeword of so many records.
    pub fn decode(&self, codeword: &[u8], count: usize) -> Result<Records> {
        check_some(count)?;
        let width = self.circuit.schema.len();
        let mut decoder = RangeDecoder::new(codeword);
        let mut decoded = Vec::new();
        for first in (0..count).step_by(GROUP) {
            let group = GROUP.min(count - first);
            decoded.resize((first + group) * width, 0);
            let decoded = &mut decoded[first * width..];
            self.walk(group, |node, weights, values| {
                for (lane, value) in values.iter_mut().enumerate() {
                    *value = self
                        .predict(node, weights.of(lane))
                        .decode(&mut decoder)
                        .map_err(corrupt)?;
                    decoded[lane * width + node] = *value;
                }
                Ok(())
            })?;
        }
        decoder.finish().map_err(corrupt)?;
        Ok(Records::new(width, decoded))
    }

    /// The symbols of a node whose states are so probable.
    fn predict<'a>(&'a self, node: usize, weights: &'a [f32]) -> Predicted<'a> {
        self.cumulative[node].predict(&self.circuit.nodes[node], weights)
    }

    /// Visits the nodes in preorder. `visit` is given how probable the states of the node are in each
    /// record, and puts the records' symbols into its last argument.
    fn walk(
        &self,
        count: usize,
        visit: impl FnMut(usize, &Weights, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        if count <= FEW {
            self.walk_few(count, visit)
        } else {
            self.walk_group(count, visit)
        }
    }

    /// As [`walk`](Self::walk), with records in lanes.
    fn walk_group(
        &self,
        count: usize,
        mut visit: impl FnMut(usize, &Weights, &mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let tree = &self.circuit.tree;
        let mut path: Vec<Visited> = Vec::new();
        let mut spare: Vec<Visited> = Vec::new();
        let mut weights = Weights::default();
        let mut symbols = [0u8; GROUP];
        for at in tree.preorder() {
            let parent = tree.parent(at);
            while let Some(last) = path.pop_if(|last| Some(last.node) != parent) {
                if let Some(above) = path.last_mut() {
                    self.ascend(&last, above);
                }
                spare.push(last);
            }
            let node = &self.circuit.nodes[at];
            let mut here = spare.pop().unwrap_or_default();
            here.node = at;
            here.joint.resize(node.states * LANES, 0.0);
            let transition = Strided::transposed(&node.transition, node.stride());
            match path.last() {
                Some(above) => {
                    multiply(self.arch, transition, &above.joint, LANES, &mut here.joint)
                }
                None => multiply(self.arch, transition, &[1.0; LANES], LANES, &mut here.joint),
            }
            weights.set(&here.joint, node.stride());
            let symbols = &mut symbols[..count];
            visit(at, &weights, symbols)?;
            here.below.resize(node.states * LANES, 0.0);
            here.below.fill(0.0);
            for (lane, &symbol) in symbols.iter().enumerate() {
                let emission = node.emission_of(symbol);
                for (below, &value) in here.below[lane..].iter_mut().step_by(LANES).zip(emission) {
                    *below = value;
                }
            }
            for (joint, &below) in here.joint.iter_mut().zip(&here.below) {
                *joint *= below;
            }
            rescale(&mut here.joint);
            path.push(here);
        }
        Ok(())
    }

    /// Tells a node what was coded below one of its children.
    fn ascend(&self, child: &Visited, above: &mut Visited) {
        let node = &self.circuit.nodes[child.node];
        let transition = Strided::rows(&node.transition, node.stride());
        let mut message = vec![0.0; above.joint.len()];
        multiply(self.arch, transition, &child.below, LANES, &mut message);
        rescale(&mut message);
        for ((joint, below), &factor) in above.joint.iter_mut().zip(&mut above.below).zip(&message)
        {
            *joint *= factor;
            *below *= factor;
        }
        rescale(&mut above.joint);
        rescale(&mut above.below);
    }
}

/// A node on the way from the root, `[states, LANES]`.
#[derive(Default)]
struct Visited {
    node: usize,
    /// How probable each state is together with everything coded so far, to a factor.
    joint: Vec<f32>,
    /// How probable what was coded at the node and below it is given each state, to a factor.
    below: Vec<f32>,
}

/// How probable the states of a node are, for each record of a group.
#[derive(Default)]
struct Weights {
    /// `[records, stride]`.
    rows: Vec<f32>,
    stride: usize,
}

impl Weights {
    fn of(&self, lane: usize) -> &[f32] {
        &self.rows[lane * self.stride..][..self.stride]
    }

    /// Takes `joint`, `[records, stride]`.
    fn set_rows(&mut self, joint: &[f32], stride: usize) {
        self.stride = stride;
        self.rows.clear();
        self.rows.extend_from_slice(joint);
    }

    /// Takes `joint`, `[states, LANES]`, lane by lane.
    fn set(&mut self, joint: &[f32], stride: usize) {
        self.stride = stride;
        self.rows.clear();
        self.rows.resize(LANES * stride, 0.0);
        for (state, lanes) in joint.chunks_exact(LANES).enumerate() {
            for (lane, &value) in lanes.iter().enumerate() {
                self.rows[lane * stride + state] = value;
            }
        }
    }
}

/// Scales each lane of `[states, LANES]` to sum to one. A lane that sums to nothing, because what was
/// coded is as good as impossible, starts anew with all states equally probable.
fn rescale(values: &mut [f32]) {
    let mut sums = [0.0f32; LANES];
    for lanes in values.chunks_exact(LANES) {
        for (sum, value) in sums.iter_mut().zip(lanes) {
            *sum += value;
        }
    }
    if sums.iter().any(|&sum| is_nothing(sum)) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            if is_nothing(*sum) {
                *sum = 1.0;
                let states = values.len() / LANES;
                values[lane..]
                    .iter_mut()
                    .step_by(LANES)
                    .for_each(|value| *value = 1.0 / states as f32);
            }
        }
    }
    let factors = sums.map(|sum| 1.0 / sum);
    for lanes in values.chunks_exact_mut(LANES) {
        for (value, factor) in lanes.iter_mut().zip(factors) {
            *value *= factor;
        }
    }
}

/// Whether a sum of shares is too small, or no number, to divide by.
fn is_nothing(sum: f32) -> bool {
    sum.is_nan() || sum < f32::MIN_POSITIVE
}

fn check_some(count: usize) -> Result<()> {
    if count > 0 {
        return Ok(());
    }
    Err(Error::Unsupported(
        "a codeword of no records: one or more are possible".to_owned(),
    ))
}

fn corrupt(error: codec_entropy::EntropyError) -> Error {
    Error::corrupt(0, format!("the codeword of some records: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::bits;
    use crate::random::Random;
    use crate::testing::{learned, random_circuit, spots};
    use std::num::NonZeroUsize;

    /// Records of any symbols, however improbable.
    fn any_records(circuit: &Circuit, count: usize, seed: u64) -> Records {
        let mut random = Random::new(seed);
        let variables = &circuit.schema.variables;
        let values = (0..count * variables.len())
            .map(|at| random.below(usize::from(variables[at % variables.len()].symbols)) as u8);
        Records::new(variables.len(), values.collect())
    }

    #[test]
    fn any_records_of_any_circuit_come_back() {
        let alphabets = [256, 1, 2, 17, 16, 255, 32, 33, 3];
        for seed in 0..20 {
            let circuit = random_circuit(&alphabets[..1 + seed as usize % 9], 40, seed);
            let coder = Coder::new(circuit);
            for count in [1, 2, 15, GROUP, 2 * GROUP + 3] {
                let records = any_records(coder.circuit(), count, seed + 100);
                let codeword = coder.encode(&records).unwrap();
                assert_eq!(coder.decode(&codeword, count).unwrap(), records);
            }
        }
    }

    #[test]
    fn records_that_the_model_rules_out_come_back() {
        let mut circuit = random_circuit(&[5, 300 - 44, 7], 20, 3);
        for node in &mut circuit.nodes {
            let stride = node.stride();
            node.emission[stride..].fill(0.0);
            node.transition
                .iter_mut()
                .step_by(2)
                .for_each(|value| *value = 0.0);
        }
        let coder = Coder::new(circuit);
        let records = any_records(coder.circuit(), GROUP, 1);
        let codeword = coder.encode(&records).unwrap();
        assert_eq!(coder.decode(&codeword, GROUP).unwrap(), records);
    }

    #[test]
    fn every_processor_writes_the_same_codeword() {
        let (schema, records) = spots(400, 1);
        let mut coder = Coder::new(learned(&schema, &records, 1));
        let group = records.range(0..GROUP);
        let codeword = coder.encode(&group).unwrap();
        coder.arch = Arch::Scalar;
        assert_eq!(coder.encode(&group).unwrap(), codeword);
        assert_eq!(coder.decode(&codeword, GROUP).unwrap(), group);
    }

    #[test]
    fn few_records_have_the_codeword_that_lanes_give_them() {
        for (seed, alphabets) in [(1, &[256, 3, 17][..]), (2, &[2]), (3, &[40, 1, 5])] {
            let coder = Coder::new(random_circuit(alphabets, 45, seed));
            for count in 1..=FEW {
                let records = any_records(coder.circuit(), count, seed + 7);
                let mut encoder = RangeEncoder::new();
                let walked = coder.walk_group(count, |node, weights, values| {
                    for (lane, value) in values.iter_mut().enumerate() {
                        *value = records.record(lane)[node];
                        let predicted = coder.predict(node, weights.of(lane));
                        predicted.encode(&mut encoder, *value);
                    }
                    Ok(())
                });
                walked.unwrap();
                assert_eq!(coder.encode(&records).unwrap(), encoder.finish());
                assert_eq!(
                    all_weights(&coder, &records, false),
                    all_weights(&coder, &records, true)
                );
            }
        }
    }

    /// The bits of how probable states are at every node.
    fn all_weights(coder: &Coder, records: &Records, in_lanes: bool) -> Vec<u32> {
        let mut seen = Vec::new();
        let visit = |node: usize, weights: &Weights, values: &mut [u8]| {
            for (lane, value) in values.iter_mut().enumerate() {
                *value = records.record(lane)[node];
                seen.extend(weights.of(lane).iter().map(|weight| weight.to_bits()));
            }
            Ok(())
        };
        if in_lanes {
            coder.walk_group(records.len(), visit).unwrap();
        } else {
            coder.walk_few(records.len(), visit).unwrap();
        }
        seen
    }

    #[test]
    fn codewords_are_as_long_as_the_likelihood_says() {
        let (schema, records) = spots(600, 2);
        let circuit = learned(&schema, &records, 1);
        let ideal: f64 = bits(&circuit, &records, NonZeroUsize::MIN)
            .unwrap()
            .iter()
            .sum();
        let coder = Coder::new(circuit);
        let groups = records.len() / GROUP;
        let coded: usize = (0..groups)
            .map(|group| {
                let group = records.range(group * GROUP..(group + 1) * GROUP);
                coder.encode(&group).unwrap().len() * 8
            })
            .sum();
        let ideal = ideal * (groups * GROUP) as f64 / records.len() as f64;
        let over = coded as f64 / ideal - 1.0;
        assert!(
            (-0.005..0.01).contains(&over),
            "{coded} bits, ideally {ideal}"
        );
    }

    #[test]
    fn what_is_no_codeword_is_refused_or_decodes_to_something() {
        let coder = Coder::new(random_circuit(&[256, 4, 90], 9, 5));
        let records = any_records(coder.circuit(), 4, 9);
        let codeword = coder.encode(&records).unwrap();
        let longer = [&codeword[..], &[0; 9]].concat();
        assert!(matches!(
            coder.decode(&longer, 4),
            Err(Error::Corrupt { .. })
        ));
        assert!(matches!(
            coder.decode(&[], 4),
            Ok(_) | Err(Error::Corrupt { .. })
        ));
        assert!(coder.decode(&codeword, 0).is_err());
        let wrong = Records::new(2, vec![0; 8]);
        assert!(matches!(coder.encode(&wrong), Err(Error::Unsupported(_))));
        let unseen = Records::new(3, vec![0, 4, 0]);
        assert!(matches!(coder.encode(&unseen), Err(Error::Unsupported(_))));
    }
}
