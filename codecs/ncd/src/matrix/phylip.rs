//! PHYLIP distance matrices, square or lower-triangular, with relaxed names.
//!
//! The first line has the number of items; each item starts a line with its name, which ends at the
//! first white space, and its distances follow, on further lines too. The names of classic PHYLIP,
//! ten characters with spaces in them, are not understood: nothing tells them from numbers.

use std::io::{self, Write};

use codec_core::{Error, Result};

use super::rows::{self, Rows};
use super::{Asymmetry, DistanceMatrix, check_names};
use crate::text::{self, Place};

/// Writes `matrix`; white space in names becomes `_`.
pub(super) fn write(matrix: &DistanceMatrix, lower: bool, out: &mut dyn Write) -> Result<()> {
    let spaceless = |name: &String| name.replace(char::is_whitespace, "_");
    let names: Vec<String> = matrix.names().iter().map(spaceless).collect();
    check_names(&names).map_err(|problem| {
        Error::Usage(format!(
            "PHYLIP has no white space in names, and without it {problem}"
        ))
    })?;
    write_rows(matrix, &names, lower, out).map_err(Error::io("write the matrix"))
}

fn write_rows(
    matrix: &DistanceMatrix,
    names: &[String],
    lower: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", matrix.len())?;
    let width = names.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or(0);
    for (row, name) in names.iter().enumerate() {
        let columns = if lower { row } else { matrix.len() };
        if columns == 0 {
            write!(out, "{name}")?;
        } else {
            write!(out, "{name:width$}")?;
        }
        for column in 0..columns {
            write!(out, " {}", matrix.get(row, column))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Reads either kind: it is lower-triangular if the line of the first item has its name alone.
pub(super) fn parse(bytes: &[u8], asymmetry: Asymmetry) -> Result<DistanceMatrix> {
    let text = text::utf8(bytes)?;
    let mut lines = text::lines(text).peekable();
    let start = Place { line: 1, at: 0 };
    let (place, first) = lines
        .next()
        .ok_or_else(|| start.error("expected the number of items, found nothing"))?;
    let n: usize = first.trim().parse().map_err(|_| {
        let found = text::shortened(first.trim());
        place.error(format!("expected the number of items, found {found:?}"))
    })?;
    if n == 0 {
        return Err(place.error("a distance matrix needs at least one item"));
    }
    let lower = match lines.peek() {
        Some((_, line)) => line.split_whitespace().nth(1).is_none(),
        None => false,
    };
    let mut rows = Rows::default();
    while let Some((place, line)) = lines.next() {
        if rows.names.len() == n {
            return Err(place.error(format!("expected nothing after {n} items")));
        }
        let columns = if lower { rows.names.len() } else { n };
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let mut values = Vec::new();
        take(&mut values, words, columns, place)?;
        while values.len() < columns {
            let Some((place, line)) = lines.next() else {
                return Err(place.error(format!(
                    "{name} has {} distances, and the text ends where {columns} are expected",
                    values.len()
                )));
            };
            take(&mut values, line.split_whitespace(), columns, place)?;
        }
        rows.names.push(name);
        rows.places.push(place);
        rows.values.push(values);
    }
    if rows.names.len() < n {
        let end = rows.places.last().copied().unwrap_or(place);
        let found = rows.names.len();
        return Err(end.error(format!(
            "expected {n} items, but after {found} the text ends"
        )));
    }
    if lower {
        rows.lower()
    } else {
        rows.square(asymmetry)
    }
}

/// Appends the distances among `words`, of which there must not be more than `columns` in all.
fn take<'a>(
    values: &mut Vec<f32>,
    words: impl Iterator<Item = &'a str>,
    columns: usize,
    place: Place,
) -> Result<()> {
    for word in words {
        if values.len() == columns {
            let found = text::shortened(word);
            return Err(place.error(format!(
                "expected {columns} distances, found also {found:?}"
            )));
        }
        values.push(rows::distance(word, place)?);
    }
    Ok(())
}
