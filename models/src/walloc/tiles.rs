//! How an image falls into tiles, and what a tile needs of what is around it.

use std::ops::Range;

/// Latents of a tile's side: tiles are coded on their own.
pub const TILE: usize = 128;
/// Latents around a place that its coefficients reach: CDF 9/7 three levels deep sees 28 pixels.
pub const ANALYSIS_MARGIN: usize = 4;

/// The grid of latents of an image and its tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Pixels of a row.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a latent's side.
    pub stride: usize,
}

/// A rectangle of latents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Rows of latents.
    pub rows: Range<usize>,
    /// Columns of latents.
    pub columns: Range<usize>,
}

impl Area {
    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Latents of one channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.height() * self.width()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Grid {
    /// Rows of latents.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Columns of latents.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// Latents of one channel.
    #[must_use]
    pub fn places(&self) -> u64 {
        self.rows() as u64 * self.columns() as u64
    }

    /// Number of tiles of `side` latents.
    #[must_use]
    pub fn count(&self, side: usize) -> u64 {
        self.rows().div_ceil(side) as u64 * self.columns().div_ceil(side) as u64
    }

    /// Tile `number` of `side` latents, counted from left to right, then down; `None` beyond the last.
    #[must_use]
    pub fn tile(&self, number: u32, side: usize) -> Option<Area> {
        if u64::from(number) >= self.count(side) {
            return None;
        }
        let across = self.columns().div_ceil(side);
        let cut = |at: usize, len: usize| at * side..((at + 1) * side).min(len);
        Some(Area {
            rows: cut(number as usize / across, self.rows()),
            columns: cut(number as usize % across, self.columns()),
        })
    }

    /// All tiles of `side` latents with their numbers.
    pub fn tiles(&self, side: usize) -> impl Iterator<Item = (u32, Area)> {
        let grid = *self;
        (0..).map_while(move |number| Some((number, grid.tile(number, side)?)))
    }

    /// `area` with `margin` more on each side, as far as there is some.
    #[must_use]
    pub fn grown(&self, area: &Area, margin: usize) -> Area {
        let grow = |range: &Range<usize>, end: usize| {
            range.start.saturating_sub(margin)..(range.end + margin).min(end)
        };
        Area {
            rows: grow(&area.rows, self.rows()),
            columns: grow(&area.columns, self.columns()),
        }
    }

    /// Rows and columns of pixels of an area.
    #[must_use]
    pub fn pixels(&self, area: &Area) -> (Range<usize>, Range<usize>) {
        let pixels = |range: &Range<usize>, end: usize| {
            range.start * self.stride..(range.end * self.stride).min(end)
        };
        (
            pixels(&area.rows, self.height),
            pixels(&area.columns, self.width),
        )
    }
}

/// Copies the part `inner` out of planes over `outer`.
#[must_use]
pub fn cropped<T: Copy>(planes: &[T], outer: &Area, inner: &Area) -> Vec<T> {
    let left = inner.columns.start - outer.columns.start;
    let top = inner.rows.start - outer.rows.start;
    let mut out = Vec::with_capacity(planes.len() / outer.len().max(1) * inner.len());
    for plane in planes.chunks_exact(outer.len()) {
        for row in plane
            .chunks_exact(outer.width())
            .skip(top)
            .take(inner.height())
        {
            out.extend_from_slice(&row[left..left + inner.width()]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_pixel_once() {
        for (width, height) in [(1, 1), (8, 9), (1025, 300), (4000, 1500)] {
            let grid = Grid {
                width,
                height,
                stride: 8,
            };
            let sum: usize = grid
                .tiles(TILE)
                .map(|(_, tile)| {
                    let (rows, columns) = grid.pixels(&tile);
                    rows.len() * columns.len()
                })
                .sum();
            assert_eq!(sum, width * height);
        }
    }

    #[test]
    fn a_part_is_cut_out_of_every_plane() {
        let outer = Area {
            rows: 2..5,
            columns: 1..5,
        };
        let inner = Area {
            rows: 3..5,
            columns: 2..4,
        };
        let planes: Vec<usize> = (0..24).collect();
        assert_eq!(
            cropped(&planes, &outer, &inner),
            [5, 6, 9, 10, 17, 18, 21, 22]
        );
    }
}
