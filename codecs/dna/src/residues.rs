//! Letters of a sequence to bases and what is beside them: lower case and other letters, as runs.

use crate::coder::{BitCoder, Flag, Number, size_class};
use crate::damage::{Damage, Damaged};

/// Consecutive residues that are the same letter, which is not a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    /// Place of the first among all residues.
    pub(crate) at: u32,
    /// How many there are, at least 1.
    pub(crate) len: u32,
    /// The letter, in upper case if it is one.
    pub(crate) byte: u8,
}

/// What residues are beside bases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Residues {
    /// Number of residues.
    pub(crate) len: u32,
    /// Whether base 3 is written as U.
    pub(crate) is_rna: bool,
    /// Whether the first run of letters is in lower case.
    pub(crate) starts_lower: bool,
    /// Places where the case changes, in order.
    pub(crate) case_changes: Vec<u32>,
    /// Residues that are no bases, in order.
    pub(crate) exceptions: Vec<Exception>,
}

/// Takes residues apart, piece by piece.
#[derive(Debug)]
pub(crate) struct Splitter {
    pub(crate) residues: Residues,
    /// The bases, 0 to 3 for A, C, G and T.
    pub(crate) bases: Vec<u8>,
    is_lower: bool,
}

/// Residues looked at in one go.
const CHUNK: usize = 32;

/// Runs of lower case and of exceptions that any content may have,
const FREE_RUNS: usize = 1 << 10;
/// and residues for each further one. Content with more is no sequence.
const RESIDUES_PER_RUN: usize = 16;

impl Splitter {
    /// A splitter for at most `len` residues.
    pub(crate) fn new(is_rna: bool, len: usize) -> Self {
        Self {
            residues: Residues {
                is_rna,
                ..Residues::default()
            },
            bases: Vec::with_capacity(len),
            is_lower: false,
        }
    }

    /// Takes the next residues. `None` if there are too many runs among them.
    pub(crate) fn push(&mut self, residues: &[u8]) -> Option<()> {
        let third = if self.residues.is_rna { b'U' } else { b'T' };
        let (chunks, rest) = residues.as_chunks::<CHUNK>();
        for chunk in chunks {
            let case = chunk[0] & 0x20;
            let mut strange = false;
            for &byte in chunk {
                let folded = byte & 0xDF;
                let is_base =
                    (folded == b'A') | (folded == b'C') | (folded == b'G') | (folded == third);
                strange |= !is_base | (byte & 0x20 != case);
            }
            if strange || (case != 0) != self.is_lower {
                self.push_slowly(chunk, third)?;
            } else {
                self.bases.extend(chunk.map(base));
                self.residues.len += CHUNK as u32;
            }
        }
        self.push_slowly(rest, third)
    }

    fn push_slowly(&mut self, residues: &[u8], third: u8) -> Option<()> {
        for &byte in residues {
            let at = self.residues.len;
            self.residues.len = at.checked_add(1)?;
            if byte.is_ascii_alphabetic() && byte.is_ascii_lowercase() != self.is_lower {
                self.change_case(at)?;
            }
            let folded = byte.to_ascii_uppercase();
            if folded == b'A' || folded == b'C' || folded == b'G' || folded == third {
                self.bases.push(base(folded));
            } else {
                self.except(at, folded)?;
            }
        }
        Some(())
    }

    fn change_case(&mut self, at: u32) -> Option<()> {
        self.is_lower = !self.is_lower;
        let residues = &mut self.residues;
        if residues.case_changes.is_empty()
            && self.is_lower
            && !residues.starts_lower
            && self.bases.is_empty()
            && only_symbols(&residues.exceptions)
        {
            residues.starts_lower = true;
            return Some(());
        }
        residues.case_changes.push(at);
        (residues.case_changes.len() <= most_runs(at as usize)).then_some(())
    }

    fn except(&mut self, at: u32, byte: u8) -> Option<()> {
        let exceptions = &mut self.residues.exceptions;
        match exceptions.last_mut() {
            Some(last) if last.byte == byte && last.at + last.len == at => last.len += 1,
            _ => exceptions.push(Exception { at, len: 1, byte }),
        }
        (exceptions.len() <= most_runs(at as usize)).then_some(())
    }
}

/// Whether no exception is a letter, so that the case of what stands before is open.
fn only_symbols(exceptions: &[Exception]) -> bool {
    exceptions
        .iter()
        .all(|exception| !exception.byte.is_ascii_alphabetic())
}

/// Runs that may have come up to a place.
pub(crate) fn most_runs(at: usize) -> usize {
    FREE_RUNS + at / RESIDUES_PER_RUN
}

/// The number of a base from its letter in either case: A 0, C 1, G 2, T and U 3.
#[inline(always)]
pub(crate) fn base(letter: u8) -> u8 {
    // Bits 1 and 2 of the letters are 0, 1, 3 and 2.
    let bits = letter >> 1 & 3;
    bits ^ bits >> 1
}

impl Residues {
    /// Residues that are all bases in one case.
    pub(crate) fn plain(len: u32, is_lower: bool) -> Self {
        Self {
            len,
            starts_lower: is_lower,
            ..Self::default()
        }
    }

