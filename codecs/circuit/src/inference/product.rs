//! Products of matrices and scaling in f64, with records side by side.
//!
//! Every output is one sum (or maximum) over terms in a fixed order, without fused operations, and
//! records never meet: a record's results do not depend on the processor or on the other records.

use pulp::{Arch, Simd, WithSimd};

/// Columns of all matrices of records are padded to a multiple of this.
pub(super) const LANES: usize = 8;
const ROWS: usize = 4;
const COLUMNS: usize = 2 * LANES;

/// How the terms of a product of matrices are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combine {
    Sum,
    Max,
}

/// A matrix read by row and column steps, so that its transpose is the same data.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f64],
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `width` values.
    pub(super) fn rows(data: &'a [f64], width: usize) -> Self {
        Self {
            data,
            row_step: width,
            column_step: 1,
        }
    }

    /// The transpose of rows of `width` values.
    pub(super) fn transposed(data: &'a [f64], width: usize) -> Self {
        Self {
            data,
            row_step: 1,
            column_step: width,
        }
    }
}

/// `c = a b` with `a` of `[m, k]`, `b` of `[k, columns]` and `c` of `[m, columns]`, where `columns` is
/// whole lanes. With [`Combine::Max`] the largest term takes the place of the sum of (nonnegative)
/// terms.
pub(super) fn multiply(
    arch: Arch,
    combine: Combine,
    a: Matrix<'_>,
    b: &[f64],
    columns: usize,
    c: &mut [f64],
) {
    debug_assert!(columns.is_multiple_of(LANES));
    arch.dispatch(Multiply {
        combine,
        a,
        b,
        columns,
        c,
    });
}

struct Multiply<'a> {
    combine: Combine,
    a: Matrix<'a>,
    b: &'a [f64],
    columns: usize,
    c: &'a mut [f64],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    /// Plain loops, which the compiler turns into the vectors of the processor at hand.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            combine,
            a,
            b,
            columns,
            c,
        } = self;
        match combine {
            Combine::Sum => all_tiles(
                a,
                b,
                columns,
                c,
                #[inline(always)]
                |sum, term| sum + term,
            ),
            Combine::Max => all_tiles(
                a,
                b,
                columns,
                c,
                #[inline(always)]
                |most, term| if term > most { term } else { most },
            ),
        }
    }
}

#[inline(always)]
fn all_tiles(
    a: Matrix<'_>,
    b: &[f64],
    columns: usize,
    c: &mut [f64],
    combine: impl Fn(f64, f64) -> f64 + Copy,
) {
    let rows = c.len() / columns;
    let mut column = 0;
    while column + COLUMNS <= columns {
        rows_of_tiles::<COLUMNS>(a, b, columns, rows, column, c, combine);
        column += COLUMNS;
    }
    while column < columns {
        rows_of_tiles::<LANES>(a, b, columns, rows, column, c, combine);
        column += LANES;
    }
}

#[inline(always)]
fn rows_of_tiles<const N: usize>(
    a: Matrix<'_>,
    b: &[f64],
    columns: usize,
    rows: usize,
    column: usize,
    c: &mut [f64],
    combine: impl Fn(f64, f64) -> f64 + Copy,
) {
    let mut row = 0;
    while row + ROWS <= rows {
        tile::<ROWS, N>(a, b, columns, row, column, c, combine);
        row += ROWS;
    }
    while row < rows {
        tile::<1, N>(a, b, columns, row, column, c, combine);
        row += 1;
    }
}

/// `M` rows by `N` columns of `c`.
#[inline(always)]
fn tile<const M: usize, const N: usize>(
    a: Matrix<'_>,
    b: &[f64],
    columns: usize,
    row: usize,
    column: usize,
    c: &mut [f64],
    combine: impl Fn(f64, f64) -> f64 + Copy,
) {
    let mut results = [[0.0f64; N]; M];
    let a_rows: [&[f64]; M] = std::array::from_fn(|i| &a.data[(row + i) * a.row_step..]);
    for (k, b_row) in b.chunks_exact(columns).enumerate() {
        let mut terms = [0.0f64; N];
        terms.copy_from_slice(&b_row[column..column + N]);
        for (results, a_row) in results.iter_mut().zip(a_rows) {
            let factor = a_row[k * a.column_step];
            for (result, term) in results.iter_mut().zip(terms) {
                *result = combine(*result, factor * term);
            }
        }
    }
    for (i, results) in results.iter().enumerate() {
        c[(row + i) * columns + column..][..N].copy_from_slice(results);
    }
}

