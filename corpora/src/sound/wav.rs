//! WAV files, written piece by piece.

use codec_core::{AudioShape, Error, MediaSink, Result};

use super::{SoundSamples, full_scale};

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;

/// Second half of the identifiers of formats in extensible headers.
const FORMAT_ID: [u8; 14] = [
    0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
];

/// Samples that are converted at a time.
const PART: usize = 32 << 10;

/// Writes a WAV file of known length to any sink, piece by piece; such a sink may be a file.
///
/// Integers take whole bytes: those of 12 bits are written as such of 16, with the same loudness.
pub struct WavWriter<'a> {
    sink: &'a mut dyn MediaSink,
    shape: AudioShape,
    /// Samples of all channels that are still to come.
    missing: u64,
    /// Whether the data have an odd number of bytes.
    is_padded: bool,
}

impl<'a> WavWriter<'a> {
    /// Begins a file of that shape.
    ///
    /// # Errors
    /// [`Error::Usage`] for an impossible shape, [`Error::Unsupported`] if the file would pass 4 GiB,
    /// which is the most the format can hold; the errors of the sink.
    pub fn new(sink: &'a mut dyn MediaSink, shape: AudioShape) -> Result<Self> {
        let is_possible = shape.rate > 0
            && shape.channels > 0
            && (1..=32).contains(&shape.bits)
            && (!shape.is_float || shape.bits == 32);
        if !is_possible {
            return Err(Error::Usage(format!("a WAV file cannot hold {shape:?}")));
        }
        let missing = shape.samples.saturating_mul(u64::from(shape.channels));
        let data_len = missing.saturating_mul(u64::from(stored_bytes(shape)));
        let header = header(shape, data_len).ok_or_else(|| {
            Error::Unsupported(format!(
                "a WAV file holds at most 4 GiB, the samples take {data_len} bytes"
            ))
        })?;
        sink.bytes(&header)?;
        Ok(WavWriter {
            sink,
            shape,
            missing,
            is_padded: data_len % 2 == 1,
        })
    }

    /// Adds samples, interleaved by channel, in the file's own format.
    ///
    /// # Errors
    /// [`Error::Usage`] if the file has other samples, or fewer, or integers of fewer bits; the errors
    /// of the sink.
    pub fn write(&mut self, samples: &SoundSamples) -> Result<()> {
        self.expect(samples.len())?;
        match samples {
            SoundSamples::Float(samples) if self.shape.is_float => self.floats(samples),
            SoundSamples::Integer(samples) if !self.shape.is_float => self.integers(samples),
            _ => Err(Error::Usage(
                "integers and floats do not mix in a WAV file".to_owned(),
            )),
        }
    }

    /// Adds floats with full scale at -1 and 1, interleaved by channel; in a file of integers they are
    /// rounded, and cut off at full scale.
    ///
    /// # Errors
    /// [`Error::Usage`] if the file has fewer samples; the errors of the sink.
    pub fn write_f32(&mut self, samples: &[f32]) -> Result<()> {
        self.expect(samples.len())?;
        if self.shape.is_float {
            return self.floats(samples);
        }
        let scale = full_scale(self.shape.bits);
        for part in samples.chunks(PART) {
            // Casting cuts off what is beyond 32 bits, and takes what is no number for 0.
            let scaled = part
                .iter()
                .map(|sample| (f64::from(*sample) * scale).round());
            let limited = scaled.map(|sample| sample.clamp(-scale, scale - 1.0) as i32);
            self.integers(&limited.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`Error::Usage`] if samples are missing; the errors of the sink.
    pub fn finish(self) -> Result<()> {
        if self.missing > 0 {
            return Err(Error::Usage(format!(
                "{} samples of the sound are missing",
                self.missing
            )));
        }
        match self.is_padded {
            true => self.sink.bytes(&[0]),
            false => Ok(()),
        }
    }

    fn expect(&mut self, samples: usize) -> Result<()> {
        let left = self.missing.checked_sub(samples as u64);
        self.missing = left.ok_or_else(|| {
            Error::Usage(format!(
                "{samples} samples for sound that lacks {}",
                self.missing
            ))
        })?;
        Ok(())
    }

    fn floats(&mut self, samples: &[f32]) -> Result<()> {
        for part in samples.chunks(PART) {
            let bytes: Vec<u8> = part
                .iter()
                .flat_map(|sample| sample.to_le_bytes())
                .collect();
            self.sink.bytes(&bytes)?;
        }
        Ok(())
    }

    fn integers(&mut self, samples: &[i32]) -> Result<()> {
        let stored = stored_bytes(self.shape);
        let shift = 8 * stored - u32::from(self.shape.bits);
        let half = 1i64 << (self.shape.bits - 1);
        for part in samples.chunks(PART) {
            let mut bytes = Vec::with_capacity(part.len() * stored as usize);
            for sample in part {
                let value = i64::from(*sample);
                if !(-half..half).contains(&value) {
                    return Err(Error::Usage(format!(
                        "sample {value} does not fit {} bits",
                        self.shape.bits
                    )));
                }
                // Bytes are unsigned in this format.
                let value = (value << shift) + if stored == 1 { 128 } else { 0 };
                bytes.extend(value.to_le_bytes().iter().take(stored as usize));
            }
            self.sink.bytes(&bytes)?;
        }
        Ok(())
    }
}

/// Bytes of a sample in the file.
fn stored_bytes(shape: AudioShape) -> u32 {
    u32::from(shape.bits).div_ceil(8)
}

/// Everything before the samples; `None` where the file would be too long.
fn header(shape: AudioShape, data_len: u64) -> Option<Vec<u8>> {
    let stored = stored_bytes(shape) as u16;
    let block = stored.checked_mul(u16::from(shape.channels))?;
    let tag = if shape.is_float { FLOAT } else { PCM };
    let is_extensible = shape.channels > 2 || (!shape.is_float && stored > 2);
    let mut format = Vec::new();
    format.extend(if is_extensible { EXTENSIBLE } else { tag }.to_le_bytes());
    format.extend(u16::from(shape.channels).to_le_bytes());
    format.extend(shape.rate.to_le_bytes());
    format.extend(shape.rate.saturating_mul(u32::from(block)).to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend((8 * stored).to_le_bytes());
    if is_extensible {
        format.extend(22u16.to_le_bytes());
        format.extend((8 * stored).to_le_bytes());
        format.extend(speakers(shape.channels).to_le_bytes());
        format.extend(tag.to_le_bytes());
        format.extend(FORMAT_ID);
    } else if shape.is_float {
        format.extend(0u16.to_le_bytes());
    }
    let mut chunks = b"WAVE".to_vec();
    put_chunk(&mut chunks, b"fmt ", &format);
    if shape.is_float {
        let samples = u32::try_from(shape.samples).unwrap_or(u32::MAX);
        put_chunk(&mut chunks, b"fact", &samples.to_le_bytes());
    }
    chunks.extend(b"data");
    chunks.extend(u32::try_from(data_len).ok()?.to_le_bytes());
    let whole = data_len.checked_add(data_len % 2 + chunks.len() as u64)?;
    let mut out = b"RIFF".to_vec();
    out.extend(u32::try_from(whole).ok()?.to_le_bytes());
    out.extend(chunks);
    Some(out)
}

fn put_chunk(out: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    out.extend(name);
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
}

/// The usual speakers of so many channels, one bit each; 0 leaves it open.
fn speakers(channels: u8) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3F,
        7 => 0x13F,
        8 => 0x63F,
        _ => 0,
    }
}
