//! The file of predictions: one row for each item and method.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::attributes;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shown;

/// A file of predictions that is being made.
pub(super) struct PredictionFile<'p> {
    path: &'p Path,
    force: bool,
    separator: char,
    text: String,
}

/// A row of it.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) schema: &'static str,
    pub(super) name: &'a str,
    #[serde(rename = "true")]
    pub(super) truth: Option<&'a str>,
    pub(super) predicted: &'a str,
    pub(super) probability: f64,
    pub(super) margin: f64,
    pub(super) method: &'a str,
    pub(super) fold: Option<usize>,
}

impl<'p> PredictionFile<'p> {
    /// Checks now and not after hours of work that the file may be written.
    pub(super) fn new(path: &'p Path, force: bool) -> Result<Self, Failure> {
        let name = shown::path(path);
        if path.is_dir() {
            let title = format!("cannot write {name}: it is a directory");
            return Err(Failure::usage(title));
        }
        if !force && !is_stdout(path) && path.symlink_metadata().is_ok() {
            let failure = Failure::new(Exit::Error, format!("{name} exists already"));
            return Err(failure.hint("-f overwrites it"));
        }
        let is_tsv = path
            .extension()
            .is_some_and(|suffix| suffix.eq_ignore_ascii_case("tsv"));
        let mut file = PredictionFile {
            path,
            force,
            separator: if is_tsv { '\t' } else { ',' },
            text: String::new(),
        };
        let titles = [
            "name",
            "true",
            "predicted",
            "probability",
            "margin",
            "method",
            "fold",
        ];
        file.fields(&titles.map(str::to_owned));
        Ok(file)
    }

    /// Whether it goes to standard output.
    pub(super) fn is_stdout(&self) -> bool {
        is_stdout(self.path)
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &Row<'_>) {
        let margin = match row.margin.is_finite() {
            true => format!("{:.6}", row.margin),
            false => String::new(),
        };
        self.fields(&[
            row.name.to_owned(),
            row.truth.unwrap_or_default().to_owned(),
            row.predicted.to_owned(),
            format!("{:.6}", row.probability),
            margin,
            row.method.to_owned(),
            row.fold
                .map(|fold| (fold + 1).to_string())
                .unwrap_or_default(),
        ]);
    }

    /// Writes everything; the file is whole as soon as it is there.
    pub(super) fn write(self, console: &mut Console) -> Result<(), Failure> {
        if is_stdout(self.path) {
            console.text(self.text.as_bytes());
            return Ok(());
        }
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let write = || -> io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".codec-")
                .suffix(".tmp")
                .permissions(attributes::to_create_with(None))
                .tempfile_in(directory)?;
            file.write_all(self.text.as_bytes())?;
            match self.force {
                true => file.persist(self.path)?,
                false => file.persist_noclobber(self.path)?,
            };
            Ok(())
        };
        let name = shown::path(self.path);
        write().map_err(|error| Failure::io(&format!("cannot write {name}"), &error))
    }

    fn fields(&mut self, fields: &[String]) {
        for (number, field) in fields.iter().enumerate() {
            if number > 0 {
                self.text.push(self.separator);
            }
            let quotes = self.separator == ',' && field.contains([',', '"', '\n', '\r']);
            if quotes {
                self.text.push('"');
                self.text.push_str(&field.replace('"', "\"\""));
                self.text.push('"');
            } else {
                // A tab cannot stand in a field of TSV.
                self.text.push_str(&field.replace(['\t', '\n', '\r'], " "));
            }
        }
        self.text.push('\n');
    }
}

/// Whether a report goes to standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}
