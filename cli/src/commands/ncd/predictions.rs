//! The file of predictions: one row for each item and method.

use std::io::Write;
use std::path::Path;

use codec_suite::core::Error;
use serde::Serialize;

use crate::console::Console;
use crate::failure::Failure;
use crate::output::{Output, Target};

/// A file of predictions that is being made.
pub(super) struct PredictionFile {
    /// `None` for standard output.
    output: Option<Output>,
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

impl PredictionFile {
    /// Opens the file now, not after hours of work that could not be written. It is made of `inputs`.
    pub(super) fn new(inputs: &[&Path], path: &Path, force: bool) -> Result<Self, Failure> {
        let output = match is_stdout(path) {
            true => None,
            false => Some(Output::made_of(
                inputs,
                &Target::File(path.to_owned()),
                force,
            )?),
        };
        let is_tsv = path
            .extension()
            .is_some_and(|suffix| suffix.eq_ignore_ascii_case("tsv"));
        let mut file = PredictionFile {
            output,
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
        self.output.is_none()
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
        let Some(mut output) = self.output else {
            console.text(self.text.as_bytes());
            return Ok(());
        };
        let written = output.write_all(self.text.as_bytes());
        written.map_err(|error| {
            let failure = Failure::from(Error::io("write the predictions")(error));
            output.take_failure().unwrap_or(failure)
        })?;
        output.complete()?;
        output.commit()
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
