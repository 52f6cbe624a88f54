//! Nucleotides with the repeats that genomes have.

use super::{Prng, fill};

/// Bases on a line of FASTA.
const LINE: usize = 60;
/// One base in so many differs in a copy.
const MUTATION: u64 = 50;

pub(super) fn bytes(len: usize, prng: &mut Prng) -> Vec<u8> {
    let mut genome = Vec::new();
    let mut sent = 0;
    fill(len, |out| {
        if sent == 0 {
            out.extend_from_slice(b">sample generated bases\n");
        }
        while genome.len() < sent + LINE {
            grow(&mut genome, prng);
        }
        out.extend_from_slice(&genome[sent..sent + LINE]);
        out.push(b'\n');
        sent += LINE;
    })
}

/// Appends new bases, or a mutated copy of earlier ones, half of them as the other strand.
fn grow(genome: &mut Vec<u8>, prng: &mut Prng) {
    let len = 20 + prng.zipf(10) as usize;
    if genome.len() < 2000 || !prng.one_in(3) {
        // A and T are a little more frequent than C and G.
        genome.extend((0..len).map(|_| *prng.pick(b"ACGTACGTAT")));
        return;
    }
    let len = len.min(genome.len());
    let start = prng.below((genome.len() - len) as u64 + 1) as usize;
    let mut copy = genome[start..start + len].to_vec();
    if prng.one_in(2) {
        copy.reverse();
        copy.iter_mut().for_each(|base| *base = complement(*base));
    }
    for base in &mut copy {
        if prng.one_in(MUTATION) {
            *base = *prng.pick(b"ACGT");
        }
    }
    genome.append(&mut copy);
}

fn complement(base: u8) -> u8 {
    match base {
        b'A' => b'T',
        b'C' => b'G',
        b'G' => b'C',
        _ => b'A',
    }
}
