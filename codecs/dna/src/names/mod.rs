//! Header texts: each is predicted field by field from the one before it.
//!
//! A header is cut into fields: runs of letters and digits, and every other byte on its own. A field
//! is the same as the field of the header before, or its number (the digits at its end) is a little
//! larger, with as many leading zeros, or it is new text. New text goes byte by byte through a small
//! context-mixing model, which also knows the field that stood there before.

mod same;
mod text;

use crate::coder::{BitCoder, Flag, Silent};
use crate::damage::{Damage, Damaged};
use same::Sameness;
use text::{Place, TextModel};

/// Ends every header; no header holds it.
const END: u8 = b'\n';

/// Ends a run that was coded as text.
const RUN_END: u8 = 0;

/// Fields whose habits are kept apart.
const FIELDS: usize = 64;

/// How a field was coded, for contexts.
const SAME: usize = 0;
const LARGER: usize = 1;
const NEW: usize = 2;
const WAYS: usize = 3;

/// Longest number that is taken as one, in digits.
const LONGEST_NUMBER: usize = 18;

/// Headers as databases and instruments write them, which every block is imagined to follow.
const PRIMER: &[u8] = include_bytes!("primer.txt");

/// The model of the headers of a block.
#[derive(Debug)]
pub(crate) struct Names {
    text: TextModel,
    previous: Fields,
    current: Fields,
    sameness: Sameness,
    is_larger: Vec<Flag>,
    steps: Vec<Flag>,
    /// How each field was coded last, and the time before.
    ways: [[usize; 2]; FIELDS],
}

/// A header and where its fields end.
#[derive(Clone, Debug, Default)]
struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| {
            self.ends.get(before).copied().unwrap_or(usize::MAX)
        });
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Bytes of memory that a model takes.
pub(crate) fn memory_bytes(content_len: usize) -> usize {
    let flags = FIELDS * (WAYS + 256) * size_of::<Flag>();
    TextModel::memory_bytes(content_len) + Sameness::memory_bytes() + flags
}

/// Whether a byte stands in runs; every other one is a field of its own.
fn is_in_runs(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Length of the first field of a text that is not empty.
fn field_len(text: &[u8]) -> usize {
    let run = text.iter().take_while(|byte| is_in_runs(**byte)).count();
    run.max(1).min(text.len())
}

impl Names {
    /// A model for a block of `content_len` bytes.
    pub(crate) fn new(content_len: usize) -> Self {
        let mut names = Self {
            text: TextModel::new(content_len),
            previous: Fields::default(),
            current: Fields::default(),
            sameness: Sameness::new(),
            is_larger: vec![Flag::default(); FIELDS * WAYS],
            steps: vec![Flag::default(); FIELDS * 256],
            ways: [[NEW; 2]; FIELDS],
        };
        for header in PRIMER.split_inclusive(|byte| *byte == END) {
            // Nothing can be wrong with what is its own limit.
            let _ = names.code(&mut Silent, header, header.len());
        }
        names.ways = [[NEW; 2]; FIELDS];
        names.previous.clear();
        names
    }

    /// Codes a header of at most `most` bytes, which ends with a line feed, and returns it.
    ///
    /// # Errors
    /// [`Damage`] if what is decoded is longer.
    pub(crate) fn code(
        &mut self,
        coder: &mut impl BitCoder,
        header: &[u8],
        most: usize,
    ) -> Damaged<&[u8]> {
        std::mem::swap(&mut self.previous, &mut self.current);
        self.current.clear();
        let mut rest = header;
        let mut old = 0;
        let mut way = SAME;
        for number in 0.. {
            let (field, behind) = rest.split_at(field_len(rest));
            rest = behind;
            way = self.code_field(coder, field, number.min(FIELDS - 1), &mut old, way)?;
            if self.current.bytes.len() > most || coder.is_overrun() {
                return Err(Damage("a header is longer than the content"));
            }
            if self.current.bytes.last() == Some(&END) {
                break;
            }
        }
        Ok(&self.current.bytes)
    }

    /// Codes a field, given the number of the field of the header before that it may resemble.
    fn code_field(
        &mut self,
        coder: &mut impl BitCoder,
        field: &[u8],
        number: usize,
        old: &mut usize,
        before: usize,
    ) -> Damaged<usize> {
        let expected = self.previous.get(*old);
        let mut way = NEW;
        if !expected.is_empty() {
            let ways = self.ways[number];
            let is_same = field == expected;
            if self
                .sameness
                .code(coder, is_same, number, expected, ways, before)
            {
                self.current.bytes.extend_from_slice(expected);
                *old += 1;
                way = SAME;
            } else if let Some(number_then) = Numbered::of(expected) {
                let step = number_then.step_to(field);
                let larger = &mut self.is_larger[number * WAYS + ways[0]];
                if larger.code(coder, step.is_some()) {
                    let steps = &mut self.steps[number * 256..][..256];
                    let step = code_step(steps, coder, step.unwrap_or(0));
                    let text = number_then.larger(step);
                    self.current.bytes.extend_from_slice(&text);
                    *old += 1;
                    way = LARGER;
                }
            }
        }
        if way == NEW {
            self.code_text(coder, field, number, *old)?;
            *old = self.align(*old);
        }
        self.current.end_field();
        self.ways[number] = [way, self.ways[number][0]];
        Ok(way)
    }

    fn code_text(
        &mut self,
        coder: &mut impl BitCoder,
        field: &[u8],
        number: usize,
        old: usize,
    ) -> Damaged<()> {
        let start = self.current.bytes.len();
        for position in 0.. {
            let byte = field.get(position).copied().unwrap_or(RUN_END);
            let last = self.current.ends.len().checked_sub(1);
            let place = Place {
                header: &self.current.bytes,
                start,
                number,
                before: self.previous.get(old),
                last: last.map_or(&[], |last| self.current.get(last)),
            };
            let byte = self.text.code(coder, byte, &place);
            let is_alone = !is_in_runs(byte);
            if is_alone && position > 0 {
                break;
            }
            self.current.bytes.push(byte);
            if is_alone {
                break;
            }
            if coder.is_overrun() {
                return Err(Damage("the headers are cut short"));
            }
        }
        Ok(())
    }

    /// The field of the header before that the next field may resemble, after a field of new text:
    /// the one behind the next equal field, or else behind the field that was replaced.
    fn align(&self, old: usize) -> usize {
        /// Fields that are looked at.
        const AHEAD: usize = 16;
        let start = self.current.ends.last().copied().unwrap_or(0);
        let new = self.current.bytes.get(start..).unwrap_or_default();
        let found = (old..old + AHEAD).find(|index| self.previous.get(*index) == new);
        found.unwrap_or(old) + 1
    }
}

fn code_step(flags: &mut [Flag], coder: &mut impl BitCoder, step: u8) -> u8 {
    let mut node = 1;
    for place in (0..8).rev() {
        let bit = flags[node & 255].code(coder, step >> place & 1 == 1);
        node = node << 1 | usize::from(bit);
    }
    node as u8
}

/// A field that ends with a number.
#[derive(Clone, Copy)]
struct Numbered<'a> {
    /// What stands before the number.
    text: &'a [u8],
    value: u64,
    /// Digits that a number in its place has at least.
    width: usize,
}

