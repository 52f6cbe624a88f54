//! Repeated lines: the rows of a block as runs of rows that occurred before.
//!
//! Where most lines repeat, only the distinct ones are written as columns; the rows then are the
//! numbers of distinct lines, in order of first appearance. They fall into events: one row that is
//! written, then a run of rows that follow a pointer into the rows before (Lempel and Ziv's copying,
//! in units of lines). The pointer survives a row that differs, which machines of the same kind
//! booting one after the other cause all the time.

use super::intern::mix;
use super::model::{Base, ColumnSpec, Model, Passed, TEXT};
use super::port::{BitPort, NumberModel, pass_bit};
use super::value::Format;
use codec_entropy::mixing::AdaptiveProbability;

/// Earlier rows of the same line that the pointer may go to.
const OCCURRENCES: usize = 4;
/// Where the pointer may go on behind a row that differs: behind it, at it, or one further.
const SHIFTS: [usize; 3] = [1, 0, 2];
const NOWHERE: u32 = u32::MAX;

/// What the events so far have taught.
struct Runs<'a> {
    /// The template of each distinct line.
    templates: &'a [u32],
    rows: Vec<u32>,
    /// The last row of each line that occurred, and the row of the same line before each row.
    last: Vec<u32>,
    before: Vec<u32>,
    pointer: usize,
    /// The kinds of the last events: bits, set for new lines.
    history: usize,
    long: usize,
    is_new: [AdaptiveProbability; 64],
    near: [[AdaptiveProbability; 4]; 4],
    shift: [[AdaptiveProbability; 4]; 4],
    lengths: [NumberModel; 6],
    sequence: Model,
    /// The distinct lines of each template that occurred, and the place of each line there.
    lines: Vec<Vec<u32>>,
    places: Vec<u32>,
    choices: Vec<Option<Box<NumberModel>>>,
}

/// Passes `count` rows: those of `target` when encoding. Returns them, or `None` if the stream does
/// not come from an encoder.
pub(super) fn pass_rows(
    port: &mut impl BitPort,
    target: &[u32],
    count: usize,
    templates: &[u32],
) -> Option<Vec<u32>> {
    let mut runs = Runs::new(templates, count, !target.is_empty());
    while runs.rows.len() < count {
        runs.event(port, target, count)?;
        if port.is_overrun() {
            return None;
        }
    }
    Some(runs.rows)
}

impl<'a> Runs<'a> {
    fn new(templates: &'a [u32], count: usize, is_encoder: bool) -> Self {
        let kinds = templates.iter().max().map_or(0, |most| *most as usize + 1);
        let spec = ColumnSpec {
            format: Format::Text,
            base: Base::Zero,
            family: 0,
        };
        Self {
            templates,
            rows: Vec::new(),
            last: Vec::new(),
            before: Vec::new(),
            pointer: 0,
            history: 0,
            long: 0,
            is_new: [AdaptiveProbability::default(); 64],
            near: Default::default(),
            shift: Default::default(),
            lengths: std::array::from_fn(|_| NumberModel::new()),
            sequence: Model::new(vec![spec], count, is_encoder),
            lines: vec![Vec::new(); kinds],
            places: Vec::new(),
            choices: vec![None; kinds],
        }
    }

    /// One written row and the run behind it.
    fn event(&mut self, port: &mut impl BitPort, target: &[u32], count: usize) -> Option<()> {
        let row = self.rows.len();
        let wanted = target.get(row).copied().unwrap_or(0);
        let context = self.history & 7 | self.long << 3;
        let all_known = self.last.len() == self.templates.len();
        let is_new = !all_known
            && pass_bit(
                port,
                &mut self.is_new[context & 63],
                wanted as usize == self.last.len(),
            );
        self.history = self.history << 1 | usize::from(is_new);
        let kind = if is_new {
            self.new_line()?;
            self.pass_shift(port, target, row);
            0
        } else {
            self.old_line(port, target, wanted, row)?
        };
        let most = (count - self.rows.len()) as u64;
        let len = self.run_len(target, self.pointer) as u64;
        let len = self.lengths[kind].pass(port, len);
        if len > most {
            return None;
        }
        for _ in 0..len {
            let line = *self.rows.get(self.pointer)?;
            self.push(line);
            self.pointer += 1;
        }
        self.long = (len.checked_ilog2().map_or(0, |log| log as usize + 1)).min(7);
        Some(())
    }

    fn new_line(&mut self) -> Option<()> {
        let line = self.last.len() as u32;
        let template = *self.templates.get(line as usize)? as usize;
        self.last.push(NOWHERE);
        self.places.push(self.lines[template].len() as u32);
        self.lines[template].push(line);
        self.push(line);
        Some(())
    }

    /// A row that occurred before: near the pointer, or any.
    fn old_line(
        &mut self,
        port: &mut impl BitPort,
        target: &[u32],
        wanted: u32,
        row: usize,
    ) -> Option<usize> {
        let long = self.long.min(3);
        let refused = self.rows.get(self.pointer).copied();
        let mut tried = [refused.unwrap_or(NOWHERE), NOWHERE, NOWHERE, NOWHERE];
        for (step, place) in [self.pointer + 1, self.pointer + 2, row.wrapping_sub(1)]
            .into_iter()
            .enumerate()
        {
            let Some(&line) = self.rows.get(place) else {
                continue;
            };
            if tried.contains(&line) {
                continue;
            }
            if pass_bit(port, &mut self.near[long][step], line == wanted) {
                self.push(line);
                self.pointer = if step < 2 { place + 1 } else { self.pointer };
                return Some(1 + step);
            }
            tried[step + 1] = line;
        }
        let line = self.pass_line(port, wanted, refused)?;
        let occurrence = self.pass_occurrence(port, target, line, row);
        self.push(line);
        self.pointer = occurrence as usize + 1;
        Some(4)
    }

