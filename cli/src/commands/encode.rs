//! `codec encode`: files to `.cdc` or native streams.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::Instant;

use codec_suite::core::container::{Frame, StreamHeader, Writer};
use codec_suite::core::{Error, FrameSink, Media, NativeStream, RecordStats, Registry, Stats};
use serde::Serialize;

use crate::args::EncodeArgs;
use crate::beside::Beside;
use crate::console::{self, Console};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder;
use crate::format::Format;
use crate::inputs::{self, Input};
use crate::names;
use crate::output::{Manner, Output, Target};
use crate::peel;
use crate::progress::{Direction, Progress};
use crate::settings::{DEFAULT_MEMORY, Encoding};
use crate::source::{Fingerprint, Source, name_of};
use crate::targets::Targets;
use crate::transfer::Transfer;
use crate::units::{count, grouped, ratio, size_of_at_least};
use crate::verify;

/// What became of one file.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    output: Option<String>,
    codec: &'static str,
    native: bool,
    content_bytes: u64,
    encoded_bytes: u64,
    frames: u64,
    verified: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<RecordsReport>,
}

/// What records came to.
#[derive(Serialize)]
struct RecordsReport {
    count: u64,
    /// Values of all of them.
    values: u64,
    codeword_bytes: u64,
    model_bytes: u64,
    model_inside: bool,
    /// Of the codewords, for each value.
    bits_per_dimension: f64,
    /// The same with the model.
    bits_per_dimension_with_model: f64,
}

impl RecordsReport {
    fn new(stats: RecordStats) -> Self {
        let bits = |bytes: u64| bytes as f64 * 8.0 / stats.values.max(1) as f64;
        Self {
            count: stats.records,
            values: stats.values,
            codeword_bytes: stats.codeword_bytes,
            model_bytes: stats.model_bytes,
            model_inside: stats.is_model_inside,
            bits_per_dimension: bits(stats.codeword_bytes),
            bits_per_dimension_with_model: bits(stats.codeword_bytes + stats.model_bytes),
        }
    }
}

pub(crate) fn run(args: &EncodeArgs) -> Exit {
    let mut console = Console::new("encode", args.chatter, args.report.json);
    if let Err(failure) = encode_all(args, &mut console) {
        console.fail(None, &failure);
    }
    console.finish()
}

fn encode_all(args: &EncodeArgs, console: &mut Console) -> Result<(), Failure> {
    let registry = codec_suite::registry();
    let encoding = Encoding::new(&registry, args)?;
    let by_name = names::CODECS_BY_NAME
        .iter()
        .filter_map(|id| encoding.by_name(&registry, args, id));
    let mut encoder = Encoder {
        by_name: by_name.collect(),
        for_sound: None,
        encoding,
        beside: Beside::load(&registry, &args.beside)?,
        registry: &registry,
        args,
    };
    encoder.warn_of_memory(console);
    let folders = encoder.encoding.takes_folders();
    let inputs = inputs::expand(&args.inputs, folders, |path| encoder.wants(path), console);
    let mut targets = Targets::new(&args.target, &inputs, console.json())?;
    if inputs.iter().any(is_sound) {
        encoder.for_sound = encoder.encoding.for_sound(&registry, args)?;
    }
    for input in &inputs {
        match encoder.encode(input, &mut targets) {
            Ok(record) => report(&record, console),
            Err(failure) => console.fail(Some(&name_of(input.path())), &failure),
        }
        if console.reader_gone() {
            break;
        }
    }
    Ok(())
}

fn is_sound(input: &Input) -> bool {
    input.path().is_some_and(names::is_sound)
}

struct Encoder<'a> {
    encoding: Encoding<'a>,
    /// The same for files whose names stand for a codec.
    by_name: Vec<Encoding<'a>>,
    /// The same for files of sound.
    for_sound: Option<Encoding<'a>>,
    beside: Beside,
    registry: &'a Registry,
    args: &'a EncodeArgs,
}

