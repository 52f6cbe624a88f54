//! Predicts whether the surest expert is right.

use super::SMALL_STEP;
use super::experts::{EXPERTS, NO_BYTE, NUMBER, View};
use super::line::{Class, Line, combine};
use codec_entropy::mixing::{AdaptiveProbability, Apm, HistoryStates, Mixer, stretch};

/// Most contexts that a model has.
const MOST_CONTEXTS: usize = 12;

const FIRST_WEIGHT: i32 = 14;

/// Learning rate, settled and in addition at the beginning.
const RATE: i32 = 400;
const FIRST_RATE: i32 = 800;
/// Flags after which half of the additional rate is gone.
const RATE_HALF_LIFE: i32 = 1 << 12;

const MAP_LIMIT: u32 = 1023;
const APM_RATE: u32 = 6;

/// Rows of weights: surest expert and its streak; who agrees; kind of byte and recent flags; the
/// place in the template.
const ROWS: [usize; 4] = [EXPERTS * 16, 1 << EXPERTS, 4 * 4 * 64, 2048];

/// Cells of a bucket, among which a context may lie.
const WAYS: usize = 4;

/// A context's memory: history, check and probability.
#[derive(Clone, Copy, Debug)]
struct Cell {
    probability: u16,
    history: u8,
    check: u8,
}

const FRESH: Cell = Cell {
    probability: 62_000,
    history: 0,
    check: 0,
};

/// The model of the flags, with `C` contexts.
///
/// `N` mixer inputs: experts, two per context, a constant; the rest stay zero.
#[derive(Clone, Debug)]
pub(super) struct FlagModel<const C: usize, const N: usize> {
    cells: Vec<Cell>,
    states: HistoryStates,
    seen: [u8; 256],
    maps: Box<[[AdaptiveProbability; 256]; C]>,
    indices: [usize; C],
    inputs: [i16; N],
    mixer: Mixer<N, 4, SMALL_STEP>,
    by_agreement: Apm,
    by_place: Apm,
    /// The last flags, set bits for failures.
    failures: u32,
    line_failures: u32,
    rate: i32,
    flags: i32,
    /// Keeps reads alive that only bring cells into the cache.
    touched: u8,
}

impl<const C: usize, const N: usize> FlagModel<C, N> {
    /// A model with `1 << bits` cells.
    pub(super) fn new(bits: u32) -> Self {
        const { assert!(C <= MOST_CONTEXTS && EXPERTS + 2 * C < N) };
        let states = HistoryStates::new();
        let map = std::array::from_fn(|history| {
            AdaptiveProbability::new(states.estimate(history as u8), 4)
        });
        Self {
            cells: vec![FRESH; 1 << bits],
            seen: std::array::from_fn(|history| states.counts(history as u8).iter().sum()),
            states,
            maps: Box::new([map; C]),
            indices: [0; C],
            inputs: [0; N],
            mixer: Mixer::new(ROWS, ROWS[0], FIRST_WEIGHT),
            by_agreement: Apm::new(1 << EXPERTS),
            by_place: Apm::new(1 << 12),
            failures: 0,
            line_failures: 0,
            rate: 0,
            flags: 0,
            touched: 0,
        }
    }

    /// Bytes of memory that a model with `1 << bits` cells takes.
    pub(super) fn memory_bytes(bits: u32) -> usize {
        (size_of::<Cell>() << bits)
            + C * 1024
            + Mixer::<N, 4, SMALL_STEP>::memory_bytes(ROWS, ROWS[0])
            + Apm::memory_bytes((1 << EXPERTS) + (1 << 12))
            + size_of::<Self>()
    }

    /// The probability that the surest expert is right, of 65536, in `1..=65535`.
    pub(super) fn predict(&mut self, view: View) -> u16 {
        let View { line, forecast, .. } = view;
        if line.column == 0 {
            self.line_failures = 0;
        }
        self.find(view);
        for i in 0..EXPERTS {
            let odds = if forecast.bytes[i] == NO_BYTE {
                0
            } else if forecast.bytes[i] == forecast.byte {
                stretch(forecast.confidence[i])
            } else {
                -stretch(forecast.confidence[i])
            };
            self.inputs[i] = odds;
        }
        for i in 0..C {
            let cell = self.cells[self.indices[i]];
            let map = &self.maps[i][usize::from(cell.history)];
            self.inputs[EXPERTS + 2 * i] = stretch(map.probability());
            self.inputs[EXPERTS + 2 * i + 1] = stretch(cell.probability);
        }
        self.inputs[N - 1] = 256;
        let class = Class::of(forecast.byte as u8) as usize;
        let streak = usize::from(forecast.states[forecast.best] >> 5);
        let rows = [
            forecast.best * 16 + streak,
            forecast.agreement,
            (class * 4 + token_class(line)) * 64 + (self.failures & 63) as usize,
            (combine(line.template, u64::from(line.token_len)) >> 40 & 2047) as usize,
        ];
        let logit = self.mixer.mix(&self.inputs, rows, rows[0]);
        let place = combine(line.template, u64::from(line.token_len)) >> 40 & 0xFFF;
        let by_agreement = self.by_agreement.refine(logit, forecast.agreement);
        let by_place = self.by_place.refine(logit, place as usize);
        ((by_agreement + by_place) >> 1).clamp(1, 65_535) as u16
    }

