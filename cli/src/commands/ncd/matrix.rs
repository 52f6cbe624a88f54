//! `codec ncd matrix`: all distances of a collection.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use codec_suite::core::Error;
use codec_suite::ncd::dataset::{Dataset, Item};
use codec_suite::ncd::matrix::{
    DistanceMatrix, MatrixFormat, MeasuredItems, Shard, compute, partial, replicate,
};
use serde::Serialize;

use super::data::{Refusal, load, threads, warn_of_alphabets};
use super::matrix_args::MatrixArgs;
use super::matrix_file::{beside, check_free, format_of, write_matrix};
use super::measure::measure;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::shown;
use crate::source::name_of;
use crate::units::grouped;

/// What was computed.
#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    output: Option<String>,
    items: usize,
    measure: &'a str,
    shard: u32,
    shards: u32,
    /// Distances of this shard.
    distances: u64,
    /// Of these, how many were there from an earlier run.
    resumed: u64,
    /// Without an output, the items in order ...
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<&'a [String]>,
    /// ... and their distances to those before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    lower: Option<Vec<&'a [f32]>>,
}

pub(crate) fn run(args: &MatrixArgs) -> Exit {
    let mut console = Console::new("ncd matrix", args.chatter, args.report.json);
    if let Err(refusal) = matrix(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn matrix(args: &MatrixArgs, console: &mut Console) -> Result<(), Refusal> {
    let kept = kept_in(args)?;
    let data = items(args)?;
    warn_of_alphabets(&data, console);
    let registry = codec_suite::registry();
    let measure = measure(&registry, &args.measure, &data)?;
    let name = &args.measure.compressor;
    let versioned = registry.named(name).map(|codec| codec.descriptor().version);
    let compressor = versioned.map_or(name.clone(), |version| format!("{name}/{version}"));
    let description = measure.description(&compressor);
    let threads = threads(args.threads);
    let measured = MeasuredItems::new(data.contents(), measure, threads)?;
    let names: Vec<String> = data.items().iter().map(|item| item.name.clone()).collect();
    let contents = data
        .items()
        .iter()
        .map(|item| (&item.name[..], &item.content[..]));
    let header = partial::Header {
        items: partial::items_hash(contents),
        names,
        measure: description,
        order: measured.order(),
        shard: args.shard.unwrap_or(Shard::WHOLE),
    };
    let plan = header.plan();
    let total = plan.distances(header.shard);
    let progress = Progress::counting("matrix", total, "distances", console.chatter());
    let mut record = Record {
        schema: "codec.ncd.matrix.v1",
        output: None,
        items: header.names.len(),
        measure: &header.measure,
        shard: header.shard.index(),
        shards: header.shard.count(),
        distances: total,
        resumed: 0,
        names: None,
        lower: None,
    };

    let Some(kept) = kept else {
        let mut tiles = Vec::new();
        compute(
            plan.shard(header.shard),
            &measured,
            threads,
            |tile, values| {
                progress.done(values.len() as u64);
                tiles.push(Ok((tile, values)));
                Ok(())
            },
        )?;
        let matrix = plan.assemble(header.names.clone(), tiles)?;
        drop(progress);
        if console.json() {
            record.names = Some(matrix.names());
            record.lower = Some((0..matrix.len()).map(|row| matrix.row_below(row)).collect());
            console.record(&record);
            return Ok(());
        }
        return Ok(write_matrix(&matrix, Path::new("-"), &[], false)?);
    };

    let at_part = |failure: Failure| Refusal {
        file: Some(name_of(Some(&kept))),
        failure,
    };
    let file = open_part(&kept, args.force).map_err(at_part)?;
    let (mut writer, done) =
        partial::Writer::resume(file, &header).map_err(|error| at_part(cannot_go_on(error)))?;
    let before = plan.shard(header.shard).take(done);
    record.resumed = before.map(|tile| tile.len() as u64).sum();
    progress.done(record.resumed);
    let left = plan.shard(header.shard).skip(done);
    compute(left, &measured, threads, |tile, values| {
        writer.record(&tile, &values)?;
        progress.done(values.len() as u64);
        Ok(())
    })?;
    let mut file = writer.into_inner();
    drop(progress);

    record.output = args.output.as_deref().map(|output| name_of(Some(output)));
    if args.shard.is_none() {
        let output = args.output.as_deref().unwrap_or(Path::new("-"));
        let matrix = whole(&mut file).map_err(at_part)?;
        let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
        write_matrix(&matrix, output, &inputs, args.force)?;
        // The matrix is complete: what it was made of has done its work.
        fs::remove_file(&kept).map_err(|error| at_part(Failure::io("cannot remove", &error)))?;
    } else {
        file.sync_all()
            .map_err(|error| at_part(Failure::io("cannot write", &error)))?;
    }
    if console.json() {
        console.record(&record);
    }
    console.note(&format!(
        "{}: {} distances of {} items, {}",
        record.output.as_deref().unwrap_or_default(),
        grouped(total),
        grouped(record.items as u64),
        record.measure
    ));
    Ok(())
}

/// The file that keeps what is computed, where there is one: checked before any work is done.
fn kept_in(args: &MatrixArgs) -> Result<Option<PathBuf>, Failure> {
    let stdout = |output: &PathBuf| output == Path::new("-");
    match (
        args.output.as_ref().filter(|output| !stdout(output)),
        args.shard,
    ) {
        (None, Some(_)) => Err(Failure::usage("a shard is kept in a file")
            .hint("-o FILE.part names it; codec ncd merge puts the shards together")),
        (Some(output), Some(_)) if MatrixFormat::of_path(output).is_some() => {
            Err(Failure::usage(format!(
                "with --shard the output is a part of a matrix, not a {} file",
                output.extension().unwrap_or_default().to_string_lossy()
            ))
            .hint("-o FILE.part names it; codec ncd merge writes the matrix"))
        }
        (Some(output), Some(_)) => Ok(Some(output.clone())),
        (Some(output), None) => {
            format_of(output)?;
            check_free(output, args.force)?;
            Ok(Some(beside(output, ".part")))
        }
        (None, None) => Ok(None),
    }
}

/// The items or their replicates: at least two, all by different names.
fn items(args: &MatrixArgs) -> Result<Dataset, Refusal> {
    let data = load(&args.files, &args.data, false)?;
    if data.len() < 2 {
        let failure = Failure::usage("a matrix needs two items, but there is only one");
        return Err(failure.hint("name more files").into());
    }
    let mut seen = HashSet::new();
    if let Some(item) = data.items().iter().find(|item| !seen.insert(&item.name)) {
        let failure = Failure::usage(format!("two items are named {}", shown::safe(&item.name)));
        let hint = "items of tables are named by --id-column, others by their headers or files";
        return Err(failure.hint(hint).into());
    }
    let Some(number) = args.replicate else {
        return Ok(data);
    };
    let contents = replicate(&data.contents(), number)?;
    let items = data.items().iter().zip(contents);
    let items = items.map(|(item, content)| Item {
        content,
        ..item.clone()
    });
    Ok(Dataset::new(items.collect()))
}

/// Opens what keeps the distances, for this process alone.
fn open_part(path: &Path, afresh: bool) -> Result<File, Failure> {
    let cannot = |error: io::Error| Failure::io("cannot open", &error);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false);
    let file = file.open(path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(
                Failure::new(Exit::Error, "another process is computing this part")
                    .hint("each shard needs an output of its own"),
            );
        }
        // A file system without locks.
        Err(TryLockError::Error(_)) => {}
    }
    if afresh {
        file.set_len(0).map_err(cannot)?;
    }
    Ok(file)
}

fn cannot_go_on(error: Error) -> Failure {
    let is_foreign = matches!(error, Error::Mismatch(_) | Error::Corrupt { .. });
    let failure = Failure::from(error);
    match is_foreign {
        true => failure.hint("nothing was changed; -f forgets it and starts anew"),
        false => failure,
    }
}

/// The matrix from its one part.
fn whole(file: &mut File) -> Result<DistanceMatrix, Failure> {
    file.rewind()
        .map_err(|error| Failure::io("cannot read", &error))?;
    let part = partial::read(io::BufReader::new(file))?;
    Ok(partial::merge(vec![part])?)
}
