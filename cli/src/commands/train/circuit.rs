//! `codec train circuit`: from records to a model and its card.

use std::fs;
use std::path::{Path, PathBuf};

use codec_suite::circuit::{Data, Model, Pass, PassKind, Plan, Training, bits};
use codec_suite::core::{Budget, Error, Limits};

use super::args::{TrainCircuitArgs, Validation};
use super::card::{Card, ModelRecord, Results, SettingsRecord, TrainingRecord, command_line};
use super::log::{csv, line};
use super::write;
use crate::commands::circuit::coding::{measure, print};
use crate::commands::circuit::data::{Loaded, base_name, load};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::output::{Output, Target, beside, check_free};
use crate::source::name_of;
use crate::units::{count, grouped};

pub(crate) fn run(args: &TrainCircuitArgs) -> Exit {
    let mut console = Console::new("train circuit", args.model.chatter, args.model.report.json);
    if let Err(refusal) = train(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

/// The files of a run beside its data.
struct Files {
    model: PathBuf,
    card: PathBuf,
    checkpoint: PathBuf,
    log: Option<PathBuf>,
}

fn train(args: &TrainCircuitArgs, console: &mut Console) -> Result<(), Refusal> {
    if args.model.out == Path::new("-") {
        return Err(Failure::usage("a model is written to a file: --out FILE names it").into());
    }
    let files = Files {
        model: args.model.out.clone(),
        card: beside(&args.model.out, ".json"),
        checkpoint: beside(&args.model.out, ".train"),
        log: args.run.log.clone(),
    };
    let checkpoint = files.ready(args)?;
    if !(args.exactness > 0.0 && args.exactness.is_finite()) {
        let title = format!("an exactness of {}; it is above 0", args.exactness);
        return Err(Failure::usage(title).into());
    }
    let mut learned = load(&args.data.data, args.data.records, args.data.limit())?;
    let validation = validation(args, &mut learned)?;
    let data = Data {
        records: &learned.records,
        validation: validation.as_ref().map(|loaded| &loaded.records),
    };
    console.progress(&format!(
        "learning from {} of {}",
        count(learned.records.len() as u64, "record"),
        count(learned.records.width() as u64, "value")
    ));

    let threads = args.run.threads.count();
    let (settings, plan) = (args.learning.settings(), args.learning.plan(args.patience));
    let resumed = checkpoint.is_some();
    let mut training = match checkpoint {
        Some(file) => {
            let resumed = Training::resume(&file, data, settings, plan, threads);
            resumed.map_err(|error| files.cannot_go_on(error))?
        }
        None => {
            let training = Training::new(&learned.schema, data, settings, plan, threads);
            let training = training.map_err(explain)?;
            files.keep(&training)?;
            training
        }
    };
    if resumed {
        console.progress(&format!(
            "going on with {}",
            name_of(Some(&files.checkpoint))
        ));
    }
    for number in 0..training.passes().len() {
        console.progress(&described(&training.passes()[..=number], plan));
    }
    while training.pass(threads)?.is_some() {
        files.keep(&training)?;
        console.progress(&described(training.passes(), plan));
    }

    let (passes, best) = (training.passes().to_vec(), training.best());
    let circuit = training.finish(threads)?;
    let records = learned.records.len() as u64;
    let file = Model::write(&circuit, &[], records, args.exactness)?;
    drop(circuit);
    let model = Model::read(&file, &Budget::new(Limits::none()))?;
    let train_bits: f64 = bits(model.circuit(), &learned.records, threads)?
        .iter()
        .sum();
    let measured = match data.validation {
        Some(records) => Some(measure(&model, file.len(), records, threads, console)?),
        None => None,
    };
    let card = Card {
        schema: "codec.circuit.card.v1",
        program: format!("codec {}", env!("CARGO_PKG_VERSION")),
        command: command_line(args),
        licence: args.model.licence.clone(),
        training: TrainingRecord::of(&passes, best, threads.get(), resumed),
        settings: SettingsRecord::of(args),
        model: ModelRecord {
            name: base_name(&args.model.out),
            bytes: file.len(),
            xxh64: format!("{:016x}", model.hash()),
            variables: model.circuit().schema().len(),
            parameters: model.circuit().parameters(),
        },
        results: Results {
            train_ideal_bits_per_dimension: train_bits / learned.records.values().len() as f64,
            validation_unrounded_bits_per_dimension: passes[best].validation_bits,
            validation: measured,
        },
        data: learned.origin,
        validation: validation.map(|loaded| loaded.origin),
    };
    let text = serde_json::to_vec_pretty(&card)
        .map_err(|error| Failure::new(Exit::Error, error.to_string()))?;
    write(&files.model, &file, args.model.force)?;
    write(&files.card, &[&text[..], b"\n"].concat(), args.model.force)?;
    fs::remove_file(&files.checkpoint).map_err(|error| Refusal {
        file: Some(name_of(Some(&files.checkpoint))),
        failure: Failure::io("cannot remove", &error),
    })?;
    report(&card, &args.model.out, console);
    Ok(())
}

impl Files {
    /// Checks that everything can be written before any work is done, and reads the state of a run
    /// that is to go on.
    fn ready(&self, args: &TrainCircuitArgs) -> Result<Option<Vec<u8>>, Refusal> {
        for path in [&self.model, &self.card] {
            check_free(path, args.model.force)?;
        }
        if let Some(log) = &self.log {
            check_free(log, args.model.force || args.run.resume)?;
        }
        // A file that can be begun can be ended, unless much changes on the way.
        let mut inputs = vec![&*args.data.data];
        if let Some(Validation::File(path)) = &args.validate {
            inputs.push(path);
        }
        let outputs = [&self.model, &self.card, &self.checkpoint];
        for path in outputs.into_iter().chain(&self.log) {
            drop(Output::made_of(&inputs, &Target::File(path.clone()), true)?);
        }
        if args.model.force || !self.checkpoint.exists() {
            return Ok(None);
        }
        let refusal = |failure: Failure| Refusal {
            file: Some(name_of(Some(&self.checkpoint))),
            failure,
        };
        if !args.run.resume {
            let title = "is what a run that was cut off left behind";
            let hint = "--resume goes on with it; -f forgets it and starts anew";
            return Err(refusal(Failure::new(Exit::Error, title).hint(hint)));
        }
        let file = fs::read(&self.checkpoint);
        file.map(Some)
            .map_err(|error| refusal(Failure::io("cannot read", &error)))
    }

    /// Keeps the state and the log of a run.
    fn keep(&self, training: &Training<'_>) -> Result<(), Failure> {
        write(&self.checkpoint, &training.save(), true)?;
        match &self.log {
            Some(log) => write(log, csv(training.passes()).as_bytes(), true),
            None => Ok(()),
        }
    }

    fn cannot_go_on(&self, error: Error) -> Refusal {
        let failure = match &error {
            Error::Usage(_) => return explain(error).into(),
            Error::Internal(_) => error.into(),
            _ => Failure::from(error).hint("nothing was changed; -f forgets it and starts anew"),
        };
        Refusal {
            file: Some(name_of(Some(&self.checkpoint))),
            failure,
        }
    }
}

/// The records that show how good a pass was.
fn validation(args: &TrainCircuitArgs, learned: &mut Loaded) -> Result<Option<Loaded>, Refusal> {
    match &args.validate {
        None => Ok(None),
        Some(Validation::Last(count)) => Ok(Some(learned.split_last(*count)?)),
        Some(Validation::File(path)) => {
            let loaded = load(path, None, args.data.limit())?;
            if loaded.schema == learned.schema {
                return Ok(Some(loaded));
            }
            let title = format!(
                "has records of another shape than {}",
                name_of(Some(&args.data.data))
            );
            Err(Refusal {
                file: Some(name_of(Some(path))),
                failure: Failure::new(Exit::Unsupported, title),
            })
        }
    }
}

/// The last of these passes in a line.
fn described(passes: &[Pass], plan: Plan) -> String {
    let Some(last) = passes.last() else {
        return String::new();
    };
    let number = passes.iter().filter(|pass| pass.kind == last.kind).count();
    let total = match last.kind {
        PassKind::Start => 1,
        PassKind::Epoch => plan.epochs,
        PassKind::Full => plan.full_passes,
    };
    line(last, number, total)
}

/// A failure with the option that helps.
fn explain(error: Error) -> Failure {
    match error {
        Error::Usage(problem) if problem.contains("validation records") => {
            Failure::usage(problem).hint("--validate N holds back the last N records")
        }
        other => other.into(),
    }
}

fn report(card: &Card, out: &Path, console: &mut Console) {
    if console.json() {
        console.record(card);
        return;
    }
    console.line(&format!(
        "{}: {}, {} parameters; {} epochs and {} full passes in {:.1} s, {:.1} s of CPU",
        crate::shown::path(out),
        count(card.model.bytes as u64, "byte"),
        grouped(card.model.parameters),
        card.training.epochs,
        card.training.full_passes,
        card.training.seconds,
        card.training.cpu_seconds
    ));
    console.line(&format!(
        "training data: ideal {:.4} bits per dimension",
        card.results.train_ideal_bits_per_dimension
    ));
    match &card.results.validation {
        Some(measured) => {
            console.line(&format!(
                "validation, {} decoded and compared:",
                count(measured.records as u64, "record")
            ));
            print(measured, console);
        }
        None => console.line("nothing was measured on other data: --validate does that"),
    }
}
