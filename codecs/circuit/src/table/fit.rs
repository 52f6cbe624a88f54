//! Choosing how the columns of a table are coded, by counting what each way costs.

use std::collections::{BinaryHeap, HashMap};

use codec_core::{Error, Result};
use codec_entropy::mixing::{CostMeter, UNITS_PER_BIT};

use super::TableFront;
use super::front::{Column, Lattice, Names, Place, Ranges, Steps};
use super::measure::{Symbols, text_bits, tree_gains};
use super::models::{Parents, StepContexts, code_offsets, code_steps, code_symbols, differences};
use super::number::Format;
use super::rows::{Table, dialect};

/// One row in so many may have another number of cells.
const ODD_SHARE: usize = 20;
/// Rows that models are tried on.
const TRIED: usize = 50_000;
/// Columns that are compared with each other.
const MOST_COMPARED: usize = 64;
/// A column of names leaves the record where models of its sequence cost this share of what a tree
/// of columns would: a circuit finds more than a tree does.
const SEQUENCE_SHARE: f64 = 0.85;
/// Bits of numbers that are modelled: choices that are tried.
const DEPTHS: [u8; 4] = [0, 3, 8, 16];
/// Columns that are tried as what another one depends on.
const MOST_PARENTS: usize = 6;
/// What a hidden variable between two columns keeps of what one tells of the other, when a column may
/// follow another one instead.
const KEPT_GAIN: f64 = 0.8;
/// Text costs this much more than it does, where a column may have symbols instead: they tell others.
const TEXT_HANDICAP: f64 = 1.1;
/// Rows for each different cell from which on cells are taken for categories, even if they are
/// numbers.
const ROWS_TO_CATEGORY: usize = 20;
/// What another column must save to be depended on, in bits and as a share.
const LEAST_GAIN_BITS: f64 = 16.0;
const LEAST_GAIN: f64 = 0.005;
/// What a change in a column that follows another one costs, beside its text, in bits.
const CHANGE_BITS: f64 = 12.0;

/// See [`super::fit`].
pub(super) fn fit(content: &[u8]) -> Result<TableFront> {
    let (delimiter, columns, has_header) = dialect(content)?;
    let table = Table::split(content, delimiter, columns, has_header);
    let rows = table.len() + table.odd.len();
    if let Some((before, _)) = table.odd.first()
        && table.odd.len() * ODD_SHARE > rows
    {
        return Err(Error::Unsupported(format!(
            "not a table: {} of {rows} rows do not have {columns} cells and the usual line end, the first of them row {}",
            table.odd.len(),
            table.row_number(*before),
        )));
    }
    if table.len() == 0 {
        return Err(Error::Unsupported("not a table: it has no rows".into()));
    }
    let columns = Chooser::new(&table).choose();
    Ok(TableFront {
        delimiter,
        header: table.header.map(<[u8]>::to_vec),
        takes_odd_rows: !table.odd.is_empty(),
        columns,
    })
}

/// A column as numbers of its different cells.
struct Cells<'c> {
    /// Different cells in the order in which they come.
    different: Vec<&'c [u8]>,
    counts: Vec<u32>,
    /// For each row, which of them.
    of_rows: Vec<u32>,
}

impl<'c> Cells<'c> {
    fn new(cells: impl ExactSizeIterator<Item = &'c [u8]>) -> Self {
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let mut different = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut of_rows = Vec::with_capacity(cells.len());
        for cell in cells {
            let number = *numbers.entry(cell).or_insert_with(|| {
                different.push(cell);
                counts.push(0);
                different.len() as u32 - 1
            });
            counts[number as usize] += 1;
            of_rows.push(number);
        }
        Self {
            different,
            counts,
            of_rows,
        }
    }

