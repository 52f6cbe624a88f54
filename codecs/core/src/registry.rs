//! The registry type: which codecs there are. The suite crate fills one.

use std::sync::Arc;

use crate::{Codec, Error, NativeStream, Result};

/// Codecs by identifier.
#[derive(Clone, Default)]
pub struct Registry {
    codecs: Vec<Arc<dyn Codec>>,
}

impl Registry {
    /// A registry without codecs.
    #[must_use]
    pub fn new() -> Self {
        Registry::default()
    }

    /// Adds a codec; one of the same identifier is replaced.
    pub fn register(&mut self, codec: Arc<dyn Codec>) {
        let id = codec.descriptor().id;
        self.codecs.retain(|other| other.descriptor().id != id);
        self.codecs.push(codec);
    }

    /// The codec of that identifier.
    ///
    /// # Errors
    /// [`Error::Usage`] that lists the identifiers there are.
    pub fn named(&self, id: &str) -> Result<&dyn Codec> {
        self.find(id).ok_or_else(|| {
            let known: Vec<&str> = self.iter().map(|codec| codec.descriptor().id).collect();
            Error::Usage(format!(
                "unknown codec '{id}' (there are: {})",
                known.join(", ")
            ))
        })
    }

    /// The codec of that identifier, if it is here.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&dyn Codec> {
        self.iter().find(|codec| codec.descriptor().id == id)
    }

    /// Every codec, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Codec> {
        self.codecs.iter().map(AsRef::as_ref)
    }

    /// Every codec whose decoding gives back the identical bytes, in order of registration.
    pub fn lossless(&self) -> impl Iterator<Item = &dyn Codec> {
        self.iter().filter(|codec| codec.descriptor().lossless)
    }

    /// The native format that uses this file name suffix (without its dot, any case).
    #[must_use]
    pub fn native_by_suffix(&self, suffix: &str) -> Option<(&dyn Codec, &dyn NativeStream)> {
        self.natives()
            .find(|(_, native)| native.suffix().eq_ignore_ascii_case(suffix))
    }

    /// The native format that a file starting with these bytes is in.
    #[must_use]
    pub fn native_by_start(&self, start: &[u8]) -> Option<(&dyn Codec, &dyn NativeStream)> {
        self.natives().find(|(_, native)| native.recognises(start))
    }

    fn natives(&self) -> impl Iterator<Item = (&dyn Codec, &dyn NativeStream)> {
        self.iter()
            .filter_map(|codec| Some((codec, codec.native()?)))
    }
}
