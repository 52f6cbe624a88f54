//! Clusters patterns: finds the positions at which messages of one statement differ, and puts wildcards there.
//!
//! Patterns of one length that agree everywhere but at one position (or at a pair of positions) share a *context*. When
//! many words fill the hole of one context the position holds a value; when few do, it tells statements apart. Merging
//! goes from the clearest context to the least clear, and again over the merged patterns until nothing changes. At last
//! rare patterns that a frequent one matches join it.

use super::filling::Filling;
use super::tree::{PrefixTree, Sequence};
use super::vocabulary::{OPEN, VALUE, Vocabulary, Word, is_valued, is_wildcard};
use crate::hash::{FixedMap, mix};
use std::cmp::Reverse;

/// What is clustered: the words of a shape or a template, and how many lines have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) words: Vec<Word>,
    /// For each token whether the next one follows without white space.
    pub(crate) joined: Vec<bool>,
    pub(crate) count: u64,
}

/// Patterns that belong together, under the pattern that covers them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) pattern: Pattern,
    /// Which of the patterns given.
    pub(crate) members: Vec<usize>,
}

/// Positions of a pattern that are tried in pairs.
const PAIRED_POSITIONS: usize = 12;
/// Words a pattern needs for that.
const LEAST_PAIRED: usize = 4;
const MOST_ROUNDS: usize = 8;
/// A pattern joins one it matches that has at least this many times its lines.
const RARER: u64 = 4;

/// Clusters `patterns`. The result does not depend on anything but them and their order.
pub(crate) fn cluster(patterns: Vec<Pattern>, vocabulary: &Vocabulary) -> Vec<Cluster> {
    let each = patterns
        .into_iter()
        .enumerate()
        .map(|(index, pattern)| Cluster {
            pattern,
            members: vec![index],
        });
    let mut clusters = unite(each);
    for _ in 0..MOST_ROUNDS {
        let before = clusters.len();
        clusters = round(clusters, vocabulary, single_holes);
        clusters = round(clusters, vocabulary, paired_holes);
        if clusters.len() == before {
            break;
        }
    }
    join_frequent(clusters)
}

/// Whether two patterns differ at no more positions than a context leaves open.
pub(crate) fn may_share_context(one: &[Word], other: &[Word]) -> bool {
    let pairs = one.iter().zip(other);
    one.len() == other.len()
        && pairs
            .filter(|(one, other)| any_wildcard(**one) != any_wildcard(**other))
            .nth(2)
            .is_none()
}

/// Positions left open in a context; the second one is the first again for a single hole.
type Holes = (usize, usize);

/// Unites patterns that are equal but for the kinds of their wildcards. Keeps the order of first members.
fn unite(clusters: impl Iterator<Item = Cluster>) -> Vec<Cluster> {
    let mut united: Vec<Cluster> = Vec::new();
    let mut places: FixedMap<Vec<Word>, usize> = FixedMap::default();
    for cluster in clusters {
        let key = cluster
            .pattern
            .words
            .iter()
            .map(|word| any_wildcard(*word))
            .collect();
        let place = *places.entry(key).or_insert(united.len());
        match united.get_mut(place) {
            Some(first) => first.take(cluster),
            None => united.push(cluster),
        }
    }
    united
}

impl Cluster {
    fn take(&mut self, other: Cluster) {
        for (word, others) in self.pattern.words.iter_mut().zip(other.pattern.words) {
            if others == OPEN {
                *word = OPEN;
            }
        }
        // Tokens count as joined when they are in all members.
        for (joined, others) in self.pattern.joined.iter_mut().zip(other.pattern.joined) {
            *joined &= others;
        }
        self.pattern.count += other.pattern.count;
        self.members.extend(other.members);
    }
}

fn any_wildcard(word: Word) -> Word {
    if is_wildcard(word) { OPEN } else { word }
}

/// Opens the holes of contexts that many words fill, the fullest context first.
fn round(
    mut clusters: Vec<Cluster>,
    vocabulary: &Vocabulary,
    holes: fn(&[Word], &Vocabulary) -> Vec<Holes>,
) -> Vec<Cluster> {
    let mut full: Vec<(Holes, Vec<usize>)> = contexts(&clusters, vocabulary, holes)
        .into_iter()
        .filter(|(holes, filling)| is_value_position(*holes, filling, &clusters, vocabulary))
        .collect();
    full.sort_unstable_by_key(|(holes, filling)| {
        (Reverse(filling.len()), filling.first().copied(), *holes)
    });
    let mut is_opened = vec![false; clusters.len()];
    for (holes, mut filling) in full {
        filling.retain(|index| is_opened.get(*index) == Some(&false));
        if is_value_position(holes, &filling, &clusters, vocabulary) {
            open(&mut clusters, &filling, holes.0);
            open(&mut clusters, &filling, holes.1);
            for index in filling {
                if let Some(is_opened) = is_opened.get_mut(index) {
                    *is_opened = true;
                }
            }
        }
    }
    unite(clusters.into_iter())
}

/// Puts a wildcard at one position; one for values if all that stood there had values.
fn open(clusters: &mut [Cluster], filling: &[usize], at: usize) {
    let word = |index: &usize| {
        clusters
            .get(*index)
            .and_then(|cluster| cluster.pattern.words.get(at))
    };
    let wildcard = if filling.iter().filter_map(word).all(|word| is_valued(*word)) {
        VALUE
    } else {
        OPEN
    };
    for index in filling {
        if let Some(word) = clusters
            .get_mut(*index)
            .and_then(|cluster| cluster.pattern.words.get_mut(at))
        {
            *word = wildcard;
        }
    }
}

