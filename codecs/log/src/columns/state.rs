//! What encoder and decoder both know of the rows so far.

use super::intern::mix;
use super::model::{Base, ColumnSpec, Model, NEW, Passed, TEXT};
use super::port::{BitPort, NumberModel, unzigzag, zigzag};
use super::spec::{Column, Columns};
use super::value::Format;

/// What both ends know of the rows so far.
pub(super) struct RowState<'a> {
    pub(super) columns: &'a Columns,
    pub(super) model: Model,
    /// Template numbers before, latest first.
    headers: [u64; 3],
    pub(super) bodies: [u64; 3],
    /// The template of each kind that is expected to be the next new one, and a model of how far
    /// off that is.
    next: [u64; 2],
    jumps: NumberModel,
    is_known: [Vec<bool>; 2],
    pub(super) left: [u64; 2],
}

impl<'a> RowState<'a> {
    pub(super) fn new(columns: &'a Columns, rows: usize, dense: bool) -> Self {
        let sequence = ColumnSpec {
            format: Format::Text,
            base: Base::Zero,
            family: 0,
        };
        let mut specs: Vec<ColumnSpec> = columns.all.iter().map(|column| column.spec).collect();
        // Two more columns: the numbers of templates.
        specs.extend([sequence; 2]);
        Self {
            columns,
            model: Model::new(specs, if dense { rows * 16 } else { rows * 8 }),
            headers: [0; 3],
            bodies: [0; 3],
            next: [1; 2],
            jumps: NumberModel::new(),
            is_known: Default::default(),
            left: [0; 2],
        }
    }

    /// Passes the number of a row's header template (`kind` 0) or message template (1).
    pub(super) fn pass_template(
        &mut self,
        port: &mut impl BitPort,
        kind: usize,
        target: u64,
    ) -> Option<u64> {
        let column = self.columns.all.len() + kind;
        if self.is_known[kind].is_empty() {
            let starts = [&self.columns.header_starts, &self.columns.body_starts][kind];
            self.is_known[kind] = vec![false; starts.len()];
        }
        let before = if kind == 0 {
            &mut self.headers
        } else {
            &mut self.bodies
        };
        let [one, two, three] = *before;
        let pair = mix(one ^ two << 32);
        let left = [mix(pair ^ three), pair];
        let is_known = self.is_known[kind]
            .get(target as usize)
            .copied()
            .unwrap_or(false);
        let wanted = if is_known { TEXT + target } else { NEW };
        let number = match self.model.pass(port, column, left, wanted, 0) {
            Passed::Value(value) => value.checked_sub(TEXT)?,
            Passed::NewText => {
                let jump = zigzag(target as i64 - self.next[kind] as i64);
                let jump = unzigzag(self.jumps.pass(port, jump));
                let number = (self.next[kind] as i64).wrapping_add(jump) as u64;
                let known = self.is_known[kind].get_mut(usize::try_from(number).ok()?)?;
                *known = true;
                self.next[kind] = number + 1;
                self.model.own(column, TEXT + number);
                number
            }
            Passed::Damaged => return None,
        };
        self.model.learn(column, TEXT + number);
        before.rotate_right(1);
        before[0] = number;
        Some(number)
    }

    pub(super) fn learn(&mut self, column: usize, value: u64) {
        self.model.learn(column, value);
        let is_time = self
            .columns
            .all
            .get(column)
            .is_some_and(|column| column.spec.format.is_time());
        if !is_time {
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
