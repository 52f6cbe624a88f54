//! Which matches zlib takes: at once at levels 1 to 3, by lazy evaluation at levels 4 to 9.

use super::blocks::Blocks;
use super::matches::{Effort, HASHED, Index, LOOKAHEAD, MAX_MATCH, MIN_MATCH, Match, WINDOW};

/// A match of 3 bytes from farther away is not worth it, if found by lazy evaluation.
const TOO_FAR: usize = 4096;

/// What a level means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// From a match this long on, less effort goes into a longer one.
    good: usize,
    /// Lazy: a match at least this long is not improved on. Otherwise: positions inside longer
    /// matches are not searched later.
    lazy: usize,
    effort: Effort,
    is_lazy: bool,
}

impl Rules {
    /// The rules of zlib's `level`, 1 to 9.
    pub(super) fn of_level(level: u32) -> Self {
        let (good, lazy, nice, chain) = match level {
            ..=1 => (4, 4, 8, 4),
            2 => (4, 5, 16, 8),
            3 => (4, 6, 32, 32),
            4 => (4, 4, 16, 16),
            5 => (8, 16, 32, 32),
            6 => (8, 16, 128, 128),
            7 => (8, 32, 128, 256),
            8 => (32, 128, MAX_MATCH, 1024),
            _ => (32, MAX_MATCH, MAX_MATCH, 4096),
        };
        Rules {
            good,
            lazy,
            effort: Effort { chain, nice },
            is_lazy: level >= 4,
        }
    }
}

/// A content on its way through zlib, without the index of its positions.
#[derive(Debug, Clone)]
pub(super) struct Parse {
    /// Where the window starts in the text.
    base: usize,
    /// The next position, from the start of the window.
    at: usize,
    /// Lazy: the match at the position before, if the symbol for that position is not chosen yet.
    before: Option<Before>,
    blocks: Blocks,
}

/// What is known of the position before.
#[derive(Debug, Clone, Copy)]
struct Before {
    found: Option<Match>,
}

impl Parse {
    pub(super) fn new() -> Self {
        Parse {
            base: 0,
            at: 0,
            before: None,
            blocks: Blocks::new(),
        }
    }

    /// Goes on as far as no text that could follow changes what happens: up to a little more than
    /// [`LOOKAHEAD`] bytes before the end of `text`.
    pub(super) fn advance(&mut self, rules: &Rules, index: &mut Index, text: &[u8]) {
        self.run(rules, index, text, false);
    }

    /// Goes on to the end of `text`. Returns the bytes of all blocks.
    pub(super) fn finish(&mut self, rules: &Rules, index: &mut Index, text: &[u8]) -> u64 {
        self.run(rules, index, text, true);
        if self.before.take().is_some() {
            self.blocks.literal(text[self.base + self.at - 1]);
        }
        self.blocks.end(self.at);
        self.blocks.bytes()
    }

    /// Forgets the text before the window: returns where the window started, and is 0 from now on.
    pub(super) fn rebase(&mut self) -> usize {
        std::mem::take(&mut self.base)
    }

    /// The next position in the text.
    pub(super) fn position(&self) -> usize {
        self.base + self.at
    }

    fn run(&mut self, rules: &Rules, index: &mut Index, text: &[u8], to_end: bool) {
        loop {
            // zlib has two windows of text at most, and moves on when the second runs out.
            let rest = &text[self.base..];
            let window = &rest[..rest.len().min(2 * WINDOW)];
            if !to_end && rest.len() - self.at < LOOKAHEAD + HASHED {
                return;
            }
            if window.len() - self.at < LOOKAHEAD {
                if self.at >= 2 * WINDOW - LOOKAHEAD {
                    index.slide();
                    self.base += WINDOW;
                    self.at -= WINDOW;
                    continue;
                }
                if self.at == window.len() {
                    return;
                }
            }
            if rules.is_lazy {
                self.step_lazily(rules, index, rest, window);
            } else {
                self.step(rules, index, rest, window);
            }
            if self.blocks.is_full() {
                self.blocks.end(self.at);
            }
        }
    }

    fn step(&mut self, rules: &Rules, index: &mut Index, text: &[u8], window: &[u8]) {
        let mut found = None;
        if window.len() - self.at >= MIN_MATCH {
            index.insert(text, self.at);
            found = index.longest(window, self.at, MIN_MATCH - 1, rules.effort);
        }
        match found {
            Some(Match { len, distance }) => {
                self.blocks.copy(len, distance);
                let end = self.at + len;
                if len <= rules.lazy && window.len() - end >= MIN_MATCH {
                    for inside in self.at + 1..end {
                        index.insert(text, inside);
                    }
                }
                self.at = end;
            }
            None => {
                self.blocks.literal(window[self.at]);
                self.at += 1;
            }
        }
    }

    fn step_lazily(&mut self, rules: &Rules, index: &mut Index, text: &[u8], window: &[u8]) {
        let before = self.before.take();
        let earlier = before.and_then(|before| before.found);
        let earlier_len = earlier.map_or(MIN_MATCH - 1, |found| found.len);
        let mut found = None;
        if window.len() - self.at >= MIN_MATCH {
            index.insert(text, self.at);
            if earlier_len < rules.lazy {
                let mut effort = rules.effort;
                if earlier_len >= rules.good {
                    effort.chain /= 4;
                }
                found = index
                    .longest(window, self.at, earlier_len, effort)
                    .filter(|found| found.len > MIN_MATCH || found.distance <= TOO_FAR);
            }
        }
        match (earlier, found) {
            (Some(Match { len, distance }), None) => {
                self.blocks.copy(len, distance);
                let end = self.at - 1 + len;
                let indexed = end.min((window.len() + 1).saturating_sub(MIN_MATCH));
                for inside in self.at + 1..indexed {
                    index.insert(text, inside);
                }
                self.at = end;
            }
            _ => {
                if before.is_some() {
                    self.blocks.literal(window[self.at - 1]);
                    if self.blocks.is_full() {
                        self.blocks.end(self.at);
                    }
                }
                self.before = Some(Before { found });
                self.at += 1;
            }
        }
    }
}
