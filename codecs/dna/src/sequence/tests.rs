//! What is promised of every method: bases come back, damage ends soon, and models do not change.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use xxhash_rust::xxh64::xxh64;

use super::*;

const METHODS: [Method; 4] = [Method::Packed, Method::Fast, Method::Mid, Method::Max];

/// A piece of a sequence that is made of what stands before it, or new.
#[derive(Clone, Debug)]
enum Piece {
    New(Vec<u8>),
    Run(u8, usize),
    /// From a place, of a length, with every so many bases substituted.
    Repeat(usize, usize, usize),
    Inverted(usize, usize, usize),
}

fn piece() -> impl Strategy<Value = Piece> {
    let copy = || (any::<usize>(), 1usize..300, 5usize..100);
    prop_oneof![
        prop::collection::vec(0u8..4, 0..200).prop_map(Piece::New),
        (0u8..4, 1usize..200).prop_map(|(base, len)| Piece::Run(base, len)),
        copy().prop_map(|(at, len, every)| Piece::Repeat(at, len, every)),
        copy().prop_map(|(at, len, every)| Piece::Inverted(at, len, every)),
    ]
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    prop::collection::vec(piece(), 0..9)
}

/// Puts pieces behind `bases`.
fn extend(bases: &mut Vec<u8>, pieces: &[Piece]) {
    for piece in pieces {
        match piece {
            Piece::New(new) => bases.extend(new),
            Piece::Run(base, len) => bases.resize(bases.len() + len, *base),
            Piece::Repeat(at, len, every) | Piece::Inverted(at, len, every) => {
                let from = at % (bases.len() + 1);
                let mut copy: Vec<u8> = bases[from..].iter().take(*len).copied().collect();
                if matches!(piece, Piece::Inverted(..)) {
                    copy = copy.iter().rev().map(|base| 3 - base).collect();
                }
                for base in copy.iter_mut().step_by(*every) {
                    *base = (*base + 1) & 3;
                }
                bases.extend(copy);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn repeats_on_either_strand_come_back_with_and_without_a_reference(
        before in pieces(),
        after in pieces(),
    ) {
        let mut all = Vec::new();
        extend(&mut all, &before);
        let split = all.len();
        extend(&mut all, &after);
        for (reference, bases) in [(&all[..0], &all[..]), all.split_at(split)] {
            for method in METHODS {
                let payload = encode(bases, method, reference);
                let decoded = decode(&payload, bases.len(), method, reference).unwrap();
                prop_assert_eq!(&decoded, bases, "{:?}", method);
            }
        }
    }

    #[test]
    fn damaged_payloads_are_errors_or_other_bases(
        payload in prop::collection::vec(any::<u8>(), 0..60),
        len in 0usize..3_000,
        with_reference: bool,
    ) {
        let reference: &[u8] = if with_reference { &[0, 1, 2, 3, 3, 2, 1, 0, 1] } else { &[] };
        for method in METHODS {
            if let Ok(bases) = decode(&payload, len, method, reference) {
                prop_assert_eq!(bases.len(), len);
                // The last byte is any of those that lie in the interval.
                let again = encode(&bases, method, reference);
                prop_assert_eq!(again.len(), payload.len(), "{:?}", method);
            }
        }
    }
}

#[test]
fn the_shortest_sequences_come_back() {
    for method in METHODS {
        for len in 0..70 {
            let bases: Vec<u8> = (0..len).map(|i| (i / 3 * i % 4) as u8).collect();
            for reference in [&[][..], &[2], &bases] {
                let payload = encode(&bases, method, reference);
                assert_eq!(decode(&payload, len, method, reference).unwrap(), bases);
            }
        }
        assert!(encode(&[], method, &[1, 2, 3]).is_empty());
    }
}

#[test]
fn a_reference_far_longer_than_the_bases_is_pointed_into() {
    let mut reference = Vec::new();
    extend(&mut reference, &[Piece::New(some_bases(30_000))]);
    let mut bases = reference[17_000..18_000].to_vec();
    let inverted: Vec<u8> = reference[..1_000].iter().rev().map(|b| 3 - b).collect();
    bases.extend(inverted);
    for method in [Method::Fast, Method::Mid, Method::Max] {
        let payload = encode(&bases, method, &reference);
        assert!(payload.len() < 60, "{method:?}: {}", payload.len());
        let decoded = decode(&payload, bases.len(), method, &reference).unwrap();
        assert_eq!(decoded, bases);
    }
}

/// The longest block claimed by a few bytes is an error before much of it was made up.
#[test]
fn claims_of_a_huge_length_end_soon() {
    for method in METHODS {
        for payload in [&[][..], &[0; 3], &[0xFF; 3], &[0xFF; 40]] {
            let start = Instant::now();
            let decoded = decode(payload, 1 << 30, method, &[]);
            assert!(matches!(decoded, Err(Error::Corrupt { .. })), "{method:?}");
            assert!(start.elapsed() < Duration::from_secs(20), "{method:?}");
        }
    }
}

fn some_bases(len: usize) -> Vec<u8> {
    let mut state = 11u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 62) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Files that were written must decode for ever: whoever changes these numbers has changed the
/// format, and needs a new method.
#[test]
fn payloads_are_those_of_version_1() {
    let mut bases = Vec::new();
    extend(
        &mut bases,
        &[
            Piece::New(some_bases(4_000)),
            Piece::Repeat(500, 1_500, 70),
            Piece::Inverted(2_000, 1_500, 90),
            Piece::Run(2, 300),
            Piece::New([0, 2, 3, 1, 0, 0].repeat(100)),
            Piece::Repeat(0, 3_000, 11),
        ],
    );
    let reference = &bases[1_000..3_000];
    let hash_of = |method, reference| xxh64(&encode(&bases, method, reference), 0);
    let frozen = METHODS.map(|method| [&[][..], reference].map(|other| hash_of(method, other)));
    let expected = [
        [0x12ce_5ec6_ad6d_ab4e; 2],
        [0x7bdf_710d_ac43_91ad, 0x1827_c728_3291_5e61],
        [0x0480_e6be_169e_7b23, 0x38ba_051b_152a_4f03],
        [0x052b_d913_38d2_cf52, 0x05e7_6e6b_3db2_5632],
    ];
    assert_eq!(frozen, expected, "{frozen:#x?}");
}
