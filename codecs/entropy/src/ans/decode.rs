//! Decoding with one static table.

use std::hint::select_unpredictable;

use super::{AnsSymbol, LANES, LEAST_STATE, coded_precision, lanes};
use crate::EntropyError;
use crate::table::StaticTable;

/// Decodes what a [`StaticEncoder`](super::StaticEncoder) with the same table wrote.
///
/// Holds one entry for each point of the table's total: 16 KiB for bytes at 12 bits, else 32, 128
/// or 512 KiB at 12, 14 or 16 bits.
#[derive(Debug, Clone)]
pub struct StaticDecoder {
    slots: Slots,
    alphabet: usize,
}

impl StaticDecoder {
    /// A decoder for the symbols of `table`.
    #[must_use]
    pub fn new(table: &StaticTable) -> Self {
        let alphabet = table.alphabet() as usize;
        let slots = match (only_symbol(table), coded_precision(table.precision())) {
            (Some(symbol), _) => Slots::Only(symbol),
            (None, 12) if alphabet <= 256 => Slots::Narrow(fill(table)),
            (None, 12) => Slots::Wide12(fill(table)),
            (None, 14) => Slots::Wide14(fill(table)),
            (None, _) => Slots::Wide16(fill(table)),
        };
        Self { slots, alphabet }
    }

    /// Fills `out` with the symbols coded in `input`, all of which must be used.
    ///
    /// # Errors
    ///
    /// - [`EntropyError::Truncated`] or [`EntropyError::TrailingData`] if `input` is shorter or
    ///   longer than `out.len()` symbols take.
    /// - [`EntropyError::Corrupt`] if a state does not end where every encoder starts.
    /// - [`EntropyError::SymbolOutOfRange`] if the table has more than 256 symbols and `S` is `u8`.
    ///
    /// What `out` then holds is not specified.
    pub fn decode<S: AnsSymbol>(&self, input: &[u8], out: &mut [S]) -> Result<(), EntropyError> {
        if self.alphabet > S::RANGE {
            return Err(EntropyError::SymbolOutOfRange {
                symbol: (self.alphabet - 1) as u32,
                alphabet: S::RANGE as u32,
            });
        }
        match &self.slots {
            Slots::Only(symbol) => {
                out.fill(S::from_index(*symbol));
                decode::<S, u32, 1>(&[0], input, &mut [], lanes(out.len()))
            }
            Slots::Narrow(slots) => decode(slots, input, out, lanes(out.len())),
            Slots::Wide12(slots) => decode(slots, input, out, lanes(out.len())),
            Slots::Wide14(slots) => decode(slots, input, out, lanes(out.len())),
            Slots::Wide16(slots) => decode(slots, input, out, lanes(out.len())),
        }
    }
}

/// For every point of the total: whose it is and what its symbol does to the state.
#[derive(Debug, Clone)]
enum Slots {
    /// A symbol that owns the whole total leaves the state as it is, and its frequency would not
    /// fit the entries below.
    Only(u16),
    Narrow(Box<[u32; 1 << 12]>),
    Wide12(Box<[u64; 1 << 12]>),
    Wide14(Box<[u64; 1 << 14]>),
    Wide16(Box<[u64; 1 << 16]>),
}

/// Symbol, frequency and distance from the start of the symbol's interval, packed.
trait Slot: Copy + Default {
    fn pack(symbol: u32, frequency: u32, offset: u32) -> Self;
    fn symbol(self) -> u16;
    fn frequency(self) -> u32;
    fn offset(self) -> u32;
}

/// 8 bits of symbol, 12 of frequency, 12 of offset.
impl Slot for u32 {
    fn pack(symbol: u32, frequency: u32, offset: u32) -> Self {
        symbol | frequency << 8 | offset << 20
    }

    #[inline(always)]
    fn symbol(self) -> u16 {
        self as u16 & 0xff
    }

    #[inline(always)]
    fn frequency(self) -> u32 {
        (self >> 8) & 0xfff
    }

    #[inline(always)]
    fn offset(self) -> u32 {
        self >> 20
    }
}

/// 16 bits each of symbol, frequency and offset.
impl Slot for u64 {
    fn pack(symbol: u32, frequency: u32, offset: u32) -> Self {
        u64::from(symbol) | u64::from(frequency) << 16 | u64::from(offset) << 32
    }

