//! `bwt` as a codec of the suite.

use codec_core::{BlockCodec, Descriptor, Error, MediaKind, Memory, ParamSpec, Params, Result};

use super::{decode_block, encode_block, memory_bytes};
use crate::params;

const PARAMS: &[ParamSpec] = &[params::block("4 MiB")];

/// The codec `bwt`. The payload of a block is that of [`encode_block`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Bwt;

impl BlockCodec for Bwt {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "bwt",
            version: 1,
            summary: "Burrows-Wheeler transform with adaptive modelling: strong and quick on text",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(params, 4 << 20)
    }

    fn memory(&self, _params: &Params, block_len: usize) -> Memory {
        let bytes = memory_bytes(block_len) as u64;
        Memory {
            encode: bytes,
            decode: bytes,
        }
    }

    fn encode_block(&self, content: &[u8], _params: &Params) -> Result<Vec<u8>> {
        Ok(encode_block(content))
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        decode_block(payload, content_len)
            .map_err(|error| Error::corrupt(0, format!("bwt: {error}")))
    }
}
