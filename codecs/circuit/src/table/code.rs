//! Taking tables apart and putting them together.

use std::collections::HashMap;
use std::ops::Range;

use codec_core::{Error, Result};
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
use codec_entropy::mixing::BitCoder;

use super::TableFront;
use super::front::{Column, Names, Place, Ranges, Steps};
use super::models::{
    OutOfRange, Parents, StepContexts, code_offsets, code_steps, code_symbols, differences,
};
use super::port::{Reader, put_bytes, put_number, put_text, take_text};
use super::rows::{Table, take_cell};
use crate::Records;

const IS_CRLF: u8 = 1;
const IS_ENDED: u8 = 2;

/// What stands for the cells of a column.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Symbols, for columns that have any.
    pub(super) symbols: Vec<u8>,
    /// Where numbers are within their ranges; 0 elsewhere.
    pub(super) offsets: Vec<u64>,
    /// Places of numbers, for columns of differences.
    pub(super) places: Vec<Option<i64>>,
}

/// See [`super::part`].
pub(super) fn part(content: &[u8], front: &TableFront) -> Result<(Records, Vec<u8>)> {
    let columns = front.columns.len();
    let table = Table::split(content, front.delimiter, columns, front.header.is_some());
    if table.header != front.header.as_deref() {
        return Err(Error::Usage(format!(
            "the table's first row is {}, but the model's tables begin with {}; --fit learns a model of this table",
            shown(table.header.unwrap_or_default()),
            shown(front.header.as_deref().unwrap_or_default()),
        )));
    }
    if let (false, Some((before, raw))) = (front.takes_odd_rows, table.odd.first()) {
        return Err(Error::Usage(format!(
            "row {} does not have {columns} cells, or another line end: {}; --fit learns a model of this table",
            table.row_number(*before),
            shown(raw),
        )));
    }
    let mut text = Vec::new();
    let mut heads = Vec::new();
    let mut values = Vec::new();
    for (number, column) in front.columns.iter().enumerate() {
        let of = values_of(&table, front, number, column, &mut text, &mut heads)?;
        values.push(of);
    }
    for (number, column) in front.columns.iter().enumerate() {
        if let Column::Text { by } = column {
            let cells: Vec<&[u8]> = table.column(number).collect();
            for row in order_by(by.and_then(|by| values.get(by)), cells.len()) {
                put_cell(cells[row], &mut text);
            }
        }
    }
    let mut encoder = BinaryEncoder::new();
    code_columns(&mut encoder, front, &mut values, table.len())
        .map_err(|OutOfRange| Error::Internal("a symbol of a table is out of range".into()))?;

    let mut rest = Vec::new();
    let is_crlf = if table.is_crlf { IS_CRLF } else { 0 };
    rest.push(is_crlf | if table.is_ended { IS_ENDED } else { 0 });
    put_number(table.len() as u64, &mut rest);
    put_number(table.odd.len() as u64, &mut rest);
    let mut before = 0;
    for (row, raw) in &table.odd {
        put_number((row - before) as u64, &mut rest);
        put_number(raw.len() as u64, &mut rest);
        before = *row;
        text.extend_from_slice(raw);
    }
    rest.extend_from_slice(&heads);
    put_bytes(&encoder.finish(), &mut rest);
    put_text(&text, &mut rest)?;
    Ok((records_of(front, &values, table.len()), rest))
}

/// What stands for the cells of a column; other cells are appended to `text`, and to `heads` how many
/// there are where that cannot be told otherwise.
fn values_of(
    table: &Table<'_>,
    front: &TableFront,
    number: usize,
    column: &Column,
    text: &mut Vec<u8>,
    heads: &mut Vec<u8>,
) -> Result<Values> {
    let mut values = Values::default();
    let refuse = |row: usize, cell: &[u8], expected: &str| {
        Error::Usage(format!(
            "row {}, column {}: {} is not {expected}; --fit learns a model of this table",
            table.regular_row_number(row),
            front.name(number),
            shown(cell),
        ))
    };
    match column {
        Column::Fixed(fixed) => {
            let mut cells = table.column(number).enumerate();
            if let Some((row, cell)) = cells.find(|(_, cell)| cell != fixed) {
                let expected = format!("{}, as in every row of the model's tables", shown(fixed));
                return Err(refuse(row, cell, &expected));
            }
        }
        Column::Copied { of } => {
            let both = table.column(number).zip(table.column(*of));
            for (row, (cell, copied)) in both.enumerate() {
                if cell != copied {
                    let expected =
                        format!("equal to {}, as column {}", shown(copied), front.name(*of));
                    return Err(refuse(row, cell, &expected));
                }
            }
        }
        Column::Following { of } => {
            let mut known: HashMap<&[u8], &[u8]> = HashMap::new();
            let mut changes = Vec::new();
            let mut written = 0usize;
            for (row, (cell, by)) in table.column(number).zip(table.column(*of)).enumerate() {
                let before = known.insert(by, cell);
                if before != Some(cell) {
                    put_cell(cell, text);
                    written += 1;
                    if before.is_some() {
                        changes.push(row);
                    }
                }
            }
            put_number(written as u64, heads);
            put_number(changes.len() as u64, heads);
            let mut before = 0;
            for row in changes {
                put_number((row - before) as u64, heads);
                before = row;
            }
        }
        Column::Names(names) => {
            let known: HashMap<&[u8], u8> = names
                .cells
                .iter()
                .map(Vec::as_slice)
                .zip(0..=u8::MAX)
                .collect();
            for (row, cell) in table.column(number).enumerate() {
                let symbol = match known.get(cell) {
                    Some(symbol) => *symbol,
                    None if names.takes_others => {
                        put_cell(cell, text);
                        names.cells.len() as u8
                    }
                    None => {
                        let expected = format!("among its {} categories", names.cells.len());
                        return Err(refuse(row, cell, &expected));
                    }
                };
                values.symbols.push(symbol);
            }
        }
        Column::Ranges(ranges) => {
            let starts = ranges.starts();
            for (row, cell) in table.column(number).enumerate() {
                let place = ranges.lattice.place(cell);
                let inside = place.filter(|place| (0..ranges.end()).contains(place));
                let (symbol, offset) = match inside {
                    Some(place) => {
                        let range = starts.partition_point(|start| *start <= place) - 1;
                        (range, (place - starts[range]) as u64)
                    }
                    None if cell.is_empty() && ranges.has_empty => (ranges.other() + 1, 0),
                    None => {
                        if !ranges.takes_words && ranges.lattice.format.read(cell).is_none() {
                            return Err(refuse(row, cell, "a number as the model's tables have"));
                        }
                        put_cell(cell, text);
                        (ranges.other(), 0)
                    }
                };
                values.symbols.push(symbol as u8);
                values.offsets.push(offset);
            }
        }
        Column::Steps(steps) => {
            for (row, cell) in table.column(number).enumerate() {
                let place = steps.lattice.place(cell);
                if place.is_none() {
                    if !steps.takes_words && steps.lattice.format.read(cell).is_none() {
                        return Err(refuse(row, cell, "a number as the model's tables have"));
                    }
                    put_cell(cell, text);
                }
                values.places.push(place);
            }
        }
        Column::Text { .. } => {}
    }
    Ok(values)
}

