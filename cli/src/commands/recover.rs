//! `codec recover`: the whole frames of a damaged file into an intact one.

use codec_suite::core::Error;
use codec_suite::core::container::{Gap, Recovery, recover};
use serde::Serialize;

use crate::args::RecoverArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::Input;
use crate::output::{Manner, Target};
use crate::shown;
use crate::source::{Source, name_of};
use crate::transfer::Transfer;
use crate::units::count;

/// What was saved, and what was not.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    output: String,
    content_lost: bool,
    streams: u64,
    frames: u64,
    frames_missing: u64,
    content_bytes: u64,
    encoded_bytes: u64,
    gaps: Vec<GapRecord>,
}

/// One damaged place.
#[derive(Serialize)]
struct GapRecord {
    at: u64,
    len: u64,
    frames: u64,
}

pub(crate) fn run(args: &RecoverArgs) -> Exit {
    let mut console = Console::new("recover", args.chatter, args.report.json);
    match save(args) {
        Ok(record) => report(&record, &mut console),
        Err(failure) => console.fail(Some(&name_of(Some(&args.file))), &failure),
    }
    console.finish()
}

fn save(args: &RecoverArgs) -> Result<Record, Failure> {
    let mut source = Source::open(&Input::named(&args.file), false)?;
    let Some(len) = source.len() else {
        return Err(Failure::usage(
            "recover reads its input in any order: it must be a file",
        ));
    };
    if let Some((codec, _)) = codec_suite::registry().native_by_start(source.start()?) {
        let title = format!("is a {} stream, not a .cdc file", codec.descriptor().id);
        return Err(Failure::new(Exit::Unsupported, title)
            .hint("native streams have no independent frames to save"));
    }
    let target = Target::File(args.output.clone());
    let manner = Manner {
        force: args.force,
        compressed: true,
        sparse: false,
    };
    let mut transfer = Transfer::open(source, &target, manner, false, args.chatter)?;
    let mut input = transfer.source.clone_file()?;
    let recovered = recover(&mut input, &mut transfer.output);
    let recovery = recovered.map_err(|error| transfer.cause(|| explain(error)))?;
    transfer.output.complete()?;
    transfer.commit()?;
    Ok(record(args, len, recovery))
}

fn explain(error: Error) -> Failure {
    match error {
        Error::Corrupt { problem, .. } => {
            Failure::new(Exit::Corrupt, "nothing can be saved").detail(problem)
        }
        other => other.into(),
    }
}

fn record(args: &RecoverArgs, len: u64, recovery: Recovery) -> Record {
    let missing = recovery.gaps.iter().map(|gap| gap.frames).sum();
    Record {
        schema: "codec.recover.v1",
        file: name_of(Some(&args.file)),
        output: name_of(Some(&args.output)),
        // Damage to a header or an index alone is made good, and then nothing is shorter. What is
        // left out otherwise may have been a whole stream.
        content_lost: missing > 0 || recovery.written < len,
        streams: recovery.streams,
        frames: recovery.frames,
        frames_missing: missing,
        content_bytes: recovery.content_bytes,
        encoded_bytes: recovery.written,
        gaps: recovery.gaps.iter().map(gap_record).collect(),
    }
}

fn gap_record(gap: &Gap) -> GapRecord {
    GapRecord {
        at: gap.at,
        len: gap.len,
        frames: gap.frames,
    }
}

fn report(record: &Record, console: &mut Console) {
    if console.json() {
        console.record(record);
    } else if console.chatter().quiet == 0 {
        // Frames of images and audio do not count bytes.
        let content = match record.content_bytes {
            0 => String::new(),
            bytes => format!(" with {} of content", count(bytes, "byte")),
        };
        console.line(&format!(
            "{}: saved {}{content} to {}",
            shown::safe(&record.file),
            count(record.frames, "frame"),
            shown::safe(&record.output)
        ));
        for gap in &record.gaps {
            console.line(&format!("  {}", describe(gap)));
        }
        console.line(if record.content_lost {
            "  content was lost"
        } else {
            "  nothing was lost"
        });
    }
    if record.content_lost {
        console.end_with(Exit::Corrupt);
    }
}

fn describe(gap: &GapRecord) -> String {
    let damaged = format!("{} damaged at byte {}", count(gap.len, "byte"), gap.at);
    let missing = format!("{} missing", count(gap.frames, "frame"));
    match (gap.len, gap.frames) {
        (_, 0) => damaged,
        (0, _) => format!("{missing} before byte {}", gap.at),
        _ => format!("{damaged}, {missing}"),
    }
}
