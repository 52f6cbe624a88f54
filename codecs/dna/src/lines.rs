//! FASTA and plain sequence files: lines, some of them headers, and what they are made of.

use std::collections::BTreeMap;

use crate::coder::{BitCoder, Flag, Number};
use crate::damage::{Damage, Damaged};
use crate::names::Names;
use crate::residues::{Joiner, Residues, Splitter};

/// Begins a header.
const MARK: u8 = b'>';

/// Lines that any content may have,
const FREE_LINES: usize = 1 << 10;
/// and bytes for each further one. Content with more lines is taken for no sequence.
const BYTES_PER_LINE: usize = 8;

/// The lines of a block.
///
/// They are those of bodies, each but the first behind a header; the first one may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Whether lines end with CR LF instead of LF.
    is_crlf: bool,
    /// Numbers of the lines, headers counted, that end in the other way.
    odd: Vec<u32>,
    /// Whether the last line ends at all.
    is_ended: bool,
    /// The headers without their mark, each ended by LF.
    headers: Vec<u8>,
    /// Lengths of all other lines, without their ends.
    lens: Vec<u32>,
    /// Where the lines of each body end in `lens`.
    bodies: Vec<u32>,
}

/// Lines that may be in content of a length.
fn most_lines(content_len: usize) -> usize {
    FREE_LINES + content_len / BYTES_PER_LINE
}

/// A width that no line reaches: of sequences on one line each.
const UNBOUNDED: u32 = u32::MAX;

