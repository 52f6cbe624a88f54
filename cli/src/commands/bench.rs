//! `codec bench`: size, speed and memory of codecs on files, and against the system's tools.

mod reports;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Read};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use clap::{ArgAction, Args, ValueEnum};
use codec_corpora::bench::{Bench, Direction, Item, Report, Spec, Step, work};
use codec_suite::core::{Error, Registry};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::{Chatter, InputArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::{Folders, Input, expand};
use crate::shown;
use crate::source::{Source, name_of};

use self::reports::Reports;

/// Options of `codec bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "A SPEC is a codec and its settings: zstd, zstd:19, zstd:level=19,block=64MiB, \
    xz:6:extreme, gzip:9:native, or a tool of the system: system-xz:6.\n\n\
    Examples:\n  \
    codec bench book.txt                      every codec at three levels\n  \
    codec bench -c zstd:3 -c xz:6 -r corpus/  two codecs on a directory\n  \
    codec bench --against -c zstd:19 book.txt beside the zstd command\n  \
    codec bench -r corpus/ --html report.html --json records.jsonl"
)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    inputs: InputArgs,
    /// Codec with settings; may be repeated [default: every codec at its lowest, default and highest
    /// level]
    #[arg(short, long, value_name = "SPEC", action = ArgAction::Append)]
    codec: Vec<String>,
    /// Times to run each; the best counts
    #[arg(long, value_name = "N", default_value = "3")]
    runs: NonZeroU32,
    /// Threads to run; 0 is one for every core
    #[arg(short = 'T', long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Also run the system's gzip, xz, zstd, brotli, bzip2 and bzip3 at the settings of the codecs
    /// they correspond to; codecs then run as processes too
    #[arg(long)]
    against: bool,
    /// Measure the formats' own streams instead of .cdc files
    #[arg(long)]
    native: bool,
    /// Bytes per independent block, for specs that do not name it
    #[arg(long, value_name = "SIZE")]
    block: Option<String>,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    chatter: Chatter,
    /// Encode or decode the first file to the second, and end: what runs in a process of its own
    #[arg(long, value_name = "DIRECTION", hide = true)]
    worker: Option<WorkerDirection>,
}

/// The reports to write beside the table.
#[derive(Debug, Args)]
struct ReportArgs {
    /// Write the records as JSON lines; `-` is standard output, in place of the table
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the records as comma-separated values; `-` is standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a report with plots as one self-contained page; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Overwrite existing reports
    #[arg(short, long)]
    force: bool,
}

/// What a worker process does.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum WorkerDirection {
    Encode,
    Decode,
}

pub(crate) fn run(args: &BenchArgs) -> Exit {
    let mut console = Console::new("bench", args.chatter, false);
    let done = match args.worker {
        Some(direction) => run_worker(args, direction),
        None => run_bench(args, &mut console),
    };
    if let Err(failure) = done {
        console.fail(None, &failure);
    }
    console.finish()
}

fn run_bench(args: &BenchArgs, console: &mut Console) -> Result<(), Failure> {
    let registry = codec_suite::registry();
    let reports = Reports::new(&args.reports)?;
    let executable = std::env::current_exe()
        .map_err(|error| Failure::io("cannot find this program's file", &error))?;
    let worker = worker_command(&executable);
    let mut bench = Bench {
        specs: specs(args, &registry)?,
        runs: args.runs,
        threads: threads(args),
        dataset: dataset(args),
        worker: Some(&worker),
        ..Bench::new(&registry)
    };
    if args.against {
        for tool in bench.add_peers() {
            console.warn(None, &format!("{} is not installed, left out", tool.name()));
        }
    }
    let inputs = expand(&args.inputs, Folders::Refused, |_| true, console);
    if inputs.is_empty() {
        return Ok(());
    }
    let bar = progress_bar(args.chatter);
    let items = inputs
        .iter()
        .filter_map(|input| match read(input, &inputs) {
            Ok(item) => Some(item),
            Err(failure) => {
                console.fail(Some(&name_of(input.path())), &failure);
                None
            }
        });
    let report = bench.run(inputs.len(), items, &mut |step| show(&bar, step))?;
    bar.finish_and_clear();
    tell_failures(&report, args, console);
    reports.write(&report.records, console)
}