    /// Any line that occurred: its template, then which of the template's lines.
    fn pass_line(
        &mut self,
        port: &mut impl BitPort,
        wanted: u32,
        expected: Option<u32>,
    ) -> Option<u32> {
        let template_of = |line: Option<u32>| {
            let template = line.and_then(|line| self.templates.get(line as usize));
            template.map_or(0, |template| u64::from(*template) + 1)
        };
        let expected = template_of(expected);
        let above = template_of(self.rows.last().copied());
        let left = [mix(expected ^ above << 32), expected];
        let wanted_template = self.templates.get(wanted as usize).copied().unwrap_or(0);
        let target = TEXT + u64::from(wanted_template);
        let texts = self.lines.len() as u64;
        let value = match self.sequence.pass(port, 0, left, target, texts) {
            Passed::Value(value) => value,
            _ => return None,
        };
        self.sequence.learn(0, value);
        let template = value.checked_sub(TEXT)? as usize;
        let lines = self.lines.get(template)?;
        if lines.len() == 1 {
            return lines.first().copied();
        }
        let choice = self
            .choices
            .get_mut(template)?
            .get_or_insert_with(|| Box::new(NumberModel::new()));
        let place = self.places.get(wanted as usize).copied().unwrap_or(0);
        let place = choice.pass(port, u64::from(place));
        lines.get(usize::try_from(place).ok()?).copied()
    }

    /// Which of the last occurrences of `line` the pointer goes to.
    fn pass_occurrence(
        &mut self,
        port: &mut impl BitPort,
        target: &[u32],
        line: u32,
        row: usize,
    ) -> u32 {
        let mut places = [NOWHERE; OCCURRENCES];
        let mut place = self.last.get(line as usize).copied().unwrap_or(NOWHERE);
        for slot in &mut places {
            *slot = place;
            place = self.before.get(place as usize).copied().unwrap_or(NOWHERE);
        }
        let mut best = (0, 0);
        if !target.is_empty() {
            for (index, place) in places
                .iter()
                .enumerate()
                .filter(|(_, place)| **place != NOWHERE)
            {
                let len = self.matching(target, row + 1, *place as usize + 1);
                if len > best.1 {
                    best = (index, len);
                }
            }
        }
        for index in 0..OCCURRENCES - 1 {
            if places[index + 1] == NOWHERE {
                return places[index];
            }
            if pass_bit(port, &mut self.near[index][3], best.0 == index) {
                return places[index];
            }
        }
        places[OCCURRENCES - 1]
    }

    /// Where the pointer goes on behind a new line.
    fn pass_shift(&mut self, port: &mut impl BitPort, target: &[u32], row: usize) {
        let mut best = (0, 0);
        if !target.is_empty() {
            for (index, shift) in SHIFTS.iter().enumerate() {
                let len = self.matching(target, row + 1, self.pointer + shift);
                if len > best.1 {
                    best = (index, len);
                }
            }
        }
        let cells = &mut self.shift[self.history & 3];
        let index = if pass_bit(port, &mut cells[0], best.0 == 0) {
            0
        } else if pass_bit(port, &mut cells[1], best.0 == 1) {
            1
        } else {
            2
        };
        self.pointer = (self.pointer + SHIFTS[index]).min(self.rows.len());
    }

    fn run_len(&self, target: &[u32], pointer: usize) -> usize {
        if target.is_empty() {
            return 0;
        }
        self.matching(target, self.rows.len(), pointer)
    }

    /// How many rows from `row` equal those from `pointer`, which lies before.
    fn matching(&self, target: &[u32], row: usize, pointer: usize) -> usize {
        if pointer >= row {
            return 0;
        }
        let ahead = target.get(row..).unwrap_or_default();
        let behind = target.get(pointer..).unwrap_or_default();
        ahead.iter().zip(behind).take_while(|(a, b)| a == b).count()
    }

    fn push(&mut self, line: u32) {
        let row = self.rows.len() as u32;
        let last = &mut self.last[line as usize];
        self.before.push(*last);
        *last = row;
        self.rows.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
    use proptest::prelude::*;

    /// Renumbers by first appearance.
    fn numbered(rows: &[u8]) -> (Vec<u32>, usize) {
        let mut known = std::collections::HashMap::new();
        let numbers = rows.iter().map(|row| {
            let next = known.len() as u32;
            *known.entry(*row).or_insert(next)
        });
        (numbers.collect(), known.len())
    }

    proptest! {
        #[test]
        fn rows_survive(rows in proptest::collection::vec(0u8..12, 0..400), kinds in 1u32..5) {
            let (rows, distinct) = numbered(&rows);
            let templates: Vec<u32> = (0..distinct as u32).map(|line| line % kinds).collect();
            let mut encoder = BinaryEncoder::new();
            prop_assert_eq!(pass_rows(&mut encoder, &rows, rows.len(), &templates), Some(rows.clone()));
            let bytes = encoder.finish();
            let mut decoder = BinaryDecoder::new(&bytes);
            prop_assert_eq!(pass_rows(&mut decoder, &[], rows.len(), &templates), Some(rows));
            prop_assert_eq!(decoder.finish(), Ok(()));
        }

        #[test]
        fn noise_is_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), count in 0usize..300) {
            let templates = [0, 1, 0, 2, 1, 1];
            let _ = pass_rows(&mut BinaryDecoder::new(&bytes), &[], count, &templates);
        }
    }
}
