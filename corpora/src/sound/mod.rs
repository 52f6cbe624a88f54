//! Sound: samples out of WAV and FLAC files, and into WAV files, whole or in pieces.
//!
//! ```
//! use codec_core::Budget;
//! use codec_corpora::sound::{Sound, SoundSamples};
//!
//! let sound = Sound::new(48_000, 2, 16, SoundSamples::Integer(vec![0, 0, 1000, -1000]))?;
//! let mut file = Vec::new();
//! sound.write_wav(&mut file)?;
//! assert_eq!(Sound::read(&mut &file[..], &Budget::default())?, sound);
//! # Ok::<(), codec_core::Error>(())
//! ```

mod read;
mod wav;

pub use read::SoundReader;
pub use wav::WavWriter;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use codec_core::{AudioShape, Budget, Error, MediaSink, Result};

/// Sound in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    shape: AudioShape,
    samples: SoundSamples,
}

/// Samples, interleaved by channel.
#[derive(Debug, Clone, PartialEq)]
pub enum SoundSamples {
    /// Signed integers; with `bits` bits from -2^(bits - 1) to 2^(bits - 1) - 1.
    Integer(Vec<i32>),
    /// Floats, from -1 to 1 at full scale.
    Float(Vec<f32>),
}

impl SoundSamples {
    /// How many there are, of all channels.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            SoundSamples::Integer(samples) => samples.len(),
            SoundSamples::Float(samples) => samples.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples as floats with full scale at -1 and 1; integers have `bits` bits.
    #[must_use]
    pub fn to_f32(&self, bits: u8) -> Vec<f32> {
        match self {
            SoundSamples::Integer(samples) => {
                let scale = full_scale(bits);
                let scaled = samples.iter().map(|sample| f64::from(*sample) / scale);
                scaled.map(|sample| sample as f32).collect()
            }
            SoundSamples::Float(samples) => samples.clone(),
        }
    }
}

impl Sound {
    /// Sound of `channels` channels at `rate` Hz; integer samples have `bits` bits, and floats 32.
    ///
    /// # Errors
    /// [`Error::Usage`] if `rate` or `channels` is 0, `bits` is not from 1 to 32, or the number of
    /// samples is no multiple of the channels.
    pub fn new(rate: u32, channels: u8, bits: u8, samples: SoundSamples) -> Result<Self> {
        let is_float = matches!(samples, SoundSamples::Float(_));
        let frames = samples
            .len()
            .checked_div(usize::from(channels))
            .unwrap_or(0);
        let shape = AudioShape {
            rate,
            channels,
            samples: frames as u64,
            bits,
            is_float,
        };
        let whole = frames * usize::from(channels) == samples.len();
        let bits_fit = (1..=32).contains(&bits) && (!is_float || bits == 32);
        if rate == 0 || channels == 0 || !whole || !bits_fit {
            return Err(Error::Usage(format!(
                "{} samples of {bits} bits in {channels} channels at {rate} Hz are no sound",
                samples.len()
            )));
        }
        Ok(Sound { shape, samples })
    }

    /// Reads a file from where `reader` stands to its end: WAV or FLAC, as its first bytes say.
    ///
    /// # Errors
    /// As [`SoundReader::new`] and [`SoundReader::read`]; [`Error::Limit`] if the samples need more
    /// than the budget's memory.
    pub fn read(reader: &mut (dyn Read + Send), budget: &Budget) -> Result<Sound> {
        const FRAMES: usize = 64 << 10;
        let mut reader = SoundReader::new(reader)?;
        let shape = reader.shape();
        let mut samples = match shape.is_float {
            true => SoundSamples::Float(Vec::new()),
            false => SoundSamples::Integer(Vec::new()),
        };
        let mut held = Vec::new();
        loop {
            let part = reader.read(FRAMES)?;
            if part.is_empty() {
                break;
            }
            // A vector that grows holds up to twice its samples.
            held.push(budget.reserve("the samples of sound", part.len() as u64 * 8)?);
            match (&mut samples, &part) {
                (SoundSamples::Integer(all), SoundSamples::Integer(part)) => all.extend(part),
                (SoundSamples::Float(all), SoundSamples::Float(part)) => all.extend(part),
                _ => return Err(Error::Internal("samples changed their type".to_owned())),
            }
        }
        Sound::new(shape.rate, shape.channels, shape.bits, samples)
    }

    /// Reads a named file; see [`read`](Self::read).
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`Error::Io`].
    pub fn open(path: &Path, budget: &Budget) -> Result<Sound> {
        let file = File::open(path).map_err(Error::io("open"))?;
        Sound::read(&mut BufReader::new(file), budget)
    }

    /// Writes the sound as a WAV file; see [`WavWriter`].
    ///
    /// # Errors
    /// As [`WavWriter`].
    pub fn write_wav(&self, sink: &mut dyn MediaSink) -> Result<()> {
        let mut writer = WavWriter::new(sink, self.shape)?;
        writer.write(&self.samples)?;
        writer.finish()
    }

    /// Length and sample format.
    #[must_use]
    pub fn shape(&self) -> AudioShape {
        self.shape
    }

    /// Samples, interleaved by channel.
    #[must_use]
    pub fn samples(&self) -> &SoundSamples {
        &self.samples
    }

    /// Samples as floats with full scale at -1 and 1, interleaved by channel.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        self.samples.to_f32(self.shape.bits)
    }

    /// The same, one vector for each channel.
    #[must_use]
    pub fn channels_f32(&self) -> Vec<Vec<f32>> {
        let samples = self.to_f32();
        let channels = usize::from(self.shape.channels);
        let channel = |first: usize| samples.iter().skip(first).step_by(channels).copied();
        (0..channels)
            .map(|first| channel(first).collect())
            .collect()
    }
}

/// What integers of `bits` bits are divided by to give floats.
fn full_scale(bits: u8) -> f64 {
    f64::from(bits.saturating_sub(1)).exp2()
}

#[cfg(test)]
mod tests;
