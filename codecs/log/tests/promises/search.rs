//! A search finds what a loop over the lines finds.

use std::io::Cursor;
use std::ops::ControlFlow;

use codec_classic::Zstd;
use codec_core::container::{Frame, StreamHeader, Writer};
use codec_core::{BlockCodec, Blocks, Error, FrameSink, MediaDescription, Params, Result};
use codec_log::archive::{Archive, Pattern, Query, Range};
use codec_log::structure::timestamp::{self, Timestamp};
use codec_log::{Log, Method, Summary};
use proptest::prelude::*;

use crate::logs::{Kind, Noise};
use crate::{archive_of, file_of, job};

type Lines = Vec<(u64, Vec<u8>)>;

fn search(file: &[u8], query: &Query<'_>, threads: usize) -> Result<Lines> {
    let mut archive = Archive::open(Cursor::new(file))?;
    let mut lines = Vec::new();
    let found = archive.search(query, &job(threads), |hit| {
        lines.push((hit.number, hit.line.to_vec()));
        Ok(ControlFlow::Continue(()))
    })?;
    assert_eq!(found.hits, lines.len() as u64);
    assert!(found.decoded <= found.blocks);
    Ok(lines)
}

/// The lines of `content` with their numbers for which `is_wanted` holds of number and text.
fn expected(content: &[u8], is_wanted: impl Fn(u64, &[u8]) -> bool) -> Lines {
    let lines = content.split_inclusive(|byte| *byte == b'\n');
    let numbered = (1..).zip(lines.map(<[u8]>::to_vec));
    numbered
        .filter(|(number, line)| is_wanted(*number, line.strip_suffix(b"\n").unwrap_or(line)))
        .collect()
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|window| window == text)
}

/// Whether some part of an ASCII line matches: the definition, by trying everything.
fn matches_wildcard(line: &[u8], pattern: &[u8]) -> bool {
    fn begins(line: &[u8], pattern: &[u8]) -> bool {
        match pattern.split_first() {
            None => true,
            Some((b'*', rest)) => (0..=line.len()).any(|at| begins(&line[at..], rest)),
            Some((b'?', rest)) => !line.is_empty() && begins(&line[1..], rest),
            Some((byte, rest)) => line.first() == Some(byte) && begins(&line[1..], rest),
        }
    }
    (0..=line.len()).any(|at| begins(&line[at..], pattern))
}

/// Archives with their contents: few and many blocks, all that lines can do at the ends of blocks.
fn archives() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let content = kind.log(200_000, 6);
        all.push((format!("{kind:?}"), archive_of(&content, "3"), content));
    }
    let whole = Kind::Syslog.log(30_000, 8);
    let unended = &whole[..whole.len() - 9];
    for level in ["1", "2", "4"] {
        all.push((
            format!("unended {level}"),
            archive_of(unended, level),
            unended.to_vec(),
        ));
    }
    let parts = [unended, b"7 more of it\nsession", b"", b" opened\n", &whole];
    let streams: Vec<Vec<u8>> = parts.iter().map(|part| archive_of(part, "3")).collect();
    all.push(("streams".into(), streams.concat(), parts.concat()));
    let long = [
        &b"session opened 5 "[..],
        &b"for user ".repeat(20_000),
        b"\n",
    ]
    .concat();
    let parts = [&whole[..], &long, &whole, &long, &long[..long.len() - 1]];
    let content = parts.concat();
    all.push(("long lines".into(), archive_of(&content, "3"), content));
    let mut noise = Noise::new(9);
    let bytes = noise.bytes(150_000);
    all.push(("noise".into(), archive_of(&bytes, "3"), bytes));
    let blank = b"\n".repeat(70_000);
    all.push(("newlines".into(), archive_of(&blank, "3"), blank));
    all.push(("nothing".into(), archive_of(b"", "3"), Vec::new()));
    let rows = Kind::Traces.log(12_000, 10);
    all.push(("rows".into(), archive_of(&rows, "7"), rows));
    all
}

#[test]
fn literals_find_the_lines_that_contain_them() {
    let texts = [
        "session",
        "Failed password for eve",
        "1",
        "port 22",
        "usb",
        "",
        "\r",
        "15T",
        "Jun 14",
        "nothing like it",
        "\x01",
        "root",
        "ERROR",
    ];
    for (name, file, content) in archives() {
        for text in texts {
            for invert in [false, true] {
                let query = Query {
                    pattern: Some(Pattern::literal(text.as_bytes(), false).unwrap()),
                    invert,
                    ..Query::default()
                };
                let wanted = expected(&content, |_, line| {
                    contains(line, text.as_bytes()) != invert
                });
                assert!(
                    search(&file, &query, 1).unwrap() == wanted,
                    "{name} {text:?} {invert}"
                );
            }
        }
    }
}

