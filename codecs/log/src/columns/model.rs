//! Prediction of values: each column guesses its next value from what went with it before, and
//! codes which guess was right, or the value itself.

use super::intern::{hash_bytes, mix};
use super::port::{BitPort, NumberModel, pass_bit, pass_raw, unzigzag, zigzag};
use super::value::{Format, NUMBER_LIMIT};
use crate::hash::FixedMap;
use codec_entropy::mixing::AdaptiveProbability;

/// A value that stands for the text with the number `value - TEXT`.
pub(super) const TEXT: u64 = 1 << 59;
/// No value.
const NONE: u64 = u64::MAX;

/// Ways to guess: what followed the two values to the left, the value to the left, the column's
/// own last value; that last value itself; the last value of slots behind similar text.
const GUESSES: usize = 5;
const LAST: usize = 3;
const FAMILY: usize = 4;

/// Classes of how reliable a guess has been.
const TRUSTS: usize = 4;
/// Guesses that are asked about for a value.
const MOST_QUESTIONS: usize = 3;
/// Weight of what all columns know about a guess in a new column.
const PRIOR: u32 = 6;
/// Limit of observations for the reliability of guesses.
const LIMIT: u32 = 127;
/// Guesses less likely to be right than this, of 65536, are not asked about.
const HOPELESS: u32 = 1500;
/// Values after which a column no longer tells new columns what guesses are worth.
const MATURE: u32 = 64;
/// Repeats of its last value after which a column is asked about another repeat at once.
const STEADY: u32 = 6;

/// What numbers of a column are written relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Zero,
    Last,
    Family,
}

impl Base {
    pub(super) const ALL: [Self; 3] = [Self::Zero, Self::Last, Self::Family];
}

/// What is known of a column before its first value.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnSpec {
    pub(super) format: Format,
    pub(super) base: Base,
    /// Columns behind similar text share a family.
    pub(super) family: u32,
}

impl ColumnSpec {
    /// A column behind this text, at this place of a header if it is there. Times behind similar
    /// text are one family wherever they are: a clock of the log.
    pub(super) fn new(format: Format, base: Base, before: &[u8], place: Option<usize>) -> Self {
        let tail = before
            .get(before.len().saturating_sub(6)..)
            .unwrap_or_default();
        let place = match (format.is_time(), place) {
            (true, _) => u64::MAX,
            (false, Some(place)) => place as u64 + 1,
            (false, None) => 0,
        };
        let family = mix(hash_bytes(tail) ^ place) as u32 % FAMILIES as u32;
        Self {
            format,
            base,
            family,
        }
    }
}

/// Number of families.
pub(super) const FAMILIES: usize = 1 << 12;

/// Contexts of the question whether a time is the last one again.
const PAUSES: usize = 1 << 12;

/// What [`Model::pass`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// A value that both ends know.
    Value(u64),
    /// A text that has not occurred yet.
    NewText,
    /// The stream does not come from an encoder.
    Damaged,
}

type Places = FixedMap<(u32, u64), u32>;

type Reliability = [[AdaptiveProbability; TRUSTS]; GUESSES];

/// The state of all columns.
#[derive(Debug)]
pub(super) struct Model {
    columns: Vec<Column>,
    /// Values by hashed context, with their trust in the lowest two bits.
    memory: Vec<u64>,
    families: Vec<u64>,
    reliability: Reliability,
    second: [[AdaptiveProbability; GUESSES]; MOST_QUESTIONS],
    /// The place of a text among a column's own; only the encoder looks for it.
    places: Option<Places>,
    guesses: [Guess; GUESSES],
    /// Whether time stands still, by the context given.
    pauses: Vec<[AdaptiveProbability; 2]>,
    /// Whether the value was the repeat of a steady column.
    is_repeat: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Guess {
    value: u64,
    trust: usize,
    place: usize,
}

#[derive(Debug)]
struct Column {
    spec: ColumnSpec,
    seen: u32,
    last: u64,
    /// How often the last value has repeated, and whether it is asked about at once.
    repeats: u32,
    repeats_on: AdaptiveProbability,
    /// Trust in the guesses without memory of their own: last value and family.
    trust: [u8; 2],
    reliability: Reliability,
    texts: Option<Box<Texts>>,
    numbers: Option<Box<NumberModel>>,
    is_text: AdaptiveProbability,
}

/// The texts of a column and how they are chosen when no guess was right.
#[derive(Debug)]
struct Texts {
    own: Vec<u64>,
    is_own: AdaptiveProbability,
    is_new: AdaptiveProbability,
    places: NumberModel,
}

impl Model {
    /// A model with these columns, for about so many values. `is_encoder` in the encoder.
    pub(super) fn new(columns: Vec<ColumnSpec>, values: usize, is_encoder: bool) -> Self {
        let bits = values.max(1).ilog2().clamp(10, 20);
        Self {
            columns: columns.into_iter().map(Column::new).collect(),
            memory: vec![NONE; 1 << bits],
            families: vec![NONE; FAMILIES],
            reliability: [[AdaptiveProbability::new(1 << 15, 1); TRUSTS]; GUESSES],
            second: [[AdaptiveProbability::new(1 << 14, 1); GUESSES]; MOST_QUESTIONS],
            places: is_encoder.then(Places::default),
            guesses: [Guess::default(); GUESSES],
            pauses: vec![[AdaptiveProbability::default(); 2]; PAUSES],
            is_repeat: false,
        }
    }