    fn cells(&self) -> impl ExactSizeIterator<Item = &'c [u8]> {
        self.of_rows
            .iter()
            .map(|number| self.different[*number as usize])
    }

    /// Bytes of the different cells.
    fn len(&self) -> usize {
        self.different.iter().map(|cell| cell.len()).sum()
    }

    /// Symbols for all cells if there are few, otherwise for the commonest.
    fn names(&self) -> Option<(Names, Symbols, f64)> {
        let mut kept: Vec<u32> = (0..self.different.len() as u32).collect();
        let takes_others = kept.len() > 256;
        let mut others_bits = 0.0;
        if takes_others {
            kept.sort_by_key(|number| std::cmp::Reverse(self.counts[*number as usize]));
            let others = kept.split_off(255);
            let rest: u32 = others
                .iter()
                .map(|number| self.counts[*number as usize])
                .sum();
            if rest as usize * 2 > self.of_rows.len() {
                return None;
            }
            let is_other = |number: &&u32| others.contains(number);
            let cells = self.of_rows.iter().filter(is_other).take(TRIED);
            others_bits = text_bits(cells.map(|number| self.different[*number as usize]));
            kept.sort_unstable();
        }
        let mut symbols = vec![kept.len() as u8; self.different.len()];
        kept.iter()
            .enumerate()
            .for_each(|(symbol, number)| symbols[*number as usize] = symbol as u8);
        let names = Names {
            cells: kept
                .iter()
                .map(|number| self.different[*number as usize].to_vec())
                .collect(),
            takes_others,
            place: Place::Record,
        };
        let of_rows = self
            .of_rows
            .iter()
            .map(|number| symbols[*number as usize])
            .collect();
        let count = names.symbols();
        let own_cells = kept.iter().map(|number| self.different[*number as usize]);
        let bits = text_bits(own_cells) + others_bits;
        Some((names, Symbols { of_rows, count }, bits))
    }

    /// In how many rows the cell is another one than the last time that `by` had the same cell.
    fn changes_given(&self, by: &Cells<'_>) -> usize {
        let mut known = vec![u32::MAX; by.different.len()];
        let rows = self.of_rows.iter().zip(&by.of_rows);
        let changes = rows.filter(|(own, by)| {
            let before = std::mem::replace(&mut known[**by as usize], **own);
            before != u32::MAX && before != **own
        });
        changes.count()
    }

    /// The cells that a column that follows `by` writes.
    fn written_given<'s>(&'s self, by: &'s Cells<'_>) -> impl Iterator<Item = &'c [u8]> + 's {
        let mut known = vec![u32::MAX; by.different.len()];
        let rows = self.of_rows.iter().zip(&by.of_rows);
        let written = rows
            .filter(move |(own, by)| std::mem::replace(&mut known[**by as usize], **own) != **own);
        written.map(|(own, _)| self.different[*own as usize])
    }
}

/// A way to code a column, and its cost.
struct Choice {
    column: Column,
    bits: f64,
}

struct Chooser<'t, 'c> {
    table: &'t Table<'c>,
    cells: Vec<Cells<'c>>,
    /// For each column, how its few cells or its numbers are symbols, and what else that costs.
    names: Vec<Option<(Names, Symbols, f64)>>,
    ranges: Vec<Option<(Ranges, Symbols, f64)>>,
    /// Bits that other columns save.
    gains: Vec<f64>,
}

impl<'t, 'c> Chooser<'t, 'c> {
    fn new(table: &'t Table<'c>) -> Self {
        let cells: Vec<Cells<'c>> = (0..table.columns)
            .map(|column| Cells::new(table.column(column)))
            .collect();
        let names: Vec<_> = cells.iter().map(Cells::names).collect();
        let ranges: Vec<_> = cells.iter().map(ranges_of).collect();
        let provisional: Vec<Option<Symbols>> = names
            .iter()
            .zip(&ranges)
            .map(|(names, ranges)| {
                let names = names
                    .as_ref()
                    .filter(|(names, _, _)| !names.takes_others)
                    .filter(|(names, symbols, _)| {
                        ranges.is_none() || is_frequent(names.cells.len(), symbols.of_rows.len())
                    });
                let names = names.map(|(_, symbols, _)| symbols.clone());
                names.or_else(|| ranges.as_ref().map(|(_, symbols, _)| symbols.clone()))
            })
            .collect();
        let gains = if provisional.len() <= MOST_COMPARED {
            tree_gains(&provisional)
        } else {
            vec![0.0; provisional.len()]
        };
        Self {
            table,
            cells,
            names,
            ranges,
            gains,
        }
    }

    fn choose(&self) -> Vec<Column> {
        // Short cells first, so that long ones follow from them.
        let mut order: Vec<usize> = (0..self.cells.len()).collect();
        order.sort_by_key(|column| (self.cells[*column].len(), *column));
        let mut chosen: Vec<Option<Column>> = vec![None; self.cells.len()];
        for column in order {
            let choice = self.choose_one(column, &chosen);
            chosen[column] = Some(choice);
        }
        let mut columns: Vec<Column> = chosen.into_iter().flatten().collect();
        for number in 0..columns.len() {
            let refined = self.refined(number, &columns);
            columns[number] = refined;
        }
        columns
    }