#[test]
fn case_can_be_ignored() {
    for (name, file, content) in archives() {
        for text in ["SESSION", "Error", "java:"] {
            let query = Query {
                pattern: Some(Pattern::literal(text.as_bytes(), true).unwrap()),
                ..Query::default()
            };
            let wanted = expected(&content, |_, line| {
                contains(
                    &line.to_ascii_lowercase(),
                    text.to_ascii_lowercase().as_bytes(),
                )
            });
            assert!(
                search(&file, &query, 1).unwrap() == wanted,
                "{name} {text:?}"
            );
        }
    }
}

#[test]
fn wildcards_stand_for_any_text_and_for_one_character() {
    let logs = archives()
        .into_iter()
        .filter(|(_, _, content)| content.is_ascii());
    for (name, file, content) in logs.filter(|(name, ..)| name != "long lines") {
        for text in [
            "user*uid",
            "s?ssion*by",
            "?",
            "po?t 2*",
            "*",
            "GET*50?",
            "at*(*9)",
        ] {
            let query = Query {
                pattern: Some(Pattern::wildcard(text, false).unwrap()),
                ..Query::default()
            };
            let wanted = expected(&content, |_, line| matches_wildcard(line, text.as_bytes()));
            assert!(
                search(&file, &query, 2).unwrap() == wanted,
                "{name} {text:?}"
            );
        }
    }
}

#[test]
fn expressions_and_line_numbers_hold_together() {
    let regex = regex::bytes::Regex::new(r"(user|bus) \w+.*\d$|^$").unwrap();
    for (name, file, content) in archives() {
        for invert in [false, true] {
            for (from, to) in [
                (None, None),
                (Some(700), Some(1_500)),
                (Some(5), None),
                (None, Some(3)),
            ] {
                let lines = Range { from, to };
                let query = Query {
                    pattern: Some(Pattern::regex(regex.as_str(), false).unwrap()),
                    invert,
                    lines,
                    ..Query::default()
                };
                let wanted = expected(&content, |number, line| {
                    regex.is_match(line) != invert && lines.contains(number)
                });
                assert!(
                    search(&file, &query, 1).unwrap() == wanted,
                    "{name} {lines:?} {invert}"
                );
            }
        }
    }
}

#[test]
fn a_search_is_the_same_for_every_number_of_threads() {
    for (name, file, content) in archives() {
        let query = || Query {
            pattern: Some(Pattern::literal(b"e", false).unwrap()),
            ..Query::default()
        };
        let wanted = expected(&content, |_, line| contains(line, b"e"));
        for threads in [1, 2, 3] {
            assert!(
                search(&file, &query(), threads).unwrap() == wanted,
                "{name} {threads}"
            );
        }
    }
}

