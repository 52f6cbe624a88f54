//! Putting tables together.

use std::collections::HashMap;
use std::ops::Range;

use codec_core::Result;
use codec_entropy::binary::BinaryDecoder;

use super::TableFront;
use super::code::{IS_CRLF, IS_ENDED, Values, code_columns, order_by};
use super::front::{Column, Names};
use super::models::OutOfRange;
use super::port::{Reader, take_text};
use super::rows::take_cell;
use crate::Records;

/// See [`super::whole`].
pub(super) fn whole(
    front: &TableFront,
    records: &Records,
    rest: &[u8],
    content_len: usize,
) -> Result<Vec<u8>> {
    let mut reader = Reader::new(rest);
    let rows = records.len();
    if rows.saturating_mul(front.columns.len() - 1) > content_len {
        return Err(reader.damage("more rows than the table has room for"));
    }
    let mut values = values_in(front, records)
        .ok_or_else(|| reader.damage("the records do not belong to the table's columns"))?;
    let flags = reader.byte()?;
    let written = reader.number()?;
    if flags > IS_CRLF | IS_ENDED || written != rows as u64 {
        return Err(reader.damage(&format!("{written} rows, but there are {rows} records")));
    }
    let odd = take_odd(&mut reader, content_len)?;
    let mut followed = Vec::new();
    for column in &front.columns {
        let is_following = matches!(column, Column::Following { .. });
        followed.push(if is_following {
            take_changes(&mut reader, rows)?
        } else {
            Changes::default()
        });
    }
    let coded = reader.bytes()?;
    let mut decoder = BinaryDecoder::new(coded);
    let decoded = code_columns(&mut decoder, front, &mut values, rows);
    let finished = decoder.finish();
    decoded.map_err(|OutOfRange| reader.damage("a symbol is out of range"))?;
    finished.map_err(|error| reader.damage(&error.to_string()))?;
    let text = take_text(&mut reader, content_len.saturating_add(1))?;
    let end = reader.damage("text does not fit the cells that it is for");
    reader.finish()?;
    let join = Join {
        front,
        values: &values,
        rows,
        is_crlf: flags & IS_CRLF != 0,
        is_ended: flags & IS_ENDED != 0,
    };
    let texts = Texts::of(&join, &followed, &odd, &text);
    let content = texts.and_then(|texts| join.content(texts, &followed, content_len));
    content
        .filter(|content| content.len() == content_len)
        .ok_or(end)
}

/// The symbols of the variables; `None` where the records are not those of the columns.
fn values_in(front: &TableFront, records: &Records) -> Option<Vec<Values>> {
    let schema = front.schema();
    let is_below = |record: &[u8]| {
        let mut pairs = record.iter().zip(&schema.variables);
        pairs.all(|(value, variable)| u16::from(*value) < variable.symbols)
    };
    if records.width() != schema.len() || !records.iter().all(is_below) {
        return None;
    }
    let mut variable = 0;
    let values = front.columns.iter().map(|column| {
        let mut values = Values::default();
        if column.is_variable() {
            values.symbols = records
                .iter()
                .filter_map(|record| record.get(variable).copied())
                .collect();
            variable += 1;
        }
        values
    });
    Some(values.collect())
}

/// Rows before each odd row, and its length.
fn take_odd(reader: &mut Reader<'_>, content_len: usize) -> Result<Vec<(usize, usize)>> {
    let count = reader.count(content_len, "odd rows")?;
    let mut odd = Vec::new();
    let mut before = 0usize;
    for _ in 0..count {
        before += reader.count(content_len, "rows between odd ones")?;
        if before > content_len {
            return Err(reader.damage("an odd row behind the table's end"));
        }
        odd.push((before, reader.count(content_len, "bytes of an odd row")?));
    }
    Ok(odd)
}

/// Cells that are written of a column that follows, and the rows where they replace another one.
#[derive(Default)]
struct Changes {
    written: usize,
    rows: Vec<usize>,
}

fn take_changes(reader: &mut Reader<'_>, rows: usize) -> Result<Changes> {
    let written = reader.count(rows, "cells of a column that follows")?;
    let count = reader.count(written, "changes")?;
    let mut changes = Changes {
        written,
        rows: Vec::new(),
    };
    let mut row = 0usize;
    for _ in 0..count {
        row += reader.count(rows, "rows between changes")?;
        if row >= rows {
            return Err(reader.damage("a change behind the last row"));
        }
        changes.rows.push(row);
    }
    Ok(changes)
}

