//! `codec completions`: a completion script on standard output.

use clap::CommandFactory;

use crate::args::{Chatter, Cli, CompletionsArgs};
use crate::console::Console;
use crate::exit::Exit;

pub(crate) fn run(args: &CompletionsArgs) -> Exit {
    let mut console = Console::new("completions", Chatter::default(), false);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "codec", &mut script);
    console.text(&script);
    console.finish()
}
