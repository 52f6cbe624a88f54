//! The result schema shared by every benchmark of the suite.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use codec_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::machine::{Build, Machine};

/// The version of [`Record`] as it stands in every record.
pub const SCHEMA: &str = "codec-bench/1";

/// One codec with one setting on one item: what every benchmark writes, classical or learned.
///
/// Written as JSON lines, one object per record. Readers should ignore fields they do not know; a
/// change that breaks them changes [`SCHEMA`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// Codec identifier; `system-NAME` for a tool of the system.
    pub codec: String,
    /// The spec in its shortest form, such as `zstd:19`.
    pub label: String,
    /// The level and every setting that differs from its default.
    pub params: BTreeMap<String, String>,
    /// What was written: `container`, `native`, or `system` for a tool's own format.
    pub stream: String,
    /// Labels of the system tools that were run with the same settings, for comparison.
    pub peers: Vec<String>,
    /// Name of the collection that the item is from.
    pub dataset: String,
    /// Name of the item within the dataset.
    pub item: String,
    /// Size of the content, in bytes.
    pub content_bytes: u64,
    /// Size of the compressed file with all headers and indexes, in bytes.
    pub encoded_bytes: u64,
    /// Compressed bits per byte of content; 0 for empty content.
    pub bits_per_byte: f64,
    /// Compressed bits per pixel of pictures.
    pub bpp: Option<f64>,
    /// Quality of what was decoded, by name of the metric; empty for lossless codecs.
    pub metrics: BTreeMap<String, f64>,
    /// Wall time to encode, in seconds: the minimum of the runs, as are the other times.
    pub encode_s: f64,
    /// Wall time to decode, in seconds.
    pub decode_s: f64,
    /// User and system time of all threads to encode, in seconds.
    pub encode_cpu_s: f64,
    /// User and system time of all threads to decode, in seconds.
    pub decode_cpu_s: f64,
    /// Largest resident set of a process that encodes or one that decodes, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Largest resident set of a process that decodes, in bytes.
    pub decode_rss_bytes: Option<u64>,
    /// Worker threads that were allowed.
    pub threads: usize,
    /// Runs that the minimum was taken of.
    pub runs: u32,
    /// What was timed: `call`, a call from memory to memory, or `process`, a whole process from file
    /// to file with its start.
    pub timing: String,
    /// What was run.
    pub build: Build,
    /// Where it was run.
    pub machine: Machine,
    /// Content hash of the model, for learned codecs.
    pub model_sha256: Option<String>,
    /// When the benchmark started, RFC 3339.
    pub date: String,
}

impl Record {
    /// Content bytes per compressed byte: larger is better.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.content_bytes as f64 / self.encoded_bytes.max(1) as f64
    }
}

/// Writes records as JSON lines.
///
/// # Errors
/// [`Error::Io`].
pub fn write_json_lines(records: &[Record], mut output: impl Write) -> Result<()> {
    for record in records {
        let line = serde_json::to_string(record)
            .map_err(|error| Error::Internal(format!("record to JSON: {error}")))?;
        writeln!(output, "{line}").map_err(Error::io("write records"))?;
    }
    Ok(())
}

/// Reads records from JSON lines; empty lines are passed over.
///
/// # Errors
/// [`Error::Io`], or [`Error::Unsupported`] for a line that is not a record of this schema.
pub fn read_json_lines(input: impl BufRead) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for (number, line) in (1_u64..).zip(input.lines()) {
        let line = line.map_err(Error::io("read records"))?;
        if line.trim().is_empty() {
            continue;
        }
        let record: Record = serde_json::from_str(&line)
            .map_err(|error| Error::Unsupported(format!("line {number}: {error}")))?;
        if record.schema != SCHEMA {
            return Err(Error::Unsupported(format!(
                "line {number}: schema '{}', expected '{SCHEMA}'",
                record.schema
            )));
        }
        records.push(record);
    }
    Ok(records)
}

