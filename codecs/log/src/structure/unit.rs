//! Units of the start of a line, from which headers are inferred and by which they are read.

use super::timestamp;
use std::ops::Range;

/// What a unit looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    Timestamp,
    Level,
    Number,
    Bracketed,
    Quoted,
    Tag,
    Mark,
    Word,
}

/// One unit, with what inference asks about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) kind: UnitKind,
    /// Two or more blanks follow.
    pub(crate) is_padded: bool,
    /// It is a priority such as `<34>`.
    pub(crate) is_priority: bool,
    /// It is a lone dash.
    pub(crate) is_dash: bool,
    /// A tag of two units may begin with it, given that the second one is a tag.
    pub(crate) begins_tag: bool,
}

/// Cuts a line into units from the left.
#[derive(Clone, Debug)]
pub(crate) struct Units<'a> {
    line: &'a [u8],
    at: usize,
    /// The byte between columns; none where white space separates units.
    separator: Option<u8>,
}

/// Groups in brackets are followed so far, in bytes.
const LONGEST_GROUP: usize = 400;
/// The key of a field that holds a time is at most so long, in bytes.
const LONGEST_KEY: usize = 48;

impl<'a> Units<'a> {
    pub(crate) fn new(line: &'a [u8], separator: Option<u8>) -> Self {
        Self {
            line,
            at: 0,
            separator,
        }
    }

    /// The next unit if it is a time, or begins with one; with a comma or a colon that closes it.
    ///
    /// The time may follow a bracket that closes later (`[2023-01-02 03:04:05 INFO x]`) or the key of a field
    /// (`time=2023-01-02T03:04:05Z`).
    pub(crate) fn next_timestamp(&mut self) -> Option<Range<usize>> {
        let unit = self.skip_blanks(self.at);
        let rest = self.line.get(unit..)?;
        let key = if timestamp::parse(rest).is_some() {
            0
        } else {
            key_length(rest)?
        };
        let start = unit + key;
        let (_, used) = timestamp::parse(self.line.get(start..)?)?;
        let end = start + used;
        let closed = matches!(
            self.line.get(end..end + 2),
            Some([b',' | b':' | b';', b' '])
        );
        let unit_end = match rest.first() {
            Some(b'[') => end,
            _ if key > 0 => self.plain_end(end),
            _ => end + usize::from(closed),
        };
        self.at = self.skip_separator(unit_end);
        Some(start..end)
    }

    /// The next unit, whatever it is.
    pub(crate) fn next_plain(&mut self) -> Option<Range<usize>> {
        let start = self.skip_blanks(self.at);
        let end = self.plain_end(start);
        if end == start && self.separator.is_none() {
            return None;
        }
        if self.separator.is_some() && end >= self.line.len() {
            return None;
        }
        self.at = self.skip_separator(end);
        Some(start..end)
    }

    /// The next unit if it is a tag, or the next two if they are one together.
    pub(crate) fn next_tag(&mut self) -> Option<Range<usize>> {
        let start = self.skip_blanks(self.at);
        let first_end = self.plain_end(start);
        let first = self.line.get(start..first_end)?;
        let end = if is_tag(first) {
            first_end
        } else {
            let second = self.skip_blanks(first_end);
            let end = self.plain_end(second);
            let text = self.line.get(second..end)?;
            if !(is_tag(text) && (begins_tag(first) || may_follow_in_tag(text))) {
                return None;
            }
            end
        };
        self.at = end;
        Some(start..end)
    }

    /// The next one to three units with the dash behind them.
    pub(crate) fn next_origin(&mut self) -> Option<Range<usize>> {
        let start = self.skip_blanks(self.at);
        let mut end = self.plain_end(start);
        for _ in 0..3 {
            let next = self.skip_blanks(end);
            let next_end = self.plain_end(next);
            if self.line.get(next..next_end) == Some(b"-") {
                self.at = next_end;
                return Some(start..end);
            }
            end = next_end;
        }
        None
    }

    /// Where the rest begins, blanks skipped.
    pub(crate) fn rest_start(&self) -> usize {
        self.skip_blanks(self.at)
    }

    fn skip_blanks(&self, from: usize) -> usize {
        let rest = self.line.get(from..).unwrap_or_default();
        let is_skipped =
            |byte: &&u8| (**byte == b' ' || **byte == b'\t') && Some(**byte) != self.separator;
        from + rest.iter().take_while(is_skipped).count()
    }

    fn skip_separator(&self, at: usize) -> usize {
        let Some(separator) = self.separator else {
            return at;
        };
        let end = self.skip_blanks(at);
        if self.line.get(end) == Some(&separator) {
            end + 1
        } else {
            at
        }
    }

    fn plain_end(&self, start: usize) -> usize {
        let rest = self.line.get(start..).unwrap_or_default();
        if let Some(separator) = self.separator {
            return start
                + rest
                    .iter()
                    .position(|byte| *byte == separator)
                    .unwrap_or(rest.len());
        }
        let group = match rest {
            // Groups may follow one another without a blank.
            [b'[', ..] => match group_length(rest) {
                group if rest.get(group) == Some(&b'[') => return start + group,
                group => group,
            },
            [b'<', ..] => {
                return start + priority_length(rest).unwrap_or_else(|| word_length(rest));
            }
            _ => 0,
        };
        start + group + word_length(rest.get(group..).unwrap_or_default())
    }
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        if let Some(span) = self.next_timestamp() {
            return Some(self.unit(UnitKind::Timestamp, &span));
        }
        let span = self.next_plain().or_else(|| {
            // With bars, the last column is a unit too.
            let span = self.at..self.line.len();
            self.at = self.line.len();
            (!span.is_empty()).then_some(span)
        })?;
        Some(self.unit(kind(self.line.get(span.clone()).unwrap_or_default()), &span))
    }
}

