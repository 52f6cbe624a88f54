//! Latents of a plane of a frame that are known, with room around them.

use super::BANDS;

/// Columns of room on each side.
const SIDE: usize = 4;
/// Bands of room below the lowest.
const BELOW: usize = 4;
/// Errors count up to this, in 1/16.
const MOST_ERROR: i64 = 1 << 24;

/// Known latents of a plane and how far each was from its mean; zero where nothing is known.
pub(super) struct Field {
    stride: usize,
    values: Vec<i32>,
    errors: Vec<i32>,
}

impl Field {
    pub(super) fn new(columns: usize) -> Self {
        let stride = columns + 2 * SIDE;
        let len = stride * (BELOW + BANDS + 1);
        Field {
            stride,
            values: vec![0; len],
            errors: vec![0; len],
        }
    }

    /// Index of a place.
    pub(super) fn at(&self, band: usize, column: usize) -> usize {
        (BELOW + band) * self.stride + SIDE + column
    }

    /// Makes `value` known, which was expected at `mean` in 1/4096.
    #[inline]
    pub(super) fn set(&mut self, at: usize, value: i32, mean: i32) {
        let error = ((i64::from(value) << 12) - i64::from(mean)).abs() >> 8;
        self.values[at] = value;
        self.errors[at] = error.min(MOST_ERROR) as i32;
    }

    /// `N` latents of the band `down` below from the column that is `right` of the place on.
    #[inline]
    pub(super) fn values<const N: usize>(&self, at: usize, down: usize, right: isize) -> [i32; N] {
        let start = (at - down * self.stride).saturating_add_signed(right);
        let mut out = [0; N];
        out.copy_from_slice(&self.values[start..start + N]);
        out
    }

    /// `N` errors in 1/16, as [`values`](Self::values).
    #[inline]
    pub(super) fn errors<const N: usize>(&self, at: usize, down: usize, right: isize) -> [i32; N] {
        let start = (at - down * self.stride).saturating_add_signed(right);
        let mut out = [0; N];
        out.copy_from_slice(&self.errors[start..start + N]);
        out
    }

    /// The error in 1/16 of the band above.
    #[inline]
    pub(super) fn error_above(&self, at: usize) -> i32 {
        self.errors[at + self.stride]
    }
}
