//! `codec train walloc`: from folders of pictures to an image model and its card.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use codec_suite::models::device::DeviceChoice;
use codec_suite::models::walloc::session::{Plan, Session};
use codec_suite::models::walloc::train::Shown;
use serde::Serialize;

use super::args::TrainWallocArgs;
use super::card::Made;
use super::{check_model_free, write_model};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::output::beside;
use crate::units::grouped;

/// Steps between two lines of progress and of the log.
const SHOWN: u64 = 100;
/// Seconds between two checkpoints.
const KEPT: u64 = 120;

/// What the card of a model says.
#[derive(Serialize)]
struct Card {
    schema: &'static str,
    #[serde(flatten)]
    made: Made,
    pictures: usize,
    plan: Plan,
    device: String,
    last: Last,
}

/// Means over the last steps, by the measures of training.
#[derive(Serialize, Default, Clone, Copy)]
struct Last {
    steps: u64,
    coefficient_psnr_db: f32,
    loss: f32,
}

pub(crate) fn run(args: &TrainWallocArgs) -> Exit {
    let mut console = Console::new("train walloc", args.model.chatter, args.model.report.json);
    if let Err(refusal) = train(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn train(args: &TrainWallocArgs, console: &mut Console) -> Result<(), Refusal> {
    let state: PathBuf = beside(&args.model.out, ".train");
    if args.model.force {
        Session::forget(&state);
    } else if state.exists() && !args.run.resume {
        let title = format!("{}: a run was cut off here", state.display());
        return Err(Failure::usage(title)
            .hint("--resume goes on with it, -f forgets it")
            .into());
    }
    check_model_free(&args.model)?;
    let device: DeviceChoice = args.device.parse()?;
    let mut plan = Plan::new(args.steps, args.seed);
    plan.settings.batch = args.batch;
    plan.settings.shape.width = args.width;
    plan.settings.shape.blocks = args.blocks;
    plan.context_crops = args.context_crops;
    let threads = args.run.threads.count().get();
    let started = Instant::now();
    let mut session = Session::open(plan.clone(), &args.data, &state, device.open()?, threads)?;
    let pictures = session.pictures();
    console.progress(&format!(
        "{} pictures, {} of {} steps done, on {device}",
        grouped(pictures as u64),
        session.done(),
        args.steps
    ));
    let mut log = args.run.log.as_ref().map(Log::open).transpose()?;
    let last = steps(&mut session, args, &mut log, console)?;
    let model = session.finish()?;
    let file = model.to_bytes()?;
    let card = Card {
        schema: "codec.walloc.card.v1",
        made: Made::new(
            &args.model,
            &args.data,
            args.run.log.as_ref(),
            started,
            (&file, model.hash()),
        ),
        pictures,
        plan,
        device: device.to_string(),
        last,
    };
    write_model(&args.model, &file, &card, console)?;
    Session::forget(&state);
    Ok(())
}

fn steps(
    session: &mut Session,
    args: &TrainWallocArgs,
    log: &mut Option<Log>,
    console: &mut Console,
) -> Result<Last, Refusal> {
    let (mut sum, mut count) = (Shown::default(), 0u64);
    let mut last = Last::default();
    let mut kept = Instant::now();
    while !session.is_finished() {
        let shown = session.step()?;
        sum.psnr += shown.psnr;
        sum.bpp += shown.bpp;
        sum.loss += shown.loss;
        count += 1;
        if session.done().is_multiple_of(SHOWN) || session.is_finished() {
            let of = |value: f32| value / count as f32;
            let line = (session.done(), of(sum.loss), of(sum.psnr), of(sum.bpp));
            console.progress(&format!(
                "step {} of {}: loss {:.4}, {:.2} dB, {:.3} bpp",
                line.0, args.steps, line.1, line.2, line.3
            ));
            if let Some(log) = log {
                log.add(line)?;
            }
            last = Last {
                steps: count,
                coefficient_psnr_db: line.2,
                loss: line.1,
            };
            (sum, count) = (Shown::default(), 0);
        }
        if kept.elapsed().as_secs() >= KEPT || session.is_finished() {
            session.keep()?;
            kept = Instant::now();
        }
    }
    Ok(last)
}

/// A CSV file with a row for every line of progress.
struct Log(fs::File);

impl Log {
    fn open(path: &PathBuf) -> Result<Self, Failure> {
        let is_new = !path.exists();
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        let mut file = file.map_err(|error| Failure::io("cannot write the log", &error))?;
        if is_new {
            writeln!(file, "step,loss,coefficient_psnr_db,bpp")
                .map_err(|error| Failure::io("cannot write the log", &error))?;
        }
        Ok(Log(file))
    }

    fn add(&mut self, (step, loss, psnr, bpp): (u64, f32, f32, f32)) -> Result<(), Failure> {
        writeln!(self.0, "{step},{loss:.6},{psnr:.4},{bpp:.5}")
            .map_err(|error| Failure::io("cannot write the log", &error))
    }
}
