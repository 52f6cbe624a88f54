//! Sums of products in a fixed order, as wide as the processor allows.
//!
//! Every output is one sum whose terms are added one after the other, with a product and an addition
//! rounded apart (never fused), so that all processors, vector widths and batch lengths give the same
//! bits. What runs side by side are different outputs.

use pulp::{Arch, Simd, WithSimd};

/// Vectors of states are padded with zeros to a multiple of this.
pub(crate) const LANES: usize = 16;

/// `len` rounded up to whole lanes.
pub(crate) const fn padded(len: usize) -> usize {
    len.next_multiple_of(LANES)
}

/// A matrix read by row and column steps, so that its transpose is the same data.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) row_step: usize,
    pub(crate) column_step: usize,
}

impl<'a> Strided<'a> {
    /// Rows of `width` values.
    pub(crate) fn rows(data: &'a [f32], width: usize) -> Self {
        Self {
            data,
            row_step: width,
            column_step: 1,
        }
    }

    /// The transpose of rows of `width` values.
    pub(crate) fn transposed(data: &'a [f32], width: usize) -> Self {
        Self {
            data,
            row_step: 1,
            column_step: width,
        }
    }
}

/// `c = a b` with `a` of `[m, k]`, `b` of `[k, n]` and `c` of `[m, n]`, where `n` is whole lanes and
/// the sums run over `k` from first to last.
pub(crate) fn multiply(arch: Arch, a: Strided<'_>, b: &[f32], n: usize, c: &mut [f32]) {
    run(arch, a, b, n, c, false);
}

/// As [`multiply`], added to what is in `c`.
pub(crate) fn multiply_add(arch: Arch, a: Strided<'_>, b: &[f32], n: usize, c: &mut [f32]) {
    run(arch, a, b, n, c, true);
}

fn run(arch: Arch, a: Strided<'_>, b: &[f32], n: usize, c: &mut [f32], add: bool) {
    debug_assert!(n.is_multiple_of(LANES));
    debug_assert!(c.len().is_multiple_of(n) && b.len().is_multiple_of(n));
    arch.dispatch(Multiply { a, b, n, c, add });
}

struct Multiply<'a> {
    a: Strided<'a>,
    b: &'a [f32],
    n: usize,
    c: &'a mut [f32],
    add: bool,
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, n, c, add } = self;
        let m = c.len() / n;
        let wide = 2 * S::F32_LANES;
        let mut column = 0;
        while column + wide <= n {
            rows_of_tiles::<S, 2>(simd, a, b, n, (m, column), c, add);
            column += wide;
        }
        while column < n {
            rows_of_tiles::<S, 1>(simd, a, b, n, (m, column), c, add);
            column += S::F32_LANES;
        }
    }
}

#[inline(always)]
fn rows_of_tiles<S: Simd, const V: usize>(
    simd: S,
    a: Strided<'_>,
    b: &[f32],
    n: usize,
    (m, column): (usize, usize),
    c: &mut [f32],
    add: bool,
) {
    let mut row = 0;
    while row + 8 <= m {
        tile::<S, 8, V>(simd, a, b, n, (row, column), c, add);
        row += 8;
    }
    while row < m {
        tile::<S, 1, V>(simd, a, b, n, (row, column), c, add);
        row += 1;
    }
}

/// `M` rows by `V` vectors of `c`.
#[inline(always)]
fn tile<S: Simd, const M: usize, const V: usize>(
    simd: S,
    a: Strided<'_>,
    b: &[f32],
    n: usize,
    (row, column): (usize, usize),
    c: &mut [f32],
    add: bool,
) {
    let width = V * S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); V]; M];
    if add {
        for (i, sums) in sums.iter_mut().enumerate() {
            let start = (row + i) * n + column;
            sums.copy_from_slice(S::as_simd_f32s(&c[start..start + width]).0);
        }
    }
    let a_rows: [&[f32]; M] = std::array::from_fn(|i| &a.data[(row + i) * a.row_step..]);
    for (k, b_row) in b.chunks_exact(n).enumerate() {
        let vectors = S::as_simd_f32s(&b_row[column..column + width]).0;
        for (sums, a_row) in sums.iter_mut().zip(a_rows) {
            let factor = simd.splat_f32s(a_row[k * a.column_step]);
            for (sum, &vector) in sums.iter_mut().zip(vectors) {
                *sum = simd.add_f32s(*sum, simd.mul_f32s(factor, vector));
            }
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        let start = (row + i) * n + column;
        let target = S::as_mut_simd_f32s(&mut c[start..start + width]).0;
        target.copy_from_slice(sums);
    }
}

/// `c = b a` for a single vector: `a` is `[k, n]`, `b` has `k` values and `c` has `n`, whole lanes. The
/// sums run over `k` from first to last, as in [`multiply`].
pub(crate) fn multiply_columns(arch: Arch, a: &[f32], b: &[f32], c: &mut [f32]) {
    debug_assert!(c.len().is_multiple_of(LANES));
    debug_assert!(a.len() >= b.len() * c.len());
    arch.dispatch(Columns { a, b, c });
}

struct Columns<'a> {
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
}

