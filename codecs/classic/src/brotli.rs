//! `brotli` (RFC 7932), by the pure Rust implementation.

use std::io::{BufRead, BufReader, Read, Write};

use brotli::enc::{BrotliEncoderParams, StandardAlloc};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use codec_core::{
    BlockCodec, Budget, Descriptor, Error, LimitKind, MediaKind, Memory, NativeStream, ParamKind,
    ParamSpec, Params, Result, Stats,
};

use crate::params;
use crate::stream::Counted;

const PARAMS: &[ParamSpec] = &[
    params::level(0, 11, 5),
    params::block("4 MiB up to level 9, 16 MiB above"),
    ParamSpec {
        name: "window",
        doc: "log2 of the window in bytes",
        kind: ParamKind::Integer {
            min: 10,
            max: 24,
            default: 24,
        },
        needed_to_decode: false,
    },
];
/// Largest window of the format, in bytes: what a decoder may need.
const MAX_WINDOW: u64 = 16 << 20;

/// The codec `brotli`. The payload of a block is one brotli stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brotli;

fn encoder_params(params: &Params, size_hint: usize) -> BrotliEncoderParams {
    BrotliEncoderParams {
        quality: params::level_of(params) as i32,
        lgwin: params.integer("window") as i32,
        size_hint,
        ..BrotliEncoderParams::default()
    }
}

impl BlockCodec for Brotli {
    fn descriptor(&self) -> &Descriptor {
        &Descriptor {
            id: "brotli",
            version: 1,
            summary: "brotli (RFC 7932): strong on text and web files",
            media: &[MediaKind::Bytes],
            lossless: true,
            params: PARAMS,
        }
    }

    fn block_len(&self, params: &Params) -> usize {
        let default = if params::level_of(params) <= 9 {
            4 << 20
        } else {
            16 << 20
        };
        params::block_len(params, default)
    }

    fn memory(&self, params: &Params, block_len: usize) -> Memory {
        let window = MAX_WINDOW.min(block_len as u64);
        let factor = if params::level_of(params) <= 9 { 4 } else { 12 };
        Memory {
            encode: (4 << 20) + window * factor,
            decode: (1 << 20) + window,
        }
    }

    fn encode_block(&self, content: &[u8], params: &Params) -> Result<Vec<u8>> {
        let mut payload = Vec::with_capacity(content.len() / 4 + 64);
        let settings = encoder_params(params, content.len());
        brotli::BrotliCompress(&mut &content[..], &mut payload, &settings)
            .map_err(|error| Error::Internal(format!("brotli: {error}")))?;
        Ok(payload)
    }

    fn decode_block(
        &self,
        payload: &[u8],
        content_len: usize,
        _params: &Params,
    ) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let mut decoder = Decoder::new();
        let mut rest = payload;
        loop {
            let taken = payload.len() - rest.len();
            let (state, consumed, output) = decoder.step(rest, taken as u64)?;
            content.extend_from_slice(output);
            rest = rest.get(consumed..).unwrap_or_default();
            let at = (payload.len() - rest.len()) as u64;
            if content.len() > content_len {
                let problem = format!("block decodes to more than its {content_len} bytes");
                return Err(Error::corrupt(at, problem));
            }
            match state {
                Step::More => {}
                Step::End if rest.is_empty() => return Ok(content),
                Step::End => {
                    let problem = format!("{} bytes follow the brotli stream", rest.len());
                    return Err(Error::corrupt(at, problem));
                }
                Step::NeedsInput => {
                    return Err(Error::corrupt(at, "brotli stream is cut short"));
                }
            }
        }
    }

    fn native(&self) -> Option<&dyn NativeStream> {
        Some(self)
    }
}

impl NativeStream for Brotli {
    fn suffix(&self) -> &'static str {
        "br"
    }

    /// Brotli has no magic number.
    fn recognises(&self, _start: &[u8]) -> bool {
        false
    }

    fn encode(
        &self,
        reader: &mut dyn Read,
        params: &Params,
        writer: &mut dyn Write,
    ) -> Result<Stats> {
        let mut input = Counted::new(reader);
        let mut output = Counted::new(writer);
        brotli::BrotliCompress(&mut input, &mut output, &encoder_params(params, 0))
            .map_err(Error::io("encode"))?;
        Ok(Stats {
            content_bytes: input.total(),
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
        if allowed < MAX_WINDOW {
            return Err(Error::Limit {
                what: "the brotli window",
                needed: MAX_WINDOW,
                allowed,
                limit: LimitKind::Memory,
            });
        }
        let mut input = BufReader::with_capacity(64 << 10, reader);
        let mut decoder = Decoder::new();
        let mut stats = Stats {
            frames: 1,
            ..Stats::default()
        };
        loop {
            let ahead = input.fill_buf().map_err(Error::io("read input"))?;
            let ended = ahead.is_empty();
            let (state, consumed, output) = decoder.step(ahead, stats.payload_bytes)?;
            budget.produce(output.len() as u64)?;
            writer
                .write_all(output)
                .map_err(Error::io("write output"))?;
            stats.content_bytes += output.len() as u64;
            stats.payload_bytes += consumed as u64;
            input.consume(consumed);
            match state {
                Step::More => {}
                Step::NeedsInput if !ended => {}
                Step::NeedsInput => {
                    return Err(Error::corrupt(
                        stats.payload_bytes,
                        "the input is cut short",
                    ));
                }
                Step::End => break,
            }
        }
        if !input
            .fill_buf()
            .map_err(Error::io("read input"))?
            .is_empty()
        {
            let problem = "trailing garbage: the brotli stream before is complete";
            return Err(Error::corrupt(stats.payload_bytes, problem));
        }
        Ok(stats)
    }
}

/// What a step of the decoder ended in.
enum Step {
    /// The output buffer is full, or there was simply progress.
    More,
    NeedsInput,
    End,
}

/// The decoder with its output buffer.
struct Decoder {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    output: Vec<u8>,
    total: usize,
}

impl Decoder {
    fn new() -> Self {
        let allocator = StandardAlloc::default;
        Decoder {
            state: BrotliState::new(allocator(), allocator(), allocator()),
            output: vec![0; 64 << 10],
            total: 0,
        }
    }

    /// Decodes from `input`, which starts at offset `at`: what happened, how many bytes were taken,
    /// and the output.
    fn step(&mut self, input: &[u8], at: u64) -> Result<(Step, usize, &[u8])> {
        let mut available_in = input.len();
        let mut consumed = 0;
        let mut available_out = self.output.len();
        let mut made = 0;
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut consumed,
            input,
            &mut available_out,
            &mut made,
            &mut self.output,
            &mut self.total,
            &mut self.state,
        );
        let step = match result {
            BrotliResult::ResultSuccess => Step::End,
            BrotliResult::NeedsMoreInput => Step::NeedsInput,
            BrotliResult::NeedsMoreOutput => Step::More,
            BrotliResult::ResultFailure => {
                let problem = format!("brotli: invalid data ({:?})", self.state.error_code);
                return Err(Error::corrupt(at.saturating_add(consumed as u64), problem));
            }
        };
        Ok((step, consumed, self.output.get(..made).unwrap_or_default()))
    }
}