    /// Passes the next value of `column`. `left` are contexts in which the column's values repeat,
    /// the most specific first; `texts` is the number of texts known so far.
    ///
    /// The caller tells the value to [`learn`](Self::learn).
    pub(super) fn pass(
        &mut self,
        port: &mut impl BitPort,
        column: usize,
        left: [u64; 2],
        target: u64,
        texts: u64,
    ) -> Passed {
        let Some(state) = self.columns.get_mut(column) else {
            return Passed::Damaged;
        };
        if state.spec.format.is_time() {
            self.is_repeat = false;
            return self.pass_time(port, column, left[0], target, texts);
        }
        let mut refused = [NONE; MOST_QUESTIONS + 1];
        self.is_repeat = false;
        if state.repeats >= STEADY {
            if pass_bit(port, &mut state.repeats_on, state.last == target) {
                self.is_repeat = true;
                return Passed::Value(state.last);
            }
            refused[MOST_QUESTIONS] = state.last;
        }
        self.guess(column, left);
        let Some(state) = self.columns.get_mut(column) else {
            return Passed::Damaged;
        };
        if state.seen == 0 {
            state.reliability = self
                .reliability
                .map(|cells| cells.map(|cell| AdaptiveProbability::new(cell.probability(), PRIOR)));
        }
        for question in 0..MOST_QUESTIONS {
            let Some(kind) = surest(&self.guesses, &state.reliability, &refused) else {
                break;
            };
            let Guess { value, trust, .. } = self.guesses[kind];
            let is_right = if question == 0 {
                let cell = state.reliability[kind][trust];
                port.pass(value == target, cell.probability().clamp(12, 65_523))
            } else {
                pass_bit(port, &mut self.second[question][kind], value == target)
            };
            if is_right {
                return Passed::Value(value);
            }
            refused[question] = value;
        }
        let family = self.families[state.spec.family as usize % FAMILIES];
        state.pass_missed(port, target, family, texts, column as u32, &mut self.places)
    }

    /// Passes a time: the clock's, the column's last one, or neither.
    fn pass_time(
        &mut self,
        port: &mut impl BitPort,
        column: usize,
        context: u64,
        target: u64,
        texts: u64,
    ) -> Passed {
        let Some(state) = self.columns.get_mut(column) else {
            return Passed::Damaged;
        };
        let clock = self.families[state.spec.family as usize % FAMILIES];
        let last = state.last;
        let cells = &mut self.pauses[context as usize % PAUSES];
        let by_clock = cells[0].probability() >= cells[1].probability();
        let guesses = if by_clock {
            [(clock, 0), (last, 1)]
        } else {
            [(last, 1), (clock, 0)]
        };
        let mut refused = NONE;
        for (guess, cell) in guesses {
            if guess == NONE || guess == refused {
                continue;
            }
            if pass_bit(port, &mut cells[cell], guess == target) {
                return Passed::Value(guess);
            }
            refused = guess;
        }
        state.pass_missed(port, target, clock, texts, column as u32, &mut self.places)
    }

    /// Learns the value that came.
    pub(super) fn learn(&mut self, column: usize, value: u64) {
        let Some(state) = self.columns.get_mut(column) else {
            return;
        };
        self.families[state.spec.family as usize % FAMILIES] = value;
        if self.is_repeat || state.spec.format.is_time() {
            state.last = value;
            return;
        }
        let is_young = state.seen < MATURE;
        state.seen = state.seen.saturating_add(1);
        for (kind, guess) in self.guesses.iter().enumerate() {
            if guess.value != NONE {
                let is_right = guess.value == value;
                state.reliability[kind][guess.trust].update(is_right, LIMIT);
                if is_young {
                    self.reliability[kind][guess.trust].update(is_right, LIMIT);
                }
            }
        }
        let remembered = if state.spec.format.is_time() { 0 } else { LAST };
        for guess in &self.guesses[..remembered] {
            let trust = match guess.value == value {
                true => (guess.trust + 1).min(TRUSTS - 1),
                false => 0,
            };
            self.memory[guess.place] = value << 2 | trust as u64;
        }
        for (kind, trust) in [LAST, FAMILY].into_iter().zip(&mut state.trust) {
            *trust = match self.guesses[kind].value == value {
                true => (*trust + 1).min(TRUSTS as u8 - 1),
                false => *trust / 2,
            };
        }
        state.repeats = if state.last == value {
            state.repeats + 1
        } else {
            0
        };
        state.last = value;
    }

