//! `codec circuit eval`: a model measured on records.

use std::fs;

use codec_suite::circuit::Model;
use codec_suite::core::{Budget, Limits};
use serde::Serialize;

use super::args::EvalArgs;
use super::coding::{Measured, measure, print};
use super::data::{Origin, load};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::source::name_of;
use crate::units::{count, grouped};

#[derive(Serialize)]
struct Record {
    schema: &'static str,
    model: String,
    /// XXH64 of the file, in hexadecimal.
    model_xxh64: String,
    variables: usize,
    parameters: u64,
    learned_from_records: u64,
    data: Origin,
    #[serde(flatten)]
    measured: Measured,
}

pub(crate) fn run(args: &EvalArgs) -> Exit {
    let mut console = Console::new("circuit eval", args.chatter, args.report.json);
    if let Err(refusal) = eval(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn eval(args: &EvalArgs, console: &mut Console) -> Result<(), Refusal> {
    let name = name_of(Some(&args.model));
    let of_model = |failure: Failure| Refusal {
        file: Some(name.clone()),
        failure,
    };
    let file =
        fs::read(&args.model).map_err(|error| of_model(Failure::io("cannot read", &error)))?;
    let budget = Budget::new(Limits {
        memory: args.data.limit(),
        ..Limits::default()
    });
    let model = Model::read(&file, &budget).map_err(|error| of_model(error.into()))?;
    let data = load(&args.data.data, args.data.records, args.data.limit())?;
    let threads = args.threads.count();
    model
        .circuit()
        .check(&data.records)
        .map_err(|error| Refusal {
            file: Some(name_of(Some(&args.data.data))),
            failure: error.into(),
        })?;
    let measured = measure(&model, file.len(), &data.records, threads, console)?;
    let record = Record {
        schema: "codec.circuit.eval.v1",
        model: name,
        model_xxh64: format!("{:016x}", model.hash()),
        variables: model.circuit().schema().len(),
        parameters: model.circuit().parameters(),
        learned_from_records: model.records(),
        data: data.origin,
        measured,
    };
    if console.json() {
        console.record(&record);
        return Ok(());
    }
    console.line(&format!(
        "{}: {}, {}, {}, learned from {}",
        crate::shown::safe(&record.model),
        count(record.variables as u64, "variable"),
        count(record.parameters, "parameter"),
        count(file.len() as u64, "byte"),
        count(record.learned_from_records, "record"),
    ));
    console.line(&format!(
        "{}: {} of {} from number {}, all decoded and compared",
        crate::shown::safe(&record.data.name),
        count(record.data.records as u64, "record"),
        grouped(record.data.of as u64),
        record.data.first,
    ));
    print(&record.measured, console);
    Ok(())
}
