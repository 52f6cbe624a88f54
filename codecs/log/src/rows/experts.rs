//! Experts: each points at one earlier place and expects that the text goes on as it did there.

use super::line::{Class, Line, combine};
use super::numbers::Numbers;
use super::repeats::Repeats;
use codec_entropy::mixing::AdaptiveProbability;

/// Number of experts.
pub(super) const EXPERTS: usize = 11;

/// Follows the last occurrence of the last 16 bytes.
pub(super) const LONG: usize = 0;
/// Follows the last occurrence of the last 6 bytes.
pub(super) const SHORT: usize = 1;
/// Follows the last place with the same template so far,
pub(super) const PLACE: usize = 2;
/// and the one before it.
const OLDER: usize = 3;
/// Same last delimiters and tokens.
const LOCAL: usize = 4;
/// Same field of the line above.
pub(super) const ABOVE: usize = 5;
/// Same template so far and same first field.
const FIRST: usize = 6;
/// Same template so far and same last variable tokens.
const VARIABLES: usize = 7;
/// Same template so far after a line of the same template.
const SEQUENCE: usize = 8;
/// The last number at this place and its last change.
pub(super) const NUMBER: usize = 9;
/// The token of the line that was repeated at this place last.
const REPEAT: usize = 10;

/// Stands for the byte of an expert that expects none.
pub(super) const NO_BYTE: u16 = 256;

/// States of an expert: streak class, last three outcomes, class of the byte.
pub(super) const STATES: usize = 16 * 8 * 4;

/// Longest match verified, in bytes.
const VERIFIED: usize = 32;

/// Count at which an expert's confidence stops slowing down.
const CONFIDENCE_LIMIT: u32 = 1023;

/// One expert's place and record.
#[derive(Clone, Copy, Debug, Default)]
struct Expert {
    /// Position of the next byte expected; 0 when there is none.
    pointer: usize,
    /// Expectations met in a row.
    streak: u16,
    /// The last eight outcomes, set bits for failures, the latest one lowest.
    failures: u8,
}

/// What the experts expect of the next byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forecast {
    /// The byte that each expects, or [`NO_BYTE`].
    pub(super) bytes: [u16; EXPERTS],
    /// Probability of 65536 that it is right, 0 when it expects none.
    pub(super) confidence: [u16; EXPERTS],
    /// The state of each, below [`STATES`].
    pub(super) states: [u16; EXPERTS],
    /// Who is surest.
    pub(super) best: usize,
    /// What the surest one expects, or [`NO_BYTE`].
    pub(super) byte: u16,
    /// Which experts expect that byte.
    pub(super) agreement: usize,
    /// What the surest one of the others expects, or [`NO_BYTE`].
    pub(super) second: u16,
}

/// All that is known before a byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) line: &'a Line,
    pub(super) forecast: &'a Forecast,
    pub(super) numbers: &'a Numbers,
}

/// All experts.
#[derive(Clone, Debug)]
pub(super) struct Experts {
    all: bool,
    matches: [MatchTable; 2],
    anchors: AnchorTable,
    fields_above: Vec<u32>,
    fields: Vec<u32>,
    numbers: Numbers,
    repeats: Repeats,
    experts: [Expert; EXPERTS],
    confidence: Box<[[AdaptiveProbability; STATES]; EXPERTS]>,
    forecast: Forecast,
}

/// Fields of a line that are remembered for the line below.
const MOST_FIELDS: usize = 256;

impl Experts {
    /// Experts for a block of `len` bytes: all, or only those that cost little time.
    pub(super) fn new(len: usize, all: bool) -> Self {
        Self {
            all,
            matches: [16, 6].map(|min_len| MatchTable::new(match_bits(len), min_len)),
            anchors: AnchorTable::new(anchor_bits(len)),
            fields_above: Vec::new(),
            fields: Vec::new(),
            numbers: Numbers::new(number_bits(len)),
            repeats: Repeats::new(number_bits(len)),
            experts: [Expert::default(); EXPERTS],
            confidence: Box::new([[AdaptiveProbability::new(60_000, 2); STATES]; EXPERTS]),
            forecast: Forecast {
                bytes: [NO_BYTE; EXPERTS],
                confidence: [0; EXPERTS],
                states: [0; EXPERTS],
                best: 0,
                byte: NO_BYTE,
                agreement: 0,
                second: NO_BYTE,
            },
        }
    }

