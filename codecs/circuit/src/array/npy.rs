//! Headers of `.npy` files, and writing such files.
//!
//! Source: NumPy Enhancement Proposal 1 and the documentation of `numpy.lib.format`. The header is
//! the text of a Python dictionary. Read are the three keys in any order, strings in either kind of
//! quotes without escapes, and white space between any two words.

use codec_core::{Error, Result};

use super::{Dtype, Header};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// What NumPy makes the length of a header a multiple of.
const ALIGNMENT: usize = 64;

/// A `.npy` file of version 1.0 of an array of that shape: values of one byte (`|u1`), or of two, the
/// high one first (`>u2`).
///
/// ```
/// use codec_circuit::array;
/// let file = array::npy_bytes(&[2, 3], 1, b"abcxyz");
/// assert_eq!(file.len(), 128 + 6);
/// assert_eq!(array::part(&file)?.records.record(1), b"xyz");
/// # Ok::<(), codec_core::Error>(())
/// ```
///
/// # Panics
/// If `bytes_per_value` is neither 1 nor 2, if there are not as many bytes as the shape says, or if
/// the shape has so many extents that its text exceeds 64 KiB.
#[must_use]
pub fn npy_bytes(shape: &[usize], bytes_per_value: usize, values: &[u8]) -> Vec<u8> {
    assert!(
        matches!(bytes_per_value, 1 | 2),
        "values of {bytes_per_value} bytes are not written"
    );
    let count: usize = shape.iter().product();
    assert!(
        count * bytes_per_value == values.len(),
        "an array of {shape:?} is not made of {} bytes",
        values.len()
    );
    let descr = if bytes_per_value == 1 { "|u1" } else { ">u2" };
    let mut extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    if let [only] = &mut extents[..] {
        // What makes it a tuple.
        only.push(',');
    }
    let extents = extents.join(", ");
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}");
    let before = MAGIC.len() + 4;
    let len = (before + text.len() + 1).next_multiple_of(ALIGNMENT);
    assert!(
        len - before <= usize::from(u16::MAX),
        "a shape of {} extents",
        shape.len()
    );
    let mut file = Vec::with_capacity(len + values.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&[1, 0]);
    file.extend_from_slice(&((len - before) as u16).to_le_bytes());
    file.extend_from_slice(text.as_bytes());
    file.resize(len - 1, b' ');
    file.push(b'\n');
    file.extend_from_slice(values);
    file
}

