//! Encoding with one static table.

use std::hint::select_unpredictable;

use super::{AnsSymbol, LANES, LEAST_STATE, coded_precision, lanes};
use crate::EntropyError;
use crate::table::StaticTable;

/// Encodes runs of bytes or `u16` symbols with one [`StaticTable`].
///
/// Building it costs one division per symbol of the alphabet; encoding costs none.
///
/// ```
/// use codec_entropy::ans::{StaticDecoder, StaticEncoder};
/// use codec_entropy::table::StaticTable;
///
/// let text = b"abracadabra";
/// let mut counts = [0u32; 256];
/// for &byte in text {
///     counts[usize::from(byte)] += 1;
/// }
/// let table = StaticTable::from_counts(&counts, 12)?;
///
/// let mut coded = Vec::new();
/// StaticEncoder::new(&table).encode(text.as_slice(), &mut coded)?;
/// assert_eq!(coded, [107, 80, 85, 0, 204, 74]);
///
/// let mut decoded = [0u8; 11];
/// StaticDecoder::new(&table).decode(&coded, &mut decoded)?;
/// assert_eq!(&decoded, text);
/// # Ok::<(), codec_entropy::EntropyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct StaticEncoder {
    steps: Vec<Step>,
    alphabet: usize,
}

impl StaticEncoder {
    /// An encoder for the symbols of `table`.
    #[must_use]
    pub fn new(table: &StaticTable) -> Self {
        let precision = coded_precision(table.precision());
        let scale = precision - table.precision();
        let mut steps: Vec<Step> = (0..table.alphabet())
            .map(|symbol| match table.interval(symbol) {
                Ok(interval) => Step::new(
                    interval.start() << scale,
                    interval.frequency() << scale,
                    precision,
                ),
                Err(_) => Step::IMPOSSIBLE,
            })
            .collect();
        // So that every byte has a step and the loop over bytes needs no bounds check.
        steps.resize(steps.len().max(256), Step::IMPOSSIBLE);
        Self {
            steps,
            alphabet: table.alphabet() as usize,
        }
    }

    /// Appends the coded `symbols` to `out`; their number is not part of the stream.
    ///
    /// # Errors
    ///
    /// [`EntropyError::SymbolOutOfRange`] or [`EntropyError::ZeroFrequency`] if the table has no
    /// code for one of the symbols; `out` is then as it was.
    pub fn encode<S: AnsSymbol>(
        &self,
        symbols: &[S],
        out: &mut Vec<u8>,
    ) -> Result<(), EntropyError> {
        let coded = match self.steps.first_chunk::<256>() {
            Some(steps) if S::RANGE == 256 => {
                encode(symbols, |symbol| &steps[usize::from(symbol.into()) & 255])
            }
            _ => encode(symbols, |symbol| {
                self.steps
                    .get(usize::from(symbol.into()))
                    .unwrap_or(&Step::IMPOSSIBLE)
            }),
        };
        let Some(Coded { states, words }) = coded else {
            return Err(self.uncodable(symbols));
        };
        out.reserve(4 * states.len() + 2 * words.len());
        for state in states {
            out.extend_from_slice(&state.to_le_bytes());
        }
        out.extend(words.iter().rev().flat_map(|word| word.to_le_bytes()));
        Ok(())
    }

    #[cold]
    fn uncodable<S: AnsSymbol>(&self, symbols: &[S]) -> EntropyError {
        let indices = symbols.iter().map(|&symbol| usize::from(symbol.into()));
        let mut worst = 0;
        for index in indices {
            if index >= self.alphabet {
                return EntropyError::SymbolOutOfRange {
                    symbol: index as u32,
                    alphabet: self.alphabet as u32,
                };
            }
            if self
                .steps
                .get(index)
                .is_none_or(|step| step.impossible != 0)
            {
                worst = index;
            }
        }
        EntropyError::ZeroFrequency {
            symbol: worst as u32,
        }
    }
}

/// What one symbol does to the state, with the division by its frequency turned into a
/// multiplication.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// `ceil(2^64 / frequency)`: for every state below 2^32, the upper half of the product with it
    /// is the exact quotient, because the error is below 2^32 * 2^16 / 2^64.
    reciprocal: u64,
    /// The largest state that stays below 2^32 with this symbol.
    most: u32,
    bias: u32,
    /// The total less the frequency.
    complement: u32,
    /// Not zero if the symbol has no code.
    impossible: u32,
}

impl Step {
    const IMPOSSIBLE: Self = Self {
        reciprocal: 0,
        most: u32::MAX,
        bias: 0,
        complement: 0,
        impossible: 1,
    };

    fn new(start: u32, frequency: u32, precision: u32) -> Self {
        let total = 1u32 << precision;
        // 2^64 does not fit: with 2^64 - 1 the quotient by 1 is one too small for every state,
        // which the bias makes good.
        let (reciprocal, bias) = if frequency == 1 {
            (u64::MAX, start + total - 1)
        } else {
            (u64::MAX / u64::from(frequency) + 1, start)
        };
        Self {
            reciprocal,
            // Wraps only for frequency = total, to "never too large", which is right.
            most: (u64::from(frequency) << (32 - precision)).wrapping_sub(1) as u32,
            bias,
            complement: total - frequency,
            impossible: 0,
        }
    }

    /// The state with the symbol put in; `slot` gets a word to keep if the count goes up.
    #[inline(always)]
    fn put(&self, state: u32, slot: &mut u16, count: &mut usize) -> u32 {
        let full = state > self.most;
        *slot = state as u16;
        *count += usize::from(full);
        let state = select_unpredictable(full, state >> 16, state);
        let quotient = ((u128::from(state) * u128::from(self.reciprocal)) >> 64) as u32;
        state
            .wrapping_add(self.bias)
            .wrapping_add(quotient.wrapping_mul(self.complement))
    }
}

struct Coded {
    states: Vec<u32>,
    /// In the order of encoding, which is backwards.
    words: Vec<u16>,
}

/// `None` if a symbol has no code.
#[inline(always)]
fn encode<'s, S: Copy>(symbols: &[S], step: impl Fn(S) -> &'s Step) -> Option<Coded> {
    if lanes(symbols.len()) == 1 {
        encode_lanes::<S, 1>(symbols, step)
    } else {
        encode_lanes::<S, LANES>(symbols, step)
    }
}

#[inline(always)]
fn encode_lanes<'s, S: Copy, const N: usize>(
    symbols: &[S],
    step: impl Fn(S) -> &'s Step,
) -> Option<Coded> {
    let mut states = [LEAST_STATE; N];
    // No symbol writes more than one word; a round needs room for one per state.
    let mut words = vec![0u16; symbols.len() + N];
    let mut count = 0;
    let mut impossible = 0;

    let (rounds, rest) = symbols.as_chunks::<N>();
    for (state, &symbol) in states.iter_mut().zip(rest).rev() {
        let step = step(symbol);
        impossible |= step.impossible;
        *state = step.put(*state, words.get_mut(count)?, &mut count);
    }
    for round in rounds.iter().rev() {
        let room: &mut [u16; N] = words.get_mut(count..)?.first_chunk_mut()?;
        let mut kept = 0;
        for lane in (0..N).rev() {
            let step = step(round[lane]);
            impossible |= step.impossible;
            // `kept` is below N here, so that the mask only tells the compiler what is true.
            states[lane] = step.put(states[lane], &mut room[kept & (N - 1)], &mut kept);
        }
        count += kept;
    }
    words.truncate(count);
    (impossible == 0).then(|| Coded {
        states: states.to_vec(),
        words,
    })
}
