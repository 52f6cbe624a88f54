//! Reading files of sound piece by piece.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use claxon::frame::Block;
use claxon::{FlacReader, FlacReaderOptions};
use codec_core::{AudioShape, Error, Result};
use hound::{SampleFormat, WavReader};

use super::SoundSamples;

/// Reads a WAV or FLAC file piece by piece: memory is that of a piece, whatever the length.
pub struct SoundReader<'a> {
    format: Format<'a>,
    shape: AudioShape,
    /// Whether the file says how long it is. FLAC files from a pipe may not.
    is_len_known: bool,
    /// Samples of each channel that were read.
    read: u64,
    watch: Watch,
}

type Input<'a> = BufReader<Watched<'a>>;

enum Format<'a> {
    Wav(WavReader<Input<'a>>),
    Flac(Box<Flac<'a>>),
}

struct Flac<'a> {
    reader: FlacReader<Input<'a>>,
    block: Block,
    /// Samples of each channel of the block that were given away.
    taken: u32,
}

impl<'a> SoundReader<'a> {
    /// Reads the start of a file, which says its shape.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for damaged headers, [`Error::Unsupported`] for other files and sample
    /// formats, [`Error::Io`].
    pub fn new(reader: &'a mut (dyn Read + Send)) -> Result<Self> {
        let watch = Watch::default();
        let mut start = [0; 12];
        let mut found = 0;
        while let Some(rest) = start.get_mut(found..).filter(|rest| !rest.is_empty()) {
            match reader.read(rest) {
                Ok(0) => break,
                Ok(read) => found += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read input")(error)),
            }
        }
        let head = start.get(..found).unwrap_or_default().to_vec();
        let is_wav = head.starts_with(b"RIFF") && head.ends_with(b"WAVE");
        if !is_wav && !head.starts_with(b"fLaC") {
            return Err(foreign(&head));
        }
        let input = BufReader::new(Watched {
            head: io::Cursor::new(head),
            rest: reader,
            watch: watch.clone(),
        });
        let (format, shape, is_len_known) = match is_wav {
            true => open_wav(input, &watch)?,
            false => open_flac(input, &watch)?,
        };
        Ok(SoundReader {
            format,
            shape,
            is_len_known,
            read: 0,
            watch,
        })
    }

    /// Sample format and length; samples are 0 where the file does not say how many there are.
    #[must_use]
    pub fn shape(&self) -> AudioShape {
        self.shape
    }

    /// Whether the file says how long it is.
    #[must_use]
    pub fn is_len_known(&self) -> bool {
        self.is_len_known
    }

    /// The next samples, interleaved by channel: up to `frames` of each channel, none at the end.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with how far the file was read if it is damaged, or shorter than it says;
    /// [`Error::Io`].
    pub fn read(&mut self, frames: usize) -> Result<SoundSamples> {
        let channels = usize::from(self.shape.channels);
        let wanted = frames.saturating_mul(channels);
        let mut samples = Vec::new();
        match &mut self.format {
            Format::Wav(reader) if self.shape.is_float => {
                let read: hound::Result<Vec<f32>> = reader.samples().take(wanted).collect();
                let samples = read.map_err(|error| explain_wav(error, &self.watch))?;
                return self.count(SoundSamples::Float(samples));
            }
            Format::Wav(reader) => {
                let read: hound::Result<Vec<i32>> = reader.samples().take(wanted).collect();
                samples = read.map_err(|error| explain_wav(error, &self.watch))?;
            }
            Format::Flac(flac) => {
                while samples.len() < wanted {
                    let left = wanted - samples.len();
                    if !flac.take(
                        left / channels.max(1),
                        &mut samples,
                        self.shape,
                        &self.watch,
                    )? {
                        break;
                    }
                }
            }
        }
        self.count(SoundSamples::Integer(samples))
    }

    /// Counts samples, and checks at the end that all are there.
    fn count(&mut self, samples: SoundSamples) -> Result<SoundSamples> {
        let frames = samples.len() / usize::from(self.shape.channels.max(1));
        self.read = self.read.saturating_add(frames as u64);
        if samples.is_empty() && self.is_len_known && self.read != self.shape.samples {
            return Err(self.watch.corrupt(&format!(
                "the file ends after {} of {} samples of each channel",
                self.read, self.shape.samples
            )));
        }
        Ok(samples)
    }
}

impl Flac<'_> {
    /// Adds up to `frames` samples of each channel; `false` at the end.
    fn take(
        &mut self,
        frames: usize,
        samples: &mut Vec<i32>,
        shape: AudioShape,
        watch: &Watch,
    ) -> Result<bool> {
        if self.taken >= self.block.duration() {
            let buffer = std::mem::replace(&mut self.block, Block::empty()).into_buffer();
            let next = self.reader.blocks().read_next_or_eof(buffer);
            match next.map_err(|error| explain_flac(error, watch))? {
                Some(block) => self.block = block,
                None => return Ok(false),
            }
            self.taken = 0;
            if self.block.channels() != u32::from(shape.channels) {
                return Err(watch.corrupt("a FLAC frame has another number of channels"));
            }
        }
        let left = self.block.duration() - self.taken;
        let count = left.min(u32::try_from(frames).unwrap_or(u32::MAX));
        let end = self.taken + count;
        for at in self.taken..end {
            samples
                .extend((0..self.block.channels()).map(|channel| self.block.sample(channel, at)));
        }
        self.taken = end;
        Ok(true)
    }
}

