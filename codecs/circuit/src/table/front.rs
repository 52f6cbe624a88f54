//! What a model must know of a table: its columns and how each of them is coded.

use codec_core::{Error, Result};

use super::number::{Format, Group};
use super::port::{Reader, put_bytes, put_number, put_text, take_text};
use crate::{Kind, Schema, Variable};

/// Most columns of a table: each takes time and memory of its own, however short.
pub(super) const MOST_COLUMNS: usize = 1 << 10;
/// Most bytes that a front is unpacked to.
const LARGEST_FRONT: usize = 16 << 20;

/// What rows of a table have in common: delimiter, names, and for each column how its cells become
/// symbols of a record or bytes beside it.
///
/// Made by [`fit`](super::fit); stored in a model, or beside the records of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFront {
    pub(super) delimiter: u8,
    /// The first row, where it names the columns.
    pub(super) header: Option<Vec<u8>>,
    /// Whether rows with another number of cells are kept as they are.
    pub(super) takes_odd_rows: bool,
    pub(super) columns: Vec<Column>,
}

/// How a column is coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// All cells are the same.
    Fixed(Vec<u8>),
    /// Cells are those of another column, which neither copies nor follows.
    Copied { of: usize },
    /// Cells are mostly the same where those of another column are, which neither copies nor
    /// follows.
    Following { of: usize },
    /// Cells of which there are few.
    Names(Names),
    /// Numbers that fall into ranges, which are symbols of the record.
    Ranges(Ranges),
    /// Numbers as differences from those before.
    Steps(Steps),
    /// Cells as they are, sorted by the symbols of a column.
    Text { by: Option<usize> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// The cells that have a symbol, 1 to 256 with the one for others.
    pub(super) cells: Vec<Vec<u8>>,
    /// Whether another symbol, the last one, stands for other cells.
    pub(super) takes_others: bool,
    pub(super) place: Place,
}

/// Where symbols are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// They are a variable of the record.
    Record,
    /// They are coded in the order of rows, in contexts of two earlier columns with symbols.
    Sequence([Option<usize>; 2]),
}

/// Numbers as places on a lattice: `low + step * place`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lattice {
    pub(super) format: Format,
    pub(super) low: i64,
    /// At least 1.
    pub(super) step: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranges {
    pub(super) lattice: Lattice,
    /// Binary logarithms of the lengths of the ranges, which follow each other from place 0.
    pub(super) widths: Vec<u8>,
    /// Whether cells may be something else than numbers.
    pub(super) takes_words: bool,
    /// Whether empty cells have a symbol, the last one.
    pub(super) has_empty: bool,
    /// Bits within a range that are modelled.
    pub(super) depth: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) lattice: Lattice,
    pub(super) takes_words: bool,
    /// The column with symbols within each of which differences are taken.
    pub(super) by: Option<usize>,
    /// An earlier column of steps whose differences are expected here.
    pub(super) like: Option<usize>,
    /// Differences are from a mean of the numbers before, which moves by `2^-smooth` of what it is
    /// off; 0 is the last number itself.
    pub(super) smooth: u8,
    /// Earlier columns with symbols that differences depend on.
    pub(super) parents: [Option<usize>; 2],
    /// Bits behind the first one that are modelled.
    pub(super) depth: u8,
}

impl Lattice {
    /// The place of the number in a cell.
    pub(super) fn place(&self, cell: &[u8]) -> Option<i64> {
        let above = self.format.read(cell)?.checked_sub(self.low)?;
        (above % self.step == 0).then_some(above / self.step)
    }

    /// Appends the cell of a place; `false` if it has none.
    pub(super) fn write(&self, place: i64, out: &mut Vec<u8>) -> bool {
        let number = place
            .checked_mul(self.step)
            .and_then(|above| above.checked_add(self.low));
        number.is_some_and(|number| self.format.write(number, out))
    }
}

impl Names {
    pub(super) fn symbols(&self) -> usize {
        self.cells.len() + usize::from(self.takes_others)
    }
}

impl Ranges {
    /// Symbols: ranges, other cells, empty ones if they have one.
    pub(super) fn symbols(&self) -> usize {
        self.other() + 1 + usize::from(self.has_empty)
    }

    /// The symbol of cells that fall into no range.
    pub(super) fn other(&self) -> usize {
        self.widths.len()
    }

    /// Where the ranges begin.
    pub(super) fn starts(&self) -> Vec<i64> {
        let lens = self.widths.iter().map(|width| 1i64 << width);
        let starts = lens.scan(0, |end, len| {
            let start = *end;
            *end += len;
            Some(start)
        });
        starts.collect()
    }

