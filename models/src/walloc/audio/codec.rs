//! `walloc-audio` as a codec of the suite: sound.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use codec_core::container::{Frame, StreamHeader};
use codec_core::{
    AudioShape, Codec, Content, Descriptor, Error, FrameSink, FrameSource, Job, Media,
    MediaDescription, MediaKind, MediaSink, Memory, ParamKind, ParamSpec, Params, Reservation,
    Result, Shape, Stats, ordered,
};
use codec_corpora::sound::{SoundReader, WavWriter};

use super::model::AudioModel;
use super::transform::{Analysis, Columns, Synthesis};
use super::{BANDS, COLUMNS, MOST_CHANNELS, STEPS, rate};
use crate::shipped;
use crate::targets::{CONTAINER, FRAME, TARGET_SIZE, last_that_fits};

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "quality",
        doc: "how finely latents are kept: 1 is smallest, each 8 more halve the error, 100 finest",
        kind: ParamKind::Integer {
            min: 1,
            max: 100,
            default: 50,
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "bitrate",
        doc: "kilobits per second that the file may have at most, instead of a quality",
        kind: ParamKind::Decimal {
            min: 100,
            max: 100_000_000,
        },
        needed_to_decode: false,
    },
    TARGET_SIZE,
    ParamSpec {
        name: "bands",
        doc: "lowest bands of each plane that are kept: 16 reduce the dimension 16 times, 256 keep it",
        kind: ParamKind::Integer {
            min: 1,
            max: BANDS as i64,
            default: BANDS as i64,
        },
        needed_to_decode: false,
    },
];

/// Samples of each channel that are read at a time.
const PART: usize = BANDS * COLUMNS;
/// Memory of a latent while a frame is coded, in bytes.
const LATENT_MEMORY: u64 = 32;

/// The codec `walloc-audio`.
///
/// Reads WAV and FLAC of up to eight channels and any rate, in a stream, and decodes to WAV with the
/// sample format of the original. The first two channels are coded as middle and side.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallocAudioCodec;

impl WallocAudioCodec {
    /// Its identifier in files.
    pub const ID: &'static str = "walloc-audio";
    /// The version of its payloads.
    pub const VERSION: u32 = 1;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: Self::ID,
        version: Self::VERSION,
        summary: "sound by wavelet packets and filters that learn while coding (lossy)",
        media: &[MediaKind::Audio],
        lossless: false,
        params: PARAMS,
    };
}

/// The integers of a whole sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioLatents {
    /// Planes: middle and side, or channels.
    pub planes: usize,
    /// Bands that the encoder was told to keep: those above are zero.
    pub bands: usize,
    /// Latents of a band.
    pub columns: usize,
    /// Index of their step.
    pub step: usize,
    /// `[planes, BANDS, columns]`.
    pub values: Vec<i32>,
}

impl WallocAudioCodec {
    /// The integers of a sound's stream: the entropy layer is decoded, no sample is made.
    ///
    /// # Errors
    /// As [`Codec::decode`]; [`Error::Unsupported`] if frames have different steps.
    pub fn latents(
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
    ) -> Result<AudioLatents> {
        let shape = shape_of(header)?;
        let planes = usize::from(shape.channels);
        let columns = shape.samples.div_ceil(BANDS as u64);
        let len = columns.saturating_mul((planes * BANDS) as u64);
        let _held = job.budget.reserve("latents", len.saturating_mul(4))?;
        let columns = columns as usize;
        let mut step = None;
        let mut values = Vec::new();
        each_frame(header, shape, frames, job, |frame| {
            if values.is_empty() {
                values = vec![0; planes * BANDS * columns];
            }
            if *step.get_or_insert(frame.step) != frame.step {
                return Err(Error::Unsupported(
                    "frames of different steps have no common latents".to_owned(),
                ));
            }
            let start = frame.number as usize * COLUMNS;
            let count = frame.columns.count;
            for (row, part) in frame.values.chunks_exact(count).enumerate() {
                values[row * columns + start..][..count].copy_from_slice(part);
            }
            Ok(())
        })?;
        let bands = header.params.iter().find(|(name, _)| name == "bands");
        let bands = bands.and_then(|(_, value)| value.parse().ok());
        Ok(AudioLatents {
            planes,
            bands: bands.unwrap_or(BANDS).min(BANDS),
            columns,
            step: step.unwrap_or(0),
            values,
        })
    }
}

impl Codec for WallocAudioCodec {
    fn descriptor(&self) -> &Descriptor {
        &Self::DESCRIPTOR
    }

    fn memory(&self, _params: &Params) -> Memory {
        Memory {
            encode: 24 << 20,
            decode: 24 << 20,
        }
    }

