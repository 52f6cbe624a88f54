//! Distance matrices as CSV: a header with the names of the columns, and rows that start with theirs.

use std::io::{self, Write};

use codec_core::Result;

use super::rows::{self, Rows};
use super::{Asymmetry, DistanceMatrix};
use crate::text::{self, Place};

pub(super) fn write(matrix: &DistanceMatrix, out: &mut dyn Write) -> io::Result<()> {
    for name in matrix.names() {
        write!(out, ",{}", quoted(name))?;
    }
    writeln!(out)?;
    for (row, name) in matrix.names().iter().enumerate() {
        write!(out, "{}", quoted(name))?;
        for column in 0..matrix.len() {
            write!(out, ",{}", matrix.get(row, column))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn parse(bytes: &[u8], asymmetry: Asymmetry) -> Result<DistanceMatrix> {
    let text = text::utf8(bytes)?;
    let mut lines = text::lines(text.trim_start_matches('\u{feff}'));
    let start = Place { line: 1, at: 0 };
    let (place, header) = lines
        .next()
        .ok_or_else(|| start.error("expected a header with the names, found nothing"))?;
    let mut columns = fields(header, place)?;
    if columns.len() < 2 {
        return Err(place.error("expected a header such as ,NAME,NAME and rows NAME,0,0.5"));
    }
    columns.remove(0);
    let mut rows = Rows::default();
    for (place, line) in lines {
        let mut fields = fields(line, place)?.into_iter();
        let name = fields.next().unwrap_or_default();
        let Some(column) = columns.get(rows.names.len()) else {
            let n = columns.len();
            return Err(place.error(format!("expected {n} rows, as many as columns, found more")));
        };
        if *column != name {
            return Err(place.error(format!(
                "expected the row of {column}, as the columns are ordered, found {name:?}"
            )));
        }
        let values: Result<Vec<f32>> = fields
            .map(|field| rows::distance(field.trim(), place))
            .collect();
        let values = values?;
        if values.len() != columns.len() {
            let (n, found) = (columns.len(), values.len());
            return Err(place.error(format!("expected {n} distances, found {found}")));
        }
        rows.names.push(name);
        rows.places.push(place);
        rows.values.push(values);
    }
    if rows.names.len() < columns.len() {
        let end = rows.places.last().copied().unwrap_or(place);
        let missing = &columns[rows.names.len()];
        return Err(end.error(format!("the text ends before the row of {missing}")));
    }
    rows.square(asymmetry)
}

/// A name as a field.
fn quoted(name: &str) -> String {
    if name.contains([',', '"']) || name.trim() != name {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

/// The fields of a line. Names have no line ends in them, so a record is a line.
fn fields(line: &str, place: Place) -> Result<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(inside) => {
                let (field, after) = unquoted(inside)
                    .ok_or_else(|| place.error("a quotation mark is not closed on its line"))?;
                if !after.is_empty() && !after.starts_with(',') {
                    return Err(place.error("expected a comma after the closing quotation mark"));
                }
                (field, after)
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// The text up to the closing quotation mark, with doubled ones halved, and what follows.
fn unquoted(inside: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = inside;
    loop {
        let end = rest.find('"')?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Some((field, rest)),
        }
    }
}
