//! Tables with a header row: fields between tabs, commas or semicolons.

use codec_core::{Error, Result};

use super::{Item, Place, ReadOptions, counted};

/// The rows of a text, see [`super::Dataset::parse`].
///
/// The separator is the first of tab, comma and semicolon that the header has. Between commas and
/// semicolons a field may be quoted as in RFC 4180; between tabs a field that begins and ends with
/// `"` loses these, and lines are rows always.
pub(super) fn parse(text: &[u8], file: &str, options: &ReadOptions) -> Result<Vec<Item>> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let separators = [b'\t', b',', b';'];
    let separator = separators
        .into_iter()
        .find(|byte| first_line.contains(byte));
    let mut rows = Rows {
        text,
        at: 0,
        line: 1,
        // A table of one column has no separator; a tab then stands for "lines are fields".
        separator: separator.unwrap_or(b'\t'),
    };
    let header = rows
        .next(&Place {
            file,
            kind: "row",
            number: 0,
            line: 1,
            at: 0,
        })?
        .ok_or_else(|| Error::corrupt(0, "the table is empty: expected a row of column names"))?;
    let columns = Columns::find(&header, options)?;
    let mut items = Vec::new();
    loop {
        rows.pass_blank_lines();
        let place = Place {
            file,
            kind: "row",
            number: items.len() + 1,
            line: rows.line,
            at: rows.at,
        };
        let Some(row) = rows.next(&place)? else {
            return Ok(items);
        };
        if row.len() != header.len() {
            let fields = counted(row.len(), "field", "fields");
            let problem = format!("{fields}, but the header has {}", header.len());
            return Err(place.error(&problem));
        }
        items.push(columns.item(row, &place, options)?);
    }
}

/// Which column holds what.
struct Columns {
    sequence: usize,
    label: Option<(usize, String)>,
    group: Option<usize>,
    name: Option<usize>,
}

impl Columns {
    fn find(header: &[Vec<u8>], options: &ReadOptions) -> Result<Self> {
        let names: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let find = |wanted: &Option<String>, usual: &[&str], option: &str| match wanted {
            Some(wanted) => match names.iter().position(|name| name == wanted) {
                Some(column) => Ok(Some(column)),
                None => Err(Error::Usage(format!(
                    "there is no column '{wanted}' for {option} (columns: {})",
                    names.join(", ")
                ))),
            },
            None => Ok(usual.iter().find_map(|usual| {
                names
                    .iter()
                    .position(|name| name.eq_ignore_ascii_case(usual))
            })),
        };
        let usual = ["sequence", "seq", "text", "content"];
        let sequence = find(&options.sequence_column, &usual, "sequences")?;
        let Some(sequence) = sequence else {
            return Err(Error::Usage(format!(
                "which column holds the sequences? None of {} is there (columns: {})",
                usual.join(", "),
                names.join(", ")
            )));
        };
        let usual = ["class", "label", "family", "category", "target"];
        let label = find(&options.label_column, &usual, "labels")?;
        if label.is_none() && options.needs_labels {
            return Err(Error::Usage(format!(
                "which column holds the labels? None of {} is there (columns: {})",
                usual.join(", "),
                names.join(", ")
            )));
        }
        Ok(Columns {
            sequence,
            label: label.map(|column| {
                let name = names.get(column).cloned().unwrap_or_default();
                (column, name)
            }),
            group: find(&options.group_column, &["group"], "groups")?,
            name: find(&options.id_column, &["id", "name", "accession"], "names")?,
        })
    }

