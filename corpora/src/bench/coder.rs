//! A codec with everything it needs to run once.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use codec_core::{
    Budget, Codec, Error, Job, Limits, Media, NativeStream, Registry, Result, decode_streams,
    encode_stream,
};

use super::process;
use super::spec::{Program, Spec};

/// Suffix of the file in which a worker leaves its peak of memory.
pub(super) const PEAK: &str = "peak";

/// Which way a worker process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Content to compressed file.
    Encode,
    /// Compressed file to content.
    Decode,
}

/// What a worker process does: the codec of `spec`, from one file to another.
///
/// Where the system tells, the largest resident set of the process so far is then written in bytes
/// to a file beside `output`, with the suffix `peak`.
///
/// # Errors
/// As encoding or decoding does; [`Error::Usage`] if `spec` is a system tool.
pub fn work(
    registry: &Registry,
    direction: Direction,
    spec: &Spec,
    threads: NonZeroUsize,
    input: &Path,
    output: &Path,
) -> Result<()> {
    let coder = Coder::new(registry, spec, threads)?;
    let mut reader = File::open(input).map_err(Error::io("open input"))?;
    let file = File::create(output).map_err(Error::io("create output"))?;
    let mut writer = BufWriter::with_capacity(64 << 10, file);
    match direction {
        Direction::Encode => coder.encode(&mut reader, suffix_of(input), &mut writer)?,
        Direction::Decode => coder.decode(&mut BufReader::new(reader), &mut writer)?,
    }
    writer.flush().map_err(Error::io("write output"))?;
    if let Some(peak) = process::own_peak() {
        fs::write(output.with_extension(PEAK), peak.to_string())
            .map_err(Error::io("write peak"))?;
    }
    Ok(())
}

/// The file name suffix without its dot, or nothing.
pub(super) fn suffix_of(path: &Path) -> &str {
    path.extension()
        .and_then(|suffix| suffix.to_str())
        .unwrap_or("")
}

/// A codec, its parameters, and how it may run.
pub(super) struct Coder<'a> {
    registry: &'a Registry,
    codec: &'a dyn Codec,
    native: Option<&'a dyn NativeStream>,
    spec: &'a Spec,
    job: Job,
}

impl<'a> Coder<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        spec: &'a Spec,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let Program::Codec(id) = spec.program else {
            return Err(Error::Usage(format!("'{}' is not a codec", spec.label())));
        };
        let codec = registry.named(id)?;
        Ok(Coder {
            registry,
            codec,
            native: codec.native().filter(|_| spec.native),
            spec,
            // The input is the caller's own: there is nothing to guard against.
            job: Job {
                threads,
                budget: Budget::new(Limits::none()),
                reference: None,
                model: None,
                models: None,
            },
        })
    }

    pub(super) fn encode(
        &self,
        reader: &mut (dyn Read + Send),
        suffix: &str,
        mut writer: &mut dyn Write,
    ) -> Result<()> {
        let params = &self.spec.params;
        if let Some(native) = self.native {
            native.encode(reader, params, writer)?;
        } else {
            let media = Media::bytes(reader, suffix);
            encode_stream(self.codec, media, params, &self.job, &mut writer)?;
        }
        Ok(())
    }

    pub(super) fn decode(&self, reader: &mut dyn Read, mut writer: &mut dyn Write) -> Result<()> {
        if let Some(native) = self.native {
            native.decode(reader, &self.job.budget, writer)?;
        } else {
            decode_streams(self.registry, reader, &self.job, &mut writer)?;
        }
        Ok(())
    }
}
