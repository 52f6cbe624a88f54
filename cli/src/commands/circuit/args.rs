//! Options of `codec circuit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::{Chatter, ReportArgs, size};
use crate::commands::ncd::args::ThreadArgs;
use crate::range::RecordRange;

/// Options of `codec circuit`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "codec train circuit makes a model.\n\n\
    Examples:\n  \
    codec circuit eval mnist.circuit --data digits.idx"
)]
pub(crate) struct CircuitArgs {
    #[command(subcommand)]
    pub(crate) command: CircuitCommand,
}

/// What to do with circuits.
#[derive(Debug, Subcommand)]
pub(crate) enum CircuitCommand {
    /// Code records with a model, decode and compare all of them, and report sizes and times
    Eval(EvalArgs),
}

/// Options of `codec circuit eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Sizes are of codewords alone, without the framing of a file. Times are those of \
    one core, whatever -T is.\n\n\
    Examples:\n  \
    codec circuit eval mnist.circuit --data train.idx --records 50000..60000\n  \
    codec circuit eval mnist.circuit --data pictures/ --json"
)]
pub(crate) struct EvalArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: RecordArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Which records to take.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The records: an IDX or .npy file, also packed with gzip, or a folder of pictures of one size
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,
    /// Only records A up to but without B, counted from 0
    #[arg(long, value_name = "A..B")]
    pub(crate) records: Option<RecordRange>,
    /// Most bytes of unpacked data, and of memory of a model [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<u64>,
}

impl RecordArgs {
    /// The limit in bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.memory.unwrap_or(1 << 30)
    }
}
