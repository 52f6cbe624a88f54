//! `codec eval`: rate against distortion of lossy codecs, beside the system's own.

pub(crate) mod args;

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use codec_corpora::bench::write_json_lines;
use codec_corpora::eval::{Coding, Eval, Original, Outcome, Peer, Step, page, table};
use codec_suite::core::{Budget, Error, Job, Limits, MediaKind, Registry};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::args::EvalArgs;
use crate::args::{Chatter, InputArgs};
use crate::beside::Beside;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::{Folders, Input, expand};
use crate::report_files::ReportFiles;
use crate::shown;

pub(crate) fn run(args: &EvalArgs) -> Exit {
    let mut console = Console::new("eval", args.chatter, false);
    if let Err(failure) = evaluate(args, &mut console) {
        console.fail(None, &failure);
    }
    console.finish()
}

fn evaluate(args: &EvalArgs, console: &mut Console) -> Result<(), Failure> {
    let registry = codec_suite::registry();
    let reports = ReportFiles::new(&[args.json.as_deref(), args.html.as_deref()], args.force)?;
    let codecs = codecs(args, &registry)?;
    let originals = originals(args, console);
    if originals.is_empty() {
        return Ok(());
    }
    let kinds: Vec<MediaKind> = originals.iter().map(Original::kind).collect();
    let mut codings = codecs;
    for peer in peers(args, &kinds, console)? {
        codings.extend(Coding::of_peer(peer));
    }
    codings.retain(|coding| kinds.iter().any(|kind| coding.takes(*kind, &registry)));
    if codings.is_empty() {
        return Err(Failure::usage("nothing to run on these files")
            .hint("-c NAME names a codec, --peers NAME,... programs of the system"));
    }
    let beside = Beside::load(&registry, &args.beside)?;
    let threads = threads(args);
    let eval = Eval {
        registry: &registry,
        codings,
        dataset: dataset(&args.inputs.files),
        // The files are the caller's own: there is nothing to guard against.
        job: beside.given_to(Job {
            threads: NonZeroUsize::MIN,
            budget: Budget::new(Limits::none()),
            ..Job::single_threaded()
        }),
        threads,
        samples: if args.html.is_some() {
            args.pictures
        } else {
            0
        },
        sample_rate: args.pictures_at,
    };
    let total = originals.len();
    let bar = progress_bar(args.chatter, total);
    let outcome = eval.run(total, originals, &mut |step| show(&bar, &step))?;
    bar.finish_and_clear();
    for failed in &outcome.failures {
        let text = format!("{}: {}", failed.label, failed.error);
        console.fail(
            Some(&failed.item),
            &Failure::new(Exit::of(&failed.error), text),
        );
    }
    write(args, &reports, &outcome, console)
}

/// Codecs at their settings.
fn codecs(args: &EvalArgs, registry: &Registry) -> Result<Vec<Coding>, Failure> {
    let settings = args.settings.as_deref();
    if args.codec.is_empty() && settings.is_some() {
        return Err(Failure::usage("--settings needs a codec").hint("-c NAME names it"));
    }
    let mut codings = Vec::new();
    for spec in &args.codec {
        let found = Coding::of_codec(spec, settings, registry);
        codings.extend(found.map_err(|error| {
            Failure::from(error)
                .hint("codec list NAME shows the parameters of a codec and their ranges")
        })?);
    }
    Ok(codings)
}

/// The peers to run: those named, or all for the media there are. What is not installed is left out.
fn peers(
    args: &EvalArgs,
    kinds: &[MediaKind],
    console: &mut Console,
) -> Result<Vec<Peer>, Failure> {
    let named = args.peers.iter().filter(|name| *name != args::NONE);
    let named: Result<Vec<Peer>, Error> = named.map(|name| Peer::named(name)).collect();
    let mut peers = named?;
    if args.peers.is_empty() {
        peers = Peer::ALL.to_vec();
        peers.retain(|peer| kinds.contains(&peer.kind()));
    }
    peers.retain(|peer| {
        let missing = peer.missing();
        if !missing.is_empty() {
            let text = format!(
                "{} is left out: {} is not installed",
                peer.name(),
                missing.join(", ")
            );
            console.warn(None, &text);
        }
        missing.is_empty()
    });
    Ok(peers)
}

/// The pictures and sound in the files named and in the directories below.
fn originals(args: &EvalArgs, console: &mut Console) -> Vec<Original> {
    let files = InputArgs {
        files: args.inputs.files.clone(),
        recursive: true,
        files_from: args.inputs.files_from.clone(),
    };
    let inputs = expand(&files, Folders::Refused, |_| true, console);
    let mut originals = Vec::new();
    for input in &inputs {
        let Input::File { path, place } = input else {
            console.fail(
                None,
                &Failure::usage("eval needs files, not standard input"),
            );
            continue;
        };
        let is_named = args.inputs.files.contains(path);
        match Original::open(shown::path(place), path) {
            Ok(original) => originals.push(original),
            // A directory may hold other files too.
            Err(Error::Unsupported(_)) if !is_named => {
                console.warn(
                    Some(&shown::path(path)),
                    "is neither a picture nor sound, left out",
                );
            }
            Err(error) => console.fail(Some(&shown::path(path)), &error.into()),
        }
    }
    originals
}

fn write(
    args: &EvalArgs,
    reports: &ReportFiles<'_>,
    outcome: &Outcome,
    console: &mut Console,
) -> Result<(), Failure> {
    if !reports.has_stdout() {
        console.text(table::render(&outcome.records).as_bytes());
    }
    if let Some(path) = &args.json {
        let mut lines = Vec::new();
        write_json_lines(&outcome.records, &mut lines)?;
        reports.put(path, &lines, console)?;
    }
    if let Some(path) = &args.html {
        reports.put(path, page::render(outcome).as_bytes(), console)?;
    }
    Ok(())
}

fn threads(args: &EvalArgs) -> NonZeroUsize {
    let all = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(args.threads).unwrap_or_else(all)
}

/// The name of the directory, if one directory is all there is.
fn dataset(files: &[std::path::PathBuf]) -> String {
    let directory = match files {
        [directory] if directory.is_dir() => directory.canonicalize().ok(),
        _ => None,
    };
    let name = directory.as_deref().and_then(Path::file_name);
    name.map_or_else(|| "files".to_owned(), |name| shown::path(Path::new(name)))
}

/// A count of files, if a person is there to see it.
fn progress_bar(chatter: Chatter, total: usize) -> ProgressBar {
    let hidden = chatter.quiet > 0 || chatter.no_progress || !io::stderr().is_terminal();
    let target = match hidden {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{pos} of {len}: {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, step: &Step<'_>) {
    bar.set_position(step.done as u64);
    bar.set_message(format!("{} on {}", step.label, step.item));
}
