//! `xz`: LZMA2, by liblzma.

use std::io::{BufReader, Read, Write};

use codec_core::{
    BlockCodec, Budget, Descriptor, Error, LimitKind, MediaKind, Memory, NativeStream, ParamKind,
    ParamSpec, Params, Result, Stats,
};
use xz2::stream::{Action, CONCATENATED, Check, Filters, LzmaOptions, Status, Stream};

use crate::params;
use crate::stream::{Counted, copy_decoded};

const PARAMS: &[ParamSpec] = &[
    params::level(0, 9, 6),
    params::block("16 MiB"),
    ParamSpec {
        name: "extreme",
        doc: "search harder at the same level, as xz -e",
        kind: ParamKind::Flag,
        needed_to_decode: false,
    },
];
/// The bit that liblzma's presets use for "extreme".
const EXTREME: u32 = 1 << 31;
/// Smallest dictionary of the format, in bytes.
const MIN_DICTIONARY: u32 = 4096;
/// Dictionary of each preset, in bytes as a power of two.
const PRESET_DICTIONARY: [u32; 10] = [18, 20, 21, 22, 22, 23, 23, 24, 25, 26];

/// The codec `xz`. The payload of a block is raw LZMA2 with a dictionary as long as the block, or
/// as the level's own where that is shorter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Xz;

fn preset(params: &Params) -> u32 {
    let extreme = if params.flag("extreme") { EXTREME } else { 0 };
    params::level_of(params) | extreme
}

/// The largest dictionary of use for a block, in bytes.
fn dictionary_for(block_len: usize) -> u32 {
    u32::try_from(block_len)
        .unwrap_or(1 << 30)
        .clamp(MIN_DICTIONARY, 1 << 30)
}

fn level_dictionary(params: &Params) -> u32 {
    let shift = PRESET_DICTIONARY.get(params::level_of(params) as usize);
    1 << shift.copied().unwrap_or(26)
}

fn filters(options: &LzmaOptions) -> Filters {
    let mut filters = Filters::new();
    filters.lzma2(options);
    filters
}

fn refused(error: xz2::stream::Error) -> Error {
    Error::Internal(format!("liblzma: {error}"))
}

impl BlockCodec for Xz {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "xz",
            version: 1,
            summary: "LZMA2 as in xz: small, slow to encode",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params::block_len(params, 16 << 20)
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        let dictionary = u64::from(dictionary_for(block_len));
        let used = dictionary.min(u64::from(level_dictionary(params)));
        Memory {
            encode: used * 12 + (8 << 20),
            decode: dictionary + (1 << 20),
        }
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        let mut options = LzmaOptions::new_preset(preset(params)).map_err(refused)?;
        options.dict_size(dictionary_for(content.len()).min(level_dictionary(params)));
        let mut stream = Stream::new_raw_encoder(&filters(&options)).map_err(refused)?;
        let mut payload = Vec::with_capacity(content.len() / 4 + 1024);
        loop {
            let rest = content
                .get(stream.total_in() as usize..)
                .unwrap_or_default();
            let status = stream
                .process_vec(rest, &mut payload, Action::Finish)
                .map_err(refused)?;
            if matches!(status, Status::StreamEnd) {
                return Ok(payload);
            }
            payload.reserve(payload.capacity().max(1024));
        }
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        let mut options = LzmaOptions::new_preset(6).map_err(refused)?;
        options.dict_size(dictionary_for(content_len));
        let mut stream = Stream::new_raw_decoder(&filters(&options)).map_err(refused)?;
        let mut content = Vec::new();
        loop {
            let taken = stream.total_in();
            let left = content_len.saturating_sub(content.len());
            content.reserve(left.min(content.len().max(1 << 20)).max(1));
            let made = content.len();
            let rest = payload.get(taken as usize..).unwrap_or_default();
            let status = stream
                .process_vec(rest, &mut content, Action::Finish)
                .map_err(|error| Error::corrupt(stream.total_in(), format!("LZMA2: {error}")))?;
            let at = stream.total_in();
            if matches!(status, Status::StreamEnd) {
                let left = payload.len() as u64 - at;
                return match left {
                    0 => Ok(content),
                    _ => Err(Error::corrupt(
                        at,
                        format!("{left} bytes follow the LZMA2 data"),
                    )),
                };
            }
            if content.len() > content_len {
                let problem = format!("block decodes to more than its {content_len} bytes");
                return Err(Error::corrupt(at, problem));
            }
            if at == taken && content.len() == made {
                return Err(Error::corrupt(at, "LZMA2 data is cut short"));
            }
        }
    }

    /// Those of the `.xz` file with one block and its CRC-64.
    fn file_len(&self, payload_len: usize, content_len: usize) -> u64 {
        const STREAM_HEADER: usize = 12;
        const BLOCK_HEADER: usize = 12;
        const CHECK: usize = 8;
        const FOOTER: usize = 12;
        if content_len == 0 {
            return (STREAM_HEADER + 8 + FOOTER) as u64;
        }
        let block = BLOCK_HEADER + payload_len + CHECK;
        let index = (2 + number_len(block) + number_len(content_len)).next_multiple_of(4) + 4;
        (STREAM_HEADER + block.next_multiple_of(4) + index + FOOTER) as u64
    }

    fn native(&self) -> Option<&dyn NativeStream> {
        Some(self)
    }
}

