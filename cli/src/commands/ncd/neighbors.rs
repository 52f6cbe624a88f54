//! `codec ncd neighbors`: the nearest items of a collection.

use codec_suite::ncd::dataset::Dataset;
use codec_suite::ncd::distance::Alphabet;
use codec_suite::ncd::knn::{Neighbor, check_k};
use codec_suite::ncd::neighbors::{Search, search};
use serde::Serialize;

use super::classify_args::NeighborsArgs;
use super::data::{Refusal, load, threads, warn_of_alphabets};
use super::measure::measure_of_questions;
use crate::console::Console;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::shown::safe;
use crate::units::grouped;

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    item: &'a str,
    /// From 1.
    rank: usize,
    neighbor: &'a str,
    label: Option<&'a str>,
    distance: f64,
}

#[derive(Serialize)]
struct Effort {
    schema: &'static str,
    pairs_compressed: u64,
    pairs: u64,
}

pub(crate) fn run(args: &NeighborsArgs) -> Exit {
    let mut console = Console::new("ncd neighbors", args.chatter, args.report.json);
    if let Err(refusal) = neighbors(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn neighbors(args: &NeighborsArgs, console: &mut Console) -> Result<(), Refusal> {
    let collection = load(&args.collection, &args.data, false)?;
    let is_within = args.questions.is_empty();
    let questions = match is_within {
        true => collection.clone(),
        false => load(&args.questions, &args.data, false)?,
    };
    let mut everything = collection.clone();
    everything.append(questions.clone());
    warn_of_alphabets(&everything, console);
    let registry = codec_suite::registry();
    let measure = measure_of_questions(&registry, &args.measure, args.first, &everything)?;
    check_k(args.k.get(), collection.len() - usize::from(is_within))?;
    // Within a collection, an item is its own nearest and left out.
    let k = args.k.get().saturating_add(usize::from(is_within));
    let how = match args.exact {
        true => Search::Exact,
        false => Search::Candidates {
            count: args
                .candidates
                .map_or_else(|| k.saturating_mul(10).max(50), |n| n.get()),
            kmer: args
                .kmer
                .map_or_else(|| usual_kmer(&everything), |n| n.get()),
        },
    };
    let pairs = collection.len() as u64 * questions.len() as u64;
    let progress = Progress::counting("neighbors", pairs, "pairs", console.chatter());
    let found = search(
        &measure,
        &collection.contents(),
        &questions.contents(),
        k,
        how,
        threads(args.threads),
        &|pairs| progress.done(pairs),
    )?;
    drop(progress);
    for (number, (question, near)) in questions.items().iter().zip(&found.neighbors).enumerate() {
        let others = near.iter().filter(|near| !is_within || near.item != number);
        for (rank, near) in others.take(args.k.get()).enumerate() {
            show(&question.name, rank + 1, *near, &collection, console);
        }
        if console.reader_gone() {
            return Ok(());
        }
    }
    if console.json() {
        console.record(&Effort {
            schema: "codec.ncd.neighbors.effort.v1",
            pairs_compressed: found.compressed,
            pairs: found.pairs,
        });
    } else {
        console.note(&format!(
            "{} of {} pairs compressed",
            grouped(found.compressed),
            grouped(found.pairs)
        ));
    }
    Ok(())
}

fn show(question: &str, rank: usize, near: Neighbor, collection: &Dataset, console: &mut Console) {
    let Some(item) = collection.items().get(near.item) else {
        return;
    };
    if console.json() {
        console.record(&Record {
            schema: "codec.ncd.neighbor.v1",
            item: question,
            rank,
            neighbor: &item.name,
            label: item.label.as_deref(),
            distance: near.distance,
        });
    } else {
        let label = item.label.as_deref().unwrap_or_default();
        console.line(&format!(
            "{}\t{rank}\t{}\t{:.6}\t{}",
            safe(question),
            safe(&item.name),
            near.distance,
            safe(label)
        ));
    }
}

fn usual_kmer(data: &Dataset) -> usize {
    match Alphabet::of(&data.contents()) {
        Alphabet::Nucleotides => 10,
        Alphabet::Bytes => 5,
    }
}
