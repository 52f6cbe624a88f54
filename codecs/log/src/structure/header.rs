//! What stands before the message in every line of a log: time, host, level, component, and the like.
//!
//! [`Header::infer`] finds it from the lines alone. Lines are cut into units (a time, a group in brackets, a word), and the
//! units are lined up in columns from the left. A column that nearly all lines agree on in kind, in a way messages
//! do not (a time, a level, a padded word, a tag that ends in a colon), belongs to the header, and so does what stands
//! before it. Only lines with a time (or a level, where no line has a time) in the same column vote, so that stack
//! traces and other continuations do no harm.

use super::json;
use super::timestamp::{self, Timestamp};
use super::unit::{Unit, UnitKind, Units};
use std::ops::Range;

/// What a field of a header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// A time that [`timestamp::parse`] reads.
    Timestamp,
    /// How severe the message is: `INFO`, `[error]`, a letter.
    Level,
    /// A number: a process, a thread.
    Number,
    /// A word: a host, a component.
    Word,
    /// A group in square brackets: a thread, a request.
    Bracketed,
    /// What prints the message, up to a colon; lines may lack it.
    Tag,
    /// Punctuation between fields.
    Mark,
    /// Words up to a lone dash; lines may lack it.
    Origin,
}

impl Field {
    /// The name shown in a template.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Field::Timestamp => "<timestamp>",
            Field::Level => "<level>",
            Field::Number => "<number>",
            Field::Word => "<word>",
            Field::Bracketed => "<bracketed>",
            Field::Tag => "<tag>",
            Field::Mark => "-",
            Field::Origin => "<origin>",
        }
    }

    fn is_optional(self) -> bool {
        matches!(self, Field::Tag | Field::Origin)
    }
}

/// The fields before the message, as inferred from lines of a log.
///
/// ```
/// use codec_log::structure::{Field, Header};
///
/// let lines = [
///     &b"Jun  9 06:06:20 combo sshd[17]: session opened"[..],
///     &b"Jun  9 06:06:21 combo su[18]: session closed"[..],
///     &b"Jun  9 06:06:23 combo sshd[17]: bye"[..],
/// ];
/// let header = Header::infer(&lines).unwrap();
/// assert_eq!(header.fields(), [Field::Timestamp, Field::Word, Field::Tag]);
/// assert_eq!(&lines[0][header.message_start(lines[0]).unwrap()..], b"session opened");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    layout: Layout,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Layout {
    /// Fields from the left, with the byte between them if it is not a blank.
    Columns {
        fields: Vec<Field>,
        separator: Option<u8>,
    },
    /// Each line is an object in JSON, with its time and its level under these keys.
    Object {
        time_key: Vec<u8>,
        level_key: Option<Vec<u8>>,
    },
}

/// Lines looked at, spread evenly over those given.
const SAMPLED_LINES: usize = 2000;
/// A header has at most this many fields.
const MOST_FIELDS: usize = 16;
/// A time stands in one of the first so many columns.
const TIME_COLUMNS: usize = 9;
/// Words that may stand between a sure field and the next one.
const WORDS_BETWEEN: usize = 2;

impl Header {
    /// Finds the header that most of `lines` have, if they have one.
    #[must_use]
    pub fn infer(lines: &[&[u8]]) -> Option<Self> {
        let step = lines.len().div_ceil(SAMPLED_LINES).max(1);
        let sample: Vec<&[u8]> = lines
            .iter()
            .step_by(step)
            .copied()
            .filter(|line| !line.trim_ascii().is_empty())
            .collect();
        if sample.is_empty() {
            return None;
        }
        if let Some((time_key, level_key)) = json::time_and_level_keys(&sample) {
            return Some(Self {
                layout: Layout::Object {
                    time_key,
                    level_key,
                },
            });
        }
        let separator = separator(&sample);
        let rows: Vec<Vec<Unit>> = sample
            .iter()
            .map(|line| Units::new(line, separator).take(MOST_FIELDS + 4).collect())
            .collect();
        let voters = voters(&rows)?;
        let fields = if separator.is_some() {
            separated_fields(&voters)
        } else {
            column_fields(&voters)
        };
        (!fields.is_empty()).then_some(Self {
            layout: Layout::Columns { fields, separator },
        })
    }

