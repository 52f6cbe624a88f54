//! Records of FASTQ files, read strictly: four lines each, with as many qualities as bases.

use thiserror::Error;

/// A read and its qualities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The header without its `@`.
    pub name: &'a [u8],
    /// The letters of the sequence.
    pub sequence: &'a [u8],
    /// One byte for each letter, from `!` to `~`.
    pub qualities: &'a [u8],
}

/// Where a file is no FASTQ, and why.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("record {record}, line {line}: {reason}")]
pub struct Malformed {
    /// Number of the record, from 1.
    pub record: u64,
    /// Number of the line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The first line does not start with `@`.
    #[error("expected a header that starts with '@', found {}", shown(*found))]
    NoHeader {
        /// The first byte; `None` for an empty line.
        found: Option<u8>,
    },
    /// The file ends within the record.
    #[error("the file ends where {0} should be")]
    Incomplete(&'static str),
    /// A byte of the sequence is no letter, gap or stop.
    #[error("{} is no letter of a sequence", shown(Some(*.0)))]
    NoLetter(u8),
    /// The third line does not start with `+`.
    #[error("expected a line that starts with '+', found {}", shown(*found))]
    NoSeparator {
        /// The first byte; `None` for an empty line.
        found: Option<u8>,
    },
    /// The third line holds a name, but another one than the first line.
    #[error("the name behind '+' is not the one behind '@'")]
    OtherName,
    /// There are more or fewer qualities than letters.
    #[error("{qualities} qualities for {letters} letters")]
    Lengths {
        /// Letters of the sequence.
        letters: usize,
        /// Qualities.
        qualities: usize,
    },
    /// A byte is no quality.
    #[error("{} is no quality, which are '!' to '~'", shown(Some(*.0)))]
    NoQuality(u8),
}

fn shown(byte: Option<u8>) -> String {
    match byte {
        Some(byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(byte)),
        Some(byte) => format!("byte 0x{byte:02x}"),
        None => "an empty line".to_owned(),
    }
}

/// Checks a whole FASTQ file, and counts its records.
///
/// Lines end with LF or CR LF; the last one need not end.
///
/// ```
/// use codec_dna::fastq;
/// assert_eq!(fastq::check(b"@r1\nACGT\n+\nIIII\n@r2\nAC\n+r2\n!~\n"), Ok(2));
/// let error = fastq::check(b"@r1\nACGT\n+\nIII\n").unwrap_err();
/// assert_eq!(error.to_string(), "record 1, line 4: 3 qualities for 4 letters");
/// ```
///
/// # Errors
/// [`Malformed`] for the first record that is not well formed.
pub fn check(content: &[u8]) -> Result<u64, Malformed> {
    let mut count = 0;
    for record in Records::new(content) {
        record?;
        count += 1;
    }
    Ok(count)
}

/// The records of a file, up to the first that is malformed.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    /// Records and lines so far.
    record: u64,
    line: u64,
}

impl<'a> Records<'a> {
    /// The records of `content`.
    #[must_use]
    pub fn new(content: &'a [u8]) -> Self {
        Records {
            rest: content,
            record: 0,
            line: 0,
        }
    }

    fn take_line(&mut self, what: &'static str) -> Result<&'a [u8], Malformed> {
        self.line += 1;
        if self.rest.is_empty() {
            return Err(self.malformed(Reason::Incomplete(what)));
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn malformed(&self, reason: Reason) -> Malformed {
        Malformed {
            record: self.record,
            line: self.line,
            reason,
        }
    }

    fn take_record(&mut self) -> Result<Record<'a>, Malformed> {
        self.record += 1;
        let header = self.take_line("the header")?;
        let name = header.strip_prefix(b"@").ok_or_else(|| {
            self.malformed(Reason::NoHeader {
                found: header.first().copied(),
            })
        })?;
        let sequence = self.take_line("the sequence")?;
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || b"-*.".contains(byte);
        if let Some(other) = sequence.iter().find(|byte| !is_letter(byte)) {
            return Err(self.malformed(Reason::NoLetter(*other)));
        }
        let separator = self.take_line("the line of '+'")?;
        let again = separator.strip_prefix(b"+").ok_or_else(|| {
            self.malformed(Reason::NoSeparator {
                found: separator.first().copied(),
            })
        })?;
        if !again.is_empty() && again != name {
            return Err(self.malformed(Reason::OtherName));
        }
        let qualities = match sequence {
            // An empty line at the end of a file may not be there.
            [] if self.rest.is_empty() => b"",
            _ => self.take_line("the qualities")?,
        };
        if qualities.len() != sequence.len() {
            return Err(self.malformed(Reason::Lengths {
                letters: sequence.len(),
                qualities: qualities.len(),
            }));
        }
        if let Some(other) = qualities.iter().find(|byte| !byte.is_ascii_graphic()) {
            return Err(self.malformed(Reason::NoQuality(*other)));
        }
        Ok(Record {
            name,
            sequence,
            qualities,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.take_record();
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_defect_is_named_with_its_place() {
        for (content, expected) in [
            (
                &b"@a\nA\n+\n!\nACGT\n"[..],
                "record 2, line 5: expected a header that starts with '@', found 'A'",
            ),
            (
                b"@a\nA\n+\n!\n\n",
                "record 2, line 5: expected a header that starts with '@', found an empty line",
            ),
            (
                b"@a\nA\n",
                "record 1, line 3: the file ends where the line of '+' should be",
            ),
            (
                b"@a\nA\n+\n",
                "record 1, line 4: the file ends where the qualities should be",
            ),
            (
                b"@a\nA C\n+\n!!!\n",
                "record 1, line 2: byte 0x20 is no letter of a sequence",
            ),
            (
                b"@a\nA\n!\n!\n",
                "record 1, line 3: expected a line that starts with '+', found '!'",
            ),
            (
                b"@a\nA\n+b\n!\n",
                "record 1, line 3: the name behind '+' is not the one behind '@'",
            ),
            (
                b"@a\nAC\n+a\n!\n",
                "record 1, line 4: 1 qualities for 2 letters",
            ),
            (
                b"@a\nA\n+a\n\x07\n",
                "record 1, line 4: byte 0x07 is no quality, which are '!' to '~'",
            ),
        ] {
            assert_eq!(check(content).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn well_formed_files_are_counted() {
        assert_eq!(check(b""), Ok(0));
        assert_eq!(check(b"@a\r\nAC-N*\r\n+a\r\n!!~~I\r\n@\n\n+\n\n"), Ok(2));
        assert_eq!(check(b"@a\nA\n+\n@"), Ok(1));
    }
}
