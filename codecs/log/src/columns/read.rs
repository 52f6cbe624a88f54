//! Payloads to blocks, as far as one wants to go: texts only, distinct lines, all rows.

use super::ColumnsError;
use super::intern::Interner;
use super::kernel;
use super::model::{NEW, Passed, TEXT};
use super::parse::{Lines, MOST_SHAPES};
use super::runs::pass_rows;
use super::spec::{Columns, MOST_COLUMNS, RAW_CLASS, TEXT_CLASSES};
use super::state::{TemplateState, ValueState};
use super::template::{SLOT, Template};
use codec_core::both;
use codec_entropy::binary::BinaryDecoder;
use memchr::memmem;
use std::num::NonZeroUsize;

/// Texts of a payload: templates of headers and messages, descriptions of columns, what
/// [`CodedRows`] has.
const TEXTS: usize = 5 + TEXT_CLASSES;

/// A payload whose texts are decoded: enough to tell that something does not occur in it.
#[derive(Debug)]
pub struct OpenBlock<'p> {
    content_len: usize,
    is_ended: bool,
    is_dense: bool,
    rows: usize,
    /// Number of distinct lines, and the rows made of them, where lines are written once.
    distinct: usize,
    repeats: Option<&'p [u8]>,
    texts: Vec<Vec<u8>>,
    /// The coded numbers of templates, and the coded values.
    templates: &'p [u8],
    values: &'p [u8],
    threads: NonZeroUsize,
}

impl<'p> OpenBlock<'p> {
    /// Decodes the texts of a payload of [`encode_block`](super::encode_block) whose content has
    /// `content_len` bytes.
    ///
    /// # Errors
    ///
    /// [`ColumnsError`] when the payload does not come from the encoder.
    pub fn new(
        payload: &'p [u8],
        content_len: usize,
        threads: NonZeroUsize,
    ) -> Result<Self, ColumnsError> {
        let mut input = payload;
        let limit = content_len as u64;
        let counted = kernel::take_number(&mut input)?;
        let [is_ended, has_repeats, is_dense] = [1, 2, 4].map(|flag| counted & flag != 0);
        let rows = counted >> 3;
        if rows > limit {
            return Err(ColumnsError::TooLong { len: rows, limit });
        }
        let mut repeats = None;
        let mut distinct = rows;
        if has_repeats {
            distinct = kernel::take_number(&mut input)?.min(rows);
            let len = kernel::take_number(&mut input)?;
            repeats = Some(kernel::take(&mut input, len)?);
        }
        // Texts of templates are escaped, values have newlines behind them.
        let texts = kernel::read_all(&mut input, TEXTS, 6 * limit + 1024, threads)?;
        let len = kernel::take_number(&mut input)?;
        let templates = kernel::take(&mut input, len)?;
        Ok(Self {
            content_len,
            is_ended,
            is_dense,
            rows: rows as usize,
            distinct: distinct as usize,
            repeats,
            texts,
            templates,
            values: input,
            threads,
        })
    }

    /// Whether a run may occur in the lines that begins with a letter and has only letters and digits,
    /// and no `T` before two digits. Such a run lies within one token or within the text between
    /// values, so what is in no text is in no line.
    #[must_use]
    pub fn may_contain(&self, letters: &[u8]) -> bool {
        let finder = memmem::Finder::new(letters);
        self.texts.iter().any(|text| finder.find(text).is_some())
    }

