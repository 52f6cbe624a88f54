//! `codec ncd`: distances by compression, and what is made of them.

pub(crate) mod args;
mod classify;
mod classify_args;
mod data;
mod distance;
mod measure;
mod methods;
mod neighbors;
mod predictions;
mod scores;

use args::{NcdArgs, NcdCommand};

use crate::exit::Exit;

pub(crate) fn run(args: &NcdArgs) -> Exit {
    match &args.command {
        NcdCommand::Classify(args) => classify::run(args),
        NcdCommand::Neighbors(args) => neighbors::run(args),
        NcdCommand::Distance(args) => distance::run(args),
    }
}
