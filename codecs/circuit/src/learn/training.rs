//! A whole run of learning: passes over the records until nothing is gained any more.

use std::num::NonZeroUsize;
use std::time::Instant;

use codec_core::{Error, Result};
use cpu_time::ProcessTime;

use super::checkpoint::{self, State, begin, end, open, seal};
use super::{Learner, Settings, bits};
use crate::fields::{Fields, write_number};
use crate::{Circuit, Records, Schema, chow_liu_tree};

const MAGIC: &[u8; 4] = b"CIRT";
/// States in fewer than this share of the records are pruned.
const PRUNED_SHARE: f32 = 0.008;
/// Most passes of a run.
const MOST_PASSES: u32 = 100_000;

/// What is learned from, and what it is checked with.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// Records to learn from, `[n, d]`.
    pub records: &'a Records,
    /// Other records, `[m, d]`, that show when to stop and which pass was the best.
    pub validation: Option<&'a Records>,
}

/// How long to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Passes in batches, over which the step shrinks.
    pub epochs: u32,
    /// Passes of plain expectation maximisation after them.
    pub full_passes: u32,
    /// Passes without a better validation after which no more of the same kind are made.
    pub patience: Option<u32>,
    /// Rounds of moving states from variables that hardly use them to others, one before the second
    /// epoch and before every other one from there on; see [`Learner::prune_and_grow`].
    pub prune_grow: u32,
}

/// A kind of pass over the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassKind {
    /// The beginning: the tree, and states from clusters of values.
    Start,
    /// A pass in batches.
    Epoch,
    /// Plain expectation maximisation over all records.
    Full,
}

/// What a pass came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pass {
    /// What was done.
    pub kind: PassKind,
    /// States that were moved to other variables before the pass.
    pub moved: usize,
    /// How far the first batch of the pass moved the counts: `0.0..=1.0`.
    pub step: f32,
    /// Mean bits per dimension of the records to learn from: in an epoch each as the circuit was
    /// before its batch, in a full pass before the pass. `None` at the start.
    pub train_bits: Option<f64>,
    /// Mean bits per dimension of the validation records, after the pass.
    pub validation_bits: Option<f64>,
    /// Wall time in seconds, the validation included.
    pub seconds: f64,
    /// Time of the process on all cores in seconds.
    pub cpu_seconds: f64,
}

/// A circuit in training. After every pass it can be saved, and resumed later as if nothing had been.
///
/// ```
/// use std::num::NonZeroUsize;
/// use codec_circuit::{Data, Plan, Records, Schema, Settings, Smoothing, Training};
///
/// // Two pixels that are alike.
/// let values = (0..200u32).flat_map(|n| [(n * 7 % 16) as u8, (n * 7 % 16) as u8 + 1]).collect();
/// let records = Records::new(2, values);
/// let data = Data { records: &records, validation: None };
/// let settings = Settings {
///     states: 4,
///     labels_per_state: 1,
///     batch: 50,
///     steps: (0.5, 0.05),
///     batches: 0,
///     smoothing: Smoothing { emission: 0.5, growth: 1.5, transition: 2.0 },
///     seed: 1,
/// };
/// let plan = Plan { epochs: 3, full_passes: 1, patience: None, prune_grow: 1 };
/// let one = NonZeroUsize::MIN;
/// let mut training = Training::new(&Schema::picture(1, 2), data, settings, plan, one)?;
/// while let Some(pass) = training.pass(one)? {
///     assert!(pass.train_bits.is_some_and(|bits| bits < 8.0));
/// }
/// let circuit = training.finish(one)?;
/// assert_eq!(circuit.schema().len(), 2);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub struct Training<'a> {
    learner: Learner,
    data: Data<'a>,
    plan: Plan,
    /// From the start on, so at least one.
    passes: Vec<Pass>,
    /// The state after the best pass, if that is not the last one.
    best: Option<State>,
}