impl Lines {
    /// Takes content apart; residues go to `splitter`. `None` if it does not look like sequences.
    pub(crate) fn parse(content: &[u8], splitter: &mut Splitter) -> Option<Self> {
        let mut lines = Self {
            is_ended: content.last() == Some(&b'\n'),
            ..Self::default()
        };
        let most = most_lines(content.len());
        let mut rest = content;
        let mut number = 0u32;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (line, behind) = match end {
                Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
                None => (rest, &[][..]),
            };
            rest = behind;
            let bare = line.strip_suffix(b"\r").filter(|_| end.is_some());
            if end.is_some() {
                if number == 0 {
                    lines.is_crlf = bare.is_some();
                } else if bare.is_some() != lines.is_crlf {
                    lines.odd.push(number);
                }
            }
            let line = bare.unwrap_or(line);
            if let Some((&MARK, header)) = line.split_first() {
                lines.bodies.push(lines.lens.len() as u32);
                lines.headers.extend_from_slice(header);
                lines.headers.push(b'\n');
            } else {
                lines.lens.push(u32::try_from(line.len()).ok()?);
                splitter.push(line)?;
            }
            number += 1;
            if number as usize > most {
                return None;
            }
        }
        lines.bodies.push(lines.lens.len() as u32);
        Some(lines)
    }

    /// Codes the lines of content of `content_len` bytes, and returns the number of residues.
    ///
    /// # Errors
    /// [`Damage`] if what is decoded does not make up such content.
    pub(crate) fn code<K: BitCoder>(
        &mut self,
        coder: &mut K,
        content_len: usize,
        encodes: bool,
    ) -> Damaged<u32> {
        self.is_crlf = Flag::rare().code(coder, self.is_crlf);
        self.is_ended = !Flag::rare().code(coder, !self.is_ended);
        let most = most_lines(content_len);
        self.code_odd(coder, most, encodes)?;
        let headers = self.bodies.len().saturating_sub(1) as u32;
        let headers = Number::new().code(coder, headers) as usize;
        if headers > most {
            return Err(Damage("more headers than lines"));
        }
        let has_first = self.bodies.first().is_some_and(|end| *end > 0);
        let has_first = headers == 0 || Flag::rare().code(coder, has_first);
        let mut walk = Walk {
            content_len: content_len as u64,
            most,
            used: 0,
            number: 0,
            odd: 0,
            residues: 0,
            models: Models::new(),
        };
        let mut names = (headers > 0).then(|| Names::new(content_len));
        let known = std::mem::take(&mut self.headers);
        let mut known = known.split_inclusive(|byte| *byte == b'\n');
        for body in 0..=headers {
            if let Some(names) = names.as_mut().filter(|_| body > 0) {
                let header = names.code(coder, known.next().unwrap_or_default(), content_len)?;
                self.headers.extend_from_slice(header);
                walk.take_line(self, header.len() as u64)?;
            }
            if body > 0 || has_first {
                self.code_body(coder, &mut walk, body, body == headers, encodes)?;
            }
            if !encodes {
                self.bodies.push(self.lens.len() as u32);
            }
        }
        if walk.used != self.whole_len(content_len) {
            return Err(Damage("lines of another length than the content"));
        }
        u32::try_from(walk.residues).map_err(|_| Damage("too many residues"))
    }

    /// Length of the content if its last line ended.
    fn whole_len(&self, content_len: usize) -> u64 {
        let missing = if self.is_ended {
            0
        } else {
            self.end_len(self.is_crlf)
        };
        content_len as u64 + missing
    }

    fn end_len(&self, is_crlf: bool) -> u64 {
        if is_crlf { 2 } else { 1 }
    }

    fn code_odd<K: BitCoder>(&mut self, coder: &mut K, most: usize, encodes: bool) -> Damaged<()> {
        let count = Number::new().code(coder, self.odd.len() as u32) as usize;
        let mut gaps = Number::new();
        let mut next = 0u32;
        for i in 0..count {
            let odd = self.odd.get(i).copied().unwrap_or(0);
            let odd = next.saturating_add(gaps.code(coder, odd.wrapping_sub(next)));
            if odd as usize >= most || coder.is_overrun() {
                return Err(Damage("an odd line end behind the last line"));
            }
            next = odd + 1;
            if !encodes {
                self.odd.push(odd);
            }
        }
        Ok(())
    }

    fn code_body<K: BitCoder>(
        &mut self,
        coder: &mut K,
        walk: &mut Walk,
        body: usize,
        is_last: bool,
        encodes: bool,
    ) -> Damaged<()> {
        let start = body
            .checked_sub(1)
            .and_then(|before| self.bodies.get(before))
            .map_or(0, |end| *end as usize);
        let end = self.bodies.get(body).map_or(start, |end| *end as usize);
        let lens: Vec<u32> = match self.lens.get(start..end) {
            Some(lens) if encodes => lens.to_vec(),
            _ => Vec::new(),
        };
        let width = walk.models.width;
        let mut is_regular = is_regular(&lens, width);
        is_regular = !walk.models.irregular.code(coder, !is_regular);
        if !is_regular {
            let first = lens.first().copied().unwrap_or(0);
            is_regular = !walk
                .models
                .uneven
                .code(coder, !self::is_regular(&lens, first));
            if is_regular {
                walk.models.width = walk.models.widths.code(coder, first);
            }
        }
        if is_regular {
            let residues = lens.iter().map(|len| u64::from(*len)).sum::<u64>();
            let residues = self.code_residues(coder, walk, residues as u32, is_last)?;
            return self.take_regular(walk, residues, encodes);
        }
        let count = walk.models.counts.code(coder, lens.len() as u32) as usize;
        if count > walk.most {
            return Err(Damage("more lines than the content has room for"));
        }
        walk.models.width = walk.models.widths.code(coder, most_common(&lens));
        let mut was_full = true;
        for i in 0..count {
            let len = lens.get(i).copied().unwrap_or(0);
            let width = walk.models.width;
            let is_full = walk.models.full[usize::from(was_full)].code(coder, len == width);
            let len = if is_full {
                width
            } else {
                walk.models.lens.code(coder, len)
            };
            was_full = is_full;
            if coder.is_overrun() {
                return Err(Damage("the lines are cut short"));
            }
            self.take(walk, len, encodes)?;
        }
        Ok(())
    }

    /// Number of residues of a body with lines of one width, or all that are left.
    fn code_residues<K: BitCoder>(
        &self,
        coder: &mut K,
        walk: &mut Walk,
        residues: u32,
        is_last: bool,
    ) -> Damaged<u64> {
        if is_last && self.odd.is_empty() {
            let end = self.end_len(self.is_crlf);
            let left = self
                .whole_len(walk.content_len as usize)
                .checked_sub(walk.used);
            let left = left.ok_or(Damage("lines that are longer than the content"))?;
            let lines = left.div_ceil(u64::from(walk.models.width).max(1) + end);
            return left
                .checked_sub(lines * end)
                .ok_or(Damage("a line end that is cut in two"));
        }
        let models = &mut walk.models;
        let is_same = models.same.code(coder, residues == models.residues);
        if !is_same {
            models.residues = models.totals.code(coder, residues);
        }
        Ok(u64::from(models.residues))
    }

    fn take_regular(&mut self, walk: &mut Walk, residues: u64, encodes: bool) -> Damaged<()> {
        let width = walk.models.width.max(1);
        if residues > walk.content_len {
            return Err(Damage("more residues than the content has room for"));
        }
        let mut left = residues;
        while left > 0 {
            let len = left.min(u64::from(width));
            left -= len;
            self.take(walk, len as u32, encodes)?;
        }
        Ok(())
    }

    fn take(&mut self, walk: &mut Walk, len: u32, encodes: bool) -> Damaged<()> {
        walk.take_line(self, u64::from(len))?;
        walk.residues += u64::from(len);
        if !encodes {
            self.lens.push(len);
        }
        Ok(())
    }

    /// Whether all is one line that ends with LF or not at all.
    pub(crate) fn is_one_line(&self) -> bool {
        !self.is_crlf && self.bodies.len() == 1 && self.lens.len() == 1
    }

    /// Whether the last line ends.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Puts content together from its lines and their residues.
    pub(crate) fn join(&self, content_len: usize, residues: &Residues, bases: &[u8]) -> Vec<u8> {
        let mut content = Vec::with_capacity(content_len + 2);
        let mut joiner = Joiner::new(residues, bases);
        let mut ends = LineEnds {
            lines: self,
            number: 0,
            odd: 0,
        };
        let mut headers = self.headers.split_inclusive(|byte| *byte == b'\n');
        let mut start = 0;
        for (body, &end) in self.bodies.iter().enumerate() {
            if body > 0 {
                let header = headers.next().unwrap_or_default();
                content.push(MARK);
                content.extend_from_slice(header.strip_suffix(b"\n").unwrap_or(header));
                content.extend_from_slice(ends.next());
            }
            let lens = self.lens.get(start..end as usize).unwrap_or_default();
            start = end as usize;
            for &len in lens {
                joiner.append(len, &mut content);
                content.extend_from_slice(ends.next());
            }
        }
        content.truncate(content_len);
        content
    }
}

