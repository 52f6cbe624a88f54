//! Pictures to train on.

use std::path::PathBuf;

use codec_core::{Budget, Error, Limits, Result};
use codec_corpora::picture::{Picture, Samples};

use super::folders::files_in;
use crate::random::Random;

/// Pictures in memory, as they were read.
#[derive(Debug)]
pub struct Pictures {
    pictures: Vec<Rgb>,
}

#[derive(Debug)]
struct Rgb {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

impl Pictures {
    /// All pictures of the folders and of the folders in them, in the order of their paths, of at
    /// least `side` by `side` pixels.
    ///
    /// # Errors
    /// [`Error::Io`] where a folder or picture cannot be read, [`Error::Usage`] if there are none.
    pub fn read(folders: &[PathBuf], side: usize) -> Result<Self> {
        let paths = files_in(folders, &SUFFIXES)?;
        let mut pictures = Vec::new();
        for path in paths {
            let picture = Picture::open(&path, &Budget::new(Limits::none()))
                .map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?
                .to_rgb8();
            let (width, height) = (picture.width(), picture.height());
            if let Samples::Eight(samples) = picture.into_samples()
                && width >= side
                && height >= side
            {
                pictures.push(Rgb {
                    width,
                    height,
                    samples,
                });
            }
        }
        if pictures.is_empty() {
            return Err(Error::Usage(format!(
                "no pictures of at least {side} by {side} pixels in {folders:?}"
            )));
        }
        Ok(Pictures { pictures })
    }

    /// Number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// A random crop of `side` by `side` pixels, turned or mirrored at random: planar `[3, side, side]`,
    /// from -0.5 to 0.5.
    #[must_use]
    pub fn crop(&self, side: usize, random: &mut Random) -> Vec<f32> {
        let picture = &self.pictures[random.below(self.pictures.len())];
        let (width, height) = (picture.width, picture.height);
        let left = random.below(width - side + 1);
        let top = random.below(height - side + 1);
        let turn = random.below(8);
        let mut out = vec![0.0; 3 * side * side];
        for y in 0..side {
            for x in 0..side {
                let (mut from_x, mut from_y) = if turn & 1 == 0 { (x, y) } else { (y, x) };
                if turn & 2 != 0 {
                    from_x = side - 1 - from_x;
                }
                if turn & 4 != 0 {
                    from_y = side - 1 - from_y;
                }
                let at = 3 * ((top + from_y) * width + left + from_x);
                for (colour, &value) in picture.samples[at..at + 3].iter().enumerate() {
                    out[(colour * side + y) * side + x] = f32::from(value) / 255.0 - 0.5;
                }
            }
        }
        out
    }
}

const SUFFIXES: [&str; 6] = ["png", "jpg", "jpeg", "ppm", "pgm", "pnm"];