#[test]
fn a_search_may_end_early() {
    let content = Kind::Syslog.log(200_000, 6);
    let file = archive_of(&content, "3");
    let mut archive = Archive::open(Cursor::new(&file)).unwrap();
    for threads in [1, 2] {
        let mut lines = Vec::new();
        let found = archive.search(&Query::default(), &job(threads), |hit| {
            lines.push(hit.number);
            Ok(match lines.len() {
                5 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        });
        assert_eq!(found.unwrap().hits, 5);
        assert_eq!(lines, [1, 2, 3, 4, 5]);
    }
}

#[test]
fn letters_beside_the_time_of_a_date_are_found() {
    let lines = (10..60).cycle().zip(0..3_000);
    let content: String = lines
        .map(|(n, m)| {
            format!(
                "unit abc{n}defT12:00:{n} x{n}T12:00:{n} 2024-06-14T12:00:{n}.5Zulu ready {m}\n"
            )
        })
        .collect();
    let file = archive_of(content.as_bytes(), "3");
    let mut archive = Archive::open(Cursor::new(&file)).unwrap();
    let check = |summary: &Summary, _, _| assert_eq!(summary.method, Method::Columns);
    archive.summaries(check).unwrap();
    for text in [
        "defT",
        "x17T",
        "x17T1",
        "x17T12",
        "Zulu",
        "14T12:00:17",
        "abc",
    ] {
        let query = Query {
            pattern: Some(Pattern::literal(text.as_bytes(), false).unwrap()),
            ..Query::default()
        };
        let wanted = expected(content.as_bytes(), |_, line| {
            contains(line, text.as_bytes())
        });
        assert!(!wanted.is_empty());
        assert!(search(&file, &query, 1).unwrap() == wanted, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What rules blocks out must never rule out a line that matches.
    #[test]
    fn any_part_of_any_line_is_found(kind in 0usize..7, seed: u64, at in 0usize..20_000, len in 1usize..14) {
        let content = Kind::ALL[kind].log(20_000, seed);
        let line = content[at.min(content.len() - 1)..].split(|byte| *byte == b'\n').next().unwrap();
        let text = &line[..len.min(line.len())];
        let file = archive_of(&content, "3");
        let query = Query {
            pattern: Some(Pattern::literal(text, false).unwrap()),
            ..Query::default()
        };
        let wanted = expected(&content, |_, line| contains(line, text));
        prop_assert!(search(&file, &query, 1).unwrap() == wanted);
    }
}

fn time(text: &str) -> Timestamp {
    timestamp::parse(text.as_bytes()).unwrap().0
}

/// The lines between two times, where lines without one belong to the line before.
fn in_time(content: &[u8], from: Timestamp, to: Timestamp) -> Lines {
    let mut last = None;
    let mut wanted = Vec::new();
    for (number, line) in expected(content, |_, _| true) {
        last = timestamp::parse(&line).map(|(time, _)| time).or(last);
        if last.is_some_and(|last| from <= last && last <= to) {
            wanted.push((number, line));
        }
    }
    wanted
}

fn between(from: Timestamp, to: Timestamp) -> Query<'static> {
    Query {
        times: Range {
            from: Some(from),
            to: Some(to),
        },
        ..Query::default()
    }
}

#[test]
fn lines_without_a_time_belong_to_the_line_before_even_across_blocks() {
    let content = Kind::Traces.log(400_000, 11);
    let mut long_trace = Kind::Traces.log(20_000, 12);
    long_trace.extend(b"\tat com.example.Job.run(Job.java:7)\n".repeat(6_000));
    for content in [content, long_trace] {
        let file = archive_of(&content, "3");
        let times: Vec<Timestamp> = expected(&content, |_, line| timestamp::parse(line).is_some())
            .iter()
            .map(|(_, line)| timestamp::parse(line).unwrap().0)
            .collect();
        let place = |part: usize| times[part * (times.len() - 1) / 8];
        for (from, to) in [(0, 8), (1, 2), (3, 7), (5, 5), (8, 8), (0, 0)] {
            let (from, to) = (place(from), place(to));
            let wanted = in_time(&content, from, to);
            assert!(!wanted.is_empty());
            for threads in [1, 2] {
                let found = search(&file, &between(from, to), threads).unwrap();
                assert_eq!(found.len(), wanted.len());
                assert!(found == wanted);
            }
        }
    }
}

#[test]
fn a_span_of_time_may_hold_no_line() {
    let content = Kind::Traces.log(90_000, 11);
    let file = archive_of(&content, "3");
    let query = between(time("2031-01-01 00:00:00"), time("2032-01-01 00:00:00"));
    assert_eq!(search(&file, &query, 1).unwrap(), []);
}

#[test]
fn a_span_of_time_is_refused_where_lines_have_none() {
    for content in [Kind::Boots.log(90_000, 13), Noise::new(3).bytes(9_000)] {
        let file = archive_of(&content, "3");
        let query = between(time("2024-01-01 00:00:00"), time("2025-01-01 00:00:00"));
        assert!(matches!(search(&file, &query, 1), Err(Error::Usage(_))));
    }
}

#[test]
fn the_archive_of_another_codec_is_refused() {
    let foreign = file_of(&Blocks(Zstd), b"line\n", &[], 1);
    let own = archive_of(b"line\n", "3");
    for file in [foreign.clone(), [own, foreign].concat()] {
        let opened = Archive::open(Cursor::new(&file));
        assert!(matches!(opened, Err(Error::Usage(_))));
    }
}

#[test]
fn a_summary_of_more_lines_than_bytes_is_damage() {
    let content = b"line\n".repeat(9);
    let params = Params::defaults(Log.descriptor().params);
    let mut payload = Log.encode_block(&content, &params).unwrap();
    // The number of newlines stands behind that of the method.
    assert_eq!(payload[1], 9);
    payload.splice(1..2, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file);
    let media = MediaDescription::bytes("log");
    let codec = Log.descriptor();
    writer
        .begin(&StreamHeader::new(codec, &params, media, 1 << 20))
        .unwrap();
    for _ in 0..4 {
        writer.frame(Frame::new(&content, payload.clone())).unwrap();
    }
    writer.finish().unwrap();
    let result = search(&file, &Query::default(), 1);
    assert!(matches!(result, Err(Error::Corrupt { .. })));
}

#[test]
fn a_damaged_archive_is_an_error_and_never_other_lines() {
    let content = Kind::Syslog.log(100_000, 14);
    let whole = archive_of(&content, "3");
    let query = Query::default;
    for at in (0..whole.len()).filter(|at| *at < 120 || at % 61 == 0 || at + 80 > whole.len()) {
        let mut file = whole.clone();
        file[at] ^= 1 << (at % 8);
        match search(&file, &query(), 1) {
            Ok(lines) => assert!(lines == expected(&content, |_, _| true), "{at}"),
            Err(Error::Corrupt { .. } | Error::Unsupported(_) | Error::Usage(_)) => {}
            Err(error) => panic!("{at}: {error}"),
        }
    }
    for len in (0..whole.len()).filter(|len| len % 101 == 0) {
        let result = search(&whole[..len], &query(), 1);
        assert!(matches!(result, Err(Error::Corrupt { .. })), "{len}");
    }
}
