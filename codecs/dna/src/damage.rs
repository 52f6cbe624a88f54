//! Why a payload cannot be decoded, in words.

use codec_core::Error;

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage(pub(crate) &'static str);

/// What decoding parts of a payload returns.
pub(crate) type Damaged<T> = std::result::Result<T, Damage>;

impl Damage {
    /// The error for damage in the part of a payload that begins at byte `at`.
    pub(crate) fn at(self, at: usize) -> Error {
        Error::corrupt(at as u64, format!("dna: {}", self.0))
    }
}
