//! Wavelet packets of images.

use std::num::NonZeroUsize;

use crate::band::{band_of_cell, band_of_row, cell_of_band, mirrored};
use crate::columns::Columns;
use crate::error::{Error, check_length};
use crate::lifting::{Front, gain, scale};
use crate::polyphase::Polyphase;
use crate::work::{self, Task};
use crate::{Boundary, MAX_LEVELS};

/// Rows of a task of the horizontal steps.
const ROWS: usize = 64;

/// Pixels on which the horizontal steps run at once: some rows, where rows are short.
const LINES: usize = 1 << 12;

/// Columns of a task of the vertical steps backward.
const COLUMNS: usize = 256;

/// Values on which the vertical steps advance at once.
const VALUES: usize = 1 << 12;

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
    threads: NonZeroUsize,
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
            threads: NonZeroUsize::MIN,
        })
    }

    /// The same transform with other values outside of the image.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Boundary) -> Self {
        self.boundary = boundary;
        self
    }

    /// The same transform on as many threads; the results are equal for every number.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
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

    /// Euclidean norms of the functions that the coefficients of each band stand for, `[4^J]`; see
    /// [`Packet1d::norms`](crate::Packet1d::norms), of which they are products.
    #[must_use]
    pub fn norms(&self) -> Vec<f32> {
        let line = crate::Packet1d::new(self.levels).map(|line| line.with_boundary(self.boundary));
        let norms = line.map(|line| line.norms()).unwrap_or_default();
        let of = |band: usize| {
            // The digits of a band in base 4 are pairs of digits of a row's and a column's.
            let (row, column) = (0..self.levels).fold((0, 0), |(row, column), level| {
                let digit = band >> (2 * (self.levels - 1 - level)) & 3;
                (row << 1 | digit >> 1, column << 1 | digit & 1)
            });
            norms[row] * norms[column]
        };
        (0..self.bands()).map(of).collect()
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
        let [c, h, w] = shape;
        let length = self.coefficients(shape)?;
        check_length("pixels", h * w * c, pixels.len())?;
        let mut coefficients = vec![0.0; length];
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
        let [c, h, w] = shape;
        let [rows, columns] = self.grid(h, w);
        let side = 1 << self.levels;
        let height = rows * side;

        // A line of the results for each row and each band of the horizontal steps.
        let mut lines: Vec<&mut [f32]> = Vec::new();
        lines.resize_with(c * height * side, Default::default);
        for (number, plane) in coefficients.chunks_exact_mut(rows * columns).enumerate() {
            let (row, column) = cell_of_band(number % self.bands(), self.levels);
            let first = number / self.bands() * height + row;
            for (block, line) in plane.chunks_exact_mut(columns).enumerate() {
                lines[(first + block * side) * side + column] = line;
            }
        }
        let tasks = lines
            .chunks_mut(ROWS * side)
            .enumerate()
            .map(|(task, lines)| SplitRows {
                packet: self,
                pixels,
                size: [h, w],
                first: task * ROWS,
                lines,
            })
            .collect();
        work::run(self.threads, tasks);

        // The lines one below another for each channel and band.
        let mut stacks: Vec<Vec<&mut [f32]>> = Vec::new();
        stacks.resize_with(c * side, || Vec::with_capacity(height));
        for (number, line) in lines.into_iter().enumerate() {
            stacks[number / (height * side) * side + number % side].push(line);
        }
        let gains = self.gains(gain);
        let tasks = stacks
            .into_iter()
            .enumerate()
            .map(|(number, stack)| SplitColumns {
                packet: self,
                stack,
                gains: &gains[(number % side).count_ones() as usize..],
            })
            .collect();
        work::run(self.threads, tasks);
        Ok(())
    }

    /// Pixels `[c, h, w]` of coefficients `[c * 4^J, ceil(h / 2^J), ceil(w / 2^J)]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the coefficients are not those of the shape.
    pub fn inverse(&self, coefficients: &[f32], shape: [usize; 3]) -> Result<Vec<f32>, Error> {
        check_length(
            "coefficients",
            self.coefficients(shape)?,
            coefficients.len(),
        )?;
        let [c, h, w] = shape;
        let mut pixels = vec![0.0; h * w * c];
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
        let [c, h, w] = shape;
        let [rows, columns] = self.grid(h, w);
        let side = 1 << self.levels;
        let height = rows * side;

        // Rows that the vertical steps need below the image.
        let mut below = vec![0.0; c * (height - h) * w];
        let mut below = below.chunks_exact_mut(w);
        let mut lines: Vec<&mut [f32]> = Vec::with_capacity(c * height);
        for image in pixels.chunks_exact_mut(h * w) {
            lines.extend(image.chunks_exact_mut(w));
            lines.extend(below.by_ref().take(height - h));
        }
        let gains = self.gains(|levels, highs| 1.0 / gain(levels, highs));
        let tasks = lines
            .chunks_mut(ROWS)
            .enumerate()
            .map(|(task, lines)| JoinRows {
                packet: self,
                coefficients,
                grid: [rows, columns],
                gains: &gains,
                first: task * ROWS,
                lines,
            })
            .collect();
        work::run(self.threads, tasks);

        // The rows in strips from top to bottom.
        let strips = w.div_ceil(COLUMNS);
        let mut stacks: Vec<Vec<&mut [f32]>> = Vec::new();
        stacks.resize_with(c * strips, || Vec::with_capacity(height));
        for (number, line) in lines.into_iter().enumerate() {
            let first = number / height * strips;
            for (stack, part) in stacks[first..].iter_mut().zip(line.chunks_mut(COLUMNS)) {
                stack.push(part);
            }
        }
        let tasks = stacks
            .into_iter()
            .map(|stack| JoinColumns {
                packet: self,
                stack,
            })
            .collect();
        work::run(self.threads, tasks);
        Ok(())
    }

    /// The fronts with which vertical steps advance from top to bottom, on so few rows at once that
    /// they stay in the cache.
    fn fronts(&self, stack: &[&mut [f32]]) -> impl Iterator<Item = Front> + use<> {
        let blocks = stack.len() >> self.levels;
        let width = stack.first().map_or(1, |row| row.len());
        let count = match self.boundary {
            Boundary::Symmetric => ((VALUES / width) >> self.levels).max(1),
            Boundary::Periodic => blocks,
        };
        (0..blocks).step_by(count).map(move |before| Front {
            before,
            now: (before + count).min(blocks),
            first: true,
            last: before + count >= blocks,
        })
    }

    fn check(&self, pixels: &[f32], shape: [usize; 3], coefficients: &[f32]) -> Result<(), Error> {
        let expected = self.coefficients(shape)?;
        let [c, h, w] = shape;
        check_length("pixels", h * w * c, pixels.len())?;
        check_length("coefficients", expected, coefficients.len())
    }

    /// Factors of bands by how often they took the high side on both axes.
    fn gains(&self, of: impl Fn(u32, u32) -> f64) -> Vec<f32> {
        (0..=2 * self.levels)
            .map(|highs| of(2 * self.levels, highs) as f32)
            .collect()
    }
}

