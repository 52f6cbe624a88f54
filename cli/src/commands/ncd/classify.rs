//! `codec ncd classify`: train, predict, and score.

use std::path::{Path, PathBuf};
use std::time::Instant;

use codec_suite::core::{Error, Registry};
use codec_suite::ncd::dataset::{Classes, Dataset, Duplicate};
use codec_suite::ncd::distance::Measure;
use codec_suite::ncd::evaluation::{Confusion, stratified_folds};
use cpu_time::ProcessTime;

use super::classify_args::{ClassifyArgs, Method};
use super::data::{Refusal, load, threads, warn_of_alphabets};
use super::measure::{compressor_title, measure_of_questions};
use super::methods::{Prediction, Task};
use super::predictions::{PredictionFile, Row, is_stdout};
use super::scores::{Outcome, Setting, report};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::shown::safe;
use crate::units::count;

/// What is learned from and what is asked.
struct Split {
    train: Dataset,
    test: Dataset,
    /// The fold that is tested, from 0.
    fold: Option<usize>,
}

/// All that is classified.
struct Work {
    splits: Vec<Split>,
    /// Of all labels, those of the test set too.
    classes: Classes,
    /// Whether the truth is known.
    is_labelled: bool,
}

pub(crate) fn run(args: &ClassifyArgs) -> Exit {
    let mut console = Console::new("ncd classify", args.chatter, args.report.json);
    if let Err(refusal) = classify(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn classify(args: &ClassifyArgs, console: &mut Console) -> Result<(), Refusal> {
    let file = args.predictions.as_deref();
    if file.is_some_and(is_stdout) && console.json() {
        let failure = Failure::usage("--json and --predictions - both write to standard output");
        return Err(failure.hint("name a file for the predictions").into());
    }
    let mut file = match file {
        Some(path) => {
            let inputs = args.train.iter().chain(&args.test);
            let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
            Some(PredictionFile::new(&inputs, path, args.force)?)
        }
        None => None,
    };
    let work = Work::new(args, console)?;
    let registry: Registry = codec_suite::registry();
    let everything = work.everything();
    warn_of_alphabets(&everything, console);
    let measure = measure_of_questions(&registry, &args.measure, args.first, &everything)?;
    let compressor = compressor_title(&args.measure);
    let mut methods: Vec<Method> = Vec::new();
    for method in &args.method {
        if !methods.contains(method) {
            methods.push(*method);
        }
    }
    let mut outcomes = Vec::new();
    for method in methods {
        let title = method.title(args, &compressor);
        let (cpu, wall) = (ProcessTime::now(), Instant::now());
        let predicted = work.predict(method, &title, args, &measure, console)?;
        let (cpu_seconds, seconds) = (cpu.elapsed().as_secs_f64(), wall.elapsed().as_secs_f64());
        work.write(&predicted, &title, &mut file, console);
        if work.is_labelled {
            outcomes.push(Outcome {
                method: title,
                confusions: work.confusions(&predicted),
                cpu_seconds,
                seconds,
            });
        }
    }
    if work.is_labelled && !file.as_ref().is_some_and(PredictionFile::is_stdout) {
        let setting = Setting {
            train: if args.folds.is_some() {
                everything.len()
            } else {
                work.train_len()
            },
            folds: args.folds,
            seed: args.seed,
            classes: work.classes.names(),
        };
        report(&outcomes, &setting, console);
    }
    match file {
        Some(file) => Ok(file.write(console)?),
        None => Ok(()),
    }
}

impl Work {
    fn new(args: &ClassifyArgs, console: &Console) -> Result<Self, Refusal> {
        let train = load(&args.train, &args.data, true)?;
        // One class only is told before anything else is looked at.
        let classes = train.classes()?;
        let repeated = train.duplicates();
        if !repeated.is_empty() {
            warn_of_repetitions(&train, &repeated, args.folds.is_some(), console);
        }
        if let Some(folds) = args.folds {
            let fold_of = stratified_folds(&train, &classes, folds, args.seed)?;
            let numbers = |keep: &dyn Fn(usize) -> bool| {
                let all = fold_of.iter().enumerate();
                let kept = all.filter(|(_, fold)| keep(**fold));
                kept.map(|(number, _)| number).collect::<Vec<usize>>()
            };
            let splits = (0..folds).map(|fold| Split {
                train: train.select(&numbers(&|of| of != fold)),
                test: train.select(&numbers(&|of| of == fold)),
                fold: Some(fold),
            });
            return Ok(Work {
                splits: splits.collect(),
                classes,
                is_labelled: true,
            });
        }
        let (test, is_labelled) = load_test(args)?;
        warn_of_leaks(&train, &test, console);
        let classes = match is_labelled {
            true => {
                let mut both = train.clone();
                both.append(test.clone());
                both.classes()?
            }
            false => classes,
        };
        let fold = None;
        Ok(Work {
            splits: vec![Split { train, test, fold }],
            classes,
            is_labelled,
        })
    }

    /// All items.
    fn everything(&self) -> Dataset {
        let mut all = Dataset::default();
        for split in &self.splits {
            all.append(split.test.clone());
            if split.fold.is_none() {
                all.append(split.train.clone());
            }
        }
        all
    }

    fn train_len(&self) -> usize {
        self.splits.iter().map(|split| split.train.len()).sum()
    }

    /// The predictions of each split, with classes numbered as in `self.classes`.
    fn predict(
        &self,
        method: Method,
        title: &str,
        args: &ClassifyArgs,
        measure: &Measure<'_>,
        console: &Console,
    ) -> Result<Vec<Vec<Prediction>>, Refusal> {
        let steps = self
            .splits
            .iter()
            .map(|split| method.steps(split.train.len(), split.test.len()));
        let unit = if method == Method::Knn {
            "pairs"
        } else {
            "items"
        };
        let progress = Progress::counting(title, steps.sum(), unit, console.chatter());
        let mut all = Vec::new();
        for split in &self.splits {
            let classes = split
                .train
                .classes()
                .map_err(|error| without(split, error))?;
            let number = |label: &Option<String>| classes.number(label.as_deref()?);
            let task = Task {
                train: split.train.contents(),
                classes: &classes,
                test: split.test.contents(),
                truth: split
                    .test
                    .items()
                    .iter()
                    .map(|item| number(&item.label))
                    .collect(),
                threads: threads(args.threads),
            };
            let mut predicted = method.run(args, measure, &task, &progress)?;
            for one in &mut predicted {
                let name = classes.names().get(one.class).map_or("", String::as_str);
                one.class = self.classes.number(name).unwrap_or(0);
            }
            all.push(predicted);
        }
        Ok(all)
    }

    /// What was right and wrong in each split.
    fn confusions(&self, predicted: &[Vec<Prediction>]) -> Vec<Confusion> {
        let splits = self.splits.iter().zip(predicted);
        let confusions = splits.map(|(split, predicted)| {
            let truth = split.test.items().iter().map(|item| {
                let label = item.label.as_deref().unwrap_or_default();
                self.classes.number(label).unwrap_or(usize::MAX)
            });
            let pairs = truth.zip(predicted.iter().map(|one| one.class));
            Confusion::of(self.classes.count(), pairs)
        });
        confusions.collect()
    }

    /// Puts predictions into the file, and on standard output where there is neither a file nor a
    /// truth to compare with.
    fn write(
        &self,
        predicted: &[Vec<Prediction>],
        method: &str,
        file: &mut Option<PredictionFile>,
        console: &mut Console,
    ) {
        for (split, predicted) in self.splits.iter().zip(predicted) {
            for (item, one) in split.test.items().iter().zip(predicted) {
                let name = self.classes.names().get(one.class);
                let row = Row {
                    schema: "codec.ncd.prediction.v1",
                    name: &item.name,
                    truth: item.label.as_deref(),
                    predicted: name.map_or("", String::as_str),
                    probability: one.probability,
                    margin: one.margin,
                    method,
                    fold: split.fold,
                };
                match file {
                    Some(file) => file.add(&row),
                    None if self.is_labelled => {}
                    None if console.json() => console.record(&row),
                    None => console.line(&format!(
                        "{}\t{}\t{:.4}",
                        safe(row.name),
                        safe(row.predicted),
                        row.probability
                    )),
                }
            }
        }
    }
}

/// A training set that cannot be learned from, with the fold that it lacks.
fn without(split: &Split, error: Error) -> Failure {
    match (split.fold, error) {
        (Some(fold), Error::Usage(problem)) => {
            Failure::usage(format!("without fold {}, {problem}", fold + 1)).hint(
                "every class needs items in two folds, and in two groups where there are groups",
            )
        }
        (_, error) => error.into(),
    }
}

/// The test set, and whether it has labels: all items or none.
fn load_test(args: &ClassifyArgs) -> Result<(Dataset, bool), Refusal> {
    let labelled = load(&args.test, &args.data, true);
    let refusal = match labelled {
        Ok(test) => return Ok((test, true)),
        Err(refusal) => refusal,
    };
    match load(&args.test, &args.data, false) {
        Ok(test) if test.items().iter().all(|item| item.label.is_none()) => Ok((test, false)),
        _ => Err(refusal),
    }
}

fn warn_of_repetitions(data: &Dataset, found: &[Duplicate], is_divided: bool, console: &Console) {
    let repeated = count(found.len() as u64, "training item");
    let (first, second) = names(data, data, found);
    let advice = match is_divided {
        true => "; folds may divide them, unless they are in one group",
        false => "",
    };
    console.warn(
        None,
        &format!("{repeated} with the content of an earlier one ({second} = {first}){advice}"),
    );
}

/// Warns of what the test set and the training set have in common.
fn warn_of_leaks(train: &Dataset, test: &Dataset, console: &Console) {
    let found = train.duplicates_in(test);
    if !found.is_empty() {
        let label = |data: &Dataset, number: usize| {
            data.items().get(number).and_then(|item| item.label.clone())
        };
        let differing = found
            .iter()
            .filter(|pair| label(train, pair.first) != label(test, pair.second));
        let (first, second) = names(train, test, &found);
        console.warn(
            None,
            &format!(
                "{} of {} also in the training set ({second} = {first}), {} of them with another \
                 label",
                found.len(),
                count(test.len() as u64, "test item"),
                differing.count()
            ),
        );
    }
    let groups = train.straddling_groups(test);
    if let Some((name, here, there)) = groups.first() {
        console.warn(
            None,
            &format!(
                "{} in both training and test set, such as '{name}' with {here} and {there} items",
                count(groups.len() as u64, "group")
            ),
        );
    }
}

/// The names of the first pair of equal items.
fn names(first: &Dataset, second: &Dataset, found: &[Duplicate]) -> (String, String) {
    let name = |data: &Dataset, number: usize| {
        data.items()
            .get(number)
            .map(|item| item.name.clone())
            .unwrap_or_default()
    };
    found.first().map_or_else(Default::default, |pair| {
        (name(first, pair.first), name(second, pair.second))
    })
}
