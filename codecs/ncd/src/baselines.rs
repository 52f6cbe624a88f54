//! What compression has to beat: k-mer naive Bayes and nearest neighbours by shared k-mers.
//!
//! A k-mer is any k bytes in a row, told apart by a hash of 64 bits: two of ten million have the same
//! one with a probability of 3 in a million. A content of fewer than k bytes is one k-mer.

use std::collections::HashMap;

use crate::classes::softmax;
use crate::knn::{Nearest, Neighbor};

/// Multinomial naive Bayes over k-mers, with frequencies of classes as the prior.
///
/// As in the usual notebooks: P(k-mer | class) = (n + α) / (N + α V), with n of the class's N k-mers
/// and V different ones in the training set; k-mers that the training set lacks are passed over.
pub struct NaiveBayes {
    k: usize,
    /// Number of each k-mer of the training set.
    numbers: HashMap<u64, usize>,
    /// log₂ P(k-mer | class), by k-mer and then class.
    logs: Vec<f64>,
    /// log₂ P(class).
    priors: Vec<f64>,
}

impl NaiveBayes {
    /// Counts the k-mers of `items`, whose classes below `count` are `classes`. `k` is at least 1 and
    /// `alpha` above 0.
    #[must_use]
    pub fn train(items: &[&[u8]], classes: &[usize], count: usize, k: usize, alpha: f64) -> Self {
        let mut numbers: HashMap<u64, usize> = HashMap::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut totals = vec![0u64; count];
        let mut sizes = vec![0u64; count];
        for (item, class) in items
            .iter()
            .zip(classes)
            .filter(|(_, class)| **class < count)
        {
            sizes[*class] += 1;
            for kmer in kmers(item, k) {
                let next = numbers.len();
                let number = *numbers.entry(kmer).or_insert(next);
                if number == next {
                    counts.resize(counts.len() + count, 0);
                }
                counts[number * count + class] += 1;
                totals[*class] += 1;
            }
        }
        let different = numbers.len() as f64;
        let logs = counts.iter().enumerate().map(|(at, n)| {
            let total = totals[at % count.max(1)] as f64;
            ((f64::from(*n) + alpha) / (total + alpha * different)).log2()
        });
        let all: u64 = sizes.iter().sum();
        NaiveBayes {
            k,
            logs: logs.collect(),
            numbers,
            priors: sizes
                .iter()
                .map(|size| (*size as f64 / all as f64).log2())
                .collect(),
        }
    }

    /// The most probable class of a question, the first of equal ones, and the probabilities of all.
    #[must_use]
    pub fn classify(&self, question: &[u8]) -> (usize, Vec<f64>) {
        let mut scores = self.priors.clone();
        for number in kmers(question, self.k).filter_map(|kmer| self.numbers.get(&kmer)) {
            let logs = self
                .logs
                .chunks_exact(self.priors.len().max(1))
                .nth(*number);
            for (score, log) in scores.iter_mut().zip(logs.unwrap_or_default()) {
                *score += log;
            }
        }
        let mut best = 0;
        for (class, score) in scores.iter().enumerate() {
            if *score > scores[best] {
                best = class;
            }
        }
        (best, softmax(&scores))
    }
}

/// A collection by its k-mers: which items have a k-mer in common with a question, and how many.
pub struct KmerIndex {
    k: usize,
    /// Items that have a k-mer, in order.
    items: HashMap<u64, Vec<u32>>,
    /// Number of different k-mers of each item.
    sizes: Vec<usize>,
}

impl KmerIndex {
    /// Indexes the different k-mers of every item; `k` is at least 1.
    #[must_use]
    pub fn new(items: &[&[u8]], k: usize) -> Self {
        let mut index: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut sizes = Vec::with_capacity(items.len());
        for (number, item) in (0u32..).zip(items) {
            let kmers = different(item, k);
            sizes.push(kmers.len());
            for kmer in kmers {
                index.entry(kmer).or_default().push(number);
            }
        }
        KmerIndex {
            k,
            items: index,
            sizes,
        }
    }

