//! `log` as a codec of the suite.

use std::num::NonZeroUsize;

use codec_core::{BlockCodec, Descriptor, MediaKind, Memory, ParamKind, ParamSpec, Params, Result};

use crate::block::{self, Options};
use crate::columns::Kernel;

const PARAMS: &[ParamSpec] = &[
    ParamSpec {
        name: "level",
        doc: "1 fields, 2 templates, 3 values mapped, 4-6 denser (alike for logs), 7-9 row by row and smallest",
        kind: ParamKind::Integer {
            min: 1,
            max: 9,
            default: 3,
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "block",
        doc: "bytes per independent block: larger is smaller, more blocks are searched faster",
        kind: ParamKind::Size {
            min: 64 << 10,
            max: 256 << 20,
            default: "32 MiB",
        },
        needed_to_decode: false,
    },
    ParamSpec {
        name: "kernel",
        doc: "what texts of templates and values go through at levels 1 to 6; auto picks for each",
        kind: ParamKind::Choice {
            values: &["auto", "gzip", "bwt", "lzma", "zstd", "store"],
            default: "auto",
        },
        needed_to_decode: false,
    },
];

/// The codec `log`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Log;

impl Log {
    /// Its identifier in files.
    pub const ID: &'static str = "log";
    /// The version of its payloads.
    pub const VERSION: u32 = 1;
}

fn options(params: &Params) -> Options {
    Options {
        level: u8::try_from(params.integer("level")).unwrap_or(9),
        kernel: match params.choice("kernel") {
            "gzip" => Some(Kernel::Deflate),
            "bwt" => Some(Kernel::Bwt),
            "lzma" => Some(Kernel::Lzma),
            "zstd" => Some(Kernel::Zstd),
            "store" => Some(Kernel::Store),
            _ => None,
        },
    }
}

impl BlockCodec for Log {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: Self::ID,
            version: Self::VERSION,
            summary: "logs: templates and columns, searchable; levels 7 to 9 row by row, smallest",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        let len = params.size("block").unwrap_or(32 << 20);
        usize::try_from(len).unwrap_or(usize::MAX)
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        let any = block::memory_bytes(block_len);
        Memory {
            encode: match options(params).level {
                ..=6 => block::columns_memory(block_len),
                _ => any,
            },
            decode: any,
        }
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        self.encode_block_with(content, params, NonZeroUsize::MIN)
    }

    fn encode_block_with(
        &self,
        content: &[u8],
        params: &Params,
        threads: NonZeroUsize,
    ) -> Result<Vec<u8>> {
        block::encode(content, &options(params), threads)
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        block::decode(payload, content_len)
    }

    /// Blocks end with a line where they can.
    fn block_end(&self, block: &[u8]) -> usize {
        memchr::memrchr(b'\n', block).map_or(block.len(), |at| at + 1)
    }
}