/// Multiplies `values` of `[rows, columns]` by `factors`, value by value, then scales each column by a
/// power of two so that its largest value is in `1.0..2.0`, and adds the exponents taken out to
/// `exponents` (of `[columns]`). Columns of zeros stay.
///
/// Powers of two make the scaling exact.
pub(super) fn multiply_and_scale(
    arch: Arch,
    values: &mut [f64],
    factors: &[f64],
    exponents: &mut [i64],
) {
    arch.dispatch(Scale {
        values,
        factors,
        exponents,
    });
}

struct Scale<'a> {
    values: &'a mut [f64],
    factors: &'a [f64],
    exponents: &'a mut [i64],
}

impl WithSimd for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let columns = self.exponents.len();
        let mut largest = [0.0f64; MOST_COLUMNS];
        let largest = &mut largest[..columns];
        let rows = self.values.chunks_exact_mut(columns);
        for (row, factors) in rows.zip(self.factors.chunks_exact(columns)) {
            for ((value, &factor), largest) in row.iter_mut().zip(factors).zip(&mut *largest) {
                *value *= factor;
                *largest = if *value > *largest { *value } else { *largest };
            }
        }
        for (largest, taken) in largest.iter_mut().zip(self.exponents) {
            let exponent = exponent(*largest);
            *taken += exponent;
            *largest = power_of_two(-exponent);
        }
        for row in self.values.chunks_exact_mut(columns) {
            for (value, &factor) in row.iter_mut().zip(&*largest) {
                *value *= factor;
            }
        }
    }
}

/// Most columns of a matrix of records.
pub(super) const MOST_COLUMNS: usize = 64;

/// The exponent of a nonnegative number: -1022 for subnormal ones, 0 for zero.
#[inline(always)]
fn exponent(value: f64) -> i64 {
    if value == 0.0 {
        return 0;
    }
    ((value.to_bits() >> 52) as i64 & 0x7ff).max(1) - 1023
}

/// `2^exponent`, for exponents of normal numbers.
#[inline(always)]
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn products_are_those_of_plain_loops_on_every_processor() {
        let mut random = Random::new(1);
        let mut numbers =
            |count: usize| -> Vec<f64> { (0..count).map(|_| random.unit()).collect() };
        for (m, k, n) in [(1, 1, 8), (4, 5, 16), (11, 7, 24), (6, 64, 64)] {
            let (a, b) = (numbers(m * k), numbers(k * n));
            let turned: Vec<f64> = (0..m * k).map(|at| a[at % m * k + at / m]).collect();
            for combine in [Combine::Sum, Combine::Max] {
                let mut expected = vec![0.0f64; m * n];
                for i in 0..m {
                    for p in 0..k {
                        for j in 0..n {
                            let (place, term) = (i * n + j, a[i * k + p] * b[p * n + j]);
                            expected[place] = match combine {
                                Combine::Sum => expected[place] + term,
                                Combine::Max => expected[place].max(term),
                            };
                        }
                    }
                }
                for arch in [Arch::new(), Arch::Scalar] {
                    let mut c = vec![0.0; m * n];
                    multiply(arch, combine, Matrix::rows(&a, k), &b, n, &mut c);
                    assert_eq!(c, expected);
                    c.fill(7.0);
                    multiply(arch, combine, Matrix::transposed(&turned, m), &b, n, &mut c);
                    assert_eq!(c, expected);
                }
            }
        }
    }

    #[test]
    fn scaling_is_exact_and_leaves_zeros() {
        let mut values = vec![3.0; 16];
        let mut factors = vec![1e-200; 16];
        (factors[1], factors[9]) = (0.0, 0.0);
        (factors[2], factors[10]) = (5e-324, 0.0);
        let mut exponents = vec![0; 8];
        multiply_and_scale(Arch::new(), &mut values, &factors, &mut exponents);
        assert_eq!(values[0] * 2f64.powi(exponents[0] as i32), 3e-200);
        assert!((1.0..2.0).contains(&values[0]));
        assert_eq!((values[1], values[9], exponents[1]), (0.0, 0.0, 0));
        assert!(values[2] > 0.0 && exponents[2] == -1022);
    }
}
