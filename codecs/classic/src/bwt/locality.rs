//! What the last bytes of a transformed block tell about the next run.

/// Recency, frequency and lengths of the runs seen so far.
pub(super) struct Locality {
    /// Every symbol, the most recent first.
    recent: [u8; 256],
    states: [SymbolState; 256],
    /// Bytes seen.
    position: u32,
    hood: Neighbourhood,
    /// Moving averages of ranks (in 1/32) and length classes (in 1/64).
    ranks: usize,
    lens: usize,
}

/// Statistics of one symbol, as of the end of its last run.
#[derive(Clone, Copy, Default)]
struct SymbolState {
    /// Share of the recent bytes (of 65536), in windows of about 8 and about 64 bytes.
    fast: u16,
    slow: u16,
    /// The same as levels, in 1/256.
    fast_level: i32,
    slow_level: i32,
    rank: u8,
    len_class: u8,
    end: u32,
}

/// Features of a symbol that might come next; each is below 16 unless said otherwise.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) symbol: u8,
    /// Its place in the order of recency when it came last.
    pub(super) rank: usize,
    /// The class of its last run's length.
    pub(super) len_class: usize,
    /// Levels of its share of the recent bytes.
    pub(super) fast: usize,
    pub(super) slow: usize,
}

/// Features of the last runs; each is below 16 unless said otherwise.
#[derive(Clone, Copy, Default)]
pub(super) struct Neighbourhood {
    /// The symbols of the last two runs, below 256.
    pub(super) symbol: usize,
    pub(super) earlier_symbol: usize,
    pub(super) len_class: usize,
    pub(super) earlier_len_class: usize,
    /// The quantised rank of the last run.
    pub(super) last_rank: usize,
    /// Level of the last symbol's share of the recent bytes.
    pub(super) fast: usize,
    /// Levels of the average rank and of the average length class.
    pub(super) ranks: usize,
    pub(super) lens: usize,
}

/// Above this average rank, in 1/32, symbols are coded without asking for candidates.
const MIXED_RANKS: usize = 400;

impl Locality {
    /// No runs seen.
    pub(super) fn new() -> Self {
        Self {
            recent: std::array::from_fn(|symbol| symbol as u8),
            states: [SymbolState::default(); 256],
            position: 0,
            hood: Neighbourhood::default(),
            ranks: MIXED_RANKS,
            lens: 0,
        }
    }

    /// Whether recency says little about the next symbol; always so before the first run.
    #[inline(always)]
    pub(super) fn is_mixed(&self) -> bool {
        self.ranks > MIXED_RANKS || self.position == 0
    }

    /// The last runs.
    #[inline(always)]
    pub(super) fn neighbourhood(&self) -> Neighbourhood {
        self.hood
    }

    /// The symbol at a place in the order of recency, the last run's being at 0.
    #[inline(always)]
    pub(super) fn symbol_at(&self, rank: usize) -> u8 {
        self.recent[rank & 255]
    }

    /// The candidate at a place in the order of recency.
    #[inline(always)]
    pub(super) fn candidate(&self, rank: usize) -> Candidate {
        self.candidate_of(self.symbol_at(rank))
    }

    /// The features of a symbol.
    #[inline(always)]
    pub(super) fn candidate_of(&self, symbol: u8) -> Candidate {
        let state = &self.states[usize::from(symbol)];
        let age = (self.position - state.end).min(AGES as u32) as i32;
        Candidate {
            symbol,
            rank: usize::from(state.rank),
            len_class: usize::from(state.len_class),
            fast: (state.fast_level - age * FAST_FALL).max(0) as usize >> 8,
            slow: (state.slow_level - age * SLOW_FALL).max(0) as usize >> 8,
        }
    }

    /// The place of a symbol that can come next: any but the most recent, which would have made the
    /// last run longer.
    pub(super) fn rank_of(&self, symbol: u8) -> Option<usize> {
        let rank = self.recent.iter().position(|&other| other == symbol)?;
        (rank > 0 || self.position == 0).then_some(rank)
    }

