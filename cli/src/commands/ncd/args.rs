//! Options of `codec ncd`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::{Args, Subcommand, ValueEnum};
use codec_suite::ncd::dataset::HeaderLabel;

use super::classify_args::{ClassifyArgs, NeighborsArgs};
use super::matrix_args::{ClusterArgs, MatrixArgs, MergeArgs, TreeArgs};
use crate::args::{Chatter, LevelArgs, ReportArgs, key_value, size};

/// Options of `codec ncd`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Any data will do: sequences, texts, logs, images as bytes.\n\n\
    Examples:\n  \
    codec ncd classify --train known.tsv --test new.tsv\n  \
    codec ncd neighbors --in collection.fa query.fa\n  \
    codec ncd distance a.txt b.txt\n  \
    codec ncd matrix -c xz texts/ -o texts.phy\n  \
    codec ncd tree texts.phy --draw texts.svg"
)]
pub(crate) struct NcdArgs {
    #[command(subcommand)]
    pub(crate) command: NcdCommand,
}

/// What to do with distances.
#[derive(Debug, Subcommand)]
pub(crate) enum NcdCommand {
    /// Classify by nearest neighbours or class models, and score it
    Classify(ClassifyArgs),
    /// Find the nearest items of a collection
    Neighbors(NeighborsArgs),
    /// Print the distances between a few files or sequences
    Distance(DistanceArgs),
    /// Compute all distances of a collection, in one go or in shards
    Matrix(MatrixArgs),
    /// Put the shards of a matrix together
    Merge(MergeArgs),
    /// Make a tree from a matrix, score it and draw it
    Tree(TreeArgs),
    /// Find clusters in a matrix
    Cluster(ClusterArgs),
}

/// How distances are measured.
#[derive(Debug, Args)]
#[command(next_help_heading = "Distance")]
pub(crate) struct MeasureArgs {
    /// Codec whose code lengths are asked for (`codec list` shows them), or lz: a fast estimate
    #[arg(short, long, value_name = "NAME", default_value = "gzip")]
    pub(crate) compressor: String,
    #[command(flatten)]
    pub(crate) level: LevelArgs,
    /// Set a parameter of the codec; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// What is made of code lengths
    #[arg(long, value_enum, default_value_t = FormulaChoice::Ncd)]
    pub(crate) formula: FormulaChoice,
    /// What stands between two contents that are compressed as one [default: space, but plain with
    /// the compressors dna and lz]
    #[arg(long, value_enum)]
    pub(crate) join: Option<JoinChoice>,
    /// Take the mean of both orders of each pair
    #[arg(long)]
    pub(crate) symmetric: bool,
}

/// How data sets are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// Format of the files [default: told by name and first bytes]
    #[arg(long, value_enum)]
    pub(crate) format: Option<FormatChoice>,
    /// Column of tables with the sequence or text [default: sequence, seq, text or content]
    #[arg(long, value_name = "NAME")]
    pub(crate) sequence_column: Option<String>,
    /// Column with the label [default: class, label, family, category or target]
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Column with the group, whose rows stay on one side of every split [default: group]
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<String>,
    /// Column with the name of the row [default: id, name or accession]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
    /// Where headers of FASTA and FASTQ have the label: auto, field (the last between |), word (the
    /// last one), or KEY= for the X of KEY=X
    #[arg(long, value_name = "WHERE", default_value = "auto", value_parser = header_label)]
    pub(crate) header_label: HeaderLabel,
    /// Most bytes to read of one file, unpacked [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<u64>,
}

/// How many threads run.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ThreadArgs {
    /// Threads to run; 0 is one for every core. Results do not depend on it
    #[arg(
        short = 'T',
        long,
        value_name = "N",
        default_value_t = 0,
        env = "CODEC_THREADS",
        hide_env_values = true
    )]
    pub(crate) threads: usize,
}

impl ThreadArgs {
    /// Threads to run.
    pub(crate) fn count(self) -> NonZeroUsize {
        let all = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        NonZeroUsize::new(self.threads).unwrap_or_else(all)
    }
}

/// A formula for distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormulaChoice {
    /// (C(xy) - min(C(x), C(y))) / max(C(x), C(y))
    Ncd,
    /// max(C(x|y), C(y|x)) / max(C(x), C(y))
    Nccd,
    /// C(xy) / (C(x) + C(y))
    Cdm,
    /// C(y|x) per symbol of y at 2 bits (DNA) or 8 bits
    Nrc,
}

/// What joins two contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum JoinChoice {
    /// One blank
    Space,
    /// Nothing
    Plain,
}

/// A format of data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatChoice {
    /// CSV or TSV with a row of column names
    Table,
    /// One item for each record
    Fasta,
    /// One item for each record of four lines
    Fastq,
    /// One item for each file, whatever it is
    Whole,
}

/// Options of `codec ncd distance`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every file is compared with every other, in both orders where these differ. Files \
    of sequences and tables give an item for each record or row.\n\n\
    Examples:\n  \
    codec ncd distance a.txt b.txt\n  \
    codec ncd distance -c xz --formula cdm *.txt\n  \
    codec ncd distance -c lz --json human.fa chimpanzee.fa"
)]
pub(crate) struct DistanceArgs {
    /// Files or folders with at least two items together
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    #[command(flatten)]
    pub(crate) measure: MeasureArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

fn header_label(text: &str) -> Result<HeaderLabel, String> {
    match text {
        "auto" => Ok(HeaderLabel::Auto),
        "field" => Ok(HeaderLabel::LastField),
        "word" => Ok(HeaderLabel::LastWord),
        _ => match text.strip_suffix('=') {
            Some(key) if !key.is_empty() => Ok(HeaderLabel::Key(key.to_owned())),
            _ => Err("expected auto, field, word or KEY=".to_owned()),
        },
    }
}
