//! Folders of pictures as records.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use codec_core::{Error, LimitKind, Result};
use image::{ColorType, ImageDecoder, ImageError, ImageReader};

use super::file::io_error;
use super::{MOST_VALUES, npy_bytes};
use crate::{Records, Schema};

/// Most bytes that the decoder of one picture may allocate, beside its pixels.
const MOST_MEMORY: u64 = 16 << 20;

/// The pictures of a folder, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// The variables of a picture, row by row, with [`Schema::grid`]; in a pixel channel by channel,
    /// and of 16-bit values the high byte first.
    pub schema: Schema,
    /// The pixels, a record for each picture.
    pub records: Records,
    /// The names of the files.
    pub names: Vec<String>,
    /// Bytes of a value: 1 or 2.
    pub bytes_per_value: usize,
}

impl Pictures {
    /// The pixels as a `.npy` file of `[n, h, w]`, or `[n, h, w, c]` if a pixel has `c > 1` channels,
    /// of type `|u1` or `>u2`. [`super::part`] gives the same schema and records for it.
    #[must_use]
    pub fn to_npy(&self) -> Vec<u8> {
        let (rows, columns) = self.schema.grid.unwrap_or((1, self.schema.len()));
        let channels = self.schema.len() / (rows * columns * self.bytes_per_value);
        let shape = [self.records.len(), rows, columns, channels];
        let extents = if channels == 1 { 3 } else { 4 };
        npy_bytes(
            &shape[..extents],
            self.bytes_per_value,
            self.records.values(),
        )
    }
}

/// The pictures in a folder: PNG or PNM, all of one size and colour type, 8 or 16 bits, gray or RGB,
/// with alpha or without. Files whose names start with a dot are skipped.
///
/// Pixels are what the picture shows: palettes become RGB, fewer than 8 bits are scaled to 8, and PNM
/// with a largest value other than 255 or 65535 is scaled to that. `max_bytes` limits the values of
/// all pictures together, in bytes.
///
/// # Errors
/// All name the file, and what was expected and found where there is a number.
/// - [`Error::Usage`] if there are no pictures.
/// - [`Error::Unsupported`] if a file is no such picture or a folder, if pictures differ in size or
///   colour type, or if one has more than [`MOST_VALUES`] variables.
/// - [`Error::Corrupt`] if a picture does not decode, [`Error::Io`] if it cannot be read.
/// - [`Error::Limit`] if there are more values than `max_bytes`.
pub fn read_folder(path: &Path, max_bytes: u64) -> Result<Pictures> {
    let mut values = Vec::new();
    let mut names = Vec::new();
    let mut first: Option<(PathBuf, Look)> = None;
    for (name, file) in listed(path)? {
        let (look, pixels) = picture(&file)?;
        let (first_file, first_look) = first.get_or_insert_with(|| (file.clone(), look));
        if look != *first_look {
            return Err(Error::Unsupported(format!(
                "{}: expected {first_look}, as {} has it, found {look}: pictures of a folder are \
                 equal in size and colour type",
                file.display(),
                first_file.display(),
            )));
        }
        let needed = (values.len() + pixels.len()) as u64;
        if needed > max_bytes {
            return Err(Error::Limit {
                what: "a folder of pictures",
                needed,
                allowed: max_bytes,
                limit: LimitKind::Memory,
            });
        }
        values.extend_from_slice(&pixels);
        names.push(name.to_string_lossy().into_owned());
    }
    let Some((_, look)) = first else {
        let problem = format!("{}: there are no pictures in this folder", path.display());
        return Err(Error::Usage(problem));
    };
    let width = look.values() as usize;
    Ok(Pictures {
        schema: Schema {
            grid: Some((look.rows as usize, look.columns as usize)),
            ..Schema::bytes(width)
        },
        records: Records::new(width, values),
        names,
        bytes_per_value: look.bytes_per_value(),
    })
}

/// What pictures of a folder have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    rows: u32,
    columns: u32,
    colour: ColorType,
}

impl Look {
    /// Number of variables.
    fn values(self) -> u64 {
        u64::from(self.rows)
            .saturating_mul(u64::from(self.columns))
            .saturating_mul(u64::from(self.colour.bytes_per_pixel()))
    }

    fn bytes_per_value(self) -> usize {
        usize::from(self.colour.bytes_per_pixel() / self.colour.channel_count())
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colour = match self.colour.channel_count() {
            1 => "gray",
            2 => "gray with alpha",
            3 => "RGB",
            _ => "RGB with alpha",
        };
        let bits = 8 * self.bytes_per_value();
        write!(
            f,
            "{} x {} pixels of {bits}-bit {colour}",
            self.columns, self.rows
        )
    }
}

/// The files of a folder with their names, in the order of the names' bytes.
fn listed(path: &Path) -> Result<Vec<(OsString, PathBuf)>> {
    let cannot = io_error(path);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(&cannot)? {
        let entry = entry.map_err(&cannot)?;
        let (name, file) = (entry.file_name(), entry.path());
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if file.is_dir() {
            let problem = format!("{}: expected a picture, found a folder", file.display());
            return Err(Error::Unsupported(problem));
        }
        files.push((name, file));
    }
    files.sort();
    Ok(files)
}

/// One picture: how it looks, and its pixels with the high bytes of 16-bit values first.
fn picture(file: &Path) -> Result<(Look, Vec<u8>)> {
    let fails = |error| image_error(file, error);
    let mut reader = ImageReader::open(file)
        .and_then(ImageReader::with_guessed_format)
        .map_err(io_error(file))?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(fails)?;
    let (columns, rows) = decoder.dimensions();
    let look = Look {
        rows,
        columns,
        colour: decoder.color_type(),
    };
    let known = matches!(look.colour.bytes_per_pixel(), 1..=8) && look.bytes_per_value() <= 2;
    if !known || look.values() == 0 || look.values() > MOST_VALUES as u64 {
        return Err(Error::Unsupported(format!(
            "{}: {look} are {} variables, but 1 to {MOST_VALUES} of 8 or 16 bits are read",
            file.display(),
            look.values(),
        )));
    }
    let mut pixels = vec![0; look.values() as usize];
    decoder.read_image(&mut pixels).map_err(fails)?;
    if look.bytes_per_value() == 2 {
        for value in pixels.as_chunks_mut::<2>().0 {
            *value = u16::from_ne_bytes(*value).to_be_bytes();
        }
    }
    Ok((look, pixels))
}

/// An error of the decoder by who has to act on it.
fn image_error(file: &Path, error: ImageError) -> Error {
    match error {
        ImageError::IoError(error)
            if !matches!(
                error.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData
            ) =>
        {
            io_error(file)(error)
        }
        ImageError::IoError(_) | ImageError::Decoding(_) => {
            let problem = format!("{}: the picture does not decode: {error}", file.display());
            Error::corrupt(0, problem)
        }
        _ => Error::Unsupported(format!(
            "{}: expected a PNG or PNM picture: {error}",
            file.display()
        )),
    }
}
