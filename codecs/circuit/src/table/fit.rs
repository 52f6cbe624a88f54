//! Choosing how the columns of a table are coded, by counting what each way costs.

use codec_core::{Error, Result};

use super::TableFront;
use super::cells::{Cells, is_frequent, on_lattice, others_bits, takes_words};
use super::front::{Column, MOST_COLUMNS, Names, Place, Ranges, Steps};
use super::measure::{
    DEPTHS, Symbols, TEXT_SAMPLE, TRIED, sequence_bits, step_bits, text_bits, tree_gains,
};
use super::models::{Parents, StepContexts, differences};
use super::number::Format;
use super::ranges::ranges_of;
use super::rows::{Table, dialect};

/// One row in so many may have another number of cells.
const ODD_SHARE: usize = 20;
/// Columns that are compared with each other.
const MOST_COMPARED: usize = 64;
/// Columns before one that it is compared with, where there are more.
const MOST_NEAR: usize = 8;
/// A column of names leaves the record where models of its sequence cost this share of what a tree
/// of columns would: a circuit finds more than a tree does.
const SEQUENCE_SHARE: f64 = 0.85;
/// Columns that are tried as what another one depends on.
const MOST_PARENTS: usize = 6;
/// What a hidden variable between two columns keeps of what one tells of the other, when a column may
/// follow another one instead.
const KEPT_GAIN: f64 = 0.8;
/// Differences are taken instead of symbols where they cost this share.
const STEPS_SHARE: f64 = 0.9;
/// Text costs this much more than it does, where a column may have symbols instead: they tell others.
const TEXT_HANDICAP: f64 = 1.1;
/// Slowest means that are tried as what numbers are near to, as for [`Steps::smooth`].
const MOST_SMOOTH: u8 = 4;
/// What another column must save to be depended on, in bits and as a share.
const LEAST_GAIN_BITS: f64 = 16.0;
const LEAST_GAIN: f64 = 0.005;
/// Columns that text is tried to be sorted by.
const MOST_ORDERS: usize = 3;
/// What a change in a column that follows another one costs, beside its text, in bits.
const CHANGE_BITS: f64 = 12.0;

/// See [`super::fit`].
pub(super) fn fit(content: &[u8]) -> Result<TableFront> {
    let (delimiter, columns, has_header) = dialect(content)?;
    if columns > MOST_COLUMNS {
        return Err(Error::Unsupported(format!(
            "not a table that can be coded: {columns} columns, but there may be {MOST_COLUMNS}"
        )));
    }
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

/// A way to code a column, and its cost.
struct Choice {
    column: Column,
    bits: f64,
}

struct Chooser<'c> {
    cells: Vec<Cells<'c>>,
    /// For each column, how its few cells or its numbers are symbols, and what else that costs.
    names: Vec<Option<(Names, Symbols, f64)>>,
    ranges: Vec<Option<(Ranges, Symbols, f64)>>,
    /// Bits that other columns save.
    gains: Vec<f64>,
}

