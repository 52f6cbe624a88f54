//! The command `codec`: parse, run, exit code.

mod args;
mod attributes;
mod beside;
mod commands;
mod console;
mod exit;
mod failure;
mod folder;
mod format;
mod inputs;
mod names;
mod output;
mod peel;
mod progress;
mod prompt;
mod range;
mod report_files;
mod settings;
mod shown;
mod signals;
mod source;
mod sparse;
mod targets;
mod transfer;
mod units;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => commands::run(&cli.command).into(),
        Err(error) => {
            // Help and version go to standard output, and nobody reading them is no error.
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            };
            exit.into()
        }
    }
}
