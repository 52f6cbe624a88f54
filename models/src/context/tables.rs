//! The intervals: for each class of scale and place of the mean between two integers.

use codec_core::{Error, Result};
use codec_entropy::Interval;

/// Classes of scale, four to an octave: class 0 is up to 2^-10.
pub(super) const CLASSES: usize = 64;
/// Places of the mean between an integer and half way to the next, in eighths.
pub(super) const PLACES: usize = 5;
/// Symbols of a table: the escape, then the distances -11 to 12 from the integer.
pub(super) const SYMBOLS: usize = 25;
/// Distance of symbol 1.
const FIRST: i32 = -11;
/// Precision of the tables in bits.
pub(super) const PRECISION: u32 = 15;

/// Frequencies for every class and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// `[CLASSES, PLACES, SYMBOLS]`, each table's sum is `2^PRECISION`.
    frequencies: Vec<u16>,
    /// `[CLASSES, PLACES, SYMBOLS + 1]` starts.
    starts: Vec<u16>,
    /// `[CLASSES, PLACES, SYMBOLS]` in 1/256 bit.
    costs: Vec<u16>,
}

/// The class of a scale in 1/4096.
#[inline]
pub(super) fn class_of(scale: i32) -> usize {
    let scale = scale.max(4) as u32;
    let exponent = 31 - scale.leading_zeros();
    let quarter = (scale << 2 >> exponent) & 3;
    ((4 * (exponent - 2) + quarter) as usize).min(CLASSES - 1)
}

/// Low bits of a latent that are coded as they are, for a class of large scale.
#[inline]
pub(super) fn plain_bits(class: usize) -> u32 {
    // From class 46 on (scale 3), distances are counted in units that grow with the scale.
    (class.saturating_sub(42) / 4) as u32
}

/// Middle of a class, as a scale.
pub(super) fn class_scale(class: usize) -> f64 {
    ((class as f64 + 0.5) / 4.0 - 10.0).exp2()
}

/// Where a mean lies: the integer nearest below the place, the place, and whether the table is
/// mirrored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Centre {
    base: i32,
    place: usize,
    mirrored: bool,
}

impl Centre {
    /// Of a mean in 1/4096 for latents in units of `2^plain`.
    #[inline]
    pub(super) fn of(mean: i32, plain: u32) -> Self {
        // The values of a unit have their own middle.
        let middle = mean - (((1 << plain) - 1) << 11);
        let eighths = (middle + (256 << plain)) >> (9 + plain);
        let (base, part) = (eighths >> 3, (eighths & 7) as usize);
        if part <= 4 {
            Centre {
                base,
                place: part,
                mirrored: false,
            }
        } else {
            Centre {
                base: base + 1,
                place: 8 - part,
                mirrored: true,
            }
        }
    }

    /// The symbol of `value`: 0 is the escape.
    #[inline]
    pub(super) fn symbol(self, value: i32) -> usize {
        let distance = if self.mirrored {
            self.base - value
        } else {
            value - self.base
        };
        let symbol = distance - FIRST + 1;
        if (1..SYMBOLS as i32).contains(&symbol) {
            symbol as usize
        } else {
            0
        }
    }

    /// The value behind a symbol other than the escape.
    #[inline]
    pub(super) fn value(self, symbol: usize) -> i32 {
        let distance = symbol as i32 - 1 + FIRST;
        if self.mirrored {
            self.base - distance
        } else {
            self.base + distance
        }
    }

    /// How far beyond the table an escaped value is, and on which side (`true`: the mirrored below).
    pub(super) fn beyond(self, value: i32) -> (bool, u32) {
        let distance = if self.mirrored {
            self.base - value
        } else {
            value - self.base
        };
        if distance < FIRST {
            (true, (FIRST - 1 - distance) as u32)
        } else {
            (false, (distance - (SYMBOLS as i32 - 1 + FIRST)) as u32)
        }
    }

    /// The value of what [`beyond`](Self::beyond) gave.
    pub(super) fn value_beyond(self, below: bool, by: u32) -> i32 {
        let by = by.min(1 << 20) as i32;
        let distance = if below {
            FIRST - 1 - by
        } else {
            SYMBOLS as i32 - 1 + FIRST + by
        };
        if self.mirrored {
            self.base - distance
        } else {
            self.base + distance
        }
    }

