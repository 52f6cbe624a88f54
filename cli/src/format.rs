//! Formats of compressed data: recognising them, and decoding any of them.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use codec_suite::core::container::{MAGIC, Reader, StreamIndex, read_indexes};
use codec_suite::core::{
    Codec, Error, Job, LimitKind, MediaDescription, MediaKind, MediaSink, NativeStream, Registry,
};

use crate::exit::Exit;
use crate::failure::{Failure, recover_hint};
use crate::names;
use crate::source::Source;
use crate::units::size_of_at_least;

/// The codec whose streams start with no magic number: only a name or an option can tell.
const WITHOUT_MAGIC: &str = "brotli";

/// What a compressed file is.
#[derive(Clone, Copy)]
pub(crate) enum Format<'r> {
    /// The suite's own container, which names its codecs.
    Container,
    /// A codec's native stream.
    Native(&'r dyn Codec, &'r dyn NativeStream),
}

/// What decoding went through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// Codecs of the streams, each once, in order of appearance.
    pub(crate) codecs: Vec<String>,
    /// Length of the content in bytes.
    pub(crate) content_bytes: u64,
    /// Length of the compressed data in bytes.
    pub(crate) encoded_bytes: u64,
}

impl<'r> Format<'r> {
    /// The format of `source`: as its first bytes say, or as `codec` or its name say.
    pub(crate) fn recognise(
        registry: &'r Registry,
        source: &mut Source,
        codec: Option<&str>,
    ) -> Result<Self, Failure> {
        let forced = match codec {
            Some(name) => Some(named_native(registry, name)?),
            None => None,
        };
        let start = source.start()?.to_vec();
        if start.is_empty() {
            return Err(Failure {
                position: Some(0),
                ..Failure::new(
                    Exit::Corrupt,
                    "is empty: there is no compressed stream in it",
                )
            });
        }
        // A file shorter than the magic number may be what is left of a container.
        if start.starts_with(&MAGIC) || MAGIC.starts_with(&start) {
            return Ok(Format::Container);
        }
        if let Some((codec, native)) = forced.or_else(|| registry.native_by_start(&start)) {
            return Ok(Format::Native(codec, native));
        }
        let suffix = source.path().and_then(names::native_suffix);
        match suffix.and_then(|suffix| registry.native_by_suffix(&suffix)) {
            Some((codec, native)) if codec.descriptor().id == WITHOUT_MAGIC => {
                Ok(Format::Native(codec, native))
            }
            _ => Err(unknown(&start, source.path())),
        }
    }

    /// Decodes everything from `source` to `output` and checks that it ends where it should.
    pub(crate) fn decode(
        self,
        registry: &Registry,
        source: &mut Source,
        job: &Job,
        output: &mut dyn Write,
    ) -> Result<Decoded, Error> {
        match self {
            Format::Container => decode_container(registry, source, job, &mut &mut *output),
            Format::Native(codec, native) => {
                let stats = native.decode(source, &job.budget, output)?;
                Ok(Decoded {
                    codecs: vec![codec.descriptor().id.to_owned()],
                    content_bytes: stats.content_bytes,
                    encoded_bytes: stats.payload_bytes,
                })
            }
        }
    }

    /// The failure behind an error of [`Format::decode`], with what to do about it.
    pub(crate) fn explain(self, error: Error, path: Option<&Path>) -> Failure {
        let is_output_limit = matches!(
            error,
            Error::Limit {
                limit: LimitKind::Output,
                ..
            }
        );
        let is_damage = matches!(error, Error::Corrupt { .. });
        let failure = Failure::from(error);
        match (self, path) {
            (Format::Container, Some(path)) if is_damage => failure.hint(recover_hint(path)),
            (Format::Container, Some(path)) if is_output_limit => match content_len(path) {
                Some(len) => {
                    failure.hint(format!("--max-output {} is enough", size_of_at_least(len)))
                }
                None => failure,
            },
            _ => failure,
        }
    }
}

fn decode_container(
    registry: &Registry,
    source: &mut Source,
    job: &Job,
    media: &mut dyn MediaSink,
) -> Result<Decoded, Error> {
    let input = BufReader::with_capacity(128 << 10, source);
    let mut reader = Reader::new(input, &job.budget);
    let mut decoded = Decoded::default();
    while let Some(header) = reader.next_stream()? {
        let codec = registry.for_stream(&header)?;
        let stats = codec.decode(&header, &mut reader, job, media)?;
        if !decoded.codecs.contains(&header.codec) {
            decoded.codecs.push(header.codec);
        }
        decoded.content_bytes = decoded.content_bytes.saturating_add(stats.content_bytes);
    }
    decoded.encoded_bytes = reader.position();
    Ok(decoded)
}

/// What a container file says of its first stream's content; `None` for anything else.
pub(crate) fn recorded_media(path: &Path) -> Option<MediaDescription> {
    let job = Job::single_threaded();
    let mut reader = Reader::new(BufReader::new(File::open(path).ok()?), &job.budget);
    Some(reader.next_stream().ok()??.media)
}

/// Total content of a container file that is whole, in bytes; `None` where it is not bytes.
fn content_len(path: &Path) -> Option<u64> {
    let streams = read_indexes(&mut File::open(path).ok()?).ok()?;
    if !are_bytes(&streams) {
        return None;
    }
    let lens = streams.iter().map(|stream| stream.content_len());
    Some(lens.fold(0, u64::saturating_add))
}

/// Whether the content of all streams is counted in bytes.
pub(crate) fn are_bytes(streams: &[StreamIndex]) -> bool {
    let mut kinds = streams.iter().map(|stream| stream.header.media.kind());
    kinds.all(|kind| kind == MediaKind::Bytes)
}

fn named_native<'r>(
    registry: &'r Registry,
    name: &str,
) -> Result<(&'r dyn Codec, &'r dyn NativeStream), Failure> {
    let codec = registry.named(name)?;
    match codec.native() {
        Some(native) => Ok((codec, native)),
        None => Err(
            Failure::usage(format!("codec '{name}' has no native stream to read"))
                .hint("leave -c away: .cdc files name their codec"),
        ),
    }
}

fn unknown(start: &[u8], path: Option<&Path>) -> Failure {
    let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    let damaged_container = path
        .filter(|path| {
            path.extension()
                .is_some_and(|suffix| suffix == names::CONTAINER_SUFFIX)
        })
        .map(recover_hint);
    Failure {
        position: Some(0),
        ..Failure::new(Exit::Corrupt, "is not in a known compressed format")
    }
    .detail(format!(
        "at byte 0: found {}, expected the start of a .cdc, gzip, xz or zstd stream",
        hex.join(" ")
    ))
    .hint(damaged_container.unwrap_or_else(|| {
        format!("-c {WITHOUT_MAGIC} if it is {WITHOUT_MAGIC}, which has no magic number")
    }))
}
