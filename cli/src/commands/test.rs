//! `codec test`: decode to nowhere, and check everything on the way.

use std::time::Instant;

use codec_suite::core::Registry;
use serde::Serialize;

use crate::args::TestArgs;
use crate::beside::Beside;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::{Decoded, Format};
use crate::inputs::{self, Folders, Input};
use crate::names;
use crate::output::Output;
use crate::progress::{Direction, Progress};
use crate::settings::decoding_job;
use crate::shown;
use crate::source::{Source, name_of};
use crate::units::count;

/// One file that is whole.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    ok: bool,
    codecs: Vec<String>,
    content_bytes: u64,
    encoded_bytes: u64,
    seconds: f64,
}

pub(crate) fn run(args: &TestArgs) -> Exit {
    let mut console = Console::new("test", args.chatter, args.report.json);
    let registry = codec_suite::registry();
    let beside = match Beside::load(&registry, &args.beside) {
        Ok(beside) => beside,
        Err(failure) => {
            console.fail(None, &failure);
            return console.finish();
        }
    };
    let wanted = |path: &std::path::Path| names::is_compressed(path, &registry);
    for input in inputs::expand(&args.inputs, Folders::Refused, wanted, &mut console) {
        match test(&registry, args, &beside, &input) {
            Ok(record) => report(&record, &mut console),
            Err(failure) => console.fail(Some(&name_of(input.path())), &failure),
        }
        if console.reader_gone() {
            break;
        }
    }
    console.finish()
}

fn test(
    registry: &Registry,
    args: &TestArgs,
    beside: &Beside,
    input: &Input,
) -> Result<Record, Failure> {
    let started = Instant::now();
    let mut source = Source::open(input, true)?;
    let format = Format::recognise(registry, &mut source, args.codec.as_deref())?;
    let name = name_of(input.path());
    source.watch(Progress::new(
        &name,
        source.len(),
        Direction::Decode,
        args.chatter,
    ));
    let job = beside.given_to(decoding_job(args.resources, args.max_output));
    let decoded = format.decode(registry, &mut source, &job, &mut Output::nowhere());
    let Decoded {
        codecs,
        content_bytes,
        encoded_bytes,
    } = match decoded {
        Ok(decoded) => decoded,
        Err(error) => {
            let seen = source.take_failure();
            return Err(seen.unwrap_or_else(|| format.explain(error, input.path())));
        }
    };
    source.check_unchanged()?;
    Ok(Record {
        schema: "codec.test.v1",
        file: name,
        ok: true,
        codecs,
        content_bytes,
        encoded_bytes,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn report(record: &Record, console: &mut Console) {
    if console.json() {
        console.record(record);
    } else if console.chatter().quiet == 0 {
        console.line(&format!(
            "{}: ok, {} ({})",
            shown::safe(&record.file),
            count(record.content_bytes, "byte"),
            record.codecs.join(", "),
        ));
    }
}
