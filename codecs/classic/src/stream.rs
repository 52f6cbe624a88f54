//! Counting and copying for native streams.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use codec_core::{Budget, Error, Result};

/// A reader or writer that counts the bytes that went through it.
pub(crate) struct Counted<T> {
    inner: T,
    bytes: u64,
}

impl<T> Counted<T> {
    pub(crate) fn new(inner: T) -> Self {
        Counted { inner, bytes: 0 }
    }

    pub(crate) fn total(&self) -> u64 {
        self.bytes
    }
}

impl<T: Read> Read for Counted<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<T: BufRead> BufRead for Counted<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, len: usize) {
        self.bytes += len as u64;
        self.inner.consume(len);
    }
}

impl<T: Write> Write for Counted<T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Copies what `decoder` gives to `writer`, charging it to `budget` before it is written. Gives the
/// number of bytes copied.
///
/// Errors of the decoder count as damage at offset 0: the caller moves them to where its input is.
pub(crate) fn copy_decoded(
    decoder: &mut dyn Read,
    budget: &Budget,
    writer: &mut dyn Write,
) -> Result<u64> {
    let mut buffer = vec![0; 64 << 10];
    let mut copied = 0;
    loop {
        let read = match decoder.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(decoding_error(error)),
        };
        budget.produce(read as u64)?;
        let decoded = buffer.get(..read).unwrap_or_default();
        writer
            .write_all(decoded)
            .map_err(Error::io("write output"))?;
        copied += read as u64;
    }
}

/// Decoders report damage as an [`io::Error`] without a system error code; errors of the underlying
/// reader have one.
fn decoding_error(error: io::Error) -> Error {
    match (error.raw_os_error(), error.kind()) {
        (Some(_), _) => Error::io("read input")(error),
        (None, ErrorKind::UnexpectedEof) => Error::corrupt(0, "the input is cut short"),
        (None, _) => Error::corrupt(0, error.to_string()),
    }
}
