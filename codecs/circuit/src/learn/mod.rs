//! Learning the parameters of a circuit from records: expectation maximisation.

mod checkpoint;
mod regrow;
mod start;
mod statistics;
mod training;

use std::num::NonZeroUsize;

use codec_core::{Error, Result};
use pulp::Arch;

pub use statistics::Smoothing;
pub use training::{Data, Pass, PassKind, Plan, Training};

use crate::circuit::Node;
use crate::messages::{Batched, Messages, transpose, transposed};
use crate::model::MOST_LABELS;
use crate::random::Random;
use crate::sharing::{Priors, Sharing};
use crate::symbol_tree::SymbolTree;
use crate::{Circuit, Records, Schema, Tree, parallel};
use statistics::{Counts, shared_priors};

/// Records that one thread takes at a time. It decides the order of sums, so results depend on it.
const SLICE: usize = 64;
/// Batches after which what nodes share is set anew.
const BATCHES_PER_PRIOR: usize = 10;

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Most states of a latent variable, `1..=`[`Circuit::MOST_STATES`]. Variables with less to say
    /// about others get fewer.
    pub states: usize,
    /// How many times more labels there are than states where nodes share labels; see
    /// [`Learner::new`].
    pub labels_per_state: usize,
    /// Records in a batch.
    pub batch: usize,
    /// How far the first and the last batch move the counts: `0.0..=1.0`.
    pub steps: (f32, f32),
    /// Batches over which the step shrinks from the first to the last.
    pub batches: u32,
    /// How counts become probabilities.
    pub smoothing: Smoothing,
    /// Seed of everything random.
    pub seed: u64,
}

/// A circuit while it is learned.
pub struct Learner {
    circuit: Circuit,
    transposed: Vec<Vec<f32>>,
    counts: Vec<Counts>,
    sharing: Sharing,
    /// Of each pool of variables.
    trees: Vec<SymbolTree>,
    priors: Priors,
    settings: Settings,
    batches_done: u32,
    workspace: Workspace,
}

/// Room that every batch uses again.
struct Workspace {
    /// Of each slice of a batch.
    messages: Vec<Messages>,
    /// Of each node, for the batch.
    counts: Vec<Counts>,
}

impl Settings {
    /// Checks that every value is in its range.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the value and its range.
    pub fn check(&self) -> Result<()> {
        let Self {
            steps, smoothing, ..
        } = *self;
        let in_range = [
            (
                (1..=Circuit::MOST_STATES).contains(&self.states),
                format!(
                    "{} states; 1 to {} are possible",
                    self.states,
                    Circuit::MOST_STATES
                ),
            ),
            (
                (1..=MOST_LABELS).contains(&self.states.saturating_mul(self.labels_per_state)),
                format!(
                    "{} labels to each of {} states; together at least 1 and at most {MOST_LABELS} \
                     are possible",
                    self.labels_per_state, self.states
                ),
            ),
            (
                self.batch > 0,
                "batches of no records; at least 1 is possible".to_owned(),
            ),
            (
                [steps.0, steps.1]
                    .iter()
                    .all(|step| *step > 0.0 && *step <= 1.0),
                format!(
                    "steps from {} to {}; they lie above 0 and up to 1",
                    steps.0, steps.1
                ),
            ),
            (
                [smoothing.emission, smoothing.growth, smoothing.transition]
                    .iter()
                    .all(|value| *value > 0.0 && value.is_finite()),
                format!(
                    "a smoothing of {}, {}, {}; numbers above 0 are possible",
                    smoothing.emission, smoothing.growth, smoothing.transition
                ),
            ),
        ];
        match in_range.into_iter().find(|(holds, _)| !holds) {
            Some((_, problem)) => Err(Error::Usage(problem)),
            None => Ok(()),
        }
    }
}

