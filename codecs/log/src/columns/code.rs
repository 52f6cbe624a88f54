//! Blocks as payloads: templates, descriptions of columns, texts, and the coded rows.

use super::ColumnsError;
use super::intern::{Interner, mix};
use super::kernel::{self, Choice, Kernel};
use super::model::{Base, ColumnSpec, Model, NEW, Passed, TEXT};
use super::parse::{Lines, Mold, NO_HEADER, Parsed, RAW, parse};
use super::port::{BitPort, NumberModel, unzigzag, zigzag};
use super::runs::pass_rows;
use super::spec::{Column, Columns, RAW_CLASS, TEXT_CLASSES};
use super::template::Template;
use super::value::Format;
use std::num::NonZeroUsize;
use codec_entropy::binary::{BinaryDecoder, BinaryEncoder};

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
    out.extend_from_slice(&rows.coded);
    out
}

/// Runs two things at the same time if there are threads.
fn both<A: Send, B: Send>(
    threads: NonZeroUsize,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads.get() == 1 {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(second);
        let first = first();
        match other.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
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

/// Texts of a payload: templates of headers and messages, descriptions of columns, what
/// [`CodedRows`] has.
const TEXTS: usize = 5 + TEXT_CLASSES;

/// The templates but for the first, one a line.
fn template_list(molds: &[Mold]) -> Vec<u8> {
    let mut list = Vec::new();
    for mold in molds.iter().skip(1) {
        list.extend_from_slice(&mold.text);
        list.push(b'\n');
    }
    list
}

fn parse_templates(list: &[u8], first: Template) -> Vec<Template> {
    let mut templates = vec![first];
    let lines = Lines::find(list);
    templates.extend((0..lines.len()).map(|number| Template::parse(lines.get(list, number))));
    templates
}

/// What both ends know of the rows so far.
struct RowState<'a> {
    columns: &'a Columns,
    model: Model,
    /// Template numbers before, latest first.
    headers: [u64; 3],
    bodies: [u64; 3],
    /// The template of each kind that is expected to be the next new one, and a model of how far
    /// off that is.
    next: [u64; 2],
    jumps: NumberModel,
    is_known: [Vec<bool>; 2],
    left: [u64; 2],
}

impl<'a> RowState<'a> {
    fn new(columns: &'a Columns, rows: usize, dense: bool) -> Self {
        let sequence = ColumnSpec {
            format: Format::Text,
            base: Base::Zero,
            family: 0,
        };
        let mut specs: Vec<ColumnSpec> = columns.all.iter().map(|column| column.spec).collect();
        // Two more columns: the numbers of templates.
        specs.extend([sequence; 2]);
        Self {
            columns,
            model: Model::new(specs, if dense { rows * 16 } else { rows * 8 }),
            headers: [0; 3],
            bodies: [0; 3],
            next: [1; 2],
            jumps: NumberModel::new(),
            is_known: Default::default(),
            left: [0; 2],
        }
    }

    /// Passes the number of a row's header template (`kind` 0) or message template (1).
    fn pass_template(&mut self, port: &mut impl BitPort, kind: usize, target: u64) -> Option<u64> {
        let column = self.columns.all.len() + kind;
        if self.is_known[kind].is_empty() {
            let starts = [&self.columns.header_starts, &self.columns.body_starts][kind];
            self.is_known[kind] = vec![false; starts.len()];
        }
        let before = if kind == 0 {
            &mut self.headers
        } else {
            &mut self.bodies
        };
        let [one, two, three] = *before;
        let pair = mix(one ^ two << 32);
        let left = [mix(pair ^ three), pair];
        let is_known = self.is_known[kind]
            .get(target as usize)
            .copied()
            .unwrap_or(false);
        let wanted = if is_known { TEXT + target } else { NEW };
        let number = match self.model.pass(port, column, left, wanted, 0) {
            Passed::Value(value) => value.checked_sub(TEXT)?,
            Passed::NewText => {
                let jump = zigzag(target as i64 - self.next[kind] as i64);
                let jump = unzigzag(self.jumps.pass(port, jump));
                let number = (self.next[kind] as i64).wrapping_add(jump) as u64;
                let known = self.is_known[kind].get_mut(usize::try_from(number).ok()?)?;
                *known = true;
                self.next[kind] = number + 1;
                self.model.own(column, TEXT + number);
                number
            }
            Passed::Damaged => return None,
        };
        self.model.learn(column, TEXT + number);
        before.rotate_right(1);
        before[0] = number;
        Some(number)
    }

    fn learn(&mut self, column: usize, value: u64) {
        self.model.learn(column, value);
        let is_time = self
            .columns
            .all
            .get(column)
            .is_some_and(|column| column.spec.format.is_time());
        if !is_time {
            self.left = [value, self.left[0]];
        }
    }

    /// What a column's values may depend on: how much time has passed on the templates, other values
    /// on those to the left.
    fn contexts(&self, column: &Column) -> [u64; 2] {
        if column.spec.format.is_time() {
            return [mix(self.bodies[0] ^ self.bodies[1] << 32), 0];
        }
        [mix(self.left[0] ^ mix(self.left[1])), self.left[0]]
    }
}

/// Codes rows.
struct RowWriter<'a> {
    parsed: &'a Parsed,
    state: RowState<'a>,
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
            state: RowState::new(columns, rows, dense),
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
        let port = &mut self.encoder;
        self.state.pass_template(port, 0, u64::from(header));
        self.state.pass_template(port, 1, u64::from(body));
        self.state.left = [0; 2];
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
            coded: self.encoder.finish(),
            texts,
        }
    }
}

