//! The match that zlib finds at a position, found faster.
//!
//! zlib chains positions by a hash of their first 3 bytes and walks a chain from the nearest
//! position on, for a limited number of steps. In a text of few different 3-byte strings, such as
//! DNA, it always walks far. Here positions are also chained by 5 and by 6 bytes, and each has its
//! number in the chain of 3: that number tells whether zlib's walk would have reached a position,
//! and a walk along the rarest chain that can hold a long enough match finds the same one: the
//! longest, the nearest among equals.

/// Bytes of the window, and of the part by which it moves on.
pub(super) const WINDOW: usize = 1 << 15;
const MASK: usize = WINDOW - 1;
/// Bytes that zlib wants ahead of a position before it looks for a match there.
pub(super) const LOOKAHEAD: usize = MAX_MATCH + MIN_MATCH + 1;
pub(super) const MIN_MATCH: usize = 3;
pub(super) const MAX_MATCH: usize = 258;
/// Most bytes that a position is chained by.
pub(super) const HASHED: usize = 6;
/// Largest distance of a match: what is left of the window beside the bytes ahead.
const MAX_DISTANCE: usize = WINDOW - LOOKAHEAD;

/// How far to look for a match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Most positions to compare.
    pub(super) chain: u16,
    /// Length with which to be content.
    pub(super) nice: usize,
}

/// A match: `len` bytes, equal to those `distance` bytes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) len: usize,
    pub(super) distance: usize,
}

/// The positions of the window by what they start with.
///
/// Positions count from the start of the window, as in zlib, and as there position 0 means "none",
/// so that nothing matches the first byte of a window.
#[derive(Debug, Clone)]
pub(super) struct Index {
    triples: Box<[Chain; WINDOW]>,
    fives: Box<[u16; WINDOW]>,
    sixes: Box<[u16; WINDOW]>,
    /// Bits of the hashes of 5 and of 6 bytes.
    hash_bits: u32,
    links: Box<[Links; WINDOW]>,
}

/// The positions of one hash of 3 bytes: the last one and how many there were.
#[derive(Debug, Clone, Copy, Default)]
struct Chain {
    last: u16,
    count: u16,
}

/// What a position knows: the positions before it in its chains, and how many came before it in the
/// chain of 3 bytes. Numbers wrap; those within a window differ by less.
#[derive(Debug, Clone, Copy, Default)]
struct Links {
    triple: u16,
    number: u16,
    five: u16,
    six: u16,
}

impl Index {
    /// An empty index, with tables for some `len` bytes of text. Any text may follow.
    pub(super) fn new(len: usize) -> Self {
        Index {
            triples: Box::new([Chain::default(); WINDOW]),
            fives: Box::new([0; WINDOW]),
            sixes: Box::new([0; WINDOW]),
            hash_bits: (2 * len).max(1).ilog2().clamp(11, WINDOW.ilog2()),
            links: Box::new([Links::default(); WINDOW]),
        }
    }

    /// Becomes equal to `other`, in the memory it has.
    pub(super) fn copy_from(&mut self, other: &Index) {
        self.triples.copy_from_slice(&other.triples[..]);
        self.fives.copy_from_slice(&other.fives[..]);
        self.sixes.copy_from_slice(&other.sixes[..]);
        self.hash_bits = other.hash_bits;
        self.links.copy_from_slice(&other.links[..]);
    }

    /// Adds the position `at` of `text`, which starts with the window and does not end before it. At
    /// least 3 bytes follow; fewer than [`HASHED`] only at the end of the whole content.
    pub(super) fn insert(&mut self, text: &[u8], at: usize) {
        let (start, len) = start_of(text, at);
        let chain = &mut self.triples[triple_hash(start)];
        let mut links = Links {
            triple: chain.last,
            number: chain.count,
            ..Links::default()
        };
        chain.last = at as u16;
        chain.count = chain.count.wrapping_add(1);
        if len >= 5 {
            let last = &mut self.fives[five_hash(start, self.hash_bits)];
            links.five = std::mem::replace(last, at as u16);
        }
        if len >= HASHED {
            let last = &mut self.sixes[six_hash(start, self.hash_bits)];
            links.six = std::mem::replace(last, at as u16);
        }
        self.links[at & MASK] = links;
    }

    /// Takes out every position from `first` on that was added, when that were at most
    /// [`WINDOW`] ones and the window has not moved since.
    pub(super) fn remove_from(&mut self, text: &[u8], first: usize) {
        let end = (text.len() + 1).saturating_sub(MIN_MATCH);
        for at in (first..end).rev() {
            let (start, _) = start_of(text, at);
            let links = self.links[at & MASK];
            let chain = &mut self.triples[triple_hash(start)];
            if chain.last == at as u16 {
                *chain = Chain {
                    last: links.triple,
                    count: links.number,
                };
            }
            let last = &mut self.fives[five_hash(start, self.hash_bits)];
            if *last == at as u16 {
                *last = links.five;
            }
            let last = &mut self.sixes[six_hash(start, self.hash_bits)];
            if *last == at as u16 {
                *last = links.six;
            }
        }
    }

    /// Moves the window on by [`WINDOW`] bytes.
    pub(super) fn slide(&mut self) {
        let moved = |position: &mut u16| *position = position.saturating_sub(WINDOW as u16);
        self.triples.iter_mut().for_each(|t| moved(&mut t.last));
        self.fives.iter_mut().for_each(moved);
        self.sixes.iter_mut().for_each(moved);
        for links in self.links.iter_mut() {
            moved(&mut links.triple);
            moved(&mut links.five);
            moved(&mut links.six);
        }
    }

