//! From files and folders to items.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use codec_core::{Error, LimitKind, Result};
use flate2::bufread::MultiGzDecoder;

use super::{Dataset, Item, ReadOptions};

/// What a file of a data set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Rows with column names in the first one; CSV or TSV.
    Table,
    /// FASTA, one item for each record; the lines of a sequence are joined.
    Fasta,
    /// FASTQ with four lines a record, one item for each; qualities are left out.
    Fastq,
    /// Any file, one item.
    Whole,
}

impl Format {
    /// The format by a file's name (`.gz` aside), or else by its first bytes: `>` is FASTA, `@` with
    /// a `+` two lines later FASTQ, a first line with tabs or commas and one of the usual column
    /// names a table, and anything else a whole.
    #[must_use]
    pub fn of(path: &Path, start: &[u8]) -> Format {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        match suffix {
            "tsv" | "tab" | "csv" => return Format::Table,
            "fa" | "fasta" | "fna" | "ffn" | "faa" | "frn" | "fas" | "fsa" => return Format::Fasta,
            "fq" | "fastq" => return Format::Fastq,
            _ => {}
        }
        let mut lines = start.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default().trim_ascii();
        if first.starts_with(b">") && start.len() > first.len() {
            return Format::Fasta;
        }
        if first.starts_with(b"@") && lines.nth(1).is_some_and(|line| line.starts_with(b"+")) {
            return Format::Fastq;
        }
        let first = String::from_utf8_lossy(first).to_ascii_lowercase();
        let mut columns = first.split(['\t', ',', ';']);
        let is_usual = |name: &str| {
            matches!(
                name.trim().trim_matches('"'),
                "sequence" | "seq" | "text" | "content"
            )
        };
        let is_table = first.contains(['\t', ',', ';']) && columns.any(is_usual);
        if is_table {
            Format::Table
        } else {
            Format::Whole
        }
    }
}

/// Reads a file or folder.
///
/// Of a folder every file is read, in order of names, those that start with a dot aside, and links to
/// folders are not followed. The label is the name of the sub-folder directly below `path`; for files
/// of sequences only where a header has none. Of tables and of files of sequences every row or record
/// is an item, any other file is one item. The one sequence of a FASTA or FASTQ file with a single
/// record is called as the file, without its suffixes.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Limit`] if a file passes
/// [`ReadOptions::max_bytes`], else as [`Dataset::parse`]. Messages about files in folders name the
/// file.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Dataset> {
    let metadata = fs::metadata(path).map_err(Error::io("open"))?;
    if !metadata.is_dir() {
        return read_file(path, None, options);
    }
    let mut files = Vec::new();
    collect(path, None, &mut files)?;
    if files.is_empty() {
        return Err(Error::Usage("there are no files in the folder".into()));
    }
    let mut data = Dataset::default();
    for (file, label) in files {
        let read = read_file(&file, label.as_deref(), options);
        data.append(read.map_err(|error| within(&file, error))?);
    }
    Ok(data)
}

/// The item that a whole file is.
pub(super) fn whole(
    content: Vec<u8>,
    name: &str,
    label: Option<&str>,
    options: &ReadOptions,
) -> Result<Item> {
    if content.is_empty() {
        return Err(Error::corrupt(0, "the file is empty"));
    }
    if label.is_none() && options.needs_labels {
        let problem = "the file has no label: expected a table, sequences with labels in their \
             headers, or a file in a sub-folder that is named after its class";
        return Err(Error::Usage(problem.into()));
    }
    Ok(Item {
        name: name.to_owned(),
        label: label.map(str::to_owned),
        group: None,
        content,
    })
}

fn read_file(path: &Path, label: Option<&str>, options: &ReadOptions) -> Result<Dataset> {
    let file = File::open(path).map_err(Error::io("open"))?;
    let text = unpacked(BufReader::new(file), options.max_bytes)?;
    let format = options.format.unwrap_or_else(|| {
        let start = text.get(..text.len().min(1 << 16)).unwrap_or_default();
        Format::of(path, start)
    });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if format == Format::Whole {
        let name = match label {
            Some(label) => format!("{label}/{name}"),
            None => name.into_owned(),
        };
        return Ok(Dataset::new(vec![whole(text, &name, label, options)?]));
    }
    let stem = name.split('.').next().unwrap_or_default();
    // A folder's label stands in for the one a header lacks.
    let needs_labels = options.needs_labels && label.is_none();
    let options = ReadOptions {
        needs_labels,
        ..options.clone()
    };
    let mut data = Dataset::parse(&text, stem, format, &options)?;
    if data.is_empty() {
        let problem = match format {
            Format::Table => "the table has no rows below its column names",
            _ => "the file has no records",
        };
        return Err(Error::corrupt(0, problem));
    }
    if let ([only], false) = (&mut data.items[..], format == Format::Table) {
        only.name = stem.to_owned();
    }
    for item in &mut data.items {
        item.label = item.label.take().or_else(|| label.map(str::to_owned));
    }
    Ok(data)
}

/// Everything from `reader`, unpacked if it starts as gzip does.
fn unpacked(mut reader: impl BufRead, max_bytes: u64) -> Result<Vec<u8>> {
    let cannot = Error::io("read");
    let is_gzip = reader
        .fill_buf()
        .map_err(&cannot)?
        .starts_with(&[0x1f, 0x8b]);
    let mut text = Vec::new();
    let limit = max_bytes.saturating_add(1);
    if is_gzip {
        let mut packed = MultiGzDecoder::new(reader).take(limit);
        packed.read_to_end(&mut text).map_err(|error| {
            Error::corrupt(0, format!("the gzip stream does not decode: {error}"))
        })?;
    } else {
        reader.take(limit).read_to_end(&mut text).map_err(&cannot)?;
    }
    if text.len() as u64 > max_bytes {
        return Err(Error::Limit {
            what: "a file of the data set",
            needed: text.len() as u64,
            allowed: max_bytes,
            limit: LimitKind::Memory,
        });
    }
    Ok(text)
}

/// The files below a folder with the sub-folder of `path` that they are in.
fn collect(
    path: &Path,
    label: Option<&str>,
    files: &mut Vec<(PathBuf, Option<String>)>,
) -> Result<()> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("read the folder"))? {
        let entry = entry.map_err(Error::io("read the folder"))?;
        entries.push((entry.file_name(), entry.path()));
    }
    entries.sort();
    for (name, path) in entries {
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        let kind = fs::symlink_metadata(&path).map_err(Error::io("open"))?;
        if kind.is_dir() {
            collect(&path, Some(label.unwrap_or(&name)), files)?;
        } else if fs::metadata(&path).is_ok_and(|target| target.is_file()) {
            files.push((path, label.map(str::to_owned)));
        }
    }
    Ok(())
}

/// The error with the name of the file in front.
fn within(file: &Path, error: Error) -> Error {
    let file = file.display();
    match error {
        Error::Corrupt { at, problem } => Error::corrupt(at, format!("{file}: {problem}")),
        Error::Usage(problem) => Error::Usage(format!("{file}: {problem}")),
        other => other,
    }
}
