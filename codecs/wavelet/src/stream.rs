//! Wavelet packets of signals that come in chunks.

use std::ops::Range;

use crate::Boundary;
use crate::band::mirrored;
use crate::error::{Error, check_length};
use crate::lifting::lag;
use crate::line::Packet1d;
use crate::window::Window;
use crate::work::{self, Task};

/// [`Packet1d::forward`] of a signal in chunks: the same coefficients bit for bit, in memory that does
/// not grow with the signal.
///
/// Coefficients are `2 J` blocks of `2^J` samples behind the samples, and come to an end with
/// [`ForwardStream::finish`].
///
/// ```
/// use codec_wavelet::{ForwardStream, InverseStream, Packet1d};
///
/// let packet = Packet1d::new(2)?;
/// let signal: Vec<f32> = (0..50).map(|t| (t as f32 * 0.3).sin()).collect();
/// let (mut forward, mut inverse) = (ForwardStream::new(&packet, 1)?, InverseStream::new(&packet, 1)?);
/// let mut back = Vec::new();
/// for chunk in signal.chunks(20) {
///     back.extend(inverse.push(&forward.push(chunk)?)?);
/// }
/// back.extend(inverse.push(&forward.finish())?);
/// back.extend(inverse.finish(50)?);
/// assert_eq!(back.len(), 50);
/// assert!(signal.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
/// # Ok::<(), codec_wavelet::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ForwardStream {
    packet: Packet1d,
    channels: Vec<Samples>,
    /// Whole blocks that came in.
    blocks: usize,
    /// Samples that came in after these.
    pending: usize,
}

/// One channel of a signal forward.
#[derive(Debug, Clone)]
struct Samples {
    window: Window,
    /// As many samples as there are of the last block before the pending ones, and these.
    recent: Vec<f32>,
}

impl ForwardStream {
    /// The begin of a signal.
    ///
    /// # Errors
    ///
    /// [`Error::Stream`] for a periodic transform, which needs the end of a signal at its begin.
    pub fn new(packet: &Packet1d, channels: usize) -> Result<Self, Error> {
        check_boundary(packet)?;
        let samples = Samples {
            window: Window::splitting(packet.levels, packet.boundary, 0, usize::MAX),
            recent: Vec::new(),
        };
        Ok(Self {
            packet: packet.clone(),
            channels: vec![samples; channels],
            blocks: 0,
            pending: 0,
        })
    }

    /// Adds samples `[c, m]` of any length; gives the coefficients `[c * 2^J, k]` that are final now,
    /// often none.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the samples are not equally many for each channel.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<f32>, Error> {
        let length = per_channel("samples", samples.len(), self.channels.len())?;
        if length == 0 {
            return Ok(Vec::new());
        }
        for (channel, samples) in self.channels.iter_mut().zip(samples.chunks_exact(length)) {
            channel.recent.extend_from_slice(samples);
        }
        let blocks = self.blocks + (self.pending + length) / self.packet.bands();
        self.pending = (self.pending + length) % self.packet.bands();
        Ok(self.advance(blocks, false))
    }

    /// The coefficients `[c * 2^J, k]` that are left at the end of the signal.
    #[must_use]
    pub fn finish(mut self) -> Vec<f32> {
        let size = self.packet.bands();
        let mut blocks = self.blocks;
        if self.pending > 0 {
            let length = blocks * size + self.pending;
            for Samples { recent, .. } in &mut self.channels {
                let first = length - recent.len();
                for at in length..(blocks + 1) * size {
                    recent.push(recent[mirrored(at, length) - first]);
                }
            }
            blocks += 1;
        }
        self.advance(blocks, true)
    }

    /// Moves on to a number of blocks.
    fn advance(&mut self, blocks: usize, last: bool) -> Vec<f32> {
        let lag = if last { 0 } else { lag(self.packet.levels) };
        let from = settled(self.blocks, self.packet.levels);
        let wanted = from..blocks.saturating_sub(lag);
        let length = wanted.len();
        let size = self.packet.bands();
        let mut coefficients = vec![0.0; self.channels.len() * size * length];
        let mut planes = coefficients.chunks_exact_mut(length.max(1));
        let kept = size.min(self.blocks * size);
        let tasks = self
            .channels
            .iter_mut()
            .map(|channel| Split {
                samples: &channel.recent[kept..kept + (blocks - self.blocks) * size],
                window: &mut channel.window,
                size,
                last,
                wanted: wanted.clone(),
                planes: planes.by_ref().take(size).collect(),
            })
            .collect();
        work::run(self.packet.threads, tasks);
        for Samples { recent, .. } in &mut self.channels {
            let kept = size.min(blocks * size) + self.pending;
            recent.drain(..recent.len().saturating_sub(kept));
        }
        self.blocks = blocks;
        coefficients
    }
}

