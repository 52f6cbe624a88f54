//! Reports of measurements, written to files that are whole as soon as they are there.

use std::io::{self, Write};
use std::path::Path;

use crate::attributes;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shown;

/// Where reports go; `-` is standard output.
pub(crate) struct ReportFiles<'a> {
    paths: Vec<&'a Path>,
    force: bool,
}

impl<'a> ReportFiles<'a> {
    /// The reports asked for. What is in the way is said now and not after hours of measuring.
    pub(crate) fn new(paths: &[Option<&'a Path>], force: bool) -> Result<Self, Failure> {
        let paths: Vec<&Path> = paths.iter().copied().flatten().collect();
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
            if !force && !is_stdout(path) && path.symlink_metadata().is_ok() {
                let failure = Failure::new(Exit::Error, format!("{name} exists already"));
                return Err(failure.hint("-f overwrites it"));
            }
        }
        Ok(ReportFiles { paths, force })
    }

    /// Whether a report has standard output.
    pub(crate) fn has_stdout(&self) -> bool {
        self.paths.iter().any(|path| is_stdout(path))
    }

    /// Writes a report.
    pub(crate) fn put(
        &self,
        path: &Path,
        bytes: &[u8],
        console: &mut Console,
    ) -> Result<(), Failure> {
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
            if self.force {
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
