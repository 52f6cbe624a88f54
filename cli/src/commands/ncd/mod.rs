//! `codec ncd`: distances by compression, and what is made of them.

pub(crate) mod args;
mod data;
mod distance;
mod measure;

use args::{NcdArgs, NcdCommand};

use crate::exit::Exit;

pub(crate) fn run(args: &NcdArgs) -> Exit {
    match &args.command {
        NcdCommand::Distance(args) => distance::run(args),
    }
}
