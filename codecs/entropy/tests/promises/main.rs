//! What the crate promises, checked from outside.

#![allow(clippy::unwrap_used, reason = "a promise that is broken ends its test")]

mod bank;
mod frozen;
mod hostile;
mod round_trips;

use codec_entropy::table::StaticTable;

/// Bytes that look random and are always the same.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Bytes of which small ones are more frequent, with all 256 in reach.
fn skewed(seed: u64, len: usize) -> Vec<u8> {
    let noise = noise(seed, 2 * len);
    noise
        .chunks(2)
        .map(|pair| pair[0].leading_zeros() as u8 * 8 + pair[1] % 8)
        .collect()
}

fn count(bytes: &[u8]) -> [u32; 256] {
    let mut counts = [0; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    counts
}

fn table_of(bytes: &[u8], precision: u32) -> StaticTable {
    StaticTable::from_counts(&count(bytes), precision).unwrap()
}

/// FNV-1a, to freeze what is too long to write down.
fn fingerprint(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.into_iter().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
