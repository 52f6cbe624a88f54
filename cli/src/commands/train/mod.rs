//! `codec train`: learns the models of codecs.

pub(crate) mod args;
mod card;
mod circuit;
mod log;

use args::{TrainArgs, TrainCommand};

use crate::exit::Exit;

pub(crate) fn run(args: &TrainArgs) -> Exit {
    match &args.command {
        TrainCommand::Circuit(args) => circuit::run(args),
    }
}
