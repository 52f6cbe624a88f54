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

/// Crops that the closed form is fitted to.
const CLOSED_FORM_CROPS: usize = 400;
/// Crops that the context models are fitted to, and their side in pixels.
const CONTEXT_CROPS: u64 = 350;
const CONTEXT_SIDE: usize = 256;

/// What a run is told.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// How to train.
    pub settings: Settings,
    /// Steps after which the encoder stays as it is.
    pub joint: u64,
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
                range: (10, 60),
                bits: 1.0,
                seed,
            },
            joint: steps * 4 / 5,
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
        let form = closed_form(&plan.settings, &pictures, CLOSED_FORM_CROPS)?;
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
        let mut session = Session { plan, run, pictures, device, checkpoint, threads };
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
            CONTEXT_CROPS,
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