    /// The cheapest way to code a column, as far as that is known without the later ones.
    fn choose_one(&self, column: usize, chosen: &[Option<Column>]) -> Column {
        let cells = &self.cells[column];
        if let [only] = cells.different[..] {
            return Column::Fixed(only.to_vec());
        }
        let is_own = |other: &usize| chosen[*other].as_ref().is_some_and(Column::is_own);
        let own: Vec<usize> = (0..chosen.len()).filter(is_own).collect();
        let is_copy = |other: &&usize| {
            let other = &self.cells[**other];
            other.of_rows == cells.of_rows && other.different == cells.different
        };
        if let Some(of) = own.iter().find(is_copy) {
            return Column::Copied { of: *of };
        }
        let mut best = Choice {
            column: Column::Text { by: None },
            bits: text_bits(cells.cells()) * TEXT_HANDICAP,
        };
        let mut offer = |column: Column, bits: f64| {
            if bits < best.bits {
                best = Choice { column, bits };
            }
        };
        if let Some((names, symbols, bits)) = &self.names[column] {
            let tree = symbols.own_bits() - self.gains[column] * KEPT_GAIN;
            let sequence = sequence_bits(symbols, [None; 2]);
            offer(Column::Names(names.clone()), bits + tree.min(sequence));
        }
        if let Some((ranges, symbols, bits)) = &self.ranges[column] {
            let own = (symbols.own_bits() - self.gains[column] * KEPT_GAIN).max(0.0);
            let is_exact = ranges.widths.iter().all(|width| *width == 0);
            let is_category = is_frequent(cells.different.len(), cells.of_rows.len());
            if !is_category || (is_exact && ranges.lattice.format.is_plain()) {
                offer(Column::Ranges(ranges.clone()), bits + own);
            }
        }
        if let Some((steps, bits)) = steps_of(cells) {
            offer(Column::Steps(steps), bits);
        }
        for of in own {
            let by = &self.cells[of];
            let is_telling = by.different.len() * 2 <= cells.of_rows.len();
            if !is_telling || by.different.len() < 2 {
                continue;
            }
            let changes = cells.changes_given(by);
            if changes * 10 <= cells.of_rows.len() {
                let text = text_bits(cells.written_given(by));
                offer(
                    Column::Following { of },
                    text + changes as f64 * CHANGE_BITS,
                );
            }
        }
        best.column
    }

    /// The symbols of a column as it is coded.
    fn symbols_of(&self, number: usize, column: &Column) -> Option<&Symbols> {
        let symbols = match column {
            Column::Names(_) => self.names[number].as_ref().map(|(_, symbols, _)| symbols),
            Column::Ranges(_) => self.ranges[number].as_ref().map(|(_, symbols, _)| symbols),
            _ => None,
        };
        symbols
    }

    /// Columns with symbols that are known before a column is decoded, those that tell most of it
    /// first.
    fn parents(&self, number: usize, symbols: &Symbols, columns: &[Column]) -> Vec<usize> {
        let mut gains: Vec<(f64, usize)> = Vec::new();
        for (other, column) in columns.iter().enumerate() {
            // A later column of names may yet leave the record.
            let is_known = other < number || matches!(column, Column::Ranges(_));
            if other != number
                && is_known
                && let Some(parent) = self.symbols_of(other, column)
            {
                let gain = symbols.gain_from(parent);
                if gain > 0.0 {
                    gains.push((gain, other));
                }
            }
        }
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        gains.truncate(MOST_PARENTS);
        gains.into_iter().map(|(_, column)| column).collect()
    }

    /// The column with what it depends on.
    fn refined(&self, number: usize, columns: &[Column]) -> Column {
        match &columns[number] {
            Column::Names(names) => self.refined_names(number, names, columns),
            Column::Steps(steps) => self.refined_steps(number, steps, columns),
            Column::Text { .. } => self.sorted_text(number, columns),
            other => other.clone(),
        }
    }