pub(super) fn recognises(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// The header of content that is [recognised](recognises).
pub(super) fn header(content: &[u8]) -> Result<Header> {
    let short = |needed: usize| {
        Error::corrupt(
            content.len() as u64,
            format!(
                "the header of a .npy file: expected {needed} bytes, found {}",
                content.len()
            ),
        )
    };
    let (length_bytes, start) = match content.get(6..8) {
        Some([1, 0]) => (2, 10),
        Some([2 | 3, 0]) => (4, 12),
        Some([major, minor]) => {
            return Err(Error::Unsupported(format!(
                ".npy of version {major}.{minor} is not read: 1.0, 2.0 and 3.0 are"
            )));
        }
        _ => return Err(short(8)),
    };
    let length = content
        .get(start - length_bytes..start)
        .ok_or_else(|| short(start))?
        .iter()
        .rfold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    let len = start.saturating_add(length);
    let text = content.get(..len).ok_or_else(|| short(len))?;
    dictionary(&mut Words { text, at: start })
}

/// The dictionary that is the whole text from there.
fn dictionary(words: &mut Words) -> Result<Header> {
    let (mut dtype, mut extents, mut order) = (None, None, None);
    words.expect(b'{')?;
    while !words.takes(b'}') {
        let at = words.at;
        let key = words.string()?;
        words.expect(b':')?;
        let first = match key {
            b"descr" => dtype.replace(words.dtype()?).is_none(),
            b"fortran_order" => order.replace(words.is_fortran()?).is_none(),
            b"shape" => extents.replace(words.shape()?).is_none(),
            _ => {
                let problem = format!("{} is no key of a .npy header", shown(key));
                return Err(Error::corrupt(at as u64, problem));
            }
        };
        if !first {
            let problem = format!("the key {} is there twice", shown(key));
            return Err(Error::corrupt(at as u64, problem));
        }
        if !words.takes(b',') {
            words.expect(b'}')?;
            break;
        }
    }
    let end = words.at;
    if words.peek().is_some() {
        return Err(words.unexpected("white space up to the end of the .npy header"));
    }
    let (Some(dtype), Some(extents), Some(fortran)) = (dtype, extents, order) else {
        return Err(Error::corrupt(
            end as u64,
            "a .npy header has the keys 'descr', 'fortran_order' and 'shape', but one is missing",
        ));
    };
    if fortran {
        return Err(Error::Unsupported(
            ".npy in Fortran order is not read: C order is, which numpy.ascontiguousarray gives"
                .to_owned(),
        ));
    }
    if !(1..=4).contains(&extents.len()) {
        return Err(Error::Unsupported(format!(
            ".npy of {} extents is not read: 1 to 4 are",
            extents.len()
        )));
    }
    Ok(Header {
        len: words.text.len(),
        extents,
        dtype,
    })
}

/// The words of a header's text.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    /// Past white space: the byte there, unless the text is over.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
        self.at += blanks.count();
        self.text.get(self.at).copied()
    }

    /// Whether that mark is next; then it is passed.
    fn takes(&mut self, mark: u8) -> bool {
        let found = self.peek() == Some(mark);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: u8) -> Result<()> {
        if self.takes(mark) {
            return Ok(());
        }
        Err(self.unexpected(&format!("'{}' in the .npy header", char::from(mark))))
    }

    fn unexpected(&self, expected: &str) -> Error {
        let found = match self.text.get(self.at) {
            Some(byte) => format!("byte {byte:#04x}"),
            None => "its end".to_owned(),
        };
        Error::corrupt(
            self.at as u64,
            format!("expected {expected}, found {found}"),
        )
    }

    /// What stands between quotes.
    fn string(&mut self) -> Result<&'a [u8]> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.unexpected("a string in quotes in the .npy header")),
        };
        let start = self.at + 1;
        let rest = &self.text[start..];
        let len = rest.iter().position(|byte| *byte == quote).ok_or_else(|| {
            Error::corrupt(self.at as u64, "a string of the .npy header does not end")
        })?;
        self.at = start + len + 1;
        Ok(&rest[..len])
    }

    fn dtype(&mut self) -> Result<Dtype> {
        let refuse = |what: String| {
            Err(Error::Unsupported(format!(
                ".npy of type {what} is not read: u1, i1, b1, u2 and i2 are"
            )))
        };
        if self.peek() == Some(b'[') {
            return refuse("with several fields".to_owned());
        }
        match self.string()? {
            [b'|' | b'<' | b'>' | b'=', b'u' | b'b', b'1'] | [b'u' | b'b', b'1'] => {
                Ok(Dtype::byte(false))
            }
            [b'|' | b'<' | b'>' | b'=', b'i', b'1'] | [b'i', b'1'] => Ok(Dtype::byte(true)),
            [order @ (b'<' | b'>'), sign @ (b'u' | b'i'), b'2'] => Ok(Dtype {
                little_endian: *order == b'<',
                ..Dtype::big_endian(*sign == b'i')
            }),
            other => refuse(shown(other)),
        }
    }

    fn is_fortran(&mut self) -> Result<bool> {
        self.peek();
        for (word, value) in [(&b"True"[..], true), (b"False", false)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected("True or False in the .npy header"))
    }

    fn shape(&mut self) -> Result<Vec<u64>> {
        let mut extents = Vec::new();
        let start = self.at;
        self.expect(b'(')?;
        let mut comma = true;
        while !self.takes(b')') {
            if !comma {
                return Err(self.unexpected("',' or ')' in the shape of the .npy header"));
            }
            extents.push(self.number()?);
            comma = self.takes(b',');
        }
        if extents.len() == 1 && !comma {
            let problem = "the shape of a .npy header is a tuple: (N,) where it has one extent";
            return Err(Error::corrupt(start as u64, problem));
        }
        Ok(extents)
    }

    fn number(&mut self) -> Result<u64> {
        self.peek();
        let start = self.at;
        let rest = &self.text[start..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        self.at += digits.clone().count();
        if self.at == start {
            return Err(self.unexpected("a number in the shape of the .npy header"));
        }
        // How Python 2 ended long numbers.
        self.at += usize::from(self.text.get(self.at) == Some(&b'L'));
        digits
            .into_iter()
            .try_fold(0u64, |value, digit| {
                value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
            })
            .ok_or_else(|| Error::corrupt(start as u64, "an extent exceeds 64 bits"))
    }
}

/// The start of a text of the header, in quotes.
fn shown(text: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(&text[..text.len().min(40)]))
}