    fn encode(
        &self,
        media: Media<'_>,
        params: &Params,
        job: &Job,
        frames: &mut dyn FrameSink,
    ) -> Result<Stats> {
        let Content::Bytes(reader) = media.content else {
            return Err(Error::Unsupported(
                "walloc-audio reads the bytes of a sound's file".to_owned(),
            ));
        };
        let model: Arc<AudioModel> = shipped::chosen(job)?;
        let bands = params.integer("bands").clamp(1, BANDS as i64) as usize;
        let mut feed = Feed::new(reader)?;
        let has_target =
            params.size("target-size").is_some() || params.decimal("bitrate").is_some();
        let held = if has_target || !feed.reader.is_len_known() {
            Some(feed.keep_all(job)?)
        } else {
            None
        };
        let shape = feed.shape;
        let description = MediaDescription::new(Shape::Audio(shape), &media.description.suffix);
        let mut header = StreamHeader::new(&Self::DESCRIPTOR, params, description, PART as u64);
        header.model = model.hash().to_le_bytes().to_vec();
        let fixed = header.to_bytes().len() as u64 + CONTAINER;
        let step = match target(params, &shape)? {
            None => 2 * (params.integer("quality") - 1).clamp(0, 99) as usize,
            Some(bytes) => step_for(&model, &feed.kept, bands, bytes.saturating_sub(fixed), job)?,
        };
        frames.begin(&header)?;
        let stats = code(&model, &mut feed, bands, step, job, frames)?;
        drop(held);
        Ok(stats)
    }

    fn decode(
        &self,
        header: &StreamHeader,
        frames: &mut dyn FrameSource,
        job: &Job,
        media: &mut dyn MediaSink,
    ) -> Result<Stats> {
        let shape = shape_of(header)?;
        let bytes = bytes_of(&shape);
        job.budget.produce(bytes)?;
        let mut wav = WavWriter::new(media, shape)?;
        let planes = usize::from(shape.channels);
        let mut synthesis = Synthesis::new(planes)?;
        let mut left = shape.samples.saturating_mul(planes as u64);
        let mut write = |wav: &mut WavWriter<'_>, samples: &[f32]| {
            let count = (samples.len() as u64).min(left);
            left -= count;
            wav.write_f32(&samples[..count as usize])
        };
        let columns = shape.samples.div_ceil(BANDS as u64);
        let mut next = 0u64;
        let silence = |count: u64| {
            let count = count.min(COLUMNS as u64) as usize;
            let values = vec![0.0; planes * BANDS * count];
            Columns { count, values }
        };
        let mut stats = each_frame(header, shape, frames, job, |frame| {
            while next < u64::from(frame.number) {
                write(&mut wav, &synthesis.push(&silence(COLUMNS as u64))?)?;
                next += 1;
            }
            next += 1;
            write(&mut wav, &synthesis.push(&frame.columns)?)
        })?;
        while next * (COLUMNS as u64) < columns {
            let left = columns - next * COLUMNS as u64;
            write(&mut wav, &synthesis.push(&silence(left))?)?;
            next += 1;
        }
        write(&mut wav, &synthesis.finish(shape.samples as usize)?)?;
        wav.finish()?;
        stats.content_bytes = bytes;
        Ok(stats)
    }
}

fn shape_of(header: &StreamHeader) -> Result<AudioShape> {
    let Shape::Audio(shape) = header.media.shape else {
        return Err(Error::corrupt(
            0,
            "a stream of walloc-audio without the shape of sound",
        ));
    };
    if shape.channels == 0 || shape.channels > MOST_CHANNELS {
        let channels = shape.channels;
        return Err(Error::corrupt(0, format!("{channels} channels of sound")));
    }
    Ok(shape)
}

/// Bytes of the samples of a sound.
fn bytes_of(shape: &AudioShape) -> u64 {
    let sample = u64::from(shape.channels) * u64::from(shape.bits.div_ceil(8));
    shape.samples.saturating_mul(sample)
}

fn target(params: &Params, shape: &AudioShape) -> Result<Option<u64>> {
    match (params.size("target-size"), params.decimal("bitrate")) {
        (Some(_), Some(_)) => Err(Error::Usage(
            "bitrate and target-size exclude each other".to_owned(),
        )),
        (Some(bytes), None) => Ok(Some(bytes)),
        (None, Some(bitrate)) => Ok(Some((bitrate * 125.0 * shape.seconds()) as u64)),
        (None, None) => Ok(None),
    }
}

/// Frames of latents of a file, as they come or kept.
struct Feed<'a> {
    reader: SoundReader<'a>,
    /// How long the sound is, once that is known.
    shape: AudioShape,
    /// Until the end of the samples.
    analysis: Option<Analysis>,
    kept: VecDeque<Columns>,
}

impl<'a> Feed<'a> {
    fn new(reader: &'a mut (dyn Read + Send)) -> Result<Self> {
        let reader = SoundReader::new(reader)?;
        let shape = reader.shape();
        if shape.channels > MOST_CHANNELS {
            return Err(Error::Unsupported(format!(
                "{} channels of sound, at most {MOST_CHANNELS}",
                shape.channels
            )));
        }
        Ok(Feed {
            reader,
            shape,
            analysis: Some(Analysis::new(shape.channels.into())?),
            kept: VecDeque::new(),
        })
    }