    fn refined_names(&self, number: usize, names: &Names, columns: &[Column]) -> Column {
        let mut names = names.clone();
        if let Some((_, symbols, _)) = &self.names[number] {
            let tree = symbols.own_bits() - self.gains[number];
            let parents = self.parents(number, symbols, columns);
            let pairs = [
                [None; 2],
                [parents.first().copied(), None],
                [parents.first().copied(), parents.get(1).copied()],
            ];
            let mut best = tree * SEQUENCE_SHARE;
            for pair in pairs {
                let with = pair.map(|parent| self.symbols_of(parent?, &columns[parent?]));
                let bits =
                    sequence_bits(symbols, with.map(|with| with.map(|with| &with.of_rows[..])));
                if bits + LEAST_GAIN_BITS < best * (1.0 - LEAST_GAIN) {
                    best = bits;
                    names.place = Place::Sequence(pair);
                }
            }
        }
        Column::Names(names)
    }

    fn refined_steps(&self, number: usize, steps: &Steps, columns: &[Column]) -> Column {
        let rows = self.table.len().min(TRIED);
        let places_of = |steps: &Steps, column: usize| -> Vec<Option<i64>> {
            let cells = self.cells[column].cells().take(rows);
            cells.map(|cell| steps.lattice.place(cell)).collect()
        };
        let places = places_of(steps, number);
        let classes = Symbols {
            of_rows: differences(&places)
                .iter()
                .map(|step| (64 - step.unsigned_abs().leading_zeros()) as u8)
                .collect(),
            count: 65,
        };
        let mut best = steps.clone();
        let mut best_bits = f64::INFINITY;
        let mut attempt = |steps: Steps, like: Option<&[i64]>| {
            let with = |column: Option<usize>| {
                Some(&self.symbols_of(column?, &columns[column?])?.of_rows[..])
            };
            let contexts = StepContexts {
                by: with(steps.by),
                like,
                parents: Parents(steps.parents.map(with)),
                depth: steps.depth,
            };
            let bits = step_bits(&places, contexts);
            if bits + LEAST_GAIN_BITS < best_bits * (1.0 - LEAST_GAIN) {
                best_bits = bits;
                best = steps;
            }
        };
        attempt(steps.clone(), None);
        for (other, column) in columns.iter().enumerate().take(number) {
            if let Column::Steps(others) = column {
                let like = differences(&places_of(others, other));
                attempt(
                    Steps {
                        like: Some(other),
                        ..steps.clone()
                    },
                    Some(&like),
                );
            }
        }
        let known = (0..columns.len()).filter(|other| {
            let is_known = *other < number || matches!(columns[*other], Column::Ranges(_));
            *other != number && is_known && self.symbols_of(*other, &columns[*other]).is_some()
        });
        for by in known.take(2 * MOST_PARENTS) {
            attempt(
                Steps {
                    by: Some(by),
                    ..steps.clone()
                },
                None,
            );
        }
        let parents = self.parents(number, &classes, columns);
        let base = best.clone();
        let like = base.like.and_then(|like| match &columns[like] {
            Column::Steps(others) => Some(differences(&places_of(others, like))),
            _ => None,
        });
        let mut attempt_more = |steps: Steps| {
            let with = |column: Option<usize>| {
                Some(&self.symbols_of(column?, &columns[column?])?.of_rows[..])
            };
            let contexts = StepContexts {
                by: with(steps.by),
                like: like.as_deref(),
                parents: Parents(steps.parents.map(with)),
                depth: steps.depth,
            };
            let bits = step_bits(&places, contexts);
            if bits + LEAST_GAIN_BITS < best_bits * (1.0 - LEAST_GAIN) {
                best_bits = bits;
                best = steps;
            }
        };
        for depth in DEPTHS {
            for pair in [
                [None; 2],
                [parents.first().copied(), parents.get(1).copied()],
            ] {
                attempt_more(Steps {
                    depth,
                    parents: pair,
                    ..base.clone()
                });
            }
        }
        Column::Steps(best)
    }

