//! The contexts in which the next byte is predicted.

use super::layout::Layout;
use codec_entropy::mixing::context_hash;

/// A kind of context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// So many last bytes, from 1 to 8.
    Order(u32),
    /// The word so far, or the gap between words.
    Word,
    /// The word or gap so far and the word before.
    WordPair,
    /// How far the line has come, and the last byte: where lines are wrapped or columns aligned.
    LineColumn,
    /// As `LineColumn`; in long lines, which are not wrapped, the last eight tokens (see `Shape`).
    LineOrShape,
    /// The last four tokens, a token being a run of letters of one case, of digits, or one byte.
    Shape,
    /// The place in the record and the last byte.
    ColumnLeft,
    /// The place in the record and the byte above, that is, one record back.
    ColumnAbove,
    /// The byte above and the last byte.
    AboveLeft,
    /// The place in the record and the two bytes above.
    ColumnAboveTwice,
}

/// Bytes from which a line is too long to be wrapped.
const LONG_LINE: u32 = 160;

/// Most contexts that a model has.
pub(super) const MAX_CONTEXTS: usize = 9;

const TEXT: [Context; MAX_CONTEXTS] = [
    Context::Order(2),
    Context::Order(4),
    Context::Word,
    Context::Order(3),
    Context::Order(1),
    Context::LineOrShape,
    Context::Shape,
    Context::WordPair,
    Context::Order(5),
];

const RECORDS: [Context; MAX_CONTEXTS] = [
    Context::Order(2),
    Context::ColumnAbove,
    Context::AboveLeft,
    Context::Order(3),
    Context::Order(1),
    Context::ColumnLeft,
    Context::ColumnAboveTwice,
    Context::Order(4),
    Context::LineColumn,
];

impl Context {
    /// The first `C` contexts for a layout, most useful first.
    pub(super) fn of<const C: usize>(layout: Layout) -> [Self; C] {
        const { assert!(C <= MAX_CONTEXTS) };
        let all = match layout {
            Layout::Text => TEXT,
            Layout::Records(_) => RECORDS,
        };
        std::array::from_fn(|i| all[i])
    }

    /// Whether only one or two different bytes usually follow.
    pub(super) fn is_narrow(self) -> bool {
        !matches!(self, Self::Order(1 | 2))
    }
}

/// What the contexts need to know of the bytes so far.
#[derive(Clone, Debug)]
pub(super) struct Past {
    /// The last eight bytes, the latest one lowest.
    recent: u64,
    /// Hashes of the word (letters, without case) or gap between words so far, and of the word
    /// before.
    words: [u32; 2],
    in_word: bool,
    /// The last eight tokens: classes of runs or single bytes.
    shape: u64,
    line_column: u32,
    record_len: usize,
    record_column: usize,
    /// The bytes one and two records back from the next one.
    above: [u8; 2],
}

impl Past {
    pub(super) fn new(layout: Layout) -> Self {
        let record_len = match layout {
            Layout::Text => 1,
            Layout::Records(len) => usize::from(len).max(1),
        };
        Self {
            recent: 0,
            words: [0; 2],
            in_word: false,
            shape: 0,
            line_column: 0,
            record_len,
            record_column: 0,
            above: [0; 2],
        }
    }

    /// The last byte.
    #[inline(always)]
    pub(super) fn last(&self) -> usize {
        (self.recent & 0xFF) as usize
    }

    /// The last two bytes.
    #[inline(always)]
    pub(super) fn last_two(&self) -> usize {
        (self.recent & 0xFFFF) as usize
    }

    /// A hash of the last six bytes, for matches.
    #[inline(always)]
    pub(super) fn match_hash(&self) -> u64 {
        context_hash(self.recent << 16, 0)
    }

    /// Takes in the last byte of `history`.
    #[inline(always)]
    pub(super) fn push(&mut self, history: &[u8]) {
        let Some(&byte) = history.last() else { return };
        self.recent = self.recent << 8 | u64::from(byte);
        self.push_word(byte);
        self.push_shape(byte);
        self.line_column = if byte == b'\n' {
            0
        } else {
            self.line_column.saturating_add(1)
        };
        self.record_column += 1;
        if self.record_column >= self.record_len {
            self.record_column = 0;
        }
        self.above = [1, 2].map(|records| {
            let place = history.len().checked_sub(records * self.record_len);
            place
                .and_then(|place| history.get(place))
                .copied()
                .unwrap_or(0)
        });
    }

    /// The hash of a context of the next byte; `salt` keeps a model's contexts apart.
    #[inline(always)]
    pub(super) fn hash(&self, context: Context, salt: u32) -> u64 {
        let last = self.recent & 0xFF;
        let [word, previous] = self.words.map(u64::from);
        let [above, above_twice] = self.above.map(u64::from);
        let column = (self.record_column as u64) << 32;
        let value = match context {
            Context::Order(bytes) => self.recent << (64 - 8 * bytes),
            Context::Word => word,
            Context::WordPair => word << 32 | previous,
            Context::LineOrShape if self.line_column >= LONG_LINE => self.shape | 1 << 63,
            Context::LineColumn | Context::LineOrShape => u64::from(self.line_column) << 8 | last,
            Context::Shape => self.shape & 0xFFFF_FFFF,
            Context::ColumnLeft => column | last,
            Context::ColumnAbove => column | above,
            Context::AboveLeft => above << 8 | last,
            Context::ColumnAboveTwice => column | above << 8 | above_twice,
        };
        context_hash(value, salt)
    }

    #[inline(always)]
    fn push_word(&mut self, byte: u8) {
        let is_letter = byte.is_ascii_alphabetic() || byte >= 128;
        if is_letter && !self.in_word {
            self.words[0] = 0;
        } else if !is_letter && self.in_word {
            self.words = [0, self.words[0]];
        }
        self.in_word = is_letter;
        let letter = u32::from(byte.to_ascii_lowercase()) + 1;
        self.words[0] = (self.words[0] ^ letter)
            .wrapping_mul(0x2F0B_4C47)
            .rotate_left(7);
    }

    #[inline(always)]
    fn push_shape(&mut self, byte: u8) {
        let class = match byte {
            b'0'..=b'9' => 1,
            b'a'..=b'z' | 128.. => 2,
            b'A'..=b'Z' => 3,
            _ => u64::from(byte),
        };
        if class > 3 || class != self.shape & 0xFF {
            self.shape = self.shape << 8 | class;
        }
    }
}
