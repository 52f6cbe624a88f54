//! `codec log cluster`: the template of every line, as CSV.

use std::io::{self, BufWriter, Write};

use super::args::ClusterArgs;
use super::learned;
use super::text::LogText;
use crate::args::Chatter;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::decoding_job;
use crate::source::name_of;

pub(crate) fn run(args: &ClusterArgs) -> Exit {
    let mut console = Console::new("log cluster", Chatter::default(), false);
    if let Err(failure) = cluster(args) {
        console.fail(Some(&name_of(Some(&args.file))), &failure);
    }
    console.finish()
}

fn cluster(args: &ClusterArgs) -> Result<(), Failure> {
    let job = decoding_job(args.resources, None);
    let text = LogText::new(&args.file)?;
    let mut miner = learned(&text, &job)?;
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let refused = |error: io::Error| Failure::io("cannot write to standard output", &error);
    writeln!(out, "line,template").map_err(refused)?;
    let mut number = 0u64;
    text.for_each_block(&job, |block| {
        let block = block.strip_suffix(b"\n").unwrap_or(block);
        for line in block.split(|byte| *byte == b'\n') {
            number += 1;
            writeln!(out, "{number},{}", miner.assign(line).0).map_err(refused)?;
        }
        Ok(())
    })?;
    out.flush().map_err(refused)
}