impl<'a> Training<'a> {
    /// Begins: finds the tree and where to start from. `settings.batches` is set to those of the plan.
    ///
    /// # Errors
    /// Those of [`chow_liu_tree`] and [`Learner::new`]; [`Error::Usage`] for patience without
    /// validation and for more than 100,000 passes; [`Error::Unsupported`] if the validation records
    /// are of another shape.
    pub fn new(
        schema: &Schema,
        data: Data<'a>,
        settings: Settings,
        plan: Plan,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        check_plan(plan, data)?;
        let clock = Clock::start();
        let settings = settings_for(settings, plan, data);
        settings.check()?;
        let tree = chow_liu_tree(schema, data.records, threads)?;
        let learner = Learner::new(schema, &tree, data.records, settings, threads)?;
        let mut training = Self {
            learner,
            data,
            plan,
            passes: Vec::new(),
            best: None,
        };
        let start = Made {
            kind: PassKind::Start,
            moved: 0,
            step: 0.0,
            train_bits: None,
        };
        training.record(start, clock, threads)?;
        Ok(training)
    }

    /// The whole state as a file.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut out = begin(MAGIC);
        self.learner.write(self.data.records, &mut out);
        write_plan(self.plan, &mut out);
        match self.data.validation {
            Some(records) => {
                out.push(1);
                checkpoint::write_records_hash(records, &mut out);
            }
            None => out.push(0),
        }
        write_number(self.passes.len() as u64, &mut out);
        for pass in &self.passes {
            write_pass(pass, &mut out);
        }
        if let Some(best) = &self.best {
            best.write(&mut out);
        }
        seal(out)
    }

    /// Goes on from a file of [`save`](Self::save), with the data, settings and plan of before.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if anything of that is different, naming it; [`Error::Corrupt`] and
    /// [`Error::Unsupported`] as [`Learner::load`].
    pub fn resume(
        file: &[u8],
        data: Data<'a>,
        settings: Settings,
        plan: Plan,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        check_plan(plan, data)?;
        let mut fields = open(file, MAGIC)?;
        let learner = Learner::read(&mut fields, data.records, threads)?;
        check_same(
            &learner.settings,
            &settings_for(settings, plan, data),
            &read_plan(&mut fields)?,
            &plan,
        )?;
        let has_validation = fields.byte()? == 1;
        match data.validation {
            Some(records) if has_validation => {
                checkpoint::check_records_hash(&mut fields, records, "validation records")?;
            }
            None if !has_validation => {}
            _ => {
                return Err(Error::Mismatch(
                    "the checkpoint was made with validation records or these settings are, but \
                     not both"
                        .to_owned(),
                ));
            }
        }
        let count = fields.number_up_to(u64::from(MOST_PASSES) * 2 + 1, "the number of passes")?;
        let mut passes = Vec::new();
        for _ in 0..count {
            passes.push(read_pass(&mut fields, has_validation)?);
        }
        if passes.first().map(|pass| pass.kind) != Some(PassKind::Start) {
            return Err(fields.corrupt("the first pass is not the start"));
        }
        let best = if best_of(&passes) + 1 < passes.len() {
            Some(learner.read_state(&mut fields)?)
        } else {
            None
        };
        end(fields)?;
        Ok(Self {
            learner,
            data,
            plan,
            passes,
            best,
        })
    }

    /// Makes the next pass; `None` if there is nothing left to do.
    ///
    /// # Errors
    /// [`Error::Internal`] if a thread fails.
    pub fn pass(&mut self, threads: NonZeroUsize) -> Result<Option<Pass>> {
        let Some(kind) = self.next_kind() else {
            return Ok(None);
        };
        let clock = Clock::start();
        if kind == PassKind::Full
            && self.made(PassKind::Full) == 0
            && let Some(best) = self.best.clone()
        {
            self.learner.restore(best, threads)?;
        }
        let moved = self.move_states(kind, threads)?;
        if moved > 0 {
            // What was best had other states.
            self.best = None;
        } else if self.data.validation.is_some() && self.best.is_none() {
            self.best = Some(self.learner.state());
        }
        let (step, bits) = match kind {
            PassKind::Full => (1.0, self.learner.full_pass(self.data.records, threads)?),
            _ => {
                let step = self.learner.step();
                (step, self.learner.epoch(self.data.records, threads)?)
            }
        };
        let made = Made {
            kind,
            moved,
            step,
            train_bits: Some(bits / self.data.records.width() as f64),
        };
        let pass = self.record(made, clock, threads)?;
        if best_of(&self.passes) + 1 == self.passes.len() {
            self.best = None;
        }
        Ok(Some(pass))
    }

    /// All passes so far, beginning with the start.
    #[must_use]
    pub fn passes(&self) -> &[Pass] {
        &self.passes
    }

    /// The number of the pass after which the circuit was best, of those since states were moved: by
    /// the validation, or without one the last.
    #[must_use]
    pub fn best(&self) -> usize {
        best_of(&self.passes)
    }

    /// How long to learn.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// The best circuit.
    ///
    /// # Errors
    /// [`Error::Internal`] if a thread fails.
    pub fn finish(mut self, threads: NonZeroUsize) -> Result<Circuit> {
        if let Some(best) = self.best.take() {
            self.learner.restore(best, threads)?;
        }
        Ok(self.learner.circuit)
    }

    /// Adds a pass that was made, after looking at the validation records.
    fn record(&mut self, made: Made, clock: Clock, threads: NonZeroUsize) -> Result<Pass> {
        let validation_bits = match self.data.validation {
            Some(records) => Some(mean_bits(self.learner.circuit(), records, threads)?),
            None => None,
        };
        let (seconds, cpu_seconds) = clock.elapsed();
        let pass = Pass {
            kind: made.kind,
            moved: made.moved,
            step: made.step,
            train_bits: made.train_bits,
            validation_bits,
            seconds,
            cpu_seconds,
        };
        self.passes.push(pass);
        Ok(pass)
    }

    /// Moves states before an epoch whose turn it is; returns how many.
    fn move_states(&mut self, kind: PassKind, threads: NonZeroUsize) -> Result<usize> {
        let epochs = self.made(PassKind::Epoch);
        let is_due = epochs % 2 == 1 && epochs / 2 < self.plan.prune_grow;
        if kind != PassKind::Epoch || !is_due {
            return Ok(0);
        }
        let least = PRUNED_SHARE * self.data.records.len() as f32;
        let seed = self.learner.settings.seed.wrapping_add(u64::from(epochs));
        self.learner.prune_and_grow(least, seed, threads)
    }

    fn made(&self, kind: PassKind) -> u32 {
        self.passes.iter().filter(|pass| pass.kind == kind).count() as u32
    }

    fn next_kind(&self) -> Option<PassKind> {
        let (epochs, full) = (self.made(PassKind::Epoch), self.made(PassKind::Full));
        let in_vain = (self.passes.len() - 1 - self.best()) as u32;
        // The first full pass starts from the best epoch: what was in vain before is forgotten.
        let is_over = |made: u32| {
            let patience = self.plan.patience;
            patience.is_some_and(|patience| in_vain.min(made) >= patience)
        };
        if full == 0 && epochs < self.plan.epochs && !is_over(epochs) {
            Some(PassKind::Epoch)
        } else if full < self.plan.full_passes && !is_over(full) {
            Some(PassKind::Full)
        } else {
            None
        }
    }
}

