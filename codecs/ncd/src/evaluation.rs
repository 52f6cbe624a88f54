//! How good predictions are, and fair ways to divide data for finding out.

use std::collections::BTreeMap;

use codec_core::{Error, Result};

use crate::dataset::{Classes, Dataset};
use crate::shuffle::Shuffle;

/// Counts of predictions by true and predicted class.
///
/// ```
/// use codec_ncd::evaluation::Confusion;
/// let confusion = Confusion::of(2, [(0, 0), (0, 0), (0, 1), (1, 1)]);
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!(confusion.class(1).precision, 0.5);
/// assert_eq!(confusion.class(1).recall, 1.0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// By true class, then predicted class.
    counts: Vec<Vec<u64>>,
}

/// How one class fares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScore {
    /// Share of those predicted that are true; 0 if none was predicted.
    pub precision: f64,
    /// Share of those that are true that were predicted; 0 if there are none.
    pub recall: f64,
    /// Harmonic mean of precision and recall; 0 if both are.
    pub f1: f64,
    /// Items that are truly of this class.
    pub support: u64,
}

impl Confusion {
    /// Counts pairs of true and predicted class out of `classes`; others are passed over.
    #[must_use]
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (truth, predicted) in pairs {
            let row = counts.get_mut(truth);
            if let Some(count) = row.and_then(|row| row.get_mut(predicted)) {
                *count += 1;
            }
        }
        Confusion { counts }
    }

    /// The counts, by true class and then by predicted class.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Number of predictions.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Number of right predictions.
    #[must_use]
    pub fn correct(&self) -> u64 {
        (0..self.counts.len())
            .map(|class| self.counts[class][class])
            .sum()
    }

    /// Share of predictions that are right; 0 if there are none.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        ratio(self.correct(), self.total())
    }

    /// Standard error of the accuracy: √(p (1 − p) / n).
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let p = self.accuracy();
        (p * (1.0 - p) / self.total().max(1) as f64).sqrt()
    }

    /// Mean F1 of the classes that occur, in truth or predictions.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        let occurs = |class: &usize| {
            let predicted: u64 = self.counts.iter().map(|row| row[*class]).sum();
            predicted + self.class(*class).support > 0
        };
        let classes: Vec<usize> = (0..self.counts.len()).filter(occurs).collect();
        let sum: f64 = classes.iter().map(|class| self.class(*class).f1).sum();
        sum / classes.len().max(1) as f64
    }

    /// How a class below the number of classes fares.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn class(&self, class: usize) -> ClassScore {
        let right = self.counts[class][class];
        let support = self.counts[class].iter().sum();
        let predicted = self.counts.iter().map(|row| row[class]).sum();
        ClassScore {
            precision: ratio(right, predicted),
            recall: ratio(right, support),
            f1: ratio(2 * right, support + predicted),
            support,
        }
    }
}

