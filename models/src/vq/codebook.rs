//! Codebooks: vectors of integers by number, the nearest one, and how they are learned.

use rayon::prelude::*;

use crate::random::Random;

/// Vectors of one length, the most useful first: any leading part is a smaller codebook.
#[derive(Debug, Clone, PartialEq)]
pub struct Codebook {
    dimension: usize,
    /// `[codes, dimension]`.
    vectors: Vec<i16>,
    /// `[dimension, codes]`, so that all codes are compared side by side.
    columns: Vec<f32>,
    /// Squared length of each.
    squares: Vec<f32>,
}

impl Codebook {
    /// A codebook of `vectors`, `[codes, dimension]`.
    ///
    /// # Panics
    /// If there are none, or not as many as make whole vectors.
    #[must_use]
    pub fn new(vectors: Vec<i16>, dimension: usize) -> Self {
        assert!(dimension > 0 && !vectors.is_empty() && vectors.len().is_multiple_of(dimension));
        let codes = vectors.len() / dimension;
        let mut columns = vec![0.0; vectors.len()];
        for (code, vector) in vectors.chunks_exact(dimension).enumerate() {
            for (d, &value) in vector.iter().enumerate() {
                columns[d * codes + code] = f32::from(value);
            }
        }
        let square = |vector: &[i16]| vector.iter().map(|&v| f32::from(v).powi(2)).sum();
        let squares = vectors.chunks_exact(dimension).map(square).collect();
        Codebook {
            dimension,
            vectors,
            columns,
            squares,
        }
    }

    /// Number of codes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Whether there are none: never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }

    /// Length of a vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The vector of a code.
    ///
    /// # Panics
    /// If there is no such code.
    #[must_use]
    pub fn vector(&self, code: usize) -> &[i16] {
        &self.vectors[code * self.dimension..][..self.dimension]
    }

    /// All vectors, `[codes, dimension]`.
    #[must_use]
    pub fn vectors(&self) -> &[i16] {
        &self.vectors
    }

    /// Squared distance of `wanted` to each code, less the squared length of `wanted`.
    pub fn distances(&self, wanted: &[f32], distances: &mut Vec<f32>) {
        distances.clear();
        distances.extend_from_slice(&self.squares);
        let codes = self.len();
        for (&value, column) in wanted.iter().zip(self.columns.chunks_exact(codes)) {
            let twice = -2.0 * value;
            for (distance, &code) in distances.iter_mut().zip(column) {
                *distance += twice * code;
            }
        }
    }
}

/// Index of the least value.
#[must_use]
pub fn least(values: &[f32]) -> usize {
    let mut best = (f32::INFINITY, 0);
    for (at, &value) in values.iter().enumerate() {
        if value < best.0 {
            best = (value, at);
        }
    }
    best.1
}

/// How a codebook is learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learning {
    /// Codes.
    pub codes: usize,
    /// Rounds of k-means.
    pub rounds: usize,
    /// Whether code 0 is the zero vector.
    pub has_zero: bool,
    /// What is random.
    pub seed: u64,
}

/// Learns a codebook for `data` (`[count, dimension]`) by k-means: codes that nothing is nearest to
/// start anew at a random vector. Codes are in the order of how often they are used.
///
/// # Panics
/// If there are no data.
#[must_use]
pub fn learn(data: &[f32], dimension: usize, learning: Learning) -> Codebook {
    let count = data.len() / dimension;
    assert!(count > 0 && learning.codes > 0);
    let mut random = Random::new(learning.seed, 3);
    let drawn = |random: &mut Random| &data[random.below(count) * dimension..][..dimension];
    let mut means: Vec<f32> = (0..learning.codes)
        .flat_map(|_| drawn(&mut random).to_vec())
        .collect();
    let mut uses = vec![0usize; learning.codes];
    for round in 0..=learning.rounds {
        if learning.has_zero {
            means[..dimension].fill(0.0);
        }
        let book = Codebook::new(rounded(&means), dimension);
        let (sums, found) = assigned(&book, data);
        uses = found;
        if round == learning.rounds {
            break;
        }
        for (code, &uses) in uses.iter().enumerate() {
            let mean = &mut means[code * dimension..][..dimension];
            if uses == 0 {
                mean.copy_from_slice(drawn(&mut random));
            } else {
                for (mean, sum) in mean.iter_mut().zip(&sums[code * dimension..]) {
                    *mean = (sum / uses as f64) as f32;
                }
            }
        }
    }
    let mut order: Vec<usize> = (usize::from(learning.has_zero)..learning.codes).collect();
    order.sort_by_key(|&code| std::cmp::Reverse(uses[code]));
    if learning.has_zero {
        order.insert(0, 0);
    }
    let vectors = rounded(&means);
    let ordered = order
        .iter()
        .flat_map(|&code| &vectors[code * dimension..][..dimension]);
    Codebook::new(ordered.copied().collect(), dimension)
}

fn rounded(means: &[f32]) -> Vec<i16> {
    means.iter().map(|value| value.round() as i16).collect()
}

/// Sum of the data nearest to each code, and how many they are.
fn assigned(book: &Codebook, data: &[f32]) -> (Vec<f64>, Vec<usize>) {
    const PART: usize = 2048;
    let dimension = book.dimension();
    let parts: Vec<(Vec<f64>, Vec<usize>)> = data
        .par_chunks(PART * dimension)
        .map(|part| {
            let mut sums = vec![0.0; book.len() * dimension];
            let mut uses = vec![0; book.len()];
            let mut distances = Vec::new();
            for vector in part.chunks_exact(dimension) {
                book.distances(vector, &mut distances);
                let code = least(&distances);
                uses[code] += 1;
                for (sum, &value) in sums[code * dimension..].iter_mut().zip(vector) {
                    *sum += f64::from(value);
                }
            }
            (sums, uses)
        })
        .collect();
    // In order, so that the sums do not depend on threads.
    let empty = (vec![0.0; book.len() * dimension], vec![0; book.len()]);
    parts.into_iter().fold(empty, |mut all, part| {
        all.0.iter_mut().zip(part.0).for_each(|(a, b)| *a += b);
        all.1.iter_mut().zip(part.1).for_each(|(a, b)| *a += b);
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points around eight corners.
    fn clouds() -> Vec<f32> {
        let mut random = Random::new(1, 1);
        (0..4000)
            .flat_map(|at| {
                let corner = at % 8;
                [0, 1, 2].map(|d| {
                    let side = if corner >> d & 1 == 1 { 300.0 } else { -300.0 };
                    side + 10.0 * random.normal()
                })
            })
            .collect()
    }

    #[test]
    fn clouds_are_found_and_every_code_is_used() {
        let data = clouds();
        let learning = Learning {
            codes: 16,
            rounds: 12,
            has_zero: false,
            seed: 1,
        };
        let book = learn(&data, 3, learning);
        let (_, uses) = assigned(&book, &data);
        assert!(uses.iter().all(|&uses| uses > 0));
        let mut distances = Vec::new();
        for vector in data.chunks_exact(3) {
            book.distances(vector, &mut distances);
            let square: f32 = vector.iter().map(|v| v * v).sum();
            assert!(distances[least(&distances)] + square < 6000.0);
        }
        assert_eq!(book, learn(&data, 3, learning));
    }

    #[test]
    fn the_zero_vector_is_code_0_where_it_was_asked_for() {
        let learning = Learning {
            codes: 9,
            rounds: 5,
            has_zero: true,
            seed: 1,
        };
        assert_eq!(learn(&clouds(), 3, learning).vector(0), [0, 0, 0]);
    }
}
