//! Numbers and byte strings of headers.

use codec_core::{Error, Result};

/// Appends `value` in 1 to 10 bytes, seven bits each, low ones first (LEB128).
pub(crate) fn write_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a byte string behind its length.
pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote.
pub(crate) struct Fields<'a> {
    input: &'a [u8],
    at: usize,
    /// What is read, for messages.
    what: &'static str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(input: &'a [u8], what: &'static str) -> Self {
        Self { input, at: 0, what }
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits > u64::MAX >> shift {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.corrupt("a number does not fit 64 bits"))
    }

    /// A number of at most `most`.
    pub(crate) fn number_up_to(&mut self, most: u64, name: &str) -> Result<usize> {
        let value = self.number()?;
        if value <= most {
            Ok(value as usize)
        } else {
            Err(self.corrupt(&format!("{name} is {value}; at most {most} is possible")))
        }
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let end = self
            .at
            .checked_add(len)
            .filter(|&end| end <= self.input.len());
        let Some(end) = end else {
            return Err(self.corrupt(&format!("{len} more bytes were expected")));
        };
        let bytes = &self.input[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    /// A byte string behind its length.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = self.number_up_to(self.input.len() as u64, "a length")?;
        self.take(len)
    }

    /// Everything left.
    pub(crate) fn rest(self) -> &'a [u8] {
        &self.input[self.at..]
    }

    /// Bytes not read yet.
    pub(crate) fn left(&self) -> usize {
        self.input.len() - self.at
    }

    /// Bytes read so far.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn corrupt(&self, problem: &str) -> Error {
        Error::corrupt(self.at as u64, format!("{}: {problem}", self.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_and_short_ones_are_refused() {
        let mut out = Vec::new();
        for value in [0, 127, 128, u64::MAX] {
            write_number(value, &mut out);
        }
        write_bytes(b"abc", &mut out);
        let mut fields = Fields::new(&out, "a test");
        for value in [0, 127, 128, u64::MAX] {
            assert_eq!(fields.number().unwrap(), value);
        }
        assert_eq!(fields.bytes().unwrap(), b"abc");
        assert!(fields.byte().is_err());
        for end in 0..out.len() {
            let mut fields = Fields::new(&out[..end], "a test");
            let read: Result<Vec<u64>> = (0..4).map(|_| fields.number()).collect();
            assert!(read.is_err() || fields.bytes().is_err());
        }
        assert!(Fields::new(&[0xff; 11], "a test").number().is_err());
    }
}
