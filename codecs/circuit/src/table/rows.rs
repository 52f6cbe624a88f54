//! Rows and cells of a table, as slices of its bytes.
//!
//! A cell is kept as it is written, quotes included, so that cells between delimiters and rows
//! before line ends give the table back, however it was quoted. A quote matters only at the
//! beginning of a cell (RFC 4180); after the closing one, what follows is taken as it is.

use codec_core::{Error, Result};

/// Delimiters of cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Bytes at the beginning that tell the delimiter.
const LOOKED_AT: usize = 256 << 10;

/// Rows of a table.
pub(super) struct Table<'c> {
    /// The first row, where it names the columns.
    pub(super) header: Option<&'c [u8]>,
    /// Cells of all regular rows, `[n, columns]`.
    pub(super) cells: Vec<&'c [u8]>,
    pub(super) columns: usize,
    /// Rows with another number of cells or another line end, without their line feed, and the
    /// number of rows before them.
    pub(super) odd: Vec<(usize, &'c [u8])>,
    /// Whether lines end with a carriage return and a line feed.
    pub(super) is_crlf: bool,
    /// Whether the last line is ended too.
    pub(super) is_ended: bool,
}

impl<'c> Table<'c> {
    /// Splits content into rows of so many cells.
    pub(super) fn split(
        content: &'c [u8],
        delimiter: u8,
        columns: usize,
        has_header: bool,
    ) -> Self {
        let mut lines = Lines::new(content, delimiter);
        let first = lines.clone().next();
        let is_crlf = first.is_some_and(|line| line.is_ended && line.raw.ends_with(b"\r"));
        let header = if has_header {
            lines.next().map(|line| line.raw)
        } else {
            None
        };
        let mut table = Self {
            header: header.map(|raw| without_return(raw, is_crlf)),
            cells: Vec::new(),
            columns,
            odd: Vec::new(),
            is_crlf,
            is_ended: content.ends_with(b"\n"),
        };
        let mut rows = 0;
        while let Some(line) = lines.next() {
            let is_regular = line.is_closed
                && lines.cells.len() == columns
                && (!is_crlf || !line.is_ended || line.raw.ends_with(b"\r"));
            if is_regular {
                table.cells.extend_from_slice(&lines.cells);
                if is_crlf
                    && line.is_ended
                    && let Some(last) = table.cells.last_mut()
                {
                    *last = without_return(last, true);
                }
            } else {
                table.odd.push((rows, line.raw));
            }
            rows += 1;
        }
        table
    }

    /// Number of regular rows.
    pub(super) fn len(&self) -> usize {
        self.cells.len() / self.columns
    }

    /// The cells of a column, from the first regular row to the last.
    pub(super) fn column(&self, number: usize) -> impl ExactSizeIterator<Item = &'c [u8]> {
        let cells = self.cells.get(number..).unwrap_or_default();
        cells.iter().step_by(self.columns).copied()
    }

    /// Number in the file, from 1, of the row with `before` rows before it.
    pub(super) fn row_number(&self, before: usize) -> usize {
        before + 1 + usize::from(self.header.is_some())
    }

    /// Number in the file, from 1, of a regular row.
    pub(super) fn regular_row_number(&self, regular: usize) -> usize {
        let mut row = regular;
        for (before, _) in &self.odd {
            row += usize::from(*before <= row);
        }
        self.row_number(row)
    }
}

/// What separates the cells of a table, how many there are in a row, and whether the first row names
/// them.
///
/// # Errors
/// [`Error::Unsupported`] where content does not look like a table.
pub(super) fn dialect(content: &[u8]) -> Result<(u8, usize, bool)> {
    let sample = match content.get(..LOOKED_AT) {
        Some(start) => {
            let end = start.iter().rposition(|byte| *byte == b'\n');
            end.map_or(start, |end| &start[..=end])
        }
        None => content,
    };
    let mut best: Option<(usize, usize, u8)> = None;
    for delimiter in DELIMITERS {
        let (columns, share) = usual_width(sample, delimiter);
        if columns > 1 && best.is_none_or(|(most, width, _)| (share, columns) > (most, width)) {
            best = Some((share, columns, delimiter));
        }
    }
    let no_table = || {
        Error::Unsupported(
            "not a table: rows have no delimiter (comma, tab, semicolon or bar) in common".into(),
        )
    };
    let (share, columns, delimiter) = best.ok_or_else(no_table)?;
    if share < 900 {
        return Err(no_table());
    }
    Ok((
        delimiter,
        columns,
        names_columns(sample, delimiter, columns),
    ))
}

/// The commonest number of cells in a row, and how many of 1000 rows have it.
fn usual_width(sample: &[u8], delimiter: u8) -> (usize, usize) {
    let mut lines = Lines::new(sample, delimiter);
    let mut widths = std::collections::BTreeMap::new();
    let mut rows = 0usize;
    while lines.next().is_some() {
        *widths.entry(lines.cells.len()).or_insert(0usize) += 1;
        rows += 1;
    }
    let most = widths
        .into_iter()
        .max_by_key(|(width, count)| (*count, *width));
    most.map_or((0, 0), |(width, count)| (width, count * 1000 / rows.max(1)))
}

