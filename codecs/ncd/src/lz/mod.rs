//! `lz`: an estimate of code lengths that takes microseconds, for distances between very many pairs.
//!
//! A content is parsed into literals and matches as an LZ77 compressor would, but nothing is coded:
//! every step adds its price, in whole numbers, so that the same content costs the same everywhere.
//!
//! - Strings of k bytes of what was given are found through an index that is built once. k is the
//!   shortest length at which a match pays, from the length and the entropy of the content: 11 for
//!   1,500 bases of DNA, 6 for a page of text.
//! - A match may come from what was given or from the content's own past. Its distance costs log₂ of
//!   the bytes there are before it.
//! - Where a match ends in a mismatch, it goes on behind it for the price of its new length alone, as
//!   the repeated offsets of LZMA do. In sequences that differ by substitutions most of the gain is
//!   there.
//! - A literal costs log₂ of how rare its byte is in the content (order 0), and what it takes to
//!   tell a decoder the frequencies is added.
//! - A match is left out if it hardly gains anything, or if a better one starts at the next byte.
//!
//! Case counts: `a` is not `A`. Inverted repeats are not looked for.

mod cost;
mod index;
mod parse;

use codec_core::{CodeLength, Error, LimitKind, Params, Primed, Result};

use index::{Index, shortest_match};
use parse::Parser;

/// Longest content in bytes, so that positions fit 32 bits.
const MAX_LEN: usize = 1 << 31;

/// The estimate; it takes no parameters. See the [module](self).
///
/// ```
/// use codec_core::{CodeLength, Params};
/// use codec_ncd::lz::Lz;
/// let params = Params::defaults(&[]);
/// let x = b"GATTACAGGTCCATCGATTTGCAGCATCAAGCTTACGGATCTACGTTAGC";
/// let y = b"GATTACAGGTCCATCGATTTGCTGCATCAAGCTTACGGATCTACGTTAGC"; // one base differs
/// let alone = Lz.bits(y, &params)?;
/// let given = Lz.bits_given(y, x, &params)?;
/// assert!(given < alone / 2.0);
/// # Ok::<(), codec_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Lz;

impl CodeLength for Lz {
    fn bits(&self, x: &[u8], _params: &Params) -> Result<f64> {
        check_len(x.len())?;
        let given = Index::empty(shortest_match(x));
        Ok(in_bits(Parser::new(x, &given).run()))
    }

    fn primed<'a>(&'a self, given: &[&[u8]], params: &Params) -> Result<Box<dyn Primed + 'a>> {
        check_len(given.iter().map(|piece| piece.len()).sum())?;
        let given = given.concat();
        Ok(Box::new(Given {
            bits: self.bits(&given, params)?,
            index: Index::new(&given, shortest_match(&given)),
        }))
    }
}

/// What was given, indexed.
struct Given {
    /// Code length of all of it alone.
    bits: f64,
    index: Index,
}

impl Primed for Given {
    fn joint_bits(&self, x: &[u8]) -> Result<f64> {
        Ok(self.bits + self.bits(x)?)
    }

    fn bits(&self, x: &[u8]) -> Result<f64> {
        check_len(x.len())?;
        Ok(in_bits(Parser::new(x, &self.index).run()))
    }
}

fn check_len(len: usize) -> Result<()> {
    if len > MAX_LEN {
        return Err(Error::Limit {
            what: "the estimate lz",
            needed: len as u64,
            allowed: MAX_LEN as u64,
            limit: LimitKind::Memory,
        });
    }
    Ok(())
}

fn in_bits(cost: u64) -> f64 {
    cost as f64 / f64::from(cost::BIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pseudo-random bases.
    fn dna(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            b"ACGT"[(state >> 62) as usize]
        };
        (0..len).map(|_| next()).collect()
    }

    fn alone(x: &[u8]) -> f64 {
        Lz.bits(x, &Params::defaults(&[])).unwrap()
    }

    fn given(x: &[u8], y: &[u8]) -> f64 {
        Lz.bits_given(y, x, &Params::defaults(&[])).unwrap()
    }

    #[test]
    fn random_bases_cost_two_bits_and_a_little() {
        let bits = alone(&dna(3_000, 1));
        assert!((6_000.0..6_500.0).contains(&bits), "{bits}");
    }

    #[test]
    fn what_was_given_costs_next_to_nothing_and_what_was_not_stays() {
        let (x, y) = (dna(1_500, 1), dna(1_500, 2));
        assert!(given(&x, &x) < 60.0, "{}", given(&x, &x));
        let ratio = given(&x, &y) / alone(&y);
        assert!((0.97..=1.03).contains(&ratio), "{ratio}");
    }

    #[test]
    fn substitutions_cost_less_than_starting_again() {
        let x = dna(1_500, 1);
        let mut y = x.clone();
        for at in (20..1_500).step_by(30) {
            y[at] = if y[at] == b'A' { b'C' } else { b'A' };
        }
        let each = given(&x, &y) / 50.0;
        assert!(each < 20.0, "{each} bits for each of 50 substitutions");
    }

    #[test]
    fn text_and_its_own_past_are_used() {
        let sentence = b"It was the best of times, it was the worst of times. ";
        let once = alone(sentence);
        let often = alone(&sentence.repeat(20));
        assert!(often < once + 120.0, "{once} {often}");
        assert!(given(sentence, b"it was the best of times") < 60.0);
    }

    #[test]
    fn a_joint_length_is_that_of_both_parts() {
        let (x, y) = (dna(500, 3), dna(700, 4));
        let params = Params::defaults(&[]);
        let primed = Lz.primed(&[&x[..200], &x[200..]], &params).unwrap();
        let expected = alone(&x) + primed.bits(&y).unwrap();
        assert!((primed.joint_bits(&y).unwrap() - expected).abs() < 1e-9);
    }

    #[test]
    fn the_shortest_contents_have_a_length() {
        for content in [&b""[..], b"A", b"AA", b"\0\xff", &[7; 100_000]] {
            assert!(alone(content) >= 0.0);
            assert!(given(b"", content) >= 0.0);
            assert!(given(content, b"A") >= 0.0);
        }
        assert!(alone(&[7; 100_000]) < 100.0);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_length_and_knowing_more_costs_little(
            x in proptest::collection::vec(0u8..4, 0..400),
            y in proptest::collection::vec(0u8..4, 0..400),
        ) {
            let (alone, given) = (alone(&y), given(&x, &y));
            prop_assert!(alone.is_finite() && given.is_finite());
            // More choices make the price of a distance higher, by a bit for each match at the most.
            prop_assert!(given <= alone * 1.25 + 32.0, "{} {}", alone, given);
        }
    }
}
