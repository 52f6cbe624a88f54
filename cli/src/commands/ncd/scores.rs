//! Reports on how good predictions were.

use codec_suite::ncd::evaluation::Confusion;
use serde::Serialize;

use crate::console::Console;
use crate::shown::safe;
use crate::units::{count, grouped};

/// What one method achieved.
pub(super) struct Outcome {
    pub(super) method: String,
    /// One for each fold, or one only.
    pub(super) confusions: Vec<Confusion>,
    /// Of all threads together.
    pub(super) cpu_seconds: f64,
    pub(super) seconds: f64,
}

/// What all methods had in common.
pub(super) struct Setting<'a> {
    /// Number of training items; with folds, of all items.
    pub(super) train: usize,
    pub(super) folds: Option<usize>,
    pub(super) seed: u64,
    pub(super) classes: &'a [String],
}

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    method: &'a str,
    train_items: usize,
    test_items: u64,
    folds: Option<usize>,
    seed: Option<u64>,
    correct: u64,
    accuracy: f64,
    standard_error: f64,
    macro_f1: f64,
    fold_accuracies: Vec<f64>,
    cpu_seconds: f64,
    seconds: f64,
    classes: Vec<ClassRecord<'a>>,
    /// By true class, then by predicted class, in the order of `classes`.
    confusion: &'a [Vec<u64>],
}

#[derive(Serialize)]
struct ClassRecord<'a> {
    class: &'a str,
    precision: f64,
    recall: f64,
    f1: f64,
    support: u64,
}

impl Outcome {
    /// All folds together.
    fn pooled(&self, classes: usize) -> Confusion {
        let rows = self
            .confusions
            .iter()
            .flat_map(|one| one.counts().iter().enumerate());
        let cells = rows.flat_map(|(truth, row)| {
            let cells = row.iter().enumerate();
            cells.flat_map(move |(predicted, count)| {
                std::iter::repeat_n((truth, predicted), usize::try_from(*count).unwrap_or(0))
            })
        });
        Confusion::of(classes, cells)
    }
}

/// Prints a table of the methods; for a single one also its classes and what was taken for what.
pub(super) fn report(outcomes: &[Outcome], setting: &Setting<'_>, console: &mut Console) {
    if console.json() {
        for outcome in outcomes {
            record(outcome, setting, console);
        }
        return;
    }
    let classes = setting.classes.len();
    let of = |outcome: &Outcome| outcome.pooled(classes);
    let test = outcomes.first().map_or(0, |outcome| of(outcome).total());
    let what = match setting.folds {
        Some(folds) => format!(
            "{} in {folds} folds (seed {})",
            count(setting.train as u64, "item"),
            setting.seed
        ),
        None => format!(
            "{}, {}",
            count(setting.train as u64, "training item"),
            count(test, "test item")
        ),
    };
    console.line(&format!("{what}, {classes} classes"));
    let width = outcomes
        .iter()
        .map(|outcome| outcome.method.chars().count());
    let width = width.max().unwrap_or(0).max(6);
    console.line(&format!(
        "{:<width$}  accuracy  s.e.   macro-F1  {:>9}  {:>9}  {:>9}",
        "method", "correct", "CPU s", "wall s"
    ));
    for outcome in outcomes {
        let all = of(outcome);
        console.line(&format!(
            "{:<width$}  {:.4}    {:.4} {:.4}    {:>9}  {:>9.2}  {:>9.2}",
            outcome.method,
            all.accuracy(),
            all.standard_error(),
            all.macro_f1(),
            grouped(all.correct()),
            outcome.cpu_seconds,
            outcome.seconds
        ));
    }
    if setting.folds.is_some() {
        console.line("");
        for outcome in outcomes {
            let folds = outcome.confusions.iter().map(Confusion::accuracy);
            let shown: Vec<String> = folds.map(|accuracy| format!("{accuracy:.4}")).collect();
            console.line(&format!(
                "{:<width$}  folds {}",
                outcome.method,
                shown.join(" ")
            ));
        }
    }
    if let [only] = outcomes {
        details(&of(only), setting.classes, console);
    }
}

/// The table of classes and the confusion matrix.
fn details(all: &Confusion, classes: &[String], console: &mut Console) {
    let names: Vec<String> = classes.iter().map(|name| safe(name)).collect();
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(5);
    console.line(&format!(
        "\n{:<width$}  precision  recall  F1      support",
        "class"
    ));
    for (class, name) in names.iter().enumerate() {
        let score = all.class(class);
        console.line(&format!(
            "{name:<width$}  {:.4}     {:.4}  {:.4}  {:>7}",
            score.precision,
            score.recall,
            score.f1,
            grouped(score.support)
        ));
    }
    let cell = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(5, 12);
    let titles: Vec<String> = names
        .iter()
        .map(|name| format!("{:>cell$}", name.chars().take(cell).collect::<String>()))
        .collect();
    console.line(&format!(
        "\n{:<width$}  {}  <- predicted",
        "true",
        titles.join(" ")
    ));
    for (name, row) in names.iter().zip(all.counts()) {
        let row: Vec<String> = row.iter().map(|count| format!("{count:>cell$}")).collect();
        console.line(&format!("{name:<width$}  {}", row.join(" ")));
    }
}

fn record(outcome: &Outcome, setting: &Setting<'_>, console: &mut Console) {
    let all = outcome.pooled(setting.classes.len());
    let classes = setting.classes.iter().enumerate().map(|(number, class)| {
        let score = all.class(number);
        ClassRecord {
            class,
            precision: score.precision,
            recall: score.recall,
            f1: score.f1,
            support: score.support,
        }
    });
    console.record(&Record {
        schema: "codec.ncd.classify.v1",
        method: &outcome.method,
        train_items: setting.train,
        test_items: all.total(),
        folds: setting.folds,
        seed: setting.folds.map(|_| setting.seed),
        correct: all.correct(),
        accuracy: all.accuracy(),
        standard_error: all.standard_error(),
        macro_f1: all.macro_f1(),
        fold_accuracies: match setting.folds {
            Some(_) => outcome.confusions.iter().map(Confusion::accuracy).collect(),
            None => Vec::new(),
        },
        cpu_seconds: outcome.cpu_seconds,
        seconds: outcome.seconds,
        classes: classes.collect(),
        confusion: all.counts(),
    });
}
