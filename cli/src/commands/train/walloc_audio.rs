//! `codec train walloc-audio`: from folders of sounds to a model and its card.

use std::time::Instant;

use codec_suite::models::train::sounds;
use codec_suite::models::walloc::audio::fit::fit;
use serde::Serialize;

use super::args::TrainWallocAudioArgs;
use super::card::Made;
use super::{check_model_free, write_model};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Refusal;

/// What the card of a model says.
#[derive(Serialize)]
struct Card {
    schema: &'static str,
    #[serde(flatten)]
    made: Made,
    sounds: usize,
    sound_seconds: f64,
    seed: u64,
}

pub(crate) fn run(args: &TrainWallocAudioArgs) -> Exit {
    let mut console = Console::new(
        "train walloc-audio",
        args.model.chatter,
        args.model.report.json,
    );
    if let Err(refusal) = train(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn train(args: &TrainWallocAudioArgs, console: &mut Console) -> Result<(), Refusal> {
    check_model_free(&args.model)?;
    let started = Instant::now();
    let sounds = sounds::read(&args.data)?;
    let count = sounds.len();
    let sound_seconds = sounds.iter().map(|sound| sound.shape().seconds()).sum();
    console.progress(&format!("{count} sounds of {sound_seconds:.0} s"));
    let model = fit(&sounds, args.seed)?;
    let file = model.to_bytes()?;
    let card = Card {
        schema: "codec.walloc-audio.card.v1",
        made: Made::new(
            &args.model,
            &args.data,
            None,
            started,
            (&file, model.hash()),
        ),
        sounds: count,
        sound_seconds,
        seed: args.seed,
    };
    write_model(&args.model, &file, &card, console)?;
    Ok(())
}
