//! Samples to latents and back, in a stream.

use codec_core::{Error, Result};
use codec_wavelet::{ForwardStream, InverseStream, Packet1d};

use super::{BANDS, COLUMNS, LEVELS};

/// The band of the packet transform that is `place`-th by frequency: each high-pass band turns the
/// order of the next split around.
fn packet_band(place: usize) -> usize {
    place ^ (place >> 1)
}

fn internal(error: codec_wavelet::Error) -> Error {
    Error::Internal(error.to_string())
}

/// Norms of the functions of all bands, in the order of their frequencies: a latent is a coefficient
/// times its norm, so that an error of one counts as that of a sample.
fn norms(packet: &Packet1d) -> Vec<f32> {
    let norms = packet.norms();
    (0..BANDS).map(|place| norms[packet_band(place)]).collect()
}

/// Latents `[planes, BANDS, columns]` that are not quantised, or were restored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// Number of columns.
    pub(super) count: usize,
    /// Values, the last dimension fastest.
    pub(super) values: Vec<f32>,
}

/// Turns samples into frames of latents.
pub(super) struct Analysis {
    stream: ForwardStream,
    planes: usize,
    norms: Vec<f32>,
    /// Latents for the next frame: a row for each plane and band.
    waiting: Vec<Vec<f32>>,
}

impl Analysis {
    pub(super) fn new(planes: usize) -> Result<Self> {
        let packet = Packet1d::new(LEVELS).map_err(internal)?;
        Ok(Analysis {
            stream: ForwardStream::new(&packet, planes).map_err(internal)?,
            planes,
            norms: norms(&packet),
            waiting: vec![Vec::new(); planes * BANDS],
        })
    }

    /// Adds samples, interleaved by channel.
    pub(super) fn push(&mut self, samples: &[f32]) -> Result<()> {
        let planes = planes_of(samples, self.planes);
        let coefficients = self.stream.push(&planes).map_err(internal)?;
        self.keep(&coefficients);
        Ok(())
    }

    fn keep(&mut self, coefficients: &[f32]) {
        let count = coefficients.len() / (self.planes * BANDS);
        for (row, waiting) in self.waiting.iter_mut().enumerate() {
            let from = row / BANDS * BANDS + packet_band(row % BANDS);
            let norm = self.norms[row % BANDS];
            let values = &coefficients[from * count..(from + 1) * count];
            waiting.extend(values.iter().map(|value| value * norm));
        }
    }

    /// The next whole frame, if there is one.
    pub(super) fn frame(&mut self) -> Option<Columns> {
        let ready = self.waiting.first().map_or(0, Vec::len);
        (ready >= COLUMNS).then(|| self.take(COLUMNS))
    }

    fn take(&mut self, count: usize) -> Columns {
        let mut values = Vec::with_capacity(count * self.waiting.len());
        for row in &mut self.waiting {
            values.extend(row.drain(..count));
        }
        Columns { count, values }
    }

    /// The frames that are left at the end of the samples.
    pub(super) fn finish(mut self) -> Vec<Columns> {
        let packet = Packet1d::new(LEVELS);
        let empty = packet.and_then(|packet| ForwardStream::new(&packet, self.planes));
        if let Ok(empty) = empty {
            let last = std::mem::replace(&mut self.stream, empty).finish();
            self.keep(&last);
        }
        let mut frames = Vec::new();
        while let Some(frame) = self.frame() {
            frames.push(frame);
        }
        let left = self.waiting.first().map_or(0, Vec::len);
        if left > 0 {
            frames.push(self.take(left));
        }
        frames
    }
}

/// Turns frames of latents into samples.
pub(super) struct Synthesis {
    stream: InverseStream,
    planes: usize,
    norms: Vec<f32>,
}

impl Synthesis {
    pub(super) fn new(planes: usize) -> Result<Self> {
        let packet = Packet1d::new(LEVELS).map_err(internal)?;
        Ok(Synthesis {
            stream: InverseStream::new(&packet, planes).map_err(internal)?,
            planes,
            norms: norms(&packet),
        })
    }