impl Encoder<'_> {
    /// Whether `-r` takes a file: not the outputs of an earlier run beside their sources.
    fn wants(&self, path: &Path) -> bool {
        let target = &self.args.target;
        let beside = target.out_dir.is_none() && target.output.is_none() && !target.stdout;
        !beside
            || path
                .extension()
                .is_none_or(|suffix| suffix != self.encoding.suffix())
    }

    fn warn_of_memory(&self, console: &Console) {
        let need = self.encoding.codec.memory(&self.encoding.params).decode;
        if self.encoding.native.is_none() && need > DEFAULT_MEMORY {
            let option = size_of_at_least(need);
            console.warn(None, &format!("decoding may need --memory {option}"));
        }
    }

    fn encoding_of(&self, input: &Input) -> &Encoding<'_> {
        let wanted = input.path().and_then(names::codec_for);
        let found = self.by_name.iter().find(|encoding| {
            let id = encoding.codec.descriptor().id;
            wanted == Some(id)
        });
        let for_sound = self.for_sound.as_ref().filter(|_| is_sound(input));
        found.or(for_sound).unwrap_or(&self.encoding)
    }

    fn encode(&self, input: &Input, targets: &mut Targets<'_>) -> Result<Record, Failure> {
        let started = Instant::now();
        let encoding = self.encoding_of(input);
        let folder = input.path().filter(|path| path.is_dir());
        let mut source = match folder {
            Some(path) => folder::open(path, self.args)?,
            None => Source::open(input, targets.is_explicit())?,
        };
        let packed = match encoding.peels(self.args) {
            true => peel::gzip(self.registry, &mut source)?,
            false => None,
        };
        let suffix = self.encoding.suffix();
        let target = targets.choose(input, |path| match packed {
            Some(_) => names::encoded(&names::without_gzip(path), suffix),
            None if folder.is_some() => {
                names::encoded(&names::encoded(path, folder::SUFFIX), suffix)
            }
            None => names::encoded(path, suffix),
        })?;
        let manner = Manner {
            force: self.args.target.force,
            compressed: true,
            sparse: false,
        };
        let mut transfer = Transfer::open(
            source,
            &target,
            manner,
            self.args.target.rm,
            self.args.chatter,
        )?;
        if self.args.verify {
            if !transfer.output.is_file() {
                return Err(Failure::usage(
                    "--verify needs an output file to read again",
                ));
            }
            transfer.source.fingerprint();
        }
        let (stats, fingerprint) = match packed {
            Some(packed) => self.code_unpacked(encoding, packed, &mut transfer)?,
            None => {
                let suffix = folder.map(|_| folder::SUFFIX.to_owned());
                let suffix = suffix.unwrap_or_else(|| transfer.source.suffix().to_owned());
                self.code(encoding, &suffix, &mut transfer)?
            }
        };
        transfer.complete()?;
        self.check(encoding, &transfer, fingerprint)?;
        let encoded_bytes = transfer.output.written();
        transfer.commit()?;
        Ok(Record {
            schema: "codec.encode.v1",
            file: name_of(input.path()),
            output: match target {
                Target::Stdout => None,
                Target::File(path) => Some(name_of(Some(&path))),
            },
            codec: encoding.codec.descriptor().id,
            native: encoding.native.is_some(),
            content_bytes: stats.content_bytes,
            encoded_bytes,
            frames: stats.frames,
            verified: self.args.verify,
            seconds: started.elapsed().as_secs_f64(),
            records: stats.records.map(RecordsReport::new),
        })
    }

    /// Encodes a source; the fingerprint is that of its content, where it was asked for.
    fn code(
        &self,
        encoding: &Encoding<'_>,
        suffix: &str,
        transfer: &mut Transfer,
    ) -> Result<(Stats, Option<Fingerprint>), Failure> {
        let coded = match encoding.native {
            Some(native) => {
                transfer.watch(Direction::Encode);
                let Transfer { source, output, .. } = transfer;
                native.encode(source, &encoding.params, output)
            }
            None => {
                let progress = transfer.watch_output(Direction::Encode);
                let len = transfer.source.len();
                let Transfer { source, output, .. } = transfer;
                let media = Media::bytes(source, suffix);
                self.encode_frames(encoding, media, output, Watched::new(progress, len))
            }
        };
        if coded.is_ok() && !encoding.codec.descriptor().lossless {
            // What stands behind the picture or the sound in its file is left out.
            let rest = io::copy(&mut transfer.source, &mut io::sink());
            rest.map_err(|error| transfer.cause(|| Failure::io("cannot read", &error)))?;
        }
        match coded {
            Ok(stats) => Ok((stats, transfer.source.fingerprint_so_far())),
            Err(error) => Err(transfer.cause(|| error.into())),
        }
    }

    /// As [`code`](Self::code), for the content of a source that is compressed with gzip.
    fn code_unpacked(
        &self,
        encoding: &Encoding<'_>,
        packed: &dyn NativeStream,
        transfer: &mut Transfer,
    ) -> Result<(Stats, Option<Fingerprint>), Failure> {
        transfer.watch(Direction::Encode);
        let Transfer { source, output, .. } = transfer;
        let path = source.path().map(names::without_gzip);
        let suffix = path.as_deref().and_then(Path::extension);
        let suffix = suffix.and_then(OsStr::to_str).unwrap_or("").to_owned();
        let coded = peel::unpacking(packed, source, |content| {
            let media = Media::bytes(content, &suffix);
            self.encode_frames(
                encoding,
                media,
                output,
                Watched::new(Progress::none(), None),
            )
        });
        let (stats, fingerprint) = match coded {
            Ok(coded) => coded,
            Err(error) => return Err(transfer.cause(|| error.into())),
        };
        let name = name_of(transfer.source.path());
        let text = "is compressed with gzip: its content is encoded, and decoding gives that";
        console::remark(self.args.chatter, Some(&name), text);
        Ok((stats, self.args.verify.then_some(fingerprint)))
    }

    fn encode_frames(
        &self,
        encoding: &Encoding<'_>,
        media: Media<'_>,
        output: &mut Output,
        watched: Watched,
    ) -> Result<Stats, Error> {
        let job = encoding.job(self.args.resources, &self.beside);
        let Encoding { codec, params, .. } = encoding;
        let mut frames = WatchedFrames {
            writer: Writer::new(output),
            watched,
        };
        let stats = codec.encode(media, params, &job, &mut frames)?;
        frames.writer.finish()?;
        Ok(stats)
    }

    /// Reads again what was written: all of it with `--verify`, the container's checksums otherwise.
    /// What a lossy codec wrote has to decode; what it decodes to is not the source.
    fn check(
        &self,
        encoding: &Encoding<'_>,
        transfer: &Transfer,
        fingerprint: Option<Fingerprint>,
    ) -> Result<(), Failure> {
        let Some(file) = transfer.output.reopen()? else {
            return Ok(());
        };
        let Encoding { codec, native, .. } = encoding;
        let format = native.map_or(Format::Container, |native| Format::Native(*codec, native));
        match (fingerprint, format) {
            (Some(_), Format::Container) if !codec.descriptor().lossless => {
                let job = encoding.verification_job(self.args.resources, &self.beside);
                verify::decodes(self.registry, file, &job)
            }
            (Some(expected), format) => {
                let job = encoding.verification_job(self.args.resources, &self.beside);
                verify::content(self.registry, format, file, &job, expected)
            }
            (None, Format::Container) => verify::structure(file),
            (None, Format::Native(..)) => Ok(()),
        }
    }
}