/// The clusters that share a context, for each context of more than one.
fn contexts(
    clusters: &[Cluster],
    vocabulary: &Vocabulary,
    holes: fn(&[Word], &Vocabulary) -> Vec<Holes>,
) -> Vec<(Holes, Vec<usize>)> {
    let mut places: Vec<(u64, Holes, usize)> = Vec::new();
    for (index, cluster) in clusters.iter().enumerate() {
        let words = &cluster.pattern.words;
        let whole = pattern_hash(words);
        places.extend(holes(words, vocabulary).into_iter().map(|(first, second)| {
            let second_hash = if second == first {
                0
            } else {
                word_hash(words, second)
            };
            let context = whole
                .wrapping_sub(word_hash(words, first))
                .wrapping_sub(second_hash);
            (context, (first, second), index)
        }));
    }
    places.sort_unstable();
    let shared = places
        .chunk_by(|one, other| (one.0, one.1) == (other.0, other.1))
        .filter(|chunk| chunk.len() > 1);
    let listed = shared.filter_map(|chunk| {
        Some((
            chunk.first()?.1,
            chunk.iter().map(|place| place.2).collect(),
        ))
    });
    listed.collect()
}

fn pattern_hash(words: &[Word]) -> u64 {
    (0..words.len()).fold(mix(words.len() as u64), |sum, at| {
        sum.wrapping_add(word_hash(words, at))
    })
}

fn word_hash(words: &[Word], at: usize) -> u64 {
    let word = words.get(at).map_or(OPEN, |word| any_wildcard(*word));
    mix((at as u64) << 32 | u64::from(word))
}

/// Each position that may be a hole: one with a word or a wildcard, if words remain elsewhere.
fn single_holes(words: &[Word], vocabulary: &Vocabulary) -> Vec<Holes> {
    let wordy = words
        .iter()
        .filter(|word| vocabulary.is_wordy(**word))
        .count();
    let is_hole = |word: Word| {
        if vocabulary.is_wordy(word) {
            wordy > 1
        } else {
            is_wildcard(word) && wordy > 0
        }
    };
    words
        .iter()
        .enumerate()
        .filter(|(_, word)| is_hole(**word))
        .map(|(at, _)| (at, at))
        .collect()
}

/// Each pair of positions with words.
fn paired_holes(words: &[Word], vocabulary: &Vocabulary) -> Vec<Holes> {
    let wordy = words
        .iter()
        .enumerate()
        .filter(|(_, word)| vocabulary.is_wordy(**word))
        .map(|(at, _)| at);
    let positions: Vec<usize> = wordy.take(PAIRED_POSITIONS).collect();
    if positions.len() < LEAST_PAIRED {
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

/// Whether the words at the holes are values rather than parts of what is said.
fn is_value_position(
    (first, second): Holes,
    filling: &[usize],
    clusters: &[Cluster],
    vocabulary: &Vocabulary,
) -> bool {
    let is_value = |at: usize| {
        let patterns = filling
            .iter()
            .filter_map(|index| clusters.get(*index))
            .map(|cluster| &cluster.pattern);
        let words = patterns.filter_map(|pattern| Some((*pattern.words.get(at)?, pattern.count)));
        Filling::new(words, at == 0, vocabulary).is_value()
    };
    filling.len() > 1 && is_value(first) && (first == second || is_value(second))
}

/// Joins rare clusters to frequent ones whose patterns they match.
fn join_frequent(mut clusters: Vec<Cluster>) -> Vec<Cluster> {
    let mut order: Vec<usize> = (0..clusters.len()).collect();
    order.sort_by_key(|index| {
        clusters
            .get(*index)
            .map(|cluster| Reverse(cluster.pattern.count))
    });
    let mut tree = PrefixTree::new();
    let mut joins = Vec::new();
    for index in order {
        let Some(Cluster { pattern, .. }) = clusters.get(index) else {
            continue;
        };
        let found = tree.find(Sequence {
            words: &pattern.words,
            joined: &pattern.joined,
        });
        let frequent = found.and_then(|found| usize::try_from(found).ok());
        let is_rare = |other: &Cluster| other.pattern.count >= pattern.count.saturating_mul(RARER);
        match frequent {
            Some(frequent) if clusters.get(frequent).is_some_and(is_rare) => {
                joins.push((index, frequent))
            }
            _ => tree.insert(&pattern.words, u32::try_from(index).unwrap_or(u32::MAX)),
        }
    }
    for (from, to) in joins {
        let Some(rare) = clusters.get_mut(from) else {
            continue;
        };
        let (members, count) = (std::mem::take(&mut rare.members), rare.pattern.count);
        if let Some(frequent) = clusters.get_mut(to) {
            frequent.members.extend(members);
            frequent.pattern.count += count;
        }
    }
    clusters.retain(|cluster| !cluster.members.is_empty());
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters_of(messages: &[&str]) -> Vec<String> {
        let mut vocabulary = Vocabulary::new();
        let patterns = messages.iter().map(|message| {
            let words: Vec<Word> = message
                .split(' ')
                .map(|word| vocabulary.add(word.as_bytes()))
                .collect();
            Pattern {
                joined: vec![false; words.len()],
                words,
                count: 1,
            }
        });
        let patterns = patterns.collect();
        let show = |word: &Word| match *word {
            OPEN => "*".to_string(),
            word => String::from_utf8(vocabulary.text(word).to_vec()).unwrap(),
        };
        let found = cluster(patterns, &vocabulary);
        found
            .iter()
            .map(|cluster| {
                cluster
                    .pattern
                    .words
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
