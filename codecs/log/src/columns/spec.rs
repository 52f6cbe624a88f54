//! Descriptions of columns: formats and bases, judged by a sample, written and read.

use super::ColumnsError;
use super::model::{Base, ColumnSpec};
use super::parse::Parsed;
use super::template::Template;
use super::value::Format;

/// Texts of new values are kept apart by what they look like.
pub(super) const TEXT_CLASSES: usize = 3;
/// Values that are written in full each time, column by column.
pub(super) const RAW_CLASS: u8 = 3;

/// Columns that a block may have; lines that would need more are taken as they are.
pub(super) const MOST_COLUMNS: usize = 1 << 18;

/// Values of a column that are looked at to judge it.
const SAMPLE: usize = 64;

/// A column: how it is predicted, and where its new texts are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) spec: ColumnSpec,
    pub(super) class: u8,
}

/// The columns of a block: for each template of headers, then of messages, where its own begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub(super) all: Vec<Column>,
    pub(super) header_starts: Vec<usize>,
    pub(super) body_starts: Vec<usize>,
}

/// Bytes that describe a column.
const DESCRIPTION: usize = 3;

impl Columns {
    /// Judges the columns of a parsed block by a sample of its rows.
    pub(super) fn judge<'a>(
        parsed: &Parsed,
        line_of: impl Fn(usize) -> &'a [u8],
        is_mapped: bool,
    ) -> Self {
        let mut columns = Self::default();
        let mut samples: Vec<Vec<(&'a [u8], u64)>> = Vec::new();
        for (index, mold) in parsed.headers.iter().enumerate() {
            columns.header_starts.push(samples.len());
            samples.resize(samples.len() + mold.template.slots(), Vec::new());
            debug_assert!(index > 0 || mold.template.slots() == 0);
        }
        for mold in &parsed.bodies {
            columns.body_starts.push(samples.len());
            samples.resize(samples.len() + mold.template.slots(), Vec::new());
        }
        fill(&mut samples, &columns, parsed, line_of);
        let slots = slots(
            parsed.headers.iter().map(|mold| &mold.template),
            parsed.bodies.iter().map(|mold| &mold.template),
        );
        columns.all = samples
            .iter()
            .zip(slots)
            .map(|(sample, slot)| judge(sample, slot))
            .collect();
        if let Some(raw) = columns
            .body_starts
            .first()
            .and_then(|start| columns.all.get_mut(*start))
        {
            raw.class = RAW_CLASS;
        }
        if !is_mapped {
            for column in &mut columns.all {
                if column.spec.format == Format::Text {
                    column.class = RAW_CLASS;
                }
            }
        }
        columns
    }

    /// The columns behind descriptions.
    pub(super) fn read(
        headers: &[Template],
        bodies: &[Template],
        descriptions: &[u8],
    ) -> Result<Self, ColumnsError> {
        let mut columns = Self::default();
        let mut next = 0;
        for template in headers {
            columns.header_starts.push(next);
            next += template.slots();
        }
        for template in bodies {
            columns.body_starts.push(next);
            next += template.slots();
        }
        if descriptions.len() != next * DESCRIPTION {
            return Err(ColumnsError::Column(descriptions.len() / DESCRIPTION));
        }
        for (number, (before, place)) in slots(headers.iter(), bodies.iter()).enumerate() {
            let at = |part: usize| descriptions.get(part * next + number).copied().unwrap_or(0);
            let base = Base::ALL.get(usize::from(at(2) >> 2)).copied();
            let format = Format::from_bytes([at(0), at(1)]);
            let (Some(format), Some(base)) = (format, base) else {
                return Err(ColumnsError::Column(number));
            };
            columns.all.push(Column {
                spec: ColumnSpec::new(format, base, before, place),
                class: at(2) & 3,
            });
        }
        Ok(columns)
    }

    /// The descriptions: each part of all columns, then the next part.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.all.len() * DESCRIPTION);
        out.extend(
            self.all
                .iter()
                .map(|column| column.spec.format.to_bytes()[0]),
        );
        out.extend(
            self.all
                .iter()
                .map(|column| column.spec.format.to_bytes()[1]),
        );
        out.extend(self.all.iter().map(|column| {
            let base = Base::ALL
                .iter()
                .position(|base| *base == column.spec.base)
                .unwrap_or(0);
            (base as u8) << 2 | column.class
        }));
        out
    }
}

