//! The reports of a benchmark: the table on standard output, and files.

use std::io::{self, Write};
use std::path::Path;

use codec_corpora::bench::{Record, html, table, write_csv, write_json_lines};

use super::ReportFiles;
use crate::attributes;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shown;

/// Where the reports go.
pub(super) struct Reports<'a>(&'a ReportFiles);

impl<'a> Reports<'a> {
    /// The reports asked for. What is in the way is said now and not after hours of measuring.
    pub(super) fn new(args: &'a ReportFiles) -> Result<Self, Failure> {
        let reports = Reports(args);
        let paths = reports.paths();
        for (index, path) in paths.iter().enumerate() {
            let name = if is_stdout(path) {
                "standard output".to_owned()
            } else {
                shown::path(path)
            };
            if paths[..index].contains(path) {
                return Err(Failure::usage(format!("{name} is named for two reports")));
            }
            if path.is_dir() {
                return Err(Failure::usage(format!(
                    "cannot write {name}: it is a directory"
                )));
            }
            if !args.force && !is_stdout(path) && path.symlink_metadata().is_ok() {
                let failure = Failure::new(Exit::Error, format!("{name} exists already"));
                return Err(failure.hint("-f overwrites it"));
            }
        }
        Ok(reports)
    }

    /// Writes the reports, and the table unless one of them has standard output.
    pub(super) fn write(&self, records: &[Record], console: &mut Console) -> Result<(), Failure> {
        if !self.paths().iter().any(|path| is_stdout(path)) {
            console.text(table::render(records).as_bytes());
        }
        if let Some(path) = &self.0.json {
            let mut lines = Vec::new();
            write_json_lines(records, &mut lines)?;
            self.put(path, &lines, console)?;
        }
        if let Some(path) = &self.0.csv {
            let mut lines = Vec::new();
            write_csv(records, &mut lines)?;
            self.put(path, &lines, console)?;
        }
        if let Some(path) = &self.0.html {
            self.put(path, html::render(records).as_bytes(), console)?;
        }
        Ok(())
    }

    fn paths(&self) -> Vec<&'a Path> {
        let ReportFiles {
            json, csv, html, ..
        } = self.0;
        let paths = [json, csv, html].into_iter().flatten();
        paths.map(AsRef::as_ref).collect()
    }

    /// Writes a file that is whole as soon as it is there.
    fn put(&self, path: &Path, bytes: &[u8], console: &mut Console) -> Result<(), Failure> {
        if is_stdout(path) {
            console.text(bytes);
            return Ok(());
        }
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let write = || -> io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".codec-")
                .permissions(attributes::to_create_with(None))
                .tempfile_in(directory)?;
            file.write_all(bytes)?;
            if self.0.force {
                file.persist(path)?;
            } else {
                file.persist_noclobber(path)?;
            }
            Ok(())
        };
        let name = shown::path(path);
        write().map_err(|error| Failure::io(&format!("cannot write {name}"), &error))
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}
