//! Items and the measure of their distances, as a matrix asks for them.

use std::num::NonZeroUsize;

use codec_core::{Result, ordered};

use super::{Order, PairDistance, RowDistance};
use crate::distance::{Formula, Measure, Row, Single};

/// Contents whose distances a [`Measure`] gives, with the code length of each found once.
///
/// A measure that takes both orders of a pair is asked for one order at a time, and
/// [`MeasuredItems::order`] says how the matrix makes one value of the two: so a compressor takes in
/// each item once for a whole tile, and not once for every pair.
pub struct MeasuredItems<'a> {
    contents: Vec<&'a [u8]>,
    singles: Vec<Single>,
    one_way: Measure<'a>,
    order: Order,
}

impl<'a> MeasuredItems<'a> {
    /// Finds the code length of each of `contents`, on `threads` threads.
    ///
    /// # Errors
    /// As [`Measure::single`].
    pub fn new(
        contents: Vec<&'a [u8]>,
        measure: Measure<'a>,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let mut singles = Vec::with_capacity(contents.len());
        let mut left = contents.iter();
        ordered(
            threads,
            || Ok(left.next()),
            |content| measure.single(content),
            |single| {
                singles.push(single);
                Ok(())
            },
        )?;
        let order = match (measure.takes_both_orders(), measure.formula()) {
            (false, _) => Order::Upper,
            (true, Formula::Nccd) => Order::Larger,
            (true, _) => Order::Mean,
        };
        Ok(MeasuredItems {
            contents,
            singles,
            one_way: measure.symmetric(false),
            order,
        })
    }

    /// Which directions of a pair a matrix takes.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }
}

impl PairDistance for MeasuredItems<'_> {
    fn row(&self, row: usize) -> Result<Box<dyn RowDistance + '_>> {
        let single = self.singles[row];
        Ok(Box::new(MeasuredRow {
            items: self,
            single,
            row: self.one_way.row(self.contents[row], single)?,
        }))
    }
}

struct MeasuredRow<'a> {
    items: &'a MeasuredItems<'a>,
    single: Single,
    row: Row<'a>,
}

impl RowDistance for MeasuredRow<'_> {
    fn to(&self, column: usize) -> Result<f64> {
        let bits = self.row.code_length(self.items.contents[column])?;
        let other = self.items.singles[column];
        // NCCD is the larger of the two directions; 0 for the other one leaves this one.
        Ok(self.items.one_way.combine(self.single, other, bits, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::Join;
    use crate::matrix::{Plan, Shard, compute};
    use codec_core::{CodeLength, Params, Primed};

    /// Counts changes from byte to byte: not the same in both orders.
    struct Changes;

    struct Given(Vec<u8>);

    fn changes(x: &[u8]) -> f64 {
        let rises = x.windows(2).filter(|pair| pair[0] < pair[1]).count();
        8.0 * (1 + x.len() + 3 * rises) as f64
    }

    impl CodeLength for Changes {
        fn bits(&self, x: &[u8], _: &Params) -> Result<f64> {
            Ok(changes(x))
        }

        fn primed<'a>(&'a self, given: &[&[u8]], _: &Params) -> Result<Box<dyn Primed + 'a>> {
            Ok(Box::new(Given(given.concat())))
        }
    }

    impl Primed for Given {
        fn joint_bits(&self, x: &[u8]) -> Result<f64> {
            Ok(changes(&[&self.0[..], x].concat()))
        }

        fn bits(&self, x: &[u8]) -> Result<f64> {
            Ok(self.joint_bits(x)? - changes(&self.0))
        }
    }

    #[test]
    fn a_matrix_has_the_distances_that_the_measure_gives_for_each_pair() {
        let contents = [&b"abcabc"[..], b"cba", b"aabbccdd", b"z"];
        let names: Vec<String> = (0..4).map(|i| format!("i{i}")).collect();
        for formula in [Formula::Ncd, Formula::Nccd, Formula::Cdm, Formula::Nrc] {
            for symmetric in [false, true] {
                let measure = Measure::new(&Changes, Params::defaults(&[]), formula, Join::Plain)
                    .symmetric(symmetric);
                let items =
                    MeasuredItems::new(contents.to_vec(), measure.clone(), NonZeroUsize::MIN);
                let items = items.unwrap();
                let plan = Plan::new(4, items.order());
                let mut tiles = Vec::new();
                compute(
                    plan.shard(Shard::WHOLE),
                    &items,
                    NonZeroUsize::MIN,
                    |tile, values| {
                        tiles.push(Ok((tile, values)));
                        Ok(())
                    },
                )
                .unwrap();
                let matrix = plan.assemble(names.clone(), tiles).unwrap();
                for i in 0..4 {
                    for j in i + 1..4 {
                        let single = |i: usize| measure.single(contents[i]).unwrap();
                        let row = measure.row(contents[i], single(i)).unwrap();
                        let wanted = row.distance(contents[j], single(j)).unwrap().max(0.0);
                        let found = f64::from(matrix.get(i, j));
                        assert!((found - wanted).abs() < 1e-6, "{formula:?} {i} {j}");
                    }
                }
            }
        }
    }
}
