//! Model files: a circuit, and what its records are made of.
//!
//! # Format
//!
//! Numbers are LEB128, byte strings follow their length.
//!
//! | field | |
//! |---|---|
//! | `CIRC` | magic |
//! | version | one byte, 1 |
//! | front | byte string: what records are made of, for the codec |
//! | variables | number, then for each run of equal ones: length, kind (0 categorical, 1 ordinal), symbols |
//! | grid | rows and columns, or 0 and 0 |
//! | records | how many records it was learned from: sets how exact parameters are |
//! | tree | for each variable the number of its parent and 1, 0 for the root |
//! | labels | for each variable the number of states, then the labels: the first, and how far each is after the one before |
//! | parameters | to the end |

mod levels;
mod parameters;
mod shared;

use codec_core::{Budget, Error, Result};
use xxhash_rust::xxh64::xxh64;

use crate::circuit::Node;
use crate::fields::{Fields, write_bytes, write_number};
use crate::lanes::padded;
use crate::sharing::Sharing;
use crate::{Circuit, Kind, MOST_VARIABLES, Schema, Tree, Variable};
use parameters::{Streams, Tradeoff, label_count, read_nodes, write_nodes};

const MAGIC: &[u8; 4] = b"CIRC";
const VERSION: u8 = 1;
/// Most labels of states.
pub(crate) const MOST_LABELS: usize = 4096;

/// A circuit as it is stored: parameters rounded to what is in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    circuit: Circuit,
    front: Vec<u8>,
    records: u64,
    hash: u64,
}

impl Model {
    /// The file of a model for `circuit`, learned from `records` records that are described by
    /// `front`.
    ///
    /// `exactness` is how many bits of the file one bit of those records is worth: 1 for a model that
    /// is stored with these very records, more for one that serves many files.
    ///
    /// # Errors
    /// [`Error::Internal`] if what was written cannot be read.
    pub fn write(circuit: &Circuit, front: &[u8], records: u64, exactness: f32) -> Result<Vec<u8>> {
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        write_bytes(front, &mut out);
        write_schema(&circuit.schema, &mut out);
        write_number(records, &mut out);
        write_tree(&circuit.tree, &mut out);
        write_labels(&circuit.nodes, &mut out);
        let tradeoff = Tradeoff {
            records: records as f32,
            bits_per_model_bit: exactness,
        };
        write_nodes(circuit, tradeoff)?.write(&mut out);
        Ok(out)
    }

    /// The model of a file, charging its memory to `budget` while it is read.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged files, [`Error::Unsupported`] for other versions and for what is
    /// no model, [`Error::Limit`] if it does not fit the budget.
    pub fn read(file: &[u8], budget: &Budget) -> Result<Self> {
        let mut fields = Fields::new(file, "the model");
        if file.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(Error::Unsupported(
                "the model is no file of a circuit: it does not start with CIRC".to_owned(),
            ));
        }
        fields.take(MAGIC.len())?;
        let version = fields.byte()?;
        if version != VERSION {
            return Err(Error::Unsupported(format!(
                "the model is of version {version}; this program reads version {VERSION}"
            )));
        }
        let front = fields.bytes()?.to_vec();
        let schema = read_schema(&mut fields)?;
        let records = fields.number()?;
        let tree = read_tree(&mut fields, schema.len())?;
        let labels = read_labels(&mut fields, schema.len())?;
        if schema.grid.is_none() && labels.iter().flatten().any(|&label| label > 0) {
            return Err(fields.corrupt("states of variables without a grid have labels"));
        }
        let size = Size::of(&schema, &tree, &labels);
        let reserved = budget.reserve("a circuit", size.memory())?;
        let at = fields.position();
        let streams = Streams::read(fields.rest(), size.parameters as usize)
            .map_err(|error| error.offset_by(at as u64))?;
        let nodes = read_nodes(&schema, &tree, &labels, records as f32, &streams)
            .map_err(|error| error.offset_by(at as u64))?;
        drop(reserved);
        Ok(Self {
            circuit: Circuit::new(schema, tree, nodes)?,
            front,
            records,
            hash: xxh64(file, 0),
        })
    }

    /// The circuit.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// What records are made of, as given to [`write`](Self::write).
    #[must_use]
    pub fn front(&self) -> &[u8] {
        &self.front
    }

    /// How many records it was learned from.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// XXH64 of the file: names the model in streams.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The circuit alone.
    #[must_use]
    pub fn into_circuit(self) -> Circuit {
        self.circuit
    }
}

