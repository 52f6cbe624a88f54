//! The whole state of learning as a file, from which it goes on as if it had never stopped.
//!
//! Parameters are not stored: they follow from the counts and from what nodes share. So do the trees
//! over symbols, from the records, which must be those of before: the file holds their hash.
//!
//! # Format
//!
//! Numbers are LEB128, `f32` and `f64` their little-endian bits.
//!
//! | field | |
//! |---|---|
//! | magic | four bytes that say what the file is, then a version byte |
//! | settings | states, labels per state, batch, batches: numbers; two steps, three smoothings: `f32`; seed |
//! | records | number and hash |
//! | schema, tree, labels | as in a model file |
//! | state | batches done; for each node counts of transitions and symbols; for each class of edges and each pool of variables the shared distribution: all `f32` |
//! | | what else the file is for |
//! | checksum | XXH64 of everything before, 8 bytes, little-endian |

use std::num::NonZeroUsize;

use codec_core::{Error, Result};
use xxhash_rust::xxh64::{Xxh64, xxh64};

use super::statistics::Counts;
use super::{Learner, Settings, Smoothing, Workspace, start, symbol_trees};
use crate::circuit::Node;
use crate::fields::{Fields, write_number};
use crate::lanes::padded;
use crate::messages::transposed;
use crate::model::{
    MOST_LABELS, read_labels, read_schema, read_tree, write_labels, write_schema, write_tree,
};
use crate::sharing::{EmissionPrior, Priors, Sharing};
use crate::symbol_tree::SymbolTree;
use crate::{Circuit, MOST_VARIABLES, Records};

const MAGIC: &[u8; 4] = b"CIRL";
const VERSION: u8 = 1;
const CHECKSUM: usize = 8;

/// What changes while a circuit is learned, and what its parameters follow from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    counts: Vec<Counts>,
    priors: Priors,
    batches_done: u32,
}

impl Learner {
    /// The whole state as a file, together with the hash of the records it is learning from.
    #[must_use]
    pub fn save(&self, records: &Records) -> Vec<u8> {
        let mut out = begin(MAGIC);
        self.write(records, &mut out);
        seal(out)
    }

    /// Goes on from a file of [`save`](Self::save): every later pass over `records` gives what it
    /// would have given.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged files, [`Error::Unsupported`] for other versions and for what is
    /// no such file, [`Error::Mismatch`] if the records are others.
    pub fn load(file: &[u8], records: &Records, threads: NonZeroUsize) -> Result<Self> {
        let mut fields = open(file, MAGIC)?;
        let learner = Learner::read(&mut fields, records, threads)?;
        end(fields)?;
        Ok(learner)
    }

    pub(super) fn state(&self) -> State {
        State {
            counts: self.counts.clone(),
            priors: self.priors.clone(),
            batches_done: self.batches_done,
        }
    }

    /// Goes back, or on, to a state of this very learner.
    pub(super) fn restore(&mut self, state: State, threads: NonZeroUsize) -> Result<()> {
        self.counts = state.counts;
        self.priors = state.priors;
        self.batches_done = state.batches_done;
        self.maximisation(threads)
    }

    pub(super) fn write(&self, records: &Records, out: &mut Vec<u8>) {
        write_settings(&self.settings, out);
        write_records_hash(records, out);
        write_schema(&self.circuit.schema, out);
        write_tree(&self.circuit.tree, out);
        write_labels(&self.circuit.nodes, out);
        write_state(&self.counts, &self.priors, self.batches_done, out);
    }

    pub(super) fn read(
        fields: &mut Fields<'_>,
        records: &Records,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let settings = read_settings(fields)?;
        check_records_hash(fields, records, "records to learn from")?;
        let schema = read_schema(fields)?;
        let tree = read_tree(fields, schema.len())?;
        let labels = read_labels(fields, schema.len())?;
        let sharing = Sharing::new(&schema, &tree, start::labels(settings));
        let last_label = labels.iter().flatten().max();
        if last_label.is_some_and(|&label| usize::from(label) >= sharing.labels) {
            return Err(fields.corrupt("a state has a label that is not among the labels"));
        }
        let node = |(at, own): (usize, &Vec<u16>)| {
            let rows = tree.parent(at).map_or(1, |parent| labels[parent].len());
            let stride = padded(own.len());
            let len = stride * (rows + usize::from(schema.variables[at].symbols)) * 4;
            // Counts of as many values follow.
            if len > fields.left() {
                return Err(fields.corrupt("there are fewer counts than states need"));
            }
            Ok(Node {
                states: own.len(),
                labels: own.clone(),
                transition: vec![0.0; rows * stride],
                emission: vec![0.0; usize::from(schema.variables[at].symbols) * stride],
            })
        };
        let nodes = labels.iter().enumerate().map(node).collect::<Result<_>>()?;
        let circuit = Circuit::new(schema, tree, nodes)?;
        circuit.check(records)?;
        let trees = symbol_trees(&circuit.schema, records, &sharing);
        let state = read_state(fields, &circuit, &sharing, &trees)?;
        let mut learner = Self {
            transposed: (0..circuit.tree.len())
                .map(|at| transposed(&circuit, at))
                .collect(),
            workspace: Workspace {
                messages: Vec::new(),
                counts: circuit.nodes.iter().map(Counts::zero).collect(),
            },
            circuit,
            counts: Vec::new(),
            sharing,
            trees,
            priors: Priors {
                transitions: Vec::new(),
                emissions: Vec::new(),
            },
            settings,
            batches_done: 0,
        };
        learner.restore(state, threads)?;
        Ok(learner)
    }

