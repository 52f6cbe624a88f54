//! `codec train walloc-audio`: from folders of sounds to a model and its card.

use std::time::Instant;

use codec_suite::models::train::sounds;
use codec_suite::models::walloc::audio::fit::fit;
use serde::Serialize;

use super::args::TrainWallocAudioArgs;
use super::card::without_folders;
use super::write;
use crate::commands::circuit::data::base_name;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::output::{beside, check_free};
use crate::units::grouped;

/// What the card of a model says.
#[derive(Serialize)]
struct Card {
    schema: &'static str,
    program: String,
    /// Arguments, files without their folders.
    command: Vec<String>,
    licence: Option<String>,
    data: Vec<String>,
    sounds: usize,
    sound_seconds: f64,
    seed: u64,
    seconds: f64,
    model_bytes: usize,
    model_xxh64: String,
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
    let card_path = beside(&args.model.out, ".json");
    for path in [&args.model.out, &card_path] {
        check_free(path, args.model.force)?;
    }
    let started = Instant::now();
    let sounds = sounds::read(&args.data)?;
    let count = sounds.len();
    let sound_seconds = sounds.iter().map(|sound| sound.shape().seconds()).sum();
    console.progress(&format!("{count} sounds of {sound_seconds:.0} s"));
    let model = fit(&sounds, args.seed)?;
    let file = model.to_bytes()?;
    let mut paths: Vec<_> = args.data.iter().collect();
    paths.push(&args.model.out);
    let card = Card {
        schema: "codec.walloc-audio.card.v1",
        program: format!("codec {}", env!("CARGO_PKG_VERSION")),
        command: without_folders(&paths),
        licence: args.model.licence.clone(),
        data: args.data.iter().map(|path| base_name(path)).collect(),
        sounds: count,
        sound_seconds,
        seed: args.seed,
        seconds: started.elapsed().as_secs_f64(),
        model_bytes: file.len(),
        model_xxh64: format!("{:016x}", model.hash()),
    };
    write(&args.model.out, &file, args.model.force)?;
    let text = serde_json::to_string_pretty(&card)
        .map_err(|error| Failure::new(Exit::Error, error.to_string()))?;
    write(&card_path, format!("{text}\n").as_bytes(), args.model.force)?;
    console.progress(&format!("wrote {} bytes", grouped(file.len() as u64)));
    Ok(())
}
