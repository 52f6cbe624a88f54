//! Numbers and strings of bytes, written and read back.

use codec_classic::Auto;
use codec_core::{BlockCodec, Error, Memory, Params, Result};

/// Appends a number, seven bits a byte, low ones first.
pub(super) fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends the length of bytes, then the bytes.
pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Reads what [`put_number`] and [`put_bytes`] wrote.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Damage at the place that has been reached.
    pub(super) fn damage(&self, problem: &str) -> Error {
        Error::corrupt(self.at as u64, format!("table: {problem}"))
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| self.damage("a byte was expected, but nothing is left"))?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if bits > u64::MAX >> shift {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.damage("a number does not fit 64 bits"))
    }

    /// A number that counts things, of which there are at most `most`.
    pub(super) fn count(&mut self, most: usize, what: &str) -> Result<usize> {
        let number = self.number()?;
        let count = usize::try_from(number).ok().filter(|count| *count <= most);
        count.ok_or_else(|| self.damage(&format!("{number} {what}, but there are at most {most}")))
    }

    pub(super) fn bytes(&mut self) -> Result<&'b [u8]> {
        let len = self.count(self.bytes.len(), "bytes of a part")?;
        let end = self.at + len;
        let part = self.bytes.get(self.at..end);
        let part = part.ok_or_else(|| self.damage(&format!("{len} more bytes were expected")))?;
        self.at = end;
        Ok(part)
    }

    /// # Errors
    /// [`Error::Corrupt`] where something is left.
    pub(super) fn finish(self) -> Result<()> {
        if self.at < self.bytes.len() {
            return Err(self.damage(&format!("{} bytes too many", self.bytes.len() - self.at)));
        }
        Ok(())
    }
}

/// Memory that coding text may take, in bytes.
const TEXT_MEMORY: u64 = 160 << 20;

/// Parameters of `auto` for text of a length: the best level that the memory allows.
fn text_params(len: usize) -> Result<Params> {
    let mut params = Params::defaults(Auto.descriptor().params);
    for level in (1..=9).rev() {
        params.set("level", &level.to_string())?;
        let Memory { encode, decode } = Auto.memory(&params, len);
        if encode.max(decode) <= TEXT_MEMORY {
            break;
        }
    }
    Ok(params)
}

/// Appends the length of text and its payload.
pub(super) fn put_text(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    put_number(text.len() as u64, out);
    if !text.is_empty() {
        put_bytes(&Auto.encode_block(text, &text_params(text.len())?)?, out);
    }
    Ok(())
}

/// Text of at most `most` bytes.
pub(super) fn take_text(reader: &mut Reader<'_>, most: usize) -> Result<Vec<u8>> {
    let len = reader.count(most, "bytes of text")?;
    if len == 0 {
        return Ok(Vec::new());
    }
    let payload = reader.bytes()?;
    let at = reader.position() - payload.len();
    let text = Auto.decode_block(payload, len, &text_params(len)?);
    text.map_err(|error| error.offset_by(at as u64))
}
