//! Search: the rows that match a query, block by block, leaving out what cannot match.

use std::io::{Read, Seek};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use codec_core::{BlockCodec, Error, Job, Memory, Params, Result, ordered};

use super::lines::Lines;
use super::{Archive, Chunk, Pattern};
use crate::block::header_of;
use crate::codec::Log;
use crate::structure::timestamp::Timestamp;
use crate::structure::{Header, Miner, TemplateId};

/// A span of time or lines, both ends included; open where there is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// The first one.
    pub from: Option<T>,
    /// The last one.
    pub to: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
        }
    }
}

impl<T: PartialOrd + Copy> Range<T> {
    /// Whether there is neither end.
    pub fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether `value` lies in the span.
    pub fn contains(&self, value: T) -> bool {
        self.from.is_none_or(|from| value >= from) && self.to.is_none_or(|to| value <= to)
    }

    /// Whether anything from `first` to `last` lies in the span.
    pub fn meets(&self, first: T, last: T) -> bool {
        self.from.is_none_or(|from| last >= from) && self.to.is_none_or(|to| first <= to)
    }
}

/// What to search for; all conditions hold together.
#[derive(Debug, Default)]
pub struct Query<'q> {
    /// What lines must match; all do where there is none.
    pub pattern: Option<Pattern>,
    /// Lines that do not match instead.
    pub invert: bool,
    /// When they must have been written. A line without a time was written at that of the line
    /// before it; at the beginning of a block, at the latest time of the blocks before, and at the
    /// beginning of the log at the first time behind it.
    pub times: Range<Timestamp>,
    /// Where they must be, counted from 1.
    pub lines: Range<u64>,
    /// The template that they must have.
    pub template: Option<(&'q Miner, TemplateId)>,
}

/// A row that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'h> {
    /// Its number, counted from 1.
    pub number: u64,
    /// The line, with its newline if it has one.
    pub line: &'h [u8],
}

/// How a search went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Rows found.
    pub hits: u64,
    /// Blocks of the archive, and those of which rows were decoded.
    pub blocks: u64,
    /// See `blocks`.
    pub decoded: u64,
}

/// The hits of a chunk.
#[derive(Debug, Default)]
struct Hits {
    text: Vec<u8>,
    /// Numbers of lines, and where the lines end in `text`.
    places: Vec<(u64, usize)>,
    is_decoded: bool,
    last_time: Option<Timestamp>,
}