    /// The fields, from the left. None when lines are objects in JSON.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        match &self.layout {
            Layout::Columns { fields, .. } => fields,
            Layout::Object { .. } => &[],
        }
    }

    /// Where the message begins in `line`, in bytes; `None` for a line without this header.
    #[must_use]
    pub fn message_start(&self, line: &[u8]) -> Option<usize> {
        match &self.layout {
            Layout::Columns { .. } => self.walk(line, |_, _| {}),
            Layout::Object { .. } => Some(0),
        }
    }

    /// The header's fields in `line` with their spans, in bytes; `None` for a line without this header.
    #[must_use]
    pub fn spans(&self, line: &[u8]) -> Option<Vec<(Field, Range<usize>)>> {
        let mut spans = Vec::new();
        self.walk(line, |field, span| spans.push((field, span)))?;
        Some(spans)
    }

    /// The time of `line`, and where it stands.
    #[must_use]
    pub fn timestamp(&self, line: &[u8]) -> Option<(Timestamp, Range<usize>)> {
        let span = match &self.layout {
            Layout::Columns { .. } => self.first(line, Field::Timestamp)?,
            Layout::Object { time_key, .. } => json::value_span(line, time_key)?,
        };
        let (time, used) = timestamp::parse(line.get(span.start..)?)?;
        Some((time, span.start..span.start + used))
    }

    /// Where the level of `line` stands, brackets left out.
    #[must_use]
    pub fn level(&self, line: &[u8]) -> Option<Range<usize>> {
        let span = match &self.layout {
            Layout::Columns { .. } => self.first(line, Field::Level)?,
            Layout::Object { level_key, .. } => json::value_span(line, level_key.as_ref()?)?,
        };
        let text = line.get(span.clone())?;
        let value = text
            .iter()
            .position(|byte| *byte == b'=')
            .map_or(0, |equals| equals + 1);
        let start = value
            + text
                .get(value..)?
                .iter()
                .position(u8::is_ascii_alphanumeric)?;
        let end = text.iter().rposition(u8::is_ascii_alphanumeric)?;
        Some(span.start + start..span.start + end + 1)
    }

    fn first(&self, line: &[u8], wanted: Field) -> Option<Range<usize>> {
        let mut found = None;
        self.walk(line, |field, span| {
            if field == wanted && found.is_none() {
                found = Some(span);
            }
        })?;
        found
    }

    /// Reports each field of `line`, and returns where the message begins.
    fn walk(&self, line: &[u8], mut report: impl FnMut(Field, Range<usize>)) -> Option<usize> {
        let Layout::Columns { fields, separator } = &self.layout else {
            return None;
        };
        let mut units = Units::new(line, *separator);
        for &field in fields {
            let span = match field {
                Field::Timestamp => units.next_timestamp(),
                Field::Tag => units.next_tag(),
                Field::Origin => units.next_origin(),
                Field::Mark => units.next_plain().filter(|span| is_mark(line, span)),
                Field::Bracketed => units
                    .next_plain()
                    .filter(|span| line.get(span.start) == Some(&b'[')),
                Field::Level | Field::Number | Field::Word => units.next_plain(),
            };
            match span {
                Some(span) => report(field, span),
                None if field.is_optional() => {}
                None => return None,
            }
        }
        Some(units.rest_start())
    }
}

fn is_mark(line: &[u8], span: &Range<usize>) -> bool {
    line.get(span.clone())
        .is_some_and(|text| !text.iter().any(u8::is_ascii_alphanumeric))
}

