//! Options of `codec log`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::span::{LineSpan, TimePoint};
use crate::args::{Chatter, LevelArgs, ReportArgs, ResourceArgs, key_value};

/// Options of `codec log`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Archives are made with `codec encode -c log FILE`.\n\n\
    Examples:\n  \
    codec log grep 'authentication failure' auth.log.cdc\n  \
    codec log cat --lines 100..110 auth.log.cdc\n  \
    codec log templates auth.log.cdc"
)]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    pub(crate) command: LogCommand,
}

/// What to do with logs.
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Search archives without unpacking them; prints the lines that grep would find
    Grep(GrepArgs),
    /// Print lines by number or time
    Cat(LogCatArgs),
    /// List the templates of a log: number, count, text, example
    Templates(TemplatesArgs),
    /// Show what an archive holds
    Stats(StatsArgs),
    /// Add a log to the end of an archive
    Append(AppendArgs),
    /// Print the template of every line as CSV
    Cluster(ClusterArgs),
    /// List the most surprising lines, by the bits they cost
    Anomalies(AnomaliesArgs),
}

/// Which lines to take by when and where they stand.
#[derive(Debug, Args)]
pub(crate) struct SpanArgs {
    /// Only lines written at this time or later, such as '2024-05-01 12:00' or as the log writes it
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<TimePoint>,
    /// Only lines written at this time or earlier
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<TimePoint>,
    /// Only lines A to B, counted from 1, both included
    #[arg(long, value_name = "A..B")]
    pub(crate) lines: Option<LineSpan>,
}

/// Options of `codec log grep`.
#[derive(Debug, Args)]
#[command(
    after_help = "The exit code is 0 if a line was found and 1 if none was.\n\n\
    Examples:\n  \
    codec log grep 'Out of Memory' *.log.cdc\n  \
    codec log grep -c -W 'user=* failed' auth.log.cdc\n  \
    codec log grep -n -E 'port (22|2222)$' --since 2024-05-01 auth.log.cdc\n  \
    codec log grep --template 17 '' auth.log.cdc   all lines of a template"
)]
pub(crate) struct GrepArgs {
    /// Text to look for
    #[arg(value_name = "PATTERN")]
    pub(crate) pattern: String,
    /// Archives written with -c log
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// PATTERN is a regular expression
    #[arg(short = 'E', long, conflicts_with = "wildcard")]
    pub(crate) regex: bool,
    /// In PATTERN, * stands for any text and ? for any character
    #[arg(short = 'W', long)]
    pub(crate) wildcard: bool,
    /// Upper and lower case are the same
    #[arg(short, long)]
    pub(crate) ignore_case: bool,
    /// The lines that do not match
    #[arg(short = 'v', long)]
    pub(crate) invert_match: bool,
    /// Print the line number before each line
    #[arg(short = 'n', long)]
    pub(crate) line_number: bool,
    /// Print only how many lines were found
    #[arg(short, long)]
    pub(crate) count: bool,
    /// Print only the names of files in which a line was found
    #[arg(short = 'l', long)]
    pub(crate) files_with_matches: bool,
    /// Stop after so many lines of each file
    #[arg(short, long, value_name = "N")]
    pub(crate) max_count: Option<u64>,
    /// Print the file name before each line (the default with several files)
    #[arg(short = 'H', long)]
    pub(crate) with_filename: bool,
    /// Never print file names before lines
    #[arg(long, conflicts_with = "with_filename")]
    pub(crate) no_filename: bool,
    /// Only lines of this template, as `codec log templates` numbers them
    #[arg(long, value_name = "ID")]
    pub(crate) template: Option<u32>,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
}

/// Options of `codec log cat`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec log cat --lines 100..110 app.log.cdc\n  \
    codec log cat --since 'Jun 14 15:16:01' --until 'Jun 14 15:20:00' app.log.cdc")]
pub(crate) struct LogCatArgs {
    /// Archives written with -c log
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
}

/// Options of `codec log templates`.
#[derive(Debug, Args)]
pub(crate) struct TemplatesArgs {
    /// Log, plain or compressed in any way that `codec decode` reads
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// List only the most frequent ones
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec log stats`.
#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// Archives written with -c log
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec log append`.
#[derive(Debug, Args)]
#[command(
    after_help = "The archive is checked first and refused if it is damaged or not one of logs. \
    It stays as it is unless everything was added.\n\n\
    Examples:\n  \
    codec log append app.log.cdc app.log.1\n  \
    journalctl -b | codec log append -6 boot.log.cdc -"
)]
pub(crate) struct AppendArgs {
    /// Archive written with -c log
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: PathBuf,
    /// Logs to add, in this order; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) level: LevelArgs,
    /// Set a parameter of the codec; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec log cluster`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  codec log cluster app.log > app.csv")]
pub(crate) struct ClusterArgs {
    /// Log, plain or compressed in any way that `codec decode` reads
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
}

/// Options of `codec log anomalies`.
#[derive(Debug, Args)]
#[command(
    after_help = "A line costs many bits where nothing before it made it likely.\n\n\
    Examples:\n  codec log anomalies --top 10 app.log.cdc"
)]
pub(crate) struct AnomaliesArgs {
    /// Log, plain or compressed in any way that `codec decode` reads
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How many lines to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,
    /// Which model to ask: that of level 7, 8 or 9
    #[arg(long, value_enum, default_value_t = ModelChoice::Max)]
    pub(crate) model: ModelChoice,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// A model of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelChoice {
    /// Level 7
    Quick,
    /// Level 8
    Mid,
    /// Level 9
    Max,
}
