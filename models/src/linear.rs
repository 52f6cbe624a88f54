//! Closed forms of small dense matrices: eigenvectors of symmetric ones and least squares.

/// A dense matrix of `rows` by `columns`, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Row-major values.
    pub values: Vec<f64>,
}

impl Matrix {
    /// All zeros.
    #[must_use]
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Matrix {
            rows,
            columns,
            values: vec![0.0; rows * columns],
        }
    }

    /// Row `row`.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.values[row * self.columns..][..self.columns]
    }

    /// Adds `weight * a b^T`.
    ///
    /// # Panics
    /// If `a` has not one value a row and `b` one a column.
    pub fn add_outer(&mut self, weight: f64, a: &[f32], b: &[f32]) {
        assert!(a.len() == self.rows && b.len() == self.columns);
        for (row, &a) in self.values.chunks_exact_mut(self.columns).zip(a) {
            let factor = weight * f64::from(a);
            for (value, &b) in row.iter_mut().zip(b) {
                *value += factor * f64::from(b);
            }
        }
    }
}

/// Eigenvalues and eigenvectors (as rows) of a symmetric matrix, greatest eigenvalue first, by
/// cyclic Jacobi rotations. The largest component of each vector is positive.
///
/// # Panics
/// If the matrix is not square.
#[must_use]
pub fn symmetric_eigen(matrix: &Matrix) -> (Vec<f64>, Matrix) {
    assert_eq!(matrix.rows, matrix.columns);
    let n = matrix.rows;
    let mut a = matrix.clone();
    let mut vectors = Matrix::zeros(n, n);
    for i in 0..n {
        vectors.values[i * n + i] = 1.0;
    }
    let total: f64 = a.values.iter().map(|value| value * value).sum();
    for _ in 0..40 {
        if off_diagonal(&a) <= 1e-24 * total {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    sorted(&a, &vectors)
}

fn off_diagonal(a: &Matrix) -> f64 {
    let n = a.rows;
    let square = |at: usize| {
        let (row, column) = (at / n, at % n);
        if row == column {
            0.0
        } else {
            a.values[at] * a.values[at]
        }
    };
    (0..n * n).map(square).sum()
}

/// The rotation that makes the element at `(p, q)` zero.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let n = a.rows;
    let element = a.values[p * n + q];
    if element == 0.0 {
        return;
    }
    let theta = (a.values[q * n + q] - a.values[p * n + p]) / (2.0 * element);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for k in 0..n {
        let (kp, kq) = (a.values[k * n + p], a.values[k * n + q]);
        a.values[k * n + p] = cosine * kp - sine * kq;
        a.values[k * n + q] = sine * kp + cosine * kq;
    }
    for matrix in [a, vectors] {
        for k in 0..n {
            let (pk, qk) = (matrix.values[p * n + k], matrix.values[q * n + k]);
            matrix.values[p * n + k] = cosine * pk - sine * qk;
            matrix.values[q * n + k] = sine * pk + cosine * qk;
        }
    }
}

fn sorted(a: &Matrix, vectors: &Matrix) -> (Vec<f64>, Matrix) {
    let n = a.rows;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a.values[j * n + j].total_cmp(&a.values[i * n + i]));
    let mut out = Matrix::zeros(n, n);
    for (to, &from) in order.iter().enumerate() {
        let row = vectors.row(from);
        let largest = row
            .iter()
            .copied()
            .max_by(|x, y| x.abs().total_cmp(&y.abs()));
        let sign = largest.unwrap_or(1.0).signum();
        for (value, from) in out.row_mut(to).iter_mut().zip(row) {
            *value = sign * from;
        }
    }
    let values = order.iter().map(|&at| a.values[at * n + at]).collect();
    (values, out)
}

/// The `x` (`[n, outputs]`) that solves `(gram + ridge I) x = moments`, by Cholesky decomposition:
/// least squares from the sums of products of inputs (`gram`, `[n, n]`) and of inputs with outputs.
/// `ridge` is relative to the mean of the diagonal and keeps `gram` positive.
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn least_squares(gram: &Matrix, moments: &Matrix, ridge: f64) -> Matrix {
    assert!(gram.rows == gram.columns && gram.rows == moments.rows);
    let n = gram.rows;
    let trace: f64 = (0..n).map(|i| gram.values[i * n + i]).sum();
    let lower = cholesky(gram, ridge * trace / n as f64 + 1e-30);
    let mut x = moments.clone();
    let width = x.columns;
    for i in 0..n {
        let (done, rest) = x.values.split_at_mut(i * width);
        let row = &mut rest[..width];
        for (k, earlier) in done.chunks_exact(width).enumerate() {
            subtract(row, lower.values[i * n + k], earlier);
        }
        divide(row, lower.values[i * n + i]);
    }
    for i in (0..n).rev() {
        let (head, later) = x.values.split_at_mut((i + 1) * width);
        let row = &mut head[i * width..];
        for (k, later) in later.chunks_exact(width).enumerate() {
            subtract(row, lower.values[(i + 1 + k) * n + i], later);
        }
        divide(row, lower.values[i * n + i]);
    }
    x
}

fn subtract(row: &mut [f64], factor: f64, other: &[f64]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value -= factor * other;
    }
}

fn divide(row: &mut [f64], divisor: f64) {
    for value in row {
        *value /= divisor;
    }
}

fn cholesky(gram: &Matrix, added: f64) -> Matrix {
    let n = gram.rows;
    let mut lower = Matrix::zeros(n, n);
    for i in 0..n {
        for j in 0..=i {
            let products = lower.row(i)[..j].iter().zip(&lower.row(j)[..j]);
            let sum: f64 = products.map(|(a, b)| a * b).sum();
            let value = gram.values[i * n + j] - sum;
            lower.values[i * n + j] = if i == j {
                (value + added).max(added).sqrt()
            } else {
                value / lower.values[j * n + j]
            };
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_are_orthogonal_and_scaled_by_the_matrix() {
        let n = 7;
        let mut matrix = Matrix::zeros(n, n);
        for i in 0..n {
            for j in 0..n {
                matrix.values[i * n + j] = 1.0 / (1 + i + j) as f64 + f64::from(u8::from(i == j));
            }
        }
        let (values, vectors) = symmetric_eigen(&matrix);
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
        for (i, value) in values.iter().enumerate() {
            let vector = vectors.row(i);
            for row in 0..n {
                let product: f64 = matrix.row(row).iter().zip(vector).map(|(a, b)| a * b).sum();
                assert!((product - value * vector[row]).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn least_squares_finds_the_matrix_behind_its_products() {
        let truth = [[1.0, -2.0], [0.5, 3.0], [0.0, 1.5]];
        let (mut gram, mut moments) = (Matrix::zeros(3, 3), Matrix::zeros(3, 2));
        for at in 0..20u8 {
            let at = f32::from(at);
            let input = [at.sin(), (2.0 * at).cos(), 1.0];
            let output: Vec<f32> = (0..2)
                .map(|o| (0..3).map(|i| input[i] * truth[i][o] as f32).sum())
                .collect();
            gram.add_outer(1.0, &input, &input);
            moments.add_outer(1.0, &input, &output);
        }
        let found = least_squares(&gram, &moments, 0.0);
        for (i, row) in truth.iter().enumerate() {
            for (o, value) in row.iter().enumerate() {
                assert!((found.row(i)[o] - value).abs() < 1e-4);
            }
        }
    }
}
