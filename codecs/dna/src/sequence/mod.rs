//! Bases to bytes: sequences over A, C, G and T, coded as the numbers 0 to 3.
//!
//! | method | what it is |
//! |---|---|
//! | [`Method::Packed`] | two bits a base |
//! | [`Method::Fast`] | a few contexts, in one pass |
//! | [`Method::Mid`] | contexts, reading frames and repeats, mixed bit by bit |
//! | [`Method::Max`] | more of them |
//!
//! Both strands are learned from either one, and every probability is an integer.

mod counts;
mod direct;
mod fast;
mod frames;
mod history;
mod learner;
mod model;
mod nodes;
mod packed;
mod repeats;

use codec_core::{Error, Result};
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder, StreamLengthError};
use codec_entropy::mixing::Silent;

use fast::FastModel;
pub use learner::Learner;
use model::{BaseModel, Model, Plan};

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

const MID: Plan = Plan {
    direct: &[2, 3, 4, 8],
    counts: &[11, 12, 16],
    frames: &[3, 2, 5, 7],
    seeds: &[16],
    seed_stride: 1,
    line_bits: 18,
    seed_bits: 22,
    rate: 300,
};
type Mid = Model<16, 2, 3>;

const MAX: Plan = Plan {
    direct: &[1, 2, 3, 4, 6, 8],
    counts: &[10, 11, 12, 14, 18, 22],
    frames: &[3, 2, 4, 5, 6, 8],
    seeds: &[11, 16],
    seed_stride: 1,
    line_bits: 18,
    seed_bits: 21,
    rate: 300,
};
type Max = Model<32, 6, 5>;

/// The payload for `bases` (each 0 to 3: A, C, G, T), given the bases of a reference.
#[must_use]
pub fn encode(bases: &[u8], method: Method, reference: &[u8]) -> Vec<u8> {
    match method {
        Method::Packed => packed::encode(bases),
        Method::Fast => encode_with(
            FastModel::new(bases.len() + reference.len()),
            bases,
            reference,
        ),
        Method::Mid => encode_with(
            Mid::new(&MID, bases.len() + reference.len()),
            bases,
            reference,
        ),
        Method::Max => encode_with(
            Max::new(&MAX, bases.len() + reference.len()),
            bases,
            reference,
        ),
    }
}

/// The `len` bases behind a payload, given the same method and reference as in encoding.
///
/// # Errors
/// [`Error::Corrupt`] with the position in the payload.
pub fn decode(payload: &[u8], len: usize, method: Method, reference: &[u8]) -> Result<Vec<u8>> {
    match method {
        Method::Packed => packed::decode(payload, len)
            .ok_or_else(|| Error::corrupt(payload.len() as u64, "packed bases of another length")),
        Method::Fast => decode_with(
            FastModel::new(len + reference.len()),
            payload,
            len,
            reference,
        ),
        Method::Mid => decode_with(
            Mid::new(&MID, len + reference.len()),
            payload,
            len,
            reference,
        ),
        Method::Max => decode_with(
            Max::new(&MAX, len + reference.len()),
            payload,
            len,
            reference,
        ),
    }
}

/// Working memory for `len` bases in bytes, beside the bases and their payload.
#[must_use]
pub fn memory_bytes(len: usize, method: Method, reference_len: usize) -> u64 {
    let all = len.saturating_add(reference_len);
    match method {
        Method::Packed => 0,
        Method::Fast => FastModel::memory_bytes(all) + all as u64,
        Method::Mid => MID.memory_bytes(all) + all as u64,
        Method::Max => MAX.memory_bytes(all) + all as u64,
    }
}

fn encode_with<M: BaseModel>(mut model: M, bases: &[u8], reference: &[u8]) -> Vec<u8> {
    let mut seen = read(&mut model, reference, bases.len());
    let mut encoder = BinaryEncoder::new();
    for &base in bases {
        model.code(&mut encoder, base, &mut seen);
    }
    encoder.finish()
}

fn decode_with<M: BaseModel>(
    mut model: M,
    payload: &[u8],
    len: usize,
    reference: &[u8],
) -> Result<Vec<u8>> {
    /// Output is only set aside as far as the payload has justified it: two bits a base, and this.
    const AHEAD: usize = 1 << 16;
    let mut seen = read(
        &mut model,
        reference,
        len.min(payload.len().saturating_mul(4) + AHEAD),
    );
    let mut decoder = BinaryDecoder::new(payload);
    for _ in 0..len {
        model.code(&mut decoder, 0, &mut seen);
        if decoder.is_overrun() {
            return Err(Error::corrupt(
                payload.len() as u64,
                "the coded bases are truncated",
            ));
        }
    }
    decoder.finish().map_err(|error| match error {
        StreamLengthError::Truncated => {
            Error::corrupt(payload.len() as u64, "the coded bases are truncated")
        }
        StreamLengthError::Trailing => {
            Error::corrupt(payload.len() as u64, "more than the coded bases")
        }
    })?;
    Ok(seen.split_off(reference.len()))
}

/// Shows a reference to a model; gives back its bases with room for `more` behind them.
fn read<M: BaseModel>(model: &mut M, reference: &[u8], more: usize) -> Vec<u8> {
    let mut seen = Vec::with_capacity(reference.len() + more);
    for &base in reference {
        model.code(&mut Silent, base, &mut seen);
    }
    seen
}

#[cfg(test)]
mod tests;
