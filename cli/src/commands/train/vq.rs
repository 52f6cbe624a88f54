//! `codec train vq`: from folders of pictures to a model of indices and its card.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use codec_suite::models::device::DeviceChoice;
use codec_suite::models::vq::session::{Plan, Session};
use serde::Serialize;

use super::args::TrainVqArgs;
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
    /// Of the coefficients in the last steps, in dB.
    last_psnr_db: f32,
}

pub(crate) fn run(args: &TrainVqArgs) -> Exit {
    let mut console = Console::new("train vq", args.model.chatter, args.model.report.json);
    if let Err(refusal) = train(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn train(args: &TrainVqArgs, console: &mut Console) -> Result<(), Refusal> {
    let state: PathBuf = beside(&args.model.out, ".train");
    if args.model.force {
        Session::forget(&state);
    } else if !args.run.resume && (state.exists() || state.with_extension("coder").exists()) {
        let title = format!("{}: a run was cut off here", state.display());
        return Err(Failure::usage(title)
            .hint("--resume goes on with it, -f forgets it")
            .into());
    }
    check_model_free(&args.model)?;
    let device: DeviceChoice = args.device.parse()?;
    let mut plan = Plan::new(args.steps, args.seed);
    plan.batch = args.batch;
    plan.shape.width = args.width;
    plan.shape.blocks = args.blocks;
    plan.crops = args.crops;
    plan.prior_steps = args.prior_steps;
    let started = Instant::now();
    let mut session = Session::open(
        plan.clone(),
        &args.data,
        &state,
        &device.open()?,
        &mut |text| {
            console.progress(text);
        },
    )?;
    console.progress(&format!(
        "{} pictures, {} of {} steps done, on {device}",
        grouped(session.pictures() as u64),
        session.done(),
        args.steps
    ));
    let last_psnr_db = steps(&mut session, args, console)?;
    let model = session.model()?;
    let file = model.to_bytes()?;
    let card = Card {
        schema: "codec.vq.card.v1",
        made: Made::new(
            &args.model,
            &args.data,
            args.run.log.as_ref(),
            started,
            (&file, model.hash()),
        ),
        pictures: session.pictures(),
        plan,
        device: device.to_string(),
        last_psnr_db,
    };
    write_model(&args.model, &file, &card, console)?;
    Session::forget(&state);
    Ok(())
}

fn steps(session: &mut Session, args: &TrainVqArgs, console: &mut Console) -> Result<f32, Refusal> {
    let mut log = args.run.log.as_ref().map(log).transpose()?;
    let (mut sum, mut count, mut last) = (0.0, 0.0, 0.0);
    let mut kept = Instant::now();
    while !session.is_finished() {
        sum += session.step()?;
        count += 1.0;
        if session.done().is_multiple_of(SHOWN) || session.is_finished() {
            last = sum / count;
            let done = session.done();
            console.progress(&format!("step {done} of {}: {last:.2} dB", args.steps));
            if let Some(log) = &mut log {
                writeln!(log, "{done},{last:.4}")
                    .map_err(|error| Failure::io("cannot write the log", &error))?;
            }
            (sum, count) = (0.0, 0.0);
        }
        if kept.elapsed().as_secs() >= KEPT || session.is_finished() {
            session.keep()?;
            kept = Instant::now();
        }
    }
    Ok(last)
}

/// A CSV file with a row for every line of progress.
fn log(path: &PathBuf) -> Result<fs::File, Failure> {
    let failure = |error| Failure::io("cannot write the log", &error);
    let is_new = !path.exists();
    let file = fs::OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.map_err(failure)?;
    if is_new {
        writeln!(file, "step,coefficient_psnr_db").map_err(failure)?;
    }
    Ok(file)
}