    /// The end of the last range.
    pub(super) fn end(&self) -> i64 {
        self.widths.iter().map(|width| 1i64 << width).sum()
    }
}

impl Column {
    /// Number of symbols and how they relate, for columns that have symbols.
    pub(super) fn symbols(&self) -> Option<(usize, Kind)> {
        match self {
            Column::Names(names) => Some((names.symbols(), Kind::Categorical)),
            Column::Ranges(ranges) => Some((ranges.symbols(), Kind::Ordinal)),
            _ => None,
        }
    }

    /// Whether its symbols are a variable of the record.
    pub(super) fn is_variable(&self) -> bool {
        match self {
            Column::Names(names) => names.place == Place::Record,
            Column::Ranges(_) => true,
            _ => false,
        }
    }

    /// Whether it is coded without the cells of other columns that depend on others.
    pub(super) fn is_own(&self) -> bool {
        !matches!(self, Column::Copied { .. } | Column::Following { .. })
    }
}

impl TableFront {
    /// The variables of a record: those of the columns that have any, in order, or one with a single
    /// symbol if none has.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let variables = self.columns.iter().filter(|column| column.is_variable());
        let mut variables: Vec<Variable> = variables
            .filter_map(|column| {
                let (symbols, kind) = column.symbols()?;
                let symbols = u16::try_from(symbols).ok()?;
                Some(Variable { kind, symbols })
            })
            .collect();
        if variables.is_empty() {
            variables.push(Variable {
                kind: Kind::Categorical,
                symbols: 1,
            });
        }
        Schema {
            variables,
            grid: None,
        }
    }

    /// Names of the columns as far as the table has names, otherwise `column 1` and so on.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        (0..self.columns.len())
            .map(|column| self.name(column))
            .collect()
    }

    /// What becomes of each column, in a few words, in the order of columns.
    #[must_use]
    pub fn descriptions(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| self.description(column))
            .collect()
    }

    fn description(&self, column: &Column) -> String {
        match column {
            Column::Fixed(_) => "always the same".into(),
            Column::Copied { of } => format!("copy of {}", self.name(*of)),
            Column::Following { of } => format!("follows from {}", self.name(*of)),
            Column::Names(names) => match names.place {
                Place::Record => format!("variable of {} categories", names.symbols()),
                Place::Sequence(_) => format!("sequence of {} categories", names.symbols()),
            },
            Column::Ranges(ranges) => format!("variable of {} ranges", ranges.widths.len()),
            Column::Steps(steps) => match (steps.by, steps.like) {
                (Some(by), _) => format!("differences for each {}", self.name(by)),
                (None, Some(like)) => format!("differences like those of {}", self.name(like)),
                (None, None) => "differences".into(),
            },
            Column::Text { by: Some(by) } => format!("text sorted by {}", self.name(*by)),
            Column::Text { by: None } => "text".into(),
        }
    }

    pub(super) fn name(&self, column: usize) -> String {
        let header = self.header.as_deref().unwrap_or_default();
        let table = super::rows::Table::split(header, self.delimiter, self.columns.len(), false);
        match table.cells.get(column) {
            Some(name) => String::from_utf8_lossy(name).into_owned(),
            None => format!("column {}", column + 1),
        }
    }

    /// Appends the front in as few bytes as it needs.
    ///
    /// # Errors
    /// [`Error::Internal`] if a library refuses, which does not happen.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut plain = Vec::new();
        let flags = u8::from(self.header.is_some()) | u8::from(self.takes_odd_rows) << 1;
        plain.extend([self.delimiter, flags]);
        if let Some(header) = &self.header {
            put_bytes(header, &mut plain);
        }
        put_number(self.columns.len() as u64, &mut plain);
        // Text that is alike is kept together.
        let mut cells = Vec::new();
        for column in &self.columns {
            put_column(column, &mut plain, &mut cells);
        }
        plain.extend(cells);
        put_text(&plain, out)
    }

    /// The front at the beginning of bytes, and how many bytes it takes.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it is damaged. Less than 64 MiB are allocated, and little more than
    /// what the bytes unpack to.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize)> {
        let mut packed = Reader::new(bytes);
        let plain = take_text(&mut packed, LARGEST_FRONT)?;
        let len = packed.position();
        let front = read_plain(&plain).map_err(|error| match error {
            // A place in what was unpacked tells nothing.
            Error::Corrupt { problem, .. } => Error::corrupt(0, problem),
            other => other,
        })?;
        Ok((front, len))
    }

    /// Whether columns refer to columns that have what they need.
    fn is_valid(&self) -> bool {
        let own = |of: usize| self.columns.get(of).is_some_and(Column::is_own);
        let variable = |of: usize| self.columns.get(of).is_some_and(Column::is_variable);
        let with_symbols = |of: usize| {
            self.columns
                .get(of)
                .is_some_and(|column| column.symbols().is_some())
        };
        let earlier = |of: Option<usize>, column: usize| {
            of.is_none_or(|of| variable(of) || (of < column && with_symbols(of)))
        };
        let mut columns = self.columns.iter().enumerate();
        columns.all(|(number, column)| match column {
            Column::Fixed(_) => true,
            Column::Copied { of } | Column::Following { of } => own(*of),
            Column::Names(names) => {
                let is_earlier = match names.place {
                    Place::Record => true,
                    Place::Sequence(parents) => {
                        parents.iter().all(|parent| earlier(*parent, number))
                    }
                };
                is_earlier && (1..=256).contains(&names.symbols())
            }
            Column::Ranges(ranges) => is_lattice(&ranges.lattice) && ranges.symbols() <= 256,
            Column::Steps(steps) => {
                let is_steps = |of| matches!(self.columns.get(of), Some(Column::Steps(_)));
                let like = steps.like.is_none_or(|of| of < number && is_steps(of));
                let parents = steps.parents.iter().all(|parent| earlier(*parent, number));
                is_lattice(&steps.lattice)
                    && steps.smooth <= 16
                    && parents
                    && like
                    && earlier(steps.by, number)
            }
            Column::Text { by } => by.is_none_or(with_symbols),
        })
    }
}

