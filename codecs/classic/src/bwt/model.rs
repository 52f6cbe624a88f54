//! The model of a transformed block: runs of equal bytes, each a symbol and a length.
//!
//! A symbol is found by asking of the most recent other symbols, in order of recency, "is it this
//! one?". Each answer is predicted from how much of the neighbourhood the candidate fills, where it
//! stood last time, and which symbol came before. Where the neighbourhood is too mixed for that
//! (binary data), the symbol's bits are coded instead. Lengths are coded as the number of their
//! bits, asked one by one, and the bits below the leading one.

use super::BwtError;
use super::locality::{Locality, quantised_rank};
use super::predict::{BitPort, Correction, Predictor};

/// A run of one symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) symbol: u8,
    /// In bytes, at least 1.
    pub(super) len: u32,
}

/// Candidates that are asked for before the symbol's bits are coded.
const CANDIDATES: usize = 32;
/// Candidates whose predictions are corrected in contexts of their own; later ones share the last.
const CORRECTED: usize = 4;
/// Lengths are below 2 to this power.
const LENGTH_BITS: usize = 31;
/// Bits behind the leading one of a length that are predicted from each other.
const TREE_BITS: u32 = 3;

type Candidates = Predictor<3, 4, 5>;
type Symbols = Predictor<4, 4, 4>;
type Lengths = Predictor<3, 4, 5>;
type Mantissas = Predictor<3, 4, 4>;

/// Rows of mixing weights.
const SYMBOL_NODES: usize = 256;
const LENGTH_ROWS: usize = LENGTH_BITS << 4;
const MANTISSA_ROWS: usize = 32 << TREE_BITS;

/// Predicts and codes runs, in either direction.
pub(super) struct RunModel {
    locality: Locality,
    candidates: Candidates,
    correction: Correction,
    symbols: Symbols,
    lengths: Lengths,
    mantissas: Mantissas,
}

impl RunModel {
    pub(super) fn new() -> Self {
        Self {
            locality: Locality::new(),
            candidates: Predictor::new(CANDIDATES + 1, 2),
            correction: Correction::new(CORRECTED << 8),
            symbols: Predictor::new(SYMBOL_NODES, 12),
            lengths: Predictor::new(LENGTH_ROWS, 3),
            mantissas: Predictor::new(MANTISSA_ROWS, 3),
        }
    }

    /// Bytes of memory that a model takes.
    pub(super) const fn memory_bytes() -> usize {
        size_of::<Self>()
            + Candidates::memory_bytes(CANDIDATES + 1)
            + Correction::memory_bytes(CORRECTED << 8)
            + Symbols::memory_bytes(SYMBOL_NODES)
            + Lengths::memory_bytes(LENGTH_ROWS)
            + Mantissas::memory_bytes(MANTISSA_ROWS)
    }

    /// Passes a run: writes `run` or, where `port` reads, ignores it and returns the one read, of
    /// at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`BwtError::Run`] when the run has more than `limit` bytes or repeats the symbol before it.
    #[inline(always)]
    pub(super) fn pass(
        &mut self,
        port: &mut impl BitPort,
        run: Run,
        limit: usize,
    ) -> Result<Run, BwtError> {
        let rank = match self.pass_rank(port, run.symbol) {
            Some(rank) => rank,
            None => {
                let symbol = self.pass_symbol(port, run.symbol);
                self.locality.rank_of(symbol).ok_or(BwtError::Run)?
            }
        };
        let symbol = self.locality.symbol_at(rank);
        let len = self.pass_len(port, run.len, symbol, rank);
        if len as usize > limit {
            return Err(BwtError::Run);
        }
        self.locality.record(symbol, rank, len);
        Ok(Run { symbol, len })
    }

    /// Asks for the candidates in order of recency; `None` when it is none of them, or when the
    /// neighbourhood is too mixed to ask.
    #[inline(always)]
    fn pass_rank(&mut self, port: &mut impl BitPort, symbol: u8) -> Option<usize> {
        if self.locality.is_mixed() {
            return None;
        }
        let hood = self.locality.neighbourhood();
        let ranks = hood.ranks << 4 | hood.len_class.min(3);
        for rank in 1..=CANDIDATES {
            let own = self.locality.candidate(rank);
            let near = rank.min(7);
            let contexts = [
                usize::from(own.symbol) << 8 | hood.symbol,
                near << 11 | own.rank << 8 | own.len_class.min(3) << 2 | ranks,
                near << 11 | own.fast << 7 | own.slow << 3 | hood.fast >> 1,
            ];
            let corrected = (rank.min(CORRECTED) - 1) << 8 | usize::from(own.symbol);
            let hit = self.candidates.pass_corrected(
                port,
                own.symbol == symbol,
                contexts.map(|context| context as u16),
                rank,
                (&mut self.correction, corrected),
            );
            if hit {
                return Some(rank);
            }
        }
        None
    }

    /// Passes the bits of a symbol, the highest first.
    fn pass_symbol(&mut self, port: &mut impl BitPort, symbol: u8) -> u8 {
        let hood = self.locality.neighbourhood();
        let pair = (hood.symbol << 8 | hood.earlier_symbol) * 0x9E5;
        let mut node = 1;
        for shift in (0..8).rev() {
            let contexts = [
                node,
                node << 8 | hood.symbol,
                (node * 0x6F4F) ^ pair,
                node << 8 | hood.last_rank << 4 | hood.len_class,
            ];
            let bit = self.symbols.pass(
                port,
                symbol >> shift & 1 == 1,
                contexts.map(|context| context as u16),
                node,
            );
            node = node << 1 | usize::from(bit);
        }
        node as u8
    }

    #[inline(always)]
    fn pass_len(&mut self, port: &mut impl BitPort, len: u32, symbol: u8, rank: usize) -> u32 {
        let rank = quantised_rank(rank);
        let bits = self.pass_len_bits(port, len.checked_ilog2().unwrap_or(0), symbol, rank);
        let own = self.locality.candidate_of(symbol);
        let lens = self.locality.neighbourhood().lens;
        let mut value = 1;
        for shift in (0..bits).rev() {
            let tree = if bits - shift <= TREE_BITS { value } else { 0 };
            let slot = (bits << TREE_BITS | tree) as usize;
            let contexts = [
                slot << 8 | usize::from(symbol),
                slot << 4 | own.len_class,
                slot << 8 | lens << 4 | rank,
            ];
            let bit = self.mantissas.pass(
                port,
                len >> shift & 1 == 1,
                contexts.map(|context| context as u16),
                slot,
            );
            value = value << 1 | u32::from(bit);
        }
        value
    }

    /// Passes the number of bits of a length behind the leading one.
    #[inline(always)]
    fn pass_len_bits(
        &mut self,
        port: &mut impl BitPort,
        wanted: u32,
        symbol: u8,
        rank: usize,
    ) -> u32 {
        let hood = self.locality.neighbourhood();
        let own = self.locality.candidate_of(symbol);
        for bits in 0..LENGTH_BITS - 1 {
            let near = bits.min(15);
            let contexts = [
                usize::from(symbol) << 8 | near << 4 | own.len_class,
                near << 10 | hood.lens << 6 | rank << 3 | hood.earlier_len_class.min(7),
                near << 11 | own.fast << 7 | own.slow << 3 | hood.len_class.min(7),
            ];
            let hit = self.lengths.pass(
                port,
                bits == wanted as usize,
                contexts.map(|context| context as u16),
                bits << 4 | own.fast,
            );
            if hit {
                return bits as u32;
            }
        }
        LENGTH_BITS as u32 - 1
    }
}
