//! Blocks to payloads: templates, descriptions of columns, texts, and the coded rows.

use super::intern::Interner;
use super::kernel::{self, Choice, Kernel};
use super::model::{NEW, Passed, TEXT};
use super::parse::{Lines, Mold, NO_HEADER, Parsed, RAW, parse};
use super::runs::pass_rows;
use super::spec::{Columns, RAW_CLASS, TEXT_CLASSES};
use super::state::{TemplateState, ValueState};
use codec_core::both;
use codec_entropy::binary::BinaryEncoder;
use std::num::NonZeroUsize;

/// How to encode a block as columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnOptions {
    /// What is taken apart.
    pub structure: Structure,
    /// The kernel for all texts; `None` picks one for each.
    pub kernel: Option<Kernel>,
    /// Whether to spend time on smaller texts.
    pub dense: bool,
}

/// The levels of Logzip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// Level 1: the fields of headers, and the rest of the line.
    Fields,
    /// Level 2: templates and their values.
    Templates,
    /// Level 3: values that occurred before are named instead of written.
    Mapped,
}

const QUICK: Choice = &[(Kernel::Lzma, "4")];
const DENSE: Choice = &[(Kernel::Lzma, "6"), (Kernel::Bwt, "")];

impl ColumnOptions {
    fn choice(&self) -> Choice {
        match (self.kernel, self.dense) {
            (None, false) => QUICK,
            (None, true) => DENSE,
            (Some(Kernel::Store), _) => &[],
            (Some(Kernel::Deflate), _) => &[(Kernel::Deflate, "9")],
            (Some(Kernel::Bwt), _) => &[(Kernel::Bwt, "")],
            (Some(Kernel::Lzma), _) => &[(Kernel::Lzma, "6")],
            (Some(Kernel::Zstd), _) => &[(Kernel::Zstd, "12")],
        }
    }
}

/// Encodes a block. `threads` are used where they can be; the payload does not depend on them.
#[must_use]
pub fn encode_block(content: &[u8], options: &ColumnOptions, threads: NonZeroUsize) -> Vec<u8> {
    let lines = Lines::find(content);
    let repeats = Repeats::find(content, &lines);
    let distinct = repeats.as_ref().map(|repeats| repeats.firsts.as_slice());
    let count = distinct.map_or(lines.len(), <[u32]>::len);
    let line_of = |number: usize| {
        let number = distinct.map_or(number, |firsts| firsts[number] as usize);
        lines.get(content, number)
    };
    let fields_only = options.structure == Structure::Fields;
    let parsed = parse(count, line_of, fields_only, threads);
    let columns = Columns::judge(&parsed, line_of, options.structure == Structure::Mapped);
    let write_rows = || {
        let mut writer = RowWriter::new(&parsed, &columns, count, options.dense);
        for number in 0..count {
            writer.line(number, line_of(number));
        }
        writer.finish()
    };
    let write_repeats = || {
        repeats.as_ref().map(|repeats| {
            let templates: Vec<u32> = parsed.rows.iter().map(|[_, body]| *body).collect();
            let mut encoder = BinaryEncoder::new();
            pass_rows(&mut encoder, &repeats.rows, lines.len(), &templates);
            encoder.finish()
        })
    };
    let (mut rows, repeated) = both(threads, write_rows, write_repeats);

    let mut out = Vec::new();
    let flags = u64::from(lines.is_ended)
        | u64::from(repeats.is_some()) << 1
        | u64::from(options.dense) << 2;
    kernel::put_number((lines.len() as u64) << 3 | flags, &mut out);
    if let Some(repeated) = repeated {
        kernel::put_number(count as u64, &mut out);
        kernel::put_number(repeated.len() as u64, &mut out);
        out.extend_from_slice(&repeated);
    }
    let mut texts = vec![
        template_list(&parsed.headers),
        template_list(&parsed.bodies),
        columns.write(),
    ];
    texts.append(&mut rows.texts);
    kernel::write_all(&texts, options.choice(), threads, &mut out);
    kernel::put_number(rows.templates.len() as u64, &mut out);
    out.extend_from_slice(&rows.templates);
    out.extend_from_slice(&rows.values);
    out
}

/// The rows of a block as numbers of distinct lines.
struct Repeats {
    rows: Vec<u32>,
    /// The first row of each distinct line.
    firsts: Vec<u32>,
}