    /// Index of the table in the class.
    #[inline]
    pub(super) fn place(self) -> usize {
        self.place
    }
}

impl Tables {
    /// Tables of these frequencies, `[CLASSES, PLACES, SYMBOLS]`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a table has a frequency of 0 or another sum than `2^PRECISION`.
    pub fn new(frequencies: Vec<u16>) -> Result<Self> {
        if frequencies.len() != CLASSES * PLACES * SYMBOLS {
            return Err(Error::corrupt(0, "tables of another size"));
        }
        let (mut starts, mut costs) = (Vec::new(), Vec::new());
        for (at, table) in frequencies.chunks_exact(SYMBOLS).enumerate() {
            let mut sum = 0u32;
            for &frequency in table {
                starts.push(sum.min(1 << PRECISION) as u16);
                sum += u32::from(frequency);
                costs.push(cost(frequency));
            }
            starts.push(1 << PRECISION);
            if sum != 1 << PRECISION || table.contains(&0) {
                return Err(Error::corrupt(
                    0,
                    format!("table {at} does not sum to 2^{PRECISION}"),
                ));
            }
        }
        Ok(Tables {
            frequencies,
            starts,
            costs,
        })
    }

    /// The frequencies, as [`new`](Self::new) takes them.
    #[must_use]
    pub fn frequencies(&self) -> &[u16] {
        &self.frequencies
    }

    #[inline]
    pub(super) fn table(class: usize, centre: Centre) -> usize {
        class * PLACES + centre.place()
    }

    /// The interval of a symbol.
    #[inline]
    pub(super) fn interval(&self, class: usize, centre: Centre, symbol: usize) -> Option<Interval> {
        let table = Self::table(class, centre);
        let frequency = self.frequencies[table * SYMBOLS + symbol];
        let start = self.starts[table * (SYMBOLS + 1) + symbol];
        Interval::new(start.into(), frequency.into(), PRECISION)
    }

    /// The symbol at `point`.
    #[inline]
    pub(super) fn symbol_at(&self, class: usize, centre: Centre, point: u32) -> usize {
        let starts = &self.starts[Self::table(class, centre) * (SYMBOLS + 1)..][..=SYMBOLS];
        let mut symbol = (1 - FIRST) as usize;
        while u32::from(starts[symbol]) > point {
            symbol -= 1;
        }
        while u32::from(starts[symbol + 1]) <= point {
            symbol += 1;
        }
        symbol
    }

    /// Bits of a symbol, in 1/256.
    #[inline]
    pub(super) fn cost(&self, class: usize, centre: Centre, symbol: usize) -> u32 {
        self.costs[Self::table(class, centre) * SYMBOLS + symbol].into()
    }
}

fn cost(frequency: u16) -> u16 {
    let bits = f64::from(PRECISION) - f64::from(frequency.max(1)).log2();
    (256.0 * bits).round() as u16
}

/// Frequencies of at least 1 with sum `2^PRECISION`, in proportion to `weights`.
pub(super) fn normalised(weights: &[f64]) -> Vec<u16> {
    let total: f64 = weights.iter().sum();
    let spare = f64::from((1u32 << PRECISION) - weights.len() as u32);
    let mut frequencies: Vec<u16> = weights
        .iter()
        .map(|weight| 1 + (spare * weight / total).floor() as u16)
        .collect();
    let sum: u32 = frequencies
        .iter()
        .map(|&frequency| u32::from(frequency))
        .sum();
    let largest = (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b]));
    if let Some(largest) = largest {
        frequencies[largest] += ((1 << PRECISION) - sum) as u16;
    }
    frequencies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_from_its_symbol_or_its_distance() {
        for mean in (-40_000..40_000).step_by(97) {
            let centre = Centre::of(mean, 0);
            for value in -40..40 {
                let symbol = centre.symbol(value);
                let back = if symbol == 0 {
                    let (below, by) = centre.beyond(value);
                    centre.value_beyond(below, by)
                } else {
                    centre.value(symbol)
                };
                assert_eq!(back, value, "mean {mean}");
            }
        }
    }

    #[test]
    fn classes_grow_with_the_scale() {
        let mut last = 0;
        for scale in 0..1 << 20 {
            let class = class_of(scale);
            assert!(class == last || class == last + 1 || last == CLASSES - 1);
            last = class;
        }
    }
}