impl Learner {
    /// Begins with states from clusters of values; see [`Settings`].
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there are no records or they do not fit the schema,
    /// [`Error::Usage`] for settings out of range.
    pub fn new(
        schema: &Schema,
        tree: &Tree,
        records: &Records,
        settings: Settings,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        if records.is_empty() || records.width() != schema.len() || tree.len() != schema.len() {
            return Err(Error::Unsupported(
                "records to learn from that are of another shape, or none".to_owned(),
            ));
        }
        settings.check()?;
        let mut random = Random::new(settings.seed);
        let sample = start::sample(records, &mut random);
        let assignments = start::assign(schema, tree, &sample, settings, &mut random, threads)?;
        let sharing = Sharing::new(schema, tree, start::labels(settings));
        let trees = symbol_trees(schema, records, &sharing);
        let scale = records.len() as f32 / sample.len() as f32;
        let started = parallel::map(threads, schema.len(), |variable| {
            let parent = tree.parent(variable).map(|parent| &assignments[parent]);
            let symbols = usize::from(schema.variables[variable].symbols);
            let node = assignments[variable].node(parent, symbols);
            let values = sample.iter().map(|record| record[variable]);
            let mut counts = Counts::zero(&node);
            let sampled = start::counts(&node, &assignments[variable], parent, values);
            counts.blend(&sampled, 1.0, scale);
            (node, counts)
        })?;
        let (nodes, counts): (Vec<Node>, Vec<Counts>) = started.into_iter().unzip();
        let workspace = Workspace {
            messages: Vec::new(),
            counts: nodes.iter().map(Counts::zero).collect(),
        };
        let priors = shared_priors(&nodes, tree, &counts, &sharing, &trees, threads)?;
        let circuit = Circuit::new(schema.clone(), tree.clone(), nodes)?;
        let mut learner = Self {
            transposed: (0..tree.len()).map(|at| transposed(&circuit, at)).collect(),
            circuit,
            counts,
            sharing,
            trees,
            priors,
            settings,
            batches_done: 0,
            workspace,
        };
        learner.maximisation(threads)?;
        Ok(learner)
    }

    /// The circuit as it is now.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// Changes how counts become probabilities from here on.
    pub fn set_smoothing(&mut self, smoothing: Smoothing) {
        self.settings.smoothing = smoothing;
    }

    /// The circuit that the counts so far give with the smoothing set now.
    pub fn re_estimate(&self, threads: NonZeroUsize) -> Result<Circuit> {
        let mut circuit = self.circuit.clone();
        parallel::for_each(threads, &mut circuit.nodes, |at, node| {
            let labels = self.circuit.parent_labels(at);
            let shared = (&self.sharing, &self.priors);
            self.counts[at].estimate(at, node, labels, shared, self.settings.smoothing);
        })?;
        Ok(circuit)
    }

    /// One pass over all records in batches, in a random order of its own. Returns the mean bits of a
    /// record, each as the circuit was before its batch.
    ///
    /// # Errors
    /// [`Error::Internal`] if a thread fails.
    pub fn epoch(&mut self, records: &Records, threads: NonZeroUsize) -> Result<f64> {
        let mut numbers: Vec<u32> = (0..records.len() as u32).collect();
        let seed = self.settings.seed ^ (u64::from(self.batches_done) << 32);
        Random::new(seed).shuffle(&mut numbers);
        let mut bits = 0.0;
        for (number, batch) in numbers.chunks(self.settings.batch.max(1)).enumerate() {
            if number.is_multiple_of(BATCHES_PER_PRIOR) {
                self.share(threads)?;
            }
            bits += self.expectation(records, batch, threads)?;
            let scale = records.len() as f32 / batch.len() as f32;
            self.move_counts(self.step(), scale, threads)?;
            self.maximisation(threads)?;
            self.batches_done += 1;
        }
        Ok(bits / records.len() as f64)
    }

    /// One pass of plain expectation maximisation over all records. Returns the mean bits of a record
    /// before it.
    ///
    /// # Errors
    /// [`Error::Internal`] if a thread fails.
    pub fn full_pass(&mut self, records: &Records, threads: NonZeroUsize) -> Result<f64> {
        let numbers: Vec<u32> = (0..records.len() as u32).collect();
        let mut bits = 0.0;
        for (number, batch) in numbers.chunks(self.settings.batch.max(1)).enumerate() {
            bits += self.expectation(records, batch, threads)?;
            let batch = &self.workspace.counts;
            parallel::for_each(threads, &mut self.counts, |at, counts| {
                if number == 0 {
                    counts.clear();
                }
                counts.sum(&batch[at]);
            })?;
        }
        self.share(threads)?;
        self.maximisation(threads)?;
        Ok(bits / records.len() as f64)
    }