/// The cells that are kept as text, by column, and the odd rows.
struct Texts<'t> {
    cells: Vec<Vec<&'t [u8]>>,
    odd: Vec<(usize, &'t [u8])>,
}

impl<'t> Texts<'t> {
    /// `None` where the text has more or fewer cells.
    fn of(
        join: &Join<'_>,
        changes: &[Changes],
        odd: &[(usize, usize)],
        text: &'t [u8],
    ) -> Option<Self> {
        let mut text = text;
        let mut take = |count: usize| {
            let cells: Option<Vec<&[u8]>> = (0..count).map(|_| take_cell(&mut text)).collect();
            cells
        };
        let mut cells = Vec::new();
        let columns = join.front.columns.iter().zip(join.values).zip(changes);
        for ((column, values), changes) in columns {
            let of_symbol = |symbol: usize| {
                values
                    .symbols
                    .iter()
                    .filter(|other| usize::from(**other) == symbol)
                    .count()
            };
            cells.push(match column {
                Column::Names(Names {
                    takes_others: true,
                    cells,
                    ..
                }) => take(of_symbol(cells.len()))?,
                Column::Ranges(ranges) => take(of_symbol(ranges.other()))?,
                Column::Steps(_) => {
                    take(values.places.iter().filter(|place| place.is_none()).count())?
                }
                Column::Following { .. } => take(changes.written)?,
                _ => Vec::new(),
            });
        }
        for (column, cells) in join.front.columns.iter().zip(&mut cells) {
            if let Column::Text { by } = column {
                let sorted = take(join.rows)?;
                let order = order_by(by.and_then(|by| join.values.get(by)), join.rows);
                *cells = vec![&[][..]; join.rows];
                for (row, cell) in order.into_iter().zip(sorted) {
                    *cells.get_mut(row)? = cell;
                }
            }
        }
        let mut rows = Vec::new();
        for (before, len) in odd {
            let (raw, behind) = text.split_at_checked(*len)?;
            rows.push((*before, raw));
            text = behind;
        }
        text.is_empty().then_some(Self { cells, odd: rows })
    }
}

struct Join<'a> {
    front: &'a TableFront,
    values: &'a [Values],
    rows: usize,
    is_crlf: bool,
    is_ended: bool,
}

impl Join<'_> {
    /// The table; `None` where it would be longer than `content_len` or parts are missing.
    fn content(
        &self,
        texts: Texts<'_>,
        changes: &[Changes],
        content_len: usize,
    ) -> Option<Vec<u8>> {
        let Texts { cells, odd } = texts;
        let mut writers: Vec<CellWriter<'_>> = self
            .front
            .columns
            .iter()
            .zip(self.values)
            .zip(cells)
            .zip(changes)
            .map(|(((column, values), cells), changes)| {
                CellWriter::new(column, values, cells, &changes.rows)
            })
            .collect();
        let mut out = Vec::new();
        let end: &[u8] = if self.is_crlf { b"\r\n" } else { b"\n" };
        let total = self.rows + odd.len();
        let is_last = |row: usize| row + 1 == total && !self.is_ended;
        if let Some(header) = &self.front.header {
            out.extend_from_slice(header);
            if total > 0 || self.is_ended {
                out.extend_from_slice(end);
            }
        }
        let mut odd = odd.into_iter().peekable();
        let mut line = LineBuffer::default();
        let mut regular = 0;
        for row in 0..total {
            if let Some((_, raw)) = odd.next_if(|(before, _)| *before == row) {
                out.extend_from_slice(raw);
                if !is_last(row) {
                    out.push(b'\n');
                }
                continue;
            }
            if regular >= self.rows {
                return None;
            }
            line.fill(&mut writers, regular)?;
            for number in 0..writers.len() {
                if number > 0 {
                    out.push(self.front.delimiter);
                }
                out.extend_from_slice(line.cell(number)?);
                if out.len() > content_len {
                    return None;
                }
            }
            if !is_last(row) {
                out.extend_from_slice(end);
            }
            regular += 1;
        }
        let is_used = odd.next().is_none() && writers.iter_mut().all(CellWriter::is_used);
        is_used.then_some(out)
    }
}