/// The byte that separates fields, if nearly all lines have two of it, the first one early.
///
/// Commas and semicolons also occur in messages: they count only right behind a time, no blank following.
fn separator(sample: &[&[u8]]) -> Option<u8> {
    let most = |fits: &dyn Fn(&[u8]) -> bool| {
        sample.iter().filter(|line| fits(line)).count() * 10 >= sample.len() * 9
    };
    let has_two = |line: &[u8], separator: u8| {
        let mut places = line
            .iter()
            .take(512)
            .enumerate()
            .filter(|(_, byte)| **byte == separator)
            .map(|(at, _)| at);
        places.next().is_some_and(|first| first < 64) && places.next().is_some()
    };
    let ends_time = |line: &[u8], separator: u8| {
        let time_end = timestamp::parse(line).map(|(_, used)| used);
        time_end.is_some_and(|end| matches!(line.get(end..end + 2), Some([found, next]) if *found == separator && *next != b' '))
    };
    [b'|', b'\t', b',', b';'].into_iter().find(|&separator| {
        let is_sure = separator == b'|';
        most(&|line| has_two(line, separator) && (is_sure || ends_time(line, separator)))
    })
}

/// The rows with a time, or else a level, in the column where most rows have one.
fn voters(rows: &[Vec<Unit>]) -> Option<Vec<&[Unit]>> {
    for (kind, share) in [(UnitKind::Timestamp, 5), (UnitKind::Level, 2)] {
        let count = |column: usize| {
            rows.iter()
                .filter(|row| row.get(column).is_some_and(|unit| unit.kind == kind))
                .count()
        };
        let best =
            (0..TIME_COLUMNS).max_by_key(|&column| (count(column), TIME_COLUMNS - column))?;
        if count(best) > 0 && count(best) * share >= rows.len() {
            let votes = rows
                .iter()
                .filter(|row| row.get(best).is_some_and(|unit| unit.kind == kind));
            return Some(votes.map(Vec::as_slice).collect());
        }
    }
    None
}

/// What the rows agree on in one column, in thousandths of the rows.
struct Column {
    timestamp: usize,
    level: usize,
    number: usize,
    bracketed: usize,
    tag: usize,
    mark: usize,
    dash: usize,
    padded: usize,
    quoted: usize,
}

impl Column {
    fn of(rows: &[&[Unit]], column: usize) -> Self {
        let share = |wanted: &dyn Fn(&Unit) -> bool| {
            rows.iter()
                .filter(|row| row.get(column).is_some_and(wanted))
                .count()
                * 1000
                / rows.len().max(1)
        };
        let kind = |wanted: UnitKind| share(&|unit: &Unit| unit.kind == wanted);
        Self {
            timestamp: kind(UnitKind::Timestamp),
            level: kind(UnitKind::Level),
            number: kind(UnitKind::Number),
            bracketed: kind(UnitKind::Bracketed),
            tag: tag_share(rows, column),
            mark: kind(UnitKind::Mark),
            dash: share(&|unit: &Unit| unit.is_dash),
            padded: share(&|unit: &Unit| unit.kind == UnitKind::Word && unit.is_padded),
            quoted: kind(UnitKind::Quoted),
        }
    }

    /// The field this column surely is; `words` columns of mere words stand before it.
    fn sure(&self, words: usize) -> Option<Field> {
        if self.timestamp >= 900 {
            Some(Field::Timestamp)
        } else if self.level >= 850 {
            Some(Field::Level)
        } else if self.bracketed + self.timestamp >= 970 {
            Some(Field::Bracketed)
        } else if self.mark >= 950 {
            Some(Field::Mark)
        } else if self.number >= 970 && words == 0 {
            Some(Field::Number)
        } else if self.tag >= 800 {
            Some(Field::Tag)
        } else if self.padded >= 900 {
            Some(Field::Word)
        } else {
            None
        }
    }
}

/// Rows with a tag in this column; a tag may be of two units, as in `syslogd 1.4.1:`.
fn tag_share(rows: &[&[Unit]], column: usize) -> usize {
    let tagged = rows.iter().filter(|row| {
        let is_tag = |column: usize| {
            row.get(column)
                .is_some_and(|unit| unit.kind == UnitKind::Tag)
        };
        is_tag(column)
            || (row.get(column).is_some_and(|unit| unit.begins_tag) && is_tag(column + 1))
    });
    tagged.count() * 1000 / rows.len().max(1)
}

