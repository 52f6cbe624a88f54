//! Blocks of FASTQ to names, lengths, qualities and letters; what is malformed is kept as it is.

use codec_core::{BlockCodec, Result};

use super::quality;
use crate::coder::{BitCoder, Flag, Number};
use crate::damage::{Damage, Damaged};
use crate::names::Names;
use crate::residues::{Exception, Joiner, Residues, Splitter, most_runs};

/// Malformed bytes that a block may have, and the share of it beyond that.
const FREE_MALFORMED: usize = 16 << 10;
const MALFORMED_SHARE: usize = 8;

/// Parts that any block may have, and bytes for each further one.
const FREE_PARTS: usize = 1 << 10;
const BYTES_PER_PART: usize = 64;

/// Shortest record: four line ends, `@` and `+`.
const SHORTEST: usize = 6;

/// The records of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    is_crlf: bool,
    /// Whether the last line of the last record does not end.
    is_cut: bool,
    /// Malformed bytes, and records behind them, that often.
    parts: Vec<[u32; 2]>,
    /// All malformed bytes.
    pub(crate) malformed: Vec<u8>,
    /// Headers without their mark, each ended by LF.
    headers: Vec<u8>,
    /// Letters of each record.
    lens: Vec<u32>,
    /// Whether the header is there again behind `+`.
    repeats: Vec<bool>,
    qualities: Vec<u8>,
}

struct Record<'a> {
    header: &'a [u8],
    letters: &'a [u8],
    repeats: bool,
    qualities: &'a [u8],
    /// Bytes of the record.
    len: usize,
    is_cut: bool,
}

/// The record at the beginning of `content`, if there is one.
fn record<'a>(content: &'a [u8], end: &[u8]) -> Option<Record<'a>> {
    let mut rest = content.strip_prefix(b"@")?;
    let mut line = || {
        let at = memchr::memchr(b'\n', rest)?;
        let line = rest.get(..=at)?.strip_suffix(end);
        rest = rest.get(at + 1..)?;
        line
    };
    let header = line()?;
    let letters = line()?;
    let again = line()?.strip_prefix(b"+")?;
    let repeats = !again.is_empty();
    if repeats && again != header {
        return None;
    }
    let (qualities, behind) = rest.split_at_checked(letters.len())?;
    let is_cut = behind.is_empty();
    let behind = if is_cut {
        behind
    } else {
        behind.strip_prefix(end)?
    };
    (!qualities.contains(&b'\n')).then_some(Record {
        header,
        letters,
        repeats,
        qualities,
        len: content.len() - behind.len(),
        is_cut,
    })
}

/// The end of the last whole record of `block`, if it ends with records.
pub(crate) fn last_record_end(block: &[u8]) -> Option<usize> {
    /// Line starts that are looked at.
    const LINES: usize = 12;
    let mut end = block.len();
    for _ in 0..LINES {
        let start = memchr::memrchr(b'\n', block.get(..end)?).map_or(0, |at| at + 1);
        let candidate = block.get(start..)?;
        for line_end in [&b"\n"[..], b"\r\n"] {
            if let Some(record) = record(candidate, line_end).filter(|record| !record.is_cut) {
                return Some(start + record.len);
            }
        }
        end = start.checked_sub(1)?;
    }
    None
}

fn most_parts(content_len: usize) -> usize {
    FREE_PARTS + content_len / BYTES_PER_PART
}

impl Reads {
    /// Takes content apart; letters go to the splitter returned. `None` if it is not mostly FASTQ.
    pub(crate) fn parse(content: &[u8]) -> Option<(Self, Splitter)> {
        let first_line = content.split_inclusive(|byte| *byte == b'\n').next()?;
        let mut reads = Self {
            is_crlf: first_line.ends_with(b"\r\n"),
            ..Self::default()
        };
        let mut splitter: Option<Splitter> = None;
        let end = reads.end();
        let most = FREE_MALFORMED.min(content.len() / 2) + content.len() / MALFORMED_SHARE;
        let mut rest = content;
        let mut part = [0u32; 2];
        while !rest.is_empty() {
            if let Some(record) = record(rest, end) {
                let splitter = splitter.get_or_insert_with(|| {
                    let is_rna = !record.letters.contains(&b'T') && record.letters.contains(&b'U');
                    Splitter::new(is_rna, content.len() / 2)
                });
                splitter.push(record.letters)?;
                reads.headers.extend_from_slice(record.header);
                reads.headers.push(b'\n');
                reads.lens.push(u32::try_from(record.letters.len()).ok()?);
                reads.repeats.push(record.repeats);
                reads.qualities.extend_from_slice(record.qualities);
                reads.is_cut = record.is_cut;
                part[1] += 1;
                rest = rest.get(record.len..)?;
                continue;
            }
            if part[1] > 0 {
                reads.parts.push(part);
                part = [0; 2];
                if reads.parts.len() >= most_parts(content.len()) {
                    return None;
                }
            }
            let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (line, behind) = rest.split_at(line);
            part[0] += u32::try_from(line.len()).ok()?;
            reads.malformed.extend_from_slice(line);
            rest = behind;
            if reads.malformed.len() > most {
                return None;
            }
        }
        reads.parts.push(part);
        Some((reads, splitter?))
    }

