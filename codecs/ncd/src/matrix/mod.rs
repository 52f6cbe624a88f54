//! Distance matrices: computing them in parts, and reading and writing them in other tools' formats.
//!
//! | you want to | look at |
//! |---|---|
//! | hold or look up distances | [`DistanceMatrix`] |
//! | read and write PHYLIP, Nexus, CSV, `.npy` | [`MatrixFormat`], [`DistanceMatrix::parse`] |
//! | compute one, on several threads or machines | [`MeasuredItems`], [`Plan`], [`compute`] |
//! | keep what is computed so far | [`partial`] |
//! | see how far a tree hangs on parts of the items | [`replicate()`] |

mod csv;
mod format;
mod measured;
mod nexus;
mod npy;
pub mod partial;
mod phylip;
mod plan;
mod replicate;
mod rows;

use std::collections::HashSet;

use codec_core::{Error, Result};

pub use format::MatrixFormat;
pub use measured::MeasuredItems;
pub use plan::{Order, PairDistance, Plan, RowDistance, Shard, Tile, compute};
pub use replicate::replicate;

/// Distances between all pairs of named items: symmetric, 0 on the diagonal.
///
/// Values are finite and not negative. They are single precision: what is kept on disk is what was
/// computed, in every format, and code lengths do not give seven digits anyway.
///
/// ```
/// use codec_ncd::matrix::DistanceMatrix;
/// let names = ["cat", "dog", "fox"].map(String::from).to_vec();
/// let matrix = DistanceMatrix::from_fn(names, |row, column| (row + column) as f32).unwrap();
/// assert_eq!(matrix.get(2, 1), 3.0);
/// assert_eq!(matrix.get(1, 2), 3.0);
/// assert_eq!(matrix.get(1, 1), 0.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DistanceMatrix {
    names: Vec<String>,
    /// Row by row below the diagonal: (1, 0), (2, 0), (2, 1), ...
    lower: Vec<f32>,
}

impl DistanceMatrix {
    /// The matrix of `names` in which `distance(row, column)` is asked for every `row > column`.
    ///
    /// # Errors
    /// [`Error::Usage`] for no name, an empty name, a name twice, or a value that is negative or
    /// not finite.
    pub fn from_fn(
        names: Vec<String>,
        mut distance: impl FnMut(usize, usize) -> f32,
    ) -> Result<Self> {
        let n = names.len();
        let mut lower = Vec::with_capacity(pairs(n));
        for row in 1..n {
            lower.extend((0..row).map(|column| distance(row, column)));
        }
        Self::from_lower(names, lower)
    }

    /// The matrix of `names` with the values below the diagonal row by row: (1, 0), (2, 0), (2, 1).
    ///
    /// # Errors
    /// As [`DistanceMatrix::from_fn`], and if `lower` has not n (n - 1) / 2 values.
    pub fn from_lower(names: Vec<String>, lower: Vec<f32>) -> Result<Self> {
        check_names(&names).map_err(Error::Usage)?;
        if lower.len() != pairs(names.len()) {
            return Err(Error::Usage(format!(
                "{} items have {} pairs, but there are {} distances",
                names.len(),
                pairs(names.len()),
                lower.len()
            )));
        }
        let matrix = DistanceMatrix { names, lower };
        for row in 1..matrix.len() {
            for (column, value) in matrix.row_below(row).iter().enumerate() {
                check_value(*value).map_err(|problem| {
                    let (row, column) = (&matrix.names[row], &matrix.names[column]);
                    Error::Usage(format!("distance of {row} and {column}: {problem}"))
                })?;
            }
        }
        Ok(matrix)
    }

