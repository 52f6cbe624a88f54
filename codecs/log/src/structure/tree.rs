//! A prefix tree of patterns with wildcards.

use super::hash::FixedMap;
use super::vocabulary::{ANY, Word};

/// Finds the pattern that a sequence of words matches, token by token.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    words: FixedMap<Word, usize>,
    any: Option<usize>,
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
            at = if word == ANY {
                *node.any.get_or_insert(new)
            } else {
                *node.words.entry(word).or_insert(new)
            };
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.pattern.get_or_insert(id);
        }
    }

    /// The pattern that matches `words`; of several, one that has its first wildcard late.
    pub(crate) fn find(&self, words: &[Word]) -> Option<u32> {
        let mut open = vec![(0_usize, 0_usize)];
        let mut steps = (words.len() + 1) * STEPS_PER_TOKEN;
        while let Some((node, depth)) = open.pop() {
            steps = steps.checked_sub(1)?;
            let node = self.nodes.get(node)?;
            let Some(word) = words.get(depth) else {
                if node.pattern.is_some() {
                    return node.pattern;
                }
                continue;
            };
            open.extend(node.any.map(|next| (next, depth + 1)));
            open.extend(node.words.get(word).map(|&next| (next, depth + 1)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_words_are_preferred_to_wildcards_and_both_are_tried() {
        let mut tree = PrefixTree::new();
        tree.insert(&[1, ANY, 3], 7);
        tree.insert(&[1, 2, 4], 8);
        assert_eq!(tree.find(&[1, 2, 4]), Some(8));
        assert_eq!(tree.find(&[1, 2, 3]), Some(7));
        assert_eq!(tree.find(&[1, 9, 3]), Some(7));
        assert_eq!(tree.find(&[1, 9, 4]), None);
        assert_eq!(tree.find(&[1, 2]), None);
    }

    #[test]
    fn a_search_that_branches_everywhere_ends() {
        let mut tree = PrefixTree::new();
        for pattern in 0..1024_u32 {
            let words: Vec<Word> = (0..10).map(|bit| (pattern >> bit) & 1).chain([9]).collect();
            tree.insert(&words, pattern);
        }
        assert_eq!(tree.find(&[1; 12]), None);
    }
}
