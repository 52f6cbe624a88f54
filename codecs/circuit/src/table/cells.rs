//! The cells of a column, counted, and what they are as names or as numbers.

use std::collections::HashMap;

use super::front::{Lattice, Names, Place};
use super::measure::{Symbols, TRIED, text_bits};
use super::number::Format;

/// Rows for each different cell from which on cells are taken for categories, even if they are
/// numbers.
const ROWS_TO_CATEGORY: usize = 20;
/// A column as numbers of its different cells.
pub(super) struct Cells<'c> {
    /// Different cells in the order in which they come.
    pub(super) different: Vec<&'c [u8]>,
    counts: Vec<u32>,
    /// For each row, which of them.
    pub(super) of_rows: Vec<u32>,
}

impl<'c> Cells<'c> {
    pub(super) fn new(cells: impl ExactSizeIterator<Item = &'c [u8]>) -> Self {
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let mut different = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut of_rows = Vec::with_capacity(cells.len());
        for cell in cells {
            let number = *numbers.entry(cell).or_insert_with(|| {
                different.push(cell);
                counts.push(0);
                different.len() as u32 - 1
            });
            counts[number as usize] += 1;
            of_rows.push(number);
        }
        Self {
            different,
            counts,
            of_rows,
        }
    }

    pub(super) fn cells(&self) -> impl ExactSizeIterator<Item = &'c [u8]> {
        self.of_rows
            .iter()
            .map(|number| self.different[*number as usize])
    }

    /// Bytes of the different cells.
    pub(super) fn len(&self) -> usize {
        self.different.iter().map(|cell| cell.len()).sum()
    }

    /// Symbols for all cells if there are few, otherwise for the commonest.
    pub(super) fn names(&self) -> Option<(Names, Symbols, f64)> {
        let mut kept: Vec<u32> = (0..self.different.len() as u32).collect();
        let takes_others = kept.len() > 256;
        let mut others_bits = 0.0;
        if takes_others {
            kept.sort_by_key(|number| std::cmp::Reverse(self.counts[*number as usize]));
            let others = kept.split_off(255);
            let rest: u32 = others
                .iter()
                .map(|number| self.counts[*number as usize])
                .sum();
            if rest as usize * 2 > self.of_rows.len() {
                return None;
            }
            let mut is_kept = vec![false; self.different.len()];
            kept.iter()
                .for_each(|number| is_kept[*number as usize] = true);
            let is_other = |number: &&u32| !is_kept[**number as usize];
            let cells = self.of_rows.iter().filter(is_other).take(TRIED);
            others_bits = text_bits(cells.map(|number| self.different[*number as usize]));
            kept.sort_unstable();
        }
        let mut symbols = vec![kept.len() as u8; self.different.len()];
        kept.iter()
            .enumerate()
            .for_each(|(symbol, number)| symbols[*number as usize] = symbol as u8);
        let names = Names {
            cells: kept
                .iter()
                .map(|number| self.different[*number as usize].to_vec())
                .collect(),
            takes_others,
            place: Place::Record,
        };
        let of_rows = self
            .of_rows
            .iter()
            .map(|number| symbols[*number as usize])
            .collect();
        let count = names.symbols();
        let own_cells = kept.iter().map(|number| self.different[*number as usize]);
        let bits = text_bits(own_cells) + others_bits;
        Some((names, Symbols { of_rows, count }, bits))
    }

    /// In how many rows the cell is another one than the last time that `by` had the same cell.
    pub(super) fn changes_given(&self, by: &Cells<'_>) -> usize {
        let mut known = vec![u32::MAX; by.different.len()];
        let rows = self.of_rows.iter().zip(&by.of_rows);
        let changes = rows.filter(|(own, by)| {
            let before = std::mem::replace(&mut known[**by as usize], **own);
            before != u32::MAX && before != **own
        });
        changes.count()
    }

    /// The cells that a column that follows `by` writes.
    pub(super) fn written_given<'s>(
        &'s self,
        by: &'s Cells<'_>,
    ) -> impl Iterator<Item = &'c [u8]> + 's {
        let mut known = vec![u32::MAX; by.different.len()];
        let rows = self.of_rows.iter().zip(&by.of_rows);
        let written = rows
            .filter(move |(own, by)| std::mem::replace(&mut known[**by as usize], **own) != **own);
        written.map(|(own, _)| self.different[*own as usize])
    }
}

/// The numbers of a column's cells, on the lattice of their greatest common divisor.
pub(super) fn on_lattice(cells: &Cells<'_>, format: Format) -> Option<(Lattice, Vec<Option<i64>>)> {
    let values: Vec<Option<i64>> = cells
        .different
        .iter()
        .map(|cell| format.read(cell))
        .collect();
    let low = values.iter().flatten().copied().min()?;
    let mut step = 0u64;
    for value in values.iter().flatten() {
        step = gcd(step, value.checked_sub(low)?.unsigned_abs());
    }
    let step = i64::try_from(step.max(1)).ok()?;
    let lattice = Lattice { format, low, step };
    let place = |value: &Option<i64>| value.map(|value| (value - low) / step);
    let places: Vec<Option<i64>> = values.iter().map(place).collect();
    let of_rows = cells
        .of_rows
        .iter()
        .map(|number| places[*number as usize])
        .collect();
    Some((lattice, of_rows))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Cells that are no places, as text.
pub(super) fn others_bits(cells: &Cells<'_>, places: &[Option<i64>]) -> f64 {
    let both = cells.cells().zip(places);
    let others = both
        .filter(|(_, place)| place.is_none())
        .map(|(cell, _)| cell);
    text_bits(others)
}

pub(super) fn takes_words(cells: &Cells<'_>, format: &Format, with_empty: bool) -> bool {
    let is_word = |cell: &&&[u8]| format.read(cell).is_none() && (with_empty || !cell.is_empty());
    cells.different.iter().any(|cell| is_word(&cell))
}

/// Whether cells come so often that a model learns each of them.
pub(super) fn is_frequent(different: usize, rows: usize) -> bool {
    different <= 256 && different * ROWS_TO_CATEGORY <= rows
}
