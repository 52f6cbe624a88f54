//! Numbers and byte strings of the container, read with their positions.

use crate::{Error, Result};

/// Longest encoding of a variable-length number, in bytes.
pub(super) const VARINT_MAX: usize = 10;

/// Appends `value` in base 128, least significant group first, high bit set on all but the last.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length as a varint, then the bytes.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A varint that arrives byte by byte.
#[derive(Default)]
pub(super) struct VarintDecoder {
    value: u64,
    bytes: u32,
}

impl VarintDecoder {
    /// Takes the next byte; gives the number once it is complete.
    ///
    /// # Errors
    /// In words, if the encoding is longer than needed or does not fit 64 bits.
    pub(super) fn push(&mut self, byte: u8) -> std::result::Result<Option<u64>, &'static str> {
        let group = u64::from(byte & 0x7F);
        let shift = self.bytes.saturating_mul(7);
        if shift > 63 || (shift == 63 && group > 1) {
            return Err("number does not fit 64 bits");
        }
        self.value |= group << shift;
        self.bytes = self.bytes.saturating_add(1);
        if byte & 0x80 != 0 {
            return Ok(None);
        }
        if byte == 0 && self.bytes > 1 {
            return Err("number is longer than it needs to be");
        }
        Ok(Some(self.value))
    }
}

/// Reads fields from a slice that starts at offset `base` of the input.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    at: u64,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], base: u64) -> Self {
        Fields {
            rest: bytes,
            at: base,
        }
    }

    /// Offset of the next field in the input, in bytes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes not yet read.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, len: usize, what: &str) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                self.at = self.at.saturating_add(len as u64);
                Ok(taken)
            }
            None => Err(Error::corrupt(
                self.at,
                format!("{what} needs {len} bytes, {} are left", self.rest.len()),
            )),
        }
    }

    pub(super) fn byte(&mut self, what: &str) -> Result<u8> {
        Ok(self.take(1, what)?.first().copied().unwrap_or(0))
    }

    pub(super) fn varint(&mut self, what: &str) -> Result<u64> {
        let at = self.at;
        let mut decoder = VarintDecoder::default();
        loop {
            let byte = self.byte(what)?;
            match decoder.push(byte) {
                Ok(Some(value)) => return Ok(value),
                Ok(None) => {}
                Err(problem) => return Err(Error::corrupt(at, format!("{what}: {problem}"))),
            }
        }
    }

    /// A length and that many bytes.
    pub(super) fn bytes(&mut self, what: &str) -> Result<&'a [u8]> {
        let len = self.varint(what)?;
        self.take(usize::try_from(len).unwrap_or(usize::MAX), what)
    }

    /// A length and that many bytes of UTF-8.
    pub(super) fn text(&mut self, what: &str) -> Result<&'a str> {
        let at = self.at;
        std::str::from_utf8(self.bytes(what)?)
            .map_err(|_| Error::corrupt(at, format!("{what} is not UTF-8")))
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32> {
        let bytes = self.take(4, what)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_survives_in_its_shortest_form(value: u64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            prop_assert!(bytes.len() <= VARINT_MAX);
            let mut fields = Fields::new(&bytes, 0);
            prop_assert_eq!(fields.varint("n").unwrap(), value);
            prop_assert_eq!(fields.left(), 0);
        }
    }

    #[test]
    fn overlong_and_oversized_numbers_are_refused_with_their_position() {
        for bytes in [&[0x80, 0x00][..], &[0xFF; 10], &[0x80; 11], &[0x81]] {
            let error = Fields::new(bytes, 100).varint("n").unwrap_err();
            assert!(
                matches!(error, Error::Corrupt { at: 100..=101, .. }),
                "{error}"
            );
        }
    }
}
