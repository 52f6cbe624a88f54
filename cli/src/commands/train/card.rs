//! The card of a model: where it comes from and what was measured.

use std::env;
use std::path::{Path, PathBuf};
#[cfg(feature = "learned")]
use std::time::Instant;

use codec_suite::circuit::{Pass, PassKind};
use serde::Serialize;

#[cfg(feature = "learned")]
use super::args::ModelArgs;
use super::args::{TrainCircuitArgs, Validation};
use crate::commands::circuit::coding::Measured;
use crate::commands::circuit::data::{Origin, base_name};

#[derive(Serialize)]
pub(super) struct Card {
    pub(super) schema: &'static str,
    pub(super) program: String,
    /// Arguments, files without their folders.
    pub(super) command: Vec<String>,
    pub(super) licence: Option<String>,
    pub(super) data: Origin,
    pub(super) validation: Option<Origin>,
    pub(super) settings: SettingsRecord,
    pub(super) training: TrainingRecord,
    pub(super) model: ModelRecord,
    pub(super) results: Results,
}

#[derive(Serialize)]
pub(super) struct SettingsRecord {
    states: usize,
    labels_per_state: usize,
    epochs: u32,
    full_passes: u32,
    patience: Option<u32>,
    prune_grow: u32,
    batch: usize,
    first_step: f32,
    last_step: f32,
    /// For symbols, their growth, and for transitions.
    smoothing: [f32; 3],
    seed: u64,
    exactness: f32,
}

#[derive(Serialize)]
pub(super) struct TrainingRecord {
    pub(super) epochs: usize,
    pub(super) full_passes: usize,
    /// The pass that the model was taken from; 0 is the start.
    pub(super) best_pass: usize,
    /// Of all passes together, without writing files and without what is under `results`.
    pub(super) seconds: f64,
    /// The same, of all cores together.
    pub(super) cpu_seconds: f64,
    /// Of the process that ended the run.
    pub(super) threads: usize,
    /// Whether several processes made the run.
    pub(super) resumed: bool,
    pub(super) passes: Vec<PassRecord>,
}

#[derive(Serialize)]
pub(super) struct PassRecord {
    kind: &'static str,
    moved_states: usize,
    step: f32,
    train_bits_per_dimension: Option<f64>,
    validation_bits_per_dimension: Option<f64>,
    seconds: f64,
    cpu_seconds: f64,
}

#[derive(Serialize)]
pub(super) struct ModelRecord {
    pub(super) name: String,
    pub(super) bytes: usize,
    /// In hexadecimal.
    pub(super) xxh64: String,
    pub(super) variables: usize,
    pub(super) parameters: u64,
}

/// Measured with the stored model.
#[derive(Serialize)]
pub(super) struct Results {
    pub(super) train_ideal_bits_per_dimension: f64,
    /// Without rounding to what is stored.
    pub(super) validation_unrounded_bits_per_dimension: Option<f64>,
    pub(super) validation: Option<Measured>,
}

impl SettingsRecord {
    pub(super) fn of(args: &TrainCircuitArgs) -> Self {
        let learning = &args.learning;
        let [first_step, last_step] = learning.steps.0;
        Self {
            states: learning.states,
            labels_per_state: learning.labels_per_state,
            epochs: learning.epochs,
            full_passes: learning.full_passes,
            patience: args.patience,
            prune_grow: learning.prune_grow,
            batch: learning.batch,
            first_step,
            last_step,
            smoothing: learning.smoothing.0,
            seed: learning.seed,
            exactness: args.exactness,
        }
    }
}

impl TrainingRecord {
    pub(super) fn of(passes: &[Pass], best_pass: usize, threads: usize, resumed: bool) -> Self {
        let made = |kind| passes.iter().filter(|pass| pass.kind == kind).count();
        Self {
            epochs: made(PassKind::Epoch),
            full_passes: made(PassKind::Full),
            best_pass,
            seconds: passes.iter().map(|pass| pass.seconds).sum(),
            cpu_seconds: passes.iter().map(|pass| pass.cpu_seconds).sum(),
            threads,
            resumed,
            passes: passes
                .iter()
                .map(|pass| PassRecord {
                    kind: super::log::name(pass.kind),
                    moved_states: pass.moved,
                    step: pass.step,
                    train_bits_per_dimension: pass.train_bits,
                    validation_bits_per_dimension: pass.validation_bits,
                    seconds: pass.seconds,
                    cpu_seconds: pass.cpu_seconds,
                })
                .collect(),
        }
    }
}

/// The command line, with the names of files in place of their paths: where a file lay says nothing
/// about a model, and may say much about a person.
pub(super) fn command_line(args: &TrainCircuitArgs) -> Vec<String> {
    let mut paths = vec![&args.data.data, &args.model.out];
    paths.extend(&args.run.log);
    if let Some(Validation::File(path)) = &args.validate {
        paths.push(path);
    }
    without_folders(&paths)
}

/// The command line with the names of `paths` only.
fn without_folders(paths: &[&PathBuf]) -> Vec<String> {
    let mut shortened = vec!["codec".to_owned()];
    for argument in env::args_os().skip(1) {
        let mut text = argument.to_string_lossy().into_owned();
        for path in paths {
            text = without_folder(&text, path);
        }
        shortened.push(text);
    }
    shortened
}

/// What the cards of all learned codecs say.
#[cfg(feature = "learned")]
#[derive(Serialize)]
pub(super) struct Made {
    program: String,
    /// Arguments, files without their folders.
    command: Vec<String>,
    licence: Option<String>,
    data: Vec<String>,
    seconds: f64,
    model_bytes: usize,
    /// In hexadecimal.
    model_xxh64: String,
}

#[cfg(feature = "learned")]
impl Made {
    /// Of a model's file with its hash, made of folders of data since `started`.
    pub(super) fn new(
        args: &ModelArgs,
        data: &[PathBuf],
        log: Option<&PathBuf>,
        started: Instant,
        (file, hash): (&[u8], u64),
    ) -> Self {
        let paths: Vec<_> = data.iter().chain(log).chain([&args.out]).collect();
        Self {
            program: format!("codec {}", env!("CARGO_PKG_VERSION")),
            command: without_folders(&paths),
            licence: args.licence.clone(),
            data: data.iter().map(|path| base_name(path)).collect(),
            seconds: started.elapsed().as_secs_f64(),
            model_bytes: file.len(),
            model_xxh64: format!("{hash:016x}"),
        }
    }
}

/// An argument that is or ends in `path`, with its name only.
fn without_folder(argument: &str, path: &Path) -> String {
    match argument.strip_suffix(&*path.to_string_lossy()) {
        Some(before) if before.is_empty() || before.ends_with('=') || before == "-o" => {
            format!("{before}{}", base_name(path))
        }
        _ => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_lose_their_folders() {
        let path = Path::new("far/away/data.idx");
        let short = |argument| without_folder(argument, path);
        assert_eq!(short("far/away/data.idx"), "data.idx");
        assert_eq!(short("--data=far/away/data.idx"), "--data=data.idx");
        assert_eq!(short("-ofar/away/data.idx"), "-odata.idx");
        assert_eq!(short("--data"), "--data");
        assert_eq!(short("xfar/away/data.idx"), "xfar/away/data.idx");
    }
}
