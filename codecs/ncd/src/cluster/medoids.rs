//! Clusters around medoids: items that stand for their cluster.

use codec_core::Result;

use super::{check_count, numbered_by_first};
use crate::matrix::DistanceMatrix;
use crate::shuffle::Shuffle;

/// Clusters around medoids.
#[derive(Debug, Clone, PartialEq)]
pub struct Medoids {
    /// The cluster of each item, from 0; clusters are numbered by their first item.
    pub clusters: Vec<usize>,
    /// The item that stands for each cluster.
    pub medoids: Vec<usize>,
    /// Sum of the distances of all items to their medoid.
    pub cost: f64,
}

/// Partitions items around `count` medoids such that the sum of distances is small: PAM (Kaufman &
/// Rousseeuw 1990), from its greedy BUILD and from `starts` random choices, of which the best is
/// taken. Each swaps a medoid for another item as long as the best swap helps.
///
/// # Errors
/// [`codec_core::Error::Usage`] unless 1 ≤ `count` ≤ number of items.
pub fn k_medoids(
    matrix: &DistanceMatrix,
    count: usize,
    starts: usize,
    seed: u64,
) -> Result<Medoids> {
    check_count(matrix, count)?;
    let mut random = Shuffle::new(seed);
    let mut best = improved(matrix, greedy(matrix, count));
    for _ in 0..starts {
        let mut items: Vec<usize> = (0..matrix.len()).collect();
        random.shuffle(&mut items);
        items.truncate(count);
        let found = improved(matrix, items);
        if found.0 < best.0 {
            best = found;
        }
    }
    let (cost, medoids) = best;
    let nearest = |item: usize| {
        let distance = |medoid: &&usize| matrix.get(item, **medoid);
        let least = medoids
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        // A medoid is in its own cluster, even if another one has no distance from it.
        let own = medoids.iter().find(|medoid| **medoid == item);
        own.or(least).copied().unwrap_or(item)
    };
    let of_items: Vec<usize> = (0..matrix.len()).map(nearest).collect();
    let clusters = numbered_by_first(&of_items);
    let mut ordered = vec![0; count];
    for (item, cluster) in clusters.iter().enumerate() {
        ordered[*cluster] = of_items[item];
    }
    Ok(Medoids {
        clusters,
        medoids: ordered,
        cost,
    })
}

/// BUILD: one medoid after the other, each the item that lowers the cost most.
fn greedy(matrix: &DistanceMatrix, count: usize) -> Vec<usize> {
    let n = matrix.len();
    let mut nearest = vec![f64::INFINITY; n];
    let mut medoids: Vec<usize> = Vec::with_capacity(count);
    for _ in 0..count {
        let cost = |candidate: usize| -> f64 {
            let distance = |item: usize| f64::from(matrix.get(item, candidate));
            (0..n).map(|item| nearest[item].min(distance(item))).sum()
        };
        let candidates = (0..n).filter(|item| !medoids.contains(item));
        let costs = candidates.map(|candidate| (cost(candidate), candidate));
        let Some((_, medoid)) = costs.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            break;
        };
        for (item, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(f64::from(matrix.get(item, medoid)));
        }
        medoids.push(medoid);
    }
    medoids
}

/// SWAP: the best exchange of a medoid for another item, as long as there is one that helps.
fn improved(matrix: &DistanceMatrix, mut medoids: Vec<usize>) -> (f64, Vec<usize>) {
    let n = matrix.len();
    let mut cost = cost(matrix, &medoids);
    loop {
        // For each item the place of its nearest medoid, that distance, and the next best one.
        let near: Vec<(usize, f64, f64)> = (0..n).map(|item| two(matrix, &medoids, item)).collect();
        let mut best = (cost, 0, 0);
        for candidate in (0..n).filter(|item| !medoids.contains(item)) {
            // The cost with `candidate` added and the medoid at each place removed.
            let mut costs = vec![0.0; medoids.len()];
            let mut shared = 0.0;
            for (item, &(place, first, second)) in near.iter().enumerate() {
                let distance = f64::from(matrix.get(item, candidate));
                shared += first.min(distance);
                costs[place] += second.min(distance) - first.min(distance);
            }
            for (place, extra) in costs.into_iter().enumerate() {
                if shared + extra < best.0 {
                    best = (shared + extra, place, candidate);
                }
            }
        }
        // Sums in another order differ in their last digits: that is no improvement.
        if best.0 >= cost - 1e-9 * cost.abs() {
            return (cost, medoids);
        }
        medoids[best.1] = best.2;
        cost = best.0;
    }
}

fn cost(matrix: &DistanceMatrix, medoids: &[usize]) -> f64 {
    (0..matrix.len())
        .map(|item| two(matrix, medoids, item).1)
        .sum()
}

/// The place of the nearest medoid of `item`, its distance, and that of the next one.
fn two(matrix: &DistanceMatrix, medoids: &[usize], item: usize) -> (usize, f64, f64) {
    let mut found = (0, f64::INFINITY, f64::INFINITY);
    for (place, medoid) in medoids.iter().enumerate() {
        let distance = f64::from(matrix.get(item, *medoid));
        if distance < found.1 {
            found = (place, distance, found.1);
        } else if distance < found.2 {
            found.2 = distance;
        }
    }
    found
}
