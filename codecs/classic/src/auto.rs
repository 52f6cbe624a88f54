//! `auto`: picks a method for each block by trying candidates on a sample of it.
//!
//! The payload of a block is one byte for the method, then that method's payload. A level is a list
//! of candidates; every candidate encodes a sample, and those near the best encode the whole block,
//! of which the smallest is kept. Blocks that no method makes smaller are stored.

use codec_core::{BlockCodec, Descriptor, Error, MediaKind, Memory, ParamSpec, Params, Result};

use crate::{Brotli, Bwt, Cm, Store, Xz, Zstd, params};

const PARAMS: &[ParamSpec] = &[
    params::level(1, 9, 6),
    params::block("4 MiB up to level 7, 16 MiB above"),
];
/// Blocks up to this length are their own sample.
const WHOLE: usize = 256 << 10;
/// Bytes of each piece of a sample, and the number of pieces, spread evenly over the block.
const PIECE: usize = 32 << 10;
const PIECES: usize = 4;

/// The codec `auto`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Auto;

/// The methods by the number that stands for them in a payload. Numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Store = 0,
    Zstd = 1,
    Brotli = 2,
    Xz = 3,
    Bwt = 4,
    /// `cm` at its level 5.
    CmQuick = 5,
    /// `cm` at its level 9.
    CmBest = 6,
}

type Settings = &'static [(&'static str, &'static str)];

/// The candidates of each level.
const LEVELS: [&[(Method, Settings)]; 9] = [
    &[(Method::Zstd, &[("level", "1")])],
    &[(Method::Zstd, &[("level", "3")])],
    &[(Method::Zstd, &[("level", "7")])],
    &[(Method::Zstd, &[("level", "12")])],
    &[(Method::Bwt, &[]), (Method::Zstd, &[("level", "9")])],
    &[(Method::Bwt, &[]), (Method::Zstd, &[("level", "15")])],
    &[(Method::Bwt, &[]), (Method::Xz, &[("level", "6")])],
    &[
        (Method::CmQuick, &[]),
        (Method::Bwt, &[]),
        (Method::Xz, &[("level", "9")]),
    ],
    &[
        (Method::CmBest, &[]),
        (Method::Bwt, &[]),
        (Method::Xz, &[("level", "9"), ("extreme", "true")]),
        (Method::Brotli, &[("level", "11")]),
    ],
];

impl Method {
    const ALL: [Method; 7] = [
        Method::Store,
        Method::Zstd,
        Method::Brotli,
        Method::Xz,
        Method::Bwt,
        Method::CmQuick,
        Method::CmBest,
    ];

    fn codec(self) -> &'static dyn BlockCodec {
        match self {
            Method::Store => &Store,
            Method::Zstd => &Zstd,
            Method::Brotli => &Brotli,
            Method::Xz => &Xz,
            Method::Bwt => &Bwt,
            Method::CmQuick | Method::CmBest => &Cm,
        }
    }

    /// The codec's parameters: what the method stands for, and what the candidate adds.
    fn params(self, settings: Settings) -> Result<Params> {
        let mut params = Params::defaults(self.codec().descriptor().params);
        let implied: Settings = match self {
            Method::CmQuick => &[("level", "5")],
            Method::CmBest => &[("level", "9")],
            _ => &[],
        };
        for (name, value) in implied.iter().chain(settings) {
            params.set(name, value)?;
        }
        Ok(params)
    }

    fn memory(self, settings: Settings, block_len: usize) -> Memory {
        match self.params(settings) {
            Ok(params) => self.codec().memory(&params, block_len),
            Err(_) => Memory {
                encode: u64::MAX,
                decode: u64::MAX,
            },
        }
    }
}

fn level(params: &Params) -> usize {
    params::level_of(params) as usize
}

fn candidates(params: &Params) -> &'static [(Method, Settings)] {
    LEVELS
        .get(level(params).wrapping_sub(1))
        .copied()
        .unwrap_or_default()
}

/// How far above the best sample a candidate may be and still get a try on the whole block, in
/// percent. The last level leaves room for what samples do not show, such as repeats far apart.
fn margin(params: &Params) -> usize {
    if level(params) == 9 { 15 } else { 3 }
}

