//! FASTQ, strictly: records of exactly four lines.

use codec_core::Result;

use super::{Item, Place, ReadOptions, counted, sequence_item};

/// The records of a text, see [`super::Dataset::parse`]. Qualities are checked and left out.
pub(super) fn parse(text: &[u8], file: &str, options: &ReadOptions) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut lines = Lines {
        text,
        at: 0,
        line: 0,
    };
    while let Some((header, at)) = lines.next() {
        if header.is_empty() && lines.rest_is_blank() {
            break;
        }
        let number = items.len() + 1;
        let place = |line: usize, at: usize| Place {
            file,
            kind: "record",
            number,
            line,
            at,
        };
        let first = place(lines.line, at);
        let Some(header) = header.strip_prefix(b"@") else {
            return Err(first.error("expected '@' and a header"));
        };
        let missing = |lines: &Lines<'_>, what: &str| {
            let place = place(lines.line + 1, lines.at);
            place.error(&format!("the file ends before the {what}"))
        };
        let (sequence, _) = lines.next().ok_or_else(|| missing(&lines, "sequence"))?;
        let (plus, at) = lines
            .next()
            .ok_or_else(|| missing(&lines, "line with '+'"))?;
        let Some(again) = plus.strip_prefix(b"+") else {
            let problem = "expected '+' (a sequence has one line)";
            return Err(place(lines.line, at).error(problem));
        };
        if !again.is_empty() && again != header {
            let problem = "the header behind '+' is not that behind '@'";
            return Err(place(lines.line, at).error(problem));
        }
        let (quality, at) = lines.next().ok_or_else(|| missing(&lines, "qualities"))?;
        let here = place(lines.line, at);
        if quality.len() != sequence.len() {
            let qualities = counted(quality.len(), "quality", "qualities");
            let bases = counted(sequence.len(), "base", "bases");
            return Err(here.error(&format!("{qualities} for {bases}")));
        }
        if let Some(byte) = quality.iter().find(|byte| !(33..127).contains(*byte)) {
            return Err(here.error(&format!("byte {byte} is no quality (33 to 126)")));
        }
        let header = String::from_utf8_lossy(header).trim().to_owned();
        items.push(sequence_item(&header, sequence.to_vec(), &first, options)?);
    }
    Ok(items)
}

/// Lines without their ends, and where they start.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    /// Number of the line that was returned last, from 1.
    line: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<(&'t [u8], usize)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let line = rest.split_inclusive(|byte| *byte == b'\n').next()?;
        self.at += line.len();
        self.line += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some((line.strip_suffix(b"\r").unwrap_or(line), start))
    }

    fn rest_is_blank(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.iter().all(u8::is_ascii_whitespace)
    }
}
