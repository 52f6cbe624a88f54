//! Clusters that are there must be found.

use super::*;
use crate::shuffle::Shuffle;

/// `groups` groups of `size` items in mixed order: near 0.1 within, near 1 between.
fn grouped(groups: usize, size: usize, seed: u64) -> (DistanceMatrix, Vec<usize>) {
    let mut random = Shuffle::new(seed);
    let mut group: Vec<usize> = (0..groups * size).map(|item| item % groups).collect();
    random.shuffle(&mut group);
    let names = (0..group.len()).map(|i| format!("i{i}")).collect();
    let matrix = DistanceMatrix::from_fn(names, |a, b| {
        let noise = random.below(1000) as f32 / 10_000.0;
        noise + if group[a] == group[b] { 0.1 } else { 1.0 }
    });
    (matrix.unwrap(), numbered_by_first(&group))
}

#[test]
fn every_method_finds_groups_that_are_far_apart() {
    for (groups, size) in [(2, 2), (3, 5), (6, 10)] {
        let (matrix, wanted) = grouped(groups, size, groups as u64);
        for linkage in [Linkage::Average, Linkage::Complete, Linkage::Single] {
            let tree = dendrogram(&matrix, linkage);
            assert_eq!(
                tree.cut_into(&matrix, groups).unwrap(),
                wanted,
                "{linkage:?}"
            );
            assert_eq!(tree.cut_at(0.5), wanted, "{linkage:?}");
        }
        let found = k_medoids(&matrix, groups, 3, 1).unwrap();
        assert_eq!(found.clusters, wanted);
        for (cluster, medoid) in found.medoids.iter().enumerate() {
            assert_eq!(found.clusters[*medoid], cluster);
        }
        let silhouettes = silhouettes(&matrix, &wanted).unwrap();
        assert!(
            silhouettes.iter().all(|value| *value > 0.8),
            "{silhouettes:?}"
        );
    }
}

/// The merges by their definition: the closest two clusters, again and again.
fn by_definition(matrix: &DistanceMatrix, linkage: Linkage) -> Vec<f64> {
    let mut clusters: Vec<Vec<usize>> = (0..matrix.len()).map(|item| vec![item]).collect();
    let mut heights = Vec::new();
    while clusters.len() > 1 {
        let mut best = (f64::INFINITY, 0, 0);
        for a in 0..clusters.len() {
            for b in a + 1..clusters.len() {
                let pairs = clusters[a].iter().flat_map(|one| {
                    let row = clusters[b].iter();
                    row.map(|other| f64::from(matrix.get(*one, *other)))
                });
                let count = (clusters[a].len() * clusters[b].len()) as f64;
                let distance = match linkage {
                    Linkage::Average => pairs.sum::<f64>() / count,
                    Linkage::Complete => pairs.fold(0.0, f64::max),
                    Linkage::Single => pairs.fold(f64::INFINITY, f64::min),
                };
                if distance < best.0 {
                    best = (distance, a, b);
                }
            }
        }
        heights.push(best.0);
        let gone = clusters.remove(best.2);
        clusters[best.1].extend(gone);
    }
    heights
}

#[test]
fn the_chain_merges_at_the_same_distances_as_the_definition() {
    let mut random = Shuffle::new(8);
    let names = (0..40).map(|i| format!("i{i}")).collect();
    let noise = |_, _| random.below(1_000_000) as f32 / 1e6;
    let matrix = DistanceMatrix::from_fn(names, noise).unwrap();
    for linkage in [Linkage::Average, Linkage::Complete, Linkage::Single] {
        let merges = dendrogram(&matrix, linkage);
        let found = merges.merges().iter().map(|merge| merge.distance);
        for (found, wanted) in found.zip(by_definition(&matrix, linkage)) {
            assert!(
                (found - wanted).abs() < 1e-9,
                "{linkage:?} {found} {wanted}"
            );
        }
        for count in 1..=40 {
            let clusters = merges.cut_into(&matrix, count).unwrap();
            assert_eq!(clusters.iter().max(), Some(&(count - 1)));
        }
    }
}

#[test]
fn equal_items_and_equal_distances_are_no_trouble() {
    let names = |n: usize| (0..n).map(|i| format!("i{i}")).collect();
    for value in [0.0, 1.0] {
        let matrix = DistanceMatrix::from_fn(names(6), |_, _| value).unwrap();
        for count in [1, 3, 6] {
            let found = k_medoids(&matrix, count, 2, 1).unwrap();
            assert_eq!(found.clusters.iter().max(), Some(&(count - 1)));
            let cut = dendrogram(&matrix, Linkage::Average)
                .cut_into(&matrix, count)
                .unwrap();
            assert_eq!(cut.iter().max(), Some(&(count - 1)));
            let silhouettes = silhouettes(&matrix, &cut).unwrap();
            assert!(silhouettes.iter().all(|value| *value == 0.0));
        }
    }
    let one = DistanceMatrix::from_fn(names(1), |_, _| 0.0).unwrap();
    assert_eq!(dendrogram(&one, Linkage::Single).cut_at(0.0), [0]);
    assert_eq!(k_medoids(&one, 1, 1, 1).unwrap().medoids, [0]);
}

#[test]
fn more_clusters_than_items_are_refused() {
    let (matrix, _) = grouped(2, 2, 1);
    for count in [0, 5] {
        assert!(
            dendrogram(&matrix, Linkage::Average)
                .cut_into(&matrix, count)
                .is_err()
        );
        assert!(k_medoids(&matrix, count, 1, 1).is_err());
    }
    assert!(silhouettes(&matrix, &[0, 1]).is_err());
}

#[test]
fn swapping_medoids_is_no_worse_than_any_single_swap() {
    let mut random = Shuffle::new(3);
    let names = (0..15).map(|i| format!("i{i}")).collect();
    let noise = |_, _| random.below(1_000_000) as f32 / 1e6;
    let matrix = DistanceMatrix::from_fn(names, noise).unwrap();
    let found = k_medoids(&matrix, 4, 0, 1).unwrap();
    let cost = |medoids: &[usize]| -> f64 {
        (0..15)
            .map(|item| {
                let distances = medoids.iter().map(|m| f64::from(matrix.get(item, *m)));
                distances.fold(f64::INFINITY, f64::min)
            })
            .sum()
    };
    assert!((cost(&found.medoids) - found.cost).abs() < 1e-9);
    for place in 0..4 {
        for item in 0..15 {
            let mut swapped = found.medoids.clone();
            swapped[place] = item;
            assert!(cost(&swapped) >= found.cost - 1e-9);
        }
    }
}
