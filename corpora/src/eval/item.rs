//! Files to evaluate codecs on.

use std::path::{Path, PathBuf};

use codec_core::{Budget, Error, Limits, MediaKind, Result, Shape};

use crate::picture::Picture;
use crate::sound::Sound;

/// A picture or sound in a file.
#[derive(Debug)]
pub struct Original {
    /// Its name in reports.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Size of the file in bytes.
    pub bytes: u64,
    pub(super) content: Content,
}

/// What is in a file.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Image(Picture),
    Audio(Sound),
}

impl Original {
    /// Reads a file: a picture or sound, as its first bytes say.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it is neither; as [`Picture::open`] and [`Sound::open`].
    pub fn open(name: String, path: &Path) -> Result<Self> {
        let bytes = std::fs::metadata(path).map_err(Error::io("open"))?.len();
        Ok(Original {
            name,
            path: path.to_owned(),
            bytes,
            content: Content::open(path)?,
        })
    }

    /// Size and sample format.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.content.shape()
    }

    /// A picture or sound.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
        self.shape().kind()
    }
}

impl Content {
    pub(super) fn open(path: &Path) -> Result<Self> {
        // The files are the caller's own: there is nothing to guard against.
        let budget = Budget::new(Limits::none());
        match Sound::open(path, &budget) {
            Ok(sound) => Ok(Content::Audio(sound)),
            Err(Error::Unsupported(of_sound)) => match Picture::open(path, &budget) {
                Ok(picture) => Ok(Content::Image(picture)),
                // Neither: what both readers say is of more use than what one says.
                Err(Error::Unsupported(of_picture)) => {
                    Err(Error::Unsupported(format!("{of_picture}; {of_sound}")))
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        match self {
            Content::Image(picture) => Shape::Image(picture.shape()),
            Content::Audio(sound) => Shape::Audio(sound.shape()),
        }
    }
}

/// Bits per pixel of pictures, kb/s of sound; 0 for sound without samples.
pub(super) fn rate(shape: &Shape, encoded_bytes: u64) -> f64 {
    let bits = encoded_bytes as f64 * 8.0;
    match shape {
        Shape::Image(image) => bits / image.pixels().max(1) as f64,
        Shape::Audio(audio) if audio.samples > 0 => bits / 1000.0 / audio.seconds(),
        _ => 0.0,
    }
}