impl WithSimd for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { a, b, c } = self;
        let n = c.len();
        let mut column = 0;
        while column < n {
            let vectors = (n - column) / S::F32_LANES;
            column += S::F32_LANES
                * match vectors {
                    10.. => columns::<S, 10>(simd, a, b, column, c),
                    8.. => columns::<S, 8>(simd, a, b, column, c),
                    4.. => columns::<S, 4>(simd, a, b, column, c),
                    2.. => columns::<S, 2>(simd, a, b, column, c),
                    _ => columns::<S, 1>(simd, a, b, column, c),
                };
        }
    }
}

/// `V` vectors of `c`; returns `V`.
#[inline(always)]
fn columns<S: Simd, const V: usize>(
    simd: S,
    a: &[f32],
    b: &[f32],
    column: usize,
    c: &mut [f32],
) -> usize {
    let n = c.len();
    let width = V * S::F32_LANES;
    let mut sums = [simd.splat_f32s(0.0); V];
    for (&factor, row) in b.iter().zip(a.chunks_exact(n)) {
        let factor = simd.splat_f32s(factor);
        let vectors = S::as_simd_f32s(&row[column..column + width]).0;
        for (sum, &vector) in sums.iter_mut().zip(vectors) {
            *sum = simd.add_f32s(*sum, simd.mul_f32s(vector, factor));
        }
    }
    let target = S::as_mut_simd_f32s(&mut c[column..column + width]).0;
    target.copy_from_slice(&sums);
    V
}

/// `c = a b` for a single vector: `a` is rows of `width` values, of which as many count as `b` has, and
/// `c` has a value for each row. The sums run over `b` from first to last, as in [`multiply`].
pub(crate) fn multiply_rows(a: &[f32], width: usize, b: &[f32], c: &mut [f32]) {
    /// Sums side by side: enough that none waits for its last addition.
    const ROWS: usize = 16;
    let len = b.len();
    let whole = c.len() - c.len() % ROWS;
    let (in_blocks, others) = c.split_at_mut(whole);
    for (sums, rows) in in_blocks
        .chunks_exact_mut(ROWS)
        .zip(a.chunks_exact(ROWS * width))
    {
        let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row * width..][..len]);
        let mut totals = [0.0f32; ROWS];
        for (k, &factor) in b.iter().enumerate() {
            for (total, row) in totals.iter_mut().zip(rows) {
                *total += row[k] * factor;
            }
        }
        sums.copy_from_slice(&totals);
    }
    for (sum, row) in others
        .iter_mut()
        .zip(a[whole * width..].chunks_exact(width))
    {
        *sum = 0.0;
        for (&value, &factor) in row.iter().zip(b) {
            *sum += value * factor;
        }
    }
}

/// The sum of `values` (whole lanes): lane by lane, then the lanes pairwise.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    for chunk in values.chunks_exact(LANES) {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    total(lanes)
}

/// The sum of the products of `a` and `b` (whole lanes, equally many), in the order of [`sum`].
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    total(lanes)
}

#[inline(always)]
fn total(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 1e5
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    #[test]
    fn every_width_of_vectors_gives_the_bits_of_plain_loops() {
        for (m, k, n) in [(1, 1, 16), (8, 5, 32), (19, 33, 48), (3, 64, 80)] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let mut expected = vec![0.0f32; m * n];
            for i in 0..m {
                for p in 0..k {
                    for j in 0..n {
                        expected[i * n + j] += a[i * k + p] * b[p * n + j];
                    }
                }
            }
            for arch in [Arch::new(), Arch::Scalar] {
                let mut c = vec![0.0; m * n];
                multiply(arch, Strided::rows(&a, k), &b, n, &mut c);
                assert_eq!(c, expected, "{m} {k} {n}");
                let turned: Vec<f32> = (0..m * k).map(|at| a[at % m * k + at / m]).collect();
                multiply(arch, Strided::transposed(&turned, m), &b, n, &mut c);
                assert_eq!(c, expected, "{m} {k} {n}, transposed");
            }
        }
    }

    #[test]
    fn single_vectors_give_the_bits_of_many() {
        for (m, k) in [(1, 16), (8, 32), (21, 48), (5, 80), (160, 160), (9, 352)] {
            let (a, b, left) = (numbers(m * k, 3), numbers(k, 4), numbers(m, 5));
            let spread: Vec<f32> = b.iter().flat_map(|&value| [value; LANES]).collect();
            let mut expected = vec![0.0; m * LANES];
            multiply(
                Arch::Scalar,
                Strided::rows(&a, k),
                &spread,
                LANES,
                &mut expected,
            );
            let mut c = vec![0.0; m];
            multiply_rows(&a, k, &b, &mut c);
            assert!(c.iter().eq(expected.iter().step_by(LANES)), "{m} {k}");
            let mut expected = vec![0.0; k];
            multiply(Arch::Scalar, Strided::rows(&left, m), &a, k, &mut expected);
            for arch in [Arch::new(), Arch::Scalar] {
                let mut c = vec![0.0; k];
                multiply_columns(arch, &a, &left, &mut c);
                assert_eq!(c, expected, "{m} {k}");
            }
        }
    }
}
