//! `zstd` (RFC 8878), by the reference library.

use std::io::{BufReader, Read, Write};

use codec_core::{
    BlockCodec, Budget, Descriptor, Error, MediaKind, Memory, NativeStream, ParamKind, ParamSpec,
    Params, Result, Stats,
};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::params;
use crate::stream::{Counted, copy_decoded};

const PARAMS: &[ParamSpec] = &[
    params::level(1, 22, 3),
    params::block("4 MiB up to level 12, 16 MiB above"),
    ParamSpec {
        name: "long",
        doc: "find repeats up to 128 MiB back, as far as the block reaches",
        kind: ParamKind::Flag,
        needed_to_decode: false,
    },
];
/// log2 of the window, in bytes, with `long`; also the largest that is decoded.
const LONG_WINDOW: u32 = 27;

/// The codec `zstd`. The payload of a block is one frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Zstd;

fn level(params: &Params) -> i32 {
    params::level_of(params) as i32
}

/// Whether to look for repeats over the whole window. Level 22 alone has a window of 128 MiB.
fn parameters(params: &Params) -> Vec<CParameter> {
    if params.flag("long") {
        vec![
            CParameter::EnableLongDistanceMatching(true),
            CParameter::WindowLog(LONG_WINDOW),
        ]
    } else {
        Vec::new()
    }
}

impl BlockCodec for Zstd {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "zstd",
            version: 1,
            summary: "zstd (RFC 8878): very fast to decode",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(
            params,
            if level(params) <= 12 {
                4 << 20
            } else {
                16 << 20
            },
        )
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        // Tables grow with the window up to about ten times it at the highest levels.
        let window = (block_len as u64).min(1 << LONG_WINDOW);
        let factor = if level(params) <= 12 { 4 } else { 10 };
        Memory {
            encode: (1 << 20) + window.saturating_mul(factor),
            decode: 256 << 10,
        }
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        let refused = |error| Error::Internal(format!("zstd: {error}"));
        let mut compressor = Compressor::new(level(params)).map_err(refused)?;
        for parameter in parameters(params) {
            compressor.set_parameter(parameter).map_err(refused)?;
        }
        compressor.compress(content).map_err(refused)
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        let damaged = |error| Error::corrupt(0, format!("zstd: {error}"));
        // A block of 128 KiB takes at least four bytes, so this is all that the payload can give.
        let most = content_len.min(payload.len().saturating_mul(32 << 10));
        Decompressor::new()
            .map_err(damaged)?
            .decompress(payload, most)
            .map_err(damaged)
    }

    fn native(&self) -> Option<&dyn NativeStream> {
        Some(self)
    }
}

impl NativeStream for Zstd {
    fn suffix(&self) -> &'static str {
        "zst"
    }

    fn recognises(&self, start: &[u8]) -> bool {
        start.starts_with(&[0x28, 0xB5, 0x2F, 0xFD])
    }

    fn encode(
        &self,
        reader: &mut dyn Read,
        params: &Params,
        writer: &mut dyn Write,
    ) -> Result<Stats> {
        let refused = Error::io("compress");
        let mut output = Counted::new(writer);
        let mut encoder =
            zstd::stream::write::Encoder::new(&mut output, level(params)).map_err(&refused)?;
        encoder.include_checksum(true).map_err(&refused)?;
        for parameter in parameters(params) {
            encoder.set_parameter(parameter).map_err(&refused)?;
        }
        let content = std::io::copy(reader, &mut encoder).map_err(&refused)?;
        encoder.finish().map_err(Error::io("write output"))?;
        Ok(Stats {
            content_bytes: content,
            payload_bytes: output.total(),
            frames: 1,
            ..Stats::default()
        })
    }

    fn decode(
        &self,
        reader: &mut dyn Read,
        budget: &Budget,
        writer: &mut dyn Write,
    ) -> Result<Stats> {
        let mut input = Counted::new(BufReader::with_capacity(128 << 10, reader));
        let decoded = decode_frames(&mut input, budget, writer);
        let content = decoded.map_err(|error| error.offset_by(input.total()))?;
        Ok(Stats {
            content_bytes: content,
            payload_bytes: input.total(),
            frames: 1,
            ..Stats::default()
        })
    }
}

fn decode_frames(
    input: &mut Counted<BufReader<&mut dyn Read>>,
    budget: &Budget,
    writer: &mut dyn Write,
) -> Result<u64> {
    let start = Error::io("start the zstd decoder");
    let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(&start)?;
    // The window is the decoder's memory.
    let window = budget
        .limits()
        .memory
        .max(1)
        .ilog2()
        .clamp(10, LONG_WINDOW + 4);
    decoder.window_log_max(window).map_err(&start)?;
    copy_decoded(&mut decoder, budget, writer)
}
