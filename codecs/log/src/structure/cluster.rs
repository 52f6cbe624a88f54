//! Clusters patterns: finds the positions at which messages of one statement differ, and puts wildcards there.
//!
//! Patterns of one length that agree everywhere but at one position (or at a pair of positions) share a *context*. When
//! many words fill the hole of one context the position holds a value; when few do, it tells statements apart. Merging
//! goes from the clearest context to the least clear, and again over the merged patterns until nothing changes.

use super::hash::{FixedMap, mix};
use super::vocabulary::{ANY, Vocabulary, Word};
use std::cmp::Reverse;

/// Patterns that belong together, under the pattern that covers them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) pattern: Vec<Word>,
    /// Which of the patterns given.
    pub(crate) members: Vec<usize>,
}

/// Words that must fill a hole to make it a value.
const MANY: usize = 4;
/// Positions of a pattern that are tried in pairs.
const PAIRED_POSITIONS: usize = 32;
const MOST_ROUNDS: usize = 8;

/// Clusters `patterns`. The result does not depend on anything but them and their order.
pub(crate) fn cluster(patterns: &[Vec<Word>], vocabulary: &Vocabulary) -> Vec<Cluster> {
    let mut clusters = unite(
        patterns
            .iter()
            .enumerate()
            .map(|(index, pattern)| (pattern.clone(), vec![index])),
    );
    for _ in 0..MOST_ROUNDS {
        let before = clusters.len();
        clusters = round(clusters, vocabulary, single_holes);
        clusters = round(clusters, vocabulary, paired_holes);
        if clusters.len() == before {
            break;
        }
    }
    clusters
}

/// Positions left open in a context; the second one is the first again for a single hole.
type Holes = (usize, usize);

/// Unites patterns that are equal. Keeps the order of first members.
fn unite(patterns: impl Iterator<Item = (Vec<Word>, Vec<usize>)>) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut places: FixedMap<Vec<Word>, usize> = FixedMap::default();
    for (pattern, members) in patterns {
        let place = *places.entry(pattern.clone()).or_insert(clusters.len());
        match clusters.get_mut(place) {
            Some(cluster) => cluster.members.extend(members),
            None => clusters.push(Cluster { pattern, members }),
        }
    }
    clusters
}

/// Opens the holes of contexts that many words fill, the fullest context first.
fn round(
    clusters: Vec<Cluster>,
    vocabulary: &Vocabulary,
    holes: fn(&[Word], &Vocabulary) -> Vec<Holes>,
) -> Vec<Cluster> {
    let mut contexts: FixedMap<(u64, usize, usize), Vec<usize>> = FixedMap::default();
    for (index, cluster) in clusters.iter().enumerate() {
        let whole = pattern_hash(&cluster.pattern);
        for (first, second) in holes(&cluster.pattern, vocabulary) {
            let mut context = whole.wrapping_sub(word_hash(&cluster.pattern, first));
            if second != first {
                context = context.wrapping_sub(word_hash(&cluster.pattern, second));
            }
            contexts
                .entry((context, first, second))
                .or_default()
                .push(index);
        }
    }
    let mut full: Vec<(Holes, Vec<usize>)> = contexts
        .into_iter()
        .filter(|((_, first, second), filling)| {
            is_value_position((*first, *second), filling, &clusters, vocabulary)
        })
        .map(|((_, first, second), filling)| ((first, second), filling))
        .collect();
    full.sort_unstable_by_key(|(holes, filling)| {
        (Reverse(filling.len()), filling.first().copied(), *holes)
    });
    let mut opened: Vec<Option<Holes>> = vec![None; clusters.len()];
    for (holes, filling) in full {
        let free: Vec<usize> = filling
            .into_iter()
            .filter(|index| opened.get(*index) == Some(&None))
            .collect();
        if is_value_position(holes, &free, &clusters, vocabulary) {
            for index in free {
                if let Some(place) = opened.get_mut(index) {
                    *place = Some(holes);
                }
            }
        }
    }
    let merged = clusters
        .into_iter()
        .zip(opened)
        .map(|(mut cluster, holes)| {
            for hole in holes
                .map(|(first, second)| [first, second])
                .into_iter()
                .flatten()
            {
                if let Some(word) = cluster.pattern.get_mut(hole) {
                    *word = ANY;
                }
            }
            (cluster.pattern, cluster.members)
        });
    unite(merged)
}

