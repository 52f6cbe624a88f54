//! `codec log`: work on logs and on archives of logs.

mod anomalies;
mod append;
pub(crate) mod args;
mod cat;
mod cluster;
mod grep;
mod span;
mod stats;
mod templates;
mod text;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use codec_suite::core::Error;
use codec_suite::log::archive::Archive;
use codec_suite::log::structure::Miner;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::Format;
use crate::inputs::Input;
use crate::source::Source;
use args::{LogArgs, LogCommand, SpanArgs};

pub(crate) fn run(args: &LogArgs) -> Exit {
    match &args.command {
        LogCommand::Grep(args) => grep::run(args),
        LogCommand::Cat(args) => cat::run(args),
        LogCommand::Templates(args) => templates::run(args),
        LogCommand::Stats(args) => stats::run(args),
        LogCommand::Append(args) => append::run(args),
        LogCommand::Cluster(args) => cluster::run(args),
        LogCommand::Anomalies(args) => anomalies::run(args),
    }
}

/// Opens an archive of logs by name.
fn open(path: &Path) -> Result<Archive<BufReader<File>>, Failure> {
    let source = Source::open(&Input::named(path), false)?;
    if !source.seekable() {
        return Err(Failure::usage(
            "an archive is searched in a file, not in a pipe",
        ));
    }
    let file = BufReader::new(source.into_file());
    Archive::open(file).map_err(|error| {
        let is_foreign = matches!(error, Error::Usage(_));
        let failure = explain(error, path);
        match is_foreign {
            true => failure.hint("`codec encode -c log` writes archives that can be searched"),
            false => failure,
        }
    })
}

/// The failure behind an error of an archive.
fn explain(error: Error, path: &Path) -> Failure {
    Format::Container.explain(error, Some(path))
}

/// The query behind spans.
fn query(span: &SpanArgs) -> codec_suite::log::archive::Query<'static> {
    use codec_suite::log::archive::{Query, Range};
    Query {
        times: Range {
            from: span.since.map(|time| time.0),
            to: span.until.map(|time| time.0),
        },
        lines: span.lines.map_or_else(Range::default, |lines| lines.0),
        ..Query::default()
    }
}

/// A miner that knows all templates of a log.
fn learned(text: &text::LogText, job: &codec_suite::core::Job) -> Result<Miner, Failure> {
    let mut miner = Miner::new();
    text.for_each_block(job, |block| {
        miner.learn(block);
        Ok(())
    })?;
    Ok(miner)
}