    /// Decodes the distinct lines, and with several threads their repeats at the same time.
    ///
    /// # Errors
    ///
    /// [`ColumnsError`] when the payload does not come from the encoder.
    pub fn lines(&self) -> Result<DistinctLines<'p>, ColumnsError> {
        let [
            header_list,
            body_list,
            descriptions,
            lengths,
            raw,
            texts @ ..,
        ] = self.texts.as_slice()
        else {
            return Err(ColumnsError::Truncated);
        };
        let headers = self.templates(header_list, Template::parse(&[]))?;
        let bodies = self.templates(body_list, Template::parse(&[SLOT]))?;
        let slots = headers.iter().chain(&bodies).map(Template::slots).sum();
        if slots > MOST_COLUMNS.min(self.content_len.saturating_add(1)) {
            return Err(ColumnsError::Templates(slots));
        }
        let columns = Columns::read(&headers, &bodies, descriptions)?;
        let rows = self.rows_of_templates(&columns)?;
        let repeats = match self.repeats {
            None => Repeats::None,
            Some(coded) => Repeats::Coded {
                coded,
                templates: rows.iter().map(|[_, body]| *body).collect(),
            },
        };
        let mut reader = RowReader {
            headers: &headers,
            bodies: &bodies,
            state: ValueState::new(&columns, self.distinct, self.is_dense, false),
            decoder: BinaryDecoder::new(self.values),
            values: Interner::default(),
            texts: std::array::from_fn(|class| texts.get(class).map_or(&[][..], Vec::as_slice)),
            raw: split_raw(&columns, raw, lengths)?,
            out: Vec::new(),
        };
        let mut read_lines = || reader.lines(&rows, self.content_len);
        let (lines, repeats) = match self.threads.get() {
            1 => (read_lines(), repeats),
            _ => both(self.threads, read_lines, || repeats.decoded(self.rows)),
        };
        let ends = lines?;
        Ok(DistinctLines {
            text: reader.out,
            ends,
            rows: self.rows,
            repeats,
            is_ended: self.is_ended,
            content_len: self.content_len,
        })
    }

    /// The templates of a list behind a first one that is in none. Each has a line, so that a short
    /// payload cannot stand for more templates than its block has room for.
    fn templates(&self, list: &[u8], first: Template) -> Result<Vec<Template>, ColumnsError> {
        let count = memchr::memchr_iter(b'\n', list).count();
        if count > MOST_SHAPES.min(self.distinct) {
            return Err(ColumnsError::Templates(count));
        }
        let mut templates = vec![first];
        let lines = Lines::find(list);
        templates.extend((0..lines.len()).map(|number| Template::parse(lines.get(list, number))));
        Ok(templates)
    }

    /// The header and message template of each distinct line.
    fn rows_of_templates(&self, columns: &Columns) -> Result<Vec<[u32; 2]>, ColumnsError> {
        let mut state = TemplateState::new(columns, self.distinct, false);
        let mut decoder = BinaryDecoder::new(self.templates);
        let mut rows = Vec::new();
        for number in 0..self.distinct {
            let row = state.pass_row(&mut decoder, [0; 2]);
            rows.push(row.ok_or(ColumnsError::Row(number))?);
            if decoder.is_overrun() {
                return Err(ColumnsError::Row(number));
            }
        }
        decoder.finish().map_err(|_| ColumnsError::Truncated)?;
        Ok(rows)
    }
}

/// Which rows are which lines.
#[derive(Debug)]
enum Repeats<'p> {
    /// Each row has its own line.
    None,
    /// Not decoded yet; that takes the templates of the lines.
    Coded {
        coded: &'p [u8],
        templates: Vec<u32>,
    },
    Decoded(Result<Vec<u32>, ColumnsError>),
}

impl Repeats<'_> {
    fn decoded(self, rows: usize) -> Self {
        let Self::Coded { coded, templates } = self else {
            return self;
        };
        let mut decoder = BinaryDecoder::new(coded);
        let numbers = pass_rows(&mut decoder, &[], rows, &templates);
        Self::Decoded(match (numbers, decoder.finish()) {
            (Some(numbers), Ok(())) => Ok(numbers),
            _ => Err(ColumnsError::Repeats),
        })
    }
}

