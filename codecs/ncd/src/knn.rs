//! Classification by the nearest items of a training set.
//!
//! The k nearest vote. How ties of votes are broken changes published accuracies by several points,
//! so it is chosen by name: [`Ties`].

use std::num::NonZeroUsize;

use codec_core::{Error, Result, ordered};

use crate::distance::{Measure, Single};
use crate::shuffle::Shuffle;

/// A training item and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbor {
    /// Index into the training set.
    pub item: usize,
    /// The distance, at least about 0.
    pub distance: f64,
}

/// What happens where several labels have the most votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ties {
    /// The label with the smaller sum of distances wins; of equal sums the one with the nearer first
    /// neighbour, and of equal ones that of the earlier training item.
    Strict,
    /// One of the labels wins by chance, with this seed and the number of the question.
    Random(u64),
    /// The true label wins if it is among them, as in the published code of Jiang et al. (2023): only
    /// for reproducing figures, for it looks at the answer.
    Optimistic,
}

/// The outcome of a vote.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// The class that won.
    pub class: usize,
    /// The share of votes of each class; they sum to 1.
    pub shares: Vec<f64>,
    /// How much farther the first neighbour of another class is than the first of the winner;
    /// infinite where all neighbours are of one class.
    pub margin: f64,
}

/// The `k` nearest items of `train` for every item of `questions`, the nearest first and of equally
/// near ones the earlier.
///
/// Which of question and training item comes first is up to the measure, see
/// [`Measure::ordered`]. `done` is told the number of pairs whenever some
/// were measured, from any thread.
///
/// # Errors
/// [`Error::Usage`] if `k` is 0 or larger than the training set, or a content is empty; otherwise as
/// the compressor.
pub fn nearest(
    measure: &Measure<'_>,
    train: &[&[u8]],
    questions: &[&[u8]],
    k: usize,
    threads: NonZeroUsize,
    done: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Vec<Neighbor>>> {
    check_k(k, train.len())?;
    let train_singles = singles(measure, train, threads)?;
    let question_singles = singles(measure, questions, threads)?;
    let mut found = vec![Nearest::new(k); questions.len()];
    let is_swapped = measure.knows_first();
    let (rows, row_singles, columns, column_singles) = match is_swapped {
        true => (train, &train_singles, questions, &question_singles),
        false => (questions, &question_singles, train, &train_singles),
    };
    let mut source = rows.iter().zip(row_singles).enumerate();
    ordered(
        threads,
        || Ok(source.next()),
        |(number, (x, single))| {
            let row = measure.row(x, *single)?;
            let pairs = columns.iter().zip(column_singles);
            let distances: Result<Vec<f64>> =
                pairs.map(|(y, single)| row.distance(y, *single)).collect();
            done(columns.len() as u64);
            Ok((number, distances?))
        },
        |(row, distances)| {
            for (column, distance) in distances.into_iter().enumerate() {
                let (question, item) = if is_swapped {
                    (column, row)
                } else {
                    (row, column)
                };
                if let Some(nearest) = found.get_mut(question) {
                    nearest.offer(Neighbor { item, distance });
                }
            }
            Ok(())
        },
    )?;
    Ok(found.into_iter().map(Nearest::into_sorted).collect())
}

/// The single code lengths of contents, in order.
///
/// # Errors
/// As [`Measure::single`].
pub fn singles(
    measure: &Measure<'_>,
    contents: &[&[u8]],
    threads: NonZeroUsize,
) -> Result<Vec<Single>> {
    let mut source = contents.iter();
    let mut singles = Vec::with_capacity(contents.len());
    ordered(
        threads,
        || Ok(source.next()),
        |content| measure.single(content),
        |single| {
            singles.push(single);
            Ok(())
        },
    )?;
    Ok(singles)
}

/// Lets the neighbours of a question vote. `classes` gives the class of every training item, `count`
/// the number of classes, `question` the number of the question, and `truth` its class, where known,
/// which only [`Ties::Optimistic`] looks at.
///
/// Without neighbours the first class wins.
#[must_use]
pub fn vote(
    neighbors: &[Neighbor],
    classes: &[usize],
    count: usize,
    ties: Ties,
    question: usize,
    truth: Option<usize>,
) -> Vote {
    let mut votes = vec![0usize; count];
    let mut sums = vec![0.0f64; count];
    let mut first = vec![None; count];
    for (rank, neighbor) in neighbors.iter().enumerate() {
        let Some(class) = classes
            .get(neighbor.item)
            .copied()
            .filter(|class| *class < count)
        else {
            continue;
        };
        votes[class] += 1;
        sums[class] += neighbor.distance;
        first[class].get_or_insert(rank);
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    let tied: Vec<usize> = (0..count).filter(|class| votes[*class] == most).collect();
    // Ranks are in order of distance, and then of training items.
    let strict = || {
        let order = |one: &&usize, other: &&usize| {
            let by_sum = sums[**one].total_cmp(&sums[**other]);
            by_sum.then(first[**one].cmp(&first[**other]))
        };
        tied.iter().min_by(order).copied().unwrap_or(0)
    };
    let class = match ties {
        Ties::Strict => strict(),
        Ties::Random(seed) => {
            let mut chance = Shuffle::new(seed.wrapping_add((question as u64) << 32));
            let pick = chance.below(tied.len());
            tied.get(pick).copied().unwrap_or(0)
        }
        Ties::Optimistic => match truth.filter(|truth| tied.contains(truth)) {
            Some(truth) => truth,
            None => strict(),
        },
    };
    let of_class = |wanted: bool| {
        let mut all = neighbors.iter();
        let found = all.find(|near| (classes.get(near.item) == Some(&class)) == wanted);
        found.map_or(f64::INFINITY, |near| near.distance)
    };
    let all = neighbors.len().max(1) as f64;
    Vote {
        class,
        shares: votes.iter().map(|votes| *votes as f64 / all).collect(),
        margin: of_class(false) - of_class(true),
    }
}

/// Checks that a training set of `len` items has `k` to offer.
///
/// # Errors
/// [`Error::Usage`] if `k` is 0 or larger than `len`.
pub fn check_k(k: usize, len: usize) -> Result<()> {
    match k {
        0 => Err(Error::Usage("k must be at least 1".into())),
        k if k > len => Err(Error::Usage(format!(
            "k is {k}, but there are only {len} items to choose from"
        ))),
        _ => Ok(()),
    }
}

/// The nearest of what was offered.
#[derive(Debug, Clone)]
pub(crate) struct Nearest {
    k: usize,
    /// In order of distance, then of item.
    kept: Vec<Neighbor>,
}

impl Nearest {
    pub(crate) fn new(k: usize) -> Self {
        Nearest {
            k,
            kept: Vec::new(),
        }
    }

    pub(crate) fn offer(&mut self, new: Neighbor) {
        let is_before = |kept: &Neighbor| {
            let by_distance = kept.distance.total_cmp(&new.distance);
            by_distance.then(kept.item.cmp(&new.item)).is_lt()
        };
        let at = self.kept.partition_point(is_before);
        if at < self.k {
            self.kept.truncate(self.k - 1);
            self.kept.insert(at, new);
        }
    }

    /// The distance that a new neighbour must not pass: infinite until there are k.
    pub(crate) fn bound(&self) -> f64 {
        match self.kept.last() {
            Some(last) if self.kept.len() == self.k => last.distance,
            _ => f64::INFINITY,
        }
    }

    pub(crate) fn into_sorted(self) -> Vec<Neighbor> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::{Formula, Join, Order};
    use crate::lz::Lz;
    use codec_core::Params;

    fn near(distances: &[f64]) -> Vec<Neighbor> {
        let items = distances.iter().enumerate();
        items
            .map(|(item, distance)| Neighbor {
                item,
                distance: *distance,
            })
            .collect()
    }

    #[test]
    fn strict_ties_go_to_the_smaller_sum_then_the_nearer_then_the_earlier() {
        let strict = |distances: &[f64], classes: &[usize]| {
            vote(&near(distances), classes, 3, Ties::Strict, 0, None).class
        };
        assert_eq!(strict(&[0.1, 0.2, 0.3], &[2, 1, 1]), 1);
        assert_eq!(strict(&[0.1, 0.2], &[2, 1]), 2);
        assert_eq!(strict(&[0.1, 0.2, 0.2, 0.5], &[0, 1, 1, 0]), 1);
        assert_eq!(strict(&[0.1, 0.2, 0.3, 0.4], &[2, 1, 1, 2]), 2);
        assert_eq!(strict(&[0.2, 0.2], &[1, 0]), 1);
        assert_eq!(strict(&[], &[]), 0);
    }

    #[test]
    fn the_other_rules_do_what_they_are_called() {
        let ask = |ties, question, truth| {
            vote(&near(&[0.1, 0.2]), &[0, 1], 2, ties, question, truth).class
        };
        assert_eq!(ask(Ties::Optimistic, 0, Some(1)), 1);
        assert_eq!(ask(Ties::Optimistic, 0, None), 0);
        let random: Vec<usize> = (0..40).map(|n| ask(Ties::Random(7), n, None)).collect();
        assert!(random.contains(&0) && random.contains(&1), "{random:?}");
        let again: Vec<usize> = (0..40).map(|n| ask(Ties::Random(7), n, None)).collect();
        assert_eq!(random, again);
    }

    #[test]
    fn shares_and_margin_tell_how_sure_a_vote_is() {
        let found = vote(
            &near(&[0.1, 0.3, 0.4]),
            &[1, 0, 1],
            2,
            Ties::Strict,
            0,
            None,
        );
        assert_eq!(found.class, 1);
        assert!((found.shares[1] - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.margin - 0.2).abs() < 1e-12);
        let alone = vote(&near(&[0.1]), &[1], 2, Ties::Strict, 0, None);
        assert_eq!(alone.margin, f64::INFINITY);
    }

    #[test]
    fn nearest_are_in_order_for_every_number_of_threads_and_both_orientations() {
        let texts: Vec<String> = (0..12)
            .map(|n| format!("item {} {}", n % 4, n % 3).repeat(3))
            .collect();
        let contents: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let (train, questions) = contents.split_at(8);
        let orders = [Order::QuestionFirst, Order::KnownFirst];
        for (formula, order) in [Formula::Ncd, Formula::Nrc].into_iter().zip(orders) {
            let measure = Measure::new(&Lz, Params::defaults(&[]), formula, Join::Plain);
            let measure = measure.ordered(order);
            let run = |threads| {
                let threads = NonZeroUsize::new(threads).unwrap();
                nearest(&measure, train, questions, 3, threads, &|_| {}).unwrap()
            };
            let one = run(1);
            assert_eq!(one, run(3));
            for (question, near) in questions.iter().zip(&one) {
                assert_eq!(near.len(), 3);
                assert!(
                    near.windows(2)
                        .all(|pair| pair[0].distance <= pair[1].distance)
                );
                let (x, y) = match formula {
                    Formula::Nrc => (train[near[0].item], *question),
                    _ => (*question, train[near[0].item]),
                };
                let row = measure.row(x, measure.single(x).unwrap()).unwrap();
                let distance = row.distance(y, measure.single(y).unwrap()).unwrap();
                assert_eq!(distance, near[0].distance);
            }
        }
    }

    #[test]
    fn k_must_fit_the_training_set() {
        let measure = Measure::new(&Lz, Params::defaults(&[]), Formula::Ncd, Join::Plain);
        for (k, part) in [(0, "at least 1"), (3, "only 2 items")] {
            let train: &[&[u8]] = &[b"a", b"b"];
            let error = nearest(&measure, train, train, k, NonZeroUsize::MIN, &|_| {}).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
