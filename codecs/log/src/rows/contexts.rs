//! The contexts in which a byte that no expert foresaw is predicted.

use super::experts::{ABOVE, LONG, NUMBER, PLACE, SHORT, View};
use super::line::combine;
use codec_entropy::mixing::context_hash;

/// Most contexts that a model has.
pub(super) const MOST_CONTEXTS: usize = 20;

/// Hashes of the first `C` contexts of the next byte.
#[inline(always)]
pub(super) fn hashes<const C: usize>(view: View) -> [u64; C] {
    let View {
        line,
        forecast,
        numbers,
    } = view;
    let bytes = &forecast.bytes;
    let state = |i: usize| u64::from(forecast.states[i] >> 2);
    let pair = |i: usize, j: usize| u64::from(bytes[i]) << 16 | u64::from(bytes[j]);
    let best = u64::from(forecast.byte);
    let place = line.place();
    let comparison = numbers.comparison();
    let contexts: [u64; MOST_CONTEXTS] = [
        line.recent & 0xFF,
        line.recent & 0xFFFF,
        line.recent & 0xFF_FFFF,
        line.recent & 0xFFFF_FFFF,
        line.recent & 0xFF_FFFF_FFFF_FFFF,
        combine(line.token, line.word),
        combine(place, line.previous[0]),
        combine(line.template, u64::from(line.token_len)),
        combine(combine(line.token, u64::from(line.field)), line.first_words),
        pair(PLACE, LONG) << 32 | state(PLACE),
        pair(PLACE, NUMBER) << 32 | line.recent & 0xFF,
        best << 32 | u64::from(forecast.second) << 16 | state(forecast.best),
        combine(combine(line.token, line.first_field), u64::from(line.field)),
        combine(comparison, line.template),
        combine(
            comparison,
            numbers.changes() << 32 | u64::from(forecast.bytes[NUMBER]),
        ),
        combine(combine(comparison, numbers.last_change()), line.previous[0]),
        line.recent & 0xFF_FFFF_FFFF,
        combine(place, line.variables[0]),
        combine(line.token, line.variables[0]),
        pair(SHORT, ABOVE) << 32 | best,
    ];
    std::array::from_fn(|i| context_hash(contexts[i], i as u32 + 1))
}