    fn step(&self) -> f32 {
        let (first, last) = self.settings.steps;
        let whole = self.settings.batches.max(1) as f32;
        let done = (self.batches_done as f32 / whole).min(1.0);
        first * (last / first).powf(done)
    }

    /// Expected counts of the records `numbers` into the workspace; returns the bits they take together.
    fn expectation(
        &mut self,
        records: &Records,
        numbers: &[u32],
        threads: NonZeroUsize,
    ) -> Result<f64> {
        let circuit = &self.circuit;
        let batched = Batched {
            circuit,
            transposed: &self.transposed,
            arch: Arch::new(),
        };
        let slices: Vec<&[u32]> = numbers.chunks(SLICE).collect();
        let Workspace { messages, counts } = &mut self.workspace;
        while messages.len() < slices.len() {
            messages.push(Messages::new(circuit, SLICE));
        }
        let messages = &mut messages[..slices.len()];
        parallel::for_each(threads, messages, |slice, messages| {
            messages.up(&batched, records, slices[slice]);
            messages.down(&batched);
        })?;
        let messages = &*messages;
        parallel::for_each(threads, counts, |at, counts| {
            let node = &circuit.nodes[at];
            counts.clear();
            for (messages, numbers) in messages.iter().zip(&slices) {
                let symbols = numbers
                    .iter()
                    .map(|&number| records.record(number as usize)[at]);
                counts.add(batched.arch, messages, at, node, symbols);
            }
            counts.complete(node);
        })?;
        let nats: f64 = messages.iter().flat_map(Messages::log_likelihood).sum();
        Ok(-nats / std::f64::consts::LN_2)
    }

    /// Moves the counts towards those of the batch in the workspace.
    fn move_counts(&mut self, step: f32, scale: f32, threads: NonZeroUsize) -> Result<()> {
        let batch = &self.workspace.counts;
        parallel::for_each(threads, &mut self.counts, |at, counts| {
            counts.blend(&batch[at], step, scale);
        })
    }

    /// Sets what nodes share by the counts.
    fn share(&mut self, threads: NonZeroUsize) -> Result<()> {
        let Self {
            circuit,
            counts,
            sharing,
            trees,
            ..
        } = self;
        self.priors = shared_priors(
            &circuit.nodes,
            &circuit.tree,
            counts,
            sharing,
            trees,
            threads,
        )?;
        Ok(())
    }

    /// Sets the parameters by the counts.
    fn maximisation(&mut self, threads: NonZeroUsize) -> Result<()> {
        let circuit = self.re_estimate(threads)?;
        self.circuit = circuit;
        let circuit = &self.circuit;
        parallel::for_each(threads, &mut self.transposed, |at, turned| {
            transpose(circuit, at, turned);
        })
    }
}

/// Trees over the symbols of each pool of variables, by how often they occur in the records.
fn symbol_trees(schema: &Schema, records: &Records, sharing: &Sharing) -> Vec<SymbolTree> {
    let mut counts: Vec<Vec<f32>> = vec![Vec::new(); sharing.pools];
    for (variable, &pool) in schema.variables.iter().zip(&sharing.pool) {
        counts[pool].resize(usize::from(variable.symbols), 0.0);
    }
    for record in records.iter() {
        for (&value, &pool) in record.iter().zip(&sharing.pool) {
            counts[pool][usize::from(value)] += 1.0;
        }
    }
    counts
        .iter()
        .map(|counts| {
            let total: f32 = counts.iter().sum::<f32>() + 1.0;
            let even = 1.0 / counts.len() as f32;
            let spread: Vec<f32> = counts.iter().map(|count| (count + even) / total).collect();
            SymbolTree::new(&spread)
        })
        .collect()
}

