//! Ranges of bytes and of records as typed: `A..B`, `A..`, `..B`.

use std::ops::Range;
use std::str::FromStr;

use codec_suite::core::parse_size;

/// Bytes from `start` up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl ByteRange {
    /// The part of this range that lies within `len` bytes from offset `at`, counted from `at`.
    pub(crate) fn within(self, at: u64, len: u64) -> Range<u64> {
        let start = self.start.saturating_sub(at).min(len);
        let end = self.end.saturating_sub(at).min(len);
        start..end
    }
}

/// Records from number `start`, counted from 0, up to but without number `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordRange {
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
}

impl FromStr for RecordRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected A..B, A.. or ..B, such as 0..50000";
        let (start, end) = text.split_once("..").ok_or(expected)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| expected.to_owned());
        let range = RecordRange {
            start: if start.is_empty() { 0 } else { number(start)? },
            end: if end.is_empty() {
                None
            } else {
                Some(number(end)?)
            },
        };
        match range.end {
            Some(end) if end <= range.start => Err(format!("{text} holds no records")),
            _ => Ok(range),
        }
    }
}

impl FromStr for ByteRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (start, end) = text
            .split_once("..")
            .ok_or("expected A..B, A.. or ..B, such as 0..64k")?;
        let number = |text: &str, open: u64| match text {
            "" => Ok(open),
            _ => parse_size(text).map_err(|error| error.to_string()),
        };
        let range = ByteRange {
            start: number(start, 0)?,
            end: number(end, u64::MAX)?,
        };
        if range.start > range.end {
            return Err(format!(
                "starts at {} after its end {}",
                range.start, range.end
            ));
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_ends_and_units_are_understood() {
        let range = |text: &str| text.parse::<ByteRange>().map(|r| (r.start, r.end));
        assert_eq!(range("1..2"), Ok((1, 2)));
        assert_eq!(range("1k.."), Ok((1024, u64::MAX)));
        assert_eq!(range("..1M"), Ok((0, 1 << 20)));
        assert_eq!(range(".."), Ok((0, u64::MAX)));
        for bad in ["", "5", "2..1", "a..b", "1...3"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_of_records_have_no_units_and_are_never_none() {
        let range = |text: &str| text.parse::<RecordRange>().map(|r| (r.start, r.end));
        assert_eq!(range("1..2"), Ok((1, Some(2))));
        assert_eq!(range("5.."), Ok((5, None)));
        assert_eq!(range("..9"), Ok((0, Some(9))));
        for bad in ["", "5", "2..2", "3..1", "1k..", "-1..2"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_range_is_cut_to_the_stream_it_meets() {
        let range = ByteRange { start: 10, end: 30 };
        assert_eq!(range.within(0, 20), 10..20);
        assert_eq!(range.within(20, 100), 0..10);
        assert_eq!(range.within(40, 5), 0..0);
    }
}
