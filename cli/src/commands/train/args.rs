//! Options of `codec train`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use codec_suite::circuit::{Plan, Settings, Smoothing};

use crate::args::{Chatter, ReportArgs};
use crate::commands::circuit::args::RecordArgs;
use crate::commands::ncd::args::ThreadArgs;

/// Options of `codec train`.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
    codec train circuit --data train.idx --validate 10000 --out mnist.circuit"
)]
pub(crate) struct TrainArgs {
    #[command(subcommand)]
    pub(crate) command: TrainCommand,
}

/// What to train.
#[derive(Debug, Subcommand)]
pub(crate) enum TrainCommand {
    /// Learn a probabilistic circuit from records
    Circuit(Box<TrainCircuitArgs>),
    /// Train the codec of pictures on folders of photographs
    #[cfg(feature = "learned")]
    Walloc(Box<TrainWallocArgs>),
    /// Fit the codec of sound to folders of sounds
    #[cfg(feature = "learned")]
    WallocAudio(Box<TrainWallocAudioArgs>),
    /// Train the codec of pictures at extreme rates on folders of photographs
    #[cfg(feature = "learned")]
    Vq(Box<TrainVqArgs>),
}

/// Options of `codec train vq`.
#[cfg(feature = "learned")]
#[derive(Debug, Args)]
#[command(
    after_help = "Writes the model FILE and its card FILE.json. Codebooks and the networks that tell how \
    probable indices are come first, in minutes, then the decoder learns in steps. Every two minutes \
    FILE.train keeps the state: a run that was cut off goes on with --resume.\n\n\
    Examples:\n  \
    codec train vq --data photos/ --out photos.safetensors\n  \
    codec encode -c vq --model photos.safetensors --bpp 0.03 photo.png"
)]
pub(crate) struct TrainVqArgs {
    /// Folder of pictures of at least 256 x 256 pixels, with the folders in it; may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    pub(crate) data: Vec<PathBuf>,
    /// Steps of the optimizer for the decoder
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) steps: u64,
    /// Crops of 256 x 256 pixels in a step
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) batch: usize,
    /// Crops that codebooks are learned from
    #[arg(long, value_name = "N", default_value_t = 2400)]
    pub(crate) crops: u64,
    /// Steps of each network of probabilities, twice
    #[arg(long, value_name = "N", default_value_t = 4000)]
    pub(crate) prior_steps: u64,
    /// Channels of the decoder's residual path
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(crate) width: usize,
    /// Blocks of the decoder's residual path
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub(crate) blocks: usize,
    /// What random numbers come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where to train: cpu, wgpu or wgpu:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What is written and said.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// Model to write; its card goes to FILE.json
    #[arg(short, long, visible_alias = "output", value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Licence of the model, or where its data comes from, for the card
    #[arg(long, value_name = "TEXT")]
    pub(crate) licence: Option<String>,
    /// Overwrite existing files, and forget a run that was cut off
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) chatter: Chatter,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// How a run that takes long goes on.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Keep a CSV table in this file: a row for every pass over records, or for 100 steps
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Go on where a run of the same settings was cut off, if one was
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
}

/// Options of `codec train walloc-audio`.
#[cfg(feature = "learned")]
#[derive(Debug, Args)]
#[command(
    after_help = "Writes the model FILE and its card FILE.json. This takes seconds for an hour of sound.\n\n\
    Examples:\n  \
    codec train walloc-audio --data music/ --data speech/ --out sound.safetensors\n  \
    codec encode -c walloc-audio --model sound.safetensors --quality 50 song.flac"
)]
pub(crate) struct TrainWallocAudioArgs {
    /// Folder of WAV and FLAC files, with the folders in it; may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    pub(crate) data: Vec<PathBuf>,
    /// What random numbers come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
}

