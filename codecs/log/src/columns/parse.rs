//! The encoder's view of a block: lines, their shapes, and the templates that come of them.

use super::intern::Interner;
use super::spec::MOST_COLUMNS;
use super::template::{Merged, SLOT, Shapes, Template, merge, write_shape};
use super::tokens::{LONGEST_LINE, Packed, Token, Tokens};
use std::num::NonZeroUsize;
use std::ops::Range;

/// The template of lines that are taken as they are: one slot.
pub(super) const RAW: u32 = 0;
/// The header of lines without one, and of raw lines.
pub(super) const NO_HEADER: u32 = 0;

/// Lines that a template must have, unless it is one of few.
const FEW_LINES: u32 = 3;
/// Shapes that are told apart in a block, and with that templates of either kind.
pub(super) const MOST_SHAPES: usize = 1 << 17;

/// Where the lines of a block are, without their newlines.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    ends: Vec<u32>,
    /// Whether the last line ends in a newline too.
    pub(super) is_ended: bool,
}

impl Lines {
    pub(super) fn find(content: &[u8]) -> Self {
        let mut ends: Vec<u32> = memchr::memchr_iter(b'\n', content)
            .map(|at| at as u32)
            .collect();
        let is_ended = content.last() == Some(&b'\n');
        if !is_ended && !content.is_empty() {
            ends.push(content.len() as u32);
        }
        Self { ends, is_ended }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where a line begins in the block.
    pub(super) fn start(&self, line: usize) -> usize {
        match line {
            0 => 0,
            _ => self.ends.get(line - 1).map_or(0, |end| *end as usize + 1),
        }
    }

    #[inline]
    pub(super) fn get<'a>(&self, content: &'a [u8], line: usize) -> &'a [u8] {
        let start = self.start(line);
        let end = self.ends.get(line).map_or(0, |end| *end as usize);
        content.get(start..end).unwrap_or_default()
    }
}

/// A template as the encoder uses it.
#[derive(Clone, Debug)]
pub(super) struct Mold {
    /// Escaped text.
    pub(super) text: Vec<u8>,
    pub(super) template: Template,
}

/// A block's lines with their templates.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The header and message template of each line.
    pub(super) rows: Vec<[u32; 2]>,
    /// Templates of headers and of messages, in order of first use; number 0 is always there.
    pub(super) headers: Vec<Mold>,
    pub(super) bodies: Vec<Mold>,
    /// Slots of all templates.
    columns: usize,
    /// For each shape of a message, the words that are slots.
    words: Vec<Merged>,
    /// The shape of each line's message.
    shapes: Vec<u32>,
    /// The tokens of all lines, where each line's end, and how many are of its header.
    tokens: Vec<Packed>,
    token_ends: Vec<u32>,
    header_tokens: Vec<u16>,
    fields_only: bool,
}

/// Parts that a block is parsed in, at the same time if there are threads.
const PARTS: usize = 8;

/// Finds the templates of `count` lines; with `fields_only`, templates of headers alone.
pub(super) fn parse<'a>(
    count: usize,
    line_of: impl Fn(usize) -> &'a [u8] + Sync,
    fields_only: bool,
    threads: NonZeroUsize,
) -> Parsed {
    let mut parsed = Parsed {
        fields_only,
        ..Parsed::default()
    };
    let (mut headers, mut bodies) = (Shapes::default(), Shapes::default());
    let mut found = Vec::with_capacity(count);
    let mut starts = (0..PARTS).map(|part| [count * part / PARTS, count * (part + 1) / PARTS]);
    let done = codec_core::ordered(
        threads,
        || Ok(starts.next()),
        |[start, end]| Ok(Part::parse(start..end, &line_of, fields_only)),
        |part| {
            parsed.add(part, &mut headers, &mut bodies, &mut found);
            Ok(())
        },
    );
    debug_assert!(done.is_ok(), "neither end of the pipeline can fail");
    parsed.words = match fields_only {
        true => vec![Merged::default(); bodies.counts.len()],
        false => merge(&bodies, |line| line_of(line as usize)),
    };
    parsed.assign(&found, &headers, &bodies, line_of);
    parsed
}