    /// Moves the symbol at `rank` to the front. The first sixteen are moved as one number, because
    /// a loop whose length is the rank would be mispredicted most of the time.
    #[inline(always)]
    fn move_to_front(&mut self, symbol: u8, rank: usize) {
        let Some((front, rest)) = self.recent.split_first_chunk_mut::<16>() else {
            return;
        };
        let order = u128::from_le_bytes(*front);
        if rank < 16 {
            let moved = u128::MAX >> (120 - 8 * rank);
            let shifted = order << 8 | u128::from(symbol);
            *front = ((shifted & moved) | (order & !moved)).to_le_bytes();
        } else {
            rest.copy_within(..(rank - 16).min(239), 1);
            rest[0] = front[15];
            *front = (order << 8 | u128::from(symbol)).to_le_bytes();
        }
    }

    /// Takes note of a run.
    #[inline(always)]
    pub(super) fn record(&mut self, symbol: u8, rank: usize, len: u32) {
        let class = len.checked_ilog2().unwrap_or(0) as usize + 1;
        self.ranks = self.ranks - (self.ranks >> 3) + (rank.min(63) << 2);
        self.lens = self.lens - (self.lens >> 3) + (class.min(15) << 3);
        self.move_to_front(symbol, rank);

        let state = &mut self.states[usize::from(symbol)];
        let age = (self.position - state.end) as usize;
        state.fast = grown(decayed(state.fast, age, &FAST), len, &FAST);
        state.slow = grown(decayed(state.slow, age, &SLOW), len, &SLOW);
        state.fast_level = (level(state.fast) as i32) << 8;
        state.slow_level = (level(state.slow) as i32) << 8;
        state.rank = quantised_rank(rank) as u8;
        state.len_class = class.min(15) as u8;
        self.position = self.position.wrapping_add(len);
        state.end = self.position;

        self.hood = Neighbourhood {
            symbol: usize::from(symbol),
            earlier_symbol: self.hood.symbol,
            len_class: class.min(15),
            earlier_len_class: self.hood.len_class,
            last_rank: quantised_rank(rank),
            fast: level(state.fast),
            ranks: (self.ranks >> 5).min(15),
            lens: (self.lens >> 4).min(15),
        };
    }
}

/// A rank in eight steps.
#[inline(always)]
pub(super) fn quantised_rank(rank: usize) -> usize {
    usize::from(RANK_STEPS[rank & 255])
}

static RANK_STEPS: [u8; 256] = rank_steps();

const fn rank_steps() -> [u8; 256] {
    let mut table = [7; 256];
    let mut rank = 0;
    while rank < 10 {
        table[rank] = match rank {
            0..=4 => rank as u8,
            5 | 6 => 5,
            _ => 6,
        };
        rank += 1;
    }
    table
}

/// A share of the recent bytes in sixteen steps, two to an octave down from the whole.
#[inline(always)]
fn level(share: u16) -> usize {
    usize::from(LEVELS[usize::from(share >> 8)])
}

static LEVELS: [u8; 256] = level_table();

const fn level_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut share: usize = 1;
    while share < 256 {
        let octave = share.ilog2();
        let upper = share * share >= 1 << (2 * octave + 1);
        table[share] = (2 * octave) as u8 + upper as u8;
        share += 1;
    }
    table
}

/// Ages, in bytes, at which a share still counts.
const AGES: usize = 1024;

/// Levels, in 1/256, by which a share falls with every byte of other symbols.
const FAST_FALL: i32 = 99;
const SLOW_FALL: i32 = 12;

/// What is left of a share of 65536 after so many bytes of other symbols.
static FAST: [u16; AGES] = decay_table(8);
static SLOW: [u16; AGES] = decay_table(64);

/// Each byte takes one part in `window`.
const fn decay_table(window: u64) -> [u16; AGES] {
    let mut table = [0; AGES];
    let mut left: u64 = (1 << 32) - 1;
    let mut age = 0;
    while age < AGES {
        table[age] = (left >> 16) as u16;
        left -= left / window;
        age += 1;
    }
    table
}

#[inline(always)]
fn decayed(share: u16, age: usize, decay: &[u16; AGES]) -> u16 {
    let left = u32::from(decay[age.min(AGES - 1)]);
    ((u32::from(share) * left) >> 16) as u16
}

#[inline(always)]
fn grown(share: u16, len: u32, decay: &[u16; AGES]) -> u16 {
    u16::MAX - decayed(u16::MAX - share, len as usize, decay)
}