    fn sorted_text(&self, number: usize, columns: &[Column]) -> Column {
        let cells: Vec<&[u8]> = self.cells[number].cells().collect();
        let mut best = (None, text_bits(cells.iter().copied()));
        // A prefix of the rows stands for all of them, not a few of the symbols.
        let mut len = 0;
        let rows = cells.iter().take_while(|cell| {
            len += cell.len() + 1;
            len < 256 << 10
        });
        let rows = rows.count();
        let with_symbols = columns
            .iter()
            .enumerate()
            .filter_map(|(other, column)| Some((other, self.symbols_of(other, column)?)));
        for (by, symbols) in with_symbols.take(2 * MOST_PARENTS) {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by_key(|row| symbols.of_rows[*row]);
            let bits = text_bits(order.iter().map(|row| cells[*row]));
            let bits = bits * cells.len() as f64 / rows.max(1) as f64;
            if bits < best.1 {
                best = (Some(by), bits);
            }
        }
        Column::Text { by: best.0 }
    }
}

/// Bits of symbols as a sequence.
fn sequence_bits(symbols: &Symbols, parents: [Option<&[u8]>; 2]) -> f64 {
    let rows = symbols.of_rows.len().min(TRIED);
    let mut tried = symbols.of_rows[..rows].to_vec();
    let mut meter = CostMeter::default();
    let coded = code_symbols(&mut meter, &mut tried, symbols.count, Parents(parents));
    match coded {
        Ok(()) => bits_of(meter) * symbols.of_rows.len() as f64 / rows.max(1) as f64,
        Err(_) => f64::INFINITY,
    }
}

fn step_bits(places: &[Option<i64>], contexts: StepContexts<'_>) -> f64 {
    let mut meter = CostMeter::default();
    match code_steps(&mut meter, &mut places.to_vec(), contexts) {
        Ok(()) => bits_of(meter),
        Err(_) => f64::INFINITY,
    }
}

fn bits_of(meter: CostMeter) -> f64 {
    meter.units as f64 / UNITS_PER_BIT as f64
}

