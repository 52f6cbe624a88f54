//! `codec log cat`: lines by number or time, from archives that stay packed.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use super::args::LogCatArgs;
use super::{explain, open, query};
use crate::args::Chatter;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::decoding_job;
use crate::source::name_of;

pub(crate) fn run(args: &LogCatArgs) -> Exit {
    let mut console = Console::new("log cat", Chatter::default(), false);
    for file in &args.files {
        if let Err(failure) = cat(args, file) {
            console.fail(Some(&name_of(Some(file))), &failure);
        }
        if console.reader_gone() {
            break;
        }
    }
    console.finish()
}

fn cat(args: &LogCatArgs, path: &Path) -> Result<(), Failure> {
    let mut archive = open(path)?;
    let job = decoding_job(args.resources, None);
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut refused = None;
    let last = args.span.lines.and_then(|lines| lines.0.to);
    archive
        .search(&query(&args.span), &job, |hit| {
            if let Err(error) = out.write_all(hit.line) {
                refused = Some(error);
                return Ok(ControlFlow::Break(()));
            }
            Ok(match last == Some(hit.number) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })
        .map_err(|error| explain(error, path))?;
    let ended = refused.map_or_else(|| out.flush(), Err);
    ended.map_err(|error| Failure::io("cannot write to standard output", &error))
}
