//! What the crate promises, checked from outside on generated logs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a promise that is broken ends its test"
)]

mod damage;
mod fallback;
mod logs;
mod round_trip;
mod search;

use std::num::NonZeroUsize;

use codec_core::{
    Blocks, Budget, Codec, Job, Limits, Media, Params, Registry, Result, decode_streams,
    encode_stream,
};
use codec_log::Log;

fn job(threads: usize) -> Job {
    Job {
        threads: NonZeroUsize::new(threads).unwrap(),
        budget: Budget::new(Limits::none()),
        reference: None,
        model: None,
        models: None,
    }
}

fn params(codec: &dyn Codec, settings: &[(&str, &str)]) -> Params {
    let mut params = Params::defaults(codec.descriptor().params);
    for (name, value) in settings {
        params.set(name, value).unwrap();
    }
    params
}

/// A `.cdc` file of one stream.
fn file_of(
    codec: &dyn Codec,
    content: &[u8],
    settings: &[(&str, &str)],
    threads: usize,
) -> Vec<u8> {
    let mut input = content;
    let mut file = Vec::new();
    let media = Media::bytes(&mut input, "log");
    let params = params(codec, settings);
    encode_stream(codec, media, &params, &job(threads), &mut file).unwrap();
    file
}

/// An archive of one stream, in blocks of 64 KiB.
fn archive_of(content: &[u8], level: &str) -> Vec<u8> {
    let settings = [("level", level), ("block", "64k")];
    file_of(&Blocks(Log), content, &settings, 1)
}

fn decoded(file: &[u8]) -> Result<Vec<u8>> {
    let mut registry = Registry::new();
    for codec in codec_log::codecs() {
        registry.register(codec);
    }
    let mut content = Vec::new();
    decode_streams(&registry, file, &job(1), &mut content)?;
    Ok(content)
}