    /// The matrix of a full square, row by row; the two values of a pair must agree unless
    /// `asymmetry` says that they are averaged. The diagonal is not looked at.
    ///
    /// # Errors
    /// As [`DistanceMatrix::from_lower`]; [`Error::Usage`] for a pair whose values differ.
    pub fn from_square(names: Vec<String>, square: &[f32], asymmetry: Asymmetry) -> Result<Self> {
        let n = names.len();
        if square.len() != n.saturating_mul(n) {
            return Err(Error::Usage(format!(
                "a square of {n} items has {n} x {n} values, not {}",
                square.len()
            )));
        }
        let mut lower = Vec::with_capacity(pairs(n));
        for row in 1..n {
            for column in 0..row {
                let (one, other) = (square[row * n + column], square[column * n + row]);
                lower.push(asymmetry.settle(one, other).map_err(|problem| {
                    let (row, column) = (&names[row], &names[column]);
                    Error::Usage(format!("distance of {row} and {column}: {problem}"))
                })?);
            }
        }
        Self::from_lower(names, lower)
    }

    /// Reads a matrix in any format that [`MatrixFormat::recognise`] knows. `names` is the content
    /// of the file of names beside an `.npy` file, one a line.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with line and reason, [`Error::Usage`] for an `.npy` file without names,
    /// [`Error::Unsupported`] for kinds of array that hold no distances.
    pub fn parse(bytes: &[u8], names: Option<&str>, asymmetry: Asymmetry) -> Result<Self> {
        MatrixFormat::recognise(bytes).parse(bytes, names, asymmetry)
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Never: a matrix has at least one item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names of the items, all different.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The distance of two items by their index, in any order.
    ///
    /// # Panics
    /// If an index is not below [`DistanceMatrix::len`].
    #[must_use]
    pub fn get(&self, one: usize, other: usize) -> f32 {
        match one.cmp(&other) {
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => self.lower[pairs(one) + other],
            std::cmp::Ordering::Less => self.lower[pairs(other) + one],
        }
    }

    /// The distances of item `row` to the items before it.
    ///
    /// # Panics
    /// If `row` is not below [`DistanceMatrix::len`].
    #[must_use]
    pub fn row_below(&self, row: usize) -> &[f32] {
        &self.lower[pairs(row)..pairs(row) + row]
    }

    /// The largest distance of any two items, 0 if there is one item only.
    #[must_use]
    pub fn largest(&self) -> f32 {
        self.lower.iter().copied().fold(0.0, f32::max)
    }
}

/// What is done where the distance from a to b is not the distance from b to a.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asymmetry {
    /// An error, unless the two agree to five digits, as after rounding by another tool.
    #[default]
    Refuse,
    /// The mean of the two.
    Average,
}

impl Asymmetry {
    /// The one value for a pair, or why there is none.
    fn settle(self, one: f32, other: f32) -> std::result::Result<f32, String> {
        check_value(one)?;
        check_value(other)?;
        let differ = (one - other).abs() > 1e-5 * one.max(other);
        if differ && self == Asymmetry::Refuse {
            return Err(format!(
                "{one} in one direction, {other} in the other; averaging must be asked for"
            ));
        }
        Ok(f32::midpoint(one, other))
    }
}

/// How many pairs `n` items have; also where row `n` starts below the diagonal.
pub(crate) fn pairs(n: usize) -> usize {
    n * n.saturating_sub(1) / 2
}

/// Why these names cannot name the items of a matrix.
fn check_names(names: &[String]) -> std::result::Result<(), String> {
    if names.is_empty() {
        return Err("a distance matrix needs at least one item".to_owned());
    }
    let mut seen = HashSet::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("item {} has an empty name", index + 1));
        }
        if name.chars().any(char::is_control) {
            return Err(format!("the name {name:?} has control characters in it"));
        }
        if !seen.insert(name.as_str()) {
            return Err(format!("two items are named {name}"));
        }
    }
    Ok(())
}

/// Why this is no distance.
fn check_value(value: f32) -> std::result::Result<(), String> {
    if !value.is_finite() {
        Err(format!("{value} is no finite number"))
    } else if value < 0.0 {
        Err(format!("{value} is negative"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