fn put_cell(cell: &[u8], text: &mut Vec<u8>) {
    text.extend_from_slice(cell);
    text.push(b'\n');
}

/// A cell or a row in an error: not all of a long one, nothing that moves a terminal's cursor.
fn shown(cell: &[u8]) -> String {
    const LONGEST: usize = 60;
    let start = String::from_utf8_lossy(cell.get(..LONGEST).unwrap_or(cell)).into_owned();
    let dots = if cell.len() > LONGEST { "..." } else { "" };
    format!("{start:?}{dots}")
}

/// Rows sorted by symbol, those of the same symbol in their order.
pub(super) fn order_by(by: Option<&Values>, rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    if let Some(by) = by {
        order.sort_by_key(|row| by.symbols.get(*row).copied());
    }
    order
}

fn records_of(front: &TableFront, values: &[Values], rows: usize) -> Records {
    let columns = front.columns.iter().zip(values);
    let variables: Vec<&[u8]> = columns
        .filter(|(column, _)| column.is_variable())
        .map(|(_, values)| &values.symbols[..])
        .collect();
    if variables.is_empty() {
        return Records::new(1, vec![0; rows]);
    }
    let mut record_values = Vec::with_capacity(rows * variables.len());
    for row in 0..rows {
        record_values.extend(variables.iter().filter_map(|symbols| symbols.get(row)));
    }
    Records::new(variables.len(), record_values)
}

/// Codes what is not in the records, column by column.
fn code_columns(
    coder: &mut impl BitCoder,
    front: &TableFront,
    values: &mut [Values],
    rows: usize,
) -> std::result::Result<(), OutOfRange> {
    for (number, column) in front.columns.iter().enumerate() {
        let Some(mut own) = values.get_mut(number).map(std::mem::take) else {
            continue;
        };
        match column {
            Column::Names(names) => {
                if let Place::Sequence(parents) = names.place {
                    own.symbols.resize(rows, 0);
                    let parents = parents_of(values, parents);
                    code_symbols(coder, &mut own.symbols, names.symbols(), parents)?;
                }
            }
            Column::Ranges(ranges) => {
                own.offsets.resize(rows, 0);
                let Ranges { widths, depth, .. } = ranges;
                code_offsets(coder, &mut own.offsets, &own.symbols, widths, *depth);
            }
            Column::Steps(steps) => {
                own.places.resize(rows, None);
                let like = steps.like.and_then(|like| values.get(like));
                let like = like.map(|like| differences(&like.places));
                let contexts = contexts_of(values, steps, like.as_deref());
                code_steps(coder, &mut own.places, contexts)?;
            }
            Column::Fixed(_)
            | Column::Copied { .. }
            | Column::Following { .. }
            | Column::Text { .. } => {}
        }
        if let Some(values) = values.get_mut(number) {
            *values = own;
        }
    }
    Ok(())
}

fn parents_of(values: &[Values], parents: [Option<usize>; 2]) -> Parents<'_> {
    Parents(parents.map(|parent| Some(&values.get(parent?)?.symbols[..])))
}

fn contexts_of<'a>(
    values: &'a [Values],
    steps: &Steps,
    like: Option<&'a [i64]>,
) -> StepContexts<'a> {
    StepContexts {
        by: steps.by.and_then(|by| Some(&values.get(by)?.symbols[..])),
        like,
        parents: parents_of(values, steps.parents),
        depth: steps.depth,
    }
}

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
