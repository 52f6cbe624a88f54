//! `codec log append`: more lines at the end of an archive.

use std::fs::OpenOptions;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use codec_suite::core::{Codec, Media, Params, encode_stream};
use codec_suite::log::Log;
use serde::Serialize;

use super::args::AppendArgs;
use super::{explain, open};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::Input;
use crate::settings::encoding_job;
use crate::source::{Source, name_of};
use crate::units::{count, grouped};

#[derive(Serialize)]
struct Record {
    schema: &'static str,
    archive: String,
    file: String,
    content_bytes: u64,
    encoded_bytes: u64,
}

pub(crate) fn run(args: &AppendArgs) -> Exit {
    let mut console = Console::new("log append", args.chatter, args.report.json);
    match append(args) {
        Ok(records) => records.iter().for_each(|record| {
            if console.json() {
                console.record(record);
            }
            console.note(&format!(
                "{} + {}: {} -> {}",
                record.archive,
                record.file,
                grouped(record.content_bytes),
                count(record.encoded_bytes, "byte")
            ));
        }),
        Err((name, failure)) => console.fail(Some(&name), &failure),
    }
    console.finish()
}

/// Encodes everything beside the archive first, so that it changes only once nothing but writing
/// can go wrong; that is undone if it does.
fn append(args: &AppendArgs) -> Result<Vec<Record>, (String, Failure)> {
    let archive_name = name_of(Some(&args.archive));
    let at_archive = |failure: Failure| (archive_name.clone(), failure);
    let params = check(args).map_err(at_archive)?;
    let mut added = Vec::new();
    let mut records = Vec::new();
    for file in &args.files {
        let name = name_of(Some(file));
        let before = added.len();
        let content_bytes =
            encode(args, file, &params, &mut added).map_err(|failure| (name.clone(), failure))?;
        records.push(Record {
            schema: "codec.log.append.v1",
            archive: archive_name.clone(),
            file: name,
            content_bytes,
            encoded_bytes: (added.len() - before) as u64,
        });
    }
    write(&args.archive, &added)
        .map_err(|error| at_archive(Failure::io("cannot add to the archive", &error)))?;
    Ok(records)
}

/// Reads all of the archive to see that it is whole; the parameters of its last stream, and what
/// was set.
fn check(args: &AppendArgs) -> Result<Params, Failure> {
    let mut archive = open(&args.archive)?;
    archive
        .summaries(|_, _, _| ())
        .map_err(|error| explain(error, &args.archive))?;
    let codec = codec(&codec_suite::registry())?.params;
    let mut params = match archive.headers().last() {
        Some(header) => Params::from_header(codec, &header.params)?,
        None => Params::defaults(codec),
    };
    if let Some(level) = args.level.get() {
        params.set("level", &level.to_string())?;
    }
    for (key, value) in &args.set {
        params.set(key, value)?;
    }
    Ok(params)
}

fn codec(registry: &codec_suite::core::Registry) -> Result<codec_suite::core::Descriptor, Failure> {
    Ok(*registry.named(Log::ID)?.descriptor())
}

/// Appends the stream of a log to `added`; returns the log's length.
fn encode(
    args: &AppendArgs,
    file: &Path,
    params: &Params,
    added: &mut Vec<u8>,
) -> Result<u64, Failure> {
    let registry = codec_suite::registry();
    let codec: &dyn Codec = registry.named(Log::ID)?;
    let mut source = Source::open(&Input::named(file), true)?;
    let suffix = source.suffix().to_owned();
    let job = encoding_job(codec, params, args.resources);
    let media = Media::bytes(&mut source, &suffix);
    let stats = encode_stream(codec, media, params, &job, added);
    let (stats, _) =
        stats.map_err(|error| source.take_failure().unwrap_or_else(|| error.into()))?;
    source.check_unchanged()?;
    Ok(stats.content_bytes)
}

fn write(archive: &Path, added: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(archive)?;
    let before = file.seek(SeekFrom::End(0))?;
    let written = file.write_all(added).and_then(|()| file.sync_all());
    if written.is_err() {
        file.set_len(before)?;
    }
    written
}
