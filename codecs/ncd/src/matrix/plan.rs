//! A matrix cut into tiles, tiles dealt out to shards, and tiles computed in parallel.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::str::FromStr;

use codec_core::{Error, Result, ordered};

use super::{DistanceMatrix, pairs};

/// Columns of a tile: enough to pay for preparing its row, few enough to lose little when a
/// computation is cut off.
const TILE: usize = 256;

/// In which directions each pair is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// From the earlier item to the later one only: half the work.
    #[default]
    Upper,
    /// In both directions; the matrix gets the mean.
    Mean,
    /// In both directions; the matrix gets the larger value.
    Larger,
}

/// One part of a computation that is spread over several machines: number `index` of `count`.
///
/// ```
/// use codec_ncd::matrix::Shard;
/// let shard: Shard = "2/3".parse().unwrap();
/// assert_eq!((shard.index(), shard.count()), (2, 3));
/// assert!("0/3".parse::<Shard>().is_err());
/// assert!("1/70000".parse::<Shard>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Everything in one shard.
    pub const WHOLE: Shard = Shard { index: 1, count: 1 };

    /// Most shards of a matrix: dealing out its tiles keeps the load of each.
    pub const MOST: u32 = 1 << 16;

    /// Shard `index`, from 1, of `count`.
    ///
    /// # Errors
    /// [`Error::Usage`] unless 1 ≤ `index` ≤ `count` ≤ [`Shard::MOST`].
    pub fn new(index: u32, count: u32) -> Result<Self> {
        if count > Self::MOST {
            return Err(Error::Usage(format!(
                "{count} shards are too many: there are at most {}",
                Self::MOST
            )));
        }
        if index == 0 || index > count {
            return Err(Error::Usage(format!(
                "there is no shard {index} of {count}: the first is 1/{count}"
            )));
        }
        Ok(Shard { index, count })
    }

    /// Its number, from 1.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::Usage(format!("{text:?} is no shard: expected I/N, such as 1/4"));
        let (index, count) = text.split_once('/').ok_or_else(malformed)?;
        let index = index.trim().parse().map_err(|_| malformed())?;
        let count = count.trim().parse().map_err(|_| malformed())?;
        Shard::new(index, count)
    }
}

/// Some distances of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// The item that all distances of the tile are from.
    pub row: usize,
    /// The items that they are to; `row` itself is left out where the range covers it.
    pub columns: Range<usize>,
}

impl Tile {
    /// The items that the distances are to, in order.
    pub fn targets(&self) -> impl Iterator<Item = usize> + use<> {
        let row = self.row;
        self.columns.clone().filter(move |column| *column != row)
    }

    /// How many distances it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len() - usize::from(self.columns.contains(&self.row))
    }

    /// Never: a tile has at least one distance.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Which distances of `items` items are computed, in which tiles. It depends on nothing else, so
/// that every machine cuts a matrix in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    items: usize,
    order: Order,
}

impl Plan {
    /// The plan for `items` items.
    #[must_use]
    pub fn new(items: usize, order: Order) -> Self {
        Plan { items, order }
    }

    /// How many items there are.
    #[must_use]
    pub fn items(self) -> usize {
        self.items
    }

    /// In which directions pairs are measured.
    #[must_use]
    pub fn order(self) -> Order {
        self.order
    }

    /// All tiles, row by row.
    pub fn tiles(self) -> impl Iterator<Item = Tile> {
        (0..self.items).flat_map(move |row| {
            let first = match self.order {
                Order::Upper => row + 1,
                Order::Mean | Order::Larger => 0,
            };
            (first..self.items)
                .step_by(TILE)
                .map(move |start| Tile {
                    row,
                    columns: start..(start + TILE).min(self.items),
                })
                .filter(|tile| !tile.is_empty())
        })
    }

    /// The tiles of one shard. Each tile goes to the shard that has least to do so far.
    pub fn shard(self, shard: Shard) -> impl Iterator<Item = Tile> {
        let mut loads: BinaryHeap<Reverse<(u64, u32)>> =
            (1..=shard.count).map(|index| Reverse((0, index))).collect();
        self.tiles().filter(move |tile| {
            let Some(mut least) = loads.peek_mut() else {
                return false;
            };
            let Reverse((load, index)) = *least;
            // Preparing the row costs about as much as one distance.
            *least = Reverse((load + tile.len() as u64 + 1, index));
            index == shard.index
        })
    }

    /// How many distances one shard computes.
    #[must_use]
    pub fn distances(self, shard: Shard) -> u64 {
        self.shard(shard).map(|tile| tile.len() as u64).sum()
    }