impl<'c> Chooser<'c> {
    fn new(table: &Table<'c>) -> Self {
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
        // Of a wide table, only the columns before.
        let near = if chosen.len() > MOST_COMPARED {
            column.saturating_sub(MOST_NEAR)..column
        } else {
            0..chosen.len()
        };
        let own: Vec<usize> = near.filter(is_own).collect();
        let is_copy = |other: &&usize| {
            let other = &self.cells[**other];
            other.of_rows == cells.of_rows && other.different == cells.different
        };
        if let Some(of) = own.iter().find(is_copy) {
            return Column::Copied { of: *of };
        }
        let is_frequent = is_frequent(cells.different.len(), cells.of_rows.len());
        let named = self.names.iter().enumerate();
        let named = named.filter_map(|(other, names)| {
            let (_, symbols, _) = names.as_ref().filter(|(names, _, _)| !names.takes_others)?;
            Some((other, symbols)).filter(|_| other != column && !self.is_number(column))
        });
        // Frequent cells always have symbols, as other columns may depend on them.
        let as_text = match is_frequent {
            true => f64::INFINITY,
            false => self.text_order(column, named).1 * TEXT_HANDICAP,
        };
        let mut best = Choice {
            column: Column::Text { by: None },
            bits: as_text,
        };
        let mut offer = |column: Column, bits: f64| {
            if bits < best.bits {
                best = Choice { column, bits };
            }
        };
        let mut has_symbols = false;
        if let Some((names, symbols, bits)) = &self.names[column]
            && !(names.takes_others && self.is_number(column))
        {
            has_symbols = true;
            let tree = symbols.own_bits() - self.gains[column];
            let alone = sequence_bits(symbols, [None; 2]);
            let given = self.earlier_symbols(column);
            let given = given.map(|given| sequence_bits(symbols, [Some(given), None]));
            let sequence = given.fold(alone, f64::min);
            offer(Column::Names(names.clone()), bits + tree.min(sequence));
        }
        if let Some((ranges, symbols, bits)) = &self.ranges[column] {
            has_symbols = true;
            let own = (symbols.own_bits() - self.gains[column]).max(0.0);
            let is_exact = ranges.widths.iter().all(|width| *width == 0);
            if !is_frequent || (is_exact && self.is_number(column)) {
                offer(Column::Ranges(ranges.clone()), bits + own);
            }
        }
        if let Some((steps, bits)) = self.steps_of(column) {
            let share = if has_symbols { STEPS_SHARE } else { 1.0 };
            offer(Column::Steps(steps), bits / share);
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
                let kept = self.gains[column] * (1.0 - KEPT_GAIN);
                offer(
                    Column::Following { of },
                    text + changes as f64 * CHANGE_BITS - kept,
                );
            }
        }
        best.column
    }

    /// Symbols of earlier columns that a column may depend on, if they are coded as names.
    fn earlier_symbols(&self, column: usize) -> impl Iterator<Item = &[u8]> {
        let earlier = self.names[..column].iter().flatten();
        let symbols = earlier.map(|(_, symbols, _)| &symbols.of_rows[..]);
        symbols.take(MOST_PARENTS)
    }

    /// Whether cells are nothing but numbers.
    fn is_number(&self, column: usize) -> bool {
        let ranges = self.ranges[column].as_ref();
        ranges.is_some_and(|(ranges, _, _)| ranges.lattice.format.is_plain())
    }

    /// The numbers of a column as differences, and their bits.
    fn steps_of(&self, column: usize) -> Option<(Steps, f64)> {
        let cells = &self.cells[column];
        let mut best: Option<(Steps, f64)> = None;
        for format in Format::guess(cells.cells()) {
            let Some((lattice, places)) = on_lattice(cells, format) else {
                continue;
            };
            let rows = places.len().min(TRIED);
            let bits_by = |by: Option<&[u8]>| {
                let contexts = StepContexts {
                    by,
                    like: None,
                    smooth: 0,
                    parents: Parents([None; 2]),
                    depth: DEPTHS[2],
                };
                step_bits(&places[..rows], contexts)
            };
            let alone = bits_by(None);
            let by = self.earlier_symbols(column).map(|by| bits_by(Some(by)));
            let bits = by.fold(alone, f64::min) * places.len() as f64 / rows as f64;
            let bits = bits + others_bits(cells, &places);
            if best.as_ref().is_none_or(|(_, least)| bits < *least) {
                let takes_words = takes_words(cells, &lattice.format, true);
                let steps = Steps {
                    lattice,
                    takes_words,
                    by: None,
                    like: None,
                    smooth: 0,
                    parents: [None; 2],
                    depth: DEPTHS[2],
                };
                best = Some((steps, bits));
            }
        }
        best
    }

    /// The symbols of a column as it is coded.
    fn symbols_of(&self, number: usize, column: &Column) -> Option<&Symbols> {
        match column {
            Column::Names(_) => self.names[number].as_ref().map(|(_, symbols, _)| symbols),
            Column::Ranges(_) => self.ranges[number].as_ref().map(|(_, symbols, _)| symbols),
            _ => None,
        }
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
        let places = self.places(number, steps);
        let known = (0..columns.len()).filter(|other| {
            let is_known = *other < number || matches!(columns[*other], Column::Ranges(_));
            *other != number && is_known && self.symbols_of(*other, &columns[*other]).is_some()
        });
        let by = known.take(2 * MOST_PARENTS).map(|by| (Some(by), None));
        let is_steps = |other: &usize| matches!(columns[*other], Column::Steps(_));
        let like = (0..number).filter(is_steps).map(|like| (None, Some(like)));
        let classes = differences(&places).into_iter();
        let classes = Symbols {
            of_rows: classes
                .map(|step| (64 - step.unsigned_abs().leading_zeros()) as u8)
                .collect(),
            count: 65,
        };
        let parents = self.parents(number, &classes, columns);
        let parents = [
            [None; 2],
            [parents.first().copied(), parents.get(1).copied()],
        ];

        let mut best = (steps.clone(), self.step_bits(&places, steps, columns));
        let mut attempt = |change: &dyn Fn(&mut Steps)| {
            let mut steps = best.0.clone();
            change(&mut steps);
            let bits = self.step_bits(&places, &steps, columns);
            if bits + LEAST_GAIN_BITS < best.1 * (1.0 - LEAST_GAIN) {
                best = (steps, bits);
            }
        };
        for (by, like) in by.chain(like) {
            attempt(&|steps| (steps.by, steps.like) = (by, like));
        }
        for smooth in 1..=MOST_SMOOTH {
            attempt(&|steps| steps.smooth = smooth);
        }
        for parents in parents {
            attempt(&|steps| steps.parents = parents);
        }
        for depth in DEPTHS {
            attempt(&|steps| steps.depth = depth);
        }
        Column::Steps(best.0)
    }

    /// Places of the numbers in the rows that models are tried on.
    fn places(&self, number: usize, steps: &Steps) -> Vec<Option<i64>> {
        let cells = self.cells[number].cells().take(TRIED);
        cells.map(|cell| steps.lattice.place(cell)).collect()
    }

    fn step_bits(&self, places: &[Option<i64>], steps: &Steps, columns: &[Column]) -> f64 {
        let with = |column: Option<usize>| {
            let symbols = self.symbols_of(column?, &columns[column?])?;
            Some(&symbols.of_rows[..])
        };
        let like = steps.like.and_then(|like| match &columns[like] {
            Column::Steps(others) => Some(differences(&self.places(like, others))),
            _ => None,
        });
        let contexts = StepContexts {
            by: with(steps.by),
            like: like.as_deref(),
            smooth: steps.smooth,
            parents: Parents(steps.parents.map(with)),
            depth: steps.depth,
        };
        step_bits(places, contexts)
    }

    fn sorted_text(&self, number: usize, columns: &[Column]) -> Column {
        let others = columns.iter().enumerate();
        let others = others.filter_map(|(other, column)| {
            Some((other, self.symbols_of(other, column)?)).filter(|_| other != number)
        });
        let (by, _) = self.text_order(number, others);
        Column::Text { by }
    }

    /// The column that text is best sorted by, if any, and the bits of the text then.
    fn text_order<'s>(
        &'s self,
        number: usize,
        others: impl Iterator<Item = (usize, &'s Symbols)>,
    ) -> (Option<usize>, f64) {
        let cells: Vec<&[u8]> = self.cells[number].cells().collect();
        let mut best = (None, text_bits(cells.iter().copied()));
        let beginnings = beginnings(&cells);
        let gains = others.map(|(other, symbols)| (beginnings.gain_from(symbols), other, symbols));
        let mut gains: Vec<(f64, usize, &Symbols)> =
            gains.filter(|(gain, _, _)| *gain > 0.0).collect();
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // A prefix of the rows stands for all of them, not a few of the symbols.
        let mut len = 0;
        let rows = cells.iter().take_while(|cell| {
            len += cell.len() + 1;
            len < TEXT_SAMPLE
        });
        let rows = rows.count();
        for (_, by, symbols) in gains.into_iter().take(MOST_ORDERS) {
            let mut order: Vec<usize> = (0..rows).collect();
            order.sort_by_key(|row| symbols.of_rows[*row]);
            let bits = text_bits(order.iter().map(|row| cells[*row]));
            let bits = bits * cells.len() as f64 / rows.max(1) as f64;
            if bits + LEAST_GAIN_BITS < best.1 * (1.0 - LEAST_GAIN) {
                best = (Some(by), bits);
            }
        }
        best
    }
}

/// The first bytes of cells, hashed: what text depends on shows in how it begins.
fn beginnings(cells: &[&[u8]]) -> Symbols {
    const LEN: usize = 8;
    let hash = |cell: &&[u8]| {
        let start = cell.iter().take(LEN);
        let hash = start.fold(0u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        (hash ^ hash >> 16) as u8
    };
    Symbols {
        of_rows: cells.iter().map(hash).collect(),
        count: 256,
    }
}
