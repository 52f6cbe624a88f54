//! UPGMA: the rooted tree of average linkage.

use codec_core::Result;

use super::{Growing, Tree, at_least_two};
use crate::cluster::{Linkage, dendrogram};
use crate::matrix::DistanceMatrix;

/// UPGMA (Sokal & Michener 1958): the rooted tree in which all leaves are equally far from the
/// root, by average linkage. The tree itself for distances that have such a tree. Time O(n²).
///
/// # Errors
/// [`codec_core::Error::Usage`] for fewer than two items.
pub fn upgma(matrix: &DistanceMatrix) -> Result<Tree> {
    at_least_two(matrix.len())?;
    let mut tree = Growing::with_leaves(matrix.names());
    let mut heights = vec![0.0; matrix.len()];
    // Merge k of the dendrogram makes cluster n + k, and here node n + k.
    for merge in dendrogram(matrix, Linkage::Average).merges() {
        let height = merge.distance / 2.0;
        let branch = |cluster: usize| (cluster, Some((height - heights[cluster]).max(0.0)));
        tree.join(&[branch(merge.one), branch(merge.other)]);
        heights.push(height);
    }
    Ok(tree.finish(true))
}
