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
}