/// What is to run: the specs named or the default set, with the options that hold for all.
fn specs(args: &BenchArgs, registry: &Registry) -> Result<Vec<Spec>, Failure> {
    let named = args.codec.iter().map(|text| Spec::parse(text, registry));
    let mut specs = named
        .collect::<Result<Vec<Spec>, Error>>()
        .map_err(explain)?;
    if specs.is_empty() {
        specs = Spec::defaults(registry);
        if args.native {
            specs.retain(|spec| spec.has_native(registry));
        }
    }
    for spec in specs.iter_mut().filter(|spec| !spec.is_tool()) {
        if args.native {
            spec.make_native(registry)?;
        }
        // A native stream has no blocks.
        if let Some(block) = args.block.as_deref().filter(|_| !spec.native) {
            spec.set_if_open("block", block)?;
        }
    }
    let mut seen = BTreeSet::new();
    specs.retain(|spec| seen.insert(spec.label()));
    Ok(specs)
}

fn explain(error: Error) -> Failure {
    Failure::from(error).hint("codec list NAME shows the parameters of a codec and their ranges")
}

fn threads(args: &BenchArgs) -> NonZeroUsize {
    let all = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(args.threads).unwrap_or_else(all)
}

/// The name of the directory, if one directory is all there is.
fn dataset(args: &BenchArgs) -> String {
    match args.inputs.files.as_slice() {
        [directory] if directory.is_dir() => {
            let directory = directory.canonicalize().unwrap_or_default();
            directory
                .file_name()
                .map(|name| shown::path(Path::new(name)))
        }
        _ => None,
    }
    .unwrap_or_else(|| "files".to_owned())
}

/// The whole file, under its own name, or under its path where another file has that name.
fn read(input: &Input, all: &[Input]) -> Result<Item, Failure> {
    let mut content = Vec::new();
    let mut file = Source::open(input, true)?.into_file();
    file.read_to_end(&mut content)
        .map_err(|error| Failure::io("cannot read", &error))?;
    let name = match input {
        Input::Stdin => "standard input".to_owned(),
        Input::File { path, place } => {
            let same = |other: &&Input| matches!(other, Input::File { place: p, .. } if p == place);
            let is_only = all.iter().filter(same).count() == 1;
            shown::path(if is_only { place } else { path })
        }
    };
    Ok(Item { name, content })
}

fn tell_failures(report: &Report, args: &BenchArgs, console: &mut Console) {
    for failed in &report.failures {
        let item = Some(failed.item.as_str());
        let text = format!("{}: {}", failed.label, failed.error);
        let by_default = args.codec.is_empty();
        if by_default && matches!(failed.error, Error::Unsupported(_)) {
            // Not every codec takes every file, and nobody asked for this one.
            console.warn(item, &text);
        } else {
            console.fail(item, &Failure::new(Exit::of(&failed.error), text));
        }
    }
}

/// The command that runs this program as a worker.
fn worker_command(
    executable: &Path,
) -> impl Fn(Direction, &Spec, NonZeroUsize, &Path, &Path) -> Command {
    move |direction, spec, threads, input, output| {
        let direction = match direction {
            Direction::Encode => "encode",
            Direction::Decode => "decode",
        };
        let mut command = Command::new(executable);
        command.args(["bench", "--worker", direction, "--codec"]);
        command.arg(spec.label());
        command.args(["--threads", &threads.to_string(), "--"]);
        command.args([input, output]);
        command
    }
}

fn run_worker(args: &BenchArgs, direction: WorkerDirection) -> Result<(), Failure> {
    let registry = codec_suite::registry();
    let ([spec], [input, output]) = (args.codec.as_slice(), args.inputs.files.as_slice()) else {
        return Err(Failure::usage("a worker needs one spec and two files"));
    };
    let spec = Spec::parse(spec, &registry)?;
    let direction = match direction {
        WorkerDirection::Encode => Direction::Encode,
        WorkerDirection::Decode => Direction::Decode,
    };
    Ok(work(
        &registry,
        direction,
        &spec,
        threads(args),
        input,
        output,
    )?)
}

/// A count of steps, if a person is there to see it.
fn progress_bar(chatter: Chatter) -> ProgressBar {
    let hidden = chatter.quiet > 0 || chatter.no_progress || !io::stderr().is_terminal();
    let target = if hidden {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{pos} of {len}: {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, step: &Step<'_>) {
    bar.set_length(step.total as u64);
    bar.set_position(step.done as u64);
    bar.set_message(format!("{} on {}", step.spec.label(), step.item));
}