    /// The Jaccard similarity of a question to every item: shared k-mers over all k-mers of both,
    /// each counted once; from 0 to 1.
    #[must_use]
    pub fn similarities(&self, question: &[u8]) -> Vec<f64> {
        let kmers = different(question, self.k);
        let mut shared = vec![0usize; self.sizes.len()];
        for item in kmers
            .iter()
            .filter_map(|kmer| self.items.get(kmer))
            .flatten()
        {
            shared[*item as usize] += 1;
        }
        let pairs = shared.into_iter().zip(&self.sizes);
        pairs
            .map(|(shared, size)| shared as f64 / (size + kmers.len() - shared).max(1) as f64)
            .collect()
    }

    /// The `count` items that are most similar to a question, at a distance of 1 less the Jaccard
    /// similarity; of equally similar ones the earlier.
    #[must_use]
    pub fn nearest(&self, question: &[u8], count: usize) -> Vec<Neighbor> {
        let mut nearest = Nearest::new(count);
        for (item, similarity) in self.similarities(question).into_iter().enumerate() {
            let distance = 1.0 - similarity;
            nearest.offer(Neighbor { item, distance });
        }
        nearest.into_sorted()
    }
}

/// The hashes of every k bytes in a row.
fn kmers(content: &[u8], k: usize) -> impl Iterator<Item = u64> {
    content.windows(k.clamp(1, content.len().max(1))).map(hash)
}

/// The hashes of k bytes in a row, each once, in order.
fn different(content: &[u8], k: usize) -> Vec<u64> {
    let mut all: Vec<u64> = kmers(content, k).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A hash of a few bytes: eight at a time multiplied into 64 bits and folded.
fn hash(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut eight = [0; 8];
        for (to, from) in eight.iter_mut().zip(chunk) {
            *to = *from;
        }
        let mixed = u128::from(state ^ u64::from_le_bytes(eight) ^ 0x9e37_79b9_7f4a_7c15)
            * 0xd6e8_feb8_6659_fd93_u128;
        state = (mixed as u64) ^ ((mixed >> 64) as u64);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naive_bayes_is_what_its_formula_says() {
        // 2-mers: class 0 has AA, AA, AC; class 1 has CC. V = 3, α = 1.
        let items: [&[u8]; 2] = [b"AAAC", b"CC"];
        let bayes = NaiveBayes::train(&items, &[0, 1], 2, 2, 1.0);
        let (class, probabilities) = bayes.classify(b"AAG");
        // AG was never seen; AA: (2 + 1) / (3 + 3) against (0 + 1) / (1 + 3).
        let (one, other) = (0.5 * 0.5, 0.5 * 0.25);
        assert_eq!(class, 0);
        assert!(
            (probabilities[0] - one / (one + other)).abs() < 1e-12,
            "{probabilities:?}"
        );
        assert_eq!(bayes.classify(b"CC").0, 1);
    }

    #[test]
    fn similarities_are_shared_over_all() {
        let index = KmerIndex::new(&[b"AACC", b"GGTT", b"AAC"], 2);
        // AA, AC, CC against AA, AC, CG: two of four; and of AA, AC: two of three.
        let found = index.similarities(b"AACG");
        assert_eq!(found, [0.5, 0.0, 2.0 / 3.0]);
        let nearest = index.nearest(b"AACG", 2);
        assert_eq!((nearest[0].item, nearest[1].item), (2, 0));
    }

    #[test]
    fn contents_shorter_than_k_are_compared_too() {
        let index = KmerIndex::new(&[b"AC", b"AG"], 12);
        assert_eq!(index.similarities(b"AC"), [1.0, 0.0]);
        assert_eq!(index.similarities(b""), [0.0, 0.0]);
    }
}
