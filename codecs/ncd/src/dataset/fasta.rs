//! FASTA: `>` and a header, then lines of a sequence, which are joined.

use codec_core::Result;

use super::{Item, Place, ReadOptions, sequence_item};

/// The records of a text, see [`super::Dataset::parse`].
pub(super) fn parse(text: &[u8], file: &str, options: &ReadOptions) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut open: Option<(String, Place<'_>)> = None;
    let mut sequence: Vec<u8> = Vec::new();
    let mut at = 0;
    for (index, whole_line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = whole_line.trim_ascii();
        let place = Place {
            file,
            kind: "record",
            number: items.len() + 1,
            line: index + 1,
            at,
        };
        at += whole_line.len();
        if let Some(header) = line.strip_prefix(b">") {
            let header = String::from_utf8_lossy(header).trim().to_owned();
            let number = match open.take() {
                Some((header, place)) => {
                    let content = std::mem::take(&mut sequence);
                    items.push(sequence_item(&header, content, &place, options)?);
                    items.len() + 1
                }
                None => 1,
            };
            open = Some((header, Place { number, ..place }));
        } else if !line.is_empty() {
            if open.is_none() {
                return Err(place.error("a FASTA file starts with '>' and a header"));
            }
            sequence.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
        }
    }
    if let Some((header, place)) = open {
        items.push(sequence_item(&header, sequence, &place, options)?);
    }
    Ok(items)
}