/// [`Packet1d::inverse`] of a signal in chunks: the same samples bit for bit, in memory that does not
/// grow with the signal. See [`ForwardStream`] for an example.
#[derive(Debug, Clone)]
pub struct InverseStream {
    packet: Packet1d,
    channels: Vec<Window>,
    /// Blocks that came in.
    blocks: usize,
}

impl InverseStream {
    /// The begin of a signal.
    ///
    /// # Errors
    ///
    /// [`Error::Stream`] for a periodic transform, which needs the end of a signal at its begin.
    pub fn new(packet: &Packet1d, channels: usize) -> Result<Self, Error> {
        check_boundary(packet)?;
        let window = Window::joining(packet.levels, packet.boundary, 0, usize::MAX);
        Ok(Self {
            packet: packet.clone(),
            channels: vec![window; channels],
            blocks: 0,
        })
    }

    /// Adds coefficients `[c * 2^J, k]`; gives the samples `[c, m]` that are final now, often none.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the coefficients are not equally many for each band.
    pub fn push(&mut self, coefficients: &[f32]) -> Result<Vec<f32>, Error> {
        let bands = self.channels.len() * self.packet.bands();
        let blocks = per_channel("coefficients", coefficients.len(), bands)?;
        let from = settled(self.blocks, self.packet.levels);
        let to = settled(self.blocks + blocks, self.packet.levels);
        let length = (to - from) * self.packet.bands();
        Ok(self.advance(coefficients, blocks, false, from..to, length))
    }

    /// The samples `[c, m]` that are left of a signal of `n`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if a signal of `n` samples does not have as many coefficients as came in.
    pub fn finish(mut self, n: usize) -> Result<Vec<f32>, Error> {
        let expected = self.packet.band_len(n);
        check_length("coefficients of each band", expected, self.blocks)?;
        let from = settled(self.blocks, self.packet.levels);
        let length = n - from * self.packet.bands();
        Ok(self.advance(&[], 0, true, from..self.blocks, length))
    }

    /// Adds blocks, and gives as many samples of each channel from the first wanted block on.
    fn advance(
        &mut self,
        coefficients: &[f32],
        blocks: usize,
        last: bool,
        wanted: Range<usize>,
        length: usize,
    ) -> Vec<f32> {
        let size = self.packet.bands();
        let mut samples = vec![0.0; self.channels.len() * length];
        let mut signals = samples.chunks_exact_mut(length.max(1));
        let mut planes = coefficients.chunks_exact((size * blocks).max(1));
        let tasks = self
            .channels
            .iter_mut()
            .map(|window| Join {
                window,
                planes: planes.next().unwrap_or_default(),
                blocks,
                last,
                wanted: wanted.clone(),
                signal: signals.next().unwrap_or_default(),
            })
            .collect();
        work::run(self.packet.threads, tasks);
        self.blocks += blocks;
        samples
    }
}

/// Samples that are added to one channel.
struct Split<'a, 'b> {
    window: &'a mut Window,
    samples: &'a [f32],
    /// Samples of a block.
    size: usize,
    last: bool,
    wanted: Range<usize>,
    planes: Vec<&'b mut [f32]>,
}

impl Task for Split<'_, '_> {
    #[inline(always)]
    fn run(mut self) {
        loop {
            let count = (self.window.room() * self.size).min(self.samples.len());
            let (added, rest) = self.samples.split_at(count);
            let last = self.last && rest.is_empty();
            self.window
                .split(added, last, &self.wanted, &mut self.planes);
            self.samples = rest;
            if rest.is_empty() {
                break;
            }
        }
    }
}

/// Coefficients that are added to one channel.
struct Join<'a, 'b> {
    window: &'a mut Window,
    /// `[2^J, blocks]`.
    planes: &'a [f32],
    blocks: usize,
    last: bool,
    wanted: Range<usize>,
    signal: &'b mut [f32],
}

impl Task for Join<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let mut at = 0;
        loop {
            let count = self.window.room().min(self.blocks - at);
            let planes = self
                .planes
                .chunks_exact(self.blocks.max(1))
                .map(move |plane| &plane[at..at + count]);
            at += count;
            let last = self.last && at == self.blocks;
            self.window.join(planes, last, &self.wanted, self.signal);
            if at == self.blocks {
                break;
            }
        }
    }
}

/// Blocks that are final before the end of a signal, after as many came in.
fn settled(blocks: usize, levels: u32) -> usize {
    blocks.saturating_sub(lag(levels))
}

fn check_boundary(packet: &Packet1d) -> Result<(), Error> {
    match packet.boundary {
        Boundary::Symmetric => Ok(()),
        Boundary::Periodic => Err(Error::Stream),
    }
}

/// Values for each of some channels.
fn per_channel(what: &'static str, values: usize, channels: usize) -> Result<usize, Error> {
    let each = values.checked_div(channels).unwrap_or(0);
    check_length(what, each * channels, values)?;
    Ok(each)
}