fn column_fields(rows: &[&[Unit]]) -> Vec<Field> {
    let last_anchor = last_anchor(rows);
    let mut fields = Vec::new();
    let mut waiting = Vec::new();
    for index in 0..MOST_FIELDS {
        if is_syslog_version_1(rows, index) {
            fields.extend([Field::Word; 5]);
            return fields;
        }
        let column = Column::of(rows, index);
        if last_anchor.is_none_or(|anchor| index > anchor)
            && (column.quoted > 300 || waiting.len() > WORDS_BETWEEN)
        {
            break;
        }
        let words = if last_anchor.is_some_and(|anchor| index < anchor) {
            0
        } else {
            waiting.len()
        };
        match column.sure(words) {
            // Before a later time or level a colon ends no tag that some lines lack.
            Some(Field::Tag) if last_anchor.is_some_and(|anchor| index < anchor) => {
                waiting.push(Field::Word)
            }
            // Words may be more or fewer before a dash than they are in these lines.
            Some(Field::Mark) if words > 0 && column.dash >= 950 => {
                fields.push(Field::Origin);
                return fields;
            }
            Some(field) => {
                fields.append(&mut waiting);
                fields.push(field);
                if field == Field::Tag {
                    return fields;
                }
            }
            None => waiting.push(Field::Word),
        }
    }
    if has_origin(rows, fields.len()) {
        fields.push(Field::Origin);
    }
    fields
}

/// Whether the columns before this one are a priority, a version and a time. Five fields follow then: host, application,
/// process, kind of message, and structured data (RFC 5424).
fn is_syslog_version_1(rows: &[&[Unit]], index: usize) -> bool {
    let begins_so = |row: &&&[Unit]| {
        matches!(**row, [priority, version, time, ..]
        if priority.is_priority && version.kind == UnitKind::Number && time.kind == UnitKind::Timestamp)
    };
    index == 3 && rows.iter().filter(begins_so).count() * 10 >= rows.len() * 9
}

/// The last column of times or levels: all before it belongs to the header.
fn last_anchor(rows: &[&[Unit]]) -> Option<usize> {
    (0..MOST_FIELDS).rev().find(|&index| {
        let column = Column::of(rows, index);
        column.timestamp >= 900 || column.level >= 850
    })
}

/// Whether nearly all rows go on with one to three words and a lone dash.
fn has_origin(rows: &[&[Unit]], column: usize) -> bool {
    let with_dash = rows.iter().filter(|row| {
        let next = row.get(column + 1..).unwrap_or_default();
        next.iter().take(3).any(|unit| unit.is_dash)
    });
    with_dash.count() * 10 >= rows.len() * 9
}