impl Units<'_> {
    fn unit(&self, kind: UnitKind, span: &Range<usize>) -> Unit {
        let text = self.line.get(span.clone()).unwrap_or_default();
        Unit {
            kind,
            is_padded: self
                .line
                .get(self.at..)
                .is_some_and(|rest| rest.starts_with(b"  ")),
            is_priority: text.first() == Some(&b'<') && kind == UnitKind::Number,
            is_dash: text == b"-",
            begins_tag: begins_tag(text),
        }
    }
}

fn kind(text: &[u8]) -> UnitKind {
    let text = text.trim_ascii();
    let bare = text
        .strip_suffix(b":")
        .or_else(|| text.strip_suffix(b","))
        .unwrap_or(text);
    match bare {
        _ if is_level(field_value(bare)) => UnitKind::Level,
        [b'[', .., b']'] => if_level(bare.get(1..bare.len() - 1), UnitKind::Bracketed),
        [b'"', ..] => UnitKind::Quoted,
        _ if !bare.is_empty() && bare.iter().all(u8::is_ascii_digit) => UnitKind::Number,
        [b'<', digits @ .., b'>'] if digits.iter().all(u8::is_ascii_digit) => UnitKind::Number,
        _ if !text
            .iter()
            .any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) =>
        {
            UnitKind::Mark
        }
        _ if is_tag(text) => UnitKind::Tag,
        _ => UnitKind::Word,
    }
}

fn if_level(inner: Option<&[u8]>, otherwise: UnitKind) -> UnitKind {
    if inner.is_some_and(|inner| is_level(inner.trim_ascii())) {
        UnitKind::Level
    } else {
        otherwise
    }
}

/// The value of a field such as `level=info`; other words as they are.
fn field_value(word: &[u8]) -> &[u8] {
    match word.iter().position(|byte| *byte == b'=') {
        Some(equals)
            if word
                .get(..equals)
                .is_some_and(|key| key.iter().all(u8::is_ascii_alphabetic)) =>
        {
            word.get(equals + 1..).unwrap_or_default()
        }
        _ => word,
    }
}

fn is_level(word: &[u8]) -> bool {
    let mut lower = [0; 11];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    matches!(word, [b'V' | b'D' | b'I' | b'W' | b'E' | b'F' | b'T'])
        || matches!(
            &*lower,
            b"trace"
                | b"debug"
                | b"dbg"
                | b"info"
                | b"inf"
                | b"information"
                | b"notice"
                | b"note"
                | b"warn"
                | b"warning"
                | b"error"
                | b"err"
                | b"severe"
                | b"fatal"
                | b"critical"
                | b"crit"
                | b"alert"
                | b"emerg"
                | b"emergency"
                | b"panic"
                | b"verbose"
                | b"fine"
                | b"finer"
                | b"finest"
                | b"config"
                | b"failure"
                | b"audit"
        )
}

/// Bytes of what may stand before a time in its unit: a bracket, or the key of a field.
fn key_length(text: &[u8]) -> Option<usize> {
    if text.first() == Some(&b'[') {
        return Some(1);
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_=(@".contains(byte);
    let part = text.get(
        ..text
            .iter()
            .take(LONGEST_KEY)
            .take_while(|byte| is_part(byte))
            .count(),
    )?;
    // The digits of the time itself are a part as well.
    let key = part.iter().rposition(|byte| matches!(byte, b'=' | b'('))? + 1;
    Some(key + usize::from(text.get(key) == Some(&b'"')))
}

/// Whether a unit ends in a colon, or closes a bracket that opened before it.
fn is_tag(text: &[u8]) -> bool {
    let closes = text.last() == Some(&b']') && !text.contains(&b'[');
    let is_free = !text.starts_with(b"[") && !text.starts_with(b"\"");
    text.len() > 1 && is_free && (closes || text.last() == Some(&b':'))
}

/// Whether a unit before a tag is part of it: a process with its number, or mere punctuation.
fn begins_tag(text: &[u8]) -> bool {
    let is_process = text.last() == Some(&b']') && text.first() != Some(&b'[');
    is_process || (!text.is_empty() && text.iter().all(|byte| *byte == b'-'))
}

/// Whether a tag may have a unit before it: it is in round brackets, a version, or the end of a process's name.
fn may_follow_in_tag(text: &[u8]) -> bool {
    text.first() == Some(&b'(')
        || text.ends_with(b"]:")
        || (text.first().is_some_and(u8::is_ascii_digit) && text.contains(&b'.'))
}

fn word_length(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| *byte <= b' ')
        .unwrap_or(text.len())
}

/// Bytes of the group that opens `text`, brackets inside included; 0 when it is not closed.
fn group_length(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().take(LONGEST_GROUP).enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 1 => return at + 1,
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    0
}

/// Bytes of a priority such as `<34>`.
fn priority_length(text: &[u8]) -> Option<usize> {
    let digits = text
        .get(1..)?
        .iter()
        .take(4)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (digits > 0 && text.get(digits + 1) == Some(&b'>')).then_some(digits + 2)
}
