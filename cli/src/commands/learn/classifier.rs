//! `codec learn train` and `codec learn eval`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use codec_suite::models::device::DeviceChoice;
use codec_suite::models::learn::{Examples, Trained, View};
use serde::Serialize;

use crate::args::{Chatter, ReportArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::output::{Output, Target, check_free};
use crate::source::name_of;

/// Options of `codec learn train`.
#[derive(Debug, Args)]
#[command(
    after_help = "DIR has a folder of pictures, or sounds, of one size for each class. One of --channels, \
    --pixels, --bands and --wave says what the classifier sees. Training pictures count twice, once \
    mirrored. The model is a SafeTensors file.\n\n\
    Examples:\n  \
    codec learn train --data flowers/train --channels 8 -o flowers.safetensors\n  \
    codec learn eval --model flowers.safetensors --data flowers/test\n  \
    codec learn train --data digits/train --bands 32 --samples 5120 -o digits.safetensors"
)]
pub(super) struct TrainArgs {
    /// Folder with a folder of examples for each class
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    view: ViewArgs,
    /// Passes over the examples
    #[arg(long, value_name = "N", default_value_t = 20)]
    epochs: usize,
    /// What random numbers come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where to train: cpu, wgpu or wgpu:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Model to write
    #[arg(short, long, visible_alias = "output", value_name = "FILE")]
    out: PathBuf,
    /// Overwrite an existing file
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    chatter: Chatter,
    #[command(flatten)]
    report: ReportArgs,
}

/// What a classifier sees.
#[derive(Debug, Args)]
struct ViewArgs {
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Quality of the files that latents are taken from
    #[arg(long, value_name = "N", default_value_t = 50)]
    quality: u8,
    /// Of sounds: samples that are looked at
    #[arg(long, value_name = "N", default_value_t = 8192)]
    samples: usize,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ChoiceArgs {
    /// Latents of pictures, of so many channels
    #[arg(long, value_name = "N")]
    channels: Option<usize>,
    /// Pixels, reduced to so many a side; 0 leaves them as they are
    #[arg(long, value_name = "SIDE")]
    pixels: Option<usize>,
    /// Latents of sounds, of so many bands
    #[arg(long, value_name = "N")]
    bands: Option<usize>,
    /// The wave of sounds, at a rate that gives so many numbers
    #[arg(long, value_name = "N")]
    wave: Option<usize>,
}

impl ViewArgs {
    fn view(&self) -> View {
        let (quality, samples) = (self.quality, self.samples);
        match self.choice {
            ChoiceArgs {
                channels: Some(channels),
                ..
            } => View::Latents { channels, quality },
            ChoiceArgs {
                bands: Some(bands), ..
            } => View::Bands {
                bands,
                quality,
                samples,
            },
            ChoiceArgs {
                wave: Some(len), ..
            } => View::Waveform { samples, len },
            ChoiceArgs { pixels, .. } => View::Pixels {
                side: pixels.unwrap_or(0),
            },
        }
    }
}

/// Options of `codec learn eval`.
#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// Classifier that codec learn train wrote
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Folder with a folder of examples for each class
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where it runs: cpu, wgpu or wgpu:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    #[command(flatten)]
    chatter: Chatter,
    #[command(flatten)]
    report: ReportArgs,
}

/// What a test came to.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    examples: usize,
    accuracy: f64,
    classes: Vec<ClassRecord>,
}

#[derive(Serialize)]
struct ClassRecord {
    name: String,
    examples: usize,
    found: usize,
}

pub(super) fn train(args: &TrainArgs) -> Exit {
    let mut console = Console::new("learn train", args.chatter, args.report.json);
    if let Err(refusal) = trained(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn trained(args: &TrainArgs, console: &mut Console) -> Result<(), Refusal> {
    check_free(&args.out, args.force)?;
    let device: DeviceChoice = args.device.parse()?;
    let device = device.open()?;
    let view = args.view.view();
    let examples = Examples::read(&args.data, view, true)?;
    let [channels, rows, columns] = examples.shape;
    console.progress(&format!(
        "{} examples of {} classes, {channels} x {rows} x {columns}",
        examples.labels.len(),
        examples.classes.len()
    ));
    let trained = Trained::train(&examples, view, args.epochs, args.seed, &device)?;
    let accuracy = trained.accuracy(&examples, &device)?;
    let target = Target::File(args.out.clone());
    let mut output = Output::made_of(&[], &target, args.force)?;
    output
        .write_all(&trained.to_bytes()?)
        .map_err(|error| Failure::io("cannot write", &error))?;
    output.complete()?;
    output.commit()?;
    console.progress(&format!(
        "{:.1} % of what it learned from, {:.2} s an epoch",
        100.0 * accuracy,
        trained.seconds_per_epoch
    ));
    Ok(())
}

pub(super) fn eval(args: &EvalArgs) -> Exit {
    let mut console = Console::new("learn eval", args.chatter, args.report.json);
    if let Err(refusal) = evaluated(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn evaluated(args: &EvalArgs, console: &mut Console) -> Result<(), Refusal> {
    let device: DeviceChoice = args.device.parse()?;
    let device = device.open()?;
    let refusal = |failure: Failure| Refusal {
        file: Some(name_of(Some(&args.model))),
        failure,
    };
    let file =
        std::fs::read(&args.model).map_err(|error| refusal(Failure::io("cannot read", &error)))?;
    let trained = Trained::read(&file, &device).map_err(|error| refusal(error.into()))?;
    let examples = Examples::read(&args.data, trained.view(), false)?;
    let found = trained.found(&examples, &device)?;
    let of_class = |(class, name): (usize, &String)| {
        let pairs = found.iter().zip(&examples.labels);
        let of_class = pairs.filter(|(_, label)| **label == class);
        let (mut count, mut right) = (0, 0);
        for (found, label) in of_class {
            count += 1;
            right += usize::from(found == label);
        }
        ClassRecord {
            name: name.clone(),
            examples: count,
            found: right,
        }
    };
    let classes: Vec<_> = examples.classes.iter().enumerate().map(of_class).collect();
    let right: usize = classes.iter().map(|class| class.found).sum();
    let record = Record {
        schema: "codec.learn.eval.v1",
        examples: found.len(),
        accuracy: right as f64 / found.len().max(1) as f64,
        classes,
    };
    if console.json() {
        console.record(&record);
        return Ok(());
    }
    console.line(&format!(
        "{:.1} % of {} examples",
        100.0 * record.accuracy,
        record.examples
    ));
    for class in &record.classes {
        console.line(&format!(
            "{}: {} of {}",
            class.name, class.found, class.examples
        ));
    }
    Ok(())
}
