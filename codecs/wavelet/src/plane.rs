//! Wavelet packets of images.

use crate::band::{band_of_cell, gain_of, mirrored};
use crate::error::{Error, check_length};
use crate::lifting::Rows;
use crate::{Boundary, MAX_LEVELS};

/// The full wavelet packet transform of images, `[c, h, w]` to `[c * 4^J, ceil(h / 2^J), ceil(w / 2^J)]`.
///
/// Channel `k` of the image becomes channels `k * 4^J ..` of the coefficients, in the order of
/// bands: a band's number in base 4 has the first split as its most significant digit, and every
/// digit is `2 * vertical_high + horizontal_high`. The numbers are in the order of the tree; the
/// frequencies are not sorted. Band 0 is a picture `2^J` times as small and `2^J` times as bright.
///
/// Images whose height or width is not a multiple of `2^J` are mirrored at their last row and column
/// until it is; the inverse cuts that off again.
#[derive(Debug, Clone)]
pub struct Packet2d {
    levels: u32,
    boundary: Boundary,
}

impl Packet2d {
    /// The transform with `levels` levels; none copies.
    ///
    /// # Errors
    ///
    /// [`Error::Levels`] above [`MAX_LEVELS`].
    pub fn new(levels: u32) -> Result<Self, Error> {
        if levels > MAX_LEVELS {
            return Err(Error::Levels(levels));
        }
        Ok(Self {
            levels,
            boundary: Boundary::Symmetric,
        })
    }