    /// Makes `value` one of the column's own texts.
    pub(super) fn own(&mut self, column: usize, value: u64) {
        if let Some(state) = self.columns.get_mut(column) {
            let own = &mut state.texts().own;
            if let Some(places) = &mut self.places {
                places.insert((column as u32, value), own.len() as u32);
            }
            own.push(value);
        }
    }

    #[inline]
    fn guess(&mut self, column: usize, left: [u64; 2]) {
        let Some(state) = self.columns.get(column) else {
            return;
        };
        let salt = (column as u64 + 1) << 40;
        self.guesses[LAST] = Guess {
            value: state.last,
            trust: usize::from(state.trust[0]),
            place: 0,
        };
        let family = self.families[state.spec.family as usize % FAMILIES];
        self.guesses[FAMILY] = Guess {
            value: family,
            trust: usize::from(state.trust[1]),
            place: 0,
        };
        let contexts = [left[0], left[1], state.last];
        let shift = u64::BITS - self.memory.len().ilog2();
        for (kind, context) in contexts.into_iter().enumerate() {
            let place = (mix(context ^ salt ^ (kind as u64) << 61) >> shift) as usize;
            let entry = self.memory[place];
            self.guesses[kind] = Guess {
                value: if entry == NONE { NONE } else { entry >> 2 },
                trust: (entry & 3) as usize,
                place,
            };
        }
    }
}

/// The guess most likely to be right among those not refused.
#[inline]
fn surest(
    guesses: &[Guess; GUESSES],
    reliability: &Reliability,
    refused: &[u64; MOST_QUESTIONS + 1],
) -> Option<usize> {
    let mut best = None;
    let mut most = HOPELESS;
    for (kind, guess) in guesses.iter().enumerate() {
        let probability = u32::from(reliability[kind][guess.trust].probability()) + 1;
        if probability > most && guess.value != NONE && !refused.contains(&guess.value) {
            most = probability;
            best = Some(kind);
        }
    }
    best
}

impl Column {
    fn new(spec: ColumnSpec) -> Self {
        Self {
            spec,
            seen: 0,
            last: NONE,
            repeats: 0,
            repeats_on: AdaptiveProbability::new(64_000, 30),
            trust: [0; 2],
            reliability: [[AdaptiveProbability::default(); TRUSTS]; GUESSES],
            texts: None,
            numbers: None,
            is_text: AdaptiveProbability::new(1 << 10, 4),
        }
    }

    fn texts(&mut self) -> &mut Texts {
        self.texts.get_or_insert_with(|| {
            Box::new(Texts {
                own: Vec::new(),
                is_own: AdaptiveProbability::default(),
                is_new: AdaptiveProbability::default(),
                places: NumberModel::new(),
            })
        })
    }

    /// Passes a value that no guess named.
    fn pass_missed(
        &mut self,
        port: &mut impl BitPort,
        target: u64,
        family: u64,
        texts: u64,
        column: u32,
        places: &mut Option<Places>,
    ) -> Passed {
        if self.spec.format != Format::Text && !pass_bit(port, &mut self.is_text, target >= TEXT) {
            return self.pass_number(port, target, family);
        }
        let place = places
            .as_ref()
            .and_then(|places| places.get(&(column, target)).copied());
        let state = self.texts();
        if !state.own.is_empty() && pass_bit(port, &mut state.is_own, place.is_some()) {
            let place = state.places.pass(port, u64::from(place.unwrap_or(0)));
            let value = usize::try_from(place)
                .ok()
                .and_then(|place| state.own.get(place));
            return value.map_or(Passed::Damaged, |value| Passed::Value(*value));
        }
        if texts == 0 || pass_bit(port, &mut state.is_new, target == NONE) {
            return Passed::NewText;
        }
        let bits = u64::BITS - (texts - 1).leading_zeros();
        let number = pass_raw(port, target.wrapping_sub(TEXT), bits);
        if number >= texts {
            return Passed::Damaged;
        }
        let value = TEXT + number;
        if let Some(places) = places {
            places.insert((column, value), state.own.len() as u32);
        }
        state.own.push(value);
        Passed::Value(value)
    }

    fn pass_number(&mut self, port: &mut impl BitPort, target: u64, family: u64) -> Passed {
        let base = match self.spec.base {
            Base::Zero => NONE,
            Base::Last => self.last,
            Base::Family => family,
        };
        let numbers = self
            .numbers
            .get_or_insert_with(|| Box::new(NumberModel::of_sequence()));
        let value = if base < NUMBER_LIMIT {
            let difference = zigzag(target as i64 - base as i64);
            let passed = unzigzag(numbers.pass(port, difference));
            (base as i64).wrapping_add(passed) as u64
        } else {
            numbers.pass(port, target)
        };
        if value < NUMBER_LIMIT {
            Passed::Value(value)
        } else {
            Passed::Damaged
        }
    }
}

/// The target that stands for a new text.
pub(super) const NEW: u64 = NONE;