/// The ends of lines, one after the other.
struct LineEnds<'a> {
    lines: &'a Lines,
    number: u32,
    odd: usize,
}

impl LineEnds<'_> {
    fn next(&mut self) -> &'static [u8] {
        let is_odd = self.lines.odd.get(self.odd) == Some(&self.number);
        self.odd += usize::from(is_odd);
        self.number += 1;
        if self.lines.is_crlf != is_odd {
            b"\r\n"
        } else {
            b"\n"
        }
    }
}

/// Whether lines have a width, but for the last one, which may be shorter.
fn is_regular(lens: &[u32], width: u32) -> bool {
    match lens.split_last() {
        Some((last, full)) => (1..=width).contains(last) && full.iter().all(|len| *len == width),
        None => true,
    }
}

/// The most common length, the smallest of several.
fn most_common(lens: &[u32]) -> u32 {
    let mut counts = BTreeMap::new();
    for len in lens {
        *counts.entry(*len).or_insert(0u32) += 1;
    }
    let best = counts
        .iter()
        .max_by_key(|(len, count)| (**count, std::cmp::Reverse(**len)));
    best.map_or(0, |(len, _)| *len)
}

/// How far lines are coded.
struct Walk {
    content_len: u64,
    most: usize,
    /// Bytes of content that the lines so far make up.
    used: u64,
    number: u32,
    odd: usize,
    residues: u64,
    models: Models,
}

impl Walk {
    /// Counts a line of `len` bytes without its end; of a header, with mark.
    fn take_line(&mut self, lines: &Lines, len: u64) -> Damaged<()> {
        let is_odd = lines.odd.get(self.odd) == Some(&self.number);
        self.odd += usize::from(is_odd);
        self.number += 1;
        self.used += len + lines.end_len(lines.is_crlf != is_odd);
        // The end of the last line may be missing.
        if self.number as usize > self.most || self.used > self.content_len + 2 {
            return Err(Damage("more lines than the content has room for"));
        }
        Ok(())
    }
}

/// What is learned from the lines so far.
struct Models {
    width: u32,
    residues: u32,
    irregular: Flag,
    uneven: Flag,
    same: Flag,
    full: [Flag; 2],
    widths: Number,
    totals: Number,
    counts: Number,
    lens: Number,
}

impl Models {
    fn new() -> Self {
        Self {
            width: UNBOUNDED,
            residues: 0,
            irregular: Flag::default(),
            uneven: Flag::rare(),
            same: Flag::default(),
            full: [Flag::default(); 2],
            widths: Number::new(),
            totals: Number::new(),
            counts: Number::new(),
            lens: Number::new(),
        }
    }
}
