//! Models that are part of the program, and how streams find the one that they need.

use std::sync::{Arc, OnceLock};

use codec_core::{Error, Job, Result};

/// A model that may be part of the program.
pub(crate) trait Model: Sized + 'static {
    /// The file that is part of the program, if one is.
    const SHIPPED: Option<&'static [u8]>;

    /// The model in a file.
    fn of_file(bytes: &[u8]) -> Result<Self>;

    /// XXH64 of its file: how streams name it.
    fn xxh64(&self) -> u64;

    /// Where the shipped one is kept once it was read.
    fn kept() -> &'static OnceLock<Arc<Self>>;
}

fn shipped<M: Model>() -> Result<Option<Arc<M>>> {
    let Some(bytes) = M::SHIPPED else {
        return Ok(None);
    };
    if let Some(model) = M::kept().get() {
        return Ok(Some(Arc::clone(model)));
    }
    let model = Arc::new(M::of_file(bytes)?);
    Ok(Some(Arc::clone(M::kept().get_or_init(|| model))))
}

/// The model to encode with: that of the job, or else the shipped one.
///
/// # Errors
/// [`Error::Unsupported`] in a build without models; errors of the job's model.
pub(crate) fn chosen<M: Model>(job: &Job) -> Result<Arc<M>> {
    if let Some(file) = &job.model {
        return Ok(Arc::new(M::of_file(file)?));
    }
    shipped()?.ok_or_else(|| {
        Error::Unsupported("this build has no models; name one with --model".to_owned())
    })
}

/// The model that a stream names by its hash: that of the job, the shipped one, or one of the job's
/// collection.
///
/// # Errors
/// [`Error::Unsupported`] if it is nowhere; errors of models' files.
pub(crate) fn named<M: Model>(hash: &[u8], job: &Job) -> Result<Arc<M>> {
    let matches = |model: &M| model.xxh64().to_le_bytes() == hash;
    if let Some(file) = &job.model {
        let model = M::of_file(file)?;
        if matches(&model) {
            return Ok(Arc::new(model));
        }
    }
    if let Some(model) = shipped::<M>()?.filter(|model| matches(model)) {
        return Ok(model);
    }
    if let Some(models) = &job.models
        && let Some(file) = models.find(hash)?
    {
        return Ok(Arc::new(M::of_file(&file)?));
    }
    let hash: String = hash
        .iter()
        .rev()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Err(Error::Unsupported(format!(
        "the stream needs the model with XXH64 {hash}, which is neither in this build nor given by \
         --model or CODEC_MODEL_DIR"
    )))
}
