//! The nearest items of large collections, where compressing every pair would take too long.
//!
//! Of every question, the items that share most k-mers with it are its candidates; only these are
//! compressed. Two things are true of this that users should know: an item that shares no k-mer with
//! the question may be missed (in sequences and texts such an item is far), and the distances that
//! are reported are exact.
//!
//! Candidates are asked in order of similarity. For NCD, C(xy) of a compressor is never much less than
//! the larger of C(x) and C(y), so that 1 − min/max is a lower bound; candidates whose bound is
//! beyond the k-th best distance so far are not compressed either.

use std::num::NonZeroUsize;

use codec_core::{Result, ordered};

use crate::baselines::KmerIndex;
use crate::distance::{Formula, Measure};
use crate::knn::{Nearest, Neighbor, check_k, nearest, singles};

/// Which pairs to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Search {
    /// All of them.
    Exact,
    /// Those with the items that share most k-mers.
    Candidates {
        /// How many of each question; at least as many as neighbours are asked for are taken.
        count: usize,
        /// Length of a k-mer in bytes, at least 1: 12 for DNA, 5 for text.
        kmer: usize,
    },
}

/// Neighbours, and what they took.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Those of each question, the nearest first.
    pub neighbors: Vec<Vec<Neighbor>>,
    /// Pairs that were compressed.
    pub compressed: u64,
    /// Pairs that an exact search compresses.
    pub pairs: u64,
}

/// How far below the lower bound a compressor's C(xy) may be, as a share of the distance scale: the
/// bound is that of an ideal compressor.
const SLACK: f64 = 0.05;

/// The `k` nearest items of a collection for every question. `done` is told how many pairs are dealt
/// with, from any thread.
///
/// # Errors
/// As [`nearest`].
pub fn search(
    measure: &Measure<'_>,
    collection: &[&[u8]],
    questions: &[&[u8]],
    k: usize,
    search: Search,
    threads: NonZeroUsize,
    done: &(dyn Fn(u64) + Sync),
) -> Result<Found> {
    let pairs = collection.len() as u64 * questions.len() as u64;
    let Search::Candidates { count, kmer } = search else {
        return Ok(Found {
            neighbors: nearest(measure, collection, questions, k, threads, done)?,
            compressed: pairs,
            pairs,
        });
    };
    check_k(k, collection.len())?;
    let index = KmerIndex::new(collection, kmer);
    let collection_singles = singles(measure, collection, threads)?;
    let question_singles = singles(measure, questions, threads)?;
    let mut source = questions.iter().zip(&question_singles);
    let mut found = Found {
        neighbors: Vec::with_capacity(questions.len()),
        compressed: 0,
        pairs,
    };
    ordered(
        threads,
        || Ok(source.next()),
        |(question, single)| {
            let mut kept = Nearest::new(k);
            let mut compressed = 0;
            let row = match measure.knows_first() {
                true => None,
                false => Some(measure.row(question, *single)?),
            };
            for candidate in index.nearest(question, count.max(k)) {
                let item = candidate.item;
                let (content, of_item) = (collection[item], collection_singles[item]);
                if measure.formula() == Formula::Ncd {
                    let (one, other) = (single.bits, of_item.bits);
                    let bound = 1.0 - one.min(other) / one.max(other) - SLACK;
                    if bound > kept.bound() {
                        continue;
                    }
                }
                let distance = match &row {
                    Some(row) => row.distance(content, of_item)?,
                    None => measure.row(content, of_item)?.distance(question, *single)?,
                };
                compressed += 1;
                kept.offer(Neighbor { item, distance });
            }
            done(collection.len() as u64);
            Ok((kept.into_sorted(), compressed))
        },
        |(neighbors, compressed): (_, u64)| {
            found.neighbors.push(neighbors);
            found.compressed += compressed;
            Ok(())
        },
    )?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::{Join, Order};
    use crate::lz::Lz;
    use crate::shuffle::Shuffle;
    use codec_core::Params;

    /// Families of sequences with a tenth of their bases changed.
    fn families(count: usize, each: usize) -> Vec<Vec<u8>> {
        let mut chance = Shuffle::new(5);
        let mut all = Vec::new();
        for _ in 0..count {
            let root: Vec<u8> = (0..400).map(|_| b"ACGT"[chance.below(4)]).collect();
            for _ in 0..each {
                let mut one = root.clone();
                for _ in 0..40 {
                    let at = chance.below(one.len());
                    one[at] = b"ACGT"[chance.below(4)];
                }
                all.push(one);
            }
        }
        all
    }

    #[test]
    fn candidates_give_the_exact_neighbours_of_relatives_with_few_pairs() {
        let items = families(20, 5);
        let contents: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        let questions: Vec<&[u8]> = contents.iter().copied().step_by(5).collect();
        for (formula, order) in [
            (Formula::Ncd, Order::QuestionFirst),
            (Formula::Ncd, Order::KnownFirst),
            (Formula::Nrc, Order::KnownFirst),
            (Formula::Cdm, Order::QuestionFirst),
        ] {
            let measure = Measure::new(&Lz, Params::defaults(&[]), formula, Join::Plain);
            let measure = measure.ordered(order);
            let run = |how, threads| {
                let threads = NonZeroUsize::new(threads).unwrap();
                search(&measure, &contents, &questions, 4, how, threads, &|_| {}).unwrap()
            };
            let exact = run(Search::Exact, 2);
            let some = Search::Candidates { count: 10, kmer: 8 };
            let pruned = run(some, 1);
            assert_eq!(pruned.neighbors, exact.neighbors, "{formula:?}");
            assert!(pruned.compressed <= 200 && exact.compressed == 2_000);
            assert_eq!(pruned, run(some, 3));
        }
    }
}
