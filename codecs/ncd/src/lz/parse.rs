//! The parse of a content into literals and matches, and its price.

use super::cost::{
    LITERAL, LITERAL_WARM, MATCH, MATCH_LEAST, MATCH_WARM, RESUME, RESUME_LEAST, length, log2,
};
use super::index::{Chains, Index, Padded};

/// How many places of a chain are tried.
const TRIES: usize = 16;
/// How many literals behind its end a match can be resumed.
pub(super) const WARM: usize = 24;

/// Prices a content against what was given and its own past.
pub(super) struct Parser<'g> {
    given: &'g Index,
    content: Padded,
    /// Places of the content before the one that is looked at.
    past: Chains,
    /// Price of each byte as a literal, in 1/256 bit.
    literals: [u32; 256],
    /// What it takes to tell a decoder how frequent each byte is, in 1/256 bit.
    frequencies: u64,
}

/// A string that was seen before.
#[derive(Clone, Copy)]
struct Match {
    source: Source,
    len: usize,
    /// In 1/256 bit.
    price: u64,
    /// What it saves over literals, in 1/256 bit.
    gain: u64,
}

/// Where a match comes from.
#[derive(Clone, Copy)]
enum Source {
    /// So many bytes back in the content.
    Past(usize),
    /// The place in what was given that lies this much (wrapping) behind the place in the content.
    Given(usize),
}

impl<'g> Parser<'g> {
    pub(super) fn new(content: &[u8], given: &'g Index) -> Self {
        let padded = Padded::new(content, given.content.shortest);
        let (literals, frequencies) = literal_prices(content);
        Parser {
            given,
            past: Chains::new(padded.starts()),
            content: padded,
            literals,
            frequencies,
        }
    }

    /// The price of the whole content, in 1/256 bit.
    pub(super) fn run(mut self) -> u64 {
        let mut price = self.frequencies;
        let mut at = 0;
        let starts = self.content.starts();
        // The match that ended last, and where.
        let mut last: Option<(Source, usize)> = None;
        while at < self.content.len() {
            let open = last
                .filter(|(_, end)| at - end <= WARM)
                .map(|(source, _)| source);
            let hash = self.content.hash(at);
            let was_seen = at < starts && self.was_seen(hash);
            if open.is_none() && !was_seen {
                price += u64::from(self.literals[usize::from(self.content.byte(at))] + LITERAL);
                if at < starts {
                    self.past.insert(hash, at);
                }
                at += 1;
                continue;
            }
            let found = self.best(at, open).filter(|found| {
                let next = self.best(at + 1, open);
                next.is_none_or(|next| next.gain <= found.gain)
            });
            let end = match found {
                Some(found) => {
                    price += found.price;
                    last = Some((found.source, at + found.len));
                    at + found.len
                }
                None => {
                    let flag = if open.is_some() {
                        LITERAL_WARM
                    } else {
                        LITERAL
                    };
                    price += self.literals(at, 1) + u64::from(flag);
                    at + 1
                }
            };
            for at in at..end.min(starts) {
                self.past.insert(self.content.hash(at), at);
            }
            at = end;
        }
        price
    }

    /// The match at a place that gains most, if one gains anything. `open` can be resumed.
    fn best(&self, at: usize, open: Option<Source>) -> Option<Match> {
        let resumed = open.and_then(|source| {
            let len = self.length(at, source);
            let price = RESUME + length(len as u32);
            self.match_of(at, source, len, price, RESUME_LEAST)
        });
        if at >= self.content.starts() {
            return resumed;
        }
        let hash = self.content.hash(at);
        if !self.was_seen(hash) {
            return resumed;
        }
        let found = self.longest(at, hash).and_then(|(source, len)| {
            let flag = if open.is_some() { MATCH_WARM } else { MATCH };
            let places = (self.given.content.len() + at) as u32;
            let over = (len + 1 - self.content.shortest) as u32;
            let price = flag + log2(places) + length(over);
            self.match_of(at, source, len, price, MATCH_LEAST)
        });
        match (&resumed, &found) {
            (Some(one), Some(other)) if one.gain >= other.gain => resumed,
            (_, Some(_)) => found,
            _ => resumed,
        }
    }

    /// Whether a string of k bytes with this hash may have been seen.
    #[inline]
    fn was_seen(&self, hash: u32) -> bool {
        // Both are asked always: that costs less than a branch that cannot be foretold.
        self.given.chains().may_have(hash) | self.past.may_have(hash)
    }

    /// The longest match at a place, of at least k bytes.
    fn longest(&self, at: usize, hash: u32) -> Option<(Source, usize)> {
        let given = self.given.chains().places(hash).take(TRIES);
        let given = given.map(|from| Source::Given(from.wrapping_sub(at)));
        let past = self.past.places(hash).take(TRIES);
        let past = past.map(|from| Source::Past(at - from));
        let mut longest = None;
        let mut most = self.content.shortest - 1;
        for source in given.chain(past) {
            let len = self.length(at, source);
            if len > most {
                most = len;
                longest = Some((source, len));
            }
        }
        longest
    }

    /// How many bytes at a place equal those of the source.
    fn length(&self, at: usize, source: Source) -> usize {
        match source {
            Source::Past(distance) => self.content.common(at, &self.content, at - distance),
            Source::Given(offset) => {
                let from = at.wrapping_add(offset);
                let given = &self.given.content;
                if from < given.len() {
                    self.content.common(at, given, from)
                } else {
                    0
                }
            }
        }
    }

    /// The price of `len` bytes as literals, without the steps.
    fn literals(&self, at: usize, len: usize) -> u64 {
        let bytes = self.content.span(at, len).iter();
        bytes
            .map(|byte| u64::from(self.literals[usize::from(*byte)]))
            .sum()
    }

    /// The match, if it gains more than `least`, in 1/256 bit.
    fn match_of(
        &self,
        at: usize,
        source: Source,
        len: usize,
        price: u32,
        least: u32,
    ) -> Option<Match> {
        let price = u64::from(price);
        let gain = (self.literals(at, len) + len as u64 * u64::from(LITERAL))
            .checked_sub(price + u64::from(least))?;
        (gain > 0).then_some(Match {
            source,
            len,
            price,
            gain,
        })
    }
}

/// The price of each byte as a literal, and that of telling a decoder how frequent they are: half a
/// logarithm of the length for each frequency but one, all in 1/256 bit.
fn literal_prices(content: &[u8]) -> ([u32; 256], u64) {
    let mut counts = [0u32; 256];
    for byte in content {
        counts[usize::from(*byte)] += 1;
    }
    let all = log2(content.len() as u32);
    let distinct = counts.iter().filter(|count| **count > 0).count() as u64;
    let frequencies = distinct.saturating_sub(1) * u64::from(all) / 2;
    (counts.map(|count| all - log2(count)), frequencies)
}
