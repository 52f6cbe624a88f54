//! Templates: the text of a line with slots for its values.

use super::intern::{Interner, append, mix};
use super::tokens::{Token, Tokens};
use std::collections::HashMap;

/// Stands for a slot in the text of a shape or template.
pub(super) const SLOT: u8 = 1;
/// Comes before a byte of the text that is [`SLOT`] or this.
const ESCAPE: u8 = 2;

/// Slots that a template may have.
const MOST_SLOTS: usize = 4096;
/// Rounds of merging, and with that words of a template that can become slots.
const MERGE_ROUNDS: usize = 4;
/// Different words at the same place that make the place a slot.
const WORDS_OF_A_SLOT: u32 = 5;

/// A template as both ends use it: static text around slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    text: Vec<u8>,
    /// Where each piece ends in `text`; there is one piece more than slots.
    ends: Vec<u32>,
}

impl Template {
    /// The template behind its escaped text.
    pub(super) fn parse(escaped: &[u8]) -> Self {
        let mut template = Self::default();
        let mut bytes = escaped.iter();
        while let Some(&byte) = bytes.next() {
            match byte {
                SLOT => template.ends.push(template.text.len() as u32),
                ESCAPE => template.text.extend(bytes.next()),
                _ => template.text.push(byte),
            }
        }
        template.ends.push(template.text.len() as u32);
        // Room for short pieces to be copied at a fixed length.
        template.text.extend([0; 32]);
        template
    }

    pub(super) fn slots(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    /// Appends the text before slot `index`, or behind the last one.
    #[inline(always)]
    pub(super) fn copy_piece(&self, index: usize, out: &mut Vec<u8>) {
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).map_or(0, |end| *end as usize),
        };
        let end = self.ends.get(index).map_or(0, |end| *end as usize);
        append(&self.text, start, end, out);
    }

    /// The text before slot `index`, or behind the last one.
    #[inline(always)]
    pub(super) fn piece(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).map_or(0, |end| *end as usize),
        };
        let end = self.ends.get(index).map_or(0, |end| *end as usize);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Appends the part of a line with the variable tokens replaced by slots.
pub(super) fn write_shape(
    line: &[u8],
    from: usize,
    to: usize,
    tokens: &[Token],
    out: &mut Vec<u8>,
) {
    let mut at = from;
    for token in tokens.iter().filter(|token| token.variable) {
        write_text(line.get(at..token.start as usize).unwrap_or_default(), out);
        out.push(SLOT);
        at = token.end as usize;
    }
    write_text(line.get(at..to).unwrap_or_default(), out);
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    if text.iter().all(|byte| !matches!(*byte, SLOT | ESCAPE)) {
        out.extend_from_slice(text);
        return;
    }
    for &byte in text {
        if matches!(byte, SLOT | ESCAPE) {
            out.push(ESCAPE);
        }
        out.push(byte);
    }
}

/// The distinct shapes of a block's messages, and how they merge into templates.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    pub(super) texts: Interner,
    pub(super) counts: Vec<u32>,
    /// A line of each shape.
    pub(super) examples: Vec<u32>,
}

impl Shapes {
    pub(super) fn add(&mut self, shape: &[u8], line: usize) -> u32 {
        let (number, is_new) = self.texts.intern(shape);
        if is_new {
            self.counts.push(0);
            self.examples.push(line as u32);
        }
        if let Some(count) = self.counts.get_mut(number as usize) {
            *count += 1;
        }
        number
    }

    /// Adds all shapes of a later part; returns the number of each.
    pub(super) fn add_all(&mut self, part: &Self) -> Vec<u32> {
        let all = part.counts.iter().zip(&part.examples).enumerate();
        all.map(|(index, (count, example))| {
            let number = self.add(part.texts.get(index), *example as usize);
            if let Some(sum) = self.counts.get_mut(number as usize) {
                *sum += count - 1;
            }
            number
        })
        .collect()
    }
}

/// Which words of a shape are slots beside those with digits.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    /// Indices into the message's tokens.
    pub(super) words: Vec<u32>,
    /// Equal for shapes that became the same template.
    pub(super) key: u64,
}

