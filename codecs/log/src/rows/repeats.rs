//! Finds tokens that a line says again: a time, a host, an identifier.

use super::line::Line;

/// Tokens of a line that are remembered.
const MOST_TOKENS: usize = 64;

/// A place, and the number (from 1) of the earlier token of the line that it repeated last.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    check: u32,
    source: u32,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    hash: u64,
    start: usize,
}

/// Learns for each place (template so far) which earlier token of the line is repeated there.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    table: Vec<Entry>,
    tokens: Vec<Token>,
    place: u64,
    token: Token,
}

impl Repeats {
    /// A table for `1 << bits` places.
    pub(super) fn new(bits: u32) -> Self {
        Self {
            table: vec![Entry::default(); 1 << bits],
            tokens: Vec::with_capacity(MOST_TOKENS),
            place: 0,
            token: Token { hash: 0, start: 0 },
        }
    }

    /// Bytes that a table for `1 << bits` places takes.
    pub(super) fn memory_bytes(bits: u32) -> usize {
        (size_of::<Entry>() << bits) + MOST_TOKENS * size_of::<Token>()
    }

    /// Takes in a byte within a token.
    #[inline(always)]
    pub(super) fn extend(&mut self, line: &Line) {
        self.token.hash = line.token;
    }

    /// Takes in a delimiter; the next token begins at `position`. Returns where the token that is
    /// expected to be repeated began, 0 for none.
    pub(super) fn delimit(&mut self, position: usize, line: &Line) -> u32 {
        if self.token.hash != 0 {
            self.learn();
        }
        if line.column == 0 {
            self.tokens.clear();
        }
        self.token = Token {
            hash: 0,
            start: position,
        };
        self.place = line.template;
        let (index, check) = self.index();
        let entry = self.table[index];
        let source = (entry.source as usize).wrapping_sub(1);
        match self.tokens.get(source) {
            Some(token) if entry.check == check => token.start as u32,
            _ => 0,
        }
    }

    /// Remembers the token that has ended and which one it repeats.
    fn learn(&mut self) {
        let repeated = |token: &Token| token.hash == self.token.hash;
        if let Some(first) = self.tokens.iter().position(repeated) {
            let (index, check) = self.index();
            let entry = &mut self.table[index];
            let source = (entry.source as usize).wrapping_sub(1);
            let goes_on = entry.check == check && self.tokens.get(source).is_some_and(repeated);
            if !goes_on {
                *entry = Entry {
                    check,
                    source: first as u32 + 1,
                };
            }
        }
        if self.tokens.len() < MOST_TOKENS {
            self.tokens.push(self.token);
        }
    }

    #[inline(always)]
    fn index(&self) -> (usize, u32) {
        let hash = self.place.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        (
            (hash >> 40) as usize & (self.table.len() - 1),
            hash as u32 | 1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_repeated_a_token_is_expected_to_do_so_again() {
        let text = b"host7 up: host7 ok\nhost31 up: ";
        let (mut line, mut repeats) = (Line::default(), Repeats::new(8));
        let mut start = 0;
        for (position, &byte) in text.iter().enumerate() {
            line.push(byte);
            if line.is_at_anchor() {
                start = repeats.delimit(position + 1, &line) as usize;
            } else {
                repeats.extend(&line);
            }
        }
        assert_eq!(&text[start..start + 6], b"host31");
    }
}