fn is_lattice(lattice: &Lattice) -> bool {
    lattice.step > 0 && lattice.format.is_valid()
}

fn read_plain(plain: &[u8]) -> Result<TableFront> {
    let mut reader = Reader::new(plain);
    let delimiter = reader.byte()?;
    let flags = reader.byte()?;
    let header = if flags & 1 != 0 {
        Some(reader.bytes()?.to_vec())
    } else {
        None
    };
    let count = reader.count(MOST_COLUMNS.min(plain.len()), "columns")?;
    let mut columns = Vec::new();
    for _ in 0..count {
        columns.push(take_column(&mut reader)?);
    }
    for column in &mut columns {
        if let Column::Names(names) = column {
            for cell in &mut names.cells {
                *cell = reader.bytes()?.to_vec();
            }
        }
    }
    let front = TableFront {
        delimiter,
        header,
        takes_odd_rows: flags & 2 != 0,
        columns,
    };
    let is_delimiter = !matches!(delimiter, b'\n' | b'"');
    if flags > 3 || !is_delimiter || count < 2 || !front.is_valid() {
        return Err(reader.damage("columns do not fit each other"));
    }
    reader.finish()?;
    Ok(front)
}

fn put_optional(number: Option<usize>, out: &mut Vec<u8>) {
    put_number(number.map_or(0, |number| number as u64 + 1), out);
}

fn take_optional(reader: &mut Reader<'_>) -> Result<Option<usize>> {
    Ok(reader
        .count(MOST_COLUMNS, "as the number of a column")?
        .checked_sub(1))
}

fn put_column(column: &Column, out: &mut Vec<u8>, cells: &mut Vec<u8>) {
    match column {
        Column::Fixed(cell) => {
            out.push(0);
            put_bytes(cell, out);
        }
        Column::Copied { of } => {
            out.push(1);
            put_number(*of as u64, out);
        }
        Column::Following { of } => {
            out.push(2);
            put_number(*of as u64, out);
        }
        Column::Names(names) => {
            out.push(3);
            put_number(names.cells.len() as u64, out);
            out.push(u8::from(names.takes_others));
            match names.place {
                Place::Record => out.push(0),
                Place::Sequence(parents) => {
                    out.push(1);
                    parents.iter().for_each(|parent| put_optional(*parent, out));
                }
            }
            names.cells.iter().for_each(|cell| put_bytes(cell, cells));
        }
        Column::Ranges(ranges) => {
            out.push(4);
            put_lattice(&ranges.lattice, out);
            put_bytes(&ranges.widths, out);
            let flags = u8::from(ranges.takes_words) | u8::from(ranges.has_empty) << 1;
            out.extend([flags, ranges.depth]);
        }
        Column::Steps(steps) => {
            out.push(5);
            put_lattice(&steps.lattice, out);
            out.extend([u8::from(steps.takes_words), steps.smooth, steps.depth]);
            put_optional(steps.by, out);
            put_optional(steps.like, out);
            steps
                .parents
                .iter()
                .for_each(|parent| put_optional(*parent, out));
        }
        Column::Text { by } => {
            out.push(6);
            put_optional(*by, out);
        }
    }
}