    #[inline(always)]
    fn symbol(self) -> u16 {
        self as u16
    }

    #[inline(always)]
    fn frequency(self) -> u32 {
        (self >> 16) as u32 & 0xffff
    }

    #[inline(always)]
    fn offset(self) -> u32 {
        (self >> 32) as u32
    }
}

/// The symbol that owns the whole total, if one does.
fn only_symbol(table: &StaticTable) -> Option<u16> {
    (0..table.alphabet())
        .find(|&symbol| table.frequency(symbol) == 1 << table.precision())
        .map(|symbol| symbol as u16)
}

fn fill<T: Slot, const N: usize>(table: &StaticTable) -> Box<[T; N]> {
    let scale = N.trailing_zeros() - table.precision();
    let mut slots = Vec::with_capacity(N);
    for symbol in 0..table.alphabet() {
        let frequency = table.frequency(symbol) << scale;
        slots.extend((0..frequency).map(|offset| T::pack(symbol, frequency, offset)));
    }
    slots.resize(N, T::default());
    // The sizes are equal, so that the conversion cannot fail.
    slots
        .into_boxed_slice()
        .try_into()
        .unwrap_or_else(|_| Box::new([T::default(); N]))
}

fn decode<S: AnsSymbol, T: Slot, const N: usize>(
    slots: &[T; N],
    input: &[u8],
    out: &mut [S],
    lanes: usize,
) -> Result<(), EntropyError> {
    if lanes == 1 {
        decode_lanes::<S, T, N, 1>(slots, input, out)
    } else {
        decode_lanes::<S, T, N, LANES>(slots, input, out)
    }
}

/// What a symbol leaves of the state, before it is topped up.
#[inline(always)]
fn take<T: Slot, const N: usize>(slots: &[T; N], state: u32) -> (u16, u32) {
    let slot = slots[state as usize & (N - 1)];
    (
        slot.symbol(),
        slot.frequency() * (state >> N.trailing_zeros()) + slot.offset(),
    )
}

fn decode_lanes<S: AnsSymbol, T: Slot, const N: usize, const M: usize>(
    slots: &[T; N],
    input: &[u8],
    out: &mut [S],
) -> Result<(), EntropyError> {
    let truncated = EntropyError::Truncated { at: input.len() };
    let (states, words) = input.split_at_checked(4 * M).ok_or(truncated.clone())?;
    let (states, _) = states.as_chunks::<4>();
    let mut states: [u32; M] = std::array::from_fn(|lane| {
        states
            .get(lane)
            .map_or(0, |bytes| u32::from_le_bytes(*bytes))
    });
    let (words, odd) = words.as_chunks::<2>();
    let mut position = 0;

    let (rounds, rest) = out.as_chunks_mut::<M>();
    let mut rounds = rounds.iter_mut();
    // While a word for every state is left, none of them needs a check.
    while let Some(window) = words
        .get(position..)
        .and_then(|words| words.first_chunk::<M>())
    {
        let Some(round) = rounds.next() else { break };
        let mut used = 0;
        for lane in 0..M {
            let (symbol, state) = take(slots, states[lane]);
            round[lane] = S::from_index(symbol);
            // `used` is below M here, so that the mask only tells the compiler what is true.
            let word = u16::from_le_bytes(window[used & (M - 1)]);
            let low = state < LEAST_STATE;
            used += usize::from(low);
            states[lane] = select_unpredictable(low, state << 16 | u32::from(word), state);
        }
        position += used;
    }
    for symbols in rounds.map(|round| round.as_mut_slice()).chain([rest]) {
        for (out, state) in symbols.iter_mut().zip(&mut states) {
            let (symbol, left) = take(slots, *state);
            *out = S::from_index(symbol);
            *state = left;
            if left < LEAST_STATE {
                let word = words.get(position).ok_or(truncated.clone())?;
                *state = left << 16 | u32::from(u16::from_le_bytes(*word));
                position += 1;
            }
        }
    }
    let at = 4 * M + 2 * position;
    if position < words.len() || !odd.is_empty() {
        return Err(EntropyError::TrailingData {
            at,
            len: input.len() - at,
        });
    }
    if states != [LEAST_STATE; M] {
        return Err(EntropyError::Corrupt {
            at,
            what: "a state does not end at 2^16",
        });
    }
    Ok(())
}