    /// The matrix from the values of all tiles, which may come in any order.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a distance that is missing, twice there, or outside the matrix;
    /// otherwise as [`DistanceMatrix::from_lower`].
    pub fn assemble(
        self,
        names: Vec<String>,
        tiles: impl IntoIterator<Item = Result<(Tile, Vec<f32>)>>,
    ) -> Result<DistanceMatrix> {
        let mut lower = vec![f32::NAN; pairs(self.items)];
        // With both directions, those from later to earlier items.
        let backwards = match self.order {
            Order::Upper => 0,
            Order::Mean | Order::Larger => lower.len(),
        };
        let mut other = vec![f32::NAN; backwards];
        for tile in tiles {
            let (tile, values) = tile?;
            let foreign = || Error::Mismatch(format!("row {} is not as planned", tile.row + 1));
            if tile.row >= self.items || tile.columns.end > self.items || tile.len() != values.len()
            {
                return Err(foreign());
            }
            for (column, value) in tile.targets().zip(values) {
                let (low, high) = (tile.row.min(column), tile.row.max(column));
                let half = match self.order {
                    Order::Mean | Order::Larger if tile.row > column => &mut other,
                    _ => &mut lower,
                };
                let place = &mut half[pairs(high) + low];
                if !place.is_nan() {
                    return Err(Error::Mismatch(format!(
                        "the distance from item {} to item {} is there twice",
                        tile.row + 1,
                        column + 1
                    )));
                }
                *place = value;
            }
        }
        for (one, other) in lower.iter_mut().zip(&other) {
            *one = match self.order {
                // What is missing in one direction stays missing.
                Order::Larger if !one.is_nan() && !other.is_nan() => one.max(*other),
                _ => f32::midpoint(*one, *other),
            };
        }
        if let Some(missing) = lower.iter().position(|value| value.is_nan()) {
            let row = (1..self.items).rfind(|row| pairs(*row) <= missing);
            return Err(Error::Mismatch(format!(
                "distances of item {} are missing",
                row.unwrap_or(0) + 1
            )));
        }
        DistanceMatrix::from_lower(names, lower)
    }
}

/// Distances from and to numbered items, row by row: what a measure offers to [`compute`].
///
/// Implemented for closures `Fn(usize, usize) -> Result<f64>`.
pub trait PairDistance: Sync {
    /// Prepares to measure from item `row` to many others.
    ///
    /// # Errors
    /// As the measure.
    fn row(&self, row: usize) -> Result<Box<dyn RowDistance + '_>>;
}

/// The distances from one item; see [`PairDistance`].
pub trait RowDistance {
    /// The distance to item `column`.
    ///
    /// # Errors
    /// As the measure.
    fn to(&self, column: usize) -> Result<f64>;
}

impl<F: Fn(usize, usize) -> Result<f64> + Sync> PairDistance for F {
    fn row(&self, row: usize) -> Result<Box<dyn RowDistance + '_>> {
        Ok(Box::new(ClosureRow {
            distance: self,
            row,
        }))
    }
}

struct ClosureRow<'a, F> {
    distance: &'a F,
    row: usize,
}

impl<F: Fn(usize, usize) -> Result<f64>> RowDistance for ClosureRow<'_, F> {
    fn to(&self, column: usize) -> Result<f64> {
        (self.distance)(self.row, column)
    }
}

/// Computes `tiles` on `threads` threads and hands each with its values to `sink`, in order.
///
/// A negative distance, which a compressor gives now and then for two pieces that it likes better
/// together, becomes 0. The values do not depend on `threads`.
///
/// # Errors
/// Those of `distance` and `sink`; [`Error::Mismatch`] for a distance that is not finite.
///
/// ```
/// use codec_ncd::matrix::{Order, Plan, Shard, compute};
/// let plan = Plan::new(3, Order::Upper);
/// let mut tiles = Vec::new();
/// compute(
///     plan.shard(Shard::WHOLE),
///     &|row: usize, column: usize| Ok((column - row) as f64),
///     std::num::NonZeroUsize::MIN,
///     |tile, values| { tiles.push(Ok((tile, values))); Ok(()) },
/// )?;
/// let names = ["a", "b", "c"].map(String::from).to_vec();
/// assert_eq!(plan.assemble(names, tiles)?.get(0, 2), 2.0);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub fn compute(
    tiles: impl IntoIterator<Item = Tile>,
    distance: &dyn PairDistance,
    threads: NonZeroUsize,
    mut sink: impl FnMut(Tile, Vec<f32>) -> Result<()>,
) -> Result<()> {
    let mut tiles = tiles.into_iter();
    ordered(
        threads,
        || Ok(tiles.next()),
        |tile: Tile| {
            let row = distance.row(tile.row)?;
            let values: Result<Vec<f32>> = tile
                .targets()
                .map(|column| stored(row.to(column)?, tile.row, column))
                .collect();
            Ok((tile, values?))
        },
        |(tile, values)| sink(tile, values),
    )
}