/// The shapes of some of a block's lines.
#[derive(Debug, Default)]
struct Part {
    found: Vec<Option<[u32; 2]>>,
    headers: Shapes,
    bodies: Shapes,
    tokens: Vec<Packed>,
    token_ends: Vec<u32>,
    header_tokens: Vec<u16>,
}

impl Part {
    fn parse<'a>(
        numbers: Range<usize>,
        line_of: impl Fn(usize) -> &'a [u8],
        fields_only: bool,
    ) -> Self {
        let mut part = Self::default();
        let mut tokens = Tokens::default();
        let mut scratch = Vec::new();
        for number in numbers {
            let line = line_of(number);
            if line.len() > LONGEST_LINE || part.bodies.counts.len() >= MOST_SHAPES {
                part.found.push(None);
                part.keep_tokens(&[], 0);
                continue;
            }
            tokens.find(line);
            let body_start = tokens.body_start(line);
            let (head, body) = tokens.all.split_at(tokens.header);
            scratch.clear();
            write_shape(line, 0, body_start, head, &mut scratch);
            let header = part.headers.add(&scratch, number);
            scratch.clear();
            if fields_only {
                scratch.push(SLOT);
                part.keep_tokens(head, head.len());
            } else {
                write_shape(line, body_start, line.len(), body, &mut scratch);
                part.keep_tokens(&tokens.all, head.len());
            }
            let body = part.bodies.add(&scratch, number);
            part.found.push(Some([header, body]));
        }
        part
    }

    fn keep_tokens(&mut self, tokens: &[Token], header: usize) {
        self.tokens
            .extend(tokens.iter().map(|token| Packed::new(*token)));
        self.token_ends.push(self.tokens.len() as u32);
        self.header_tokens
            .push(header.min(usize::from(u16::MAX)) as u16);
    }
}

