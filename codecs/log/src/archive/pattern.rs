//! What lines are searched for.

use codec_core::{Error, Result};
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// Shortest run of letters and digits that blocks are ruled out by.
const SHORTEST_RUN: usize = 3;

/// A text, a text with wildcards, or a regular expression, to be found anywhere in a line.
#[derive(Clone, Debug)]
pub struct Pattern {
    finder: Matcher,
    /// Runs of letters that every match contains.
    letters: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Matcher {
    Literal(Box<Finder<'static>>),
    Regex(Regex),
}

impl Pattern {
    /// Lines that contain `text`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where `text` has a newline, which no line contains.
    pub fn literal(text: &[u8], ignore_case: bool) -> Result<Self> {
        check_line(text)?;
        if ignore_case {
            let text = String::from_utf8_lossy(text);
            return Self::regex(&regex::escape(&text), true);
        }
        Ok(Self {
            finder: Matcher::Literal(Box::new(Finder::new(text).into_owned())),
            letters: runs_of_letters(text),
        })
    }

    /// Lines that contain `text`, where `*` stands for any text and `?` for any character.
    ///
    /// # Errors
    ///
    /// As [`literal`](Self::literal).
    pub fn wildcard(text: &str, ignore_case: bool) -> Result<Self> {
        check_line(text.as_bytes())?;
        let escaped = regex::escape(text);
        // Bytes that are no UTF-8 count as characters.
        let expression = escaped
            .replace(r"\*", "(?s-u:.)*")
            .replace(r"\?", "(?:.|(?s-u:.))");
        let mut pattern = Self::regex(&expression, ignore_case)?;
        if !ignore_case {
            let parts = text.as_bytes().split(|byte| matches!(byte, b'*' | b'?'));
            pattern.letters = parts.flat_map(inner_runs).collect();
        }
        Ok(pattern)
    }

    /// Lines that match a regular expression of the crate `regex`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] where it is not a regular expression, or too large a one.
    pub fn regex(expression: &str, ignore_case: bool) -> Result<Self> {
        let regex = RegexBuilder::new(expression)
            .case_insensitive(ignore_case)
            .build()
            .map_err(|error| {
                let text = error.to_string();
                // The last line says what is wrong, those before draw where.
                let problem = text.lines().last().unwrap_or_default();
                let problem = problem.strip_prefix("error: ").unwrap_or(problem);
                Error::Usage(format!("not a regular expression: {problem}"))
            })?;
        Ok(Self {
            finder: Matcher::Regex(regex),
            letters: Vec::new(),
        })
    }

    /// Runs of letters that occur in every line that matches.
    pub(super) fn letters(&self) -> &[Vec<u8>] {
        &self.letters
    }

    /// Whether a line, without its newline, matches.
    #[must_use]
    pub fn is_match(&self, line: &[u8]) -> bool {
        match &self.finder {
            Matcher::Literal(finder) => finder.find(line).is_some(),
            Matcher::Regex(regex) => regex.is_match(line),
        }
    }

    /// The numbers of the lines that match, of lines that end at `ends` with a newline.
    pub(super) fn matches(&self, text: &[u8], ends: &[usize]) -> Vec<usize> {
        let Matcher::Literal(finder) = &self.finder else {
            let mut start = 0;
            let mut matching = Vec::new();
            for (number, &end) in ends.iter().enumerate() {
                let line = text.get(start..end.saturating_sub(1)).unwrap_or_default();
                if self.is_match(line) {
                    matching.push(number);
                }
                start = end;
            }
            return matching;
        };
        let mut matching = Vec::new();
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| finder.find(rest)) {
            let number = ends.partition_point(|end| *end <= at + found);
            let Some(&end) = ends.get(number) else {
                break;
            };
            matching.push(number);
            at = end;
        }
        matching
    }
}

fn check_line(text: &[u8]) -> Result<()> {
    if text.contains(&b'\n') {
        return Err(Error::Usage(
            "the pattern has a newline, so no line can match it".into(),
        ));
    }
    Ok(())
}

/// The runs that whoever contains `text` contains.
fn runs_of_letters(text: &[u8]) -> Vec<Vec<u8>> {
    inner_runs(text).collect()
}

/// Letters and what letters and digits follow them: such a run is never taken apart into template
/// and values, with the exception of the `T` before the time of day in ISO 8601.
fn inner_runs(text: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    text.split(|byte| !byte.is_ascii_alphanumeric())
        .filter_map(|run| {
            let start = run.iter().position(u8::is_ascii_alphabetic)?;
            run.get(start..)
        })
        .filter(|run| run.len() >= SHORTEST_RUN && !has_iso_time(run))
        .map(<[u8]>::to_vec)
}

/// Whether the run, or one that goes on where it ends, may have the `T` behind a date.
fn has_iso_time(run: &[u8]) -> bool {
    (0..run.len()).any(|at| {
        let (before, from) = run.split_at(at);
        from[0] == b'T'
            && before.last().is_none_or(u8::is_ascii_digit)
            && from.iter().skip(1).take(2).all(u8::is_ascii_digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(pattern: &Pattern, text: &[u8]) -> Vec<usize> {
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', text).map(|at| at + 1).collect();
        pattern.matches(text, &ends)
    }

    #[test]
    fn literals_wildcards_and_expressions_find_the_same_lines() {
        let text = b"one disk failed\nno\n\ndisk 3 has failed twice, failed\n";
        let literal = Pattern::literal(b"failed", false).unwrap();
        let wildcard = Pattern::wildcard("d?sk*failed", false).unwrap();
        let regex = Pattern::regex("DISK .*failed", true).unwrap();
        for pattern in [literal, wildcard, regex] {
            assert_eq!(numbers(&pattern, text), [0, 3]);
        }
    }

    #[test]
    fn wildcards_stand_for_any_bytes() {
        let text = b"aa \xff\xfe bb\naa \xc3\xa4 bb\naabb\n";
        let pattern = |text| Pattern::wildcard(text, false).unwrap();
        assert_eq!(numbers(&pattern("aa*bb"), text), [0, 1, 2]);
        assert_eq!(numbers(&pattern("a ? b"), text), [1]);
        assert_eq!(numbers(&pattern("a ?? b"), text), [0, 1]);
    }

    #[test]
    fn an_empty_pattern_matches_every_line_once() {
        let pattern = Pattern::literal(b"", false).unwrap();
        assert_eq!(numbers(&pattern, b"a\n\nbb\n"), [0, 1, 2]);
    }

    #[test]
    fn only_letters_that_every_match_has_rule_blocks_out() {
        let letters = |pattern: Pattern| {
            let runs = pattern.letters().iter();
            runs.map(|run| String::from_utf8_lossy(run).into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            letters(Pattern::literal(b"sshd[12] fail", false).unwrap()),
            ["sshd", "fail"]
        );
        assert_eq!(
            letters(Pattern::wildcard("abc*de?fgh", false).unwrap()),
            ["abc", "fgh"]
        );
        assert_eq!(
            letters(Pattern::literal(b"(0x806d1 at 818Z, uhub12", false).unwrap()),
            ["x806d1", "uhub12"]
        );
        for date in ["18T06:56", "x18T06", "x18T0", "x18T"] {
            assert!(letters(Pattern::literal(date.as_bytes(), false).unwrap()).is_empty());
        }
        assert!(letters(Pattern::literal(b"abc", true).unwrap()).is_empty());
        assert!(letters(Pattern::regex("abc|def", false).unwrap()).is_empty());
    }

    #[test]
    fn what_no_line_can_match_and_what_is_no_expression_are_refused() {
        assert!(matches!(
            Pattern::literal(b"a\nb", false),
            Err(Error::Usage(_))
        ));
        assert!(matches!(Pattern::regex("(", false), Err(Error::Usage(_))));
        assert!(matches!(
            Pattern::regex("(?:a{9999}){9999}", false),
            Err(Error::Usage(_))
        ));
    }
}
