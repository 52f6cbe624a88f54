//! Lines that are objects in JSON: only as much of them as finding a time and a level takes.

use super::timestamp;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

/// The keys of the time and of the level, if nearly all of `lines` are objects with a time.
pub(crate) fn time_and_level_keys(lines: &[&[u8]]) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let objects = lines.iter().filter(|line| is_object(line)).count();
    if objects * 10 < lines.len() * 9 {
        return None;
    }
    let first = lines.iter().find(|line| is_object(line))?;
    let everywhere = |key: &[u8], fits: &dyn Fn(&[u8]) -> bool| {
        let found = lines.iter().filter(|line| {
            value_span(line, key)
                .and_then(|span| line.get(span))
                .is_some_and(fits)
        });
        found.count() * 10 >= lines.len() * 9
    };
    let distinct = |key: &[u8]| {
        let values = lines
            .iter()
            .filter_map(|line| line.get(value_span(line, key)?));
        values.collect::<BTreeSet<&[u8]>>().len()
    };
    // Of several times that of the line itself changes most often.
    let times =
        keys(first).filter(|key| everywhere(key, &|value| timestamp::parse(value).is_some()));
    let time = times.min_by_key(|key| Reverse(distinct(key)))?;
    let level =
        keys(first).find(|key| is_level_key(key) && everywhere(key, &|value| !value.is_empty()));
    Some((time.to_vec(), level.map(<[u8]>::to_vec)))
}

/// Where the value of the first `key` in `line` stands, without quotes.
pub(crate) fn value_span(line: &[u8], key: &[u8]) -> Option<Range<usize>> {
    let (_, start) = Keys { line, at: 0 }.find(|(found, _)| *found == key)?;
    let rest = line.get(start..)?;
    match rest {
        [b'"', text @ ..] => Some(start + 1..start + 1 + string_length(text)),
        _ => Some(
            start
                ..start
                    + rest
                        .iter()
                        .position(|byte| matches!(byte, b',' | b'}' | b']' | b' '))
                        .unwrap_or(rest.len()),
        ),
    }
}

/// Whether `line` looks like an object.
pub(crate) fn is_object(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.starts_with(b"{") && line.ends_with(b"}")
}

/// Keys looked at in a line.
const MOST_KEYS: usize = 64;

fn keys(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    Keys { line, at: 0 }.take(MOST_KEYS).map(|(key, _)| key)
}

fn is_level_key(key: &[u8]) -> bool {
    ["level", "severity", "loglevel", "log.level", "lvl"]
        .iter()
        .any(|name| name.as_bytes().eq_ignore_ascii_case(key))
}

/// Yields keys with where their values start.
struct Keys<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Keys<'a> {
    type Item = (&'a [u8], usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.line.get(self.at..)?;
            let start = self.at + rest.iter().position(|byte| *byte == b'"')? + 1;
            let end = start + string_length(self.line.get(start..)?);
            self.at = end + 1;
            let after = self.line.get(self.at..)?;
            let blanks = after.iter().take_while(|byte| **byte == b' ').count();
            if after.get(blanks) == Some(&b':') {
                let value = after.get(blanks + 1..)?;
                let value_start =
                    self.at + blanks + 1 + value.iter().take_while(|byte| **byte == b' ').count();
                self.at = value_start;
                return Some((self.line.get(start..end)?, value_start));
            }
        }
    }
}

/// Bytes up to the quote that closes a string.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_key_and_quotes_may_be_escaped() {
        let line = br#"{"a":"say \"b\": 1", "b" : "x", "c": 12}"#;
        assert_eq!(&line[value_span(line, b"b").unwrap()], b"x");
        assert_eq!(&line[value_span(line, b"c").unwrap()], b"12");
        assert_eq!(value_span(line, b"d"), None);
        assert_eq!(value_span(b"{\"a", b"a"), None);
    }
}
