//! Every codec of the suite behind one registry.
//!
//! ```
//! let text = b"to be, or not to be, that is the question: ".repeat(100);
//! let file = codec_suite::encode(&text, "zstd", &[("level", "19")])?;
//! assert!(file.len() < 200);
//! assert_eq!(codec_suite::decode(&file)?, text);
//! # Ok::<(), codec_suite::core::Error>(())
//! ```
//!
//! Streams, threads and limits: [`core::encode_stream`] and [`core::decode_streams`] with a
//! [`registry`].

pub use codec_circuit as circuit;
pub use codec_classic as classic;
pub use codec_core as core;
pub use codec_dna as dna;
pub use codec_entropy as entropy;
pub use codec_log as log;
#[cfg(feature = "learned")]
pub use codec_models as models;
pub use codec_ncd as ncd;

use codec_core::{Codec, Job, Media, Params, Registry, Result};

/// A registry with every codec of this build.
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    for codec in codec_classic::codecs()
        .into_iter()
        .chain(codec_log::codecs())
        .chain(codec_dna::codecs())
        .chain(codec_circuit::codecs())
    {
        registry.register(codec);
    }
    #[cfg(feature = "learned")]
    for codec in codec_models::codecs(codec_models::device::DeviceChoice::Cpu) {
        registry.register(codec);
    }
    registry
}

/// [`registry`], with the networks of learned codecs on `device`: `cpu`, `wgpu` or `wgpu:N`.
///
/// # Errors
/// [`core::Error::Usage`] for another name. Whether there is such a device shows when a network first
/// runs.
pub fn registry_on(device: &str) -> Result<Registry> {
    #[cfg_attr(
        not(feature = "learned"),
        allow(unused_mut, reason = "nothing to replace")
    )]
    let mut registry = registry();
    #[cfg(feature = "learned")]
    for codec in codec_models::codecs(device.parse()?) {
        registry.register(codec);
    }
    #[cfg(not(feature = "learned"))]
    if device != "cpu" {
        return Err(core::Error::Usage(format!(
            "device {device}: this build has no learned codecs"
        )));
    }
    Ok(registry)
}

/// The parameters of `codec` with `settings` applied over the defaults.
///
/// # Errors
/// [`core::Error::Usage`] for a name the codec lacks or a value out of range.
pub fn params(codec: &dyn Codec, settings: &[(&str, &str)]) -> Result<Params> {
    let mut params = Params::defaults(codec.descriptor().params);
    for (name, value) in settings {
        params.set(name, value)?;
    }
    Ok(params)
}

/// Encodes bytes as a `.cdc` file in memory, on one thread.
///
/// # Errors
/// [`core::Error::Usage`] for an unknown codec or setting; otherwise as [`Codec::encode`].
pub fn encode(content: &[u8], codec: &str, settings: &[(&str, &str)]) -> Result<Vec<u8>> {
    let registry = registry();
    let codec = registry.named(codec)?;
    let mut input = content;
    let mut file = Vec::new();
    let media = Media::bytes(&mut input, "");
    let params = params(codec, settings)?;
    core::encode_stream(codec, media, &params, &Job::single_threaded(), &mut file)?;
    Ok(file)
}

/// Decodes a `.cdc` file in memory, on one thread and under the default [`core::Limits`].
///
/// # Errors
/// As [`core::decode_streams`].
pub fn decode(file: &[u8]) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    core::decode_streams(&registry(), file, &Job::single_threaded(), &mut content)?;
    Ok(content)
}
