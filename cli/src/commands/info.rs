//! `codec info`: what compressed files say of themselves.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use codec_suite::core::container::{IndexEntry, Reader, StreamIndex, read_indexes};
use codec_suite::core::{Budget, Error, FrameSource, Limits, MediaKind, Registry, Shape};
use serde::Serialize;

use crate::args::{Chatter, InfoArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::Format;
use crate::inputs::Input;
use crate::shown::safe;
use crate::source::{Source, name_of};
use crate::units::{count, ratio};

/// One stream of a file.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    format: &'static str,
    stream: u64,
    at: u64,
    codec: String,
    codec_version: Option<u32>,
    media: Option<&'static str>,
    shape: Option<ShapeRecord>,
    suffix: Option<String>,
    params: std::collections::BTreeMap<String, String>,
    model: Option<String>,
    /// `None` where the content is not counted in bytes.
    content_bytes: Option<u64>,
    /// Of what frames count: bytes, pixels, or samples of each channel.
    content_len: Option<u64>,
    encoded_bytes: Option<u64>,
    ratio: Option<f64>,
    /// Encoded bits for each pixel.
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_per_pixel: Option<f64>,
    /// Encoded bits for each millisecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    kilobits_per_second: Option<f64>,
    frame_count: Option<u64>,
    max_frame_content: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<Vec<FrameRecord>>,
    /// What `content_len` counts.
    unit: &'static str,
    #[serde(skip)]
    shown_shape: String,
}

/// Size and sample format of an image or of audio.
#[derive(Serialize)]
#[serde(untagged)]
enum ShapeRecord {
    Image {
        width: u32,
        height: u32,
        channels: u8,
        bits: u8,
    },
    Audio {
        rate: u32,
        channels: u8,
        samples: u64,
        bits: u8,
        float: bool,
    },
}

impl ShapeRecord {
    fn new(shape: Shape) -> Option<Self> {
        match shape {
            Shape::Image(image) => Some(ShapeRecord::Image {
                width: image.width,
                height: image.height,
                channels: image.channels,
                bits: image.bits,
            }),
            Shape::Audio(audio) => Some(ShapeRecord::Audio {
                rate: audio.rate,
                channels: audio.channels,
                samples: audio.samples,
                bits: audio.bits,
                float: audio.is_float,
            }),
            _ => None,
        }
    }
}

/// One frame of a stream. `content_at` and `content_len` count what frames count, `content_bytes`
/// only bytes.
#[derive(Serialize)]
struct FrameRecord {
    number: u64,
    at: u64,
    encoded_bytes: u64,
    content_at: u64,
    content_len: u64,
    content_bytes: Option<u64>,
}

pub(crate) fn run(args: &InfoArgs) -> Exit {
    let mut console = Console::new("info", Chatter::default(), args.report.json);
    let registry = codec_suite::registry();
    for file in &args.files {
        let input = Input::named(file);
        match describe(&registry, &input, args.frames) {
            Ok(records) => records
                .iter()
                .for_each(|record| report(record, &mut console)),
            Err(failure) => console.fail(Some(&name_of(input.path())), &failure),
        }
        if console.reader_gone() {
            break;
        }
    }
    console.finish()
}

fn describe(registry: &Registry, input: &Input, frames: bool) -> Result<Vec<Record>, Failure> {
    let mut source = Source::open(input, true)?;
    let format = Format::recognise(registry, &mut source, None)?;
    let file = name_of(input.path());
    let streams = match format {
        Format::Native(codec, _) => {
            return Ok(vec![native(file, codec.descriptor().id, source.len())]);
        }
        Format::Container => match source.path().filter(|_| source.seekable()) {
            Some(path) => indexes_of(path),
            None => indexes_in_order(&mut source),
        },
    };
    let streams = streams.map_err(|error| {
        let seen = source.take_failure();
        seen.unwrap_or_else(|| format.explain(error, input.path()))
    })?;
    let numbered = (0..).zip(&streams);
    Ok(numbered
        .map(|(number, stream)| container(file.clone(), number, stream, frames))
        .collect())
}

fn indexes_of(path: &Path) -> Result<Vec<StreamIndex>, Error> {
    let file = File::open(path).map_err(Error::io("open"))?;
    read_indexes(&mut BufReader::new(file))
}

/// The same for input that can only be read once, front to back.
fn indexes_in_order(source: impl Read) -> Result<Vec<StreamIndex>, Error> {
    let budget = Budget::new(Limits::none());
    let mut reader = Reader::new(BufReader::new(source), &budget);
    let mut streams = Vec::new();
    let mut at = 0;
    while let Some(header) = reader.next_stream()? {
        let first_frame_at = reader.position();
        let mut frame_at = first_frame_at;
        let mut entries = Vec::new();
        while let Some(frame) = reader.next_frame()? {
            let end = frame.payload_at.saturating_add(frame.payload.len() as u64);
            entries.push(IndexEntry {
                frame_len: end.saturating_sub(frame_at),
                content_len: frame.content_len,
            });
            frame_at = end;
        }
        let end = reader.position();
        streams.push(StreamIndex {
            at,
            len: end.saturating_sub(at),
            header,
            first_frame_at,
            entries,
        });
        at = end;
    }
    Ok(streams)
}