    /// Adds latents; gives the samples that are final now, interleaved by channel.
    pub(super) fn push(&mut self, columns: &Columns) -> Result<Vec<f32>> {
        let count = columns.count;
        let mut coefficients = vec![0.0; columns.values.len()];
        for (row, values) in columns.values.chunks_exact(count.max(1)).enumerate() {
            let to = row / BANDS * BANDS + packet_band(row % BANDS);
            let norm = self.norms[row % BANDS];
            let to = &mut coefficients[to * count..(to + 1) * count];
            to.iter_mut()
                .zip(values)
                .for_each(|(to, value)| *to = value / norm);
        }
        let planes = self.stream.push(&coefficients).map_err(internal)?;
        Ok(interleaved(&planes, self.planes))
    }

    /// The samples that are left of a sound that has `samples` of each channel.
    pub(super) fn finish(self, samples: usize) -> Result<Vec<f32>> {
        let planes = self.stream.finish(samples).map_err(internal)?;
        Ok(interleaved(&planes, self.planes))
    }
}

/// Splits samples by plane, the first two channels into middle and side. What is no number is silent.
fn planes_of(samples: &[f32], planes: usize) -> Vec<f32> {
    let count = samples.len() / planes;
    let mut out = vec![0.0; samples.len()];
    for (at, sample) in samples.chunks_exact(planes).enumerate() {
        for (plane, &value) in sample.iter().enumerate() {
            let value = if value.is_finite() { value } else { 0.0 };
            out[plane * count + at] = value.clamp(-16.0, 16.0);
        }
    }
    rotate(&mut out, count, planes);
    out
}

/// Turns left and right into middle and side, or back: the rotation is its own inverse.
fn rotate(planes: &mut [f32], count: usize, number: usize) {
    if number < 2 {
        return;
    }
    let (first, rest) = planes.split_at_mut(count);
    for (a, b) in first.iter_mut().zip(rest) {
        let (sum, difference) = (*a + *b, *a - *b);
        *a = sum * std::f32::consts::FRAC_1_SQRT_2;
        *b = difference * std::f32::consts::FRAC_1_SQRT_2;
    }
}

fn interleaved(planes: &[f32], number: usize) -> Vec<f32> {
    let count = planes.len() / number;
    let mut planes = planes.to_vec();
    rotate(&mut planes, count, number);
    let mut out = vec![0.0; planes.len()];
    for (plane, values) in planes.chunks_exact(count.max(1)).enumerate() {
        for (at, &value) in values.iter().enumerate() {
            out[at * number + plane] = value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_from_their_latents() {
        let samples: Vec<f32> = (0..2 * 70_000)
            .map(|at| ((at / 2) as f32 * 0.01 * (1 + at % 2) as f32).sin() * 0.7)
            .collect();
        let mut analysis = Analysis::new(2).unwrap();
        let mut synthesis = Synthesis::new(2).unwrap();
        let (mut back, mut columns) = (Vec::new(), 0);
        for part in samples.chunks(10_000) {
            analysis.push(part).unwrap();
            while let Some(frame) = analysis.frame() {
                columns += frame.count;
                back.extend(synthesis.push(&frame).unwrap());
            }
        }
        for frame in analysis.finish() {
            columns += frame.count;
            back.extend(synthesis.push(&frame).unwrap());
        }
        back.extend(synthesis.finish(70_000).unwrap());
        assert_eq!(columns, 70_000usize.div_ceil(BANDS));
        assert_eq!(back.len(), samples.len());
        let worst = samples.iter().zip(&back).map(|(a, b)| (a - b).abs());
        assert!(worst.fold(0.0, f32::max) < 1e-4);
    }

    #[test]
    fn bands_are_in_the_order_of_their_frequencies() {
        for (frequency, place) in [(0.05f32, 25), (0.25, 128), (0.4, 205), (0.49, 251)] {
            let samples: Vec<f32> = (0..70_000)
                .map(|at| (at as f32 * frequency * std::f32::consts::TAU).sin())
                .collect();
            let mut analysis = Analysis::new(1).unwrap();
            analysis.push(&samples).unwrap();
            let frame = analysis.frame().unwrap();
            let energy = |band: usize| -> f32 {
                let row = &frame.values[band * COLUMNS..][..COLUMNS];
                row.iter().map(|value| value * value).sum()
            };
            let strongest = (0..BANDS).max_by(|&a, &b| energy(a).total_cmp(&energy(b)));
            let strongest = strongest.unwrap();
            assert!(strongest.abs_diff(place) <= 2, "{frequency}: {strongest}");
        }
    }
}