/// What has become of rows.
struct CodedRows {
    coded: Vec<u8>,
    /// How much each column that is not predicted has written, what they have written, and new
    /// texts by class.
    texts: Vec<Vec<u8>>,
}

fn put_line(text: &mut Vec<u8>, line: &[u8]) {
    text.extend_from_slice(line);
    text.push(b'\n');
}

/// The lines of a block.
#[derive(Debug)]
pub struct DecodedLines {
    content: Vec<u8>,
}

impl DecodedLines {
    /// The block's bytes.
    ///
    /// # Errors
    ///
    /// [`ColumnsError::Length`] if they are not so many.
    pub fn into_content(self, content_len: usize) -> Result<Vec<u8>, ColumnsError> {
        let made = self.content.len();
        if made != content_len {
            return Err(ColumnsError::Length {
                made,
                expected: content_len,
            });
        }
        Ok(self.content)
    }
}

/// Decodes the lines of a payload.
///
/// # Errors
///
/// [`ColumnsError`] when the payload does not come from the encoder.
pub fn decode_lines(payload: &[u8], content_len: usize, threads: NonZeroUsize) -> Result<DecodedLines, ColumnsError> {
    let mut input = payload;
    let limit = 2 * content_len as u64 + 1024;
    let counted = kernel::take_number(&mut input)?;
    let [is_ended, repeats, dense] = [1, 2, 4].map(|flag| counted & flag != 0);
    let rows = counted >> 3;
    if rows > content_len as u64 {
        return Err(ColumnsError::TooLong {
            len: rows,
            limit: content_len as u64,
        });
    }
    let mut coded_rows: &[u8] = &[];
    let mut count = rows;
    if repeats {
        count = kernel::take_number(&mut input)?.min(rows);
        let len = kernel::take_number(&mut input)?;
        coded_rows = kernel::take(&mut input, len)?;
    }
    let texts = kernel::read_all(&mut input, TEXTS, 3 * limit, threads)?;
    let [header_list, body_list, descriptions, lengths, raw, texts @ ..] = texts.as_slice() else {
        return Err(ColumnsError::Truncated);
    };
    let headers = parse_templates(header_list, Template::parse(&[]));
    let bodies = parse_templates(body_list, Template::parse(&[super::template::SLOT]));
    let columns = Columns::read(&headers, &bodies, descriptions)?;
    let mut reader = RowReader {
        headers: &headers,
        bodies: &bodies,
        state: RowState::new(&columns, count as usize, dense),
        decoder: BinaryDecoder::new(input),
        values: Interner::default(),
        texts: std::array::from_fn(|class| texts.get(class).map_or(&[][..], Vec::as_slice)),
        raw: split_raw(&columns, raw, lengths)?,
        out: Vec::new(),
    };
    let mut ends = Vec::new();
    let mut templates = Vec::new();
    for number in 0..count as usize {
        reader.line().ok_or(ColumnsError::Row(number))?;
        if reader.decoder.is_overrun() || reader.out.len() > content_len + 1 {
            return Err(ColumnsError::Row(number));
        }
        reader.out.push(b'\n');
        ends.push(reader.out.len() as u32);
        templates.push(reader.state.bodies[0] as u32);
    }
    let mut content = reader.out;
    reader
        .decoder
        .finish()
        .map_err(|_| ColumnsError::Truncated)?;
    if repeats {
        let mut decoder = BinaryDecoder::new(coded_rows);
        let rows =
            pass_rows(&mut decoder, &[], rows as usize, &templates).ok_or(ColumnsError::Row(0))?;
        let text = content;
        content = Vec::with_capacity(content_len + 1);
        for line in rows {
            let start = match line {
                0 => 0,
                _ => ends[line as usize - 1] as usize,
            };
            content.extend_from_slice(&text[start..ends[line as usize] as usize]);
            if content.len() > content_len + 1 {
                return Err(ColumnsError::Row(0));
            }
        }
    }
    if !is_ended {
        content.pop();
    }
    Ok(DecodedLines { content })
}