    /// Whether they are all bases in one case.
    pub(crate) fn is_plain(&self) -> bool {
        !self.is_rna && self.case_changes.is_empty() && self.exceptions.is_empty()
    }

    /// Whether there is so much beside bases that it may be no sequence.
    pub(crate) fn is_doubtful(&self) -> bool {
        /// Residues for each run in usual sequences.
        const USUAL: usize = 64;
        /// So few residues may be anything.
        const FEW: u32 = 256;
        let runs = self.case_changes.len() + self.exceptions.len();
        self.len < FEW || runs > self.len as usize / USUAL
    }

    /// Number of bases among them.
    pub(crate) fn bases(&self) -> usize {
        let others: u64 = self.exceptions.iter().map(|run| u64::from(run.len)).sum();
        u64::from(self.len).saturating_sub(others) as usize
    }

    /// Takes the exceptions of a letter out, and returns them.
    pub(crate) fn take(&mut self, byte: u8) -> Vec<Exception> {
        let all = std::mem::take(&mut self.exceptions);
        let (taken, others) = all.into_iter().partition(|run| run.byte == byte);
        self.exceptions = others;
        taken
    }

    /// Puts exceptions back that were taken out, which are in order.
    ///
    /// # Errors
    /// [`Damage`] if there are others in their places already.
    pub(crate) fn insert(&mut self, runs: Vec<Exception>) -> Damaged<()> {
        self.exceptions.extend(runs);
        self.exceptions.sort_by_key(|run| run.at);
        let ends = self
            .exceptions
            .iter()
            .map(|run| run.at.saturating_add(run.len));
        let mut next = self.exceptions.iter().skip(1);
        if ends.zip(&mut next).any(|(end, next)| end > next.at) {
            return Err(Damage("two letters in one place"));
        }
        Ok(())
    }

    /// Codes everything but the length, which both sides know.
    ///
    /// # Errors
    /// [`Damage`] if what is decoded cannot be.
    pub(crate) fn code<K: BitCoder>(&mut self, coder: &mut K, encodes: bool) -> Damaged<()> {
        self.is_rna = Flag::rare().code(coder, self.is_rna);
        self.starts_lower = Flag::default().code(coder, self.starts_lower);
        self.code_case(coder, encodes)?;
        self.code_exceptions(coder, encodes)
    }

    fn code_case<K: BitCoder>(&mut self, coder: &mut K, encodes: bool) -> Damaged<()> {
        let count = Number::new().code(coder, self.case_changes.len() as u32) as usize;
        if count > most_runs(self.len as usize) {
            return Err(Damage("more changes of case than residues allow"));
        }
        // By the case of the run and the size of the last run of this case.
        let mut lens = vec![Number::new(); 2 * 8];
        let mut sizes = [0; 2];
        let mut before = 0u32;
        for i in 0..count {
            let change = self.case_changes.get(i).copied().unwrap_or(0);
            let parity = i % 2;
            let context = parity * 8 + sizes[parity];
            let len = lens[context].code(coder, change.wrapping_sub(before));
            sizes[parity] = size_class(len);
            before = before.saturating_add(len);
            if before >= self.len || coder.is_overrun() {
                return Err(Damage("a change of case behind the last residue"));
            }
            if !encodes {
                self.case_changes.push(before);
            }
        }
        Ok(())
    }

    fn code_exceptions<K: BitCoder>(&mut self, coder: &mut K, encodes: bool) -> Damaged<()> {
        let count = Number::new().code(coder, self.exceptions.len() as u32) as usize;
        if count > most_runs(self.len as usize) {
            return Err(Damage("more exceptions than residues allow"));
        }
        let mut gaps = vec![Number::new(); 8 * 8];
        let mut lens = vec![Number::new(); 3 * 8];
        let mut same = [Flag::default(); 2];
        let mut letters = vec![Flag::default(); 256];
        let mut end = 0u32;
        let mut last = Exception {
            at: 0,
            len: 0,
            byte: b'N',
        };
        let (mut gap_size, mut was_same) = (0, true);
        for i in 0..count {
            let run = self.exceptions.get(i).copied().unwrap_or(last);
            let gap =
                gaps[gap_size * 8 + size_class(last.len)].code(coder, run.at.wrapping_sub(end));
            let is_same = same[usize::from(was_same)].code(coder, run.byte == last.byte);
            let byte = if is_same {
                last.byte
            } else {
                code_byte(&mut letters, coder, run.byte)
            };
            let kind = match byte {
                b'N' => 0,
                b'A'..=b'Z' => 1,
                _ => 2,
            };
            let context = kind * 8 + if is_same { size_class(last.len) } else { 0 };
            let len = lens[context]
                .code(coder, run.len.wrapping_sub(1))
                .saturating_add(1);
            let at = end.saturating_add(gap);
            end = at.saturating_add(len);
            if end > self.len || coder.is_overrun() {
                return Err(Damage("an exception behind the last residue"));
            }
            last = Exception { at, len, byte };
            (gap_size, was_same) = (size_class(gap), is_same);
            if !encodes {
                self.exceptions.push(last);
            }
        }
        Ok(())
    }
}

