//! Trees as sets of splits: each inner branch parts the leaves in two.

use std::collections::{BTreeMap, HashMap};

use codec_core::{Error, Result};

use super::Tree;

/// How much two trees differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RobinsonFoulds {
    /// Splits that one of the trees has and the other has not.
    pub distance: usize,
    /// The most that could be: all splits of both.
    pub largest: usize,
}

/// The Robinson–Foulds distance (1981) of two trees with the same leaves, roots left out of account.
///
/// # Errors
/// [`Error::Mismatch`] naming a leaf that only one of them has.
///
/// ```
/// use codec_ncd::tree::{Tree, robinson_foulds};
/// let one = Tree::parse_newick("((a,b),c,(d,e));")?;
/// let other = Tree::parse_newick("((a,c),b,(d,e));")?;
/// assert_eq!(robinson_foulds(&one, &other)?.distance, 2);
/// # Ok::<(), codec_core::Error>(())
/// ```
pub fn robinson_foulds(one: &Tree, other: &Tree) -> Result<RobinsonFoulds> {
    let leaves = leaf_numbers(one);
    let (one, other) = (splits(one, &leaves)?, splits(other, &leaves)?);
    let shared = one
        .keys()
        .filter(|split| other.contains_key(*split))
        .count();
    let largest = one.len() + other.len();
    Ok(RobinsonFoulds {
        distance: largest - 2 * shared,
        largest,
    })
}

impl Tree {
    /// Sets the support of every inner branch: in how many percent of `replicates` the leaves are
    /// parted in the same two.
    ///
    /// # Errors
    /// [`Error::Usage`] without replicates; [`Error::Mismatch`] if one has other leaves.
    pub fn set_supports(&mut self, replicates: &[Tree]) -> Result<()> {
        if replicates.is_empty() {
            return Err(Error::Usage("support needs at least one replicate".into()));
        }
        let leaves = leaf_numbers(self);
        let mut counts: HashMap<Split, usize> = HashMap::new();
        for replicate in replicates {
            for split in splits(replicate, &leaves)?.into_keys() {
                *counts.entry(split).or_default() += 1;
            }
        }
        for node in &mut self.nodes {
            node.support = None;
        }
        for (split, nodes) in splits(self, &leaves)? {
            let count = counts.get(&split).copied().unwrap_or(0);
            for node in nodes {
                self.nodes[node].support = Some(100.0 * count as f64 / replicates.len() as f64);
            }
        }
        Ok(())
    }
}

/// The leaves on the side without leaf 0, one bit each.
type Split = Vec<u64>;

fn leaf_numbers(tree: &Tree) -> HashMap<String, usize> {
    let names = tree.leaf_names().into_iter().map(str::to_owned);
    names.zip(0..).collect()
}

/// The splits with at least two leaves on both sides, and the nodes below their branches: two where
/// the root has two children.
fn splits(tree: &Tree, leaves: &HashMap<String, usize>) -> Result<BTreeMap<Split, Vec<usize>>> {
    let n = leaves.len();
    let mut below: Vec<Split> = vec![vec![0; n.div_ceil(64)]; tree.nodes.len()];
    let mut found = BTreeMap::new();
    let mut seen = 0;
    for node in tree.preorder().into_iter().rev() {
        if tree.nodes[node].children.is_empty() {
            let name = tree.leaf_name(node);
            let number = leaves.get(name).ok_or_else(|| {
                Error::Mismatch(format!("only one of the trees has an item named {name}"))
            })?;
            below[node][number / 64] |= 1 << (number % 64);
            seen += 1;
        }
        if let Some(parent) = tree.nodes[node].parent {
            let bits = std::mem::take(&mut below[node]);
            for (above, bits) in below[parent].iter_mut().zip(&bits) {
                *above |= bits;
            }
            let count: u32 = bits.iter().map(|word| word.count_ones()).sum();
            if count >= 2 && count as usize + 2 <= n {
                let split = without_first(bits, n);
                found.entry(split).or_insert_with(Vec::new).push(node);
            }
        }
    }
    if seen != n {
        return Err(Error::Mismatch(format!(
            "one of the trees has {n} items, the other {seen}"
        )));
    }
    Ok(found)
}

/// The side of the split that leaf 0 is not on.
fn without_first(mut bits: Split, n: usize) -> Split {
    if bits[0] & 1 == 1 {
        for word in &mut bits {
            *word = !*word;
        }
        if let Some(last) = bits.last_mut()
            && !n.is_multiple_of(64)
        {
            *last &= (1 << (n % 64)) - 1;
        }
    }
    bits
}
