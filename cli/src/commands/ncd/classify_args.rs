//! Options of `codec ncd classify` and `codec ncd neighbors`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::args::{DataArgs, MeasureArgs, ThreadArgs};
use crate::args::{Chatter, ReportArgs};

/// Options of `codec ncd classify`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("questions").required(true),
    after_help = "Data sets are tables with a header row, FASTA or FASTQ with labels in the headers, \
    or folders with one sub-folder for each class; gzip or not.\n\n\
    Examples:\n  \
    codec ncd classify --train a.tsv --train b.tsv --test c.tsv --method knn,class,bayes,jaccard\n  \
    codec ncd classify --train a.tsv --test c.tsv -c lz --predictions c.csv\n  \
    codec ncd classify --train genes.fa --header-label family= --folds 5 -c xz -9\n  \
    codec ncd classify --train mails.csv --group sender --folds 10 --method class -c bwt\n  \
    codec ncd classify --train texts/ --test new/ -c cm --method class\n\n\
    Exit codes: 0 done, whatever the accuracy; 1 error; 2 usage, also one class only or too large a \
    -k; 3 a malformed data set, with row or record and line; 4 limit"
)]
pub(crate) struct ClassifyArgs {
    /// Data set to learn from; may be repeated
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) train: Vec<PathBuf>,
    /// Data set to classify; may be repeated. Without labels in it, the predictions are printed
    #[arg(long, value_name = "FILE", group = "questions")]
    pub(crate) test: Vec<PathBuf>,
    /// Cross-validate the training set in N parts, with every class spread evenly
    #[arg(long, value_name = "N", group = "questions")]
    pub(crate) folds: Option<usize>,
    /// Methods; separate several by commas
    #[arg(short, long, value_enum, value_delimiter = ',', default_value = "knn")]
    pub(crate) method: Vec<Method>,
    /// How many neighbours vote, for knn and jaccard
    #[arg(short, value_name = "N", default_value = "1")]
    pub(crate) k: NonZeroUsize,
    /// What happens where several labels have the most votes
    #[arg(long, value_enum, default_value_t = TiesChoice::Strict)]
    pub(crate) ties: TiesChoice,
    /// How likely classes are beforehand, for the method class
    #[arg(long, value_enum, default_value_t = PriorChoice::Uniform)]
    pub(crate) prior: PriorChoice,
    /// Divide bits by this before they become probabilities, for the method class: 1 takes them at
    /// their word, more is less sure
    #[arg(long, value_name = "T", default_value_t = 1.0, value_parser = temperature)]
    pub(crate) temperature: f64,
    /// Which comes first where two contents are compressed as one [default: question, as published,
    /// but known with the compressors dna and lz]
    #[arg(long, value_enum)]
    pub(crate) first: Option<FirstChoice>,
    /// Seed of folds and random ties
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write every prediction into this file, as TSV if its name ends so, else as CSV; `-` is
    /// standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) predictions: Option<PathBuf>,
    /// Overwrite an existing file of predictions
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

/// A way to classify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The k nearest training items by compression distance vote
    Knn,
    /// The class whose model of all its training items takes the fewest bits
    Class,
    /// Naive Bayes over 9-mers (alpha 0.1): no compression, for comparison
    Bayes,
    /// The k items that share most 12-mers vote: no compression, for comparison
    Jaccard,
}

/// A rule for ties of votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TiesChoice {
    /// The smaller sum of distances wins, then the nearer first neighbour, then the earlier item
    Strict,
    /// One of them by chance, by --seed
    Random,
    /// The true label if it is among them: looks at the answer, only for reproducing figures that
    /// were counted so
    Optimistic,
}

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FirstChoice {
    /// The item that is asked about
    Question,
    /// The item of the training set or collection
    Known,
}

/// How likely classes are beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PriorChoice {
    /// All the same
    Uniform,
    /// As frequent as in the training set
    Frequencies,
}

/// Options of `codec ncd neighbors`.
#[derive(Debug, Args)]
#[command(
    after_help = "Only the items that share most k-mers with a question are compressed; how many \
    pairs that were is reported. Use --exact to compress all.\n\n\
    Examples:\n  \
    codec ncd neighbors --in collection.fa query.fa -k 5\n  \
    codec ncd neighbors --in genes.tsv --exact -c lz\n  \
    codec ncd neighbors --in texts/ --kmer 5 --candidates 100 new.txt"
)]
pub(crate) struct NeighborsArgs {
    /// Data set to look in; may be repeated
    #[arg(long = "in", required = true, value_name = "FILE")]
    pub(crate) collection: Vec<PathBuf>,
    /// Data sets with the questions; without any, every item of the collection looks for others
    #[arg(value_name = "FILE")]
    pub(crate) questions: Vec<PathBuf>,
    /// How many neighbours of each question
    #[arg(short, value_name = "N", default_value = "5")]
    pub(crate) k: NonZeroUsize,
    /// Compress every pair
    #[arg(long, conflicts_with_all = ["candidates", "kmer"])]
    pub(crate) exact: bool,
    /// How many items to compress with each question [default: 50, or 10 for each neighbour]
    #[arg(long, value_name = "N")]
    pub(crate) candidates: Option<NonZeroUsize>,
    /// Length of the k-mers that choose them, in bytes [default: 10 for DNA, 5 for others]
    #[arg(long, value_name = "N")]
    pub(crate) kmer: Option<NonZeroUsize>,
    /// Which comes first where two contents are compressed as one [default: question, as published,
    /// but known with the compressors dna and lz]
    #[arg(long, value_enum)]
    pub(crate) first: Option<FirstChoice>,
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

fn temperature(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("expected a number above 0".to_owned()),
    }
}