/// The fold, from 0 below `folds`, that each item is tested in: every class is spread evenly, items of
/// one group stay together, and otherwise chance decides, by the seed.
///
/// Groups are dealt out from the largest to the smallest, items without a group as groups of one; each
/// goes to the fold that has least of its classes so far.
///
/// # Errors
/// [`Error::Usage`] if there are fewer than two folds, or fewer groups than folds.
pub fn stratified_folds(
    data: &Dataset,
    classes: &Classes,
    folds: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    if folds < 2 {
        return Err(Error::Usage(
            "cross-validation needs at least 2 folds".into(),
        ));
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut units: Vec<Vec<usize>> = Vec::new();
    for (number, item) in data.items().iter().enumerate() {
        match item.group.as_deref() {
            Some(group) => groups.entry(group).or_default().push(number),
            None => units.push(vec![number]),
        }
    }
    units.extend(groups.into_values());
    if units.len() < folds {
        return Err(Error::Usage(format!(
            "{folds} folds need as many items or groups, but there are {}",
            units.len()
        )));
    }
    Shuffle::new(seed).shuffle(&mut units);
    units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
    let of_item = classes.of_items();
    let mut sizes = vec![0usize; folds];
    let mut held = vec![vec![0usize; classes.count()]; folds];
    let mut fold_of = vec![0; data.len()];
    for unit in units {
        let load = |fold: usize| {
            unit.iter()
                .map(|item| held[fold][of_item[*item]])
                .sum::<usize>()
        };
        let best = (0..folds).min_by_key(|fold| (load(*fold), sizes[*fold], *fold));
        let fold = best.unwrap_or(0);
        sizes[fold] += unit.len();
        for item in unit {
            held[fold][of_item[item]] += 1;
            fold_of[item] = fold;
        }
    }
    Ok(fold_of)
}

fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Item;

    #[test]
    fn scores_are_those_of_their_definitions() {
        // Truth 0: 3 right, 1 as 1; truth 1: 2 right, 2 as 0; class 2 never occurs.
        let pairs = [
            (0, 0),
            (0, 0),
            (0, 0),
            (0, 1),
            (1, 1),
            (1, 1),
            (1, 0),
            (1, 0),
        ];
        let confusion = Confusion::of(3, pairs);
        assert_eq!(confusion.counts()[1], [2, 2, 0]);
        assert_eq!((confusion.correct(), confusion.total()), (5, 8));
        let first = confusion.class(0);
        assert!((first.precision - 0.6).abs() < 1e-12 && (first.recall - 0.75).abs() < 1e-12);
        assert!((first.f1 - 2.0 / 3.0).abs() < 1e-12);
        let mean = (2.0 / 3.0 + 4.0 / 7.0) / 2.0;
        assert!((confusion.macro_f1() - mean).abs() < 1e-12);
        assert!((confusion.standard_error() - (0.625f64 * 0.375 / 8.0).sqrt()).abs() < 1e-12);
        assert_eq!(Confusion::of(2, []).accuracy(), 0.0);
    }

    fn data(groups: usize) -> Dataset {
        let item = |n: usize| Item {
            name: n.to_string(),
            label: Some(if n.is_multiple_of(5) { "rare" } else { "usual" }.to_owned()),
            group: (groups > 0).then(|| (n / 3 % groups).to_string()),
            content: vec![n as u8],
        };
        Dataset::new((0..103).map(item).collect())
    }

    #[test]
    fn folds_hold_even_parts_of_every_class() {
        let data = data(0);
        let classes = data.classes().unwrap();
        let folds = stratified_folds(&data, &classes, 5, 1).unwrap();
        for fold in 0..5 {
            for (class, at_least) in [(0, 4), (1, 16)] {
                let both = folds.iter().zip(classes.of_items());
                let count = both.filter(|(of, c)| (**of, **c) == (fold, class)).count();
                assert!(
                    (at_least..=at_least + 1).contains(&count),
                    "{fold} {class} {count}"
                );
            }
        }
        assert_eq!(folds, stratified_folds(&data, &classes, 5, 1).unwrap());
        assert_ne!(folds, stratified_folds(&data, &classes, 5, 2).unwrap());
    }

    #[test]
    fn groups_stay_in_one_fold() {
        let data = data(9);
        let folds = stratified_folds(&data, &data.classes().unwrap(), 3, 1).unwrap();
        let mut of_group: BTreeMap<&str, usize> = BTreeMap::new();
        for (item, fold) in data.items().iter().zip(&folds) {
            let group = item.group.as_deref().unwrap();
            assert_eq!(of_group.entry(group).or_insert(*fold), fold);
        }
        assert!((0..3).all(|fold| folds.contains(&fold)));
    }

    #[test]
    fn more_folds_than_groups_are_refused() {
        let data = data(2);
        for folds in [1, 3] {
            let refused = stratified_folds(&data, &data.classes().unwrap(), folds, 1);
            assert!(matches!(refused, Err(Error::Usage(_))));
        }
    }
}
