//! Wavelet packets of signals.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::ops::Range;

use crate::band::mirrored;
use crate::error::{Error, check_length};
use crate::lifting::lag;
use crate::window::Window;
use crate::work::{self, Task};
use crate::{Boundary, MAX_LEVELS};

/// Tasks for each thread, so that none waits long for the last one.
const TASKS: usize = 4;

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
    pub(crate) levels: u32,
    pub(crate) boundary: Boundary,
    pub(crate) threads: NonZeroUsize,
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
            threads: NonZeroUsize::MIN,
        })
    }

    /// The same transform with other values outside of the signal.
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

    /// Bands of one channel, `2^J`.
    #[must_use]
    pub fn bands(&self) -> usize {
        1 << self.levels
    }

    /// Euclidean norms of the functions that the coefficients of each band stand for, `[2^J]`.
    ///
    /// CDF 9/7 is only nearly orthonormal: an error of a coefficient counts as the square of its norm
    /// in the error of the signal, as far as errors are not correlated.
    #[must_use]
    pub fn norms(&self) -> Vec<f32> {
        // Functions reach over less than nine blocks; the ends stay out of sight.
        const BLOCKS: usize = 13;
        let n = BLOCKS << self.levels;
        let norm = |band: usize| {
            let mut coefficients = vec![0.0; n];
            coefficients[band * BLOCKS + BLOCKS / 2] = 1.0;
            let function = self.inverse(&coefficients, [1, n]).unwrap_or_default();
            let energy: f64 = function.iter().map(|value| f64::from(value * value)).sum();
            energy.sqrt() as f32
        };
        (0..self.bands()).map(norm).collect()
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
        let length = self.coefficients(c, n)?;
        check_length("samples", c * n, samples.len())?;
        let mut coefficients = vec![0.0; length];
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
        let length = self.band_len(n);
        let part = self.part(c, length);
        let mut tasks: Vec<_> = samples
            .chunks_exact(n)
            .flat_map(|signal| {
                parts(length, part).map(move |blocks| Forward {
                    packet: self,
                    signal,
                    blocks,
                    planes: Vec::with_capacity(self.bands()),
                })
            })
            .collect();
        let count = length.div_ceil(part);
        for (number, plane) in coefficients.chunks_exact_mut(length).enumerate() {
            let first = number / self.bands() * count;
            for (task, plane) in tasks[first..].iter_mut().zip(plane.chunks_mut(part)) {
                task.planes.push(plane);
            }
        }
        work::run(self.threads, tasks);
        Ok(())
    }

    /// Samples `[c, n]` of coefficients `[c * 2^J, ceil(n / 2^J)]`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the coefficients are not those of the shape.
    pub fn inverse(&self, coefficients: &[f32], [c, n]: [usize; 2]) -> Result<Vec<f32>, Error> {
        check_length("coefficients", self.coefficients(c, n)?, coefficients.len())?;
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
        let length = self.band_len(n);
        let part = self.part(c, length);
        let tasks = samples
            .chunks_exact_mut(n)
            .zip(coefficients.chunks_exact(self.bands() * length))
            .flat_map(|(signal, planes)| {
                signal
                    .chunks_mut(part * self.bands())
                    .zip(parts(length, part))
                    .map(move |(signal, blocks)| Inverse {
                        packet: self,
                        planes,
                        blocks,
                        signal,
                    })
            })
            .collect();
        work::run(self.threads, tasks);
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

    /// Blocks of a task: all of a channel, or so few that every thread gets some.
    fn part(&self, channels: usize, blocks: usize) -> usize {
        if self.threads.get() == 1 || self.boundary == Boundary::Periodic {
            return blocks;
        }
        let parts = (self.threads.get() * TASKS).div_ceil(channels);
        blocks.div_ceil(parts).max(16 * lag(self.levels).max(1))
    }

    /// From which block to which a signal must be known for some blocks of the results.
    fn reach(&self, blocks: &Range<usize>, total: usize) -> (usize, usize) {
        let lag = lag(self.levels);
        (
            blocks.start.saturating_sub(lag),
            (blocks.end + lag).min(total),
        )
    }
}

/// The coefficients of some blocks of a signal, into the same blocks of every band.
struct Forward<'a, 'b> {
    packet: &'a Packet1d,
    signal: &'a [f32],
    blocks: Range<usize>,
    planes: Vec<&'b mut [f32]>,
}

impl Task for Forward<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            packet,
            signal,
            blocks,
            mut planes,
        } = self;
        let (size, total) = (packet.bands(), packet.band_len(signal.len()));
        let (mut at, stop) = packet.reach(&blocks, total);
        let (levels, boundary) = (packet.levels, packet.boundary);
        let mut window = Window::splitting(levels, boundary, at, stop - at);
        let whole = signal.len() / size;
        while at < stop {
            let (count, samples) = match boundary {
                Boundary::Periodic => (total, padded(signal, 0..total * size)),
                Boundary::Symmetric if at < whole => {
                    let count = window.room().min(stop.min(whole) - at);
                    (count, Cow::Borrowed(&signal[at * size..][..count * size]))
                }
                Boundary::Symmetric => {
                    window.room();
                    (1, padded(signal, at * size..(at + 1) * size))
                }
            };
            at += count;
            window.split(&samples, at == total, &blocks, &mut planes);
        }
    }
}

/// The samples of some blocks of a signal, which may end within the last of them.
struct Inverse<'a, 'b> {
    packet: &'a Packet1d,
    planes: &'a [f32],
    blocks: Range<usize>,
    signal: &'b mut [f32],
}

impl Task for Inverse<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let Self {
            packet,
            planes,
            blocks,
            signal,
        } = self;
        let total = planes.len() >> packet.levels;
        let (mut at, stop) = packet.reach(&blocks, total);
        let mut window = Window::joining(packet.levels, packet.boundary, at, stop - at);
        while at < stop {
            let count = window.room().min(stop - at);
            let added = planes
                .chunks_exact(total)
                .map(move |plane| &plane[at..at + count]);
            at += count;
            window.join(added, at == total, &blocks, signal);
        }
    }
}

/// The blocks of a signal in parts of equal length.
fn parts(blocks: usize, part: usize) -> impl Iterator<Item = Range<usize>> {
    (0..blocks)
        .step_by(part.max(1))
        .map(move |from| from..(from + part).min(blocks))
}

/// Part of a signal that goes on beyond its end.
fn padded(signal: &[f32], range: Range<usize>) -> Cow<'_, [f32]> {
    if let Some(samples) = signal.get(range.clone()) {
        return Cow::Borrowed(samples);
    }
    range.map(|at| signal[mirrored(at, signal.len())]).collect()
}
