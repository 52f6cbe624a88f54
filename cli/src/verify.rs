//! Reading again what was written, before it gets its name.

use std::fs::File;
use std::io::{self, BufReader, Write};

use codec_suite::core::container::Reader;
use codec_suite::core::{Budget, Error, FrameSource, Job, Limits, Registry};
use xxhash_rust::xxh64::Xxh64;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::format::Format;
use crate::source::{Fingerprint, Source};

/// Checks structure and checksums of a container file, without decoding it.
pub(crate) fn structure(file: File) -> Result<(), Failure> {
    read_all_frames(file).map_err(|error| mismatch(&error.to_string()))
}

/// Checks that a file decodes to content of that length and hash.
pub(crate) fn content(
    registry: &Registry,
    format: Format<'_>,
    file: File,
    job: &Job,
    expected: Fingerprint,
) -> Result<(), Failure> {
    let mut source = Source::from_file(file)?;
    let mut hasher = Hasher {
        hash: Xxh64::new(0),
        len: 0,
    };
    format
        .decode(registry, &mut source, job, &mut hasher)
        .map_err(refused)?;
    let found = Fingerprint {
        len: hasher.len,
        hash: hasher.hash.digest(),
    };
    if found == expected {
        return Ok(());
    }
    Err(mismatch(&format!(
        "expected {} bytes with hash {:016x}, found {} bytes with hash {:016x}",
        expected.len, expected.hash, found.len, found.hash
    )))
}

/// Checks that the container file of a codec that changes media decodes without an error.
pub(crate) fn decodes(registry: &Registry, file: File, job: &Job) -> Result<(), Failure> {
    let mut source = Source::from_file(file)?;
    let decoded = Format::Container.decode(registry, &mut source, job, &mut io::sink());
    decoded.map(drop).map_err(refused)
}

fn read_all_frames(file: File) -> Result<(), Error> {
    let budget = Budget::new(Limits::none());
    let mut reader = Reader::new(BufReader::with_capacity(128 << 10, file), &budget);
    while reader.next_stream()?.is_some() {
        while reader.next_frame()?.is_some() {}
    }
    Ok(())
}

/// What an error in reading again says about what was written.
fn refused(error: Error) -> Failure {
    match Failure::from(error) {
        // A limit or a failing disk says nothing about it.
        failure if matches!(failure.exit, Exit::Limit | Exit::Error) => failure,
        failure => mismatch(&failure.detail.unwrap_or(failure.title)),
    }
}

fn mismatch(detail: &str) -> Failure {
    Failure::new(
        Exit::Mismatch,
        "what was written does not give back what was read",
    )
    .detail(detail)
    .hint("the source is intact and no output is left; suspect the memory or the disk, or a defect here")
}

struct Hasher {
    hash: Xxh64,
    len: u64,
}

impl Write for Hasher {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.hash.update(buffer);
        self.len += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;
    use xxhash_rust::xxh64::xxh64;

    fn file_of(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        file
    }

    fn verified(encoded: &[u8], expected: Fingerprint) -> Result<(), Failure> {
        let job = Job::single_threaded();
        let registry = codec_suite::registry();
        content(
            &registry,
            Format::Container,
            file_of(encoded),
            &job,
            expected,
        )
    }

    #[test]
    fn content_that_differs_from_the_source_is_a_mismatch() {
        let encoded = codec_suite::encode(b"content", "zstd", &[]).unwrap();
        let right = Fingerprint {
            len: 7,
            hash: xxh64(b"content", 0),
        };
        assert_eq!(verified(&encoded, right), Ok(()));
        let wrong = Fingerprint {
            hash: right.hash ^ 1,
            ..right
        };
        assert_eq!(verified(&encoded, wrong).unwrap_err().exit, Exit::Mismatch);
    }

    #[test]
    fn a_file_of_changed_media_has_to_decode() {
        let decoded = |bytes: &[u8]| {
            let registry = codec_suite::registry();
            decodes(&registry, file_of(bytes), &Job::single_threaded())
        };
        let mut encoded = codec_suite::encode(b"content", "zstd", &[]).unwrap();
        assert_eq!(decoded(&encoded), Ok(()));
        encoded.truncate(encoded.len() - 1);
        assert_eq!(decoded(&encoded).unwrap_err().exit, Exit::Mismatch);
    }

    #[test]
    fn what_does_not_decode_at_all_is_a_mismatch_too() {
        let mut encoded = codec_suite::encode(b"content", "zstd", &[]).unwrap();
        if let Some(last) = encoded.last_mut() {
            *last ^= 1;
        }
        let expected = Fingerprint { len: 7, hash: 0 };
        let failure = verified(&encoded, expected).unwrap_err();
        assert_eq!(failure.exit, Exit::Mismatch);
        assert_eq!(
            structure(file_of(&encoded)).unwrap_err().exit,
            Exit::Mismatch
        );
    }
}