/// Bytes of a number in the index of a `.xz` file: seven bits in each.
fn number_len(number: usize) -> usize {
    number.max(1).ilog2() as usize / 7 + 1
}

impl NativeStream for Xz {
    fn suffix(&self) -> &'static str {
        "xz"
    }

    fn recognises(&self, start: &[u8]) -> bool {
        start.starts_with(&[0xFD, b'7', b'z', b'X', b'Z', 0])
    }

    fn encode(
        &self,
        reader: &mut dyn Read,
        params: &Params,
        writer: &mut dyn Write,
    ) -> Result<Stats> {
        let stream = Stream::new_easy_encoder(preset(params), Check::Crc64).map_err(refused)?;
        let mut output = Counted::new(writer);
        let mut encoder = xz2::write::XzEncoder::new_stream(&mut output, stream);
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
        let allowed = budget.limits().memory;
        let stream = Stream::new_stream_decoder(allowed, CONCATENATED).map_err(refused)?;
        let mut input = Counted::new(BufReader::with_capacity(64 << 10, reader));
        let mut decoder = xz2::bufread::XzDecoder::new_stream(&mut input, stream);
        let decoded = copy_decoded(&mut decoder, budget, writer);
        drop(decoder);
        let content = decoded.map_err(|error| match error {
            Error::Corrupt { problem, .. } if problem == "memory limit reached" => Error::Limit {
                what: "the xz decoder (or its dictionary)",
                needed: allowed.saturating_add(1),
                allowed,
                limit: LimitKind::Memory,
            },
            other => other.offset_by(input.total()),
        })?;
        Ok(Stats {
            content_bytes: content,
            payload_bytes: input.total(),
            frames: 1,
            ..Stats::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_lengths_are_those_of_the_file() {
        for len in [
            0, 1, 2, 3, 4, 5, 100, 127, 128, 129, 1000, 16_383, 16_384, 30_000,
        ] {
            let content: Vec<u8> = (0..len as u64)
                .map(|i| b"ACGT"[((i * i * 0x9E37_79B9) >> 13 & 3) as usize])
                .collect();
            for level in ["0", "6", "9"] {
                let mut params = Params::defaults(PARAMS);
                params.set("level", level).unwrap();
                let payload = Xz.encode_block(&content, &params).unwrap();
                let mut file = Vec::new();
                NativeStream::encode(&Xz, &mut &content[..], &params, &mut file).unwrap();
                let found = Xz.file_len(payload.len(), content.len());
                assert_eq!(found, file.len() as u64, "{len} bytes at level {level}");
            }
        }
    }
}