    fn end(&self) -> &'static [u8] {
        if self.is_crlf { b"\r\n" } else { b"\n" }
    }

    /// Codes everything but bases and malformed bytes.
    ///
    /// # Errors
    /// [`Damage`] if what is decoded does not fit content of `content_len` bytes.
    pub(crate) fn code<K: BitCoder>(
        &mut self,
        coder: &mut K,
        residues: &mut Residues,
        content_len: usize,
        mixes: bool,
        encodes: bool,
    ) -> Damaged<()> {
        self.is_crlf = Flag::rare().code(coder, self.is_crlf);
        self.is_cut = Flag::rare().code(coder, self.is_cut);
        self.code_parts(coder, content_len, encodes)?;
        residues.len = self.code_records(coder, content_len, encodes)?;
        let qualities = quality::code(coder, &self.qualities, &self.lens, mixes, encodes)?;
        if !encodes {
            self.qualities = qualities;
        }
        let unknown = self.code_unknown(coder, residues, encodes)?;
        residues.code(coder, encodes)?;
        if !encodes {
            residues.insert(unknown)?;
        }
        Ok(())
    }

    fn code_parts<K: BitCoder>(
        &mut self,
        coder: &mut K,
        content_len: usize,
        encodes: bool,
    ) -> Damaged<()> {
        let count = Number::new().code(coder, self.parts.len() as u32) as usize;
        if count > most_parts(content_len) {
            return Err(Damage("more parts than the content has room for"));
        }
        let (mut bytes, mut records) = (Number::new(), Number::new());
        let mut used = 0;
        for i in 0..count {
            let [malformed, behind] = self.parts.get(i).copied().unwrap_or_default();
            let part = [bytes.code(coder, malformed), records.code(coder, behind)];
            used += u64::from(part[0]) + u64::from(part[1]) * SHORTEST as u64;
            // The last line may not end.
            if used > content_len as u64 + 2 || coder.is_overrun() {
                return Err(Damage("more records than the content has room for"));
            }
            if !encodes {
                self.parts.push(part);
            }
        }
        Ok(())
    }

    /// Codes headers, lengths and lines of `+`, and returns the number of letters.
    fn code_records<K: BitCoder>(
        &mut self,
        coder: &mut K,
        content_len: usize,
        encodes: bool,
    ) -> Damaged<u32> {
        let records = self
            .parts
            .iter()
            .map(|part| part[1] as usize)
            .sum::<usize>();
        let malformed = self
            .parts
            .iter()
            .map(|part| u64::from(part[0]))
            .sum::<u64>();
        let end = self.end().len() as u64;
        let missing = if self.is_cut { end } else { 0 };
        let mut names = Names::new(content_len);
        let known = std::mem::take(&mut self.headers);
        let mut known = known.split_inclusive(|byte| *byte == b'\n');
        let mut same = [Flag::default(); 2];
        let mut again = [Flag::default(); 2];
        let mut lens = Number::new();
        let (mut len, mut was_same, mut repeats) = (0, true, false);
        let mut letters = 0u64;
        let mut used = malformed;
        for i in 0..records {
            let header = names.code(coder, known.next().unwrap_or_default(), content_len)?;
            self.headers.extend_from_slice(header);
            let name_len = header.len() as u64 - 1;
            let real = self.lens.get(i).copied().unwrap_or(0);
            was_same = same[usize::from(was_same)].code(coder, real == len);
            if !was_same {
                len = lens.code(coder, real);
            }
            let repeated = self.repeats.get(i).copied().unwrap_or(false);
            repeats = again[usize::from(repeats)].code(coder, repeated);
            letters += u64::from(len);
            let name_again = if repeats { name_len } else { 0 };
            used += 2 + name_len + name_again + 2 * u64::from(len) + 4 * end;
            if used > content_len as u64 + missing {
                return Err(Damage("longer records than the content has room for"));
            }
            if !encodes {
                self.lens.push(len);
                self.repeats.push(repeats);
            }
        }
        if used != content_len as u64 + missing {
            return Err(Damage("records of another length than the content"));
        }
        u32::try_from(letters).map_err(|_| Damage("too many letters"))
    }

    /// Codes which letters are N, given the qualities: some qualities are only those of N, some of
    /// bases. In encoding the runs of N are taken out of the residues; in decoding they are returned.
    fn code_unknown<K: BitCoder>(
        &self,
        coder: &mut K,
        residues: &mut Residues,
        encodes: bool,
    ) -> Damaged<Vec<Exception>> {
        let unknown = if encodes {
            residues.take(b'N')
        } else {
            Vec::new()
        };
        if !Flag::default().code(coder, !unknown.is_empty()) {
            return Ok(unknown);
        }
        let mut seen = [[false; 2]; 256];
        let mut walk = unknown.iter().peekable();
        for (at, &quality) in (0..).zip(&self.qualities) {
            seen[usize::from(quality)][usize::from(is_in(&mut walk, at))] = true;
        }
        // For each quality: whether it is that of N only, else whether it is that of N at all.
        let (mut only, mut any) = (Flag::rare(), Flag::rare());
        let mut kinds = [None; 256];
        for (kind, seen) in kinds.iter_mut().zip(seen) {
            // In decoding all places count as known letters so far.
            if seen == [false; 2] {
                continue;
            }
            *kind = if only.code(coder, seen == [false, true]) {
                Some(true)
            } else if any.code(coder, seen[1]) {
                None
            } else {
                Some(false)
            };
        }
        let mut flags = vec![Flag::default(); 256 * 2];
        let mut runs: Vec<Exception> = Vec::new();
        let mut was = false;
        let mut walk = unknown.iter().peekable();
        for (at, &quality) in (0..).zip(&self.qualities) {
            let is_unknown = is_in(&mut walk, at);
            was = match kinds[usize::from(quality)] {
                Some(known) => known,
                None => flags[usize::from(quality) * 2 + usize::from(was)].code(coder, is_unknown),
            };
            match runs.last_mut() {
                _ if !was => {}
                Some(last) if last.at + last.len == at => last.len += 1,
                _ => runs.push(Exception {
                    at,
                    len: 1,
                    byte: b'N',
                }),
            }
        }
        if runs.len() > most_runs(self.qualities.len()) || coder.is_overrun() {
            return Err(Damage("more unknown letters than there are"));
        }
        Ok(runs)
    }

    /// Puts content together.
    pub(crate) fn join(&self, content_len: usize, residues: &Residues, bases: &[u8]) -> Vec<u8> {
        let mut content = Vec::with_capacity(content_len + 2);
        let mut joiner = Joiner::new(residues, bases);
        let end = self.end();
        let mut malformed = &self.malformed[..];
        let mut qualities = &self.qualities[..];
        let mut headers = self.headers.split_inclusive(|byte| *byte == b'\n');
        let mut records = self.lens.iter().zip(&self.repeats);
        for &[raw, count] in &self.parts {
            let (raw, rest) = malformed
                .split_at_checked(raw as usize)
                .unwrap_or((malformed, &[]));
            content.extend_from_slice(raw);
            malformed = rest;
            for (&len, &repeats) in records.by_ref().take(count as usize) {
                let header = headers.next().unwrap_or_default();
                let header = header.strip_suffix(b"\n").unwrap_or(header);
                content.push(b'@');
                content.extend_from_slice(header);
                content.extend_from_slice(end);
                joiner.append(len, &mut content);
                content.extend_from_slice(end);
                content.push(b'+');
                content.extend_from_slice(if repeats { header } else { &[] });
                content.extend_from_slice(end);
                let (here, rest) = qualities
                    .split_at_checked(len as usize)
                    .unwrap_or((qualities, &[]));
                content.extend_from_slice(here);
                content.extend_from_slice(end);
                qualities = rest;
            }
        }
        content.truncate(content_len);
        content
    }

    /// Length of all malformed bytes.
    pub(crate) fn malformed_len(&self) -> usize {
        self.parts.iter().map(|part| part[0] as usize).sum()
    }

    /// Decodes the malformed bytes from a part of a payload.
    pub(crate) fn take_malformed(
        &mut self,
        coded: &[u8],
        codec: &dyn BlockCodec,
        params: &codec_core::Params,
    ) -> Result<()> {
        let len = self.malformed_len();
        self.malformed = match len {
            0 if coded.is_empty() => Vec::new(),
            _ => codec.decode_block(coded, len, params)?,
        };
        if self.malformed.len() != len {
            return Err(Damage("malformed bytes of another length").at(0));
        }
        Ok(())
    }
}

/// Whether a place is in one of the runs, which are walked through in order.
fn is_in(runs: &mut std::iter::Peekable<std::slice::Iter<'_, Exception>>, at: u32) -> bool {
    while let Some(run) = runs.peek() {
        if at < run.at {
            return false;
        }
        if at - run.at < run.len {
            return true;
        }
        runs.next();
    }
    false
}
