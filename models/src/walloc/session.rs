//! A training run from data to a model's file, in parts that can be interrupted anywhere.
//!
//! First encoder and decoder are trained together; then the context models are fitted to what the
//! encoder makes of the pictures, and the encoder stays as it is; for the rest the decoder learns from
//! exactly those integers that the finished codec will choose.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use codec_core::{Error, Result};

use super::export::{export, with_decoder};
use super::model::ImageModel;
use super::net::Shape;
use super::train::{Run, Settings, Shown, closed_form};
use crate::train::checkpoint::Checkpoint;
use crate::train::pictures::Pictures;

/// Side in pixels of the crops that the context models are fitted to.
const CONTEXT_SIDE: usize = 256;

/// What a run is told.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// How to train.
    pub settings: Settings,
    /// Steps after which the encoder stays as it is.
    pub joint: u64,
    /// Crops that the closed form is fitted to.
    pub form_crops: usize,
    /// Crops that the context models are fitted to.
    pub context_crops: u64,
}

impl Plan {
    /// The sizes and settings that the shipped model has, for so many steps.
    #[must_use]
    pub fn new(steps: u64, seed: u64) -> Self {
        Plan {
            settings: Settings {
                shape: Shape {
                    colours: 3,
                    levels: 3,
                    prefixes: vec![4, 8, 16, 48],
                    wide: 16,
                    width: 96,
                    blocks: 6,
                    anchors: 7,
                },
                steps,
                batch: 4,
                side: 128,
                rate: 2e-3,
                chances: vec![0.15, 0.1, 0.3, 0.45],
                bits: 1.0,
                seed,
            },
            joint: steps / 2,
            form_crops: 400,
            context_crops: 350,
        }
    }
}

/// A run and where it is kept.
pub struct Session {
    plan: Plan,
    run: Run,
    pictures: Pictures,
    device: Device,
    checkpoint: PathBuf,
    threads: usize,
}

impl Session {
    /// Begins a run, or goes on with the one that the files at `checkpoint` keep.
    ///
    /// # Errors
    /// [`Error::Usage`] if the run there has another plan or there are no pictures; errors of files.
    pub fn open(
        plan: Plan,
        folders: &[PathBuf],
        checkpoint: &Path,
        device: Device,
        threads: usize,
    ) -> Result<Self> {
        let device = device.autodiff();
        let pictures = Pictures::read(folders, plan.settings.side.max(CONTEXT_SIDE))?;
        let form = closed_form(&plan.settings, &pictures, plan.form_crops)?;
        let mut run = Run::new(plan.settings.clone(), &form, &device);
        if checkpoint.exists() {
            let (kept, texts) = Checkpoint::read(checkpoint, run.trainee.clone(), &device)?;
            if texts.get("plan") != Some(&json(&plan)?) {
                return Err(Error::Usage(format!(
                    "{}: a run with other settings",
                    checkpoint.display()
                )));
            }
            run = run.resumed(kept);
        }
        let checkpoint = checkpoint.to_owned();
        let mut session = Session {
            plan,
            run,
            pictures,
            device,
            checkpoint,
            threads,
        };
        if session.run.done > session.plan.joint {
            let file = std::fs::read(session.coder_path()).map_err(Error::io("read the coder"))?;
            session.run.enter_last_part(ImageModel::read(&file)?);
        }
        Ok(session)
    }

    fn coder_path(&self) -> PathBuf {
        self.checkpoint.with_extension("coder")
    }