    /// The same transform with other values outside of the image.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Boundary) -> Self {
        self.boundary = boundary;
        self
    }

    /// Levels, 0 to [`MAX_LEVELS`].
    #[must_use]
    pub fn levels(&self) -> u32 {
        self.levels
    }

    /// Bands of one channel, `4^J`.
    #[must_use]
    pub fn bands(&self) -> usize {
        1 << (2 * self.levels)
    }

    /// Height and width of a band of an image of `h` rows and `w` columns, `[ceil(h / 2^J), ceil(w / 2^J)]`.
    #[must_use]
    pub fn grid(&self, h: usize, w: usize) -> [usize; 2] {
        [h.div_ceil(1 << self.levels), w.div_ceil(1 << self.levels)]
    }

    /// Coefficients of an image `[c, h, w]`.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if they cannot be counted.
    pub fn coefficients(&self, [c, h, w]: [usize; 3]) -> Result<usize, Error> {
        let [rows, columns] = self.grid(h, w);
        [rows, columns, c]
            .into_iter()
            .try_fold(self.bands(), usize::checked_mul)
            .filter(|all| *all <= isize::MAX as usize / size_of::<f32>())
            .ok_or(Error::TooLarge)
    }

    /// Coefficients `[c * 4^J, ceil(h / 2^J), ceil(w / 2^J)]` of pixels `[c, h, w]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if `pixels` are not `c * h * w`.
    pub fn forward(&self, pixels: &[f32], shape: [usize; 3]) -> Result<Vec<f32>, Error> {
        let mut coefficients = vec![0.0; self.coefficients(shape)?];
        self.forward_into(pixels, shape, &mut coefficients)?;
        Ok(coefficients)
    }

    /// [`Packet2d::forward`] into memory that is there already.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of the slices does not have the length of its shape.
    pub fn forward_into(
        &self,
        pixels: &[f32],
        shape: [usize; 3],
        coefficients: &mut [f32],
    ) -> Result<(), Error> {
        self.check(pixels, shape, coefficients)?;
        if pixels.is_empty() {
            return Ok(());
        }
        let [_, h, w] = shape;
        let [rows, columns] = self.grid(h, w);
        let factor = 1 << self.levels;
        let mut line = vec![0.0; columns * factor];
        for (image, planes) in pixels
            .chunks_exact(h * w)
            .zip(coefficients.chunks_exact_mut(self.bands() * rows * columns))
        {
            let mut planes: Vec<&mut [f32]> = planes.chunks_exact_mut(rows * columns).collect();
            for y in 0..rows * factor {
                let source = &image[mirrored(y, h) * w..][..w];
                let mut parts: Vec<&mut [f32]> = line.chunks_exact_mut(columns).collect();
                for (at, part) in parts.iter_mut().enumerate() {
                    for (t, value) in part.iter_mut().enumerate() {
                        *value = source[mirrored(t * factor + at, w)];
                    }
                }
                self.rows(&mut parts, 1).analyse();
                for (at, part) in parts.iter().enumerate() {
                    let plane = &mut planes[band_of_cell(y % factor, at, self.levels)];
                    plane[y / factor * columns..][..columns].copy_from_slice(part);
                }
            }
            for column in 0..factor {
                let mut parts = self.column_of(&mut planes, column);
                self.rows(&mut parts, columns).analyse();
                for (row, part) in parts.into_iter().enumerate() {
                    let gain = gain_of(self.levels, &[row, column]) as f32;
                    part.iter_mut().for_each(|value| *value *= gain);
                    planes[band_of_cell(row, column, self.levels)] = part;
                }
            }
        }
        Ok(())
    }

    /// Pixels `[c, h, w]` of coefficients `[c * 4^J, ceil(h / 2^J), ceil(w / 2^J)]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the coefficients are not those of the shape.
    pub fn inverse(&self, coefficients: &[f32], shape: [usize; 3]) -> Result<Vec<f32>, Error> {
        self.coefficients(shape)?;
        let mut pixels = vec![0.0; shape.iter().product()];
        self.inverse_into(coefficients, shape, &mut pixels)?;
        Ok(pixels)
    }

    /// [`Packet2d::inverse`] into memory that is there already.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of the slices does not have the length of its shape.
    pub fn inverse_into(
        &self,
        coefficients: &[f32],
        shape: [usize; 3],
        pixels: &mut [f32],
    ) -> Result<(), Error> {
        self.check(pixels, shape, coefficients)?;
        if pixels.is_empty() {
            return Ok(());
        }
        let [_, h, w] = shape;
        let [rows, columns] = self.grid(h, w);
        let factor = 1 << self.levels;
        let mut line = vec![0.0; columns * factor];
        let mut scratch = vec![0.0; self.bands() * rows * columns];
        for (image, planes) in pixels
            .chunks_exact_mut(h * w)
            .zip(coefficients.chunks_exact(scratch.len()))
        {
            scratch.copy_from_slice(planes);
            let mut planes: Vec<&mut [f32]> = scratch.chunks_exact_mut(rows * columns).collect();
            for column in 0..factor {
                let mut parts = self.column_of(&mut planes, column);
                for (row, part) in parts.iter_mut().enumerate() {
                    let gain = (1.0 / gain_of(self.levels, &[row, column])) as f32;
                    part.iter_mut().for_each(|value| *value *= gain);
                }
                self.rows(&mut parts, columns).synthesise();
                for (row, part) in parts.into_iter().enumerate() {
                    planes[band_of_cell(row, column, self.levels)] = part;
                }
            }
            for (y, target) in image.chunks_exact_mut(w).enumerate() {
                let mut parts: Vec<&mut [f32]> = line.chunks_exact_mut(columns).collect();
                for (at, part) in parts.iter_mut().enumerate() {
                    let plane = &planes[band_of_cell(y % factor, at, self.levels)];
                    part.copy_from_slice(&plane[y / factor * columns..][..columns]);
                }
                self.rows(&mut parts, 1).synthesise();
                for (x, value) in target.iter_mut().enumerate() {
                    *value = parts[x % factor][x / factor];
                }
            }
        }
        Ok(())
    }

    fn check(&self, pixels: &[f32], shape: [usize; 3], coefficients: &[f32]) -> Result<(), Error> {
        let expected = self.coefficients(shape)?;
        check_length("pixels", shape.iter().product(), pixels.len())?;
        check_length("coefficients", expected, coefficients.len())
    }

    fn rows<'a, 'b>(&self, rows: &'a mut [&'b mut [f32]], lanes: usize) -> Rows<'a, 'b> {
        Rows {
            rows,
            lanes,
            boundary: self.boundary,
        }
    }

    /// The planes of one column of the polyphase form, taken out of their places.
    fn column_of<'a>(&self, planes: &mut [&'a mut [f32]], column: usize) -> Vec<&'a mut [f32]> {
        (0..1 << self.levels)
            .map(|row| std::mem::take(&mut planes[band_of_cell(row, column, self.levels)]))
            .collect()
    }
}
