//! Sounds to learn from.

use std::path::PathBuf;

use codec_core::{Budget, Error, Limits, Result};
use codec_corpora::sound::Sound;

use super::folders::files_in;

const SUFFIXES: [&str; 2] = ["wav", "flac"];

/// All sounds in the folders, and in the folders in these, in the order of their paths.
///
/// # Errors
/// [`Error::Usage`] naming a file that cannot be read, or if there are none.
pub fn read(folders: &[PathBuf]) -> Result<Vec<Sound>> {
    let paths = files_in(folders, &SUFFIXES)?;
    if paths.is_empty() {
        return Err(Error::Usage(format!("no sounds in {folders:?}")));
    }
    let open = |path: &PathBuf| {
        Sound::open(path, &Budget::new(Limits::none()))
            .map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
    };
    paths.iter().map(open).collect()
}