    /// Bytes of memory that the experts for a block of `len` bytes take.
    pub(super) fn memory_bytes(len: usize) -> usize {
        2 * (4 << match_bits(len))
            + (size_of::<Anchor>() << anchor_bits(len))
            + Numbers::memory_bytes(number_bits(len))
            + Repeats::memory_bytes(number_bits(len))
            + 2 * 4 * MOST_FIELDS
            + EXPERTS * STATES * 4
            + size_of::<Self>()
    }

    /// What is known before the next byte.
    #[inline(always)]
    pub(super) fn view<'a>(&'a self, line: &'a Line) -> View<'a> {
        View {
            line,
            forecast: &self.forecast,
            numbers: &self.numbers,
        }
    }

    /// Moves on by the last byte of `history`, which `line` has already taken in.
    pub(super) fn advance(&mut self, history: &[u8], line: &Line) {
        let Some(&byte) = history.last() else { return };
        self.judge(byte);
        let [long, short] = &mut self.matches;
        short.advance(history, line, &mut self.experts[SHORT]);
        if self.all || line.is_at_anchor() {
            long.advance(history, line, &mut self.experts[LONG]);
        }
        if line.is_at_anchor() {
            self.set_anchors(history.len(), line);
            let source = self.repeats.delimit(history.len(), line);
            self.experts[REPEAT].pointer = source as usize;
        } else {
            self.repeats.extend(line);
        }
        let number = self.numbers.advance(byte, line);
        self.forecast(history, number);
    }

    /// Scores the forecast and moves the pointers on.
    fn judge(&mut self, byte: u8) {
        for (i, expert) in self.experts.iter_mut().enumerate() {
            let expected = self.forecast.bytes[i];
            if expected == NO_BYTE {
                continue;
            }
            let hit = expected == u16::from(byte);
            let state = usize::from(self.forecast.states[i]);
            self.confidence[i][state].update(hit, CONFIDENCE_LIMIT);
            expert.failures = expert.failures << 1 | u8::from(!hit);
            expert.streak = if hit {
                expert.streak.saturating_add(1)
            } else {
                0
            };
            expert.pointer += 1;
        }
    }

    fn set_anchors(&mut self, position: usize, line: &Line) {
        let place = line.template;
        let (last, older) = self.set_anchor(PLACE, place, position);
        self.experts[PLACE].set(last);
        self.experts[OLDER].set(older);
        let keys = [
            (SEQUENCE, combine(place, line.previous[0])),
            (
                VARIABLES,
                combine(combine(place, line.variables[0]), line.variables[1]),
            ),
            (LOCAL, line.local),
            (FIRST, combine(place, line.first_field)),
        ];
        let used = if self.all { keys.len() } else { 2 };
        for (which, key) in keys.into_iter().take(used) {
            let (last, _) = self.set_anchor(which, key, position);
            self.experts[which].set(last);
        }
        self.set_field(position, line);
    }

    /// Notes a position and returns the last two with the same key, 0 for none.
    fn set_anchor(&mut self, which: usize, key: u64, position: usize) -> (u32, u32) {
        let salted = combine(key, which as u64);
        self.anchors.replace(salted, position as u32)
    }

    /// Points at the same field of the line above.
    fn set_field(&mut self, position: usize, line: &Line) {
        if line.column == 0 {
            std::mem::swap(&mut self.fields, &mut self.fields_above);
            self.fields.clear();
        }
        if matches!(line.last() as u8, b' ' | b'\t' | b'\n') && self.fields.len() < MOST_FIELDS {
            if let Some(&above) = self.fields_above.get(self.fields.len()) {
                self.experts[ABOVE].set(above);
            }
            self.fields.push(position as u32);
        }
    }

    fn forecast(&mut self, history: &[u8], number: Option<u8>) {
        let forecast = &mut self.forecast;
        let mut best = 0;
        for (i, expert) in self.experts.iter().enumerate() {
            let byte = match history.get(expert.pointer) {
                _ if i == NUMBER => number.map_or(NO_BYTE, u16::from),
                Some(&byte) if expert.pointer > 0 => u16::from(byte),
                _ => NO_BYTE,
            };
            let state = expert.state(byte);
            forecast.bytes[i] = byte;
            forecast.states[i] = state as u16;
            forecast.confidence[i] = if byte == NO_BYTE {
                0
            } else {
                self.confidence[i][state].probability().max(1)
            };
            if forecast.confidence[i] > forecast.confidence[best] {
                best = i;
            }
        }
        forecast.best = best;
        forecast.byte = forecast.bytes[best];
        forecast.agreement = 0;
        forecast.second = NO_BYTE;
        let mut surest = 0;
        for i in 0..EXPERTS {
            if forecast.bytes[i] == forecast.byte {
                forecast.agreement |= 1 << i;
            } else if forecast.confidence[i] > surest {
                surest = forecast.confidence[i];
                forecast.second = forecast.bytes[i];
            }
        }
    }
}

