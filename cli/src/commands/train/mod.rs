//! `codec train`: learns the models of codecs.

pub(crate) mod args;
mod card;
mod circuit;
mod log;
#[cfg(feature = "learned")]
mod walloc;
#[cfg(feature = "learned")]
mod walloc_audio;

use std::io::Write;
use std::path::Path;

use args::{TrainArgs, TrainCommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Target};

pub(crate) fn run(args: &TrainArgs) -> Exit {
    match &args.command {
        TrainCommand::Circuit(args) => circuit::run(args),
        #[cfg(feature = "learned")]
        TrainCommand::Walloc(args) => walloc::run(args),
        #[cfg(feature = "learned")]
        TrainCommand::WallocAudio(args) => walloc_audio::run(args),
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
