//! `codec log grep`: lines that match, from archives that stay packed.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use codec_suite::core::Error;
use codec_suite::log::archive::{Hit, Pattern};
use codec_suite::log::structure::TemplateId;

use super::args::GrepArgs;
use super::text::LogText;
use super::{explain, learned, open, query};
use crate::args::Chatter;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::decoding_job;
use crate::source::name_of;

pub(crate) fn run(args: &GrepArgs) -> Exit {
    let mut console = Console::new("log grep", Chatter::default(), false);
    let pattern = match pattern(args) {
        Ok(pattern) => pattern,
        Err(error) => {
            console.fail(None, &error.into());
            return console.finish();
        }
    };
    let mut any = false;
    for file in &args.files {
        match grep(args, &pattern, file) {
            Ok(hits) => any |= hits > 0,
            Err(failure) => console.fail(Some(&name_of(Some(file))), &failure),
        }
        if console.reader_gone() {
            return console.finish();
        }
    }
    if !any {
        console.end_with(Exit::NothingFound);
    }
    console.finish()
}

fn pattern(args: &GrepArgs) -> Result<Pattern, Error> {
    match (args.regex, args.wildcard) {
        (true, _) => Pattern::regex(&args.pattern, args.ignore_case),
        (_, true) => Pattern::wildcard(&args.pattern, args.ignore_case),
        _ => Pattern::literal(args.pattern.as_bytes(), args.ignore_case),
    }
}

/// Number of lines found.
fn grep(args: &GrepArgs, pattern: &Pattern, path: &Path) -> Result<u64, Failure> {
    let mut archive = open(path)?;
    let job = decoding_job(args.resources, None);
    let mut query = query(&args.span);
    let miner;
    if let Some(template) = args.template {
        miner = learned(&LogText::new(path)?, &job)?;
        if miner.template(TemplateId(template)).is_none() {
            let title = format!("there is no template {template}");
            return Err(Failure::usage(title).hint("`codec log templates` lists them"));
        }
        query.template = Some((&miner, TemplateId(template)));
    }
    query.pattern = (!args.pattern.is_empty() || args.invert_match).then(|| pattern.clone());
    query.invert = args.invert_match;
    let mut printer = Printer::new(args, path);
    let most = match args.files_with_matches {
        true => 1,
        false => args.max_count.unwrap_or(u64::MAX),
    };
    let mut hits = 0;
    let mut refused = None;
    let searched = match most {
        0 => Ok(()),
        _ => archive
            .search(&query, &job, |hit| {
                hits += 1;
                if let Err(error) = printer.hit(&hit) {
                    refused = Some(error);
                    return Ok(ControlFlow::Break(()));
                }
                Ok(match hits < most {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                })
            })
            .map(|_| ()),
    };
    // What was found before the damage is printed, but not a number that claims to be all.
    searched.map_err(|error| explain(error, path))?;
    let ended = match refused {
        Some(error) => Err(error),
        None => printer.finish(hits),
    };
    ended.map_err(|error| Failure::io("cannot write to standard output", &error))?;
    Ok(hits)
}

/// Prints lines as grep does.
struct Printer<'a> {
    args: &'a GrepArgs,
    name: String,
    out: BufWriter<io::StdoutLock<'static>>,
}

impl<'a> Printer<'a> {
    fn new(args: &'a GrepArgs, path: &Path) -> Self {
        Self {
            args,
            name: name_of(Some(path)),
            out: BufWriter::with_capacity(64 << 10, io::stdout().lock()),
        }
    }

    fn names_files(&self) -> bool {
        !self.args.no_filename && (self.args.with_filename || self.args.files.len() > 1)
    }

    fn hit(&mut self, hit: &Hit<'_>) -> io::Result<()> {
        if self.args.count || self.args.files_with_matches {
            return Ok(());
        }
        if self.names_files() {
            write!(self.out, "{}:", self.name)?;
        }
        if self.args.line_number {
            write!(self.out, "{}:", hit.number)?;
        }
        self.out.write_all(hit.line)?;
        // As grep does, even where the log has no newline at its end.
        match hit.line.last() {
            Some(b'\n') => Ok(()),
            _ => self.out.write_all(b"\n"),
        }
    }

    fn finish(mut self, hits: u64) -> io::Result<()> {
        if self.args.files_with_matches {
            if hits > 0 {
                writeln!(self.out, "{}", self.name)?;
            }
        } else if self.args.count {
            if self.names_files() {
                write!(self.out, "{}:", self.name)?;
            }
            writeln!(self.out, "{hits}")?;
        }
        self.out.flush()
    }
}
