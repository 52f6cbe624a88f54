//! What the tests of the bench share: small codecs and made-up records.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use codec_core::{
    BlockCodec, Blocks, Budget, Descriptor, Error, MediaKind, Memory, NativeStream, ParamKind,
    ParamSpec, Params, Registry, Result, Stats,
};

use super::machine::{Build, Machine};
use super::record::{Record, SCHEMA};

/// A registry of `plain`, which has every kind of parameter and a native stream, and `none`, which
/// has nothing. Neither compresses.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.register(Arc::new(Blocks(Plain)));
    registry.register(Arc::new(Blocks(Nothing)));
    registry
}

/// A record with round figures: encoding takes a second per byte saved, decoding half of that.
pub(crate) fn record(label: &str, item: &str, content_bytes: u64, encoded_bytes: u64) -> Record {
    let saved = content_bytes.saturating_sub(encoded_bytes) as f64;
    let codec = label.split(':').next().unwrap_or(label);
    Record {
        schema: SCHEMA.into(),
        codec: codec.into(),
        label: label.into(),
        params: label
            .split(':')
            .skip(1)
            .map(|level| ("level".into(), level.into()))
            .collect(),
        stream: if codec.starts_with("system-") {
            "system".into()
        } else {
            "container".into()
        },
        peers: Vec::new(),
        dataset: "made up".into(),
        item: item.into(),
        content_bytes,
        encoded_bytes,
        bits_per_byte: encoded_bytes as f64 * 8.0 / content_bytes as f64,
        bpp: None,
        metrics: BTreeMap::new(),
        encode_s: saved,
        decode_s: saved / 2.0,
        encode_cpu_s: saved,
        decode_cpu_s: saved / 2.0,
        peak_rss_bytes: Some(3 << 20),
        decode_rss_bytes: None,
        threads: 1,
        runs: 3,
        timing: "call".into(),
        build: Build::here(),
        machine: Machine::here(),
        model_sha256: None,
        date: "2031-03-14T15:09:26Z".into(),
    }
}

struct Plain;

impl BlockCodec for Plain {
    fn descriptor(&self) -> &Descriptor {
        const PARAMS: &[ParamSpec] = &[
            param(
                "block",
                ParamKind::Size {
                    min: 1 << 10,
                    max: 1 << 30,
                    default: "64 KiB",
                },
            ),
            param(
                "level",
                ParamKind::Integer {
                    min: 1,
                    max: 9,
                    default: 3,
                },
            ),
            param("hard", ParamKind::Flag),
            param(
                "order",
                ParamKind::Choice {
                    values: &["quick", "slow"],
                    default: "quick",
                },
            ),
        ];
        &Descriptor {
            id: "plain",
            version: 1,
            summary: "",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        params.size("block").unwrap_or(64 << 10) as usize
    }

    fn memory(&self, _: &Params, _: usize) -> Memory {
        Memory {
            encode: 0,
            decode: 0,
        }
    }

    fn encode_block(&self, content: &[u8], _: &Params) -> Result<Vec<u8>> {
        Ok(content.to_vec())
    }

    fn decode_block(&self, payload: &[u8], _: usize, _: &Params) -> Result<Vec<u8>> {
        Ok(payload.to_vec())
    }

    fn native(&self) -> Option<&dyn NativeStream> {
        Some(self)
    }
}

/// A stream that loses its last byte where the level is 9.
impl NativeStream for Plain {
    fn suffix(&self) -> &'static str {
        "plain"
    }

    fn recognises(&self, _: &[u8]) -> bool {
        false
    }

    fn encode(
        &self,
        reader: &mut dyn Read,
        params: &Params,
        writer: &mut dyn Write,
    ) -> Result<Stats> {
        let mut content = Vec::new();
        reader
            .read_to_end(&mut content)
            .map_err(Error::io("read input"))?;
        if params.integer("level") == 9 {
            content.pop();
        }
        writer
            .write_all(&content)
            .map_err(Error::io("write output"))?;
        Ok(Stats::default())
    }

    fn decode(&self, reader: &mut dyn Read, _: &Budget, writer: &mut dyn Write) -> Result<Stats> {
        std::io::copy(reader, writer).map_err(Error::io("copy"))?;
        Ok(Stats::default())
    }
}

struct Nothing;

impl BlockCodec for Nothing {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "none",
            version: 1,
            summary: "",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: &[],
        }
    }

    fn block_len(&self, _: &Params) -> usize {
        1 << 20
    }

    fn memory(&self, _: &Params, _: usize) -> Memory {
        Memory {
            encode: 0,
            decode: 0,
        }
    }

    fn encode_block(&self, content: &[u8], _: &Params) -> Result<Vec<u8>> {
        Ok(content.to_vec())
    }

    fn decode_block(&self, payload: &[u8], _: usize, _: &Params) -> Result<Vec<u8>> {
        Ok(payload.to_vec())
    }
}

const fn param(name: &'static str, kind: ParamKind) -> ParamSpec {
    ParamSpec {
        name,
        doc: "",
        kind,
        needed_to_decode: false,
    }
}