    /// Reads another state of this learner.
    pub(super) fn read_state(&self, fields: &mut Fields<'_>) -> Result<State> {
        read_state(fields, &self.circuit, &self.sharing, &self.trees)
    }
}

impl State {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_state(&self.counts, &self.priors, self.batches_done, out);
    }
}

/// The start of a file of this kind.
pub(super) fn begin(magic: &[u8; 4]) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.push(VERSION);
    out
}

/// The file with its checksum.
pub(super) fn seal(mut file: Vec<u8>) -> Vec<u8> {
    file.extend_from_slice(&xxh64(&file, 0).to_le_bytes());
    file
}

/// What is between the start and the checksum, which is right.
pub(super) fn open<'a>(file: &'a [u8], magic: &[u8; 4]) -> Result<Fields<'a>> {
    if file.get(..magic.len()) != Some(magic) {
        return Err(Error::Unsupported(format!(
            "the file is no checkpoint of learning a circuit: it does not start with {}",
            String::from_utf8_lossy(magic)
        )));
    }
    let body = file.len().saturating_sub(CHECKSUM);
    let (content, checksum) = file.split_at(body);
    if xxh64(content, 0).to_le_bytes() != *checksum {
        return Err(Error::corrupt(
            body as u64,
            "the checkpoint: its checksum is wrong",
        ));
    }
    let mut fields = Fields::new(content, "the checkpoint");
    fields.take(magic.len())?;
    match fields.byte()? {
        VERSION => Ok(fields),
        version => Err(Error::Unsupported(format!(
            "the checkpoint is of version {version}; this program reads version {VERSION}"
        ))),
    }
}

/// Checks that everything was read.
pub(super) fn end(fields: Fields<'_>) -> Result<()> {
    match fields.left() {
        0 => Ok(()),
        left => Err(fields.corrupt(&format!("{left} bytes too many"))),
    }
}

/// Writes how many records there are, and their hash.
pub(super) fn write_records_hash(records: &Records, out: &mut Vec<u8>) {
    write_number(records.len() as u64, out);
    out.extend_from_slice(&hash(records).to_le_bytes());
}

/// Checks that these are the records of before.
pub(super) fn check_records_hash(
    fields: &mut Fields<'_>,
    records: &Records,
    name: &str,
) -> Result<()> {
    let number = fields.number()?;
    let same = fields.take(8)? == hash(records).to_le_bytes();
    if same && number == records.len() as u64 {
        return Ok(());
    }
    Err(Error::Mismatch(format!(
        "the {name} are not those of the checkpoint, which had {number}; these are {}",
        records.len()
    )))
}

fn hash(records: &Records) -> u64 {
    let mut hash = Xxh64::new(0);
    hash.update(&(records.width() as u64).to_le_bytes());
    hash.update(records.values());
    hash.digest()
}

pub(super) fn write_settings(settings: &Settings, out: &mut Vec<u8>) {
    write_number(settings.states as u64, out);
    write_number(settings.labels_per_state as u64, out);
    write_number(settings.batch as u64, out);
    write_number(u64::from(settings.batches), out);
    let Smoothing {
        emission,
        growth,
        transition,
    } = settings.smoothing;
    let (first, last) = settings.steps;
    write_floats(&[first, last, emission, growth, transition], out);
    write_number(settings.seed, out);
}

pub(super) fn read_settings(fields: &mut Fields<'_>) -> Result<Settings> {
    let states = fields.number_up_to(Circuit::MOST_STATES as u64, "the number of states")?;
    let labels_per_state = fields.number_up_to(MOST_LABELS as u64, "labels for each state")?;
    let batch = fields.number_up_to(u64::from(u32::MAX), "the size of a batch")?;
    let batches = fields.number_up_to(u64::from(u32::MAX), "the number of batches")? as u32;
    let numbers = read_floats(fields, 5)?;
    let settings = Settings {
        states,
        labels_per_state,
        batch,
        steps: (numbers[0], numbers[1]),
        batches,
        smoothing: Smoothing {
            emission: numbers[2],
            growth: numbers[3],
            transition: numbers[4],
        },
        seed: fields.number()?,
    };
    settings
        .check()
        .map_err(|error| fields.corrupt(&error.to_string()))?;
    Ok(settings)
}