impl<R: Read + Seek> Archive<R> {
    /// Passes every row that `query` asks for on, in order, until `each` breaks.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] for a span of time where no line's time is recognised; as decoding; and what
    /// `each` returns.
    pub fn search(
        &mut self,
        query: &Query<'_>,
        job: &Job,
        mut each: impl FnMut(Hit<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<Found> {
        let mut found = Found {
            blocks: self.block_count() as u64,
            ..Found::default()
        };
        let workers = self.workers(job);
        let threads = NonZeroUsize::new(job.threads.get() / workers).unwrap_or(NonZeroUsize::MIN);
        let mut chunks = self.chunks();
        let mut has_times = query.times.is_open();
        let mut broken = false;
        let stopped = ordered(
            workers,
            || match chunks.next()? {
                Some(chunk) => {
                    has_times |= chunk
                        .blocks
                        .iter()
                        .any(|block| block.summary.times.is_some());
                    Ok(Some(chunk))
                }
                None => Ok(None),
            },
            |chunk| chunk.search(query, job, threads),
            |hits| {
                found.decoded += u64::from(hits.is_decoded);
                let mut start = 0;
                for (number, end) in &hits.places {
                    found.hits += 1;
                    let line = hits.text.get(start..*end).unwrap_or_default();
                    start = *end;
                    let hit = Hit {
                        number: *number,
                        line,
                    };
                    if each(hit)?.is_break() {
                        broken = true;
                        return Err(Error::Usage("nobody wants more".into()));
                    }
                }
                Ok(())
            },
        );
        match stopped {
            Err(_) if broken => Ok(found),
            Err(error) => Err(error),
            Ok(()) if !has_times && found.blocks > 0 => Err(Error::Usage(
                "no line of this log has a time that is recognised".into(),
            )),
            Ok(()) => Ok(found),
        }
    }

    /// How many chunks to search at the same time.
    fn workers(&self, job: &Job) -> NonZeroUsize {
        let longest = self.blocks.iter().map(|(_, entry)| entry.content_len).max();
        let longest = usize::try_from(longest.unwrap_or(0)).unwrap_or(usize::MAX);
        let Memory { decode, .. } = Log.memory(&Params::defaults(Log.descriptor().params), longest);
        job.workers(decode)
    }
}

impl Chunk {
    /// Whether its lines may lie in the spans that are asked for.
    fn is_in_range(&self, query: &Query<'_>) -> bool {
        let newlines = self.blocks.iter().map(|block| block.summary.newlines);
        let last_line = newlines.fold(self.first_line, u64::saturating_add);
        let [first_line, last_line] =
            [self.first_line, last_line].map(|line| line.saturating_add(1));
        if !query.lines.meets(first_line, last_line) {
            return false;
        }
        // Lines that go on in the next block may have a time that neither block shows.
        let [block] = self.blocks.as_slice() else {
            return true;
        };
        let times = block.summary.times.into_iter().flatten();
        let times = times.chain(self.time_before);
        match (times.clone().min(), times.max()) {
            (Some(first), Some(last)) => query.times.meets(first, last),
            _ => true,
        }
    }

    fn search(&self, query: &Query<'_>, job: &Job, threads: NonZeroUsize) -> Result<Hits> {
        let mut hits = Hits::default();
        if !self.is_in_range(query) {
            return Ok(hits);
        }
        let pattern = query.pattern.as_ref().filter(|_| !query.invert);
        let pending = self.open(job, threads, |block| {
            let mut letters = pattern.iter().flat_map(|pattern| pattern.letters());
            letters.all(|run| block.may_contain(run))
        })?;
        let Some(pending) = pending else {
            return Ok(hits);
        };
        let is_match = matching(&pending.lines, query);
        if !is_match.contains(&true) {
            return Ok(hits);
        }
        hits.is_decoded = true;
        hits.fill(&pending.complete()?, &is_match, self, query);
        Ok(hits)
    }
}

/// Which distinct lines have the pattern and the template that are asked for.
fn matching(lines: &Lines, query: &Query<'_>) -> Vec<bool> {
    let mut is_match = vec![query.pattern.is_none() || query.invert; lines.distinct()];
    if let Some(pattern) = &query.pattern {
        for number in pattern.matches(lines.text(), lines.ends()) {
            is_match[number] = !query.invert;
        }
    }
    if let Some((miner, template)) = query.template {
        let mut miner = miner.clone();
        for (number, is_match) in is_match.iter_mut().enumerate().filter(|(_, is)| **is) {
            let line = lines.with_newline(number);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            *is_match = miner.assign(line) == template;
        }
    }
    is_match
}

impl Hits {
    fn fill(&mut self, lines: &Lines, is_match: &[bool], chunk: &Chunk, query: &Query<'_>) {
        let header = match query.times.is_open() {
            true => None,
            false => header_of(lines.text()),
        };
        let first_time = || (0..lines.len()).find_map(|row| time_of(lines, row, header.as_ref()));
        self.last_time = chunk.time_before.or_else(first_time);
        for row in 0..lines.len() {
            let number = lines.number(row);
            let in_time =
                query.times.is_open() || self.is_in_time(lines, row, header.as_ref(), query);
            let line_number = chunk.first_line.saturating_add(row as u64 + 1);
            let is_wanted = is_match.get(number).copied().unwrap_or(false)
                && in_time
                && query.lines.contains(line_number);
            if is_wanted {
                self.text.extend_from_slice(lines.row(row));
                self.places.push((line_number, self.text.len()));
            }
        }
    }

    /// Whether a row's time, or that of the last row with one, is asked for.
    fn is_in_time(
        &mut self,
        lines: &Lines,
        row: usize,
        header: Option<&Header>,
        query: &Query<'_>,
    ) -> bool {
        self.last_time = time_of(lines, row, header).or(self.last_time);
        self.last_time
            .is_some_and(|time| query.times.contains(time))
    }
}

fn time_of(lines: &Lines, row: usize, header: Option<&Header>) -> Option<Timestamp> {
    let line = lines.with_newline(lines.number(row));
    header?.timestamp(line).map(|(time, _)| time)
}
