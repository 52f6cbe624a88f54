//! `store`: bytes as they are, for data that does not compress and as a baseline.

use codec_core::{BlockCodec, Descriptor, Error, MediaKind, Memory, ParamSpec, Params, Result};

use crate::params;

const PARAMS: &[ParamSpec] = &[params::block("1 MiB")];

/// The codec `store`. The payload of a block is the block.
#[derive(Debug, Clone, Copy, Default)]
pub struct Store;

impl BlockCodec for Store {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "store",
            version: 1,
            summary: "no compression: checksums and random access only",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(params, 1 << 20)
    }

    fn memory(&self, _params: &Params, _block_len: usize) -> Memory {
        Memory {
            encode: 0,
            decode: 0,
        }
    }

    fn encode_block(&self, content: &[u8], _params: &Params) -> Result<Vec<u8>> {
        Ok(content.to_vec())
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        if payload.len() != content_len {
            let problem = format!("stored block of {} bytes, not {content_len}", payload.len());
            return Err(Error::corrupt(0, problem));
        }
        Ok(payload.to_vec())
    }
}
