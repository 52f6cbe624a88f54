//! Nucleotide sequences: the codec `dna`.

pub mod sequence;
