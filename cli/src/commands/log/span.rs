//! Spans of lines and points in time as typed.

use std::str::FromStr;

use codec_suite::log::archive::Range;
use codec_suite::log::structure::timestamp::{self, Timestamp};

/// Lines `A..B`, `A..`, `..B` or `A`, counted from 1, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineSpan(pub(crate) Range<u64>);

impl FromStr for LineSpan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| match text {
            "" => Ok(None),
            _ => match text.parse() {
                Ok(0) => Err("lines are counted from 1".to_owned()),
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(format!("{text} is no line number")),
            },
        };
        let (from, to) = match text.split_once("..") {
            Some((from, to)) => (number(from)?, number(to)?),
            None if text.is_empty() => return Err("expected A..B, such as 100..110".to_owned()),
            None => (number(text)?, number(text)?),
        };
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(format!("starts at {from} after its end {to}"));
        }
        Ok(Self(Range { from, to }))
    }
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimePoint(pub(crate) Timestamp);

impl FromStr for TimePoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let midnight = format!("{text} 00:00:00");
        let with_seconds = format!("{text}:00");
        [text, &with_seconds, &midnight]
            .into_iter()
            .find_map(|text| match timestamp::parse(text.as_bytes()) {
                Some((time, used)) if used == text.len() => Some(Self(time)),
                _ => None,
            })
            .ok_or_else(|| "no time that is recognised; write it as the log does".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_included_and_may_be_open() {
        let span = |text: &str| {
            text.parse::<LineSpan>()
                .map(|span| (span.0.from, span.0.to))
        };
        assert_eq!(span("2..5"), Ok((Some(2), Some(5))));
        assert_eq!(span("7"), Ok((Some(7), Some(7))));
        assert_eq!(span("..5"), Ok((None, Some(5))));
        for bad in ["", "0", "5..2", "a", "1..b"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_may_lack_seconds_or_the_time_of_day() {
        let time = |text: &str| text.parse::<TimePoint>().map(|time| time.0.milliseconds());
        assert_eq!(time("1970-01-02 00:00:01"), Ok(86_401_000));
        assert_eq!(time("1970-01-02 00:01"), Ok(86_460_000));
        assert_eq!(time("1970-01-02"), Ok(86_400_000));
        assert!(time("yesterday").is_err());
    }
}
