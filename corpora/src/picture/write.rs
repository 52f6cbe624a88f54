//! PNG files, written row by row.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use codec_core::{Error, ImageShape, MediaSink, Result};
use png::{BitDepth, ColorType, Compression, EncodingError, StreamWriter};

/// Bytes of a file that are gathered before they go on as one chunk.
const CHUNK: usize = 64 << 10;

/// Writes a PNG file from rows as they come: memory is that of a few rows, whatever the height.
///
/// The same rows give the same file, however they are split over calls. Any writer is a sink, such as
/// a file.
pub struct PngWriter<'a> {
    sink: &'a mut dyn MediaSink,
    stream: StreamWriter<'static, Waiting>,
    waiting: Waiting,
    shape: ImageShape,
    /// Samples that are still to come.
    missing: u64,
    /// Big-endian samples on their way.
    buffer: Vec<u8>,
}

impl<'a> PngWriter<'a> {
    /// Begins a file of that shape.
    ///
    /// # Errors
    /// [`Error::Usage`] for a shape that no PNG file has; the errors of the sink.
    pub fn new(sink: &'a mut dyn MediaSink, shape: ImageShape) -> Result<Self> {
        let color = match shape.channels {
            1 => ColorType::Grayscale,
            2 => ColorType::GrayscaleAlpha,
            3 => ColorType::Rgb,
            4 => ColorType::Rgba,
            other => return Err(impossible(&format!("{other} channels"))),
        };
        let depth = match shape.bits {
            8 => BitDepth::Eight,
            16 => BitDepth::Sixteen,
            other => return Err(impossible(&format!("{other} bits a sample"))),
        };
        // The format has 31 bits for each side.
        if !(1..1 << 31).contains(&shape.width) || !(1..1 << 31).contains(&shape.height) {
            return Err(impossible(&format!(
                "{} x {} pixels",
                shape.width, shape.height
            )));
        }
        let waiting = Waiting::default();
        let mut encoder = png::Encoder::new(waiting.clone(), shape.width, shape.height);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder.set_compression(Compression::Fast);
        let stream = encoder
            .write_header()
            .and_then(|writer| writer.into_stream_writer_with_size(CHUNK))
            .map_err(refused)?;
        Ok(PngWriter {
            sink,
            stream,
            waiting,
            shape,
            missing: shape.pixels().saturating_mul(u64::from(shape.channels)),
            buffer: Vec::new(),
        })
    }

    /// Adds samples of 8 bits: the next rows, from left to right, interleaved by pixel.
    ///
    /// # Errors
    /// [`Error::Usage`] if the picture has other samples, or fewer; the errors of the sink.
    pub fn rows8(&mut self, samples: &[u8]) -> Result<()> {
        self.expect(8, samples.len())?;
        samples.chunks(CHUNK).try_for_each(|part| {
            let wrote = self.stream.write_all(part);
            wrote.map_err(|error| refused(error.into()))?;
            self.waiting.pass_on(self.sink)
        })
    }

    /// Adds samples of 16 bits, as [`rows8`](Self::rows8).
    ///
    /// # Errors
    /// As [`rows8`](Self::rows8).
    pub fn rows16(&mut self, samples: &[u16]) -> Result<()> {
        self.expect(16, samples.len())?;
        for part in samples.chunks(CHUNK / 2) {
            self.buffer.clear();
            self.buffer
                .extend(part.iter().flat_map(|sample| sample.to_be_bytes()));
            let wrote = self.stream.write_all(&self.buffer);
            wrote.map_err(|error| refused(error.into()))?;
            self.waiting.pass_on(self.sink)?;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`Error::Usage`] if rows are missing; the errors of the sink.
    pub fn finish(self) -> Result<()> {
        if self.missing > 0 {
            return Err(Error::Usage(format!(
                "{} samples of the picture are missing",
                self.missing
            )));
        }
        self.stream.finish().map_err(refused)?;
        self.waiting.pass_on(self.sink)
    }

    fn expect(&mut self, bits: u8, samples: usize) -> Result<()> {
        if self.shape.bits != bits {
            return Err(Error::Usage(format!(
                "samples of {bits} bits for a picture of {}",
                self.shape.bits
            )));
        }
        let left = self.missing.checked_sub(samples as u64);
        self.missing = left.ok_or_else(|| {
            Error::Usage(format!(
                "{samples} samples for a picture that lacks {}",
                self.missing
            ))
        })?;
        Ok(())
    }
}

fn impossible(what: &str) -> Error {
    Error::Usage(format!("a PNG file cannot have {what}"))
}

fn refused(error: EncodingError) -> Error {
    Error::Internal(format!("PNG: {error}"))
}

/// Bytes of the file that have not gone to the sink yet: the library wants a writer that lives as long
/// as it likes.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Vec<u8>>>);

impl Waiting {
    fn pass_on(&self, sink: &mut dyn MediaSink) -> Result<()> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !bytes.is_empty() {
            sink.bytes(&bytes)?;
            bytes.clear();
        }
        Ok(())
    }
}

impl Write for Waiting {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