impl<'a> Numbered<'a> {
    fn of(field: &'a [u8]) -> Option<Self> {
        let digits = field.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let (text, digits) = field.split_at(field.len() - digits.count());
        if !(1..=LONGEST_NUMBER).contains(&digits.len()) {
            return None;
        }
        let has_zeros = digits.first() == Some(&b'0');
        Some(Self {
            text,
            value: digits
                .iter()
                .fold(0, |value, digit| value * 10 + u64::from(digit - b'0')),
            width: if has_zeros { digits.len() } else { 1 },
        })
    }

    /// The field whose number is larger by `step` and one.
    fn larger(&self, step: u8) -> Vec<u8> {
        let value = self.value + u64::from(step) + 1;
        let digits = format!("{value:0width$}", width = self.width);
        [self.text, digits.as_bytes()].concat()
    }

    /// How much larger the number of `field` is, less one, if nothing else is different.
    fn step_to(&self, field: &[u8]) -> Option<u8> {
        let value = Numbered::of(field)?.value;
        let step = u8::try_from(value.checked_sub(self.value)?.checked_sub(1)?).ok()?;
        (self.larger(step) == field).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};
    use proptest::prelude::*;

    fn coded(headers: &[Vec<u8>]) -> Vec<u8> {
        let mut encoder = BinaryEncoder::new();
        let mut names = Names::new(1000);
        for header in headers {
            let line = [header, &b"\n"[..]].concat();
            assert_eq!(names.code(&mut encoder, &line, line.len()).unwrap(), line);
        }
        encoder.finish()
    }

    fn check(headers: &[Vec<u8>]) -> usize {
        let coded = coded(headers);
        let mut decoder = BinaryDecoder::new(&coded);
        let mut names = Names::new(1000);
        for header in headers {
            let line = [header, &b"\n"[..]].concat();
            assert_eq!(names.code(&mut decoder, b"", line.len()).unwrap(), line);
        }
        decoder.finish().unwrap();
        coded.len()
    }

    proptest! {
        #[test]
        fn any_headers_come_back(headers in prop::collection::vec(prop::collection::vec(any::<u8>().prop_filter("", |byte| *byte != END), 0..40), 0..8)) {
            check(&headers);
        }

        #[test]
        fn like_headers_come_back(headers in prop::collection::vec("(chr|x)[0-9]{0,3}[ :|.]{0,2}[a-c]{0,2}[0-9]{1,22}", 0..12)) {
            check(&headers.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }
    }

    #[test]
    fn counting_costs_next_to_nothing() {
        let headers: Vec<Vec<u8>> = (1..=3000)
            .map(|n| format!("SRR001666.{n} FC:7:{:04}/1", n % 7000 + 95).into_bytes())
            .collect();
        assert!(check(&headers) < 200);
    }

    #[test]
    fn a_longer_header_than_there_is_room_for_is_damage() {
        let coded = coded(&[b"much longer than that".to_vec()]);
        let result = Names::new(1000)
            .code(&mut BinaryDecoder::new(&coded), b"", 5)
            .map(<[u8]>::to_vec);
        assert!(result.is_err());
    }
}
