//! What encoder and decoder both know of the rows so far.

use super::intern::mix;
use super::model::{Base, ColumnSpec, Model, NEW, Passed, TEXT};
use super::port::{BitPort, NumberModel, unzigzag, zigzag};
use super::spec::{Column, Columns};
use super::value::Format;

/// A kind of template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Header = 0,
    Body = 1,
}

/// The numbers of templates, row by row.
pub(super) struct TemplateState {
    /// A column for each kind.
    model: Model,
    kinds: [KindState; 2],
    /// How far a new template is from the next one in order; not at all, nearly always.
    jumps: NumberModel,
}

struct KindState {
    /// Templates before, latest first.
    before: [u64; 3],
    /// The template that is expected to be the next new one.
    next: u64,
    is_known: Vec<bool>,
}

impl TemplateState {
    pub(super) fn new(columns: &Columns, rows: usize, is_encoder: bool) -> Self {
        let sequence = ColumnSpec {
            format: Format::Text,
            base: Base::Zero,
            family: 0,
        };
        let starts = [&columns.header_starts, &columns.body_starts];
        Self {
            model: Model::new(vec![sequence; 2], rows, is_encoder),
            kinds: starts.map(|starts| KindState {
                before: [0; 3],
                next: 1,
                is_known: vec![false; starts.len()],
            }),
            jumps: NumberModel::new(),
        }
    }

    /// Passes the header and message template of a row.
    pub(super) fn pass_row(&mut self, port: &mut impl BitPort, row: [u32; 2]) -> Option<[u32; 2]> {
        let header = self.pass(port, Kind::Header, u64::from(row[0]))?;
        let body = self.pass(port, Kind::Body, u64::from(row[1]))?;
        Some([u32::try_from(header).ok()?, u32::try_from(body).ok()?])
    }

    fn pass(&mut self, port: &mut impl BitPort, kind: Kind, target: u64) -> Option<u64> {
        let column = kind as usize;
        let state = &mut self.kinds[column];
        let [one, two, three] = state.before;
        let pair = mix(one ^ two << 32);
        let left = [mix(pair ^ three), pair];
        let is_known = state.is_known.get(target as usize).copied();
        let wanted = match is_known {
            Some(true) => TEXT + target,
            _ => NEW,
        };
        let number = match self.model.pass(port, column, left, wanted, 0) {
            Passed::Value(value) => value.checked_sub(TEXT)?,
            Passed::NewText => {
                let jump = zigzag(target as i64 - state.next as i64);
                let jump = unzigzag(self.jumps.pass(port, jump));
                let number = (state.next as i64).wrapping_add(jump) as u64;
                let known = state.is_known.get_mut(usize::try_from(number).ok()?)?;
                *known = true;
                state.next = number + 1;
                self.model.own(column, TEXT + number);
                number
            }
            Passed::Damaged => return None,
        };
        self.model.learn(column, TEXT + number);
        state.before.rotate_right(1);
        state.before[0] = number;
        Some(number)
    }
}

/// The values, row by row.
pub(super) struct ValueState<'a> {
    pub(super) columns: &'a Columns,
    pub(super) model: Model,
    /// The message template of the row, and of the row before.
    bodies: [u64; 2],
    /// The last two values of the row, times left out.
    left: [u64; 2],
}

impl<'a> ValueState<'a> {
    pub(super) fn new(columns: &'a Columns, rows: usize, dense: bool, is_encoder: bool) -> Self {
        let specs = columns.all.iter().map(|column| column.spec).collect();
        // A dense block remembers more contexts than fit a processor's cache.
        let memory = if dense { rows * 16 } else { rows * 2 };
        Self {
            columns,
            model: Model::new(specs, memory, is_encoder),
            bodies: [0; 2],
            left: [0; 2],
        }
    }

    /// Begins a row with this message template.
    pub(super) fn begin_row(&mut self, body: u32) {
        self.bodies = [u64::from(body), self.bodies[0]];
        self.left = [0; 2];
    }

    /// Learns the value of a column.
    pub(super) fn learn(&mut self, column: usize, value: u64) {
        self.model.learn(column, value);
        let described = self.columns.all.get(column);
        if !described.is_some_and(|column| column.spec.format.is_time()) {
            self.left = [value, self.left[0]];
        }
    }

    /// What a column's values may depend on: how much time has passed on the templates, other values
    /// on those to the left.
    pub(super) fn contexts(&self, column: &Column) -> [u64; 2] {
        if column.spec.format.is_time() {
            return [mix(self.bodies[0] ^ self.bodies[1] << 32), 0];
        }
        [mix(self.left[0] ^ mix(self.left[1])), self.left[0]]
    }
}