impl Parsed {
    fn assign<'a>(
        &mut self,
        found: &[Option<[u32; 2]>],
        headers: &Shapes,
        bodies: &Shapes,
        line_of: impl Fn(usize) -> &'a [u8],
    ) {
        let raw = Mold::new(vec![SLOT]);
        self.columns = raw.template.slots();
        self.bodies.push(raw);
        self.headers.push(Mold::new(Vec::new()));
        let mut counts = std::collections::HashMap::new();
        for (merged, count) in self.words.iter().zip(&bodies.counts) {
            *counts.entry(merged.key).or_insert(0u32) += count;
        }
        let mut header_numbers = vec![u32::MAX; headers.counts.len()];
        let mut body_numbers = vec![u32::MAX; bodies.counts.len()];
        let mut names = Interner::default();
        names.push(&[SLOT]);
        for (number, shapes) in found.iter().enumerate() {
            let row = shapes.filter(|[header, body]| {
                let key = self.words[*body as usize].key;
                counts[&key] >= FEW_LINES && headers.counts[*header as usize] >= FEW_LINES
            });
            let numbers = row.and_then(|[header, body]| {
                let header_number = &mut header_numbers[header as usize];
                if *header_number == u32::MAX {
                    *header_number = self.add_header(headers.texts.get(header as usize))?;
                }
                let body_number = &mut body_numbers[body as usize];
                if *body_number == u32::MAX {
                    let words = &self.words[body as usize];
                    let text = self.template_text(number, line_of(number), words);
                    *body_number = self.add_body(text, &mut names)?;
                }
                Some([*header_number, *body_number])
            });
            self.rows.push(numbers.unwrap_or([NO_HEADER, RAW]));
            self.shapes.push(row.map_or(0, |[_, body]| body));
        }
    }

    /// The number of a template of headers that is new, if there is room for it.
    fn add_header(&mut self, text: &[u8]) -> Option<u32> {
        if text.is_empty() {
            return Some(NO_HEADER);
        }
        let mold = Mold::new(text.to_vec());
        let columns = self.columns + mold.template.slots();
        if columns > MOST_COLUMNS || self.headers.len() > MOST_SHAPES {
            return None;
        }
        self.columns = columns;
        self.headers.push(mold);
        Some(self.headers.len() as u32 - 1)
    }

    /// The number of a template of messages, if it is known or there is room for it.
    fn add_body(&mut self, text: Vec<u8>, names: &mut Interner) -> Option<u32> {
        let mold = Mold::new(text);
        let columns = self.columns + mold.template.slots();
        if columns > MOST_COLUMNS {
            return None;
        }
        let (number, is_new) = names.intern(&mold.text);
        if is_new {
            self.columns = columns;
            self.bodies.push(mold);
        }
        Some(number)
    }

    /// The values of a line, those of the header first, or `None` where the line does not read back
    /// from them.
    pub(super) fn values<'a>(
        &self,
        number: usize,
        line: &'a [u8],
        values: &mut Vec<&'a [u8]>,
    ) -> Option<[u32; 2]> {
        values.clear();
        let [header, body] = *self.rows.get(number)?;
        if body == RAW && header == NO_HEADER {
            values.push(line);
            return Some([NO_HEADER, RAW]);
        }
        let (tokens, split) = self.tokens_of(number);
        let mut words = self.words[self.shapes[number] as usize]
            .words
            .iter()
            .peekable();
        let mut end = 0;
        for (index, token) in tokens.iter().map(|token| token.token()).enumerate() {
            let is_word = index >= split
                && words
                    .next_if(|word| **word as usize == index - split)
                    .is_some();
            if token.variable || is_word {
                values.push(token.of(line));
            }
            end = token.end;
        }
        let molds = [
            &self.headers[header as usize].template,
            &self.bodies[body as usize].template,
        ];
        if body == RAW {
            let tail = molds[0].piece(molds[0].slots()).len();
            values.push(line.get(end as usize + tail..)?);
        }
        reads_back(line, molds, values).then_some([header, body])
    }

    /// Adds the next part of the block.
    fn add(
        &mut self,
        part: Part,
        headers: &mut Shapes,
        bodies: &mut Shapes,
        found: &mut Vec<Option<[u32; 2]>>,
    ) {
        let headers = headers.add_all(&part.headers);
        let bodies = bodies.add_all(&part.bodies);
        let renumber = |[header, body]: [u32; 2]| {
            let (header, body) = (headers[header as usize], bodies[body as usize]);
            ((body as usize) < MOST_SHAPES).then_some([header, body])
        };
        found.extend(part.found.into_iter().map(|row| row.and_then(renumber)));
        let base = self.tokens.len() as u32;
        self.tokens.extend(part.tokens);
        self.token_ends
            .extend(part.token_ends.into_iter().map(|end| base + end));
        self.header_tokens.extend(part.header_tokens);
    }

    /// The tokens of a line, and how many of them are of its header.
    fn tokens_of(&self, number: usize) -> (&[Packed], usize) {
        let start = match number {
            0 => 0,
            _ => self.token_ends[number - 1] as usize,
        };
        let end = self.token_ends[number] as usize;
        (
            &self.tokens[start..end],
            usize::from(self.header_tokens[number]),
        )
    }

    fn template_text(&self, number: usize, line: &[u8], merged: &Merged) -> Vec<u8> {
        let (tokens, split) = self.tokens_of(number);
        if self.fields_only {
            return vec![SLOT];
        }
        let body = tokens.get(split..).unwrap_or_default();
        let mut body: Vec<Token> = body.iter().map(|token| token.token()).collect();
        for word in &merged.words {
            if let Some(token) = body.get_mut(*word as usize) {
                token.variable = true;
            }
        }
        let start = body
            .first()
            .map_or(line.len(), |token| token.start as usize);
        let mut text = Vec::new();
        write_shape(line, start, line.len(), &body, &mut text);
        text
    }
}

impl Mold {
    fn new(text: Vec<u8>) -> Self {
        let template = Template::parse(&text);
        Self { text, template }
    }
}

/// Whether templates and values give back the line: shapes are told apart by their text, but where
/// its words lie could in principle differ.
fn reads_back(line: &[u8], templates: [&Template; 2], values: &[&[u8]]) -> bool {
    let slots = templates[0].slots() + templates[1].slots();
    if values.len() != slots {
        return false;
    }
    let mut rest = line;
    let mut values = values.iter();
    for template in templates {
        for slot in 0..=template.slots() {
            let Some(left) = rest.strip_prefix(template.piece(slot)) else {
                return false;
            };
            rest = left;
            if slot < template.slots() {
                let value = values.next().map_or(&[][..], |value| *value);
                let Some(left) = rest.strip_prefix(value) else {
                    return false;
                };
                rest = left;
            }
        }
    }
    rest.is_empty()
}
