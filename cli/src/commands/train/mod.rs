//! `codec train`: learns the models of codecs.

pub(crate) mod args;
mod card;
mod circuit;
mod log;
#[cfg(feature = "learned")]
mod vq;
#[cfg(feature = "learned")]
mod walloc;
#[cfg(feature = "learned")]
mod walloc_audio;

use std::io::Write;
use std::path::Path;
#[cfg(feature = "learned")]
use std::path::PathBuf;

use args::{TrainArgs, TrainCommand};

#[cfg(feature = "learned")]
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Target};
#[cfg(feature = "learned")]
use crate::output::{beside, check_free};
#[cfg(feature = "learned")]
use crate::units::grouped;

pub(crate) fn run(args: &TrainArgs) -> Exit {
    match &args.command {
        TrainCommand::Circuit(args) => circuit::run(args),
        #[cfg(feature = "learned")]
        TrainCommand::Walloc(args) => walloc::run(args),
        #[cfg(feature = "learned")]
        TrainCommand::WallocAudio(args) => walloc_audio::run(args),
        #[cfg(feature = "learned")]
        TrainCommand::Vq(args) => vq::run(args),
    }
}

/// Writes a file that appears under its name when it is complete.
fn write(path: &Path, content: &[u8], force: bool) -> Result<(), Failure> {
    let mut output = Output::made_of(&[], &Target::File(path.to_owned()), force)?;
    if let Err(error) = output.write_all(content) {
        let failure = output.take_failure();
        return Err(failure.unwrap_or_else(|| Failure::io("cannot write", &error)));
    }
    output.complete()?;
    output.commit()
}

/// Writes a model and, as FILE`.json`, its card.
#[cfg(feature = "learned")]
fn write_model(
    args: &args::ModelArgs,
    file: &[u8],
    card: &impl serde::Serialize,
    console: &mut Console,
) -> Result<(), Failure> {
    write(&args.out, file, args.force)?;
    let text = serde_json::to_string_pretty(card)
        .map_err(|error| Failure::new(Exit::Error, error.to_string()))?;
    write(&card_path(args), format!("{text}\n").as_bytes(), args.force)?;
    console.progress(&format!("wrote {} bytes", grouped(file.len() as u64)));
    Ok(())
}

#[cfg(feature = "learned")]
fn card_path(args: &args::ModelArgs) -> PathBuf {
    beside(&args.out, ".json")
}

/// Checks that neither the model nor its card is there yet.
#[cfg(feature = "learned")]
fn check_model_free(args: &args::ModelArgs) -> Result<(), Failure> {
    check_free(&args.out, args.force)?;
    check_free(&card_path(args), args.force)
}
