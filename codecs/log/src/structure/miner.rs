//! Learns templates from lines, block by block, and tells which template a line has.

use super::cluster::{Pattern, cluster, may_share_context};
use super::header::Header;
use super::template::{LONGEST_EXAMPLE, Template, TemplateId};
use super::token::Tokens;
use super::tree::{PrefixTree, Sequence};
use super::vocabulary::{Vocabulary, Word};
use crate::hash::FixedMap;
use std::sync::Arc;

/// Mines templates.
///
/// The method follows Iterative Structure Extraction (Liu et al., *Logzip: Extracting Hidden Structures via Iterative
/// Clustering for Log Compression*, ASE 2019): strip the header, cluster, derive templates, match lines by a prefix tree
/// with wildcards, and go on with what is unmatched. It differs in that nothing is sampled: lines are reduced to their shapes
/// (values masked), of which there are few, and shapes are clustered by the words that fill one context.
///
/// Memory is bounded: a full table of templates sends what it does not know to [`Miner::OTHER`]. Equal input gives equal
/// templates. A template may become more general, or be united with an older one, as more is learnt; ask
/// [`Miner::assign`] again after the last block for the final answer.
///
/// ```
/// use codec_log::structure::Miner;
///
/// let mut miner = Miner::new();
/// miner.learn(b"connected to 10.0.0.7 in 5 ms\nlost 10.0.0.7\nconnected to 10.0.0.9 in 12 ms\n");
/// let id = miner.assign(b"connected to 10.1.1.1 in 7 ms");
/// let template = miner.template(id).unwrap();
/// assert_eq!(template.to_string(), "connected to <*> in <*>");
/// assert_eq!(template.count(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Miner {
    header: Option<Arc<Header>>,
    vocabulary: Vocabulary,
    templates: Vec<Template>,
    /// For each template the one it was united with, or itself.
    united: Vec<u32>,
    /// Tokens of all patterns in the tree together.
    tree_tokens: usize,
    tree: PrefixTree,
    /// The templates of shapes seen, so that most lines cost one look-up.
    known: Known,
    waiting: Waiting,
    tokens: Tokens,
}

/// Shapes that no template matches yet.
#[derive(Clone, Debug, Default)]
struct Waiting {
    places: FixedMap<Box<[u8]>, usize>,
    shapes: Vec<Shape>,
    tokens: usize,
}

/// The templates of shapes.
#[derive(Clone, Debug, Default)]
struct Known {
    templates: FixedMap<Box<[u8]>, u32>,
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Shape {
    pattern: Pattern,
    example: Vec<u8>,
}

const MOST_TEMPLATES: usize = 1 << 14;
/// Tokens of all patterns in the tree together.
const MOST_TREE_TOKENS: usize = 1 << 20;
const MOST_WAITING: usize = 1 << 13;
/// Tokens of all waiting shapes together.
const MOST_WAITING_TOKENS: usize = 1 << 18;
/// Shapes of one length that templates are compared with one by one.
const MOST_COMPARED: usize = 512;
/// Bytes of all known shapes together.
const MOST_KNOWN_BYTES: usize = 1 << 24;
/// Bytes that a known shape takes beside its own.
const KNOWN_OVERHEAD: usize = 64;

impl Default for Miner {
    fn default() -> Self {
        Self::new()
    }
}

impl Miner {
    /// The template of lines for which the table has no room.
    pub const OTHER: TemplateId = TemplateId(u32::MAX);