fn native(file: String, codec: &str, len: Option<u64>) -> Record {
    Record {
        schema: "codec.info.v1",
        file,
        format: "native",
        stream: 0,
        at: 0,
        codec: codec.to_owned(),
        codec_version: None,
        media: None,
        shape: None,
        suffix: None,
        params: std::collections::BTreeMap::new(),
        model: None,
        content_bytes: None,
        content_len: None,
        encoded_bytes: len,
        ratio: None,
        bits_per_pixel: None,
        kilobits_per_second: None,
        frame_count: None,
        max_frame_content: None,
        frames: None,
        unit: MediaKind::Bytes.unit(),
        shown_shape: String::new(),
    }
}

fn container(file: String, number: u64, stream: &StreamIndex, frames: bool) -> Record {
    let header = &stream.header;
    let content = stream.content_len();
    let shape = header.media.shape;
    let content_bytes = Some(content).filter(|_| shape.kind() == MediaKind::Bytes);
    let bits = stream.len as f64 * 8.0;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Record {
        schema: "codec.info.v1",
        file,
        format: "cdc",
        stream: number,
        at: stream.at,
        codec: header.codec.clone(),
        codec_version: Some(header.codec_version),
        media: Some(shape.kind().name()),
        shape: ShapeRecord::new(shape),
        suffix: Some(header.media.suffix.clone()).filter(|suffix| !suffix.is_empty()),
        params: header.params.iter().cloned().collect(),
        model: Some(hex(&header.model)).filter(|model: &String| !model.is_empty()),
        content_bytes,
        content_len: Some(content),
        encoded_bytes: Some(stream.len),
        ratio: content_bytes
            .filter(|_| stream.len > 0)
            .map(|content| content as f64 / stream.len as f64),
        bits_per_pixel: match shape {
            Shape::Image(image) => Some(bits / image.pixels().max(1) as f64),
            _ => None,
        },
        kilobits_per_second: match shape {
            Shape::Audio(audio) if audio.samples > 0 => Some(bits / 1000.0 / audio.seconds()),
            _ => None,
        },
        frame_count: Some(stream.entries.len() as u64),
        max_frame_content: Some(header.max_content),
        frames: frames.then(|| frame_records(stream)),
        unit: shape.kind().unit(),
        shown_shape: shape.to_string(),
    }
}

fn frame_records(stream: &StreamIndex) -> Vec<FrameRecord> {
    let mut at = stream.first_frame_at;
    let mut content_at: u64 = 0;
    let mut records = Vec::new();
    let is_bytes = stream.header.media.kind() == MediaKind::Bytes;
    for (number, entry) in (0..).zip(&stream.entries) {
        records.push(FrameRecord {
            number,
            at,
            encoded_bytes: entry.frame_len,
            content_at,
            content_len: entry.content_len,
            content_bytes: Some(entry.content_len).filter(|_| is_bytes),
        });
        at = at.saturating_add(entry.frame_len);
        content_at = content_at.saturating_add(entry.content_len);
    }
    records
}

fn report(record: &Record, console: &mut Console) {
    if console.json() {
        console.record(record);
        return;
    }
    let mut lines = vec![safe(&record.file)];
    if record.stream > 0 {
        lines.push(format!("  stream {} at byte {}", record.stream, record.at));
    }
    match record.codec_version {
        Some(version) => lines.push(format!(
            "  codec    {} version {version}",
            safe(&record.codec)
        )),
        None => lines.push(format!("  format   {}, native stream", safe(&record.codec))),
    }
    if !record.params.is_empty() {
        let pairs = record
            .params
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        lines.push(format!(
            "  params   {}",
            safe(&pairs.collect::<Vec<_>>().join(", "))
        ));
    }
    if let Some(model) = &record.model {
        lines.push(format!("  model    {model}"));
    }
    lines.extend(sizes(record));
    for frame in record.frames.iter().flatten() {
        lines.push(format!(
            "  frame {} at byte {}: {} for {}s {}..{} of the content",
            frame.number,
            frame.at,
            count(frame.encoded_bytes, "byte"),
            record.unit,
            frame.content_at,
            frame.content_at.saturating_add(frame.content_len),
        ));
    }
    lines.iter().for_each(|line| console.line(line));
}

fn sizes(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    match record.content_len {
        Some(content) => {
            let media = record.media.unwrap_or("");
            let suffix = match &record.suffix {
                Some(suffix) => format!(", from a name in .{}", safe(suffix)),
                None => String::new(),
            };
            let amount = match record.shown_shape.as_str() {
                "" => count(content, record.unit),
                shape => shape.to_owned(),
            };
            lines.push(format!("  content  {amount} ({media}{suffix})"));
        }
        None => lines.push("  content  not recorded; codec test decodes and counts it".to_owned()),
    }
    if let Some(encoded) = record.encoded_bytes {
        let ratio = record.content_bytes.map(|content| ratio(content, encoded));
        let rate = match (ratio, record.bits_per_pixel, record.kilobits_per_second) {
            (Some(ratio), _, _) => format!(", {ratio}"),
            (_, Some(bits), _) => format!(", {bits:.4} bits per pixel"),
            (_, _, Some(bits)) => format!(", {bits:.2} kb/s"),
            _ => String::new(),
        };
        lines.push(format!("  encoded  {}{rate}", count(encoded, "byte")));
    }
    if let (Some(frames), Some(most)) = (record.frame_count, record.max_frame_content) {
        let most = count(most, record.unit);
        lines.push(format!(
            "  frames   {frames}, at most {most} of content each"
        ));
    }
    lines
}