/// The cells of one row.
#[derive(Default)]
struct LineBuffer {
    bytes: Vec<u8>,
    spans: Vec<Range<usize>>,
}

impl LineBuffer {
    /// Writes the cells of a row, first those of columns that do not need others.
    fn fill(&mut self, writers: &mut [CellWriter<'_>], row: usize) -> Option<()> {
        self.bytes.clear();
        self.spans.clear();
        self.spans.resize(writers.len(), 0..0);
        for is_own in [true, false] {
            for (number, writer) in writers.iter_mut().enumerate() {
                if writer.column.is_own() != is_own {
                    continue;
                }
                let start = self.bytes.len();
                let span = match writer.column {
                    Column::Copied { of } => self.spans.get(*of)?.clone(),
                    Column::Following { of } => {
                        let by = self.bytes.get(self.spans.get(*of)?.clone())?;
                        let cell = writer.following(by, row)?;
                        self.bytes.extend_from_slice(cell);
                        start..self.bytes.len()
                    }
                    _ => {
                        writer.write(row, &mut self.bytes)?;
                        start..self.bytes.len()
                    }
                };
                *self.spans.get_mut(number)? = span;
            }
        }
        Some(())
    }

    fn cell(&self, number: usize) -> Option<&[u8]> {
        self.bytes.get(self.spans.get(number)?.clone())
    }
}

/// Writes the cells of a column, row by row.
struct CellWriter<'a> {
    column: &'a Column,
    values: &'a Values,
    starts: Vec<i64>,
    texts: std::vec::IntoIter<&'a [u8]>,
    changes: std::iter::Peekable<std::slice::Iter<'a, usize>>,
    known: HashMap<Vec<u8>, &'a [u8]>,
}

impl<'a> CellWriter<'a> {
    fn new(
        column: &'a Column,
        values: &'a Values,
        cells: Vec<&'a [u8]>,
        changes: &'a [usize],
    ) -> Self {
        let starts = match column {
            Column::Ranges(ranges) => ranges.starts(),
            _ => Vec::new(),
        };
        Self {
            column,
            values,
            starts,
            texts: cells.into_iter(),
            changes: changes.iter().peekable(),
            known: HashMap::new(),
        }
    }

    fn write(&mut self, row: usize, out: &mut Vec<u8>) -> Option<()> {
        let symbol = || self.values.symbols.get(row).copied().map(usize::from);
        match self.column {
            Column::Fixed(cell) => out.extend_from_slice(cell),
            Column::Names(names) => match names.cells.get(symbol()?) {
                Some(cell) => out.extend_from_slice(cell),
                None => out.extend_from_slice(self.texts.next()?),
            },
            Column::Ranges(ranges) => {
                let symbol = symbol()?;
                match self.starts.get(symbol) {
                    Some(start) => {
                        let offset = *self.values.offsets.get(row)? as i64;
                        return ranges.lattice.write(start + offset, out).then_some(());
                    }
                    None if symbol == ranges.other() => out.extend_from_slice(self.texts.next()?),
                    None => {}
                }
            }
            Column::Steps(steps) => match self.values.places.get(row)? {
                Some(place) => return steps.lattice.write(*place, out).then_some(()),
                None => out.extend_from_slice(self.texts.next()?),
            },
            Column::Text { .. } => out.extend_from_slice(self.texts.next()?),
            Column::Copied { .. } | Column::Following { .. } => return None,
        }
        Some(())
    }

    /// The cell that follows from another column's.
    fn following(&mut self, by: &[u8], row: usize) -> Option<&'a [u8]> {
        let is_changed = self.changes.next_if(|changed| **changed == row).is_some();
        match self.known.get(by) {
            Some(cell) if !is_changed => Some(cell),
            known if known.is_some() == is_changed => {
                let cell = self.texts.next()?;
                self.known.insert(by.to_vec(), cell);
                Some(cell)
            }
            _ => None,
        }
    }

    /// Whether all that was read has been written.
    fn is_used(&mut self) -> bool {
        self.texts.next().is_none() && self.changes.next().is_none()
    }
}