    /// A miner that has learnt nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            header: None,
            vocabulary: Vocabulary::new(),
            templates: Vec::new(),
            united: Vec::new(),
            tree_tokens: 0,
            tree: PrefixTree::new(),
            known: Known::default(),
            waiting: Waiting::default(),
            tokens: Tokens::default(),
        }
    }

    /// Learns the templates of the lines of `block`.
    ///
    /// The header is inferred from the first block that has one, and kept: let that block have hundreds of lines. Blocks
    /// should end with a line; a line cut in two is learnt as two.
    pub fn learn(&mut self, block: &[u8]) {
        if self.header.is_none() {
            let lines: Vec<&[u8]> = lines(block).collect();
            self.header = Header::infer(&lines).map(Arc::new);
        }
        for line in lines(block) {
            self.learn_line(line);
            if self.waiting.shapes.len() >= MOST_WAITING
                || self.waiting.tokens >= MOST_WAITING_TOKENS
            {
                self.extract();
            }
        }
        self.extract();
    }

    /// The template that `line` has; [`Miner::OTHER`] if it has none of those learnt.
    ///
    /// A rare line may be assigned by the likeness of its template to another one, and not fit
    /// [`Template::parameters`] itself.
    pub fn assign(&mut self, line: &[u8]) -> TemplateId {
        let line = trim_line_end(line);
        self.read(line);
        if let Some(known) = self.known.templates.get(self.tokens.key()) {
            return self.resolve(*known);
        }
        let pattern = self.pattern();
        match self.tree.find(Sequence {
            words: &pattern.words,
            joined: &pattern.joined,
        }) {
            Some(found) => {
                let key = self.tokens.key().into();
                self.remember(key, found);
                self.resolve(found)
            }
            None => Self::OTHER,
        }
    }

    /// The templates in the order of their numbers; those united with others are left out.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates
            .iter()
            .filter(|template| self.resolve(template.id().0) == template.id())
    }

    /// The template with this number, or the one it was united with. `None` for [`Miner::OTHER`].
    #[must_use]
    pub fn template(&self, id: TemplateId) -> Option<&Template> {
        self.templates
            .get(usize::try_from(self.resolve(id.0).0).ok()?)
    }

    /// The header of the lines, if they have one.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_deref()
    }

    fn read(&mut self, line: &[u8]) {
        let start = self
            .header
            .as_ref()
            .and_then(|header| header.message_start(line))
            .unwrap_or(0);
        self.tokens.read(line.get(start..).unwrap_or_default());
    }

    fn resolve(&self, id: u32) -> TemplateId {
        let mut id = id;
        while let Some(&next) = usize::try_from(id)
            .ok()
            .and_then(|index| self.united.get(index))
        {
            if next == id {
                break;
            }
            id = next;
        }
        TemplateId(id)
    }

    fn remember(&mut self, key: Box<[u8]>, id: u32) {
        self.known.bytes += key.len() + KNOWN_OVERHEAD;
        if self.known.bytes > MOST_KNOWN_BYTES {
            self.known.templates.clear();
            self.known.bytes = key.len() + KNOWN_OVERHEAD;
        }
        self.known.templates.insert(key, id);
    }

    fn learn_line(&mut self, line: &[u8]) {
        self.read(line);
        if let Some(&known) = self.known.templates.get(self.tokens.key()) {
            self.count(known, 1);
            return;
        }
        let place = self.waiting.places.get(self.tokens.key());
        if let Some(shape) = place.and_then(|place| self.waiting.shapes.get_mut(*place)) {
            shape.pattern.count += 1;
            return;
        }
        let pattern = self.pattern();
        let key: Box<[u8]> = self.tokens.key().into();
        if let Some(found) = self.tree.find(Sequence {
            words: &pattern.words,
            joined: &pattern.joined,
        }) {
            self.remember(key, found);
            self.count(found, 1);
        } else if self.templates.len() < MOST_TEMPLATES && self.tree_tokens < MOST_TREE_TOKENS {
            self.wait(key, line);
        }
    }

    /// Lets the line read wait for the next extraction.
    fn wait(&mut self, key: Box<[u8]>, line: &[u8]) {
        let mut pattern = self.pattern();
        pattern.words = self
            .tokens
            .iter()
            .map(|token| self.vocabulary.add(self.tokens.text(token)))
            .collect();
        self.waiting.tokens += pattern.words.len();
        self.waiting.places.insert(key, self.waiting.shapes.len());
        let example = line.get(..LONGEST_EXAMPLE).unwrap_or(line).to_vec();
        self.waiting.shapes.push(Shape { pattern, example });
    }

    /// The pattern of the line read.
    fn pattern(&self) -> Pattern {
        let words = self
            .tokens
            .iter()
            .map(|token| self.vocabulary.find(self.tokens.text(token)))
            .collect();
        let joined = self
            .tokens
            .iter()
            .map(|token| !self.tokens.is_spaced(token))
            .collect();
        Pattern {
            words,
            joined,
            count: 1,
        }
    }

    fn count(&mut self, id: u32, lines: u64) {
        let id = self.resolve(id);
        if let Some(template) = self.template_mut(id) {
            template.add_lines(lines);
        }
    }

    fn template_mut(&mut self, id: TemplateId) -> Option<&mut Template> {
        self.templates.get_mut(usize::try_from(id.0).ok()?)
    }

    /// Clusters the waiting shapes together with the templates they may share a context with.
    fn extract(&mut self) {
        if self.waiting.shapes.is_empty() {
            return;
        }
        let Waiting { places, shapes, .. } = std::mem::take(&mut self.waiting);
        let old = self.near(&shapes);
        let mut patterns: Vec<Pattern> = old
            .iter()
            .filter_map(|id| self.template(*id))
            .map(|template| template.pattern().clone())
            .collect();
        patterns.extend(shapes.iter().map(|shape| shape.pattern.clone()));
        let mut ids = vec![Self::OTHER; shapes.len()];
        for mut found in cluster(patterns, &self.vocabulary) {
            found.members.sort_unstable();
            let id = match found.members.as_slice() {
                [only] if *only < old.len() => continue,
                [first, ..] => old.get(*first).copied().unwrap_or_else(|| {
                    let shape = shapes.get(first - old.len());
                    self.new_template(shape.map_or(&[], |shape| &shape.example))
                }),
                [] => continue,
            };
            for member in &found.members {
                if let Some(old) = old.get(*member) {
                    self.unite(*old, id);
                } else if let Some(place) = ids.get_mut(member - old.len()) {
                    *place = id;
                }
            }
            self.set_pattern(id, found.pattern);
        }
        for (key, place) in places {
            if let Some(&id) = ids.get(place) {
                self.remember(key, id.0);
            }
        }
    }

    /// The templates that differ in so few places from one of `shapes` that both may fill holes of one context. Where that
    /// takes too many comparisons, all of the same lengths.
    fn near(&self, shapes: &[Shape]) -> Vec<TemplateId> {
        let mut by_length: FixedMap<usize, Vec<&[Word]>> = FixedMap::default();
        for shape in shapes {
            by_length
                .entry(shape.pattern.words.len())
                .or_default()
                .push(&shape.pattern.words);
        }
        let is_near = |template: &&Template| {
            let words = &template.pattern().words;
            by_length.get(&words.len()).is_some_and(|shapes| {
                shapes.len() > MOST_COMPARED
                    || shapes.iter().any(|shape| may_share_context(shape, words))
            })
        };
        self.templates().filter(is_near).map(Template::id).collect()
    }

    /// Gives a template its pattern. Older patterns of it stay in the tree: what they match the new one matches, too.
    fn set_pattern(&mut self, id: TemplateId, pattern: Pattern) {
        self.tree.insert(&pattern.words, id.0);
        self.tree_tokens += pattern.words.len();
        if let Some(template) = usize::try_from(id.0)
            .ok()
            .and_then(|index| self.templates.get_mut(index))
        {
            template.set_pattern(pattern, &self.vocabulary);
        }
    }

    fn new_template(&mut self, example: &[u8]) -> TemplateId {
        let id = TemplateId(u32::try_from(self.templates.len()).unwrap_or(u32::MAX));
        self.templates
            .push(Template::new(id, example, self.header.clone()));
        self.united.push(id.0);
        id
    }

    fn unite(&mut self, old: TemplateId, with: TemplateId) {
        if let Some(united) = usize::try_from(old.0)
            .ok()
            .and_then(|index| self.united.get_mut(index))
        {
            *united = with.0;
        }
    }
}

fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block
        .split_inclusive(|byte| *byte == b'\n')
        .map(trim_line_end)
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mined(blocks: &[&str]) -> Miner {
        let mut miner = Miner::new();
        for block in blocks {
            miner.learn(block.as_bytes());
        }
        miner
    }

    fn shown(miner: &Miner) -> Vec<String> {
        miner
            .templates()
            .map(|template| format!("{} {template}", template.count()))
            .collect()
    }

    #[test]
    fn the_header_is_named_and_kept_out_of_templates() {
        let miner = mined(&[
            "Jun  9 06:06:20 a sshd[1]: bye 7\nJun  9 06:06:21 b su[2]: bye 8\nJun  9 06:07:20 a x: hi\n",
        ]);
        assert_eq!(
            shown(&miner),
            [
                "2 <timestamp> <word> <tag> bye <*>",
                "1 <timestamp> <word> <tag> hi"
            ]
        );
    }

    #[test]
    fn templates_live_from_block_to_block() {
        let mut miner = mined(&[
            "open ann ok\nclose x\n",
            "open bob ok\nopen cid ok\n",
            "open dan ok\nopen eve ok\n",
        ]);
        assert_eq!(shown(&miner), ["5 open <*> ok", "1 close x"]);
        assert_eq!(miner.assign(b"open fox ok\r\n"), TemplateId(0));
        assert_eq!(miner.assign(b"never seen before"), Miner::OTHER);
    }

    #[test]
    fn parameters_are_spans_of_the_line() {
        let mut miner = mined(&[
            "2020-01-02 03:04:05 INFO x: took 5 ms for id=77\n2020-01-02 03:04:06 INFO y: up\n",
        ]);
        let line = b"2020-01-02 03:04:09 WARN x: took 18 ms for id=4";
        let id = miner.assign(line);
        let spans = miner.template(id).unwrap().parameters(line).unwrap();
        let values: Vec<&str> = spans
            .iter()
            .map(|span| str::from_utf8(&line[span.clone()]).unwrap())
            .collect();
        assert_eq!(values, ["2020-01-02 03:04:09", "WARN", "x:", "18 ms", "4"]);
        assert_eq!(miner.template(id).unwrap().parameters(b"other words"), None);
    }

    #[test]
    fn empty_blocks_and_empty_lines_are_taken() {
        let mut miner = mined(&["", "\n\n\r\n", "a\n\n"]);
        assert_ne!(miner.assign(b""), Miner::OTHER);
    }

    proptest::proptest! {
        #[test]
        fn every_line_learnt_has_a_template_that_covers_it(
            lines in proptest::collection::vec("[a-d0-2 =:,./()\\[\\]\"-]{0,30}", 0..40)
        ) {
            let mut miner = Miner::new();
            miner.learn((lines.join("\n") + "\n").as_bytes());
            miner.learn((lines.join("\n") + "\n").as_bytes());
            for line in &lines {
                let id = miner.assign(line.as_bytes());
                let template = miner.template(id).unwrap();
                let spans = template.parameters(line.as_bytes()).unwrap();
                let mut end = 0;
                for span in spans {
                    assert!(span.start >= end && span.end <= line.len());
                    end = span.end;
                }
            }
        }

        #[test]
        fn any_bytes_are_learnt_without_panic(block in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let mut miner = Miner::new();
            miner.learn(&block);
            miner.assign(&block);
        }
    }
}