    /// Learns whether it was.
    pub(super) fn update(&mut self, hit: bool) {
        for i in 0..C {
            let cell = &mut self.cells[self.indices[i]];
            self.maps[i][usize::from(cell.history)].update(hit, MAP_LIMIT);
            cell.history = self.states.next(cell.history, hit);
            let target = if hit { 65_535 + 31 } else { 0 };
            let moved = i32::from(cell.probability) + ((target - i32::from(cell.probability)) >> 5);
            cell.probability = moved as u16;
        }
        self.mixer.learn(&self.inputs, hit, self.rate);
        self.by_agreement.update(hit, APM_RATE);
        self.by_place.update(hit, APM_RATE);
        self.failures = self.failures << 1 | u32::from(!hit);
        self.line_failures = self.line_failures.saturating_add(u32::from(!hit));
        self.flags = self.flags.saturating_add(1).min(1 << 20);
        self.rate = RATE + FIRST_RATE * RATE_HALF_LIFE / (RATE_HALF_LIFE + self.flags);
    }

    /// Finds the contexts' cells.
    fn find(&mut self, view: View) {
        let View {
            line,
            forecast,
            numbers,
        } = view;
        let byte = u64::from(forecast.byte);
        let second = u64::from(forecast.second);
        let streak = u64::from(forecast.states[forecast.best]) >> 5;
        let failures = u64::from(self.failures);
        let comparison = numbers.comparison();
        let number = u64::from(forecast.bytes[NUMBER]);
        // Most useful first.
        let contexts = [
            combine(line.place(), byte),
            (line.recent & 0xFFFF) << 16 | byte,
            (line.recent & 0xFFFF_FFFF) << 16 | byte,
            combine(combine(line.previous[0], line.place()), byte),
            combine(combine(comparison, line.template), byte),
            (forecast.agreement as u64) << 32 | second << 16 | byte,
            combine(line.token, byte),
            u64::from(line.field) << 32 | u64::from(self.line_failures.min(15)) << 16 | byte,
            combine(combine(comparison, numbers.changes()), byte << 9 | number),
            combine(line.template, u64::from(line.token_len)),
            combine(line.variables[0], byte << 8 | u64::from(line.token_len)),
            (failures & 0xFFFF) << 16 | (forecast.best as u64) << 8 | streak,
        ];
        let mask = self.cells.len() - 1;
        let mut checks = [0; C];
        let mut salt = 0;
        // Reading all cells before looking at any lets the processor fetch them at the same time.
        for ((context, index), check) in
            contexts.into_iter().zip(&mut self.indices).zip(&mut checks)
        {
            salt += 1;
            let hash = combine(context, salt).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
            *index = (hash >> 32) as usize & mask;
            *check = (hash >> 24) as u8;
            self.touched ^= self.cells[*index].check;
        }
        for (i, check) in checks.into_iter().enumerate() {
            self.indices[i] = self.find_cell(self.indices[i], check);
        }
    }

    /// The index of the cell with this check in a bucket; the one seen least becomes it if none is.
    #[inline(always)]
    fn find_cell(&mut self, index: usize, check: u8) -> usize {
        let mut least = index;
        let mut fewest = u8::MAX;
        for way in 0..WAYS {
            let cell = self.cells[index ^ way];
            if cell.check == check {
                return index ^ way;
            }
            let seen = self.seen[usize::from(cell.history)];
            if seen < fewest {
                fewest = seen;
                least = index ^ way;
            }
        }
        self.cells[least] = Cell { check, ..FRESH };
        least
    }
}

fn token_class(line: &Line) -> usize {
    match (line.token_len, line.token_has_digit) {
        (0, _) => 0,
        (_, true) => 1,
        (1..4, false) => 2,
        (_, false) => 3,
    }
}
