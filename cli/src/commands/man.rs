//! `codec man`: the manual, made from the same descriptions as the help.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::{Chatter, Cli, ManArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shown;

pub(crate) fn run(args: &ManArgs) -> Exit {
    let mut console = Console::new("man", Chatter::default(), false);
    let mut command = Cli::command();
    // Subcommands get their full names and the options they share.
    command.build();
    let done = match &args.out_dir {
        Some(directory) => write_pages(&command, directory),
        None => page(command).map(|page| console.text(&page)),
    };
    if let Err(failure) = done {
        console.fail(None, &failure);
    }
    console.finish()
}

/// One page for the command, and one for each subcommand, such as `codec-encode.1`.
fn write_pages(command: &Command, directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| cannot("create", directory, &error))?;
    write_page(command.clone(), "codec", directory)?;
    for subcommand in command.get_subcommands() {
        let name = format!("codec-{}", subcommand.get_name());
        write_page(subcommand.clone(), &name, directory)?;
    }
    Ok(())
}

fn write_page(command: Command, name: &str, directory: &Path) -> Result<(), Failure> {
    let path = directory.join(format!("{name}.1"));
    let command = command.display_name(name.to_owned());
    fs::write(&path, page(command)?).map_err(|error| cannot("write", &path, &error))
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::io("cannot make the manual page", &error))?;
    Ok(page)
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::io(&format!("cannot {action} {}", shown::path(path)), error)
}