fn pattern_hash(pattern: &[Word]) -> u64 {
    (0..pattern.len()).fold(mix(pattern.len() as u64), |sum, at| {
        sum.wrapping_add(word_hash(pattern, at))
    })
}

fn word_hash(pattern: &[Word], at: usize) -> u64 {
    let word = pattern.get(at).copied().unwrap_or(ANY);
    mix((at as u64) << 32 | u64::from(word))
}

/// Each position with a word, or a wildcard, that may be a hole.
fn single_holes(pattern: &[Word], vocabulary: &Vocabulary) -> Vec<Holes> {
    let wordy = pattern
        .iter()
        .filter(|word| vocabulary.is_wordy(**word))
        .count();
    let is_hole = |word: Word| {
        if vocabulary.is_wordy(word) {
            wordy > 1
        } else {
            word == ANY && wordy > 0
        }
    };
    pattern
        .iter()
        .enumerate()
        .filter(|(_, word)| is_hole(**word))
        .map(|(at, _)| (at, at))
        .collect()
}

/// Each pair of positions with words.
fn paired_holes(pattern: &[Word], vocabulary: &Vocabulary) -> Vec<Holes> {
    let wordy = pattern
        .iter()
        .enumerate()
        .filter(|(_, word)| vocabulary.is_wordy(**word))
        .map(|(at, _)| at);
    let positions: Vec<usize> = wordy.take(PAIRED_POSITIONS).collect();
    if positions.len() < 4 {
        return Vec::new();
    }
    let pairs = positions.iter().enumerate().flat_map(|(index, first)| {
        positions
            .iter()
            .skip(index + 1)
            .map(move |second| (*first, *second))
    });
    pairs.collect()
}

/// Whether the words of `filling` at the holes are values rather than parts of what is said.
fn is_value_position(
    holes: Holes,
    filling: &[usize],
    clusters: &[Cluster],
    _vocabulary: &Vocabulary,
) -> bool {
    if filling.len() < 2 {
        return false;
    }
    let (first, second) = holes;
    let distinct = |at: usize| {
        let mut words: Vec<Word> = filling
            .iter()
            .filter_map(|index| clusters.get(*index)?.pattern.get(at).copied())
            .collect();
        words.sort_unstable();
        words.dedup();
        words.len() + usize::from(words.first() == Some(&ANY)) * 2
    };
    if first == second {
        distinct(first) >= MANY
    } else {
        distinct(first) >= MANY && distinct(second) >= MANY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters_of(messages: &[&str]) -> Vec<String> {
        let mut vocabulary = Vocabulary::new();
        let patterns: Vec<Vec<Word>> = messages
            .iter()
            .map(|message| {
                message
                    .split(' ')
                    .map(|word| vocabulary.add(word.as_bytes()))
                    .collect()
            })
            .collect();
        let show = |word: &Word| match *word {
            ANY => "*".to_string(),
            word => String::from_utf8(vocabulary.text(word).to_vec()).unwrap(),
        };
        let found = cluster(&patterns, &vocabulary);
        found
            .iter()
            .map(|cluster| {
                cluster
                    .pattern
                    .iter()
                    .map(show)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    }

    #[test]
    fn a_position_that_many_words_fill_is_a_value() {
        let names = [
            "login of ann ok",
            "login of bob ok",
            "login of cid ok",
            "login of dan ok",
        ];
        assert_eq!(clusters_of(&names), ["login of * ok"]);
    }

    #[test]
    fn a_position_that_few_words_fill_tells_statements_apart() {
        assert_eq!(clusters_of(&["link is up", "link is down"]).len(), 2);
    }

    #[test]
    fn two_positions_that_change_together_are_both_values() {
        let pairs = [
            "mount of aa on bb ok",
            "mount of cc on dd ok",
            "mount of ee on ff ok",
            "mount of gg on hh ok",
        ];
        assert_eq!(clusters_of(&pairs), ["mount of * on * ok"]);
    }

    #[test]
    fn single_words_stay_apart() {
        assert_eq!(
            clusters_of(&["normal", "warning", "running", "stopped", "failed"]).len(),
            5
        );
    }
}
