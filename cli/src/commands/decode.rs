//! `codec decode`: any compressed file back to its content.

use std::time::Instant;

use codec_suite::core::Registry;
use serde::Serialize;

use crate::args::DecodeArgs;
use crate::beside::Beside;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::{Decoded, Format, recorded_media};
use crate::inputs::{self, Folders, Input};
use crate::names;
use crate::output::{Manner, Target};
use crate::progress::Direction;
use crate::settings::decoding_job;
use crate::source::{Source, name_of};
use crate::targets::Targets;
use crate::transfer::Transfer;
use crate::units::{count, grouped, ratio};

/// What became of one file.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    output: Option<String>,
    codecs: Vec<String>,
    content_bytes: u64,
    encoded_bytes: u64,
    seconds: f64,
}

pub(crate) fn run(args: &DecodeArgs) -> Exit {
    let mut console = Console::new("decode", args.chatter, args.report.json);
    if let Err(failure) = decode_all(args, &mut console) {
        console.fail(None, &failure);
    }
    console.finish()
}

fn decode_all(args: &DecodeArgs, console: &mut Console) -> Result<(), Failure> {
    let registry = codec_suite::registry_on(&args.device)?;
    let wanted = |path: &std::path::Path| names::is_compressed(path, &registry);
    let inputs = inputs::expand(&args.inputs, Folders::Refused, wanted, console);
    let beside = Beside::load(&registry, &args.beside)?;
    let mut targets = Targets::new(&args.target, &inputs, console.json())?;
    for input in &inputs {
        match decode(&registry, args, &beside, input, &mut targets) {
            Ok(record) => report(&record, console),
            Err(failure) => console.fail(Some(&name_of(input.path())), &failure),
        }
        if console.reader_gone() {
            break;
        }
    }
    Ok(())
}

fn decode(
    registry: &Registry,
    args: &DecodeArgs,
    beside: &Beside,
    input: &Input,
    targets: &mut Targets<'_>,
) -> Result<Record, Failure> {
    let started = Instant::now();
    let mut source = Source::open(input, targets.is_explicit())?;
    let format = Format::recognise(registry, &mut source, args.codec.as_deref())?;
    let recorded = || recorded_media(input.path()?);
    let target = targets.choose(input, |path| {
        names::decoded(path, registry, recorded().as_ref())
    })?;
    let manner = Manner {
        force: args.target.force,
        compressed: false,
        sparse: args.sparse || !args.no_sparse,
    };
    let mut transfer = Transfer::open(source, &target, manner, args.target.rm, args.chatter)?;
    transfer.watch(Direction::Decode);
    let job = beside.given_to(decoding_job(args.resources, args.max_output));
    let Transfer { source, output, .. } = &mut transfer;
    let decoded = match format.decode(registry, source, &job, output) {
        Ok(decoded) => decoded,
        Err(error) => return Err(transfer.cause(|| format.explain(error, input.path()))),
    };
    transfer.complete()?;
    transfer.commit()?;
    let Decoded {
        codecs,
        content_bytes,
        encoded_bytes,
    } = decoded;
    Ok(Record {
        schema: "codec.decode.v1",
        file: name_of(input.path()),
        output: match target {
            Target::Stdout => None,
            Target::File(path) => Some(name_of(Some(&path))),
        },
        codecs,
        content_bytes,
        encoded_bytes,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn report(record: &Record, console: &mut Console) {
    if console.json() {
        console.record(record);
    }
    console.note(&format!(
        "{} -> {}: {} -> {}, {}, codec {}, {:.2} s",
        record.file,
        record.output.as_deref().unwrap_or("standard output"),
        grouped(record.encoded_bytes),
        count(record.content_bytes, "byte"),
        ratio(record.content_bytes, record.encoded_bytes),
        record.codecs.join(", "),
        record.seconds
    ));
}