/// With a separator, all columns that nearly all rows have, but for the last.
fn separated_fields(rows: &[&[Unit]]) -> Vec<Field> {
    let mut counts: Vec<usize> = rows
        .iter()
        .map(|row| row.len().saturating_sub(1).min(MOST_FIELDS))
        .collect();
    counts.sort_unstable();
    let columns = counts.get(counts.len() / 50).copied().unwrap_or(0);
    (0..columns)
        .map(|index| {
            let column = Column::of(rows, index);
            match column {
                _ if column.timestamp >= 900 => Field::Timestamp,
                _ if column.level >= 850 => Field::Level,
                _ if column.number >= 900 => Field::Number,
                _ => Field::Word,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(lines: &[&str]) -> Option<Header> {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        Header::infer(&lines)
    }

    fn message<'a>(header: &Header, line: &'a str) -> &'a str {
        &line[header.message_start(line.as_bytes()).unwrap()..]
    }

    #[test]
    fn a_header_ends_where_messages_begin_to_differ() {
        let lines = [
            "2020-01-02 03:04:05,678 INFO [main] org.x.Server: starting up",
            "2020-01-02 03:04:06,001 WARN [worker 7] org.x.Pool: pool is low: 3 left",
            "2020-01-02 03:04:07,002 INFO [main] org.x.Server: done",
        ];
        let header = infer(&lines).unwrap();
        assert_eq!(
            header.fields(),
            [Field::Timestamp, Field::Level, Field::Bracketed, Field::Tag]
        );
        assert_eq!(message(&header, lines[1]), "pool is low: 3 left");
        let level = header.level(lines[1].as_bytes()).unwrap();
        assert_eq!(&lines[1][level], "WARN");
    }

    #[test]
    fn access_logs_keep_the_request_as_the_message() {
        let lines = [
            r#"10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 12"#,
            r#"10.0.0.2 - bob [17/May/2015:10:05:04 +0000] "GET /b HTTP/1.1" 404 0"#,
        ];
        let header = infer(&lines).unwrap();
        assert!(message(&header, lines[1]).starts_with("\"GET /b"));
        assert_eq!(
            header
                .timestamp(lines[1].as_bytes())
                .unwrap()
                .0
                .milliseconds(),
            1_431_857_104_000
        );
    }

    #[test]
    fn bars_separate_fields_where_all_lines_have_them() {
        let lines = [
            "20171223-22:15:29:635|Step|30002312|flush data",
            "20171223-22:15:29:7|Walk|30002312|a b=3|4",
        ];
        let header = infer(&lines).unwrap();
        assert_eq!(
            header.fields(),
            [Field::Timestamp, Field::Word, Field::Number]
        );
        assert_eq!(message(&header, lines[1]), "a b=3|4");
    }

    #[test]
    fn words_up_to_a_dash_are_the_origin() {
        let lines = [
            "[10.30 16:49:07] a.exe - open x",
            "[10.30 16:49:08] b.exe *64 - close y",
            "[10.30 16:49:08] a.exe - z",
        ];
        let header = infer(&lines).unwrap();
        assert_eq!(message(&header, lines[1]), "close y");
    }

    #[test]
    fn continuation_lines_have_no_header_and_do_not_hide_it() {
        let lines = [
            "2020-01-02 03:04:05 ERROR app: failed",
            "java.lang.Exception: x",
            "    at a.b.C(D.java:1)",
            "    at a.b.C(D.java:2)",
            "2020-01-02 03:04:06 INFO app: ok",
        ];
        let header = infer(&lines).unwrap();
        assert_eq!(header.message_start(lines[1].as_bytes()), None);
        assert_eq!(message(&header, lines[4]), "ok");
    }

    #[test]
    fn objects_in_json_have_a_time_under_a_key() {
        let lines = [
            r#"{"level":"info","ts":1431857103,"msg":"a"}"#,
            r#"{"level":"warn","ts":1431857104,"msg":"b"}"#,
        ];
        let header = infer(&lines).unwrap();
        let (time, span) = header.timestamp(lines[1].as_bytes()).unwrap();
        assert_eq!(
            (time.milliseconds(), &lines[1][span]),
            (1_431_857_104_000, "1431857104")
        );
        assert_eq!(
            &lines[1][header.level(lines[1].as_bytes()).unwrap()],
            "warn"
        );
        assert_eq!(header.message_start(lines[1].as_bytes()), Some(0));
    }

    #[test]
    fn the_time_of_an_object_is_the_one_that_changes() {
        let lines = [
            r#"{"start":1431857000,"now":1431857103}"#,
            r#"{"start":1431857000,"now":1431857104}"#,
        ];
        let header = infer(&lines).unwrap();
        assert_eq!(
            header
                .timestamp(lines[0].as_bytes())
                .unwrap()
                .0
                .milliseconds(),
            1_431_857_103_000
        );
    }

    #[test]
    fn prose_has_no_header() {
        assert_eq!(
            infer(&["the quick brown fox", "jumps over", "the lazy dog"]),
            None
        );
        assert_eq!(infer(&[]), None);
        assert_eq!(infer(&["", " "]), None);
    }

    proptest::proptest! {
        #[test]
        fn any_lines_are_taken_without_panic(lines in proptest::collection::vec("[\\[\\]a-c0-9:. |\"{}<>-]{0,40}", 0..8)) {
            let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
            if let Some(header) = Header::infer(&lines) {
                for line in &lines {
                    assert!(header.message_start(line).is_none_or(|start| start <= line.len()));
                }
            }
        }
    }
}