/// Bits that each record takes: its ideal code length.
///
/// # Errors
/// [`Error::Unsupported`] if the records are not of the circuit's shape.
pub fn bits(circuit: &Circuit, records: &Records, threads: NonZeroUsize) -> Result<Vec<f64>> {
    circuit.check(records)?;
    let turned: Vec<Vec<f32>> = (0..circuit.nodes.len())
        .map(|at| transposed(circuit, at))
        .collect();
    let batched = Batched {
        circuit,
        transposed: &turned,
        arch: Arch::new(),
    };
    let numbers: Vec<u32> = (0..records.len() as u32).collect();
    let slices: Vec<&[u32]> = numbers.chunks(SLICE).collect();
    let mut nats = Vec::with_capacity(records.len());
    let mut room: Vec<Messages> = (0..threads.get().min(slices.len()))
        .map(|_| Messages::new(circuit, SLICE))
        .collect();
    for slices in slices.chunks(threads.get()) {
        let used = &mut room[..slices.len()];
        parallel::for_each(threads, used, |slice, messages| {
            messages.up(&batched, records, slices[slice]);
        })?;
        nats.extend(used.iter().flat_map(Messages::log_likelihood));
    }
    Ok(nats
        .into_iter()
        .map(|nats: f64| -nats / std::f64::consts::LN_2)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SETTINGS, learned, spots};

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    #[test]
    fn records_not_learned_from_become_shorter() {
        let (schema, all) = spots(1500, 4);
        let (records, others) = (all.range(0..1200), all.range(1200..1500));
        let tree = crate::chow_liu_tree(&schema, &records, ONE).unwrap();
        let mut learner = Learner::new(&schema, &tree, &records, SETTINGS, ONE).unwrap();
        let mean = |circuit: &Circuit| {
            let bits = bits(circuit, &others, ONE).unwrap();
            bits.iter().sum::<f64>() / others.len() as f64
        };
        let before = mean(learner.circuit());
        for _ in 0..4 {
            learner.epoch(&records, ONE).unwrap();
        }
        let between = mean(learner.circuit());
        learner.full_pass(&records, ONE).unwrap();
        let after = mean(learner.circuit());
        assert!(
            between < 0.97 * before && after < 1.01 * between,
            "{before} {between} {after}"
        );
    }

    #[test]
    fn full_passes_never_lose_likelihood_but_for_smoothing() {
        let (schema, records) = spots(800, 5);
        let tree = crate::chow_liu_tree(&schema, &records, ONE).unwrap();
        let mut learner = Learner::new(&schema, &tree, &records, SETTINGS, ONE).unwrap();
        let bits: Vec<f64> = (0..6)
            .map(|_| learner.full_pass(&records, ONE).unwrap())
            .collect();
        assert!(
            bits.windows(2).all(|pair| pair[1] < pair[0] * 1.0005),
            "{bits:?}"
        );
    }

    #[test]
    fn threads_change_nothing() {
        let (schema, records) = spots(500, 6);
        assert_eq!(learned(&schema, &records, 1), learned(&schema, &records, 3));
    }

    #[test]
    fn parameters_are_distributions() {
        let (schema, records) = spots(300, 7);
        let circuit = learned(&schema, &records, 1);
        for node in &circuit.nodes {
            for row in node.transition.chunks_exact(node.stride()) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
                assert!(row[node.states..].iter().all(|&padding| padding == 0.0));
            }
            for state in 0..node.states {
                let total: f32 = node.emission[state..].iter().step_by(node.stride()).sum();
                assert!((total - 1.0).abs() < 1e-4, "{total}");
            }
        }
    }

    #[test]
    fn records_of_another_shape_are_refused() {
        let (schema, records) = spots(10, 8);
        let tree = crate::chow_liu_tree(&schema, &records, ONE).unwrap();
        let other = Records::new(35, vec![0; 70]);
        assert!(Learner::new(&schema, &tree, &other, SETTINGS, ONE).is_err());
        assert!(Learner::new(&schema, &tree, &records.range(0..0), SETTINGS, ONE).is_err());
        assert!(bits(&learned(&schema, &records, 1), &other, ONE).is_err());
    }
}
