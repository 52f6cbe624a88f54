//! `codec ncd merge`: the shards of a matrix put together.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use codec_suite::core::Error;
use codec_suite::ncd::matrix::partial;
use serde::Serialize;

use super::data::Refusal;
use super::matrix_args::MergeArgs;
use super::matrix_file::{check_free, format_of, write_matrix};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::source::name_of;

#[derive(Serialize)]
struct Record {
    schema: &'static str,
    output: String,
    items: usize,
    measure: String,
    shards: usize,
}

pub(crate) fn run(args: &MergeArgs) -> Exit {
    let mut console = Console::new("ncd merge", args.chatter, args.report.json);
    match merge(args) {
        Ok(record) if console.json() => console.record(&record),
        Ok(record) => console.note(&format!(
            "{}: {} items from {} parts, {}",
            record.output, record.items, record.shards, record.measure
        )),
        Err(refusal) => console.fail(refusal.file.as_deref(), &refusal.failure),
    }
    console.finish()
}

fn merge(args: &MergeArgs) -> Result<Record, Refusal> {
    format_of(&args.output)?;
    check_free(&args.output, args.force)?;
    let mut parts = Vec::new();
    for path in &args.parts {
        let at_part = |failure: Failure| Refusal {
            file: Some(name_of(Some(path))),
            failure,
        };
        let file = File::open(path);
        let file = file.map_err(|error| at_part(Failure::io("cannot open", &error)))?;
        let part = partial::read(BufReader::new(file));
        parts.push(part.map_err(|error| at_part(explain(error)))?);
    }
    let measure = parts.first().map(|part| part.header.measure.clone());
    let shards = parts.len();
    let matrix = partial::merge(parts).map_err(explain)?;
    let inputs: Vec<&Path> = args.parts.iter().map(PathBuf::as_path).collect();
    write_matrix(&matrix, &args.output, &inputs, args.force)?;
    Ok(Record {
        schema: "codec.ncd.merge.v1",
        output: name_of(Some(&args.output)),
        items: matrix.len(),
        measure: measure.unwrap_or_default(),
        shards,
    })
}

fn explain(error: Error) -> Failure {
    let is_incomplete = match &error {
        Error::Mismatch(problem) => problem.contains("missing") || problem.contains("complete"),
        _ => false,
    };
    let failure = Failure::from(error);
    match is_incomplete {
        true => failure.hint("codec ncd matrix --shard I/N computes it, or goes on with it"),
        false => failure,
    }
}
