//! Times as logs write them.
//!
//! One entry point, [`parse`], reads the time a text begins with. It knows families of notations rather than
//! a list of formats: a date in digits with any of the usual separators, a date with a month's name,
//! compact dates, bare times of day, and counts of seconds since 1970 (also in milli-, micro- and nanoseconds).

/// A moment, comparable with others read from the same log: milliseconds since 1970-01-01T00:00:00 UTC.
///
/// A time without a zone is taken as UTC; a date without a year as one of 1972 (a leap year, so that
/// 29 February exists); a time of day without a date, and a time since the start of the system, as one of 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `milliseconds` after 1970-01-01T00:00:00 UTC.
    #[must_use]
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970-01-01T00:00:00 UTC.
    #[must_use]
    pub fn milliseconds(self) -> i64 {
        self.0
    }
}

/// Reads the time that `text` begins with, and tells how many bytes it takes.
///
/// A time in square brackets counts with its brackets. Nothing is skipped before it, and what follows it must
/// not continue a number or a word.
///
/// ```
/// use codec_log::structure::timestamp;
///
/// let (time, used) = timestamp::parse(b"2015-10-18 18:01:47,978 INFO main").unwrap();
/// assert_eq!((time.milliseconds(), used), (1_445_191_307_978, 23));
/// assert!(timestamp::parse(b"not a time").is_none());
/// ```
#[must_use]
pub fn parse(text: &[u8]) -> Option<(Timestamp, usize)> {
    let first = *text.first()?;
    if first == b'[' {
        if let Some(since_start) = seconds_since_start(text) {
            return Some(since_start);
        }
        let (time, used) = parse(text.get(1..)?)?;
        return (text.get(used + 1) == Some(&b']')).then_some((time, used + 2));
    }
    if !first.is_ascii_alphanumeric() {
        return None;
    }
    // The longest reading wins: a date is also the start of a date with a time.
    [
        named_month,
        numeric_date,
        compact_date,
        epoch,
        time_of_day_alone,
    ]
    .iter()
    .filter_map(|reading| {
        let mut cursor = Cursor { text, at: 0 };
        let time = reading(&mut cursor)?;
        cursor.at_boundary().then_some((Timestamp(time), cursor.at))
    })
    .max_by_key(|&(_, used)| used)
}

/// Whether `text` begins with the name of a month or of a day of the week, capitalised.
pub(crate) fn begins_with_calendar_name(text: &[u8]) -> bool {
    let Some([first @ b'A'..=b'Z', second, third]) = text.get(..3) else {
        return false;
    };
    let name = [*first, *second, *third].map(|letter| letter.to_ascii_lowercase());
    matches!(
        &name,
        b"jan"
            | b"feb"
            | b"mar"
            | b"apr"
            | b"may"
            | b"jun"
            | b"jul"
            | b"aug"
            | b"sep"
            | b"oct"
            | b"nov"
            | b"dec"
            | b"mon"
            | b"tue"
            | b"wed"
            | b"thu"
            | b"fri"
            | b"sat"
            | b"sun"
    )
}

/// The year of dates that come without one.
const YEAR_WHEN_NONE: i64 = 1972;
const DAY: i64 = 86_400_000;

/// A reading position in a text.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    fn spaces(&mut self) -> bool {
        let start = self.at;
        while self.eat(b" ").is_some() {}
        self.at > start
    }

    /// A number of `least` to `most` digits that no further digit follows.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let rest = self.text.get(self.at..)?;
        let digits = rest
            .iter()
            .take(most + 1)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits < least || digits > most {
            return None;
        }
        self.digits(digits)
    }

    /// Exactly `count` digits, whatever follows.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.text.get(self.at..self.at.checked_add(count)?)?;
        let mut value = 0_i64;
        for byte in digits {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
        }
        self.at += count;
        Some(value)
    }

    /// A name of three letters out of `names`, or a longer word that begins with it.
    fn name(&mut self, names: &[&[u8; 3]]) -> Option<i64> {
        let rest = self.text.get(self.at..)?;
        let short = rest.get(..3)?;
        let index = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(short))?;
        let letters = rest
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        if letters > 9 {
            return None;
        }
        self.at += letters;
        i64::try_from(index).ok()
    }

    /// Runs `reading`, and takes nothing when it fails.
    fn optional<T>(&mut self, reading: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let start = self.at;
        let value = reading(self);
        if value.is_none() {
            self.at = start;
        }
        value
    }

    fn at_boundary(&self) -> bool {
        match self.peek() {
            None => true,
            Some(b'.' | b'-' | b':' | b'/' | b'_') => !self
                .text
                .get(self.at + 1)
                .is_some_and(u8::is_ascii_alphanumeric),
            Some(byte) => !byte.is_ascii_alphanumeric(),
        }
    }
}

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const WEEKDAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Milliseconds at the start of a day of the Gregorian calendar.
///
/// The count of days follows from months numbered from March, so that the leap day comes last.
fn day_start(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let from_march = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = 365 * year + leap_days + (153 * from_march + 2) / 5 + day - 1;
    Some((days - 719_468) * DAY)
}

