//! Whole streams in one call: media to `.cdc` and back.

use std::io::{Read, Write};

use crate::container::{Reader, StreamHeader, Writer};
use crate::{Codec, Error, Job, Media, MediaSink, Params, Registry, Result, Stats};

/// Encodes `media` as one stream of the container. Gives the statistics and the bytes written.
///
/// # Errors
/// As [`Codec::encode`]; the output is incomplete then.
pub fn encode_stream<W: Write>(
    codec: &dyn Codec,
    media: Media<'_>,
    params: &Params,
    job: &Job,
    output: W,
) -> Result<(Stats, u64)> {
    let mut writer = Writer::new(output);
    let stats = codec.encode(media, params, job, &mut writer)?;
    let (_, written) = writer.finish()?;
    Ok((stats, written))
}

/// Decodes every stream of a container file, in order, into `media`.
///
/// # Errors
/// As [`Reader::next_stream`], [`Registry::for_stream`] and [`Codec::decode`]. What was delivered
/// before the error is correct.
pub fn decode_streams<R: Read>(
    registry: &Registry,
    input: R,
    job: &Job,
    media: &mut dyn MediaSink,
) -> Result<Stats> {
    let mut reader = Reader::new(input, &job.budget);
    let mut total = Stats::default();
    while let Some(header) = reader.next_stream()? {
        let codec = registry.for_stream(&header)?;
        let stats = codec.decode(&header, &mut reader, job, media)?;
        total.content_bytes = total.content_bytes.saturating_add(stats.content_bytes);
        total.payload_bytes = total.payload_bytes.saturating_add(stats.payload_bytes);
        total.frames = total.frames.saturating_add(stats.frames);
    }
    Ok(total)
}

impl Registry {
    /// The codec that decodes a stream.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if this build lacks the codec, or has only an older version of it.
    pub fn for_stream(&self, header: &StreamHeader) -> Result<&dyn Codec> {
        let id = &header.codec;
        let codec = self.find(id).ok_or_else(|| {
            Error::Unsupported(format!(
                "the stream needs codec '{id}', which this build lacks"
            ))
        })?;
        let ours = codec.descriptor().version;
        if header.codec_version == 0 || header.codec_version > ours {
            return Err(Error::Unsupported(format!(
                "the stream needs version {} of codec '{id}', this build has {ours}",
                header.codec_version
            )));
        }
        Ok(codec)
    }
}