/// The distinct lines of a block, in order of first appearance.
#[derive(Debug)]
pub struct DistinctLines<'p> {
    /// The lines with newlines behind them.
    text: Vec<u8>,
    ends: Vec<usize>,
    rows: usize,
    repeats: Repeats<'p>,
    is_ended: bool,
    content_len: usize,
}

impl DistinctLines<'_> {
    /// Takes the lines out, each with a newline behind it, and where each ends, behind its newline.
    pub fn take_text(&mut self) -> (Vec<u8>, Vec<usize>) {
        (
            std::mem::take(&mut self.text),
            std::mem::take(&mut self.ends),
        )
    }

    /// Whether the last row of the block ends with a newline.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Takes out the number of each row's line, or `None` where every row has a line of its own.
    ///
    /// # Errors
    ///
    /// [`ColumnsError`] when the payload does not come from the encoder.
    pub fn take_numbers(&mut self) -> Result<Option<Vec<u32>>, ColumnsError> {
        match std::mem::replace(&mut self.repeats, Repeats::None).decoded(self.rows) {
            Repeats::Decoded(numbers) => numbers.map(Some),
            _ => Ok(None),
        }
    }

    /// The block's bytes.
    ///
    /// # Errors
    ///
    /// [`ColumnsError`] when the payload does not come from the encoder.
    pub fn into_content(mut self) -> Result<Vec<u8>, ColumnsError> {
        let mut content = match self.take_numbers()? {
            None => self.text,
            Some(rows) => {
                let mut content = Vec::with_capacity(self.content_len + 1);
                for line in rows {
                    let line = line as usize;
                    let start = line.checked_sub(1).and_then(|before| self.ends.get(before));
                    let end = self.ends.get(line).copied().unwrap_or(0);
                    let text = self.text.get(start.copied().unwrap_or(0)..end);
                    content.extend_from_slice(text.unwrap_or_default());
                    if content.len() > self.content_len + 1 {
                        break;
                    }
                }
                content
            }
        };
        if !self.is_ended {
            content.pop();
        }
        if content.len() != self.content_len {
            return Err(ColumnsError::Length {
                made: content.len(),
                expected: self.content_len,
            });
        }
        Ok(content)
    }
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
    state: ValueState<'a>,
    decoder: BinaryDecoder<'a>,
    values: Interner,
    texts: [&'a [u8]; TEXT_CLASSES],
    raw: Vec<&'a [u8]>,
    out: Vec<u8>,
}

impl RowReader<'_> {
    /// Decodes the lines of these templates; returns where each ends.
    fn lines(&mut self, rows: &[[u32; 2]], most: usize) -> Result<Vec<usize>, ColumnsError> {
        let mut ends = Vec::with_capacity(rows.len());
        for (number, row) in rows.iter().enumerate() {
            self.line(*row).ok_or(ColumnsError::Row(number))?;
            if self.decoder.is_overrun() || self.out.len() > most {
                return Err(ColumnsError::Row(number));
            }
            self.out.push(b'\n');
            ends.push(self.out.len());
        }
        let decoder = std::mem::replace(&mut self.decoder, BinaryDecoder::new(&[]));
        decoder.finish().map_err(|_| ColumnsError::Truncated)?;
        Ok(ends)
    }

    fn line(&mut self, row: [u32; 2]) -> Option<()> {
        self.state.begin_row(row[1]);
        let [header, body] = row.map(|template| template as usize);
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
                template.copy_piece(slot, &mut self.out);
                self.value(start + slot)?;
            }
            template.copy_piece(template.slots(), &mut self.out);
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
                // No value is empty; if one were, a short payload could stand for endless work.
                if text.is_empty() {
                    return None;
                }
                let value = TEXT + u64::from(self.values.push(text));
                self.state.model.own(column, value);
                value
            }
            Passed::Damaged => return None,
        };
        match value.checked_sub(TEXT) {
            None => described.spec.format.write(value, &mut self.out),
            Some(number) => self.values.copy(number as usize, &mut self.out),
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