impl BlockCodec for Auto {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "auto",
            version: 1,
            summary: "picks the best method for each block; never changes a byte",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(
            params,
            if level(params) <= 7 {
                4 << 20
            } else {
                16 << 20
            },
        )
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        let mut most = Memory {
            encode: 0,
            decode: 0,
        };
        for (method, settings) in candidates(params) {
            let need = method.memory(settings, block_len);
            most.encode = most.encode.max(need.encode);
            most.decode = most.decode.max(need.decode);
        }
        // The best payload so far is kept while the next candidate runs.
        most.encode = most.encode.saturating_add(block_len as u64);
        most
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        let mut best = stored(content);
        for (method, settings) in promising(content, params)? {
            let payload = method
                .codec()
                .encode_block(content, &method.params(settings)?)?;
            if payload.len() + 1 < best.len() {
                best.clear();
                best.push(method as u8);
                best.extend_from_slice(&payload);
            }
        }
        Ok(best)
    }

    fn decode_block(&self, payload: &[u8], content_len: usize, params: &Params) -> Result<Vec<u8>> {
        let (&number, rest) = payload
            .split_first()
            .ok_or_else(|| Error::corrupt(0, "the block has no method"))?;
        let method = Method::ALL
            .into_iter()
            .find(|method| *method as u8 == number)
            .ok_or_else(|| Error::corrupt(0, format!("method {number} is not known")))?;
        // Memory was set aside for the methods of the stream's level.
        let planned = self.memory(params, content_len).decode;
        if method.memory(&[], content_len).decode > planned {
            let problem = format!("method {number} does not belong to level {}", level(params));
            return Err(Error::corrupt(0, problem));
        }
        method
            .codec()
            .decode_block(rest, content_len, &method.params(&[])?)
            .map_err(|error| error.offset_by(1))
    }
}

fn stored(content: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(content.len() + 1);
    payload.push(Method::Store as u8);
    payload.extend_from_slice(content);
    payload
}

/// The candidates worth trying on the whole block; none if it does not compress.
fn promising(content: &[u8], params: &Params) -> Result<Vec<(Method, Settings)>> {
    let candidates = candidates(params);
    if content.len() <= WHOLE {
        return Ok(candidates.to_vec());
    }
    let sample = sample(content);
    let mut sizes = Vec::new();
    for (method, settings) in candidates {
        let payload = method
            .codec()
            .encode_block(&sample, &method.params(settings)?)?;
        sizes.push(payload.len());
    }
    let best = sizes.iter().copied().min().unwrap_or(0);
    if best + sample.len() / 256 > sample.len() && level(params) < 9 {
        return Ok(Vec::new());
    }
    let most = best + best * margin(params) / 100;
    let near = candidates
        .iter()
        .zip(&sizes)
        .filter(|(_, size)| **size <= most);
    Ok(near.map(|(candidate, _)| *candidate).collect())
}

fn sample(content: &[u8]) -> Vec<u8> {
    let step = (content.len() - PIECE) / (PIECES - 1);
    let pieces = (0..PIECES).filter_map(|n| content.get(n * step..n * step + PIECE));
    pieces.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(level: &str) -> Params {
        let mut params = Params::defaults(PARAMS);
        params.set("level", level).unwrap();
        params
    }

    /// Bytes without structure, from a linear congruential generator.
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn incompressible_blocks_grow_by_one_byte() {
        for level in ["1", "6", "8"] {
            let content = noise(300_000);
            let payload = Auto.encode_block(&content, &params(level)).unwrap();
            assert_eq!(payload.len(), content.len() + 1);
            assert_eq!(
                Auto.decode_block(&payload, content.len(), &params(level))
                    .unwrap(),
                content
            );
        }
    }

    #[test]
    fn no_candidate_is_smaller_than_the_choice_on_a_short_block() {
        let content: Vec<u8> = (0..20_000u32)
            .flat_map(|n| (n * n / 77).to_le_bytes())
            .collect();
        for (number, candidates) in LEVELS.iter().enumerate() {
            let params = params(&(number + 1).to_string());
            let chosen = Auto.encode_block(&content, &params).unwrap();
            for (method, settings) in *candidates {
                let inner = method.params(settings).unwrap();
                let alone = method.codec().encode_block(&content, &inner).unwrap();
                assert!(chosen.len() <= alone.len() + 1);
            }
        }
    }

    #[test]
    fn every_candidate_has_valid_settings() {
        for (method, settings) in LEVELS.iter().copied().flatten() {
            method.params(settings).unwrap();
        }
    }

    #[test]
    fn unknown_methods_and_methods_of_other_levels_are_damage() {
        for payload in [&[][..], &[99, 1, 2, 3], &[Method::CmBest as u8, 1, 2, 3]] {
            let result = Auto.decode_block(payload, 100_000, &params("1"));
            assert!(matches!(result, Err(Error::Corrupt { .. })));
        }
    }
}
