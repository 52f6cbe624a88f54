//! The subcommands, one file each.

pub(crate) mod bench;
mod cat;
pub(crate) mod circuit;
mod completions;
mod decode;
mod encode;
pub(crate) mod eval;
mod info;
#[cfg(feature = "learned")]
pub(crate) mod latents;
#[cfg(feature = "learned")]
pub(crate) mod learn;
mod list;
pub(crate) mod log;
mod man;
pub(crate) mod ncd;
mod recover;
mod test;
pub(crate) mod train;

use crate::args::Command;
use crate::exit::Exit;

/// Does what was typed.
pub(crate) fn run(command: &Command) -> Exit {
    match command {
        Command::Encode(args) => encode::run(args),
        Command::Decode(args) => decode::run(args),
        Command::Info(args) => info::run(args),
        Command::Test(args) => test::run(args),
        Command::Cat(args) => cat::run(args),
        Command::List(args) => list::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Eval(args) => eval::run(args),
        Command::Recover(args) => recover::run(args),
        Command::Log(args) => log::run(args),
        Command::Ncd(args) => ncd::run(args),
        Command::Train(args) => train::run(args),
        Command::Circuit(args) => circuit::run(args),
        #[cfg(feature = "learned")]
        Command::Latents(args) => latents::run(args),
        #[cfg(feature = "learned")]
        Command::Learn(args) => learn::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}