/// The text before each slot, and which slot it is if it is in a header.
fn slots<'t>(
    headers: impl Iterator<Item = &'t Template>,
    bodies: impl Iterator<Item = &'t Template>,
) -> impl Iterator<Item = (&'t [u8], Option<usize>)> {
    let of_headers = headers.flat_map(|template| {
        (0..template.slots()).map(move |slot| (template.piece(slot), Some(slot)))
    });
    let of_bodies = bodies
        .flat_map(|template| (0..template.slots()).map(move |slot| (template.piece(slot), None)));
    of_headers.chain(of_bodies)
}

/// Puts values of each column into its sample, each with the last number of its family.
fn fill<'a>(
    samples: &mut [Vec<(&'a [u8], u64)>],
    columns: &Columns,
    parsed: &Parsed,
    line_of: impl Fn(usize) -> &'a [u8],
) {
    let mut taken = vec![0u32; parsed.bodies.len()];
    let mut values = Vec::new();
    let mut clocks = std::collections::HashMap::new();
    for (number, [_, body]) in parsed.rows.iter().enumerate() {
        let taken = &mut taken[*body as usize];
        if *taken as usize >= SAMPLE {
            continue;
        }
        *taken += 1;
        let line = line_of(number);
        let Some([header, body]) = parsed.values(number, line, &mut values) else {
            continue;
        };
        let header_slots = parsed.headers[header as usize].template.slots();
        let starts = [
            columns.header_starts[header as usize],
            columns.body_starts[body as usize],
        ];
        for (slot, value) in values.iter().enumerate() {
            let column = match slot.checked_sub(header_slots) {
                None => starts[0] + slot,
                Some(slot) => starts[1] + slot,
            };
            if let Some(sample) = samples.get_mut(column)
                && sample.len() < 4 * SAMPLE
            {
                let format = Format::of(value);
                let clock = clocks.entry(format.to_bytes()).or_insert(0);
                sample.push((value, *clock));
                if let (true, Some(time)) = (format.is_time(), format.parse(value)) {
                    *clock = time;
                }
            }
        }
    }
}

fn judge(sample: &[(&[u8], u64)], (before, place): (&[u8], Option<usize>)) -> Column {
    let format = format_of(sample);
    let numbers: Vec<(u64, u64)> = sample
        .iter()
        .filter_map(|(text, clock)| Some((format.parse(text)?, *clock)))
        .collect();
    Column {
        spec: ColumnSpec::new(format, base_of(format, &numbers), before, place),
        class: class_of(sample),
    }
}

/// The format that most of the sample has, unless its numbers are few names rather than quantities.
fn format_of(sample: &[(&[u8], u64)]) -> Format {
    let with_zeros = sample.iter().map(|(text, _)| Format::of(text));
    let format = with_zeros
        .max_by_key(|format| match format {
            Format::Integer { width } => u32::from(*width),
            Format::Text => 0,
            _ => 100,
        })
        .unwrap_or(Format::Text);
    let fitting = sample
        .iter()
        .filter(|(text, _)| format.parse(text).is_some())
        .count();
    if fitting * 8 < sample.len() * 7 {
        return Format::Text;
    }
    let mut distinct: Vec<&[u8]> = sample.iter().map(|(text, _)| *text).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let is_names = distinct.len() * 4 <= sample.len() && distinct.len() <= 16;
    if is_names && !format.is_time() {
        return Format::Text;
    }
    format
}

/// What makes the numbers smallest: as they are, or as differences; times also have the clock.
fn base_of(format: Format, numbers: &[(u64, u64)]) -> Base {
    let bits = |value: u64| u64::from(u64::BITS - value.leading_zeros());
    let plain: u64 = numbers.iter().map(|(value, _)| bits(*value)).sum();
    let differences: u64 = numbers
        .windows(2)
        .map(|pair| bits(pair[1].0.abs_diff(pair[0].0)) + 1)
        .sum();
    if format.is_time() {
        let by_clock = numbers
            .iter()
            .map(|(value, clock)| bits(value.abs_diff(*clock)) + 1);
        return match by_clock.sum::<u64>() <= differences {
            true => Base::Family,
            false => Base::Last,
        };
    }
    if differences < plain {
        Base::Family
    } else {
        Base::Zero
    }
}

fn class_of(sample: &[(&[u8], u64)]) -> u8 {
    let bytes = || sample.iter().flat_map(|(text, _)| text.iter());
    if bytes().any(|byte| matches!(byte, b'/' | b' ')) {
        0
    } else if bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':')) {
        1
    } else {
        2
    }
}