impl Repeats {
    /// The repeats of a block, if they are worth it.
    fn find(content: &[u8], lines: &Lines) -> Option<Self> {
        let mut known = Interner::default();
        let mut repeats = Self {
            rows: Vec::with_capacity(lines.len()),
            firsts: Vec::new(),
        };
        let mut distinct = 0;
        for number in 0..lines.len() {
            let line = lines.get(content, number);
            let (id, is_new) = known.intern(line);
            repeats.rows.push(id);
            if is_new {
                repeats.firsts.push(number as u32);
                distinct += line.len();
            }
            if number == lines.len() / 8 && distinct * 10 > lines.start(number) * 9 {
                return None;
            }
        }
        (distinct * DISTINCT_SHARE < content.len()).then_some(repeats)
    }
}

/// Lines are written once where distinct ones are less than one in so many bytes.
const DISTINCT_SHARE: usize = 3;

/// The templates but for the first, one a line.
fn template_list(molds: &[Mold]) -> Vec<u8> {
    let mut list = Vec::new();
    for mold in molds.iter().skip(1) {
        list.extend_from_slice(&mold.text);
        list.push(b'\n');
    }
    list
}

/// Codes rows.
struct RowWriter<'a> {
    parsed: &'a Parsed,
    template_state: TemplateState,
    state: ValueState<'a>,
    template_encoder: BinaryEncoder,
    encoder: BinaryEncoder,
    values: Interner,
    texts: [Vec<u8>; TEXT_CLASSES],
    /// What columns that are not predicted write, by column.
    raw: Vec<Vec<u8>>,
}

impl<'a> RowWriter<'a> {
    fn new(parsed: &'a Parsed, columns: &'a Columns, rows: usize, dense: bool) -> Self {
        Self {
            parsed,
            template_state: TemplateState::new(columns, rows, true),
            state: ValueState::new(columns, rows, dense, true),
            template_encoder: BinaryEncoder::new(),
            encoder: BinaryEncoder::new(),
            values: Interner::default(),
            texts: Default::default(),
            raw: vec![Vec::new(); columns.all.len()],
        }
    }

    fn line(&mut self, number: usize, line: &[u8]) {
        let mut values = Vec::new();
        let row = self.parsed.values(number, line, &mut values);
        let [header, body] = row.unwrap_or_else(|| {
            values.clear();
            values.push(line);
            [NO_HEADER, RAW]
        });
        let columns = self.state.columns;
        self.template_state
            .pass_row(&mut self.template_encoder, [header, body]);
        self.state.begin_row(body);
        let header_slots = self.parsed.headers[header as usize].template.slots();
        let starts = [
            columns.header_starts[header as usize],
            columns.body_starts[body as usize],
        ];
        for (slot, value) in values.iter().enumerate() {
            let column = match slot.checked_sub(header_slots) {
                None => starts[0] + slot,
                Some(slot) => starts[1] + slot,
            };
            self.value(column, value);
        }
    }

    fn value(&mut self, column: usize, text: &[u8]) {
        let Some(described) = self.state.columns.all.get(column) else {
            return;
        };
        if described.class == RAW_CLASS {
            put_line(&mut self.raw[column], text);
            return;
        }
        let (number, is_new) = match described.spec.format.parse(text) {
            Some(number) => (number, false),
            None => {
                let (number, is_new) = self.values.intern(text);
                (TEXT + u64::from(number), is_new)
            }
        };
        let target = if is_new { NEW } else { number };
        let texts = (self.values.len() - usize::from(is_new)) as u64;
        let contexts = self.state.contexts(described);
        let port = &mut self.encoder;
        let passed = self.state.model.pass(port, column, contexts, target, texts);
        if passed == Passed::NewText {
            put_line(
                &mut self.texts[usize::from(described.class) % TEXT_CLASSES],
                text,
            );
            self.state.model.own(column, number);
        }
        self.state.learn(column, number);
    }

    fn finish(self) -> CodedRows {
        let mut lengths = Vec::new();
        for (raw, column) in self.raw.iter().zip(&self.state.columns.all) {
            if column.class == RAW_CLASS {
                kernel::put_number(raw.len() as u64, &mut lengths);
            }
        }
        let mut texts = vec![lengths, self.raw.concat()];
        texts.extend(self.texts);
        CodedRows {
            templates: self.template_encoder.finish(),
            values: self.encoder.finish(),
            texts,
        }
    }
}

/// What has become of rows.
struct CodedRows {
    /// The numbers of the rows' templates, coded.
    templates: Vec<u8>,
    /// Their values, coded.
    values: Vec<u8>,
    /// How much each column that is not predicted has written, what they have written, and new
    /// texts by class.
    texts: Vec<Vec<u8>>,
}

fn put_line(text: &mut Vec<u8>, line: &[u8]) {
    text.extend_from_slice(line);
    text.push(b'\n');
}