/// How much there is of a circuit.
struct Size {
    /// Stored parameters.
    parameters: u64,
    /// Values in padded tables.
    values: u64,
}

impl Size {
    fn of(schema: &Schema, tree: &Tree, labels: &[Vec<u16>]) -> Self {
        let sharing = Sharing::new(schema, tree, label_count(labels));
        let square = (sharing.labels * sharing.stride()) as u64;
        let mut size = Self {
            parameters: 0,
            values: 0,
        };
        size.add(sharing.edge_classes as u64 * (square + sharing.stride() as u64));
        for pool in 0..sharing.pools {
            let member = sharing.pool.iter().position(|&other| other == pool);
            let symbols = member.map_or(0, |at| u64::from(schema.variables[at].symbols));
            size.add(symbols * (1 + 2 * sharing.labels as u64));
        }
        for (at, variable) in schema.variables.iter().enumerate() {
            let rows = tree.parent(at).map_or(1, |parent| labels[parent].len()) as u64;
            let own = padded(labels[at].len()) as u64;
            size.add(own * (rows + u64::from(variable.symbols) + 1));
        }
        size
    }

    /// Counts tables of that many values, which have no more parameters.
    fn add(&mut self, values: u64) {
        self.parameters += values;
        self.values += values;
    }

    /// Bytes while reading: tables of `f32`, and streams of a byte for each parameter.
    fn memory(&self) -> u64 {
        self.values * 4 + self.parameters * 2
    }
}

pub(crate) fn write_schema(schema: &Schema, out: &mut Vec<u8>) {
    write_number(schema.len() as u64, out);
    for run in schema.variables.chunk_by(|a, b| a == b) {
        write_number(run.len() as u64, out);
        out.push(u8::from(run[0].kind == Kind::Ordinal));
        write_number(u64::from(run[0].symbols), out);
    }
    let (rows, columns) = schema.grid.unwrap_or((0, 0));
    write_number(rows as u64, out);
    write_number(columns as u64, out);
}

pub(crate) fn read_schema(fields: &mut Fields<'_>) -> Result<Schema> {
    let count = fields.number_up_to(MOST_VARIABLES as u64, "the number of variables")?;
    let mut variables = Vec::with_capacity(count);
    while variables.len() < count {
        let left = (count - variables.len()) as u64;
        let run = fields.number_up_to(left, "a run of equal variables")?;
        let kind = match fields.byte()? {
            0 => Kind::Categorical,
            1 => Kind::Ordinal,
            kind => return Err(fields.corrupt(&format!("there is no kind {kind} of variables"))),
        };
        let symbols = fields.number_up_to(u64::from(Schema::MOST_SYMBOLS), "an alphabet")?;
        if run == 0 || symbols == 0 {
            return Err(fields.corrupt("an empty run of variables, or of symbols"));
        }
        let variable = Variable {
            kind,
            symbols: symbols as u16,
        };
        variables.extend(std::iter::repeat_n(variable, run));
    }
    let rows = fields.number_up_to(count as u64, "the number of rows")?;
    let columns = fields.number_up_to(count as u64, "the number of columns")?;
    let pixels = rows * columns;
    if pixels > 0 && !count.is_multiple_of(pixels) {
        return Err(fields.corrupt(&format!(
            "{count} variables do not fill a grid of {rows} by {columns}"
        )));
    }
    Ok(Schema {
        variables,
        grid: (pixels > 0).then_some((rows, columns)),
    })
}

pub(crate) fn write_tree(tree: &Tree, out: &mut Vec<u8>) {
    for parent in tree.parents() {
        write_number(parent.map_or(0, |parent| u64::from(parent) + 1), out);
    }
}

pub(crate) fn write_labels(nodes: &[Node], out: &mut Vec<u8>) {
    for node in nodes {
        write_number(node.states as u64, out);
        let mut before = 0;
        for &label in &node.labels {
            write_number(u64::from(label - before), out);
            before = label;
        }
    }
}