impl Expert {
    /// Moves to a place, if there is one; otherwise a failing expert falls silent.
    #[inline(always)]
    fn set(&mut self, place: u32) {
        if place > 0 {
            self.pointer = place as usize;
        } else if self.streak == 0 {
            self.pointer = 0;
        }
    }

    #[inline(always)]
    fn state(&self, byte: u16) -> usize {
        let class = Class::of(byte as u8) as usize;
        (self.streak_class() * 8 + usize::from(self.failures & 7)) * 4 + class
    }

    #[inline(always)]
    fn streak_class(&self) -> usize {
        let streak = usize::from(self.streak);
        match streak {
            0..5 => streak,
            5..17 => 4 + (streak - 1) / 4,
            17..33 => 8 + (streak - 17) / 8,
            _ => (5 + streak.ilog2() as usize).min(15),
        }
    }
}

/// Last occurrences of the last few bytes.
#[derive(Clone, Debug)]
struct MatchTable {
    positions: Vec<u32>,
    min_len: usize,
}

impl MatchTable {
    fn new(bits: u32, min_len: usize) -> Self {
        Self {
            positions: vec![0; 1 << bits],
            min_len,
        }
    }

    /// Remembers the last bytes; looks for a new match unless the expert's goes on.
    fn advance(&mut self, history: &[u8], line: &Line, expert: &mut Expert) {
        let key = if self.min_len > 8 {
            combine(line.recent, line.older)
        } else {
            line.recent << (64 - 8 * self.min_len)
        };
        let hash = combine(key, 1).wrapping_mul(0xC2B2_AE3D_27D4_EB4F) >> 32;
        let index = hash as usize & (self.positions.len() - 1);
        let entry = &mut self.positions[index];
        let candidate = *entry as usize;
        *entry = history.len() as u32;
        if expert.pointer > 0 && usize::from(expert.streak) >= self.min_len {
            return;
        }
        if candidate == 0 || candidate == expert.pointer {
            return;
        }
        let len = common_suffix(history, candidate);
        if len >= self.min_len {
            expert.pointer = candidate;
            expert.streak = len as u16;
            expert.failures = 0;
        } else if expert.failures == 0xFF {
            expert.pointer = 0;
        }
    }
}

/// How many bytes before `candidate` equal the last ones, up to [`VERIFIED`].
fn common_suffix(history: &[u8], candidate: usize) -> usize {
    let before = history.get(..candidate).unwrap_or(&[]);
    let pairs = history.iter().rev().zip(before.iter().rev());
    pairs.take(VERIFIED).take_while(|(a, b)| a == b).count()
}

#[derive(Clone, Copy, Debug, Default)]
struct Anchor {
    check: u32,
    last: u32,
    older: u32,
}

/// The last two positions of every key.
#[derive(Clone, Debug)]
struct AnchorTable {
    anchors: Vec<Anchor>,
}

impl AnchorTable {
    fn new(bits: u32) -> Self {
        Self {
            anchors: vec![Anchor::default(); 1 << bits],
        }
    }

    /// Returns the last two positions of a key, 0 for none, and remembers a new one.
    fn replace(&mut self, key: u64, position: u32) -> (u32, u32) {
        let index = (key >> 32) as usize & (self.anchors.len() - 1);
        let anchor = &mut self.anchors[index];
        let check = key as u32;
        let found = if anchor.check == check {
            (anchor.last, anchor.older)
        } else {
            (0, 0)
        };
        *anchor = Anchor {
            check,
            last: position,
            older: found.0,
        };
        found
    }
}

/// Number of bits in which a block's length is written.
fn len_bits(len: usize) -> u32 {
    usize::BITS - len.leading_zeros()
}

fn match_bits(len: usize) -> u32 {
    len_bits(len).clamp(10, 21)
}

fn anchor_bits(len: usize) -> u32 {
    len_bits(len).saturating_sub(2).clamp(10, 20)
}

fn number_bits(len: usize) -> u32 {
    len_bits(len).saturating_sub(5).clamp(8, 16)
}
