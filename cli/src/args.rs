//! What was typed: the command line as a tree of options. What it means is decided elsewhere.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use codec_suite::core::parse_size;

use crate::commands::bench::BenchArgs;
use crate::commands::circuit::args::CircuitArgs;
use crate::commands::eval::args::EvalArgs;
#[cfg(feature = "learned")]
use crate::commands::latents::LatentsArgs;
#[cfg(feature = "learned")]
use crate::commands::learn::LearnArgs;
use crate::commands::log::args::LogArgs;
use crate::commands::ncd::args::NcdArgs;
use crate::commands::train::args::TrainArgs;
use crate::range::ByteRange;

/// Compress and decompress files with any codec of the suite.
#[derive(Debug, Parser)]
#[command(
    name = "codec",
    version,
    long_about = "Compress and decompress files with any codec of the suite.\n\n\
        Files are written in the .cdc container (checksummed, seekable, recoverable), or as plain \
        .gz, .xz, .br and .zst streams that standard tools open. Sources are kept, nothing is \
        overwritten without -f, and a file appears under its name only once it is complete.",
    after_help = "Examples:\n  \
        codec encode notes.txt                  write notes.txt.cdc\n  \
        codec decode notes.txt.cdc              write notes.txt\n  \
        codec encode -9 -o logs.xz logs         write a standard .xz file\n  \
        tar c src | codec encode -o src.tar.cdc -\n  \
        codec list                              which codecs there are\n\n\
        Exit codes: 0 ok, 1 error, 2 usage, 3 corrupt input, 4 limit, 5 unsupported, 6 mismatch",
    disable_help_subcommand = true,
    infer_subcommands = false
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compress files
    Encode(EncodeArgs),
    /// Decompress files
    Decode(DecodeArgs),
    /// Show what compressed files contain
    Info(InfoArgs),
    /// Check that compressed files decode, without writing anything
    Test(TestArgs),
    /// Decompress to standard output, whole or in part
    Cat(CatArgs),
    /// Show the codecs and their parameters
    List(ListArgs),
    /// Measure size, speed and memory of codecs on files
    Bench(BenchArgs),
    /// Measure rate and quality of lossy codecs on pictures and sound
    Eval(EvalArgs),
    /// Save the intact frames of a damaged .cdc file
    Recover(RecoverArgs),
    /// Search, list and extend archives of logs
    Log(LogArgs),
    /// Measure distances by compression, and classify with them
    Ncd(NcdArgs),
    /// Learn the models of codecs
    Train(TrainArgs),
    /// Measure models of probabilistic circuits
    Circuit(CircuitArgs),
    /// Take the latents of learned codecs out of files, without making pixels
    #[cfg(feature = "learned")]
    Latents(LatentsArgs),
    /// Train classifiers on latents and on pixels
    #[cfg(feature = "learned")]
    Learn(LearnArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

/// Options of `codec encode`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec encode notes.txt                    write notes.txt.cdc, source kept\n  \
    codec encode -c xz -9 notes.txt           choose the codec and its level\n  \
    codec encode -c zstd --level 19 --block 16M data.csv\n  \
    codec encode -o notes.txt.gz notes.txt    a standard gzip file\n  \
    codec encode -r --out-dir packed logs/    a whole directory, into packed/logs/\n  \
    tar c src | codec encode > src.tar.cdc    in a pipe\n  \
    codec encode --verify --rm big.log        remove the source once it is proven safe\n  \
    codec encode -9 --reference a.fa.gz b.fa  a genome against another one\n  \
    codec encode -c circuit table.csv         records under a model: CSV, IDX, .npy, PGM\n  \
    codec encode -c circuit pictures/         a folder of pictures of one size, as one array\n  \
    codec encode --quality 60 photo.png       a picture, lossy, by the codec walloc\n  \
    codec encode --bitrate 64 song.flac       sound, lossy, by the codec walloc-audio\n  \
    codec encode --bpp 0.25 photo.png         the same within a quarter of a bit per pixel")]
pub(crate) struct EncodeArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Codec to use; `codec list` shows them [default: log for files called *.log, dna for *.fa,
    /// *.fastq and the like, else auto, which picks by content]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) codec: Option<String>,
    #[command(flatten)]
    pub(crate) level: LevelArgs,
    /// Set a parameter of the codec; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Bytes per independent block; short for --set block=SIZE
    #[arg(long, value_name = "SIZE")]
    pub(crate) block: Option<String>,
    #[command(flatten)]
    pub(crate) rate: RateArgs,
    /// Learn a model for the very records of each file and store it inside, where that is smaller;
    /// short for -c circuit --set fit=always
    #[arg(long)]
    pub(crate) fit: bool,
    /// Write the format's own stream instead of a .cdc file; implied where the name given with -o
    /// ends in .gz, .xz, .br or .zst
    #[arg(long)]
    pub(crate) native: bool,
    /// Decode what was written and compare it with the source before it gets its name
    #[arg(long)]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec decode`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec decode notes.txt.cdc                write notes.txt, source kept\n  \
    codec decode -o - notes.txt.gz | less     .gz, .xz, .zst and .br files work too\n  \
    codec decode -c brotli -o page.html data  brotli has no magic number: name it\n  \
    codec decode --max-output 1G upload.cdc   refuse to write more than 1 GiB")]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Format of native streams, for input that does not show it; .cdc files name their codec
    #[arg(short, long, value_name = "NAME")]
    pub(crate) codec: Option<String>,
    /// Stop with exit code 4 before decoding more than this per file [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_output: Option<u64>,
    /// Leave holes for runs of zeros of 4 KiB and more (the default)
    #[arg(long, overrides_with = "no_sparse")]
    pub(crate) sparse: bool,
    /// Write zeros as zeros
    #[arg(long, overrides_with = "sparse")]
    pub(crate) no_sparse: bool,
    /// Where the networks of learned codecs run: cpu, wgpu or wgpu:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec info`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec info notes.txt.cdc\n  \
    codec info --frames big.cdc               where every frame is\n  \
    codec info --json *.cdc | jq .ratio")]
pub(crate) struct InfoArgs {
    /// Compressed files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// List every frame with its offset and lengths
    #[arg(long)]
    pub(crate) frames: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec test backup.cdc\n  \
    codec test -r archive/ && echo all good")]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// Format of native streams, for input that does not show it
    #[arg(short, long, value_name = "NAME")]
    pub(crate) codec: Option<String>,
    /// Stop with exit code 4 if a file decodes to more than this [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_output: Option<u64>,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec cat`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec cat notes.txt.cdc | grep TODO\n  \
    codec cat --bytes 1G..1025M big.log.cdc   one MiB out of the middle, without the rest\n  \
    codec cat --bytes 5000.. big.log.cdc      from byte 5000 to the end\n  \
    codec cat --bytes ..64k a.cdc b.cdc       the first 64 KiB of each\n  \
    codec cat --records 5..6 digits.npy.cdc   the pixels of one picture")]
pub(crate) struct CatArgs {
    /// Compressed files; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only bytes A up to but without B of the content; reads only the frames that hold them
    #[arg(long, value_name = "A..B")]
    pub(crate) bytes: Option<ByteRange>,
    /// Only records A up to but without B of an array that the codec circuit encoded: their values
    /// alone, without the array's header; decodes little more than these
    #[arg(long, value_name = "A..B", conflicts_with = "bytes")]
    pub(crate) records: Option<ByteRange>,
    /// Format of native streams, for input that does not show it
    #[arg(short, long, value_name = "NAME")]
    pub(crate) codec: Option<String>,
    /// Stop with exit code 4 before decoding more than this per file [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_output: Option<u64>,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    #[command(flatten)]
    pub(crate) resources: ResourceArgs,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
}

/// Options of `codec list`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  codec list\n  codec list xz\n  codec list --json | jq -r .codec"
)]
pub(crate) struct ListArgs {
    /// Codecs to describe in full
    #[arg(value_name = "NAME")]
    pub(crate) codecs: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// Options of `codec recover`.
#[derive(Debug, Args)]
#[command(
    after_help = "The file written is intact: it holds every frame that was whole, in order. \
    The exit code is 0 if no content was lost and 3 if some was.\n\n\
    Examples:\n  \
    codec recover damaged.cdc -o saved.cdc && codec decode saved.cdc"
)]
pub(crate) struct RecoverArgs {
    /// The damaged .cdc file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// File to write
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

/// Options of `codec completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec completions bash > ~/.local/share/bash-completion/completions/codec\n  \
    codec completions zsh > ~/.zfunc/_codec\n  \
    codec completions fish > ~/.config/fish/completions/codec.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Options of `codec man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    codec man | man -l -\n  \
    codec man --out-dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write one page for each subcommand into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
}

/// Which files to read.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Files to read; `-` is standard input, which is also read if there is no FILE
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Go into directories; symbolic links in them are not followed
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Read more names from this file (`-`: standard input), one a line, or separated by NUL
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from: Option<PathBuf>,
}

/// Where to write.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// File to write; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write to standard output
    #[arg(long, conflicts_with = "output")]
    pub(crate) stdout: bool,
    /// Write into this directory, with -r in the same tree as the sources
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "stdout"])]
    pub(crate) out_dir: Option<PathBuf>,
    /// Overwrite existing files, and write compressed data to a terminal
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Remove each source once its output is safely written
    #[arg(long)]
    pub(crate) rm: bool,
}

/// How large or how good a lossy codec's file shall be.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct RateArgs {
    /// Quality of a lossy codec from 1 to 100; short for -c walloc --set quality=N, which takes pictures
    /// and sound
    #[arg(long, value_name = "N")]
    pub(crate) quality: Option<String>,
    /// Bits per pixel that the file may have at most; short for -c walloc --set bpp=X
    #[arg(long, value_name = "X")]
    pub(crate) bpp: Option<String>,
    /// Kilobits per second that the file may have at most; short for -c walloc-audio --set bitrate=X
    #[arg(long, value_name = "X")]
    pub(crate) bitrate: Option<String>,
    /// Size that the file may have at most; short for -c walloc --set target-size=SIZE
    #[arg(long, value_name = "SIZE")]
    pub(crate) target_size: Option<String>,
}

/// `-1` to `-9` and `--level`.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct LevelArgs {
    /// Least effort; -1 to -9 set the codec's level
    #[arg(short = '1')]
    pub(crate) level_1: bool,
    #[arg(short = '2', hide = true)]
    pub(crate) level_2: bool,
    #[arg(short = '3', hide = true)]
    pub(crate) level_3: bool,
    #[arg(short = '4', hide = true)]
    pub(crate) level_4: bool,
    #[arg(short = '5', hide = true)]
    pub(crate) level_5: bool,
    #[arg(short = '6', hide = true)]
    pub(crate) level_6: bool,
    #[arg(short = '7', hide = true)]
    pub(crate) level_7: bool,
    #[arg(short = '8', hide = true)]
    pub(crate) level_8: bool,
    /// Most effort of this scale
    #[arg(short = '9')]
    pub(crate) level_9: bool,
    /// Level on the codec's own scale, which `codec list NAME` shows
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) level: Option<i64>,
}

impl LevelArgs {
    /// The level asked for, if any.
    pub(crate) fn get(&self) -> Option<i64> {
        let digits = [
            self.level_1,
            self.level_2,
            self.level_3,
            self.level_4,
            self.level_5,
            self.level_6,
            self.level_7,
            self.level_8,
            self.level_9,
        ];
        let digit = (1..)
            .zip(digits)
            .find_map(|(digit, set)| set.then_some(digit));
        self.level.or(digit)
    }
}

/// What encoder and decoder both have beside the file.
#[derive(Debug, Args)]
pub(crate) struct BesideArgs {
    /// Sequences to code against, for the codec dna (which this implies): FASTA, FASTQ or plain, also
    /// compressed. Decoding needs the same ones
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,
    /// Model to encode with: of the codec circuit (which this implies), or of walloc with -c walloc.
    /// Decoding needs the same one, here or as a file *.circuit or *.safetensors in the directory
    /// CODEC_MODEL_DIR
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
}

/// What an operation may use.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ResourceArgs {
    /// Threads to run; 0 is one for every core. The bytes written do not depend on it
    #[arg(
        short = 'T',
        long,
        value_name = "N",
        default_value_t = 0,
        env = "CODEC_THREADS",
        hide_env_values = true
    )]
    pub(crate) threads: usize,
    /// Memory to stay within [default: 320MiB; a single encoding worker may take more]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<u64>,
}

/// How much to say.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Chatter {
    /// No warnings, no progress; twice: no error messages either
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) quiet: u8,
    /// Say what is done with each file
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// No progress display
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// How to report.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ReportArgs {
    /// Report on standard output as one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn size(text: &str) -> Result<u64, String> {
    parse_size(text).map_err(|error| error.to_string())
}

pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE, such as level=9".to_owned()),
    }
}