/// Mean bits per dimension.
fn mean_bits(circuit: &Circuit, records: &Records, threads: NonZeroUsize) -> Result<f64> {
    let sum: f64 = bits(circuit, records, threads)?.iter().sum();
    Ok(sum / records.values().len() as f64)
}

fn best_of(passes: &[Pass]) -> usize {
    let last = passes.len() - 1;
    let moved = passes.iter().rposition(|pass| pass.moved > 0).unwrap_or(0);
    let validated = passes.iter().enumerate().skip(moved);
    let validated = validated.filter_map(|(at, pass)| Some((at, pass.validation_bits?)));
    validated
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(last, |(at, _)| at)
}

fn settings_for(settings: Settings, plan: Plan, data: Data<'_>) -> Settings {
    let per_epoch = data.records.len().div_ceil(settings.batch.max(1)) as u32;
    Settings {
        batches: plan.epochs.saturating_mul(per_epoch),
        ..settings
    }
}

fn check_plan(plan: Plan, data: Data<'_>) -> Result<()> {
    if plan.epochs > MOST_PASSES || plan.full_passes > MOST_PASSES {
        return Err(Error::Usage(format!(
            "{} epochs and {} full passes; at most {MOST_PASSES} of each are possible",
            plan.epochs, plan.full_passes
        )));
    }
    if plan.patience == Some(0) {
        return Err(Error::Usage(
            "a patience of 0 passes; at least 1 is possible".to_owned(),
        ));
    }
    match data.validation {
        None if plan.patience.is_some() => Err(Error::Usage(
            "patience needs validation records to see when nothing is gained".to_owned(),
        )),
        Some(records) if records.is_empty() => {
            Err(Error::Usage("there are no validation records".to_owned()))
        }
        Some(records) if records.width() != data.records.width() => {
            Err(Error::Unsupported(format!(
                "validation records have {} values, and those to learn from {}",
                records.width(),
                data.records.width()
            )))
        }
        _ => Ok(()),
    }
}