fn write_state(counts: &[Counts], priors: &Priors, batches_done: u32, out: &mut Vec<u8>) {
    write_number(u64::from(batches_done), out);
    for counts in counts {
        write_floats(&counts.transition, out);
        write_floats(&counts.emission, out);
    }
    for transitions in &priors.transitions {
        write_floats(transitions, out);
    }
    for emissions in &priors.emissions {
        write_floats(&emissions.branches, out);
    }
}

fn read_state(
    fields: &mut Fields<'_>,
    circuit: &Circuit,
    sharing: &Sharing,
    trees: &[SymbolTree],
) -> Result<State> {
    let batches_done = fields.number_up_to(u64::from(u32::MAX), "the number of batches done")?;
    let mut counts = Vec::with_capacity(circuit.nodes.len().min(MOST_VARIABLES));
    for node in &circuit.nodes {
        counts.push(Counts {
            transition: read_floats(fields, node.transition.len())?,
            emission: read_floats(fields, node.emission.len())?,
        });
    }
    let class_len = sharing.labels * sharing.stride();
    let transitions = (0..sharing.edge_classes).map(|_| read_floats(fields, class_len));
    let transitions = transitions.collect::<Result<_>>()?;
    let mut emissions = Vec::with_capacity(trees.len());
    for tree in trees {
        emissions.push(EmissionPrior {
            tree: tree.clone(),
            branches: read_floats(fields, tree.choices().len() * 2 * sharing.labels)?,
        });
    }
    Ok(State {
        counts,
        priors: Priors {
            transitions,
            emissions,
        },
        batches_done: batches_done as u32,
    })
}

fn write_floats(values: &[f32], out: &mut Vec<u8>) {
    out.reserve(values.len() * 4);
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Reads numbers of at least 0.
fn read_floats(fields: &mut Fields<'_>, len: usize) -> Result<Vec<f32>> {
    let (words, _) = fields.take(len * 4)?.as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    match values
        .iter()
        .find(|value| !(value.is_finite() && **value >= 0.0))
    {
        Some(value) => Err(fields.corrupt(&format!("{value} where a number from 0 on belongs"))),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chow_liu_tree;
    use crate::testing::{SETTINGS, spots};

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    fn begun(records: &Records) -> Learner {
        let (schema, _) = spots(1, 1);
        let tree = chow_liu_tree(&schema, records, ONE).unwrap();
        Learner::new(&schema, &tree, records, SETTINGS, ONE).unwrap()
    }

    #[test]
    fn learning_goes_on_as_if_it_had_never_stopped() {
        let (_, records) = spots(700, 11);
        let mut whole = begun(&records);
        let bits: Vec<f64> = (0..4)
            .map(|_| whole.epoch(&records, ONE).unwrap())
            .collect();
        whole.full_pass(&records, ONE).unwrap();

        let mut first = begun(&records);
        let mut parts = vec![first.epoch(&records, ONE).unwrap()];
        parts.push(first.epoch(&records, ONE).unwrap());
        let file = first.save(&records);
        let mut second = Learner::load(&file, &records, ONE).unwrap();
        assert_eq!(second.circuit(), first.circuit());
        assert_eq!(second.save(&records), file);
        let threads = NonZeroUsize::new(3).unwrap();
        parts.push(second.epoch(&records, threads).unwrap());
        parts.push(second.epoch(&records, threads).unwrap());
        second.full_pass(&records, threads).unwrap();
        assert_eq!(parts, bits);
        assert_eq!(second.circuit(), whole.circuit());
        assert_eq!(second.save(&records), whole.save(&records));
    }

    #[test]
    fn damage_and_other_records_are_errors() {
        let (_, records) = spots(120, 12);
        let file = begun(&records).save(&records);
        for end in [0, 3, 4, 5, 20, file.len() / 2, file.len() - 1] {
            assert!(Learner::load(&file[..end], &records, ONE).is_err(), "{end}");
        }
        for at in (0..file.len()).step_by(file.len() / 40) {
            let mut damaged = file.clone();
            damaged[at] ^= 4;
            assert!(Learner::load(&damaged, &records, ONE).is_err(), "{at}");
        }
        let (_, others) = spots(120, 13);
        let fewer = records.range(0..119);
        for other in [&others, &fewer] {
            let error = Learner::load(&file, other, ONE).err();
            assert!(matches!(error, Some(Error::Mismatch(_))), "{error:?}");
        }
    }

    #[test]
    fn damage_behind_a_right_checksum_never_panics() {
        let (_, records) = spots(40, 14);
        let whole = begun(&records).save(&records);
        let content = &whole[..whole.len() - CHECKSUM];
        // The header is in the first bytes; the rest are numbers.
        for at in (0..400).chain((400..2000).step_by(67)) {
            for change in [1, 0x80, 0xff] {
                let mut file = content.to_vec();
                file[at] ^= change;
                let _ = Learner::load(&seal(file), &records, ONE);
            }
            let _ = Learner::load(&seal(content[..at].to_vec()), &records, ONE);
        }
    }
}
