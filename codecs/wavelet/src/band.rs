//! The order of bands, and how positions of samples become bands.

/// The band of `2^levels` into which row `row` of the polyphase form turns: its bits reversed, since
/// the first split is the most significant digit of a band and the least of a position.
pub(crate) fn band_of_row(row: usize, levels: u32) -> usize {
    (0..levels).fold(0, |band, level| (band << 1) | ((row >> level) & 1))
}

/// The band of `4^levels` of a row and a column of the polyphase form.
pub(crate) fn band_of_cell(row: usize, column: usize, levels: u32) -> usize {
    (0..levels).fold(0, |band, level| {
        (band << 2) | (((row >> level) & 1) << 1) | ((column >> level) & 1)
    })
}

/// The row and the column of the polyphase form that turn into a band of `4^levels`.
pub(crate) fn cell_of_band(band: usize, levels: u32) -> (usize, usize) {
    (0..levels).rev().fold((0, 0), |(row, column), level| {
        let digit = band >> (2 * (levels - 1 - level));
        ((row << 1) | (digit >> 1 & 1), (column << 1) | (digit & 1))
    })
}

/// Where a signal of `length` is read at `at`, beyond its end mirrored at its last sample and then at
/// its first, as often as needed.
pub(crate) fn mirrored(at: usize, length: usize) -> usize {
    let period = (2 * (length - 1)).max(1);
    let at = at % period;
    at.min(period - at)
}