fn take_column(reader: &mut Reader<'_>) -> Result<Column> {
    let tag = reader.byte()?;
    Ok(match tag {
        0 => Column::Fixed(reader.bytes()?.to_vec()),
        1 => Column::Copied {
            of: reader.count(MOST_COLUMNS, "as the number of a column")?,
        },
        2 => Column::Following {
            of: reader.count(MOST_COLUMNS, "as the number of a column")?,
        },
        3 => {
            let count = reader.count(256, "categories")?;
            let takes_others = take_flag(reader)?;
            let place = if take_flag(reader)? {
                Place::Sequence([take_optional(reader)?, take_optional(reader)?])
            } else {
                Place::Record
            };
            // The cells follow behind the last column.
            let cells = vec![Vec::new(); count];
            Column::Names(Names {
                cells,
                takes_others,
                place,
            })
        }
        4 => {
            let lattice = take_lattice(reader)?;
            let widths = reader.bytes()?.to_vec();
            let is_valid = widths.iter().try_fold(0i64, |end, width| {
                let len = 1i64.checked_shl(u32::from(*width)).filter(|_| *width < 62);
                len.and_then(|len| end.checked_add(len))
            });
            if is_valid.is_none() || widths.len() > 255 {
                return Err(reader.damage("ranges are too long"));
            }
            let flags = reader.byte()?;
            Column::Ranges(Ranges {
                lattice,
                widths,
                takes_words: flags & 1 != 0,
                has_empty: flags & 2 != 0,
                depth: reader.byte()?,
            })
        }
        5 => Column::Steps(Steps {
            lattice: take_lattice(reader)?,
            takes_words: take_flag(reader)?,
            smooth: reader.byte()?,
            depth: reader.byte()?,
            by: take_optional(reader)?,
            like: take_optional(reader)?,
            parents: [take_optional(reader)?, take_optional(reader)?],
        }),
        6 => Column::Text {
            by: take_optional(reader)?,
        },
        _ => return Err(reader.damage(&format!("columns of kind {tag} are not known"))),
    })
}

fn take_flag(reader: &mut Reader<'_>) -> Result<bool> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(reader.damage(&format!("{other} is neither yes nor no"))),
    }
}

fn put_lattice(lattice: &Lattice, out: &mut Vec<u8>) {
    match &lattice.format {
        Format::Decimal {
            prefix,
            suffix,
            decimals,
            least,
        } => {
            out.push(0);
            put_bytes(prefix, out);
            put_bytes(suffix, out);
            out.extend([*decimals, *least]);
        }
        Format::Groups {
            groups,
            suffix,
            order,
        } => {
            out.push(1);
            put_number(groups.len() as u64, out);
            for group in groups {
                put_bytes(&group.before, out);
                out.push(group.width);
                put_number(group.base, out);
            }
            put_bytes(suffix, out);
            out.extend_from_slice(order);
        }
    }
    put_number(((lattice.low << 1) ^ (lattice.low >> 63)) as u64, out);
    put_number(lattice.step as u64, out);
}

fn take_lattice(reader: &mut Reader<'_>) -> Result<Lattice> {
    let format = if take_flag(reader)? {
        let count = reader.count(usize::from(u8::MAX), "groups of digits")?;
        let mut groups = Vec::new();
        for _ in 0..count {
            groups.push(Group {
                before: reader.bytes()?.to_vec(),
                width: reader.byte()?,
                base: reader.number()?,
            });
        }
        let suffix = reader.bytes()?.to_vec();
        let mut order = Vec::new();
        for _ in 0..count {
            order.push(reader.byte()?);
        }
        Format::Groups {
            groups,
            suffix,
            order,
        }
    } else {
        Format::Decimal {
            prefix: reader.bytes()?.to_vec(),
            suffix: reader.bytes()?.to_vec(),
            decimals: reader.byte()?,
            least: reader.byte()?,
        }
    };
    let low = reader.number()?;
    let low = (low >> 1) as i64 ^ -((low & 1) as i64);
    let step = i64::try_from(reader.number()?);
    let step = step.map_err(|_| reader.damage("a step is too long"))?;
    Ok(Lattice { format, low, step })
}
