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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_splits_are_the_most_significant_digits() {
        assert_eq!(band_of_row(0b001, 3), 0b100);
        assert_eq!(band_of_row(0b110, 3), 0b011);
        assert_eq!(band_of_cell(0b01, 0b00, 2), 0b10_00);
        assert_eq!(band_of_cell(0b00, 0b10, 2), 0b00_01);
    }

    #[test]
    fn cells_and_bands_are_inverse() {
        for band in 0..64 {
            let (row, column) = cell_of_band(band, 3);
            assert_eq!(band_of_cell(row, column, 3), band);
        }
    }

    #[test]
    fn mirrors_repeat_neither_end() {
        let read = |length: usize| (0..8).map(|at| mirrored(at, length)).collect::<Vec<_>>();
        assert_eq!(read(4), [0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!(read(2), [0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(read(1), [0; 8]);
    }
}
