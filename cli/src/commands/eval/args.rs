//! Options of `codec eval`.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::args::{BesideArgs, Chatter, InputArgs};

/// The peer that is none.
pub(super) const NONE: &str = "none";

/// Options of `codec eval`.
#[derive(Debug, Args)]
#[command(
    after_help = "Files are pictures (PNG, JPEG, PNM, WebP) or sound (WAV, FLAC); directories are gone into, with or without -r. Peers are jpeg, webp, \
    avif, jxl and opus, by the programs cjpeg, cwebp, avifenc, cjxl and opusenc with their decoders.\n\n\
    Examples:\n  \
    codec eval pictures/                            the system's own codecs on a folder\n  \
    codec eval -c walloc pictures/                  a codec beside them\n  \
    codec eval -c walloc --settings quality=20,50,80 --peers jpeg,webp a.png b.png\n  \
    codec eval -c walloc pictures/ --json all.jsonl --html report.html"
)]
pub(crate) struct EvalArgs {
    #[command(flatten)]
    pub(super) inputs: InputArgs,
    /// Codec, with what all settings have in common behind colons, as NAME:KEY=VALUE; may be repeated
    #[arg(short, long, value_name = "SPEC", action = ArgAction::Append)]
    pub(super) codec: Vec<String>,
    /// Values of one parameter to run the codecs at, as KEY=VALUE,VALUE [default: six of quality, or
    /// else of level, from the least to the most]
    #[arg(long, value_name = "LIST")]
    pub(super) settings: Option<String>,
    /// Programs of the system to run beside them: jpeg, webp, avif, jxl, opus, or none [default: all
    /// for the media there are]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) peers: Vec<String>,
    /// Write the records as JSON lines; `-` is standard output, in place of the table
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Write a report with curves and pictures as one self-contained page; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Pictures to show side by side in the report
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(super) pictures: usize,
    /// Bits per pixel at which they are shown, about
    #[arg(long, value_name = "RATE", default_value_t = 0.25, value_parser = rate)]
    pub(super) pictures_at: f64,
    /// Overwrite existing reports
    #[arg(short, long)]
    pub(super) force: bool,
    /// Threads for measuring quality; 0 is one for every core. Codecs run on one, so that their times
    /// compare
    #[arg(short = 'T', long, value_name = "N", default_value_t = 0)]
    pub(super) threads: usize,
    #[command(flatten)]
    pub(super) beside: BesideArgs,
    #[command(flatten)]
    pub(super) chatter: Chatter,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && f64::is_finite(rate) => Ok(rate),
        _ => Err("expected a number above 0, such as 0.25".to_owned()),
    }
}
