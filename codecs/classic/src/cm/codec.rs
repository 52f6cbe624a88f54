//! `cm` as a codec of the suite.

use codec_core::{BlockCodec, Descriptor, Error, MediaKind, Memory, ParamSpec, Params, Result};

use super::{CmOptions, MAX_LEVEL, MIN_LEVEL, decode_block, encode_block, memory_bytes};
use crate::params;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        needed_to_decode: true,
        ..params::level(MIN_LEVEL as i64, MAX_LEVEL as i64, MAX_LEVEL as i64)
    },
    params::block("16 MiB"),
];

/// The codec `cm`. The payload of a block is that of [`encode_block`] at the stream's level.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cm;

fn options(params: &Params) -> CmOptions {
    CmOptions {
        level: u8::try_from(params::level_of(params)).unwrap_or(MAX_LEVEL),
    }
}

impl BlockCodec for Cm {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "cm",
            version: 1,
            summary: "context mixing: the smallest, about a megabyte a second both ways",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(params, 16 << 20)
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        let bytes = memory_bytes(&options(params), block_len) as u64;
        Memory {
            encode: bytes,
            decode: bytes,
        }
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        Ok(encode_block(content, &options(params)))
    }

    fn decode_block(&self, payload: &[u8], content_len: usize, params: &Params) -> Result<Vec<u8>> {
        decode_block(payload, content_len, &options(params))
            .map_err(|error| Error::corrupt(0, format!("cm: {error}")))
    }
}
