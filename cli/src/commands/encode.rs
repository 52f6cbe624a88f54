//! `codec encode`: files to `.cdc` or native streams.

use std::path::Path;
use std::time::Instant;

use codec_suite::core::container::{Frame, StreamHeader, Writer};
use codec_suite::core::{Error, FrameSink, Media, Registry, Stats};
use serde::Serialize;

use crate::args::EncodeArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::Format;
use crate::inputs::{self, Input};
use crate::names;
use crate::output::{Manner, Output, Target};
use crate::progress::{Direction, Progress};
use crate::settings::{DEFAULT_MEMORY, Encoding};
use crate::source::{Source, name_of};
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
    let encoder = Encoder {
        of_logs: encoding.of_logs(&registry, args),
        encoding,
        registry: &registry,
        args,
    };
    encoder.warn_of_memory(console);
    let inputs = inputs::expand(&args.inputs, |path| encoder.wants(path), console);
    let mut targets = Targets::new(&args.target, &inputs, console.json())?;
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

struct Encoder<'a> {
    encoding: Encoding<'a>,
    /// The same for files with names of logs.
    of_logs: Option<Encoding<'a>>,
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
        let is_log = input.path().is_some_and(names::is_log);
        match &self.of_logs {
            Some(of_logs) if is_log => of_logs,
            _ => &self.encoding,
        }
    }

    fn encode(&self, input: &Input, targets: &mut Targets<'_>) -> Result<Record, Failure> {
        let started = Instant::now();
        let encoding = self.encoding_of(input);
        let source = Source::open(input, targets.is_explicit())?;
        let suffix = self.encoding.suffix();
        let target = targets.choose(input, |path| names::encoded(path, suffix))?;
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
        let (content_bytes, frames) = self.code(encoding, &mut transfer)?;
        transfer.complete()?;
        self.check(encoding, &transfer)?;
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
            content_bytes,
            encoded_bytes,
            frames,
            verified: self.args.verify,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Bytes of content and number of frames.
    fn code(
        &self,
        encoding: &Encoding<'_>,
        transfer: &mut Transfer,
    ) -> Result<(u64, u64), Failure> {
        let coded = match encoding.native {
            Some(native) => {
                transfer.watch(Direction::Encode);
                let Transfer { source, output, .. } = transfer;
                native.encode(source, &encoding.params, output)
            }
            None => self.encode_frames(encoding, transfer),
        };
        match coded {
            Ok(stats) => Ok((stats.content_bytes, stats.frames)),
            Err(error) => Err(transfer.cause(|| error.into())),
        }
    }

    fn encode_frames(
        &self,
        encoding: &Encoding<'_>,
        transfer: &mut Transfer,
    ) -> Result<Stats, Error> {
        let progress = transfer.watch_output(Direction::Encode);
        let Transfer { source, output, .. } = transfer;
        let suffix = source.suffix().to_owned();
        let media = Media::bytes(source, &suffix);
        let job = encoding.job(self.args.resources);
        let Encoding { codec, params, .. } = encoding;
        let mut frames = Watched {
            writer: Writer::new(output),
            progress,
        };
        let stats = codec.encode(media, params, &job, &mut frames)?;
        frames.writer.finish()?;
        Ok(stats)
    }

    /// Reads again what was written: all of it with `--verify`, the container's checksums otherwise.
    fn check(&self, encoding: &Encoding<'_>, transfer: &Transfer) -> Result<(), Failure> {
        let Some(file) = transfer.output.reopen()? else {
            return Ok(());
        };
        let Encoding { codec, native, .. } = encoding;
        let format = native.map_or(Format::Container, |native| Format::Native(*codec, native));
        match (transfer.source.fingerprint_so_far(), format) {
            (Some(expected), format) => {
                let job = encoding.verification_job(self.args.resources);
                verify::content(self.registry, format, file, &job, expected)
            }
            (None, Format::Container) => verify::structure(file),
            (None, Format::Native(..)) => Ok(()),
        }
    }
}

/// Counts the content of the frames that pass.
struct Watched<'a> {
    writer: Writer<&'a mut Output>,
    progress: Progress,
}

impl FrameSink for Watched<'_> {
    fn begin(&mut self, header: &StreamHeader) -> Result<(), Error> {
        self.writer.begin(header)
    }

    fn frame(&mut self, frame: Frame) -> Result<(), Error> {
        self.progress.done(frame.content_len);
        self.writer.frame(frame)
    }
}

fn report(record: &Record, console: &mut Console) {
    if console.json() {
        console.record(record);
    }
    console.note(&format!(
        "{} -> {}: {} -> {}, {}, codec {}, {}{:.2} s",
        record.file,
        record.output.as_deref().unwrap_or("standard output"),
        grouped(record.content_bytes),
        count(record.encoded_bytes, "byte"),
        ratio(record.content_bytes, record.encoded_bytes),
        record.codec,
        if record.verified { "verified, " } else { "" },
        record.seconds
    ));
}
