//! Wavelet packets of images.

use std::num::NonZeroUsize;

use pulp::Arch;

use crate::band::{band_of_cell, band_of_row, cell_of_band, mirrored};
use crate::columns::Columns;
use crate::error::{Error, check_length};
use crate::lifting::{Front, gain, scale};
use crate::polyphase::Polyphase;
use crate::{Boundary, MAX_LEVELS, work};

/// Rows of a task of the horizontal steps.
const ROWS: usize = 64;

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
        let [c, h, w] = shape;
        let [rows, columns] = self.grid(h, w);
        let side = 1 << self.levels;
        let height = rows * side;
        let arch = Arch::new();

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
        let tasks = lines.chunks_mut(ROWS * side).enumerate().collect();
        work::run(self.threads, tasks, |(task, lines)| {
            arch.dispatch(|| {
                let mut row = Polyphase::new(self.levels, self.boundary, columns);
                let mut line = vec![0.0; columns * side];
                for (at, lines) in lines.chunks_exact_mut(side).enumerate() {
                    let at = task * ROWS + at;
                    let y = at / height * h + mirrored(at % height, h);
                    let source = &pixels[y * w..][..w];
                    line[..w].copy_from_slice(source);
                    for x in w..line.len() {
                        line[x] = source[mirrored(x, w)];
                    }
                    row.write(0, &line);
                    row.analyse(Front::whole(columns));
                    for (column, line) in lines.iter_mut().enumerate() {
                        line.copy_from_slice(row.band(band_of_row(column, self.levels)));
                    }
                }
            });
        });

        // The lines one below another for each channel and band.
        let mut stacks: Vec<Vec<&mut [f32]>> = Vec::new();
        stacks.resize_with(c * side, || Vec::with_capacity(height));
        for (number, line) in lines.into_iter().enumerate() {
            stacks[number / (height * side) * side + number % side].push(line);
        }
        let gains = self.gains(gain);
        let tasks = stacks.into_iter().enumerate().collect();
        work::run(
            self.threads,
            tasks,
            |(number, mut stack): (usize, Vec<_>)| {
                let highs = (number % side).count_ones() as usize;
                arch.dispatch(|| {
                    self.advance(
                        &mut stack,
                        columns,
                        |columns, front| columns.analyse(front),
                        |row, line| {
                            let gain = gains[highs + (row % side).count_ones() as usize];
                            line.iter_mut().for_each(|value| *value *= gain);
                        },
                    );
                });
            },
        );
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
        let [c, h, w] = shape;
        let [rows, columns] = self.grid(h, w);
        let side = 1 << self.levels;
        let height = rows * side;
        let arch = Arch::new();

        // Rows that the vertical steps need below the image.
        let mut below = vec![0.0; c * (height - h) * w];
        let mut below = below.chunks_exact_mut(w);
        let mut lines: Vec<&mut [f32]> = Vec::with_capacity(c * height);
        for image in pixels.chunks_exact_mut(h * w) {
            lines.extend(image.chunks_exact_mut(w));
            lines.extend(below.by_ref().take(height - h));
        }
        let gains = self.gains(|levels, highs| 1.0 / gain(levels, highs));
        let tasks = lines.chunks_mut(ROWS).enumerate().collect();
        work::run(self.threads, tasks, |(task, lines)| {
            arch.dispatch(|| {
                let mut row = Polyphase::new(self.levels, self.boundary, columns);
                let mut line = vec![0.0; columns * side];
                for (at, target) in lines.iter_mut().enumerate() {
                    let at = task * ROWS + at;
                    let (channel, y) = (at / height, at % height);
                    for column in 0..side {
                        let band =
                            channel * self.bands() + band_of_cell(y % side, column, self.levels);
                        let highs = (y % side).count_ones() + column.count_ones();
                        scale(
                            &coefficients[(band * rows + y / side) * columns..][..columns],
                            gains[highs as usize],
                            row.band_mut(band_of_row(column, self.levels)),
                        );
                    }
                    row.synthesise(Front::whole(columns));
                    row.read(0, &mut line);
                    target.copy_from_slice(&line[..w]);
                }
            });
        });

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
        work::run(self.threads, stacks, |mut stack| {
            arch.dispatch(|| {
                let width = w.min(COLUMNS);
                self.advance(
                    &mut stack,
                    width,
                    |columns, front| columns.synthesise(front),
                    |_, _| {},
                );
            });
        });
        Ok(())
    }

    /// Runs vertical steps from top to bottom on so few rows at once that they stay in the cache,
    /// and gives each row that changes no more to `finish`.
    #[inline(always)]
    fn advance(
        &self,
        stack: &mut [&mut [f32]],
        width: usize,
        run: impl Fn(&mut Columns<'_, '_>, Front),
        finish: impl Fn(usize, &mut [f32]),
    ) {
        let blocks = stack.len() >> self.levels;
        let count = match self.boundary {
            Boundary::Symmetric => ((VALUES / width) >> self.levels).max(1),
            Boundary::Periodic => blocks,
        };
        let (mut before, mut finished) = (0, 0);
        while before < blocks {
            let now = (before + count).min(blocks);
            let front = Front {
                before,
                now,
                first: true,
                last: now == blocks,
            };
            let mut columns = Columns {
                rows: stack,
                levels: self.levels,
                boundary: self.boundary,
            };
            run(&mut columns, front);
            // The last row that is final is still a neighbour.
            let settled = front.settled(self.levels);
            let ready = if front.last {
                settled
            } else {
                settled.saturating_sub(1)
            } << self.levels;
            for (row, line) in stack.iter_mut().enumerate().take(ready).skip(finished) {
                finish(row, line);
            }
            (before, finished) = (now, ready);
        }
    }

    fn check(&self, pixels: &[f32], shape: [usize; 3], coefficients: &[f32]) -> Result<(), Error> {
        let expected = self.coefficients(shape)?;
        check_length("pixels", shape.iter().product(), pixels.len())?;
        check_length("coefficients", expected, coefficients.len())
    }

    /// Factors of bands by how often they took the high side on both axes.
    fn gains(&self, of: impl Fn(u32, u32) -> f64) -> Vec<f32> {
        (0..=2 * self.levels)
            .map(|highs| of(2 * self.levels, highs) as f32)
            .collect()
    }
}
