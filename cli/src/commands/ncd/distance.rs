//! `codec ncd distance`: the distances between a few items.

use codec_suite::core::ordered;
use serde::Serialize;

use super::args::DistanceArgs;
use super::data::{Refusal, load, threads, warn_of_alphabets};
use super::measure::measure;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::shown::safe;

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    first: &'a str,
    second: &'a str,
    compressor: &'a str,
    distance: f64,
}

pub(crate) fn run(args: &DistanceArgs) -> Exit {
    let mut console = Console::new("ncd distance", args.chatter, args.report.json);
    if let Err(refusal) = distances(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn distances(args: &DistanceArgs, console: &mut Console) -> Result<(), Refusal> {
    let data = load(&args.files, &args.data, false)?;
    if data.len() < 2 {
        let failure = Failure::usage("a distance needs two items, but there is only one");
        return Err(failure.hint("name another file").into());
    }
    warn_of_alphabets(&data, console);
    let registry = codec_suite::registry();
    let measure = measure(&registry, &args.measure, &data)?;
    let items = data.items();
    let threads = threads(args.threads);
    let pairs = items.len() * (items.len() - 1);
    let progress = Progress::counting("distances", pairs as u64, "pairs", console.chatter());
    let mut singles = Vec::new();
    let mut contents = items.iter().map(|item| &item.content[..]);
    ordered(
        threads,
        || Ok(contents.next()),
        |content| measure.single(content),
        |single| {
            singles.push(single);
            Ok(())
        },
    )?;
    let mut rows = 0..items.len();
    ordered(
        threads,
        || Ok(rows.next()),
        |number| {
            let (Some(item), Some(single)) = (items.get(number), singles.get(number)) else {
                return Ok((number, Vec::new()));
            };
            let row = measure.row(&item.content, *single)?;
            let others = items.iter().zip(&singles).enumerate();
            // Of symmetric distances each is measured once.
            let others = others.filter(|(other, _)| match measure.takes_both_orders() {
                true => *other > number,
                false => *other != number,
            });
            let mut found = Vec::new();
            for (other, (item, single)) in others {
                found.push((other, row.distance(&item.content, *single)?));
                progress.done(1);
            }
            Ok((number, found))
        },
        |(number, found)| {
            for (other, distance) in found {
                let (Some(first), Some(second)) = (items.get(number), items.get(other)) else {
                    continue;
                };
                if console.json() {
                    console.record(&Record {
                        schema: "codec.ncd.distance.v1",
                        first: &first.name,
                        second: &second.name,
                        compressor: &args.measure.compressor,
                        distance,
                    });
                } else {
                    let (first, second) = (safe(&first.name), safe(&second.name));
                    console.line(&format!("{first}\t{second}\t{distance:.6}"));
                }
            }
            Ok(())
        },
    )?;
    Ok(())
}