pub(crate) fn read_tree(fields: &mut Fields<'_>, len: usize) -> Result<Tree> {
    let mut parents = Vec::with_capacity(len);
    for _ in 0..len {
        let parent = fields.number_up_to(len as u64, "the parent of a variable")?;
        parents.push((parent as u32).checked_sub(1));
    }
    Tree::new(parents).map_err(|error| error.offset_by(fields.position() as u64))
}

pub(crate) fn read_labels(fields: &mut Fields<'_>, len: usize) -> Result<Vec<Vec<u16>>> {
    let mut all = Vec::with_capacity(len);
    for _ in 0..len {
        let states = fields.number_up_to(Circuit::MOST_STATES as u64, "a number of states")?;
        if states == 0 {
            return Err(fields.corrupt("a latent variable without states"));
        }
        let mut labels = Vec::with_capacity(states);
        let mut label = 0;
        for _ in 0..states {
            label += fields.number_up_to((MOST_LABELS - 1 - label) as u64, "a label")?;
            labels.push(label as u16);
        }
        all.push(labels);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::bits;
    use crate::testing::{learned, random_circuit, spots};
    use codec_core::Limits;
    use std::num::NonZeroUsize;

    fn spots_model() -> Vec<u8> {
        let (schema, records) = spots(400, 1);
        Model::write(&learned(&schema, &records, 1), b"front", 400, 1.0).unwrap()
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let file = spots_model();
        let model = Model::read(&file, &Budget::default()).unwrap();
        assert_eq!((model.front(), model.records()), (&b"front"[..], 400));
        assert_eq!(model, Model::read(&file, &Budget::default()).unwrap());
        for seed in 0..8 {
            let circuit = random_circuit(&[7, 256, 1, 2, 40], 12, seed);
            let file = Model::write(&circuit, b"", 1000, 10.0).unwrap();
            let read = Model::read(&file, &Budget::default())
                .unwrap()
                .into_circuit();
            assert_eq!(read.schema, circuit.schema);
            assert_eq!(read.tree, circuit.tree);
        }
    }

    #[test]
    fn more_exactness_costs_bytes_and_gains_bits() {
        let (schema, records) = spots(1000, 2);
        let circuit = learned(&schema, &records, 1);
        let mean = |circuit: &Circuit| {
            bits(circuit, &records, NonZeroUsize::MIN)
                .unwrap()
                .iter()
                .sum::<f64>()
                / 1000.0
        };
        let stored = |exactness: f32| {
            let file = Model::write(&circuit, b"", 1000, exactness).unwrap();
            let read = Model::read(&file, &Budget::default()).unwrap();
            (file.len(), mean(read.circuit()))
        };
        let (coarse, fine) = (stored(0.5), stored(50.0));
        assert!(
            coarse.0 < fine.0 && coarse.1 > fine.1,
            "{coarse:?} {fine:?}"
        );
        assert!(
            fine.1 < mean(&circuit) * 1.02,
            "{fine:?} {}",
            mean(&circuit)
        );
    }

    #[test]
    fn damage_is_an_error_or_another_model() {
        let file = spots_model();
        for end in (0..file.len()).step_by(7) {
            assert!(
                Model::read(&file[..end], &Budget::default()).is_err(),
                "{end}"
            );
        }
        for at in (0..file.len()).step_by(5) {
            let mut damaged = file.clone();
            damaged[at] ^= 0x55;
            let _either = Model::read(&damaged, &Budget::default());
        }
        let longer = [&file[..], &[0]].concat();
        assert!(Model::read(&longer, &Budget::default()).is_err());
    }

    #[test]
    fn other_files_and_versions_are_unsupported() {
        let mut file = spots_model();
        file[4] = 9;
        assert!(matches!(
            Model::read(&file, &Budget::default()),
            Err(Error::Unsupported(message)) if message.contains("version 9")
        ));
        assert!(matches!(
            Model::read(b"\x89PNG....", &Budget::default()),
            Err(Error::Unsupported(_))
        ));
    }

    #[test]
    fn a_model_larger_than_the_limit_is_refused() {
        let limits = Limits {
            memory: 10_000,
            ..Limits::default()
        };
        assert!(matches!(
            Model::read(&spots_model(), &Budget::new(limits)),
            Err(Error::Limit { .. })
        ));
    }
}
