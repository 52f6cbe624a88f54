//! `gzip` and `deflate` (RFC 1952, RFC 1951), by flate2 over zlib-rs.
//!
//! Levels are those of the `gzip` tool. zlib-rs uses other search strategies than gzip's own
//! deflate, so each level maps to the quickest setting of zlib-rs that is not larger than the tool
//! at that level on the text and table files of the benchmark (`docs/results.md`). Code lengths are
//! not those of these payloads but of zlib itself at the same level, to the byte (`zlib`).

use std::io::{BufReader, Read, Write};

use codec_core::{
    BlockCodec, Budget, CodeLength, Descriptor, Error, MediaKind, Memory, NativeStream, ParamSpec,
    Params, Result, Stats,
};
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::params;
use crate::stream::{Counted, copy_decoded};
use crate::zlib;

const PARAMS: &[ParamSpec] = &[params::level(1, 9, 6), params::block("1 MiB")];
const BLOCK: usize = 1 << 20;
/// log2 of the window, in bytes: the largest the format has.
const WINDOW_BITS: u8 = 15;

/// The codec `gzip`. The payload of a block is one gzip member.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gzip;

/// The codec `deflate`. The payload of a block is one raw deflate stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deflate;

fn compression(params: &Params) -> Compression {
    Compression::new(match params::level_of(params) {
        1 => 2,
        2 => 3,
        3 => 4,
        4 => 5,
        5 => 6,
        6 => 7,
        _ => 8,
    })
}

fn memory() -> Memory {
    Memory {
        encode: 1 << 20,
        decode: 64 << 10,
    }
}

impl BlockCodec for Gzip {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "gzip",
            version: 1,
            summary: "gzip (RFC 1952): opens everywhere",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(params, BLOCK)
    }

    fn memory(&self, _params: &Params, _block_len: usize) -> Memory {
        memory()
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        deflate(
            Compress::new_gzip(compression(params), WINDOW_BITS),
            content,
        )
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        inflate(Decompress::new_gzip(WINDOW_BITS), payload, content_len)
    }

    fn code_length(&self) -> Option<&dyn CodeLength> {
        Some(&zlib::GZIP)
    }

    fn native(&self) -> Option<&dyn NativeStream> {
        Some(self)
    }
}

impl BlockCodec for Deflate {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "deflate",
            version: 1,
            summary: "raw deflate (RFC 1951): gzip without its header",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(params, BLOCK)
    }

    fn memory(&self, _params: &Params, _block_len: usize) -> Memory {
        memory()
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        deflate(Compress::new(compression(params), false), content)
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        inflate(Decompress::new(false), payload, content_len)
    }

    fn code_length(&self) -> Option<&dyn CodeLength> {
        Some(&zlib::DEFLATE)
    }
}

impl NativeStream for Gzip {
    fn suffix(&self) -> &'static str {
        "gz"
    }

    fn recognises(&self, start: &[u8]) -> bool {
        start.starts_with(&[0x1F, 0x8B, 8])
    }

    fn encode(
        &self,
        reader: &mut dyn Read,
        params: &Params,
        writer: &mut dyn Write,
    ) -> Result<Stats> {
        let mut output = Counted::new(writer);
        let mut encoder = GzEncoder::new(&mut output, compression(params));
        let content = std::io::copy(reader, &mut encoder).map_err(Error::io("compress"))?;
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
        let mut input = Counted::new(BufReader::with_capacity(64 << 10, reader));
        let content = copy_decoded(&mut MultiGzDecoder::new(&mut input), budget, writer)
            .map_err(|error| error.offset_by(input.total()))?;
        Ok(Stats {
            content_bytes: content,
            payload_bytes: input.total(),
            frames: 1,
            ..Stats::default()
        })
    }
}

fn deflate(mut compress: Compress, content: &[u8]) -> Result<Vec<u8>> {
    let mut payload = Vec::with_capacity(content.len() / 2 + 64);
    loop {
        let rest = content
            .get(compress.total_in() as usize..)
            .unwrap_or_default();
        let status = compress
            .compress_vec(rest, &mut payload, FlushCompress::Finish)
            .map_err(|error| Error::Internal(format!("deflate: {error}")))?;
        match status {
            Status::StreamEnd => return Ok(payload),
            _ => payload.reserve(payload.capacity().max(64)),
        }
    }
}

fn inflate(mut inflate: Decompress, payload: &[u8], content_len: usize) -> Result<Vec<u8>> {
    // Deflate expands at most 1032 times.
    let most = content_len.min(payload.len().saturating_mul(1032));
    let mut content = Vec::with_capacity(most.saturating_add(1));
    loop {
        let taken = inflate.total_in();
        let made = inflate.total_out();
        let rest = payload.get(taken as usize..).unwrap_or_default();
        let status = inflate
            .decompress_vec(rest, &mut content, FlushDecompress::Finish)
            .map_err(|error| Error::corrupt(inflate.total_in(), format!("deflate: {error}")))?;
        let at = inflate.total_in();
        match status {
            Status::StreamEnd if at == payload.len() as u64 => return Ok(content),
            Status::StreamEnd => {
                let left = payload.len() as u64 - at;
                return Err(Error::corrupt(
                    at,
                    format!("{left} bytes follow the deflate stream"),
                ));
            }
            _ if content.len() > content_len => {
                let problem = format!("block decodes to more than its {content_len} bytes");
                return Err(Error::corrupt(at, problem));
            }
            _ if at == taken && inflate.total_out() == made => {
                return Err(Error::corrupt(at, "deflate stream is cut short"));
            }
            _ => {}
        }
    }
}