    fn next(&mut self) -> Result<Option<Columns>> {
        loop {
            if let Some(frame) = self.kept.pop_front() {
                return Ok(Some(frame));
            }
            let Some(mut analysis) = self.analysis.take() else {
                return Ok(None);
            };
            let samples = self.reader.read(PART)?;
            if samples.is_empty() {
                self.kept.extend(analysis.finish());
                continue;
            }
            analysis.push(&samples.to_f32(self.shape.bits))?;
            self.kept.extend(std::iter::from_fn(|| analysis.frame()));
            self.analysis = Some(analysis);
        }
    }

    /// Reads all that is left and keeps it, and how long the sound is.
    fn keep_all(&mut self, job: &Job) -> Result<Vec<Reservation>> {
        let (mut all, mut held, mut samples) = (VecDeque::new(), Vec::new(), 0);
        while let Some(mut analysis) = self.analysis.take() {
            let part = self.reader.read(PART)?;
            if part.is_empty() {
                all.extend(analysis.finish());
                break;
            }
            samples += (part.len() / usize::from(self.shape.channels)) as u64;
            let bytes = 4 * part.len() as u64;
            held.push(job.budget.reserve("the latents of a whole sound", bytes)?);
            analysis.push(&part.to_f32(self.shape.bits))?;
            all.extend(std::iter::from_fn(|| analysis.frame()));
            self.analysis = Some(analysis);
        }
        self.kept = all;
        self.shape.samples = samples;
        Ok(held)
    }
}

fn frame_memory(shape: &AudioShape) -> u64 {
    u64::from(shape.channels) * (BANDS * COLUMNS) as u64 * LATENT_MEMORY
}

/// Codes all frames.
fn code(
    model: &AudioModel,
    feed: &mut Feed<'_>,
    bands: usize,
    step: usize,
    job: &Job,
    frames: &mut dyn FrameSink,
) -> Result<Stats> {
    let shape = feed.shape;
    let mut stats = Stats {
        content_bytes: bytes_of(&shape),
        ..Stats::default()
    };
    let mut left = shape.samples;
    let mut number = 0u32;
    ordered(
        job.workers(frame_memory(&shape)),
        || {
            let Some(columns) = feed.next()? else {
                return Ok(None);
            };
            let samples = left.min((columns.count * BANDS) as u64);
            left -= samples;
            number = number
                .checked_add(1)
                .ok_or_else(|| Error::Unsupported("a sound of more than 2^32 frames".to_owned()))?;
            Ok(Some((number - 1, samples, columns)))
        },
        |(number, samples, columns)| {
            let payload = rate::payload(model, &columns, number, step, bands)?;
            Ok(Frame::lossy(samples, payload))
        },
        |frame| {
            stats.payload_bytes += frame.payload.len() as u64;
            stats.frames += 1;
            frames.frame(frame)
        },
    )?;
    Ok(stats)
}

/// The finest step with which all frames together have at most `bytes`; the coarsest if none has.
fn step_for(
    model: &AudioModel,
    kept: &VecDeque<Columns>,
    bands: usize,
    bytes: u64,
    job: &Job,
) -> Result<usize> {
    last_that_fits(STEPS, bytes, |step| {
        let mut total = 0u64;
        let mut next = kept.iter();
        ordered(
            job.threads,
            || Ok(next.next()),
            |columns| rate::payload(model, columns, 0, step, bands),
            |payload| {
                total += payload.len() as u64 + FRAME;
                Ok(())
            },
        )?;
        Ok(total)
    })
}

/// Decodes the frames of a sound in order and shows each to `seen`. A frame that is lost is not shown.
fn each_frame(
    header: &StreamHeader,
    shape: AudioShape,
    frames: &mut dyn FrameSource,
    job: &Job,
    mut seen: impl FnMut(rate::Frame) -> Result<()>,
) -> Result<Stats> {
    let model: Arc<AudioModel> = shipped::named(&header.model, job)?;
    let planes = usize::from(shape.channels);
    let columns = shape.samples.div_ceil(BANDS as u64);
    let mut stats = Stats::default();
    let mut next = 0u32;
    ordered(
        job.workers(frame_memory(&shape)),
        // A sound without samples is one frame without a payload.
        || {
            Ok(frames
                .next_frame()?
                .filter(|frame| columns > 0 || !frame.payload.is_empty()))
        },
        |frame| {
            let decoded = rate::frame(&model, &frame.payload, planes, columns);
            let decoded = decoded.map_err(|error| error.offset_by(frame.payload_at))?;
            Ok((frame.payload_at, frame.payload.len(), decoded))
        },
        |(at, len, frame)| {
            if frame.number < next {
                let number = frame.number;
                return Err(Error::corrupt(at, format!("frame {number} once more")));
            }
            next = frame.number.saturating_add(1);
            stats.payload_bytes += len as u64;
            stats.frames += 1;
            seen(frame)
        },
    )?;
    if stats.frames == 0 && columns > 0 {
        return Err(Error::corrupt(0, "no frame of a sound is there"));
    }
    Ok(stats)
}
