//! Options of `codec ncd matrix`, `merge`, `tree` and `cluster`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use codec_suite::ncd::matrix::Shard;

use super::args::{DataArgs, MeasureArgs, ThreadArgs};
use crate::args::{Chatter, ReportArgs};

/// Options of `codec ncd matrix`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is computed is kept as it goes: a command that was cut off goes on when it is \
    started again. The format follows the name: .phy (PHYLIP), .nex (Nexus), .csv or .npy (names in \
    FILE.npy.names). With --shard the output is a part for codec ncd merge, by convention .part; any \
    scheduler may run the shards anywhere.\n\n\
    Examples:\n  \
    codec ncd matrix -c xz texts/ -o texts.phy\n  \
    codec ncd matrix -c zstd --level 19 *.fasta -o genomes.nex\n  \
    codec ncd matrix --shard 2/8 big.fasta -o big.2of8.part\n  \
    codec ncd merge big.*.part -o big.npy"
)]
pub(crate) struct MatrixArgs {
    /// Files or folders with the items
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// File to write: .phy, .nex, .csv or .npy, with --shard a part; `-` is standard output
    /// [default: PHYLIP on standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Compute only part I of N, such as 1/4
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
    /// Measure replicate N of the items, for codec ncd tree --support: 63 % of their pieces, chosen
    /// by N, and what they share in all of them alike
    #[arg(long, value_name = "N")]
    pub(crate) replicate: Option<u64>,
    /// Overwrite an existing matrix, and forget what was computed before
    #[arg(short, long)]
    pub(crate) force: bool,
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

/// Options of `codec ncd merge`.
#[derive(Debug, Args)]
#[command(
    after_help = "All shards of one matrix must be there, each once and complete; otherwise nothing \
    is written, and the message says what is missing.\n\n\
    Examples:\n  \
    codec ncd merge big.*.part -o big.phy"
)]
pub(crate) struct MergeArgs {
    /// The parts
    #[arg(required = true, value_name = "PART")]
    pub(crate) parts: Vec<PathBuf>,
    /// File to write: .phy, .nex, .csv or .npy; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Overwrite an existing file
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec ncd tree`.
#[derive(Debug, Args)]
#[command(
    after_help = "S(T), printed for every tree, says how well it fits the distances: 1 if every four \
    items hang together as their distances want it (the criterion of CompLearn's maketree).\n\n\
    Examples:\n  \
    codec ncd tree genomes.phy\n  \
    codec ncd tree genomes.phy --outgroup mouse -o genomes.nwk --draw genomes.svg\n  \
    codec ncd tree genomes.phy --method quartet --layout radial --draw genomes.png\n  \
    codec ncd cluster genomes.phy -k 4 -o groups.csv && \
    codec ncd tree genomes.phy --groups groups.csv --draw genomes.svg"
)]
pub(crate) struct TreeArgs {
    /// The matrix: PHYLIP, Nexus, CSV or .npy; `-` is standard input
    #[arg(value_name = "MATRIX")]
    pub(crate) matrix: PathBuf,
    /// How the tree is found
    #[arg(long, value_enum, default_value_t = TreeMethod::Nj)]
    pub(crate) method: TreeMethod,
    /// Put the root on the branch to this item
    #[arg(long, value_name = "NAME", conflicts_with = "midpoint")]
    pub(crate) outgroup: Option<String>,
    /// Put the root in the middle of the longest path
    #[arg(long)]
    pub(crate) midpoint: bool,
    /// More matrices of the same items: branches get the percentage of their trees that have them
    #[arg(long, value_name = "MATRIX", num_args = 1..)]
    pub(crate) support: Vec<PathBuf>,
    /// Print the Robinson-Foulds distance to the tree in this Newick file
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// File to write: Newick, or Nexus if it is called .nex; `-` is standard output [default: a
    /// picture in characters on standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Draw the tree into this .svg or .png file
    #[arg(long, value_name = "FILE")]
    pub(crate) draw: Option<PathBuf>,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t = LayoutChoice::Rectangular)]
    pub(crate) layout: LayoutChoice,
    /// CSV with NAME,GROUP rows: each group is drawn in its colour
    #[arg(long, value_name = "FILE")]
    pub(crate) groups: Option<PathBuf>,
    /// Take the mean where the two distances of a pair differ
    #[arg(long)]
    pub(crate) average: bool,
    /// What random numbers come from: the quartet search, and S(T) beyond 150 items
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Overwrite existing files
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// A way to make trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TreeMethod {
    /// Neighbour joining
    Nj,
    /// Neighbour joining that trusts short distances more
    Bionj,
    /// Average linkage: a rooted tree with all leaves at one height
    Upgma,
    /// Search for the largest S(T)
    Quartet,
}

impl TreeMethod {
    pub(crate) fn name(self) -> &'static str {
        match self {
            TreeMethod::Nj => "nj",
            TreeMethod::Bionj => "bionj",
            TreeMethod::Upgma => "upgma",
            TreeMethod::Quartet => "quartet",
        }
    }
}

/// How branches are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutChoice {
    /// From left to right, a row for each item
    Rectangular,
    /// From the middle outwards, without a root
    Radial,
}

/// Options of `codec ncd cluster`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("number").required(true),
    after_help = "The output has a row NAME,CLUSTER,SILHOUETTE for each item. The silhouette is near 1 \
    where an item lies well in its cluster, near 0 between two, and negative in the wrong one.\n\n\
    Examples:\n  \
    codec ncd cluster genomes.phy -k 4\n  \
    codec ncd cluster genomes.phy --cut 0.8 --method complete -o clusters.csv\n  \
    codec ncd cluster genomes.phy -k 4 --method medoids"
)]
pub(crate) struct ClusterArgs {
    /// The matrix: PHYLIP, Nexus, CSV or .npy; `-` is standard input
    #[arg(value_name = "MATRIX")]
    pub(crate) matrix: PathBuf,
    /// How many clusters to make
    #[arg(short = 'k', long, value_name = "N", group = "number")]
    pub(crate) clusters: Option<usize>,
    /// Keep apart what is farther apart than this
    #[arg(long, value_name = "DISTANCE", group = "number")]
    pub(crate) cut: Option<f64>,
    /// How clusters are found
    #[arg(long, value_enum, default_value_t = ClusterMethod::Average)]
    pub(crate) method: ClusterMethod,
    /// File to write as CSV; `-` is standard output, which is the default
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Take the mean where the two distances of a pair differ
    #[arg(long)]
    pub(crate) average: bool,
    /// What the random starts of medoids come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Overwrite an existing file
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// A way to find clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClusterMethod {
    /// Merge those of the smallest mean distance (UPGMA)
    Average,
    /// Merge those whose farthest items are closest
    Complete,
    /// Merge those whose nearest items are closest
    Single,
    /// Choose items that stand for their cluster (PAM); needs -k
    Medoids,
}

impl ClusterMethod {
    pub(crate) fn name(self) -> &'static str {
        match self {
            ClusterMethod::Average => "average",
            ClusterMethod::Complete => "complete",
            ClusterMethod::Single => "single",
            ClusterMethod::Medoids => "medoids",
        }
    }
}

fn shard(text: &str) -> Result<Shard, String> {
    text.parse()
        .map_err(|error: codec_suite::core::Error| error.to_string())
}
