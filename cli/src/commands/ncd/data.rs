//! Data sets by the names on the command line.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use codec_suite::core::Error;
use codec_suite::ncd::dataset::{Dataset, Format, Item, ReadOptions, read};

use super::args::{DataArgs, FormatChoice, ThreadArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
pub(super) use crate::failure::Refusal;
use crate::shown::safe;
use crate::source::name_of;
use crate::units::count;

/// Most bytes of one file that are read if nothing else is asked for.
const MAX_BYTES: u64 = 1 << 30;

/// The items of all `paths` in order. Files with one item each that would have the same name are
/// called by their paths.
pub(super) fn load(
    paths: &[PathBuf],
    args: &DataArgs,
    needs_labels: bool,
) -> Result<Dataset, Refusal> {
    let options = ReadOptions {
        format: args.format.map(|format| match format {
            FormatChoice::Table => Format::Table,
            FormatChoice::Fasta => Format::Fasta,
            FormatChoice::Fastq => Format::Fastq,
            FormatChoice::Whole => Format::Whole,
        }),
        sequence_column: args.sequence_column.clone(),
        label_column: args.label_column.clone(),
        group_column: args.group.clone(),
        id_column: args.id_column.clone(),
        header_label: args.header_label.clone(),
        needs_labels,
        max_bytes: args.memory.unwrap_or(MAX_BYTES),
    };
    let mut items: Vec<Item> = Vec::new();
    let mut files: BTreeMap<String, Vec<(usize, &Path)>> = BTreeMap::new();
    for path in paths {
        let one = read(path, &options).map_err(|error| Refusal {
            file: Some(name_of(Some(path))),
            failure: explain(error),
        })?;
        if let [only] = one.items() {
            let named = files.entry(only.name.clone()).or_default();
            named.push((items.len(), path));
        }
        items.extend(one.into_items());
    }
    for (number, path) in files.into_values().filter(|same| same.len() > 1).flatten() {
        if let Some(item) = items.get_mut(number) {
            item.name = name_of(Some(path));
        }
    }
    Ok(Dataset::new(items))
}

/// Warns of items that differ in what they are written in, so that none is like another.
pub(super) fn warn_of_alphabets(data: &Dataset, console: &Console) {
    let alphabets = data.alphabets();
    if !alphabets.are_mixed() {
        return;
    }
    let lists = [
        ("DNA", &alphabets.dna),
        ("RNA", &alphabets.rna),
        ("neither", &alphabets.others),
    ];
    let parts = lists.into_iter().filter_map(|(what, list)| {
        let item = data.items().get(*list.first()?)?;
        let items = count(list.len() as u64, "item");
        Some(format!("{items} of {what}, such as '{}'", safe(&item.name)))
    });
    let parts = parts.collect::<Vec<_>>().join("; ");
    console.warn(None, &format!("mixed alphabets: {parts}"));
}

/// Threads to run.
pub(super) fn threads(args: ThreadArgs) -> NonZeroUsize {
    args.count()
}

/// A failure to read a data set, with the option that may help.
fn explain(error: Error) -> Failure {
    let exit = Exit::of(&error);
    match error {
        // The problem names row or record and line, which say more than the byte.
        Error::Corrupt { at, problem } => Failure {
            position: Some(at),
            ..Failure::new(exit, problem)
        },
        Error::Usage(problem) => {
            let failure = Failure::usage(&problem);
            let hints = [
                ("sequences", "--sequence-column NAME names it"),
                ("holds the labels", "--label-column NAME names it"),
            ];
            match hints.into_iter().find(|(word, _)| problem.contains(word)) {
                Some((_, hint)) if problem.contains("column") => failure.hint(hint),
                _ => failure,
            }
        }
        other => other.into(),
    }
}