/// Horizontal steps forward on some rows of an image.
struct SplitRows<'a, 'b, 'c> {
    packet: &'a Packet2d,
    /// `[c, h, w]`.
    pixels: &'a [f32],
    /// Height and width of the image.
    size: [usize; 2],
    /// The first row, counted through all channels with the rows that are added to each.
    first: usize,
    /// `[rows, 2^J]`.
    lines: &'b mut [&'c mut [f32]],
}

impl Task for SplitRows<'_, '_, '_> {
    #[inline(always)]
    fn run(self) {
        let [h, w] = self.size;
        let Packet2d {
            levels, boundary, ..
        } = *self.packet;
        let side = 1 << levels;
        let [rows, columns] = self.packet.grid(h, w);
        let height = rows * side;
        let count = (self.lines.len() / side).min((LINES / w).max(1));
        let mut batch = Polyphase::of_lines(levels, boundary, columns, count);
        let mut samples = vec![0.0; count * columns * side];
        for (number, lines) in self.lines.chunks_mut(count * side).enumerate() {
            let first = self.first + number * count;
            // After the last rows of the task, a batch is filled up with rows that nothing is made of.
            for (at, samples) in (first..).zip(samples.chunks_exact_mut(columns * side)) {
                let y = at / height * h + mirrored(at % height, h);
                let Some(source) = self.pixels.get(y * w..(y + 1) * w) else {
                    break;
                };
                samples[..w].copy_from_slice(source);
                for x in w..samples.len() {
                    samples[x] = source[mirrored(x, w)];
                }
            }
            batch.write(0, &samples);
            batch.analyse(Front::whole(count * columns));
            for (at, line) in lines.iter_mut().enumerate() {
                let band = batch.band(band_of_row(at % side, levels));
                line.copy_from_slice(&band[at / side * columns..][..columns]);
            }
        }
    }
}

