//! Code lengths of nucleotide sequences.

use codec_core::{ClassLengths, CodeLength, Error, Params, Primed, Result};

use crate::block::{self, bases_of};
use crate::classes::ClassTables;
use crate::codec::{Dna, level};
use crate::sequence::Learner;

/// Bases beside the given ones that a primed model has room for without losing precision.
const ROOM: usize = 4 << 10;

/// Lengths are of the bases A, C, G, T (or U) only, in FASTA, FASTQ or plain: headers, other letters,
/// case and line ends cost nothing. They are ideal code lengths under the model of the level, which
/// the coder meets to a byte.
///
/// [`Primed`] models go on learning within a question. [`CodeLength::class_models`] is another model,
/// made for questions of class: see `docs/ncd.md`.
impl CodeLength for Dna {
    fn bits(&self, x: &[u8], params: &Params) -> Result<f64> {
        let bases = some_bases_of(x)?;
        Ok(learner(params, bases.len()).learn(&bases))
    }

    fn primed<'a>(&'a self, given: &[&[u8]], params: &Params) -> Result<Box<dyn Primed + 'a>> {
        let given: Vec<u8> = given.iter().flat_map(|piece| bases_of(piece)).collect();
        let mut learner = learner(params, given.len().saturating_mul(2).saturating_add(ROOM));
        let given_bits = learner.learn(&given);
        Ok(Box::new(PrimedBases {
            learner,
            given_bits,
        }))
    }

    fn class_models<'a>(
        &'a self,
        classes: &[Vec<&[u8]>],
        _params: &Params,
    ) -> Result<Option<Box<dyn ClassLengths + 'a>>> {
        let classes: Vec<Vec<Vec<u8>>> = classes
            .iter()
            .map(|pieces| pieces.iter().map(|piece| bases_of(piece)).collect())
            .collect();
        Ok(Some(Box::new(ClassTables::train(&classes))))
    }
}

struct PrimedBases {
    learner: Learner,
    given_bits: f64,
}

impl Primed for PrimedBases {
    fn joint_bits(&self, x: &[u8]) -> Result<f64> {
        // Nothing may follow: what was given is a whole content too.
        let more = self.learner.clone().learn(&bases_of(x));
        Ok(self.given_bits + more)
    }

    fn bits(&self, x: &[u8]) -> Result<f64> {
        Ok(self.learner.clone().learn(&some_bases_of(x)?))
    }
}

impl ClassLengths for ClassTables {
    fn bits(&self, x: &[u8]) -> Result<Vec<f64>> {
        Ok(self.lengths(&some_bases_of(x)?))
    }
}

fn learner(params: &Params, len: usize) -> Learner {
    Learner::new(block::class_of(level(params)), len)
}

fn some_bases_of(x: &[u8]) -> Result<Vec<u8>> {
    let bases = bases_of(x);
    if bases.is_empty() {
        return Err(Error::Usage(
            "the sequence has no letter of DNA (A, C, G, T or U)".into(),
        ));
    }
    Ok(bases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec_core::Codec;

    fn sequence(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            b"ACGT"[(state >> 62) as usize]
        };
        (0..len).map(|_| next()).collect()
    }

    fn params(level: &str) -> Params {
        let mut params = Params::defaults(Dna.descriptor().params);
        params.set("level", level).unwrap();
        params
    }

    #[test]
    fn a_sequence_is_short_given_itself_and_not_given_another() {
        let (one, other) = (sequence(2_000, 1), sequence(2_000, 2));
        for level in ["3", "6", "9"] {
            let params = params(level);
            let alone = Dna.bits(&one, &params).unwrap();
            assert!((3_800.0..4_200.0).contains(&alone), "{alone}");
            assert!(Dna.bits_given(&one, &one, &params).unwrap() < 300.0);
            assert!(Dna.bits_given(&one, &other, &params).unwrap() > 3_800.0);
        }
    }

    #[test]
    fn questions_do_not_change_answers() {
        let primed = Dna
            .primed(&[&sequence(500, 1), b" "], &params("3"))
            .unwrap();
        let first = primed.joint_bits(&sequence(400, 3)).unwrap();
        primed.bits(&sequence(500, 1)).unwrap();
        assert_eq!(primed.joint_bits(&sequence(400, 3)).unwrap(), first);
    }

    #[test]
    fn headers_case_and_line_ends_cost_nothing() {
        let plain = Dna.bits(b"ACGTTGCAACGGT", &params("3")).unwrap();
        let fasta = Dna
            .bits(b">a name\r\nacgttgc\r\nAACGGT\r\n", &params("3"))
            .unwrap();
        assert_eq!(plain, fasta);
    }

    #[test]
    fn what_is_no_dna_is_refused() {
        for text in [&b""[..], b"1234", b">only a header\n"] {
            assert!(matches!(Dna.bits(text, &params("3")), Err(Error::Usage(_))));
        }
    }

    #[test]
    fn classes_are_told_apart_by_their_sequences() {
        let classes: Vec<Vec<u8>> = (1..=9).map(|seed| sequence(1_500, seed)).collect();
        let pieces: Vec<Vec<&[u8]>> = classes.iter().map(|class| vec![&class[..]]).collect();
        let models = Dna.class_models(&pieces, &params("3")).unwrap().unwrap();
        for (expected, class) in classes.iter().enumerate() {
            let mut question = class[300..900].to_vec();
            for at in (5..600).step_by(25) {
                question[at] = if question[at] == b'A' { b'C' } else { b'A' };
            }
            let bits = models.bits(&question).unwrap();
            assert_eq!(bits.len(), 9);
            let best = (0..9).min_by(|a, b| bits[*a].total_cmp(&bits[*b])).unwrap();
            assert_eq!(best, expected);
            assert!(bits[best] < 0.7 * bits[(best + 1) % 9]);
        }
    }
}
