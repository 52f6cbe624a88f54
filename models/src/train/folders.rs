//! Files of a kind in folders.

use std::path::{Path, PathBuf};

use codec_core::{Error, Result};

/// All files in the folders, and in the folders in these, whose names end in one of the suffixes; in
/// the order of their paths.
///
/// # Errors
/// [`Error::Usage`] if a folder cannot be read.
pub(crate) fn files_in(folders: &[PathBuf], suffixes: &[&str]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for folder in folders {
        list(folder, suffixes, &mut paths)?;
    }
    paths.sort();
    Ok(paths)
}

fn list(folder: &Path, suffixes: &[&str], paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Error::Usage(format!("{}: {error}", folder.display())))?;
    for entry in entries {
        let path = entry.map_err(Error::io("list a folder"))?.path();
        if path.is_dir() {
            list(&path, suffixes, paths)?;
        } else if let Some(suffix) = path.extension().and_then(|suffix| suffix.to_str())
            && suffixes.contains(&suffix.to_lowercase().as_str())
        {
            paths.push(path);
        }
    }
    Ok(())
}