/// The numbers of a column's cells, on the lattice of their greatest common divisor.
fn on_lattice(cells: &Cells<'_>, format: Format) -> Option<(Lattice, Vec<Option<i64>>)> {
    let values: Vec<Option<i64>> = cells
        .different
        .iter()
        .map(|cell| format.read(cell))
        .collect();
    let low = values.iter().flatten().copied().min()?;
    let mut step = 0u64;
    for value in values.iter().flatten() {
        step = gcd(step, value.checked_sub(low)?.unsigned_abs());
    }
    let step = i64::try_from(step.max(1)).ok()?;
    let lattice = Lattice { format, low, step };
    let place = |value: &Option<i64>| value.map(|value| (value - low) / step);
    let places: Vec<Option<i64>> = values.iter().map(place).collect();
    let of_rows = cells
        .of_rows
        .iter()
        .map(|number| places[*number as usize])
        .collect();
    Some((lattice, of_rows))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Cells that are no places, as text.
fn others_bits(cells: &Cells<'_>, places: &[Option<i64>]) -> f64 {
    let both = cells.cells().zip(places);
    let others = both
        .filter(|(_, place)| place.is_none())
        .map(|(cell, _)| cell);
    text_bits(others)
}

fn takes_words(cells: &Cells<'_>, format: &Format, with_empty: bool) -> bool {
    let is_word = |cell: &&&[u8]| format.read(cell).is_none() && (with_empty || !cell.is_empty());
    cells.different.iter().any(|cell| is_word(&&cell))
}

/// The numbers of a column as differences, and their bits.
fn steps_of(cells: &Cells<'_>) -> Option<(Steps, f64)> {
    let mut best: Option<(Steps, f64)> = None;
    for format in Format::guess(cells.cells()) {
        let Some((lattice, places)) = on_lattice(cells, format) else {
            continue;
        };
        let rows = places.len().min(TRIED);
        let contexts = StepContexts {
            by: None,
            like: None,
            parents: Parents([None; 2]),
            depth: DEPTHS[2],
        };
        let bits = step_bits(&places[..rows], contexts) * places.len() as f64 / rows as f64;
        let bits = bits + others_bits(cells, &places);
        if best.as_ref().is_none_or(|(_, least)| bits < *least) {
            let takes_words = takes_words(cells, &lattice.format, true);
            let steps = Steps {
                lattice,
                takes_words,
                by: None,
                like: None,
                parents: [None; 2],
                depth: DEPTHS[2],
            };
            best = Some((steps, bits));
        }
    }
    best
}

/// The numbers of a column as ranges, their symbols, and the bits of all else.
fn ranges_of(cells: &Cells<'_>) -> Option<(Ranges, Symbols, f64)> {
    let format = Format::guess(cells.cells()).into_iter().next()?;
    let (lattice, places) = on_lattice(cells, format)?;
    let empty = cells
        .of_rows
        .iter()
        .filter(|cell| cells.different[**cell as usize].is_empty())
        .count();
    let mut sorted: Vec<i64> = places.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let widths = widths_of(&sorted, cells.different.len())?;
    let takes_words = takes_words(cells, &lattice.format, false);
    let mut ranges = Ranges {
        lattice,
        widths,
        takes_words,
        has_empty: empty > 0,
        depth: 0,
    };
    let starts = ranges.starts();
    let mut symbols = Vec::with_capacity(places.len());
    let mut offsets = Vec::with_capacity(places.len());
    for (place, number) in places.iter().zip(&cells.of_rows) {
        let (symbol, offset) = match place {
            Some(place) => {
                let range = starts.partition_point(|start| start <= place) - 1;
                (range, (place - starts[range]) as u64)
            }
            None if cells.different[*number as usize].is_empty() => (ranges.other() + 1, 0),
            None => (ranges.other(), 0),
        };
        symbols.push(symbol as u8);
        offsets.push(offset);
    }
    let mut best = f64::INFINITY;
    for depth in DEPTHS {
        let mut meter = CostMeter::default();
        code_offsets(
            &mut meter,
            &mut offsets.clone(),
            &symbols,
            &ranges.widths,
            depth,
        );
        if bits_of(meter) < best {
            best = bits_of(meter);
            ranges.depth = depth;
        }
    }
    let words: Vec<Option<i64>> = places
        .iter()
        .zip(&cells.of_rows)
        .map(|(place, number)| place.or(cells.different[*number as usize].is_empty().then_some(0)))
        .collect();
    let count = ranges.symbols();
    let bits = best + others_bits(cells, &words);
    Some((
        ranges,
        Symbols {
            of_rows: symbols,
            count,
        },
        bits,
    ))
}

/// Whether cells come so often that a model learns each of them.
fn is_frequent(different: usize, rows: usize) -> bool {
    different <= 256 && different * ROWS_TO_CATEGORY <= rows
}

/// Ranges that every column of numbers has, if it has so many different ones: other columns may
/// depend on them.
const USUAL_RANGES: usize = 32;
/// Most ranges; two symbols are for other cells and empty ones.
const MOST_RANGES: usize = 254;
/// Rows to a range.
const ROWS_TO_RANGE: usize = 50;
/// Bits that another range must save.
const RANGE_BITS: f64 = 12.0;

/// Binary logarithms of the lengths of ranges, from place 0 on: the range with the most numbers is
/// halved again and again.
fn widths_of(sorted: &[i64], different: usize) -> Option<Vec<u8>> {
    let highest = u64::try_from(*sorted.last()?).ok()?;
    if highest < MOST_RANGES as u64 && is_frequent(different, sorted.len()) {
        return Some(vec![0; highest as usize + 1]);
    }
    let width = 64 - highest.leading_zeros();
    if width >= 62 {
        return None;
    }
    let most = (sorted.len() / ROWS_TO_RANGE).clamp(8, MOST_RANGES);
    // Numbers in the range, then its start with the lowest first, its width.
    let mut open = BinaryHeap::from([(sorted.len(), std::cmp::Reverse(0i64), width as u8)]);
    let mut done: Vec<(i64, u8)> = Vec::new();
    while let Some((count, std::cmp::Reverse(start), width)) = open.pop() {
        if width == 0 || open.len() + done.len() + 2 > most {
            done.push((start, width));
            continue;
        }
        let middle = start + (1i64 << (width - 1));
        let first = sorted.partition_point(|place| *place < start);
        let left = sorted.partition_point(|place| *place < middle) - first;
        let shares = [left as f64, (count - left) as f64];
        let entropy: f64 = shares
            .iter()
            .filter(|share| **share > 0.0)
            .map(|share| share * (count as f64 / share).log2())
            .sum();
        let saved = count as f64 - entropy;
        if open.len() + done.len() + 2 > USUAL_RANGES && saved < RANGE_BITS {
            done.push((start, width));
            continue;
        }
        open.push((left, std::cmp::Reverse(start), width - 1));
        open.push((count - left, std::cmp::Reverse(middle), width - 1));
    }
    done.sort_unstable();
    Some(done.into_iter().map(|(_, width)| width).collect())
}