/// Hours, minutes, perhaps seconds and a fraction, perhaps AM or PM, perhaps a zone: milliseconds.
fn time_of_day(cursor: &mut Cursor<'_>) -> Option<i64> {
    let hour = cursor.number(1, 2).filter(|hour| *hour < 25)?;
    let separator = cursor.eat(b":.")?;
    let minute = cursor.number(1, 2).filter(|minute| *minute < 60)?;
    let second = cursor.optional(|cursor| {
        cursor.eat(&[separator])?;
        cursor.number(1, 2).filter(|second| *second < 61)
    });
    // Two numbers around a dot are rather a decimal fraction than a time.
    if second.is_none() && separator == b'.' {
        return None;
    }
    let fraction = second.and_then(|_| cursor.optional(fraction)).unwrap_or(0);
    let half = cursor.optional(|cursor| {
        cursor.spaces();
        let half = cursor.eat(b"AaPp")?.to_ascii_lowercase();
        cursor.eat(b"Mm")?;
        cursor.at_boundary().then_some(half)
    });
    let hour = match half {
        Some(b'p') if hour < 12 => hour + 12,
        Some(b'a') if hour == 12 => 0,
        _ => hour,
    };
    let zone = cursor.optional(zone).unwrap_or(0);
    Some((hour * 3600 + minute * 60 + second.unwrap_or(0)) * 1000 + fraction - zone)
}

/// The digits after the seconds, in milliseconds. After a colon they count milliseconds themselves.
fn fraction(cursor: &mut Cursor<'_>) -> Option<i64> {
    if cursor.eat(b".,:")? == b':' {
        return cursor.number(1, 3);
    }
    let start = cursor.at;
    let value = cursor.number(1, 9)?;
    let digits = cursor.at - start;
    Some(if digits < 3 {
        value * if digits == 1 { 100 } else { 10 }
    } else {
        value / 10_i64.pow(digits as u32 - 3)
    })
}

/// The offset of a zone from UTC in milliseconds.
fn zone(cursor: &mut Cursor<'_>) -> Option<i64> {
    cursor.eat(b" ");
    if cursor.eat(b"Z").is_some() {
        return cursor.at_boundary().then_some(0);
    }
    let sign = if cursor.eat(b"+-")? == b'+' { 1 } else { -1 };
    let hours = cursor.digits(2)?;
    cursor.eat(b":");
    let minutes = cursor.digits(2)?;
    cursor
        .at_boundary()
        .then_some(sign * (hours * 3600 + minutes * 60) * 1000)
}

/// The letters of a zone, as in `PDT 2005`. What they mean is not known here, so that they do not count.
fn zone_name(cursor: &mut Cursor<'_>) -> Option<()> {
    let rest = cursor.text.get(cursor.at..)?;
    let letters = rest
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    cursor.at += letters;
    ((3..=5).contains(&letters) && cursor.spaces()).then_some(())
}

/// `[   12.345678]`: seconds since the system started, in brackets, padded with blanks.
fn seconds_since_start(text: &[u8]) -> Option<(Timestamp, usize)> {
    let mut cursor = Cursor { text, at: 1 };
    cursor.spaces();
    let seconds = cursor.number(1, 9)?;
    let before = cursor.at;
    let fraction = fraction(&mut cursor)?;
    let is_exact = cursor.at == before + 7 && text.get(before) == Some(&b'.');
    cursor.eat(b"]").filter(|_| is_exact)?;
    Some((Timestamp(seconds * 1000 + fraction), cursor.at))
}

/// What stands between a date and a time of day.
fn between(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.eat(b",").is_some() {
        cursor.spaces();
        return Some(());
    }
    (cursor.spaces() || cursor.eat(b"T-_:").is_some()).then_some(())
}

