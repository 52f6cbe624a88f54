//! Content of gzip files, unpacked on its way to an encoder.

use std::io::{self, PipeReader, Read};
use std::thread;

use codec_suite::core::{Budget, Error, Limits, NativeStream, Registry};
use xxhash_rust::xxh64::Xxh64;

use crate::failure::Failure;
use crate::source::{Fingerprint, Source};

/// The codec whose streams are unpacked.
const GZIP: &str = "gzip";

/// How to unpack a source, if it is compressed with gzip.
pub(crate) fn gzip<'r>(
    registry: &'r Registry,
    source: &mut Source,
) -> Result<Option<&'r dyn NativeStream>, Failure> {
    let native = registry.native_by_start(source.start()?);
    Ok(native
        .filter(|(codec, _)| codec.descriptor().id == GZIP)
        .map(|(_, native)| native))
}

/// What is unpacked, counted and hashed as it is read.
pub(crate) struct Unpacked {
    pipe: PipeReader,
    hash: Xxh64,
    len: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.pipe.read(buffer)?;
        if let Some(new) = buffer.get(..read) {
            self.hash.update(new);
        }
        self.len += read as u64;
        Ok(read)
    }
}

/// Runs `encode` on the unpacked content of `source`, and returns the content's fingerprint too.
///
/// # Errors
/// Those of `encode`, and those of unpacking, which count more: then it has not seen everything.
pub(crate) fn unpacking<T>(
    native: &dyn NativeStream,
    source: &mut Source,
    encode: impl FnOnce(&mut Unpacked) -> Result<T, Error>,
) -> Result<(T, Fingerprint), Error> {
    let (pipe, mut end) = io::pipe().map_err(Error::io("make a pipe"))?;
    let mut unpacked = Unpacked {
        pipe,
        hash: Xxh64::new(0),
        len: 0,
    };
    thread::scope(|scope| {
        let unpacking = scope.spawn(move || {
            let budget = Budget::new(Limits::none());
            native.decode(source, &budget, &mut end)
        });
        let encoded = encode(&mut unpacked);
        let fingerprint = Fingerprint {
            len: unpacked.len,
            hash: unpacked.hash.digest(),
        };
        // Nobody reads on: an encoder that failed leaves the other side an error of its own.
        drop(unpacked);
        let result = match unpacking.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let encoded = encoded?;
        result?;
        Ok((encoded, fingerprint))
    })
}
