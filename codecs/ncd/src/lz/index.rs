//! Where strings of k bytes were seen.

use super::cost::{BIT, LITERAL, MATCH, RESUME_LEAST, length, log2};

/// Bytes that may be read behind the end of a content.
const PADDING: usize = 16;
/// The least and the most of k.
const SHORTEST: usize = 3;
const LONGEST: usize = 16;

/// A content, and its strings of k bytes by their hashes: for each hash the last place, and for each
/// place the one before it.
pub(super) struct Index {
    pub(super) content: Padded,
    chains: Chains,
}

/// Places by hash, from 1; 0 is none.
pub(super) struct Chains {
    /// A bit for each sixteenth of a chain: whether it has a place. Most strings were never seen, and
    /// this little tells so without a look at the chains.
    seen: Vec<u64>,
    last: Vec<u32>,
    before: Vec<u32>,
    /// How far a hash is shifted down to number a chain.
    shift: u32,
}

/// A content with zeros behind it, so that eight bytes can be read from each of its places.
pub(super) struct Padded {
    bytes: Vec<u8>,
    len: usize,
    /// k.
    pub(super) shortest: usize,
}

/// k for a content: the shortest match that costs a little less than literals of mean cost, if it may
/// start anywhere in as many bytes again.
pub(super) fn shortest_match(content: &[u8]) -> usize {
    let len = content.len().max(1) as u32;
    let mut counts = [0u32; 256];
    for byte in content {
        counts[usize::from(*byte)] += 1;
    }
    let bits = counts
        .iter()
        .map(|count| u64::from(*count) * u64::from(log2(len) - log2(*count)));
    let literal = (bits.sum::<u64>() / u64::from(len)).max(1) + u64::from(LITERAL);
    let price = u64::from(log2(len) + BIT + MATCH + length(1) + RESUME_LEAST);
    let shortest = usize::try_from((price).div_ceil(literal)).unwrap_or(LONGEST);
    shortest.clamp(SHORTEST, LONGEST)
}

impl Index {
    /// The index of no content, for matches of at least `shortest` bytes.
    pub(super) fn empty(shortest: usize) -> Self {
        Index::new(&[], shortest)
    }

    /// Indexes all of `content`.
    pub(super) fn new(content: &[u8], shortest: usize) -> Self {
        let content = Padded::new(content, shortest);
        let mut chains = Chains::new(content.len());
        for at in 0..content.starts() {
            chains.insert(content.hash(at), at);
        }
        Index { content, chains }
    }

    /// The places that may have this hash.
    pub(super) fn chains(&self) -> &Chains {
        &self.chains
    }
}

impl Chains {
    /// Chains for up to `places` places.
    pub(super) fn new(places: usize) -> Self {
        let bits = places.next_power_of_two().trailing_zeros().clamp(4, 22);
        Chains {
            seen: vec![0; 1 << (bits - 2)],
            last: vec![0; 1 << bits],
            before: vec![0; places],
            shift: u32::BITS - bits,
        }
    }

    /// Adds a place; places come in ascending order.
    #[inline]
    pub(super) fn insert(&mut self, hash: u32, at: usize) {
        let bit = hash >> (self.shift - 4);
        self.seen[(bit >> 6) as usize] |= 1 << (bit & 63);
        let last = &mut self.last[(hash >> self.shift) as usize];
        self.before[at] = *last;
        *last = at as u32 + 1;
    }

    /// Whether a place may have this hash.
    #[inline]
    pub(super) fn may_have(&self, hash: u32) -> bool {
        let bit = hash >> (self.shift - 4);
        self.seen[(bit >> 6) as usize] >> (bit & 63) & 1 > 0
    }

    /// The places that may have this hash, the last one first.
    pub(super) fn places(&self, hash: u32) -> impl Iterator<Item = usize> {
        let mut next = self.last[(hash >> self.shift) as usize];
        std::iter::from_fn(move || {
            let at = (next as usize).checked_sub(1)?;
            next = self.before.get(at).copied().unwrap_or(0);
            Some(at)
        })
    }
}

impl Padded {
    pub(super) fn new(content: &[u8], shortest: usize) -> Self {
        let mut bytes = Vec::with_capacity(content.len() + PADDING);
        bytes.extend_from_slice(content);
        bytes.resize(content.len() + PADDING, 0);
        Padded {
            bytes,
            len: content.len(),
            shortest,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Number of places at which k bytes start.
    pub(super) fn starts(&self) -> usize {
        (self.len + 1).saturating_sub(self.shortest)
    }

    /// Hash of the k bytes at a place.
    #[inline]
    pub(super) fn hash(&self, at: usize) -> u32 {
        let first = self.eight(at);
        let mixed = if self.shortest <= 8 {
            let unused = 64 - 8 * self.shortest as u32;
            (first << unused).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        } else {
            let last = self.eight(at + self.shortest - 8);
            let first = first.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (first.rotate_left(29) ^ last).wrapping_mul(0xd6e8_feb8_6659_fd93)
        };
        (mixed >> 32) as u32
    }

    /// How many bytes from `here` on equal those of `other` from `there` on.
    pub(super) fn common(&self, here: usize, other: &Padded, there: usize) -> usize {
        let most = (self.len - here).min(other.len - there);
        let mut len = 0;
        while len < most {
            let difference = self.eight(here + len) ^ other.eight(there + len);
            if difference != 0 {
                return (len + difference.trailing_zeros() as usize / 8).min(most);
            }
            len += 8;
        }
        most
    }

    /// The byte at a place; 0 behind the end.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The `len` bytes at a place.
    pub(super) fn span(&self, at: usize, len: usize) -> &[u8] {
        self.bytes.get(at..at + len).unwrap_or_default()
    }

    #[inline]
    fn eight(&self, at: usize) -> u64 {
        let bytes = self.bytes.get(at..at + 8);
        let bytes = bytes.and_then(|bytes| bytes.first_chunk::<8>());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