/// Options of `codec train walloc`.
#[cfg(feature = "learned")]
#[derive(Debug, Args)]
#[command(
    after_help = "Writes the model FILE and its card FILE.json. Every two minutes FILE.train keeps the \
    whole state: a run that was cut off goes on with --resume as if nothing had happened. Encoder and \
    decoder are trained together for half of the steps, then the decoder alone with the encoder's \
    own integers.\n\n\
    Examples:\n  \
    codec train walloc --data photos/ --out photos.safetensors\n  \
    codec train walloc --data photos/ --steps 100000 --device wgpu --log log.csv -o photos.safetensors\n  \
    codec encode --model photos.safetensors --quality 50 photo.png"
)]
pub(crate) struct TrainWallocArgs {
    /// Folder of pictures of at least 256 x 256 pixels, with the folders in it; may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    pub(crate) data: Vec<PathBuf>,
    /// Steps of the optimizer
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    pub(crate) steps: u64,
    /// Crops of 128 x 128 pixels in a step
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) batch: usize,
    /// Channels of the decoder's residual path
    #[arg(long, value_name = "N", default_value_t = 96)]
    pub(crate) width: usize,
    /// Blocks of the decoder's residual path
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub(crate) blocks: usize,
    /// Crops of 256 x 256 pixels that the context models are fitted to
    #[arg(long, value_name = "N", default_value_t = 350)]
    pub(crate) context_crops: u64,
    /// What random numbers come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where to train: cpu, wgpu or wgpu:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Options of `codec train circuit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Writes the model FILE and its card FILE.json: data, settings, time, and what was \
    measured with the stored model and the real coder. After every pass FILE.train keeps the whole \
    state: a run that was cut off goes on with --resume as if nothing had happened, and gives the same \
    bytes.\n\n\
    Examples:\n  \
    codec train circuit --data train.idx --validate 10000 --out mnist.circuit\n  \
    codec train circuit --data train.npy --validate held-out.npy --states 64 --epochs 30 --patience 3 \
    --log log.csv -o big.circuit\n  \
    codec train circuit --data pictures/ --states 16 -o pictures.circuit"
)]
pub(crate) struct TrainCircuitArgs {
    #[command(flatten)]
    pub(crate) data: RecordArgs,
    /// Hold back the last N records, or take those of FILE, to see when to stop and which pass was the
    /// best
    #[arg(long, value_name = "N|FILE")]
    pub(crate) validate: Option<Validation>,
    /// Stop after N passes of a kind without a better validation
    #[arg(long, value_name = "N")]
    pub(crate) patience: Option<u32>,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
    /// How many bits of the model a bit of the data may cost: more makes a larger model that loses less
    #[arg(long, value_name = "X", default_value_t = 10.0)]
    pub(crate) exactness: f32,
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// How to learn.
#[derive(Debug, Args)]
#[command(next_help_heading = "Learning")]
pub(crate) struct LearningArgs {
    /// Most states of a latent variable: cost and size grow with the square
    #[arg(long, value_name = "K", default_value_t = 32)]
    pub(crate) states: usize,
    /// Of pictures: meanings that the states of all pixels are chosen from, as many times K
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) labels_per_state: usize,
    /// Passes in batches
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) epochs: u32,
    /// Passes of plain expectation maximisation after them
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) full_passes: u32,
    /// Rounds of pruning states that are hardly used and splitting as many that are used much: before
    /// the second epoch, the fourth, and so on
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) prune_grow: u32,
    /// Records in a batch
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(crate) batch: usize,
    /// How far the first and the last batch move the parameters, from 0 to 1
    #[arg(long, value_name = "FIRST,LAST", default_value = "0.5,0.01")]
    pub(crate) steps: Numbers<2>,
    /// Records that a state is given beforehand for its symbols; the factor from each finer choice among
    /// symbols to the next; records given for its transitions
    #[arg(long, value_name = "S,F,T", default_value = "0.5,1.5,2")]
    pub(crate) smoothing: Numbers<3>,
    /// What random numbers come from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

impl LearningArgs {
    pub(crate) fn settings(&self) -> Settings {
        let Numbers([first, last]) = self.steps;
        let Numbers([emission, growth, transition]) = self.smoothing;
        Settings {
            states: self.states,
            labels_per_state: self.labels_per_state,
            batch: self.batch,
            steps: (first, last),
            // Those of the plan.
            batches: 0,
            smoothing: Smoothing {
                emission,
                growth,
                transition,
            },
            seed: self.seed,
        }
    }

    pub(crate) fn plan(&self, patience: Option<u32>) -> Plan {
        Plan {
            epochs: self.epochs,
            full_passes: self.full_passes,
            patience,
            prune_grow: self.prune_grow,
        }
    }
}

/// Where validation records come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Validation {
    /// So many at the end of the data.
    Last(usize),
    /// A file or folder of their own.
    File(PathBuf),
}

impl FromStr for Validation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.parse() {
            Ok(count) => Validation::Last(count),
            Err(_) => Validation::File(PathBuf::from(text)),
        })
    }
}

/// So many numbers, separated by commas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Numbers<const N: usize>(pub(crate) [f32; N]);

impl<const N: usize> FromStr for Numbers<N> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<f32>> = text.split(',').map(|part| part.parse().ok()).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        numbers
            .map(Numbers)
            .ok_or_else(|| format!("expected {N} numbers with commas between them"))
    }
}
