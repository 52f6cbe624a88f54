//! `codec circuit`: models of probabilistic circuits and what they do to records.

pub(crate) mod args;
pub(crate) mod coding;
pub(crate) mod data;
mod eval;

use args::{CircuitArgs, CircuitCommand};

use crate::exit::Exit;

pub(crate) fn run(args: &CircuitArgs) -> Exit {
    match &args.command {
        CircuitCommand::Eval(args) => eval::run(args),
    }
}
