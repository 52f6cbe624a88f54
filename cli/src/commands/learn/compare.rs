//! `codec learn compare`: a classifier on latents beside the same one on pixels or samples.

use std::path::PathBuf;

use clap::Args;
use codec_suite::models::device::DeviceChoice;
use codec_suite::models::learn::{Examples, Outcome, View, classify};
use serde::Serialize;

use crate::args::{Chatter, ReportArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};

/// Options of `codec learn compare`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each folder has a folder of pictures of one size for each class. For every number of \
    channels the pictures are encoded, the latents are read from the files, and the same classifier is \
    trained on them and on pictures reduced to as many numbers. Training pictures count twice, once \
    mirrored. With --bands the folders hold sounds: the latents of so many bands are compared with \
    the wave at a rate that gives as many numbers.\n\n\
    Examples:\n  \
    codec learn compare --train flowers/train --test flowers/test\n  \
    codec learn compare --train flowers/train --test flowers/test --channels 4 --seeds 1 --full\n  \
    codec learn compare --train digits/train --test digits/test --bands 32,64 --samples 5120"
)]
pub(super) struct CompareArgs {
    /// Folder with a folder of training pictures, or sounds, for each class
    #[arg(long, value_name = "DIR")]
    train: PathBuf,
    /// Folder with a folder of test pictures, or sounds, for each class
    #[arg(long, value_name = "DIR")]
    test: PathBuf,
    /// Channels of the latents
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "4,8")]
    channels: Vec<usize>,
    /// Of sounds: bands of the latents
    #[arg(long, value_name = "N,N", value_delimiter = ',', conflicts_with_all = ["channels", "full"])]
    bands: Vec<usize>,
    /// Of sounds: samples that are looked at
    #[arg(long, value_name = "N", default_value_t = 8192)]
    samples: usize,
    /// Quality of the files that the latents are taken from
    #[arg(long, value_name = "N", default_value_t = 50)]
    quality: u8,
    /// Passes over the training examples
    #[arg(long, value_name = "N", default_value_t = 20)]
    epochs: usize,
    /// How often each is trained, from other random numbers
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// Train one epoch on pixels at full size, too, for its time
    #[arg(long)]
    full: bool,
    /// Where to train: cpu, wgpu or wgpu:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    #[command(flatten)]
    chatter: Chatter,
    #[command(flatten)]
    report: ReportArgs,
}

/// What one view of the pictures came to.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    view: String,
    shape: [usize; 3],
    dimension: usize,
    epochs: usize,
    accuracy: Vec<f64>,
    mean_accuracy: f64,
    seconds_per_epoch: f64,
}

pub(super) fn run(args: &CompareArgs) -> Exit {
    let mut console = Console::new("learn compare", args.chatter, args.report.json);
    if let Err(refusal) = compare(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn compare(args: &CompareArgs, console: &mut Console) -> Result<(), Refusal> {
    let device: DeviceChoice = args.device.parse().map_err(Failure::from)?;
    let device = device.open().map_err(Failure::from)?;
    let (quality, samples) = (args.quality, args.samples);
    let of_bands = args.bands.iter().map(|&bands| View::Bands {
        bands,
        quality,
        samples,
    });
    let of_channels = args
        .channels
        .iter()
        .map(|&channels| View::Latents { channels, quality });
    let first: Vec<View> = if args.bands.is_empty() {
        of_channels.collect()
    } else {
        of_bands.collect()
    };
    let mut views: Vec<_> = first
        .into_iter()
        .map(|view| (view, args.epochs, args.seeds))
        .collect();
    if !console.json() {
        console.line(&format!(
            "{:<24} {:>16} {:>9}  {:>8}  {:>8}  accuracy by seed",
            "view", "shape", "numbers", "accuracy", "s/epoch"
        ));
    }
    let mut at = 0;
    while at < views.len() {
        let (view, epochs, seeds) = views[at];
        at += 1;
        let train = Examples::read(&args.train, view, true).map_err(Failure::from)?;
        let test = Examples::read(&args.test, view, false).map_err(Failure::from)?;
        let beside = match view {
            View::Latents { .. } => {
                let side = (train.dimension() as f64 / 3.0).sqrt().round() as usize;
                Some(View::Pixels { side })
            }
            View::Bands { .. } => Some(View::Waveform {
                samples,
                len: train.dimension(),
            }),
            View::Pixels { .. } | View::Waveform { .. } => None,
        };
        views.splice(at..at, beside.map(|view| (view, args.epochs, args.seeds)));
        if at == views.len() && args.full && view != (View::Pixels { side: 0 }) {
            views.push((View::Pixels { side: 0 }, 1, 1));
        }
        let outcomes: Result<Vec<Outcome>, _> = (1..=seeds)
            .map(|seed| classify(&train, &test, view, (epochs, seed), &device))
            .collect();
        report(
            &train,
            view,
            epochs,
            &outcomes.map_err(Failure::from)?,
            console,
        );
    }
    Ok(())
}

fn report(
    train: &Examples,
    view: View,
    epochs: usize,
    outcomes: &[Outcome],
    console: &mut Console,
) {
    let name = match view {
        View::Latents { channels, quality } => format!("{channels} channels, quality {quality}"),
        View::Pixels { side: 0 } => "pixels, full size".to_owned(),
        View::Pixels { side } => format!("pixels, {side} x {side}"),
        View::Bands { bands, quality, .. } => format!("{bands} bands, quality {quality}"),
        View::Waveform { len, .. } => format!("wave, {len} samples"),
    };
    let count = outcomes.len().max(1) as f64;
    let mean = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / count;
    let record = Record {
        schema: "codec.learn.v1",
        view: name,
        shape: train.shape,
        dimension: train.dimension(),
        epochs,
        accuracy: outcomes.iter().map(|outcome| outcome.accuracy).collect(),
        mean_accuracy: mean(|outcome| outcome.accuracy),
        seconds_per_epoch: mean(|outcome| outcome.seconds_per_epoch),
    };
    if console.json() {
        console.record(&record);
        return;
    }
    let [c, h, w] = record.shape;
    let seeds: Vec<String> = record
        .accuracy
        .iter()
        .map(|accuracy| format!("{:.1}", 100.0 * accuracy))
        .collect();
    console.line(&format!(
        "{:<24} {:>16} {:>9}  {:>7.1}%  {:>8.2}  {}",
        record.view,
        format!("{c} x {h} x {w}"),
        record.dimension,
        100.0 * record.mean_accuracy,
        record.seconds_per_epoch,
        seeds.join(" ")
    ));
}
