//! Records of a file or a folder, for training.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use codec_core::{Error, LimitKind, Result};
use flate2::bufread::MultiGzDecoder;

use super::{part, read_folder};
use crate::{Records, Schema};

/// The records at a path: those of an array file (see [`part`]), which may be packed with gzip, told
/// by its first bytes; or the pictures of a folder (see [`read_folder`]).
///
/// `max_bytes` limits the unpacked file, or the values of all pictures together, in bytes.
///
/// # Errors
/// Those of [`part`] and [`read_folder`], with the name of the file; [`Error::Io`] if it cannot be
/// read; [`Error::Corrupt`] if it does not unpack; [`Error::Limit`] if it exceeds `max_bytes`.
pub fn read_records(path: &Path, max_bytes: u64) -> Result<(Schema, Records)> {
    if fs::metadata(path).map_err(io_error(path))?.is_dir() {
        let pictures = read_folder(path, max_bytes)?;
        return Ok((pictures.schema, pictures.records));
    }
    let content = unpacked(path, max_bytes)?;
    let parts = part(&content).map_err(|error| within(path, error))?;
    Ok((parts.schema, parts.records))
}

/// An error of the operating system with the name of the file.
pub(super) fn io_error(path: &Path) -> impl Fn(io::Error) -> Error {
    move |error| Error::Io {
        action: "read",
        source: io::Error::new(error.kind(), format!("{}: {error}", path.display())),
    }
}

/// The content of a file, unpacked if it starts as gzip does.
fn unpacked(path: &Path, max_bytes: u64) -> Result<Vec<u8>> {
    let cannot = io_error(path);
    let mut reader = BufReader::new(File::open(path).map_err(&cannot)?);
    let is_gzip = reader
        .fill_buf()
        .map_err(&cannot)?
        .starts_with(&[0x1f, 0x8b]);
    let mut content = Vec::new();
    let most = max_bytes.saturating_add(1);
    if is_gzip {
        let mut packed = MultiGzDecoder::new(reader).take(most);
        packed.read_to_end(&mut content).map_err(|error| {
            let problem = format!("the gzip stream does not decode: {error}");
            within(path, Error::corrupt(0, problem))
        })?;
    } else {
        reader
            .take(most)
            .read_to_end(&mut content)
            .map_err(&cannot)?;
    }
    if content.len() as u64 > max_bytes {
        return Err(Error::Limit {
            what: "a file of records",
            needed: content.len() as u64,
            allowed: max_bytes,
            limit: LimitKind::Memory,
        });
    }
    Ok(content)
}

/// The error with the name of the file in front.
fn within(path: &Path, error: Error) -> Error {
    let file = path.display();
    match error {
        Error::Corrupt { at, problem } => Error::corrupt(at, format!("{file}: {problem}")),
        Error::Unsupported(problem) => Error::Unsupported(format!("{file}: {problem}")),
        other => other,
    }
}