fn stored(value: f64, row: usize, column: usize) -> Result<f32> {
    let stored = value.max(0.0) as f32;
    if value.is_nan() || !stored.is_finite() {
        return Err(Error::Mismatch(format!(
            "the distance from item {} to item {} is {value}, no finite number",
            row + 1,
            column + 1
        )));
    }
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("i{i}")).collect()
    }

    fn distance(row: usize, column: usize) -> Result<f64> {
        Ok(1.0 / (1.0 + row as f64 * 3.0 + column as f64))
    }

    fn shards(n: usize, order: Order, count: u32, threads: usize) -> DistanceMatrix {
        let plan = Plan::new(n, order);
        let mut tiles = Vec::new();
        for index in (1..=count).rev() {
            let shard = Shard::new(index, count).unwrap();
            let threads = NonZeroUsize::new(threads).unwrap();
            let mut of_shard = 0;
            compute(plan.shard(shard), &distance, threads, |tile, values| {
                of_shard += values.len() as u64;
                tiles.push(Ok((tile, values)));
                Ok(())
            })
            .unwrap();
            assert_eq!(of_shard, plan.distances(shard));
        }
        plan.assemble(names(n), tiles).unwrap()
    }

    #[test]
    fn shards_of_any_number_make_the_same_matrix() {
        for order in [Order::Upper, Order::Mean, Order::Larger] {
            for n in [1, 2, 3, 40, 600] {
                let whole = shards(n, order, 1, 1);
                for (count, threads) in [(2, 1), (3, 2), (7, 1), (100, 3)] {
                    assert_eq!(
                        shards(n, order, count, threads),
                        whole,
                        "{order:?} {n} {count}"
                    );
                }
            }
        }
    }

    #[test]
    fn both_directions_become_one() {
        // 1/2 from item 0 to item 1, and 1/4 back.
        let value = |order| shards(3, order, 1, 1).get(0, 1);
        assert_eq!(value(Order::Upper), 0.5);
        assert_eq!(value(Order::Mean), 0.375);
        assert_eq!(value(Order::Larger), 0.5);
    }

    #[test]
    fn a_missing_or_repeated_tile_is_no_matrix() {
        let plan = Plan::new(3, Order::Upper);
        let all: Vec<Tile> = plan.tiles().collect();
        let with = |tiles: &[Tile]| {
            let tiles: Vec<_> = tiles
                .iter()
                .map(|tile| Ok((tile.clone(), vec![0.5; tile.len()])))
                .collect();
            plan.assemble(names(3), tiles)
                .map_err(|error| error.to_string())
        };
        assert!(with(&all).is_ok());
        assert!(with(&all[..1]).unwrap_err().contains("item 3 are missing"));
        let twice = [all[0].clone(), all[1].clone(), all[0].clone()];
        assert!(with(&twice).unwrap_err().contains("twice"));
    }

    #[test]
    fn shards_have_nearly_equal_work() {
        let plan = Plan::new(1000, Order::Upper);
        let work: Vec<u64> = (1..=8)
            .map(|index| plan.distances(Shard::new(index, 8).unwrap()))
            .collect();
        assert_eq!(work.iter().sum::<u64>(), 499_500);
        let (least, most) = (work.iter().min().unwrap(), work.iter().max().unwrap());
        assert!(most - least < most / 50, "{work:?}");
    }

    #[test]
    fn no_number_is_an_error_and_a_negative_one_becomes_zero() {
        let run = |value: f64| {
            let mut got = Vec::new();
            compute(
                Plan::new(2, Order::Upper).tiles(),
                &|_: usize, _: usize| Ok(value),
                NonZeroUsize::MIN,
                |_, values| {
                    got = values;
                    Ok(())
                },
            )
            .map(|()| got)
        };
        assert_eq!(run(-0.01).unwrap(), [0.0]);
        assert!(matches!(run(f64::NAN), Err(Error::Mismatch(_))));
        assert!(matches!(run(f64::INFINITY), Err(Error::Mismatch(_))));
    }
}