/// `Jun  9 06:06:20`, `Thu Jun 09 06:07:04 2005`, `17/May/2015:10:05:03 +0000`, `Thu, 17 May 2015 10:05:03 GMT`.
fn named_month(cursor: &mut Cursor<'_>) -> Option<i64> {
    cursor.optional(|cursor| {
        cursor.name(&WEEKDAYS)?;
        cursor.eat(b",");
        cursor.spaces().then_some(())
    });
    if let Some(month) = cursor.optional(|cursor| cursor.name(&MONTHS)) {
        cursor.spaces().then_some(())?;
        let day = cursor.number(1, 2)?;
        let early_year = cursor.optional(|cursor| {
            cursor.eat(b",");
            cursor.spaces().then_some(())?;
            cursor.number(4, 4)
        });
        cursor.spaces().then_some(())?;
        let time = time_of_day(cursor)?;
        let late_year = cursor.optional(|cursor| {
            cursor.spaces().then_some(())?;
            cursor.optional(zone_name);
            let year = cursor
                .number(4, 4)
                .filter(|year| (1970..2100).contains(year))?;
            cursor.at_boundary().then_some(year)
        });
        let year = early_year.or(late_year).unwrap_or(YEAR_WHEN_NONE);
        return Some(day_start(year, month + 1, day)? + time);
    }
    let day = cursor.number(1, 2)?;
    let separator = cursor.eat(b"/- ")?;
    let month = cursor.name(&MONTHS)?;
    cursor.eat(&[separator])?;
    let year = cursor.number(2, 4).map(full_year)?;
    between(cursor)?;
    let time = time_of_day(cursor)?;
    Some(day_start(year, month + 1, day)? + time)
}

/// Dates of digits with separators, with or without a time: `2005-06-03 15:42:50`, `17/06/09 20:10:41`, `03-17 16:13:38`.
fn numeric_date(cursor: &mut Cursor<'_>) -> Option<i64> {
    let start = cursor.at;
    let first = cursor.number(1, 4)?;
    let first_digits = cursor.at - start;
    let separator = cursor.eat(b"-/.")?;
    let second = cursor.number(1, 2)?;
    let third = cursor.optional(|cursor| {
        cursor.eat(&[separator])?;
        let start = cursor.at;
        let value = cursor.number(1, 4)?;
        Some((value, cursor.at - start))
    });
    let (year, month, day) = match third {
        Some((day, _)) if first_digits == 4 => (first, second, day),
        Some((year, 4)) if first > 12 => (year, second, first),
        Some((year, 4)) => (year, first, second),
        Some((day, 1 | 2)) if first_digits == 2 => (full_year(first), second, day),
        None if first_digits <= 2 => (YEAR_WHEN_NONE, first, second),
        _ => return None,
    };
    let start_of_day = day_start(year, month, day)?;
    let time = cursor.optional(|cursor| {
        between(cursor)?;
        time_of_day(cursor)
    });
    // Without a time only a four-digit year tells a date from a version or a fraction.
    if time.is_none() && !(first_digits == 4 && (1970..2100).contains(&first)) {
        return None;
    }
    Some(start_of_day + time.unwrap_or(0))
}

/// `20171223-22:15:29:635`, `20171223T221529`, `081109 203615`.
fn compact_date(cursor: &mut Cursor<'_>) -> Option<i64> {
    let long = cursor.optional(|cursor| {
        let date = cursor.number(8, 8)?;
        (1970..2100).contains(&(date / 10_000)).then_some(date)
    });
    let date = match long {
        Some(date) => date,
        None => {
            let date = cursor.number(6, 6)?;
            full_year(date / 10_000) * 10_000 + date % 10_000
        }
    };
    let start_of_day = day_start(date / 10_000, date / 100 % 100, date % 100)?;
    between(cursor)?;
    let time = match cursor.optional(|cursor| cursor.number(6, 6)) {
        Some(time) if time / 10_000 < 24 && time / 100 % 100 < 60 && time % 100 < 61 => {
            let fraction = cursor.optional(fraction).unwrap_or(0);
            let zone = cursor.optional(zone).unwrap_or(0);
            (time / 10_000 * 3600 + time / 100 % 100 * 60 + time % 100) * 1000 + fraction - zone
        }
        Some(_) => return None,
        None if long.is_some() => time_of_day(cursor)?,
        None => return None,
    };
    Some(start_of_day + time)
}

