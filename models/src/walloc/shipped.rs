//! Models that are part of the program.

use std::sync::{Arc, OnceLock};

use codec_core::{Error, Result};

use super::model::ImageModel;

#[cfg(feature = "weights")]
const IMAGE: Option<&[u8]> = Some(include_bytes!("../../weights/walloc.safetensors"));
#[cfg(not(feature = "weights"))]
const IMAGE: Option<&[u8]> = None;

fn image() -> Result<Option<Arc<ImageModel>>> {
    static MODEL: OnceLock<Arc<ImageModel>> = OnceLock::new();
    let Some(bytes) = IMAGE else { return Ok(None) };
    if let Some(model) = MODEL.get() {
        return Ok(Some(Arc::clone(model)));
    }
    let model = Arc::new(ImageModel::read(bytes)?);
    Ok(Some(Arc::clone(MODEL.get_or_init(|| model))))
}

/// The model that pictures are encoded with if no other is named.
///
/// # Errors
/// [`Error::Unsupported`] in a build without models.
pub fn default_model() -> Result<Arc<ImageModel>> {
    image()?.ok_or_else(|| {
        Error::Unsupported("this build has no models; name one with --model".to_owned())
    })
}

/// The model that streams call `hash`, if it is part of the program.
///
/// # Errors
/// As reading a model.
pub fn model(hash: &[u8]) -> Result<Option<Arc<ImageModel>>> {
    Ok(image()?.filter(|model| model.hash().to_le_bytes() == hash))
}

/// That no model is called `hash`.
#[must_use]
pub fn missing(hash: &[u8]) -> Error {
    let hash: String = hash
        .iter()
        .rev()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Error::Unsupported(format!(
        "the stream needs the model with XXH64 {hash}, which is neither in this build nor given by \
         --model or CODEC_MODEL_DIR"
    ))
}