    /// The match at `at`, which was added last, that zlib would take with this effort: longer than
    /// `longer_than`, which is at least 2.
    pub(super) fn longest(
        &self,
        window: &[u8],
        at: usize,
        longer_than: usize,
        effort: Effort,
    ) -> Option<Match> {
        let own = self.links[at & MASK];
        let first = usize::from(own.triple);
        let limit = at.saturating_sub(MAX_DISTANCE);
        let most = MAX_MATCH.min(window.len() - at);
        if first == 0 || first < limit || longer_than >= most {
            return None;
        }
        let links = |position: usize| &self.links[position & MASK];
        let reached = |position: usize| {
            let steps = own.number.wrapping_sub(links(position).number);
            steps <= effort.chain
        };
        let search = Search {
            window,
            at,
            // Only the first of the chain may be as far away as the limit.
            too_far: if first == limit { limit - 1 } else { limit },
            most,
        };
        let mut found = None;
        if most >= HASHED {
            // Other strings of the same hash are in the chain, but nothing as long outside it.
            let next = |position| usize::from(links(position).six);
            let longer_than = longer_than.max(HASHED - 1);
            let enough = effort.nice.min(most);
            found = search.walk(own.six.into(), longer_than, enough, next, reached);
        }
        if found.is_none() && longer_than < 5 && most >= 5 {
            let next = |position| usize::from(links(position).five);
            found = search.walk(own.five.into(), longer_than.max(4), 5, next, reached);
        }
        if found.is_none() && longer_than < 4 {
            let next = |position| usize::from(links(position).triple);
            found = search.walk_steps(first, longer_than, most.min(4), next, reached);
        }
        found
    }
}

/// What walks along chains look for.
struct Search<'a> {
    window: &'a [u8],
    at: usize,
    /// The nearest position that is too far away, or 0.
    too_far: usize,
    /// Longest match that there can be.
    most: usize,
}

impl Search<'_> {
    /// The longest match, longer than `longer_than`, among the positions of a chain from `position`
    /// on that zlib would have `reached`, or the first of at least `enough` bytes.
    #[inline(always)]
    fn walk(
        &self,
        mut position: usize,
        longer_than: usize,
        enough: usize,
        next: impl Fn(usize) -> usize,
        reached: impl Fn(usize) -> bool,
    ) -> Option<Match> {
        let mut best = longer_than;
        let mut found = None;
        while position > self.too_far && best < enough {
            if self.window[position + best] == self.window[self.at + best] {
                let len = common_start(self.window, position, self.at, self.most);
                if len > best {
                    if !reached(position) {
                        break;
                    }
                    best = len;
                    found = Some(self.match_with(position, len));
                }
            }
            position = next(position);
        }
        found
    }

    /// As [`walk`](Self::walk) along zlib's own chain, which may be much longer than what is `reached`.
    /// Other strings of the same hash are in it.
    #[inline(always)]
    fn walk_steps(
        &self,
        mut position: usize,
        longer_than: usize,
        enough: usize,
        next: impl Fn(usize) -> usize,
        reached: impl Fn(usize) -> bool,
    ) -> Option<Match> {
        let mut best = longer_than;
        let mut found = None;
        while position > self.too_far && best < enough && reached(position) {
            let len = common_start(self.window, position, self.at, enough);
            if len > best {
                best = len;
                found = Some(self.match_with(position, len));
            }
            position = next(position);
        }
        found
    }

    fn match_with(&self, position: usize, len: usize) -> Match {
        Match {
            len,
            distance: self.at - position,
        }
    }
}

/// The first 8 bytes from `at` as a little-endian number, zeros behind the end, and how many of them
/// there are.
#[inline(always)]
fn start_of(window: &[u8], at: usize) -> (u64, usize) {
    let rest = &window[at..];
    if let Some(bytes) = rest.first_chunk::<8>() {
        return (u64::from_le_bytes(*bytes), 8);
    }
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    (u64::from_le_bytes(bytes), rest.len())
}

/// zlib's hash of 3 bytes at memLevel 8.
fn triple_hash(start: u64) -> usize {
    let byte = |place: u64| (start >> (8 * place)) as usize & 0xFF;
    (byte(0) << 10 ^ byte(1) << 5 ^ byte(2)) & MASK
}

fn five_hash(start: u64, bits: u32) -> usize {
    ((start << 24).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize & MASK
}

fn six_hash(start: u64, bits: u32) -> usize {
    ((start << 16).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize & MASK
}

/// How many bytes from `a` on equal those from `b` on, `most` at most, which both have.
#[inline(always)]
fn common_start(window: &[u8], a: usize, b: usize, most: usize) -> usize {
    let mut len = 0;
    let (a, b) = (&window[a..][..most], &window[b..][..most]);
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        if let (Some(a), Some(b)) = (a.first_chunk::<8>(), b.first_chunk::<8>()) {
            let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
            if difference != 0 {
                return len + difference.trailing_zeros() as usize / 8;
            }
            len += 8;
        } else {
            return len + a.iter().zip(b).take_while(|(a, b)| a == b).count();
        }
    }
    len
}
