//! `codec cat`: content to standard output, whole or in part.

use std::io::{self, BufReader, Write};
use std::path::Path;

use codec_suite::circuit::CircuitCodec;
use codec_suite::core::container::{decode_range, read_frame, read_indexes};
use codec_suite::core::{Error, Job, Registry};

use crate::args::CatArgs;
use crate::beside::Beside;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::{Format, are_bytes};
use crate::inputs::Input;
use crate::output::{Manner, Output, Target};
use crate::progress::Direction;
use crate::range::ByteRange;
use crate::settings::decoding_job;
use crate::source::{Source, name_of};
use crate::transfer::Transfer;

pub(crate) fn run(args: &CatArgs) -> Exit {
    let mut console = Console::new("cat", args.chatter, false);
    let registry = codec_suite::registry();
    let beside = match Beside::load(&registry, &args.beside) {
        Ok(beside) => beside,
        Err(failure) => {
            console.fail(None, &failure);
            return console.finish();
        }
    };
    let stdin = [Path::new("-").to_owned()];
    let files = if args.files.is_empty() {
        &stdin[..]
    } else {
        &args.files
    };
    for file in files {
        let input = Input::named(file);
        if let Err(failure) = cat(&registry, args, &beside, &input) {
            console.fail(Some(&name_of(input.path())), &failure);
        }
        if console.reader_gone() {
            break;
        }
    }
    console.finish()
}

fn cat(registry: &Registry, args: &CatArgs, beside: &Beside, input: &Input) -> Result<(), Failure> {
    let mut source = Source::open(input, true)?;
    let format = Format::recognise(registry, &mut source, args.codec.as_deref())?;
    let manner = Manner {
        force: false,
        compressed: false,
        sparse: false,
    };
    let mut transfer = Transfer::open(source, &Target::Stdout, manner, false, args.chatter)?;
    transfer.watch(Direction::Decode);
    let job = beside.given_to(decoding_job(args.resources, args.max_output));
    if let Some(numbers) = args.records {
        if !matches!(format, Format::Container) || !transfer.source.seekable() {
            return Err(Failure::usage("--records needs a .cdc file, not a pipe"));
        }
        return records(transfer, numbers, &job);
    }
    match (args.bytes, format) {
        (None, _) => whole(registry, format, transfer, &job),
        (Some(range), Format::Container) if transfer.source.seekable() => {
            by_index(registry, format, transfer, range, &job)
        }
        (Some(range), _) => part(registry, format, transfer, range, &job),
    }
}

fn whole(
    registry: &Registry,
    format: Format<'_>,
    mut transfer: Transfer,
    job: &Job,
) -> Result<(), Failure> {
    let Transfer { source, output, .. } = &mut transfer;
    match format.decode(registry, source, job, output) {
        Ok(_) => transfer.complete(),
        Err(error) => {
            let path = transfer.source.path().map(Path::to_owned);
            Err(transfer.cause(|| format.explain(error, path.as_deref())))
        }
    }
}

/// Reads only the frames that hold the range. Content is counted over all streams of the file; where
/// frames do not count bytes, everything before the range is decoded.
fn by_index(
    registry: &Registry,
    format: Format<'_>,
    mut transfer: Transfer,
    range: ByteRange,
    job: &Job,
) -> Result<(), Failure> {
    let path = transfer.source.path().map(Path::to_owned);
    let explain = |error| format.explain(error, path.as_deref());
    let mut input = BufReader::new(transfer.source.clone_file()?);
    let streams = read_indexes(&mut input).map_err(explain)?;
    if !are_bytes(&streams) {
        transfer.source.rewind()?;
        return part(registry, format, transfer, range, job);
    }
    let mut output = transfer.output;
    let mut at: u64 = 0;
    for stream in streams {
        let len = stream.content_len();
        let wanted = range.within(at, len);
        at = at.saturating_add(len);
        if wanted.is_empty() {
            continue;
        }
        let codec = registry.for_stream(&stream.header)?;
        decode_range(codec, &mut input, &stream, wanted, job, &mut output)
            .map_err(|error| output.take_failure().unwrap_or_else(|| explain(error)))?;
    }
    output.complete()
}

/// Some of the records of arrays, counted over all frames of the file.
fn records(transfer: Transfer, numbers: ByteRange, job: &Job) -> Result<(), Failure> {
    let Transfer {
        source, mut output, ..
    } = transfer;
    let path = source.path().map(Path::to_owned);
    let explain = |error| Format::Container.explain(error, path.as_deref());
    let mut input = BufReader::new(source.into_file());
    let mut at: u64 = 0;
    for stream in read_indexes(&mut input).map_err(explain)? {
        if stream.header.codec != CircuitCodec::ID {
            let title = format!(
                "has a stream of codec '{}', without records",
                stream.header.codec
            );
            return Err(Failure::usage(title).hint("--bytes A..B works with every codec"));
        }
        for (frame_at, entry) in stream.frames().filter(|(_, entry)| entry.content_len > 0) {
            let frame = read_frame(&mut input, frame_at, &entry).map_err(explain)?;
            let wanted = numbers.within(at, u64::MAX);
            let read = CircuitCodec.records(&stream.header, &frame, wanted, job);
            let (values, count) = read.map_err(explain)?;
            job.budget.produce(values.len() as u64).map_err(explain)?;
            if let Err(error) = output.write_all(&values) {
                let failure = output.take_failure();
                return Err(failure.unwrap_or_else(|| Failure::io("cannot write", &error)));
            }
            at = at.saturating_add(count);
        }
    }
    output.complete()
}

/// Decodes from the start, where there is no index, up to the end of the range.
fn part(
    registry: &Registry,
    format: Format<'_>,
    mut transfer: Transfer,
    range: ByteRange,
    job: &Job,
) -> Result<(), Failure> {
    let Transfer { source, output, .. } = &mut transfer;
    let mut window = Window {
        output,
        range,
        at: 0,
    };
    match format.decode(registry, source, job, &mut window) {
        Err(error) if !is_past_the_end(&error) => {
            let path = transfer.source.path().map(Path::to_owned);
            Err(transfer.cause(|| format.explain(error, path.as_deref())))
        }
        Ok(_) | Err(_) => transfer.output.complete(),
    }
}

/// Passes on the bytes of a range, and stops the decoder behind it.
struct Window<'a> {
    output: &'a mut Output,
    range: ByteRange,
    at: u64,
}

/// Everything that was asked for is written.
#[derive(Debug, thiserror::Error)]
#[error("the end of the range is reached")]
struct PastTheEnd;

fn is_past_the_end(error: &Error) -> bool {
    match error {
        Error::Io { source, .. } => source
            .get_ref()
            .is_some_and(|inner| inner.is::<PastTheEnd>()),
        _ => false,
    }
}

impl Write for Window<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.at >= self.range.end {
            return Err(io::Error::other(PastTheEnd));
        }
        let wanted = self.range.within(self.at, buffer.len() as u64);
        let part = buffer.get(wanted.start as usize..wanted.end as usize);
        self.output.write_all(part.unwrap_or_default())?;
        self.at += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