fn names_columns(sample: &[u8], delimiter: u8, columns: usize) -> bool {
    let mut lines = Lines::new(sample, delimiter);
    let is_whole = lines.next().is_some_and(|line| line.is_closed);
    let names = &lines.cells;
    let is_name = |cell: &&[u8]| !matches!(cell.first(), Some(b'0'..=b'9' | b'-' | b'+' | b'.'));
    let empty = names.iter().filter(|cell| cell.is_empty()).count();
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    is_whole
        && names.len() == columns
        && names.iter().all(is_name)
        && empty <= 1
        && distinct.len() == columns
}

fn without_return(raw: &[u8], is_crlf: bool) -> &[u8] {
    match raw.strip_suffix(b"\r") {
        Some(shorter) if is_crlf => shorter,
        _ => raw,
    }
}

/// One row, however many cells it has.
struct Line<'c> {
    /// Without the line feed.
    raw: &'c [u8],
    /// Whether a line feed follows.
    is_ended: bool,
    /// Whether every quote is closed; if not, the row ends at the next line feed.
    is_closed: bool,
}

/// Takes content apart into rows, and each into cells.
#[derive(Clone)]
struct Lines<'c> {
    content: &'c [u8],
    at: usize,
    delimiter: u8,
    /// Cells of the last row.
    cells: Vec<&'c [u8]>,
}

impl<'c> Lines<'c> {
    fn new(content: &'c [u8], delimiter: u8) -> Self {
        Self {
            content,
            at: 0,
            delimiter,
            cells: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<Line<'c>> {
        let content = self.content;
        let start = self.at;
        if start >= content.len() {
            return None;
        }
        self.cells.clear();
        let mut at = start;
        let (end, is_closed) = loop {
            let Some(end) = cell_end(content, at, self.delimiter) else {
                let rest = content[start..].iter().position(|byte| *byte == b'\n');
                break (rest.map_or(content.len(), |len| start + len), false);
            };
            self.cells.push(&content[at..end]);
            match content.get(end) {
                Some(byte) if *byte == self.delimiter => at = end + 1,
                _ => break (end, true),
            }
        };
        self.at = end + 1;
        Some(Line {
            raw: &content[start..end],
            is_ended: end < content.len(),
            is_closed,
        })
    }
}

/// Where the cell that begins at `at` ends: before a delimiter, a line feed or nothing. `None` where
/// its quote is not closed.
fn cell_end(content: &[u8], at: usize, delimiter: u8) -> Option<usize> {
    let mut from = at;
    if content.get(at) == Some(&b'"') {
        from = at + 1;
        loop {
            from += content.get(from..)?.iter().position(|byte| *byte == b'"')? + 1;
            if content.get(from) != Some(&b'"') {
                break;
            }
            from += 1;
        }
    }
    let rest = content.get(from..).unwrap_or_default();
    let len = rest
        .iter()
        .position(|byte| *byte == delimiter || *byte == b'\n');
    Some(from + len.unwrap_or(rest.len()))
}

/// The first of cells that were written one after the other, each before a line feed; `cells` moves
/// behind it. `None` where there is no whole one.
pub(super) fn take_cell<'c>(cells: &mut &'c [u8]) -> Option<&'c [u8]> {
    let end = cell_end(cells, 0, b'\n')?;
    let (cell, rest) = cells.split_at_checked(end)?;
    *cells = rest.strip_prefix(b"\n")?;
    Some(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_split_where_quotes_allow() {
        let content = b"a,b\n\"x,\ny\",2\nq\"q,\"z\"\"\" t\n\"open,1\n3,4";
        let table = Table::split(content, b',', 2, true);
        assert_eq!(table.header, Some(&b"a,b"[..]));
        let cells: Vec<&str> = table
            .cells
            .iter()
            .map(|cell| std::str::from_utf8(cell).unwrap())
            .collect();
        assert_eq!(cells, ["\"x,\ny\"", "2", "q\"q", "\"z\"\"\" t", "3", "4"]);
        assert_eq!(table.odd, [(2, &b"\"open,1"[..])]);
        assert_eq!((table.is_crlf, table.is_ended), (false, false));
        let numbers: Vec<usize> = (0..3).map(|row| table.regular_row_number(row)).collect();
        assert_eq!(numbers, [2, 3, 5]);
    }

    #[test]
    fn the_delimiter_is_what_rows_have_in_common() {
        for (content, expected) in [
            ("a,b\n1,2\n", (b',', 2, true)),
            ("x;y;z\n1,5;2,5;0\n3,5;2;1\n", (b';', 3, true)),
            ("1\t2\n3\t4, 5\n", (b'\t', 2, false)),
            (",name\n0,x\n1,y\n", (b',', 2, true)),
            ("a,a\n1,2\n", (b',', 2, false)),
        ] {
            assert_eq!(
                dialect(content.as_bytes()).unwrap(),
                expected,
                "{content:?}"
            );
        }
    }
}
