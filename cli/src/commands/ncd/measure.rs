//! From the options of a distance to a measure.

use codec_suite::core::{CodeLength, Params, Registry};
use codec_suite::ncd::dataset::Dataset;
use codec_suite::ncd::distance::{Alphabet, Formula, Join, Measure, Order};
use codec_suite::ncd::lz::Lz;

use super::args::{FormulaChoice, JoinChoice, MeasureArgs};
use super::classify_args::FirstChoice;
use crate::failure::Failure;

/// The measure that the options ask for, for items such as those of `data`.
pub(super) fn measure<'r>(
    registry: &'r Registry,
    args: &MeasureArgs,
    data: &Dataset,
) -> Result<Measure<'r>, Failure> {
    let name = &args.compressor[..];
    let (lengths, mut params): (&dyn CodeLength, Params) = match name {
        "lz" => (&Lz, Params::defaults(&[])),
        _ => {
            let codec = registry.named(name).map_err(|error| {
                Failure::from(error).hint("or lz, the fast estimate that is no codec")
            })?;
            let lengths = codec.code_length().ok_or_else(|| {
                Failure::usage(format!("codec '{name}' gives no code lengths"))
                    .hint("gzip, xz, bwt, cm and others do, and lz, the fast estimate")
            })?;
            (lengths, Params::defaults(codec.descriptor().params))
        }
    };
    let level = args.level.get().map(|level| ("level", level.to_string()));
    let set = args
        .set
        .iter()
        .map(|(key, value)| (&key[..], value.clone()));
    for (key, value) in level.into_iter().chain(set) {
        if !params.has(key) {
            return Err(Failure::usage(format!("compressor '{name}' has no {key}")));
        }
        params.set(key, &value).map_err(|error| {
            Failure::usage(format!("compressor '{name}': {error}")).hint(format!(
                "codec list {name} shows its parameters and their ranges"
            ))
        })?;
    }
    if name == "dna" {
        data.check_nucleotides()?;
    }
    let formula = match args.formula {
        FormulaChoice::Ncd => Formula::Ncd,
        FormulaChoice::Nccd => Formula::Nccd,
        FormulaChoice::Cdm => Formula::Cdm,
        FormulaChoice::Nrc => Formula::Nrc,
    };
    let join = match args.join {
        Some(JoinChoice::Space) => Join::Space,
        Some(JoinChoice::Plain) => Join::Plain,
        None if is_ours(name) => Join::Plain,
        None => Join::Space,
    };
    Ok(Measure::new(lengths, params, formula, join)
        .symmetric(args.symmetric)
        .alphabet(Alphabet::of(&data.contents())))
}

/// The compressor with its level, for people.
pub(super) fn compressor_title(args: &MeasureArgs) -> String {
    match args.level.get() {
        Some(level) => format!("{} {level}", args.compressor),
        None => args.compressor.clone(),
    }
}

/// The measure, for questions to known items.
pub(super) fn measure_of_questions<'r>(
    registry: &'r Registry,
    args: &MeasureArgs,
    first: Option<FirstChoice>,
    data: &Dataset,
) -> Result<Measure<'r>, Failure> {
    let order = match first {
        Some(FirstChoice::Question) => Order::QuestionFirst,
        Some(FirstChoice::Known) => Order::KnownFirst,
        None if is_ours(&args.compressor) => Order::KnownFirst,
        None => Order::QuestionFirst,
    };
    Ok(measure(registry, args, data)?.ordered(order))
}

/// Whether a compressor is one of those that no published figure is measured with, so that the
/// defaults need not be as published.
fn is_ours(name: &str) -> bool {
    matches!(name, "circuit" | "dna" | "lz")
}