/// What each column that is not predicted has written.
fn split_raw<'a>(
    columns: &Columns,
    mut raw: &'a [u8],
    mut lengths: &[u8],
) -> Result<Vec<&'a [u8]>, ColumnsError> {
    let mut parts = vec![&[][..]; columns.all.len()];
    for (part, column) in parts.iter_mut().zip(&columns.all) {
        if column.class == RAW_CLASS {
            let len = kernel::take_number(&mut lengths)?;
            *part = kernel::take(&mut raw, len)?;
        }
    }
    Ok(parts)
}

struct RowReader<'a> {
    headers: &'a [Template],
    bodies: &'a [Template],
    state: RowState<'a>,
    decoder: BinaryDecoder<'a>,
    values: Interner,
    texts: [&'a [u8]; TEXT_CLASSES],
    raw: Vec<&'a [u8]>,
    out: Vec<u8>,
}

impl RowReader<'_> {
    fn line(&mut self) -> Option<()> {
        let header = self.state.pass_template(&mut self.decoder, 0, 0)? as usize;
        let body = self.state.pass_template(&mut self.decoder, 1, 0)? as usize;
        self.state.left = [0; 2];
        let columns = self.state.columns;
        let parts = [
            (
                self.headers.get(header)?,
                *columns.header_starts.get(header)?,
            ),
            (self.bodies.get(body)?, *columns.body_starts.get(body)?),
        ];
        for (template, start) in parts {
            for slot in 0..template.slots() {
                self.out.extend_from_slice(template.piece(slot));
                self.value(start + slot)?;
            }
            self.out.extend_from_slice(template.piece(template.slots()));
        }
        Some(())
    }

    fn value(&mut self, column: usize) -> Option<()> {
        let described = self.state.columns.all.get(column)?;
        if described.class == RAW_CLASS {
            let text = take_line(self.raw.get_mut(column)?)?;
            self.out.extend_from_slice(text);
            return Some(());
        }
        let contexts = self.state.contexts(described);
        let texts = self.values.len() as u64;
        let value = match self
            .state
            .model
            .pass(&mut self.decoder, column, contexts, NEW, texts)
        {
            Passed::Value(value) => value,
            Passed::NewText => {
                let text = take_line(self.texts.get_mut(usize::from(described.class))?)?;
                let value = TEXT + u64::from(self.values.push(text));
                self.state.model.own(column, value);
                value
            }
            Passed::Damaged => return None,
        };
        match value.checked_sub(TEXT) {
            None => described.spec.format.write(value, &mut self.out),
            Some(number) => self.out.extend_from_slice(self.values.get(number as usize)),
        }
        self.state.learn(column, value);
        Some(())
    }
}

/// The next line of a text, which must end in a newline.
fn take_line<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = memchr::memchr(b'\n', text)?;
    let (line, rest) = text.split_at_checked(end)?;
    *text = rest.get(1..)?;
    Some(line)
}