/// Names the first thing that is not as it was.
fn check_same(was: &Settings, is: &Settings, was_plan: &Plan, is_plan: &Plan) -> Result<()> {
    let named = |settings: &Settings, plan: &Plan| {
        let smoothing = settings.smoothing;
        [
            ("states", settings.states.to_string()),
            ("labels per state", settings.labels_per_state.to_string()),
            ("batch", settings.batch.to_string()),
            ("steps", format!("{:?}", settings.steps)),
            (
                "smoothing",
                format!(
                    "{},{},{}",
                    smoothing.emission, smoothing.growth, smoothing.transition
                ),
            ),
            ("seed", settings.seed.to_string()),
            ("epochs", plan.epochs.to_string()),
            ("full passes", plan.full_passes.to_string()),
            (
                "patience",
                plan.patience
                    .map_or("none".to_owned(), |patience| patience.to_string()),
            ),
            ("rounds of pruning and growing", plan.prune_grow.to_string()),
            ("batches", settings.batches.to_string()),
        ]
    };
    let pairs = named(was, was_plan).into_iter().zip(named(is, is_plan));
    for ((name, was), (_, is)) in pairs {
        if was != is {
            return Err(Error::Mismatch(format!(
                "the checkpoint was made with {name} {was}, and now it is {is}"
            )));
        }
    }
    Ok(())
}

fn write_plan(plan: Plan, out: &mut Vec<u8>) {
    write_number(u64::from(plan.epochs), out);
    write_number(u64::from(plan.full_passes), out);
    write_number(u64::from(plan.patience.unwrap_or(0)), out);
    write_number(u64::from(plan.prune_grow), out);
}

fn read_plan(fields: &mut Fields<'_>) -> Result<Plan> {
    let most = u64::from(MOST_PASSES);
    let epochs = fields.number_up_to(most, "the number of epochs")? as u32;
    let full_passes = fields.number_up_to(most, "the number of full passes")? as u32;
    let patience = fields.number_up_to(u64::from(u32::MAX), "the patience")? as u32;
    Ok(Plan {
        epochs,
        full_passes,
        patience: (patience > 0).then_some(patience),
        prune_grow: fields.number_up_to(u64::from(u32::MAX), "the number of rounds")? as u32,
    })
}

fn write_pass(pass: &Pass, out: &mut Vec<u8>) {
    out.push(match pass.kind {
        PassKind::Start => 0,
        PassKind::Epoch => 1,
        PassKind::Full => 2,
    });
    write_number(pass.moved as u64, out);
    let numbers = [
        f64::from(pass.step),
        pass.train_bits.unwrap_or(0.0),
        pass.validation_bits.unwrap_or(0.0),
        pass.seconds,
        pass.cpu_seconds,
    ];
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn read_pass(fields: &mut Fields<'_>, has_validation: bool) -> Result<Pass> {
    let kind = match fields.byte()? {
        0 => PassKind::Start,
        1 => PassKind::Epoch,
        2 => PassKind::Full,
        kind => return Err(fields.corrupt(&format!("there is no kind {kind} of passes"))),
    };
    let moved = fields.number_up_to(u64::from(u32::MAX), "the number of states moved")?;
    let mut number = || -> Result<f64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(fields.take(8)?);
        Ok(f64::from_le_bytes(bytes))
    };
    let (step, train, validation) = (number()? as f32, number()?, number()?);
    Ok(Pass {
        kind,
        moved,
        step,
        train_bits: (kind != PassKind::Start).then_some(train),
        validation_bits: has_validation.then_some(validation),
        seconds: number()?,
        cpu_seconds: number()?,
    })
}

/// A pass before it was looked at.
struct Made {
    kind: PassKind,
    moved: usize,
    step: f32,
    train_bits: Option<f64>,
}

struct Clock(Instant, ProcessTime);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), ProcessTime::now())
    }

    /// Seconds of wall time, and of the process on all cores.
    fn elapsed(&self) -> (f64, f64) {
        (
            self.0.elapsed().as_secs_f64(),
            self.1.elapsed().as_secs_f64(),
        )
    }
}

#[cfg(test)]
mod tests;
