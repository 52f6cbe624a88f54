//! Clusters from distances: hierarchical, and around medoids.

mod hierarchy;
mod medoids;

use codec_core::{Error, Result};

use crate::matrix::DistanceMatrix;

pub use hierarchy::{Dendrogram, Linkage, Merge, dendrogram};
pub use medoids::{Medoids, k_medoids};

/// How well items lie in their clusters (Rousseeuw 1987), from -1 to 1 for each item: near 1 where
/// its own cluster is much closer than the next one, near 0 between two, negative in the wrong one.
/// An item that is a cluster of its own has 0.
///
/// # Errors
/// [`Error::Usage`] unless there is one cluster number for each item.
pub fn silhouettes(matrix: &DistanceMatrix, clusters: &[usize]) -> Result<Vec<f64>> {
    if clusters.len() != matrix.len() {
        return Err(Error::Usage(format!(
            "{} items, but {} clusters assigned",
            matrix.len(),
            clusters.len()
        )));
    }
    let count = clusters.iter().max().map_or(0, |last| last + 1);
    let mut sizes = vec![0usize; count];
    for cluster in clusters {
        sizes[*cluster] += 1;
    }
    let silhouette = |item: usize| {
        let mut sums = vec![0.0; count];
        for (other, cluster) in clusters.iter().enumerate() {
            sums[*cluster] += f64::from(matrix.get(item, other));
        }
        let own = clusters[item];
        let within = sums[own] / (sizes[own] as f64 - 1.0);
        let next = (0..count)
            .filter(|cluster| *cluster != own && sizes[*cluster] > 0)
            .map(|cluster| sums[cluster] / sizes[cluster] as f64)
            .fold(f64::INFINITY, f64::min);
        let wider = within.max(next);
        if sizes[own] == 1 || next.is_infinite() || wider <= 0.0 {
            0.0
        } else {
            (next - within) / wider
        }
    };
    Ok((0..matrix.len()).map(silhouette).collect())
}

/// An error unless `count` clusters can be made of the items.
fn check_count(matrix: &DistanceMatrix, count: usize) -> Result<()> {
    let n = matrix.len();
    if count == 0 || count > n {
        return Err(Error::Usage(format!(
            "{n} items make 1 to {n} clusters, not {count}"
        )));
    }
    Ok(())
}

/// Numbers clusters by their first item: the first item is in cluster 0, the first one that is not
/// in that is in cluster 1, and so on.
fn numbered_by_first(keys: &[usize]) -> Vec<usize> {
    let mut seen = std::collections::HashMap::new();
    let number = |key: &usize| {
        let next = seen.len();
        *seen.entry(*key).or_insert(next)
    };
    keys.iter().map(number).collect()
}

#[cfg(test)]
mod tests;
