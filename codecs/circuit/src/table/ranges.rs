//! Numbers as ranges, which are symbols, and places within them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use codec_entropy::mixing::CostMeter;

use super::cells::{Cells, is_frequent, on_lattice, others_bits, takes_words};
use super::front::Ranges;
use super::measure::{DEPTHS, Symbols, bits_of};
use super::models::code_offsets;
use super::number::Format;

/// The numbers of a column as ranges, their symbols, and the bits of all else.
pub(super) fn ranges_of(cells: &Cells<'_>) -> Option<(Ranges, Symbols, f64)> {
    let format = Format::guess(cells.cells()).into_iter().next()?;
    let (lattice, places) = on_lattice(cells, format)?;
    let empty = cells
        .of_rows
        .iter()
        .filter(|cell| cells.different[**cell as usize].is_empty())
        .count();
    let mut sorted: Vec<i64> = places.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let widths = widths_of(&sorted, cells.different.len())?;
    let takes_words = takes_words(cells, &lattice.format, false);
    let mut ranges = Ranges {
        lattice,
        widths,
        takes_words,
        has_empty: empty > 0,
        depth: 0,
    };
    let starts = ranges.starts();
    let mut symbols = Vec::with_capacity(places.len());
    let mut offsets = Vec::with_capacity(places.len());
    for (place, number) in places.iter().zip(&cells.of_rows) {
        let (symbol, offset) = match place {
            Some(place) => {
                let range = starts.partition_point(|start| start <= place) - 1;
                (range, (place - starts[range]) as u64)
            }
            None if cells.different[*number as usize].is_empty() => (ranges.other() + 1, 0),
            None => (ranges.other(), 0),
        };
        symbols.push(symbol as u8);
        offsets.push(offset);
    }
    let mut best = f64::INFINITY;
    for depth in DEPTHS {
        let mut meter = CostMeter::default();
        code_offsets(
            &mut meter,
            &mut offsets.clone(),
            &symbols,
            &ranges.widths,
            depth,
        );
        if bits_of(meter) < best {
            best = bits_of(meter);
            ranges.depth = depth;
        }
    }
    let words: Vec<Option<i64>> = places
        .iter()
        .zip(&cells.of_rows)
        .map(|(place, number)| place.or(cells.different[*number as usize].is_empty().then_some(0)))
        .collect();
    let count = ranges.symbols();
    let bits = best + others_bits(cells, &words);
    Some((
        ranges,
        Symbols {
            of_rows: symbols,
            count,
        },
        bits,
    ))
}

/// Ranges that every column of numbers has, if it has so many different ones: other columns may
/// depend on them.
const USUAL_RANGES: usize = 32;
/// Most ranges; two symbols are for other cells and empty ones.
const MOST_RANGES: usize = 254;
/// Rows to a range.
const ROWS_TO_RANGE: usize = 50;
/// Bits that another range must save.
const RANGE_BITS: f64 = 12.0;

/// Binary logarithms of the lengths of ranges, from place 0 on: the range with the most numbers is
/// halved again and again.
fn widths_of(sorted: &[i64], different: usize) -> Option<Vec<u8>> {
    let highest = u64::try_from(*sorted.last()?).ok()?;
    if highest < MOST_RANGES as u64 && is_frequent(different, sorted.len()) {
        return Some(vec![0; highest as usize + 1]);
    }
    let width = 64 - highest.leading_zeros();
    if width >= 62 {
        return None;
    }
    let most = (sorted.len() / ROWS_TO_RANGE).clamp(8, MOST_RANGES);
    // Numbers in the range, then its start with the lowest first, its width.
    let mut open = BinaryHeap::from([(sorted.len(), Reverse(0i64), width as u8)]);
    let mut done: Vec<(i64, u8)> = Vec::new();
    while let Some((count, Reverse(start), width)) = open.pop() {
        if width == 0 || open.len() + done.len() + 2 > most {
            done.push((start, width));
            continue;
        }
        let middle = start + (1i64 << (width - 1));
        let first = sorted.partition_point(|place| *place < start);
        let left = sorted.partition_point(|place| *place < middle) - first;
        let shares = [left as f64, (count - left) as f64];
        let entropy: f64 = shares
            .iter()
            .filter(|share| **share > 0.0)
            .map(|share| share * (count as f64 / share).log2())
            .sum();
        let saved = count as f64 - entropy;
        if open.len() + done.len() + 2 > USUAL_RANGES && saved < RANGE_BITS {
            done.push((start, width));
            continue;
        }
        open.push((left, Reverse(start), width - 1));
        open.push((count - left, Reverse(middle), width - 1));
    }
    done.sort_unstable();
    Some(done.into_iter().map(|(_, width)| width).collect())
}
