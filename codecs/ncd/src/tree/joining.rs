//! Neighbour joining and BioNJ.

use codec_core::Result;

use super::{Growing, Tree, at_least_two};
use crate::matrix::DistanceMatrix;

/// Neighbour joining (Saitou & Nei 1987, in the form of Studier & Keppler 1988): the unrooted tree
/// itself for distances that are those of a tree, and a good guess for others. Time O(n³).
///
/// A branch that would be negative becomes 0, and its sister branch takes the difference, so that
/// the two items keep their distance (Kuhner & Felsenstein 1994). Of equally good pairs the first
/// is joined.
///
/// # Errors
/// [`codec_core::Error::Usage`] for fewer than two items.
///
/// ```
/// use codec_ncd::matrix::DistanceMatrix;
/// use codec_ncd::tree::neighbor_joining;
/// let names = ["a", "b", "c", "d"].map(String::from).to_vec();
/// let matrix = DistanceMatrix::from_lower(names, vec![2.0, 4.0, 4.0, 5.0, 5.0, 3.0])?;
/// assert_eq!(neighbor_joining(&matrix)?.newick(), "((a:1,b:1):2,c:1,d:2);");
/// # Ok::<(), codec_core::Error>(())
/// ```
pub fn neighbor_joining(matrix: &DistanceMatrix) -> Result<Tree> {
    join(matrix, false)
}

/// BioNJ (Gascuel 1997): neighbour joining that weighs the distances to a joined pair by how
/// certain they are, taking variances as proportional to distances. Better where distances are long.
///
/// Negative branches are treated as in [`neighbor_joining`].
///
/// # Errors
/// [`codec_core::Error::Usage`] for fewer than two items.
pub fn bionj(matrix: &DistanceMatrix) -> Result<Tree> {
    join(matrix, true)
}

fn join(matrix: &DistanceMatrix, weighted: bool) -> Result<Tree> {
    let n = matrix.len();
    at_least_two(n)?;
    let mut tree = Growing::with_leaves(matrix.names());
    let mut distances = Square::of(matrix);
    let mut variances = weighted.then(|| distances.clone());
    // Cluster `slot` of the squares is node `nodes[slot]` of the tree.
    let mut nodes: Vec<usize> = (0..n).collect();
    let mut active: Vec<usize> = (0..n).collect();
    let mut sums: Vec<f64> = (0..n)
        .map(|i| active.iter().map(|j| distances.get(i, *j)).sum())
        .collect();
    while active.len() > 3 {
        let others = (active.len() - 2) as f64;
        let (a, b) = closest(&active, &distances, &sums, others);
        let (i, j) = (active[a], active[b]);
        let between = distances.get(i, j);
        let to_i = between / 2.0 + (sums[i] - sums[j]) / (2.0 * others);
        let to_j = between - to_i;
        let (short_i, short_j) = not_negative(to_i, to_j);
        let joined = tree.join(&[(nodes[i], Some(short_i)), (nodes[j], Some(short_j))]);
        active.remove(b);
        let share = match &variances {
            Some(variances) => share(variances, &active, i, j, others),
            None => 0.5,
        };
        sums[i] = 0.0;
        for &k in active.iter().filter(|k| **k != i) {
            let (from_i, from_j) = (distances.get(i, k), distances.get(j, k));
            let distance = share * (from_i - to_i) + (1.0 - share) * (from_j - to_j);
            distances.set(i, k, distance);
            sums[k] += distance - from_i - from_j;
            sums[i] += distance;
            if let Some(variances) = &mut variances {
                let (of_i, of_j) = (variances.get(i, k), variances.get(j, k));
                let less = share * (1.0 - share) * variances.get(i, j);
                variances.set(i, k, share * of_i + (1.0 - share) * of_j - less);
            }
        }
        nodes[i] = joined;
    }
    let last: Vec<(usize, Option<f64>)> = match active[..] {
        [i, j, k] => {
            let (ij, ik, jk) = (
                distances.get(i, j),
                distances.get(i, k),
                distances.get(j, k),
            );
            [(i, ij + ik - jk), (j, ij + jk - ik), (k, ik + jk - ij)]
                .map(|(slot, twice)| (nodes[slot], Some((twice / 2.0).max(0.0))))
                .to_vec()
        }
        _ => {
            let half = distances.get(0, 1) / 2.0;
            vec![(nodes[0], Some(half)), (nodes[1], Some(half))]
        }
    };
    tree.join(&last);
    Ok(tree.finish(false))
}

/// The places in `active` of the pair to join: the least of Studier and Keppler's criterion.
fn closest(active: &[usize], distances: &Square, sums: &[f64], others: f64) -> (usize, usize) {
    let mut best = (f64::INFINITY, 0, 1);
    for (a, &i) in active.iter().enumerate() {
        let row = distances.row(i);
        for (b, &j) in active.iter().enumerate().skip(a + 1) {
            let criterion = others * row[j] - sums[i] - sums[j];
            if criterion < best.0 {
                best = (criterion, a, b);
            }
        }
    }
    (best.1, best.2)
}

/// How much the distances of `i` count against those of `j` (Gascuel's λ, equation 9).
fn share(variances: &Square, active: &[usize], i: usize, j: usize, others: f64) -> f64 {
    let between = variances.get(i, j);
    if between <= 0.0 {
        return 0.5;
    }
    let difference: f64 = active
        .iter()
        .filter(|k| **k != i)
        .map(|k| variances.get(j, *k) - variances.get(i, *k))
        .sum();
    (0.5 + difference / (2.0 * others * between)).clamp(0.0, 1.0)
}

/// Two sister branches without a negative one and with the same sum, if that is not negative.
fn not_negative(one: f64, other: f64) -> (f64, f64) {
    let sum = (one + other).max(0.0);
    let one = one.clamp(0.0, sum);
    (one, sum - one)
}

/// A full symmetric square.
#[derive(Clone)]
struct Square {
    n: usize,
    values: Vec<f64>,
}

impl Square {
    fn of(matrix: &DistanceMatrix) -> Self {
        let n = matrix.len();
        let cells = (0..n * n).map(|cell| f64::from(matrix.get(cell / n, cell % n)));
        Square {
            n,
            values: cells.collect(),
        }
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n..(i + 1) * self.n]
    }

    fn get(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.n + j]
    }

    fn set(&mut self, i: usize, j: usize, value: f64) {
        self.values[i * self.n + j] = value;
        self.values[j * self.n + i] = value;
    }
}