/// Vertical steps forward on one of the bands of the horizontal ones.
struct SplitColumns<'a, 'b> {
    packet: &'a Packet2d,
    /// From top to bottom.
    stack: Vec<&'b mut [f32]>,
    /// By how often a band took the vertically high side.
    gains: &'a [f32],
}

impl Task for SplitColumns<'_, '_> {
    #[inline(always)]
    fn run(mut self) {
        let Packet2d {
            levels, boundary, ..
        } = *self.packet;
        let mut finished = 0;
        for front in self.packet.fronts(&self.stack) {
            let rows = &mut self.stack;
            Columns {
                rows,
                levels,
                boundary,
            }
            .analyse(front);
            // The last block that is final is still a neighbour.
            let settled = front
                .settled(levels)
                .saturating_sub(usize::from(!front.last))
                << levels;
            for row in finished..settled {
                let gain = self.gains[(row & ((1 << levels) - 1)).count_ones() as usize];
                for value in &mut *self.stack[row] {
                    *value *= gain;
                }
            }
            finished = settled;
        }
    }
}

/// Horizontal steps backward on some rows of an image.
struct JoinRows<'a, 'b, 'c> {
    packet: &'a Packet2d,
    /// `[c * 4^J, grid]`.
    coefficients: &'a [f32],
    /// Height and width of a band.
    grid: [usize; 2],
    /// By how often a band took the high side on both axes.
    gains: &'a [f32],
    /// The first row, counted through all channels with the rows that are added to each.
    first: usize,
    /// `[rows]`.
    lines: &'b mut [&'c mut [f32]],
}

impl Task for JoinRows<'_, '_, '_> {
    #[inline(always)]
    fn run(self) {
        let [rows, columns] = self.grid;
        let Packet2d {
            levels, boundary, ..
        } = *self.packet;
        let side = 1 << levels;
        let width = self.lines.first().map_or(1, |line| line.len());
        let count = self.lines.len().min((LINES / width).max(1));
        let mut batch = Polyphase::of_lines(levels, boundary, columns, count);
        let mut samples = vec![0.0; count * columns * side];
        for (number, lines) in self.lines.chunks_mut(count).enumerate() {
            let first = self.first + number * count;
            for at in 0..lines.len() {
                let (channel, y) = ((first + at) / (rows * side), (first + at) % (rows * side));
                for column in 0..side {
                    let band =
                        channel * self.packet.bands() + band_of_cell(y % side, column, levels);
                    let highs = (y % side).count_ones() + column.count_ones();
                    scale(
                        &self.coefficients[(band * rows + y / side) * columns..][..columns],
                        self.gains[highs as usize],
                        &mut batch.band_mut(band_of_row(column, levels))[at * columns..],
                    );
                }
            }
            batch.synthesise(Front::whole(count * columns));
            batch.read(0, &mut samples);
            for (line, samples) in lines.iter_mut().zip(samples.chunks_exact(columns * side)) {
                line.copy_from_slice(&samples[..line.len()]);
            }
        }
    }
}

/// Vertical steps backward on some columns of an image.
struct JoinColumns<'a, 'b> {
    packet: &'a Packet2d,
    /// From top to bottom.
    stack: Vec<&'b mut [f32]>,
}

impl Task for JoinColumns<'_, '_> {
    #[inline(always)]
    fn run(mut self) {
        let Packet2d {
            levels, boundary, ..
        } = *self.packet;
        for front in self.packet.fronts(&self.stack) {
            let rows = &mut self.stack;
            Columns {
                rows,
                levels,
                boundary,
            }
            .synthesise(front);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_those_of_single_coefficients() {
        let packet = Packet2d::new(3).unwrap();
        let norms = packet.norms();
        let side = 8 * 33;
        for band in [0, 1, 2, 27, 63] {
            let mut coefficients = vec![0.0; side * side];
            coefficients[band * 33 * 33 + 16 * 33 + 16] = 1.0;
            let pixels = packet.inverse(&coefficients, [1, side, side]).unwrap();
            let energy: f32 = pixels.iter().map(|value| value * value).sum();
            assert!((energy.sqrt() - norms[band]).abs() < 1e-3, "band {band}");
        }
        assert!(norms.iter().any(|norm| (norm - 1.0).abs() > 0.1));
    }
}
