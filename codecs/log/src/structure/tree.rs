//! A prefix tree of patterns with wildcards.

use super::token::LONGEST_WILDCARD;
use super::vocabulary::{OPEN, VALUE, Word, is_valued};
use crate::hash::FixedMap;

/// The tokens of a message as a search sees them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sequence<'a> {
    pub(crate) words: &'a [Word],
    /// For each token whether the next one follows without white space.
    pub(crate) joined: &'a [bool],
}

impl Sequence<'_> {
    /// As [`Tokens::wildcard_ends`](super::token::Tokens::wildcard_ends).
    fn wildcard_ends(&self, start: usize) -> impl Iterator<Item = usize> {
        let joined = self.joined.get(start..).unwrap_or_default();
        let is_inside = start > 0 && self.joined.get(start - 1) == Some(&true);
        let most = if is_inside { 1 } else { LONGEST_WILDCARD };
        let more = joined
            .iter()
            .take(most - 1)
            .take_while(|joined| **joined)
            .count();
        start + 1..(start + 2 + more).min(self.words.len() + 1)
    }

    fn has_value(&self, start: usize, end: usize) -> bool {
        self.words
            .get(start..end)
            .is_some_and(|words| words.iter().any(|word| is_valued(*word)))
    }
}

/// Finds the pattern that a sequence of words matches.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Wildcards are kept under [`OPEN`] and [`VALUE`].
    next: FixedMap<Word, usize>,
    pattern: Option<u32>,
}

/// Steps a search may take for each token before it gives up.
const STEPS_PER_TOKEN: usize = 16;

impl PrefixTree {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    pub(crate) fn insert(&mut self, pattern: &[Word], id: u32) {
        let mut at = 0;
        for &word in pattern {
            let new = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else {
                return;
            };
            at = *node.next.entry(word).or_insert(new);
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.pattern.get_or_insert(id);
        }
    }

    /// The pattern that `sequence` matches; of several, one whose first wildcard comes late and takes few tokens.
    pub(crate) fn find(&self, sequence: Sequence<'_>) -> Option<u32> {
        let mut open = vec![(0_usize, 0_usize)];
        let mut steps = (sequence.words.len() + 1) * STEPS_PER_TOKEN;
        while let Some((node, depth)) = open.pop() {
            steps = steps.checked_sub(1)?;
            let node = self.nodes.get(node)?;
            let Some(word) = sequence.words.get(depth) else {
                if node.pattern.is_some() {
                    return node.pattern;
                }
                continue;
            };
            let pushed = open.len();
            open.extend(
                node.next
                    .get(word)
                    .filter(|_| *word != OPEN)
                    .map(|&next| (next, depth + 1)),
            );
            if let Some(&next) = node.next.get(&VALUE) {
                let ends = sequence
                    .wildcard_ends(depth)
                    .filter(|end| sequence.has_value(depth, *end));
                open.extend(ends.map(|end| (next, end)));
            }
            if let Some(&next) = node.next.get(&OPEN) {
                open.extend(sequence.wildcard_ends(depth).map(|end| (next, end)));
            }
            // The last one pushed is tried first.
            open.get_mut(pushed..)?.reverse();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(tree: &PrefixTree, words: &[Word]) -> Option<u32> {
        tree.find(Sequence {
            words,
            joined: &vec![false; words.len()],
        })
    }

    #[test]
    fn exact_words_are_preferred_to_wildcards_and_both_are_tried() {
        let mut tree = PrefixTree::new();
        tree.insert(&[1, OPEN, 3], 7);
        tree.insert(&[1, 2, 4], 8);
        assert_eq!(find(&tree, &[1, 2, 4]), Some(8));
        assert_eq!(find(&tree, &[1, 2, 3]), Some(7));
        assert_eq!(find(&tree, &[1, 9, 3]), Some(7));
        assert_eq!(find(&tree, &[1, 9, 4]), None);
        assert_eq!(find(&tree, &[1, 2]), None);
    }

    #[test]
    fn a_wildcard_for_values_takes_no_bare_word() {
        let mut tree = PrefixTree::new();
        tree.insert(&[1, VALUE], 7);
        assert_eq!(find(&tree, &[1, VALUE]), Some(7));
        assert_eq!(find(&tree, &[1, 2]), None);
        assert_eq!(find(&tree, &[1, 2 | VALUE]), Some(7));
    }

    #[test]
    fn a_wildcard_takes_all_of_a_field() {
        let mut tree = PrefixTree::new();
        tree.insert(&[1, VALUE, 2], 7);
        let words = [1, 5, 6, VALUE, 7, 2];
        assert_eq!(
            tree.find(Sequence {
                words: &words,
                joined: &[false, true, true, true, true, false]
            }),
            Some(7)
        );
        assert_eq!(
            tree.find(Sequence {
                words: &words,
                joined: &[false, true, false, true, true, false]
            }),
            None
        );
    }

    #[test]
    fn a_search_that_branches_everywhere_ends() {
        let mut tree = PrefixTree::new();
        for pattern in 0..1024_u32 {
            let words: Vec<Word> = (0..10).map(|bit| (pattern >> bit) & 1).chain([9]).collect();
            tree.insert(&words, pattern);
        }
        assert_eq!(find(&tree, &[1; 12]), None);
    }
}