    /// Steps done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.run.done
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.run.done >= self.plan.settings.steps
    }

    /// Number of pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// One step; before the first one of the last part, the context models are fitted.
    ///
    /// # Errors
    /// As [`Run::step`].
    pub fn step(&mut self) -> Result<Shown> {
        if self.run.done >= self.plan.joint && self.run.coder.is_none() {
            self.fit_contexts()?;
        }
        self.run.step(&self.pictures, &self.device)
    }

    fn fit_contexts(&mut self) -> Result<()> {
        let averaged = self.run.averaged();
        let shape = &self.plan.settings.shape;
        let coder = export(
            shape,
            &averaged,
            &self.pictures,
            self.plan.context_crops,
            CONTEXT_SIDE,
            self.threads,
        )?;
        std::fs::write(self.coder_path(), coder.to_bytes()?)
            .map_err(Error::io("write the coder"))?;
        self.run.enter_last_part(coder);
        Ok(())
    }

    /// Writes the state, to go on from here.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn keep(&self) -> Result<()> {
        let texts = HashMap::from([("plan".to_owned(), json(&self.plan)?)]);
        self.run.checkpoint().write(&self.checkpoint, texts)
    }

    /// The finished model.
    ///
    /// # Errors
    /// As fitting the context models, where that has not been done.
    pub fn finish(mut self) -> Result<ImageModel> {
        if self.run.coder.is_none() {
            self.fit_contexts()?;
        }
        match &self.run.coder {
            Some(coder) => with_decoder(coder, &self.run.averaged()),
            None => Err(Error::Internal("a run without context models".to_owned())),
        }
    }

    /// Removes the files of the run's state.
    pub fn forget(checkpoint: &Path) {
        for path in [checkpoint.to_owned(), checkpoint.with_extension("coder")] {
            // What is not there need not be removed.
            drop(std::fs::remove_file(path));
        }
    }
}

fn json(plan: &Plan) -> Result<String> {
    serde_json::to_string(plan).map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_corpora::picture::{Picture, Samples};

    use crate::random::Random;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..2 {
            let mut random = Random::new(number, 5);
            let samples = (0..256 * 256 * 3)
                .map(|at| {
                    let (x, y) = (at / 3 % 256, at / 768);
                    (x / 2 + (y / 16 % 2) * 60 + random.below(9)) as u8
                })
                .collect();
            let picture = Picture::new(256, 256, 3, Samples::Eight(samples)).unwrap();
            let mut file =
                std::fs::File::create(folder.path().join(format!("{number}.png"))).unwrap();
            picture.write_png(&mut file).unwrap();
        }
        folder
    }

    fn plan() -> Plan {
        let mut plan = Plan::new(6, 1);
        plan.settings.shape.prefixes = vec![2, 4];
        plan.settings.shape.wide = 2;
        plan.settings.shape.width = 8;
        plan.settings.shape.blocks = 1;
        plan.settings.chances = vec![0.5, 0.5];
        plan.settings.batch = 1;
        plan.settings.side = 64;
        plan.joint = 4;
        plan.form_crops = 4;
        plan.context_crops = 2;
        plan
    }

    fn run(folder: &Path, state: &Path, steps: u64) -> Session {
        let folders = [folder.to_owned()];
        let mut session = Session::open(plan(), &folders, state, Device::flex(), 1).unwrap();
        while session.done() < steps {
            session.step().unwrap();
        }
        session
    }

    #[test]
    fn a_run_that_is_cut_off_and_resumed_gives_the_model_of_one_that_is_not() {
        let (data, states) = (folder(), tempfile::tempdir().unwrap());
        let whole = run(data.path(), &states.path().join("whole"), 6)
            .finish()
            .unwrap();
        for cut in [2, 4, 5] {
            let state = states.path().join(format!("cut-{cut}"));
            run(data.path(), &state, cut).keep().unwrap();
            let resumed = run(data.path(), &state, 6).finish().unwrap();
            assert_eq!(
                resumed.to_bytes().unwrap(),
                whole.to_bytes().unwrap(),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_run_of_other_settings_is_not_resumed() {
        let (data, states) = (folder(), tempfile::tempdir().unwrap());
        let state = states.path().join("state");
        run(data.path(), &state, 1).keep().unwrap();
        let mut other = plan();
        other.settings.seed = 2;
        let folders = [data.path().to_owned()];
        let opened = Session::open(other, &folders, &state, Device::flex(), 1);
        assert!(matches!(opened, Err(Error::Usage(_))));
    }
}
