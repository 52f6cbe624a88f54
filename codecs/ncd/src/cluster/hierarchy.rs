//! Agglomerative clustering by nearest-neighbour chains (Murtagh 1983).

use codec_core::Result;

use super::{check_count, numbered_by_first};
use crate::matrix::DistanceMatrix;

/// What the distance of two clusters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Linkage {
    /// The mean distance of their items (UPGMA).
    #[default]
    Average,
    /// The largest distance of their items.
    Complete,
    /// The smallest distance of their items.
    Single,
}

/// Two clusters that become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merge {
    /// One cluster: below n an item, n + k the result of merge k.
    pub one: usize,
    /// The other, of the larger number.
    pub other: usize,
    /// Their distance.
    pub distance: f64,
}

/// The order in which items and clusters merge until there is one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Dendrogram {
    items: usize,
    merges: Vec<Merge>,
}

/// Merges the closest clusters until one is left. Of equally close ones, those with the first items
/// merge first. Time and memory O(n²).
#[must_use]
pub fn dendrogram(matrix: &DistanceMatrix, linkage: Linkage) -> Dendrogram {
    let n = matrix.len();
    let mut merges = chain(matrix, linkage);
    // The chain finds merges out of order; sorting keeps each after those that it builds on, as no
    // linkage here merges at less than what it builds on.
    merges.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    let mut sets = Sets::new(n);
    let merges = merges.iter().enumerate().map(|(number, merge)| {
        let (one, other) = sets.unite(merge.one, merge.other, n + number);
        Merge {
            one: one.min(other),
            other: one.max(other),
            distance: merge.distance,
        }
    });
    Dendrogram {
        items: n,
        merges: merges.collect(),
    }
}

impl Dendrogram {
    /// The merges, closest first: one fewer than items.
    #[must_use]
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// The cluster of each item, from 0, when `count` clusters are left. Clusters are numbered by
    /// their first item.
    ///
    /// # Errors
    /// [`codec_core::Error::Usage`] unless 1 ≤ `count` ≤ number of items.
    pub fn cut_into(&self, matrix: &DistanceMatrix, count: usize) -> Result<Vec<usize>> {
        check_count(matrix, count)?;
        Ok(self.after(self.items - count))
    }

    /// The cluster of each item, from 0, when everything at most `distance` apart has merged.
    #[must_use]
    pub fn cut_at(&self, distance: f64) -> Vec<usize> {
        let merged = |merge: &Merge| merge.distance <= distance;
        self.after(self.merges.partition_point(merged))
    }

    /// The clusters after the first `merges` merges.
    fn after(&self, merges: usize) -> Vec<usize> {
        // From the last merge down, every cluster learns which one it ends in.
        let mut ends: Vec<usize> = (0..self.items + merges).collect();
        for (number, merge) in self.merges[..merges].iter().enumerate().rev() {
            let end = ends[self.items + number];
            ends[merge.one] = end;
            ends[merge.other] = end;
        }
        numbered_by_first(&ends[..self.items])
    }
}

/// The merges between the clusters of two items each, in the order in which the chain finds them.
fn chain(matrix: &DistanceMatrix, linkage: Linkage) -> Vec<Merge> {
    let n = matrix.len();
    let mut distances: Vec<f64> = (0..n * n)
        .map(|cell| f64::from(matrix.get(cell / n, cell % n)))
        .collect();
    let mut sizes = vec![1.0f64; n];
    let mut active: Vec<usize> = (0..n).collect();
    let mut chain: Vec<usize> = Vec::new();
    let mut merges = Vec::with_capacity(n.saturating_sub(1));
    while active.len() > 1 {
        let tip = *chain.last().unwrap_or(&active[0]);
        if chain.is_empty() {
            chain.push(tip);
        }
        let before = chain.len().checked_sub(2).map(|place| chain[place]);
        // The one before in the chain wins ties, or the chain could run in a circle.
        let mut nearest = before.map(|before| (distances[tip * n + before], before));
        for &other in active.iter().filter(|other| **other != tip) {
            let distance = distances[tip * n + other];
            if nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, other));
            }
        }
        let Some((distance, nearest)) = nearest else {
            break;
        };
        if before != Some(nearest) {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (kept, gone) = (tip.min(nearest), tip.max(nearest));
        merges.push(Merge {
            one: kept,
            other: gone,
            distance,
        });
        active.retain(|cluster| *cluster != gone);
        for &other in active.iter().filter(|other| **other != kept) {
            let (one, two) = (distances[kept * n + other], distances[gone * n + other]);
            let merged = match linkage {
                Linkage::Average => {
                    (sizes[kept] * one + sizes[gone] * two) / (sizes[kept] + sizes[gone])
                }
                Linkage::Complete => one.max(two),
                Linkage::Single => one.min(two),
            };
            distances[kept * n + other] = merged;
            distances[other * n + kept] = merged;
        }
        sizes[kept] += sizes[gone];
    }
    merges
}

/// Which cluster each item is in by now.
struct Sets {
    parents: Vec<usize>,
    clusters: Vec<usize>,
}

impl Sets {
    fn new(n: usize) -> Self {
        Sets {
            parents: (0..n).collect(),
            clusters: (0..n).collect(),
        }
    }

    fn find(&mut self, mut item: usize) -> usize {
        while self.parents[item] != item {
            self.parents[item] = self.parents[self.parents[item]];
            item = self.parents[item];
        }
        item
    }

    /// Makes the clusters of two items the cluster `merged`; their numbers before.
    fn unite(&mut self, one: usize, other: usize, merged: usize) -> (usize, usize) {
        let (one, other) = (self.find(one), self.find(other));
        let numbers = (self.clusters[one], self.clusters[other]);
        self.parents[other] = one;
        self.clusters[one] = merged;
        numbers
    }
}
