//! `codec latents`: what learned codecs keep of pictures and sound, as arrays.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use codec_suite::models::latents::{Held, to_safetensors};
use serde::Serialize;

use crate::args::{BesideArgs, Chatter, ReportArgs, ResourceArgs};
use crate::beside::Beside;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Refusal};
use crate::inputs::Input;
use crate::output::{Output, Target};
use crate::settings::decoding_job;
use crate::source::{Source, name_of};

/// Options of `codec latents`.
#[derive(Debug, Args)]
#[command(
    after_help = "Only the entropy layer is decoded, never the pixels. An array has the shape [channels, \
    rows, columns] and holds 16-bit integers; times the step (in the metadata of .safetensors files, and \
    in what is reported) they are latents in units of the range of a pixel. --float writes these \
    products. Files of sound give [planes, bands, columns] of 32 bits; files of vq give indices of 16 \
    bits, NAME/coarse [rows, columns] and NAME/fine [stages, rows, columns], and the codebooks.\n\n\
    Examples:\n  \
    codec encode -c walloc --set channels=8 photo.png && codec latents photo.png.cdc -o photo.npy\n  \
    codec latents --float *.cdc -o photos.safetensors"
)]
pub(crate) struct LatentsArgs {
    /// Files that a learned codec encoded
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// File to write: .npy for one FILE, .safetensors for any number, each under its name
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write 32-bit floats, the integers times the step
    #[arg(long)]
    float: bool,
    /// Overwrite an existing file
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    beside: BesideArgs,
    #[command(flatten)]
    resources: ResourceArgs,
    #[command(flatten)]
    chatter: Chatter,
    #[command(flatten)]
    report: ReportArgs,
}

/// The latents of one file.
#[derive(Serialize)]
struct Record {
    schema: &'static str,
    file: String,
    /// Of latents, or of the indices after the first stage.
    shape: [usize; 3],
    /// Of latents.
    step: Option<f32>,
}

pub(crate) fn run(args: &LatentsArgs) -> Exit {
    let mut console = Console::new("latents", args.chatter, args.report.json);
    if let Err(refusal) = latents(args, &mut console) {
        console.fail(refusal.file.as_deref(), &refusal.failure);
    }
    console.finish()
}

fn latents(args: &LatentsArgs, console: &mut Console) -> Result<(), Refusal> {
    let suffix = args.output.extension().and_then(|suffix| suffix.to_str());
    let is_npy = match suffix {
        Some("npy") if args.files.len() == 1 => true,
        Some("npy") => {
            let failure = Failure::usage("a .npy file holds the latents of one FILE");
            return Err(failure
                .hint("-o NAME.safetensors holds those of several")
                .into());
        }
        Some("safetensors") => false,
        _ => return Err(Failure::usage("-o needs a name in .npy or .safetensors").into()),
    };
    let registry = codec_suite::registry();
    let beside = Beside::load(&registry, &args.beside)?;
    let mut all = Vec::new();
    for path in &args.files {
        let refusal = |failure: Failure| Refusal {
            file: Some(name_of(Some(path))),
            failure,
        };
        let mut source = Source::open(&Input::named(path), true).map_err(refusal)?;
        let job = beside.given_to(decoding_job(args.resources, None));
        let found = Held::read(&mut source, &job).map_err(|error| refusal(error.into()))?;
        say(&found, name_of(Some(path)), console);
        all.push((base_name(path), found));
    }
    let bytes = match all.first() {
        Some((_, Held::Latents(latents))) if is_npy => latents.to_npy(args.float),
        Some((_, Held::Tokens(_))) if is_npy => {
            let failure = Failure::usage("a .npy file holds no indices of several stages");
            return Err(failure.hint("-o NAME.safetensors does").into());
        }
        _ => to_safetensors(&all, args.float)?,
    };
    let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
    let target = Target::File(args.output.clone());
    let mut output = Output::made_of(&inputs, &target, args.force)?;
    output
        .write_all(&bytes)
        .map_err(|error| Failure::io("cannot write", &error))?;
    output.complete()?;
    output.commit()?;
    Ok(())
}

/// Reports what a file holds.
fn say(held: &Held, file: String, console: &mut Console) {
    let (shape, step) = match held {
        Held::Latents(latents) => (latents.shape, Some(latents.step)),
        Held::Tokens(tokens) => (tokens.fine_shape, None),
    };
    let [channels, rows, columns] = shape;
    let text = match held {
        Held::Latents(latents) => {
            let step = latents.step;
            format!("{file}: {channels} x {rows} x {columns}, step {step}")
        }
        Held::Tokens(tokens) => {
            let [coarse_rows, coarse_columns] = tokens.coarse_shape;
            format!(
                "{file}: indices, {coarse_rows} x {coarse_columns} and {channels} x {rows} x {columns}"
            )
        }
    };
    if console.json() {
        console.record(&Record {
            schema: "codec.latents.v1",
            file,
            shape,
            step,
        });
    } else {
        console.line(&text);
    }
}

fn base_name(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    name.strip_suffix(".cdc").unwrap_or(&name).to_owned()
}
