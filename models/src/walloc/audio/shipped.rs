//! The model for sound that is part of the program.

use std::sync::{Arc, OnceLock};

use codec_core::{Error, Job, Result};

use super::model::AudioModel;

#[cfg(feature = "weights")]
const SOUND: Option<&[u8]> = Some(include_bytes!("../../../weights/walloc-audio.safetensors"));
#[cfg(not(feature = "weights"))]
const SOUND: Option<&[u8]> = None;

fn shipped() -> Result<Option<Arc<AudioModel>>> {
    static MODEL: OnceLock<Arc<AudioModel>> = OnceLock::new();
    let Some(bytes) = SOUND else { return Ok(None) };
    if let Some(model) = MODEL.get() {
        return Ok(Some(Arc::clone(model)));
    }
    let model = Arc::new(AudioModel::read(bytes)?);
    Ok(Some(Arc::clone(MODEL.get_or_init(|| model))))
}

/// The model to encode with: that of the job, or the shipped one.
///
/// # Errors
/// [`Error::Unsupported`] in a build without models; errors of the job's model.
pub(super) fn chosen(job: &Job) -> Result<Arc<AudioModel>> {
    if let Some(file) = &job.model {
        return Ok(Arc::new(AudioModel::read(file)?));
    }
    shipped()?.ok_or_else(|| {
        Error::Unsupported("this build has no models; name one with --model".to_owned())
    })
}

/// The model that a stream names by its hash.
///
/// # Errors
/// [`Error::Unsupported`] if it is nowhere; errors of models' files.
pub(super) fn named(hash: &[u8], job: &Job) -> Result<Arc<AudioModel>> {
    let matches = |model: &AudioModel| model.hash().to_le_bytes() == hash;
    if let Some(file) = &job.model {
        let model = AudioModel::read(file)?;
        if matches(&model) {
            return Ok(Arc::new(model));
        }
    }
    if let Some(model) = shipped()?.filter(|model| matches(model)) {
        return Ok(model);
    }
    if let Some(models) = &job.models
        && let Some(file) = models.find(hash)?
    {
        return Ok(Arc::new(AudioModel::read(&file)?));
    }
    Err(crate::walloc::shipped::missing(hash))
}
