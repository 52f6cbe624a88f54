//! What the contents of a data set are written in.

use super::{Dataset, is_base};

/// Contents shorter than this say too little: `cat` is a word as well.
const SHORTEST: usize = 20;

/// The items of a data set by what they are written in, as their numbers.
///
/// A sequence of nucleotides is nine tenths bases or `N`, in any case. Contents of fewer than 20 bytes
/// are in none of the lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alphabets {
    /// Sequences of nucleotides.
    pub dna: Vec<usize>,
    /// Those with `U` and without `T`.
    pub rna: Vec<usize>,
    /// All others: proteins, texts, any bytes.
    pub others: Vec<usize>,
}

impl Alphabets {
    /// Whether more than one of the lists has items: what these share is hidden from a compressor, or
    /// nothing.
    #[must_use]
    pub fn are_mixed(&self) -> bool {
        let lists = [&self.dna, &self.rna, &self.others];
        lists.iter().filter(|list| !list.is_empty()).count() > 1
    }
}

impl Dataset {
    /// What the items are written in.
    ///
    /// ```
    /// use codec_ncd::dataset::{Dataset, Format, ReadOptions};
    /// let fasta = b">a\nACGTACGTTTGACCAGTTAGGCA\n>b\nMKVLAAGIVGLLLAQWERTYIPS\n";
    /// let data = Dataset::parse(fasta, "both", Format::Fasta, &ReadOptions::default())?;
    /// let alphabets = data.alphabets();
    /// assert!(alphabets.are_mixed());
    /// assert_eq!((alphabets.dna, alphabets.others), (vec![0], vec![1]));
    /// # Ok::<(), codec_core::Error>(())
    /// ```
    #[must_use]
    pub fn alphabets(&self) -> Alphabets {
        let mut found = Alphabets::default();
        for (number, item) in self.items().iter().enumerate() {
            let content = &item.content[..];
            if content.len() < SHORTEST {
                continue;
            }
            let has = |letter: u8| {
                content
                    .iter()
                    .any(|byte| byte.eq_ignore_ascii_case(&letter))
            };
            let is_nucleotide = |byte: &&u8| is_base(**byte) || matches!(byte, b'N' | b'n');
            let nucleotides = content.iter().filter(is_nucleotide).count();
            let list = if nucleotides < content.len() - content.len() / 10 {
                &mut found.others
            } else if has(b'U') && !has(b'T') {
                &mut found.rna
            } else {
                &mut found.dna
            };
            list.push(number);
        }
        found
    }
}
