//! Taking tables apart, and what taking apart and putting together have in common.

use std::collections::HashMap;

use codec_core::{Error, Result};
use codec_entropy::binary::BinaryEncoder;
use codec_entropy::mixing::BitCoder;

use super::TableFront;
use super::front::{Column, Place, Ranges, Steps};
use super::models::{
    OutOfRange, Parents, StepContexts, code_offsets, code_steps, code_symbols, differences,
};
use super::port::{put_bytes, put_number, put_text};
use super::rows::Table;
use crate::Records;

pub(super) const IS_CRLF: u8 = 1;
pub(super) const IS_ENDED: u8 = 2;

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
pub(super) fn code_columns(
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
        smooth: steps.smooth,
        parents: parents_of(values, steps.parents),
        depth: steps.depth,
    }
}