/// Seconds since 1970 in ten digits, with or without a fraction; or milli-, micro-, nanoseconds in 13, 16, 19 digits.
fn epoch(cursor: &mut Cursor<'_>) -> Option<i64> {
    let start = cursor.at;
    let value = cursor.number(10, 19)?;
    let milliseconds = match cursor.at - start {
        10 => {
            let fraction = cursor.optional(|cursor| {
                cursor.eat(b".")?;
                cursor.at -= 1;
                let fraction = fraction(cursor)?;
                // A serial number follows in audit logs.
                cursor.optional(|cursor| cursor.eat(b":").and_then(|_| cursor.number(1, 12)));
                Some(fraction)
            });
            value * 1000 + fraction.unwrap_or(0)
        }
        13 => value,
        16 => value / 1000,
        19 => value / 1_000_000,
        _ => return None,
    };
    // Between 1990 and 2040.
    (631_152_000_000..2_208_988_800_000)
        .contains(&milliseconds)
        .then_some(milliseconds)
}

fn time_of_day_alone(cursor: &mut Cursor<'_>) -> Option<i64> {
    cursor.number(1, 2)?;
    cursor.eat(b":")?;
    cursor.at = 0;
    let time = time_of_day(cursor)?;
    let colons = cursor
        .text
        .get(..cursor.at)?
        .iter()
        .filter(|byte| **byte == b':')
        .count();
    (colons >= 2).then_some(time)
}

fn full_year(year: i64) -> i64 {
    match year {
        0..=69 => 2000 + year,
        70..=99 => 1900 + year,
        _ => year,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, usize)> {
        parse(text.as_bytes()).map(|(time, used)| (time.milliseconds(), used))
    }

    #[test]
    fn notations_of_one_moment_agree() {
        let moment = 1_431_857_103_000;
        for text in [
            "2015-05-17 10:05:03",
            "2015-05-17T10:05:03Z",
            "2015-05-17T12:05:03+02:00",
            "2015/05/17 10:05:03",
            "2015-05-17-10.05.03",
            "15/05/17 10:05:03",
            "[17/May/2015:10:05:03 +0000]",
            "[Sun May 17 10:05:03 2015]",
            "Sun, 17 May 2015 10:05:03",
            "05/17/2015 10:05:03 AM",
            "17/05/2015 10:05:03",
            "150517 100503",
            "20150517-10:5:3",
            "20150517T100503",
            "1431857103",
            "1431857103000",
            "1431857103.000000",
        ] {
            assert_eq!(read(text), Some((moment, text.len())), "{text}");
        }
    }

    #[test]
    fn fractions_of_a_second_count_in_milliseconds() {
        for (text, milliseconds) in [
            ("1970-01-01 00:00:00,978", 978),
            ("1970-01-01 00:00:00.5", 500),
            ("1970-01-01-00.00.00.730545", 730),
            ("19700101-0:0:0:74", 74),
            ("00:00:01.25", 1250),
            ("[    1.250000]", 1250),
        ] {
            assert_eq!(read(text), Some((milliseconds, text.len())), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_year_orders_within_one_year() {
        let june = read("Jun  9 06:06:20 host").unwrap();
        let july = read("Jul 10 06:06:20 host").unwrap();
        let numeric = read("06-09 06:06:20 host").unwrap();
        assert!(june.0 < july.0);
        assert_eq!((june.1, numeric), (15, (june.0, 14)));
        assert!(read("Feb 29 00:00:00").is_some());
    }

    #[test]
    fn a_date_alone_needs_a_four_digit_year() {
        assert_eq!(read("2005.06.03 R23").unwrap().1, 10);
        assert_eq!(read("1.2.3"), None);
        assert_eq!(read("12/25"), None);
    }

    #[test]
    fn what_only_resembles_a_time_is_none() {
        for text in [
            "",
            "[",
            "1234567",
            "12345678901",
            "99:99:99",
            "10.251.43.115:50010",
            "Junk 5 x",
            "1:2",
            "12345678 99",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_word_that_goes_on_is_no_boundary() {
        assert_eq!(read("2005-06-03x"), None);
        assert_eq!(read("1431857103abc"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(text in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            if let Some((_, used)) = parse(&text) {
                assert!(used <= text.len());
            }
        }

        #[test]
        fn digits_and_separators_are_read_without_panic(text in "[0-9:./, T+-]{0,40}") {
            if let Some((_, used)) = parse(text.as_bytes()) {
                assert!(used <= text.len());
            }
        }
    }
}