    fn item(
        &self,
        mut row: Vec<Vec<u8>>,
        place: &Place<'_>,
        options: &ReadOptions,
    ) -> Result<Item> {
        let text_of = |column: usize| {
            let field = row.get(column).map_or(&[][..], Vec::as_slice).trim_ascii();
            (!field.is_empty()).then(|| String::from_utf8_lossy(field).into_owned())
        };
        let label = self.label.as_ref().and_then(|(column, _)| text_of(*column));
        if let (None, Some((_, column)), true) = (&label, &self.label, options.needs_labels) {
            return Err(place.error(&format!("no label in column '{column}'")));
        }
        let group = self.group.and_then(text_of);
        let name = self.name.and_then(text_of);
        let content = row.get_mut(self.sequence).map(std::mem::take);
        let content = content.unwrap_or_default();
        if content.trim_ascii().is_empty() {
            return Err(place.error("the sequence is empty"));
        }
        Ok(Item {
            name: name.unwrap_or_else(|| format!("{}:{}", place.file, place.number)),
            label,
            group,
            content,
        })
    }
}

/// Rows as lists of fields; blank lines are passed over.
struct Rows<'t> {
    text: &'t [u8],
    at: usize,
    /// The line that starts at `at`, from 1.
    line: usize,
    separator: u8,
}

impl Rows<'_> {
    fn next(&mut self, place: &Place<'_>) -> Result<Option<Vec<Vec<u8>>>> {
        self.pass_blank_lines();
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        if self.separator == b'\t' {
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            self.pass((line.len() + 1).min(rest.len()));
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            return Ok(Some(
                line.split(|byte| *byte == b'\t').map(unquoted).collect(),
            ));
        }
        let mut fields = Vec::new();
        let mut used = 0;
        loop {
            let (field, len) = self.field(rest.get(used..).unwrap_or_default(), place)?;
            fields.push(field);
            used += len;
            match rest.get(used) {
                Some(byte) if *byte == self.separator => used += 1,
                Some(_) => {
                    self.pass(used + 1);
                    return Ok(Some(fields));
                }
                None => {
                    self.pass(used);
                    return Ok(Some(fields));
                }
            }
        }
    }

    fn pass_blank_lines(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        self.pass(blank.count());
    }

    /// The field that `rest` starts with, and its length up to the separator or line feed.
    fn field(&self, rest: &[u8], place: &Place<'_>) -> Result<(Vec<u8>, usize)> {
        let ends = |byte: &u8| *byte == self.separator || *byte == b'\n';
        let Some(quoted) = rest.strip_prefix(b"\"") else {
            let len = rest.iter().position(ends).unwrap_or(rest.len());
            let field = rest.get(..len).unwrap_or_default();
            let is_last = rest.get(len) != Some(&self.separator);
            let field = match field.strip_suffix(b"\r") {
                Some(field) if is_last => field,
                _ => field,
            };
            return Ok((field.to_vec(), len));
        };
        let mut field = Vec::new();
        let mut used = 0;
        loop {
            let part = quoted.get(used..).unwrap_or_default();
            let Some(quote) = part.iter().position(|byte| *byte == b'"') else {
                return Err(place.error("a quoted field does not end"));
            };
            field.extend_from_slice(part.get(..quote).unwrap_or_default());
            used += quote + 1;
            if part.get(quote + 1) == Some(&b'"') {
                field.push(b'"');
                used += 1;
                continue;
            }
            let behind = quoted.get(used..).unwrap_or_default();
            let blank = behind.iter().position(ends).unwrap_or(behind.len());
            if !behind.iter().take(blank).all(|byte| *byte == b'\r') {
                return Err(place.error("there is text behind a quoted field"));
            }
            return Ok((field, 1 + used + blank));
        }
    }

    /// Goes on by `len` bytes.
    fn pass(&mut self, len: usize) {
        let passed = self.text.get(self.at..).unwrap_or_default();
        let passed = passed.get(..len.min(passed.len())).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at += passed.len();
    }
}

fn unquoted(field: &[u8]) -> Vec<u8> {
    match field
        .strip_prefix(b"\"")
        .and_then(|field| field.strip_suffix(b"\""))
    {
        Some(inner) => inner.to_vec(),
        None => field.to_vec(),
    }
}