/// Shows how much of a source of known length is in frames.
struct Watched {
    progress: Progress,
    /// Length of the source in bytes.
    len: Option<u64>,
    /// Bytes of the source for a unit of content.
    bytes_per_unit: f64,
}

impl Watched {
    fn new(progress: Progress, len: Option<u64>) -> Self {
        Watched {
            progress,
            len,
            bytes_per_unit: 1.0,
        }
    }
}

/// Counts the content of the frames that pass.
struct WatchedFrames<'a> {
    writer: Writer<&'a mut Output>,
    watched: Watched,
}

impl FrameSink for WatchedFrames<'_> {
    fn begin(&mut self, header: &StreamHeader) -> Result<(), Error> {
        if let Some(units) = header.media.shape.content_len() {
            let len = self.watched.len.unwrap_or(units);
            self.watched.bytes_per_unit = len as f64 / units.max(1) as f64;
        }
        self.writer.begin(header)
    }

    fn frame(&mut self, frame: Frame) -> Result<(), Error> {
        let bytes = frame.content_len as f64 * self.watched.bytes_per_unit;
        self.watched.progress.done(bytes as u64);
        self.writer.frame(frame)
    }
}

/// The rate of records, and the rate when the model is counted, which is written once for all.
fn of_records(report: &RecordsReport) -> String {
    format!(
        "; {}: {:.4} bits per dimension, {:.4} with the model of {} {}",
        count(report.count, "record"),
        report.bits_per_dimension,
        report.bits_per_dimension_with_model,
        count(report.model_bytes, "byte"),
        if report.model_inside {
            "inside"
        } else {
            "beside the file"
        },
    )
}

fn report(record: &Record, console: &mut Console) {
    if console.json() {
        console.record(record);
    }
    console.note(&format!(
        "{} -> {}: {} -> {}, {}, codec {}, {}{:.2} s{}",
        record.file,
        record.output.as_deref().unwrap_or("standard output"),
        grouped(record.content_bytes),
        count(record.encoded_bytes, "byte"),
        ratio(record.content_bytes, record.encoded_bytes),
        record.codec,
        if record.verified { "verified, " } else { "" },
        record.seconds,
        record.records.as_ref().map_or(String::new(), of_records)
    ));
}