fn open_wav<'a>(input: Input<'a>, watch: &Watch) -> Result<(Format<'a>, AudioShape, bool)> {
    let reader = WavReader::new(input).map_err(|error| explain_wav(error, watch))?;
    let spec = reader.spec();
    let is_float = spec.sample_format == SampleFormat::Float;
    let shape = shape_of(
        spec.sample_rate,
        u32::from(spec.channels),
        u32::from(spec.bits_per_sample),
        is_float,
        u64::from(reader.duration()),
        watch,
    )?;
    Ok((Format::Wav(reader), shape, true))
}

fn open_flac<'a>(input: Input<'a>, watch: &Watch) -> Result<(Format<'a>, AudioShape, bool)> {
    let options = FlacReaderOptions {
        metadata_only: false,
        read_vorbis_comment: false,
    };
    let opened = FlacReader::new_ext(input, options);
    let reader = opened.map_err(|error| explain_flac(error, watch))?;
    let info = reader.streaminfo();
    let shape = shape_of(
        info.sample_rate,
        info.channels,
        info.bits_per_sample,
        false,
        info.samples.unwrap_or(0),
        watch,
    )?;
    let flac = Flac {
        reader,
        block: Block::empty(),
        taken: 0,
    };
    Ok((Format::Flac(Box::new(flac)), shape, info.samples.is_some()))
}

/// The shape that a header states, if it is possible.
fn shape_of(
    rate: u32,
    channels: u32,
    bits: u32,
    is_float: bool,
    samples: u64,
    watch: &Watch,
) -> Result<AudioShape> {
    if rate == 0 || channels == 0 || bits == 0 {
        return Err(watch.corrupt(&format!(
            "{channels} channels of {bits} bits at {rate} Hz are impossible"
        )));
    }
    let channels = u8::try_from(channels)
        .map_err(|_| Error::Unsupported(format!("{channels} channels, at most 255 are read")))?;
    match u8::try_from(bits) {
        Ok(bits) if bits <= 32 && (!is_float || bits == 32) => Ok(AudioShape {
            rate,
            channels,
            samples,
            bits,
            is_float,
        }),
        _ => {
            let format = if is_float { "float" } else { "integer" };
            Err(Error::Unsupported(format!(
                "{format} samples of {bits} bits"
            )))
        }
    }
}

fn foreign(head: &[u8]) -> Error {
    let hex: Vec<String> = head
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Error::Unsupported(match head {
        [] => "the file is empty: a WAV or FLAC file is expected".to_owned(),
        _ => format!(
            "a WAV or FLAC file is expected, the file starts with {}",
            hex.join(" ")
        ),
    })
}

fn explain_wav(error: hound::Error, watch: &Watch) -> Error {
    match error {
        hound::Error::Unsupported => {
            Error::Unsupported("the sample format of the WAV file".to_owned())
        }
        hound::Error::IoError(error) => watch.cut_short("WAV", error),
        hound::Error::FormatError(problem) => watch.corrupt(problem),
        other => watch.corrupt(&other.to_string()),
    }
}

fn explain_flac(error: claxon::Error, watch: &Watch) -> Error {
    match error {
        claxon::Error::Unsupported(what) => Error::Unsupported(format!("FLAC file: {what}")),
        claxon::Error::IoError(error) => watch.cut_short("FLAC", error),
        claxon::Error::FormatError(problem) => watch.corrupt(problem),
    }
}

/// How far the input was read, and what its own error was.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    at: u64,
    failed: Option<io::Error>,
}

impl Watch {
    fn corrupt(&self, problem: &str) -> Error {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Error::corrupt(seen.at, problem)
    }

    /// The input's own error, or else that the file ends too early: that is what the libraries take
    /// for an error of the input.
    fn cut_short(&self, format: &str, error: io::Error) -> Error {
        let failed = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .failed
            .take();
        match failed {
            Some(failed) => Error::io("read input")(failed),
            None => self.corrupt(&format!("the {format} file is cut short: {error}")),
        }
    }
}

/// The first bytes, which were looked at, and the rest of an input.
struct Watched<'a> {
    head: io::Cursor<Vec<u8>>,
    rest: &'a mut (dyn Read + Send),
    watch: Watch,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.head.read(buffer)? {
            0 => self.rest.read(buffer),
            read => Ok(read),
        };
        let mut seen = self.watch.0.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(read) => {
                seen.at = seen.at.saturating_add(read as u64);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let copy = io::Error::new(error.kind(), error.to_string());
                seen.failed = Some(error);
                Err(copy)
            }
        }
    }
}
