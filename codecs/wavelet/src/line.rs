//! Wavelet packets of signals.

use crate::band::{band_of_row, gain_of, mirrored};
use crate::error::{Error, check_length};
use crate::lifting::Rows;
use crate::{Boundary, MAX_LEVELS};

/// The full wavelet packet transform of signals, `[c, n]` to `[c * 2^J, ceil(n / 2^J)]`.
///
/// Channel `k` of the signal becomes channels `k * 2^J ..` of the coefficients, in the order of
/// bands: a band's number in base 2 has the first split as its most significant digit, 0 for low and
/// 1 for high. The numbers are in the order of the tree; the frequencies are not sorted.
///
/// Signals whose length is not a multiple of `2^J` are mirrored at their last sample until it is;
/// the inverse cuts that off again.
#[derive(Debug, Clone)]
pub struct Packet1d {
    levels: u32,
    boundary: Boundary,
}

impl Packet1d {
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

    /// The same transform with other values outside of the signal.
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

    /// Bands of one channel, `2^J`.
    #[must_use]
    pub fn bands(&self) -> usize {
        1 << self.levels
    }

    /// Coefficients of one band of a signal of `n` samples, `ceil(n / 2^J)`.
    #[must_use]
    pub fn band_len(&self, n: usize) -> usize {
        n.div_ceil(self.bands())
    }

    /// Coefficients of `c` channels of `n` samples.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if they cannot be counted.
    pub fn coefficients(&self, c: usize, n: usize) -> Result<usize, Error> {
        self.band_len(n)
            .checked_mul(self.bands())
            .and_then(|all| all.checked_mul(c))
            .filter(|all| *all <= isize::MAX as usize / size_of::<f32>())
            .ok_or(Error::TooLarge)
    }

    /// Coefficients `[c * 2^J, ceil(n / 2^J)]` of samples `[c, n]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if `samples` are not `c * n`.
    pub fn forward(&self, samples: &[f32], [c, n]: [usize; 2]) -> Result<Vec<f32>, Error> {
        let mut coefficients = vec![0.0; self.coefficients(c, n)?];
        self.forward_into(samples, [c, n], &mut coefficients)?;
        Ok(coefficients)
    }

    /// [`Packet1d::forward`] into memory that is there already.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of the slices does not have the length of its shape.
    pub fn forward_into(
        &self,
        samples: &[f32],
        [c, n]: [usize; 2],
        coefficients: &mut [f32],
    ) -> Result<(), Error> {
        self.check(samples, [c, n], coefficients)?;
        if samples.is_empty() {
            return Ok(());
        }
        let (bands, length) = (self.bands(), self.band_len(n));
        for (signal, planes) in samples
            .chunks_exact(n)
            .zip(coefficients.chunks_exact_mut(bands * length))
        {
            let mut rows = rows_of(planes, length, self.levels);
            for (at, row) in rows.iter_mut().enumerate() {
                for (t, value) in row.iter_mut().enumerate() {
                    *value = signal[mirrored(t * bands + at, n)];
                }
            }
            Rows {
                rows: &mut rows,
                lanes: 1,
                boundary: self.boundary,
            }
            .analyse();
            for (at, row) in rows.iter_mut().enumerate() {
                scale(row, gain_of(self.levels, &[at]) as f32);
            }
        }
        Ok(())
    }

    /// Samples `[c, n]` of coefficients `[c * 2^J, ceil(n / 2^J)]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the coefficients are not those of the shape.
    pub fn inverse(&self, coefficients: &[f32], [c, n]: [usize; 2]) -> Result<Vec<f32>, Error> {
        self.coefficients(c, n)?;
        let mut samples = vec![0.0; c * n];
        self.inverse_into(coefficients, [c, n], &mut samples)?;
        Ok(samples)
    }

    /// [`Packet1d::inverse`] into memory that is there already.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if one of the slices does not have the length of its shape.
    pub fn inverse_into(
        &self,
        coefficients: &[f32],
        [c, n]: [usize; 2],
        samples: &mut [f32],
    ) -> Result<(), Error> {
        self.check(samples, [c, n], coefficients)?;
        if samples.is_empty() {
            return Ok(());
        }
        let (bands, length) = (self.bands(), self.band_len(n));
        let mut scratch = vec![0.0; bands * length];
        for (signal, planes) in samples
            .chunks_exact_mut(n)
            .zip(coefficients.chunks_exact(bands * length))
        {
            scratch.copy_from_slice(planes);
            let mut rows = rows_of(&mut scratch, length, self.levels);
            for (at, row) in rows.iter_mut().enumerate() {
                scale(row, (1.0 / gain_of(self.levels, &[at])) as f32);
            }
            Rows {
                rows: &mut rows,
                lanes: 1,
                boundary: self.boundary,
            }
            .synthesise();
            for (at, value) in signal.iter_mut().enumerate() {
                *value = rows[at % bands][at / bands];
            }
        }
        Ok(())
    }

    fn check(
        &self,
        samples: &[f32],
        [c, n]: [usize; 2],
        coefficients: &[f32],
    ) -> Result<(), Error> {
        let expected = self.coefficients(c, n)?;
        check_length("samples", c * n, samples.len())?;
        check_length("coefficients", expected, coefficients.len())
    }
}

/// The bands of one channel as rows of the polyphase form.
fn rows_of(planes: &mut [f32], length: usize, levels: u32) -> Vec<&mut [f32]> {
    let mut bands: Vec<&mut [f32]> = planes.chunks_exact_mut(length).collect();
    (0..bands.len())
        .map(|row| std::mem::take(&mut bands[band_of_row(row, levels)]))
        .collect()
}

fn scale(row: &mut [f32], factor: f32) {
    for value in row {
        *value *= factor;
    }
}
