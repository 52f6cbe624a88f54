//! Numbers for distinct byte strings, in order of first appearance.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Gives equal byte strings equal numbers, counting up from 0, and keeps one copy of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    /// Upper half of the hash and the number plus one; 0 is free. The length is a power of two.
    slots: Vec<(u32, u32)>,
    ends: Vec<usize>,
    bytes: Vec<u8>,
}

impl Interner {
    /// Number of strings.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The string with this number; empty where there is none.
    #[inline]
    pub(super) fn get(&self, number: usize) -> &[u8] {
        let start = match number {
            0 => 0,
            _ => self.ends.get(number - 1).copied().unwrap_or(usize::MAX),
        };
        let end = self.ends.get(number).copied().unwrap_or(0);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Appends the string with this number to `out`.
    #[inline(always)]
    pub(super) fn copy(&self, number: usize, out: &mut Vec<u8>) {
        let start = match number {
            0 => 0,
            _ => self.ends.get(number - 1).copied().unwrap_or(usize::MAX),
        };
        let end = self.ends.get(number).copied().unwrap_or(0);
        append(&self.bytes, start, end, out);
    }

    /// The number of `key`, and whether it is new.
    pub(super) fn intern(&mut self, key: &[u8]) -> (u32, bool) {
        if (self.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let hash = hash_bytes(key);
        let mask = self.slots.len() - 1;
        let check = (hash >> 32) as u32;
        let mut place = hash as usize & mask;
        loop {
            match self.slots[place] {
                (_, 0) => break,
                (other, number) if other == check && self.get(number as usize - 1) == key => {
                    return (number - 1, false);
                }
                _ => place = (place + 1) & mask,
            }
        }
        let number = self.push(key);
        self.slots[place] = (check, number + 1);
        (number, true)
    }

    /// Adds a string that is known to be new, or that nobody will look for.
    pub(super) fn push(&mut self, key: &[u8]) -> u32 {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        (self.ends.len() - 1) as u32
    }

    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(64);
        self.slots = vec![(0, 0); len];
        for number in 0..self.len() {
            let hash = hash_bytes(self.get(number));
            let mut place = hash as usize & (len - 1);
            while self.slots[place].1 != 0 {
                place = (place + 1) & (len - 1);
            }
            self.slots[place] = ((hash >> 32) as u32, number as u32 + 1);
        }
    }
}

/// Bytes that are copied in one piece where there are as many.
const PIECE: usize = 32;

/// Appends `bytes[start..end]` to `out`. Most pieces of lines are short, and a copy of fixed length
/// takes a fraction of the time of one that looks at the length first.
#[inline(always)]
pub(super) fn append(bytes: &[u8], start: usize, end: usize, out: &mut Vec<u8>) {
    let len = end.saturating_sub(start);
    match bytes
        .get(start..)
        .and_then(|rest| rest.first_chunk::<PIECE>())
    {
        Some(piece) if len <= PIECE => {
            let before = out.len();
            out.extend_from_slice(piece);
            out.truncate(before + len);
        }
        _ => out.extend_from_slice(bytes.get(start..end).unwrap_or_default()),
    }
}

/// A fast hash for tables; equal on every machine.
#[inline]
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = (bytes.len() as u64).wrapping_mul(GOLDEN);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = mix(hash ^ u64::from_le_bytes(word));
    }
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(chunks.remainder()) {
        *to = *from;
    }
    mix(hash ^ u64::from_le_bytes(word))
}

/// Spreads every bit of a number over all of the result.
#[inline(always)]
pub(super) fn mix(value: u64) -> u64 {
    let product = u128::from(value ^ GOLDEN) * u128::from(0xE703_7ED1_A0B4_28DB_u64);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number_and_all_are_kept() {
        let mut interner = Interner::default();
        let keys: Vec<Vec<u8>> = (0..2000u32)
            .map(|n| (n % 1000).to_le_bytes().repeat(n as usize % 5))
            .collect();
        let numbers: Vec<u32> = keys.iter().map(|key| interner.intern(key).0).collect();
        for (key, number) in keys.iter().zip(&numbers) {
            assert_eq!(interner.get(*number as usize), key);
            assert_eq!(interner.intern(key), (*number, false));
        }
        assert_eq!(interner.get(interner.len()), b"");
    }
}