fn code_byte<K: BitCoder>(nodes: &mut [Flag], coder: &mut K, byte: u8) -> u8 {
    let mut node = 1;
    for place in (0..8).rev() {
        let bit = nodes[node & 255].code(coder, byte >> place & 1 == 1);
        node = node << 1 | usize::from(bit);
    }
    node as u8
}

/// Puts residues together again, piece by piece.
#[derive(Debug)]
pub(crate) struct Joiner<'a> {
    residues: &'a Residues,
    bases: &'a [u8],
    at: u32,
    is_lower: bool,
    case_changes: &'a [u32],
    exceptions: &'a [Exception],
}

impl<'a> Joiner<'a> {
    /// A joiner at the first residue; `bases` are as many as the residues have.
    pub(crate) fn new(residues: &'a Residues, bases: &'a [u8]) -> Self {
        Self {
            residues,
            bases,
            at: 0,
            is_lower: residues.starts_lower,
            case_changes: &residues.case_changes,
            exceptions: &residues.exceptions,
        }
    }

    /// Appends the next `len` residues, fewer only if there are none left.
    pub(crate) fn append(&mut self, len: u32, out: &mut Vec<u8>) {
        let end = self.at.saturating_add(len).min(self.residues.len);
        while self.at < end {
            if let Some((&change, rest)) = self.case_changes.split_first()
                && change == self.at
            {
                self.is_lower = !self.is_lower;
                self.case_changes = rest;
                continue;
            }
            let until_case = self
                .case_changes
                .first()
                .map_or(end, |change| end.min(*change));
            match self.exceptions.split_first() {
                Some((run, rest)) if run.at <= self.at => {
                    let run_end = run.at.saturating_add(run.len);
                    let until = until_case.min(run_end);
                    let byte = if self.is_lower {
                        run.byte.to_ascii_lowercase()
                    } else {
                        run.byte
                    };
                    out.resize(out.len() + (until - self.at) as usize, byte);
                    self.at = until;
                    if until == run_end {
                        self.exceptions = rest;
                    }
                }
                Some((run, _)) => self.append_bases(until_case.min(run.at), out),
                None => self.append_bases(until_case, out),
            }
        }
    }

    fn append_bases(&mut self, until: u32, out: &mut Vec<u8>) {
        let count = (until - self.at) as usize;
        let (bases, rest) = self
            .bases
            .split_at_checked(count)
            .unwrap_or((self.bases, &[]));
        self.bases = rest;
        self.at = until;
        let case = if self.is_lower { 0x20 } else { 0 };
        let third = if self.residues.is_rna { b'U' } else { b'T' };
        let [c, g, t] = [b'C', b'G', third].map(|letter| letter - b'A');
        // Sums of products, so that it is done for many bases at a time.
        out.extend(bases.iter().map(|&base| {
            let letter =
                b'A' + c * u8::from(base == 1) + g * u8::from(base == 2) + t * u8::from(base == 3);
            letter | case
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
    use proptest::prelude::*;

    fn split(text: &[u8], is_rna: bool) -> Option<Splitter> {
        let mut splitter = Splitter::new(is_rna, text.len());
        for piece in text.chunks(71) {
            splitter.push(piece)?;
        }
        Some(splitter)
    }

    fn check(text: &[u8], is_rna: bool) {
        let Some(mut splitter) = split(text, is_rna) else {
            return;
        };
        let mut encoder = BinaryEncoder::new();
        splitter.residues.code(&mut encoder, true).unwrap();
        let coded = encoder.finish();
        let mut decoder = BinaryDecoder::new(&coded);
        let mut residues = Residues {
            len: text.len() as u32,
            ..Residues::default()
        };
        residues.code(&mut decoder, false).unwrap();
        decoder.finish().unwrap();
        assert_eq!(residues, splitter.residues);
        assert_eq!(residues.bases(), splitter.bases.len());
        let mut joiner = Joiner::new(&residues, &splitter.bases);
        let mut out = Vec::new();
        for piece in text.chunks(13) {
            joiner.append(piece.len() as u32, &mut out);
        }
        assert_eq!(out, text);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(text in prop::collection::vec(any::<u8>(), 0..400), is_rna: bool) {
            check(&text, is_rna);
        }

        #[test]
        fn sequences_come_back(text in "([ACGT]{0,80}|[acgt]{0,80}|N{1,90}|n{1,9}|[acgtACGTUu*-]{0,9}|[a-zA-Z]{0,3}){0,9}", is_rna: bool) {
            check(text.as_bytes(), is_rna);
        }
    }

    #[test]
    fn plain_lower_case_has_no_runs() {
        let splitter = split(&b"acgt".repeat(50), false).unwrap();
        assert!(splitter.residues.starts_lower);
        assert!(splitter.residues.case_changes.is_empty());
    }

    #[test]
    fn text_is_no_sequence() {
        assert!(split(&b"What is written here is no DNA. ".repeat(1000), false).is_none());
    }
}