/// Writes records as comma-separated values with a header line.
///
/// # Errors
/// [`Error::Io`].
pub fn write_csv(records: &[Record], mut output: impl Write) -> Result<()> {
    let mut line = |fields: Vec<String>| {
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        writeln!(output, "{}", fields.join(",")).map_err(Error::io("write records"))
    };
    line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect())?;
    for record in records {
        line(COLUMNS.iter().map(|(_, field)| field(record)).collect())?;
    }
    Ok(())
}

/// The text of one field of a record.
type Field = fn(&Record) -> String;

/// The columns of the CSV file: the fields of [`Record`], those of `build` and `machine` apart.
const COLUMNS: &[(&str, Field)] = &[
    ("schema", |r| r.schema.clone()),
    ("codec", |r| r.codec.clone()),
    ("label", |r| r.label.clone()),
    ("params", |r| pairs(&r.params)),
    ("stream", |r| r.stream.clone()),
    ("peers", |r| r.peers.join(" ")),
    ("dataset", |r| r.dataset.clone()),
    ("item", |r| r.item.clone()),
    ("content_bytes", |r| r.content_bytes.to_string()),
    ("encoded_bytes", |r| r.encoded_bytes.to_string()),
    ("bits_per_byte", |r| r.bits_per_byte.to_string()),
    ("bpp", |r| optional(r.bpp)),
    ("metrics", |r| pairs(&r.metrics)),
    ("encode_s", |r| r.encode_s.to_string()),
    ("decode_s", |r| r.decode_s.to_string()),
    ("encode_cpu_s", |r| r.encode_cpu_s.to_string()),
    ("decode_cpu_s", |r| r.decode_cpu_s.to_string()),
    ("peak_rss_bytes", |r| optional(r.peak_rss_bytes)),
    ("decode_rss_bytes", |r| optional(r.decode_rss_bytes)),
    ("threads", |r| r.threads.to_string()),
    ("runs", |r| r.runs.to_string()),
    ("timing", |r| r.timing.clone()),
    ("version", |r| r.build.version.clone()),
    ("profile", |r| r.build.profile.clone()),
    ("target", |r| r.build.target.clone()),
    ("cpu", |r| r.machine.cpu.clone()),
    ("cores", |r| r.machine.cores.to_string()),
    ("os", |r| r.machine.os.clone()),
    ("model_sha256", |r| optional(r.model_sha256.as_ref())),
    ("date", |r| r.date.clone()),
];

fn pairs(map: &BTreeMap<String, impl ToString>) -> String {
    let pairs: Vec<String> = map
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_string()))
        .collect();
    pairs.join(" ")
}

fn optional(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// The field in quotes where it must be (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::record;

    #[test]
    fn json_lines_read_back_as_the_same_records() {
        let records = [
            record("zstd:3", "a", 1000, 300),
            record("xz:6", "b, c", 10, 9),
        ];
        let mut lines = Vec::new();
        write_json_lines(&records, &mut lines).unwrap();
        assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 2);
        assert_eq!(read_json_lines(lines.as_slice()).unwrap(), records);
    }

    #[test]
    fn a_foreign_schema_is_refused_with_its_line() {
        let mut other = record("zstd:3", "a", 1000, 300);
        other.schema = "codec-bench/9".into();
        let mut lines = b"\n".to_vec();
        write_json_lines(&[other], &mut lines).unwrap();
        let error = read_json_lines(lines.as_slice()).unwrap_err().to_string();
        assert!(error.starts_with("line 2") && error.contains("codec-bench/9"));
        assert!(read_json_lines(b"{}".as_slice()).is_err());
    }

    #[test]
    fn every_csv_line_has_every_column() {
        let mut csv = Vec::new();
        let records = [record("zstd:3", "a \"b\", c", 1000, 300)];
        write_csv(&records, &mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].contains(",\"a \"\"b\"\", c\",1000,300,2.4,"),
            "{csv}"
        );
        let commas = lines[1]
            .replace("\"a \"\"b\"\", c\"", "")
            .matches(',')
            .count();
        assert_eq!(commas, lines[0].matches(',').count());
    }
}