/// Finds words that vary between shapes that are otherwise equal (Logzip's wildcards), a few rounds
/// over, each of which can make one more word of a shape a slot.
pub(super) fn merge<'a>(shapes: &Shapes, line_of: impl Fn(u32) -> &'a [u8]) -> Vec<Merged> {
    let mut tokens = Tokens::default();
    let mut signatures: Vec<Signature> = shapes
        .examples
        .iter()
        .map(|line| {
            let line = line_of(*line);
            tokens.find(line);
            Signature::of(line, &tokens)
        })
        .collect();
    let mut merged: Vec<Merged> = signatures
        .iter()
        .map(|signature| Merged {
            words: Vec::new(),
            key: signature.whole,
        })
        .collect();
    for _ in 0..MERGE_ROUNDS {
        let groups = count_groups(&signatures);
        let mut changed = false;
        for (signature, merged) in signatures.iter_mut().zip(&mut merged) {
            if let Some(index) = signature.best(&groups) {
                merged.words.push(signature.words[index].token);
                signature.open(index);
                merged.key = signature.whole;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for merged in &mut merged {
        merged.words.sort_unstable();
    }
    merged
}

/// A shape as a sum of hashes of its parts, so that one can be exchanged.
struct Signature {
    whole: u64,
    slots: usize,
    words: Vec<Word>,
}

struct Word {
    token: u32,
    /// What it adds to the sum as text, and as a slot.
    text: u64,
    slot: u64,
}

impl Signature {
    fn of(line: &[u8], tokens: &Tokens) -> Self {
        let mut whole = 0u64;
        let mut words = Vec::new();
        let mut slots = 0;
        let mut at = tokens.body_start(line);
        let body = tokens.all.get(tokens.header..).unwrap_or_default();
        for (index, token) in body.iter().enumerate() {
            let place = (index as u64) << 32;
            let gap = line.get(at..token.start as usize).unwrap_or_default();
            whole = whole.wrapping_add(mix(super::intern::hash_bytes(gap) ^ place));
            let slot = mix(place | 1);
            if token.variable {
                whole = whole.wrapping_add(slot);
                slots += 1;
            } else {
                let text = mix(super::intern::hash_bytes(token.of(line)) ^ place ^ 2);
                whole = whole.wrapping_add(text);
                words.push(Word {
                    token: index as u32,
                    text,
                    slot,
                });
            }
            at = token.end as usize;
        }
        let tail = line.get(at..).unwrap_or_default();
        whole = whole.wrapping_add(mix(super::intern::hash_bytes(tail)));
        Self {
            whole,
            slots,
            words,
        }
    }

    fn with_slot(&self, word: &Word) -> u64 {
        self.whole.wrapping_sub(word.text).wrapping_add(word.slot)
    }

    /// The word to open: the one at whose place most shapes differ.
    fn best(&self, groups: &HashMap<u64, u32>) -> Option<usize> {
        if self.slots >= MOST_SLOTS {
            return None;
        }
        let count = |word: &Word| groups.get(&self.with_slot(word)).copied().unwrap_or(0);
        let (index, most) = self
            .words
            .iter()
            .map(count)
            .enumerate()
            .max_by_key(|(index, count)| (*count, std::cmp::Reverse(*index)))?;
        (most >= WORDS_OF_A_SLOT).then_some(index)
    }

    fn open(&mut self, index: usize) {
        let word = self.words.remove(index);
        self.whole = self.with_slot(&word);
        self.slots += 1;
    }
}

/// How many different shapes there are behind each shape with one word opened.
fn count_groups(signatures: &[Signature]) -> HashMap<u64, u32> {
    let mut seen = std::collections::HashSet::new();
    let mut groups = HashMap::new();
    for signature in signatures {
        if seen.insert(signature.whole) {
            for word in &signature.words {
                *groups.entry(signature.with_slot(word)).or_insert(0) += 1;
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_back_whatever_its_bytes() {
        let line = b"a\x01b\x02c 12 d";
        let mut tokens = Tokens::default();
        tokens.find(line);
        let mut shape = Vec::new();
        write_shape(line, 0, line.len(), &tokens.all, &mut shape);
        let template = Template::parse(&shape);
        assert_eq!(template.slots(), 1);
        assert_eq!(template.piece(0), b"a\x01b\x02c ");
        assert_eq!(template.piece(1), b" d");
        assert_eq!(template.piece(2), b"");
    }

    #[test]
    fn words_that_vary_become_slots_and_others_stay() {
        let users = ["ann", "bob", "cy", "dan", "eve", "flo"];
        let lines: Vec<String> = users
            .iter()
            .flat_map(|user| {
                [
                    format!("session opened for {user} now"),
                    format!("bye {user}"),
                ]
            })
            .chain(["session closed for ann now".into()])
            .collect();
        let mut shapes = Shapes::default();
        for (number, line) in lines.iter().enumerate() {
            shapes.add(line.as_bytes(), number);
        }
        let merged = merge(&shapes, |line| lines[line as usize].as_bytes());
        assert_eq!(merged[0].words, [3]);
        assert_eq!(merged[1].words, [1]);
        assert_eq!(merged[0].key, merged[2].key);
        assert!(merged.last().unwrap().words.is_empty());
    }
}
