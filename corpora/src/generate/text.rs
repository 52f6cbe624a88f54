//! Prose from a small word model.

use super::{Prng, fill};

/// Frequent English words, the most frequent first: ranks 0 to 126 of the vocabulary.
const COMMON: [&str; 127] = [
    "the", "of", "and", "to", "in", "a", "is", "that", "was", "it", "for", "on", "as", "with",
    "he", "be", "by", "at", "his", "had", "not", "are", "but", "from", "or", "have", "an", "they",
    "which", "one", "you", "were", "her", "all", "she", "there", "would", "their", "we", "him",
    "been", "has", "when", "who", "will", "more", "no", "if", "out", "so", "said", "what", "up",
    "its", "about", "into", "than", "them", "can", "only", "other", "new", "some", "could", "time",
    "these", "two", "may", "then", "do", "first", "any", "my", "now", "such", "like", "our",
    "over", "man", "me", "even", "most", "made", "after", "also", "did", "many", "before", "must",
    "through", "back", "years", "where", "much", "your", "way", "well", "down", "should",
    "because", "each", "just", "those", "people", "how", "too", "little", "state", "good", "very",
    "make", "world", "still", "own", "see", "men", "work", "long", "get", "here", "between",
    "both", "life", "being", "under", "never", "day",
];
/// Words are built of these where the rank is beyond [`COMMON`].
const SYLLABLES: [&str; 32] = [
    "ba", "con", "der", "el", "fer", "gra", "hol", "in", "ja", "ket", "lan", "mor", "ne", "or",
    "per", "qui", "ri", "san", "ter", "un", "ver", "wil", "xan", "yel", "zo", "th", "str", "ment",
    "ing", "ble", "ous", "ti",
];
/// Ranks of the vocabulary, as octaves: 2^12 - 1 words.
const OCTAVES: u32 = 12;

pub(super) fn bytes(len: usize, prng: &mut Prng) -> Vec<u8> {
    let mut previous = 0;
    fill(len, |out| {
        for _ in 0..2 + prng.below(6) {
            sentence(out, &mut previous, prng);
        }
        out.pop();
        out.extend_from_slice(b"\n\n");
    })
}

/// One sentence and a space. `previous` is the rank of the last word.
fn sentence(out: &mut Vec<u8>, previous: &mut u64, prng: &mut Prng) {
    let start = out.len();
    let words = 4 + prng.below(18);
    for number in 1..=words {
        *previous = next_rank(*previous, prng);
        word(out, *previous);
        if number < words {
            out.extend_from_slice(if prng.one_in(9) { b", " } else { b" " });
        }
    }
    out[start].make_ascii_uppercase();
    out.extend_from_slice(match prng.below(12) {
        0 => b"? ",
        1 => b"! ",
        _ => b". ",
    });
}

/// Half of all words follow from the one before, so that phrases come back; the others are drawn
/// by frequency.
fn next_rank(previous: u64, prng: &mut Prng) -> u64 {
    if prng.one_in(2) {
        let mut successors = Prng::new(previous << 3 | prng.zipf(3));
        successors.zipf(OCTAVES)
    } else {
        prng.zipf(OCTAVES)
    }
}

fn word(out: &mut Vec<u8>, rank: u64) {
    if let Some(common) = COMMON.get(rank as usize) {
        out.extend_from_slice(common.as_bytes());
        return;
    }
    let mut spelling = Prng::new(rank);
    for _ in 0..2 + spelling.below(3) {
        out.extend_from_slice(spelling.pick(&SYLLABLES).as_bytes());
    }
}
