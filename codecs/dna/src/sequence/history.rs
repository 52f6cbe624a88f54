//! The last bases on both strands.

/// The last 32 bases, and the same on the other strand.
///
/// A strand is followed by its complement read backwards, so that everything seen on one strand was
/// also seen on the other: after the complement of the last `k` bases, in reverse, comes the
/// complement of the base before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// The last base is in the lowest bits.
    forward: u64,
    /// The complement of the last base is in the highest bits.
    reverse: u64,
    len: u64,
}

impl History {
    /// Adds a base.
    #[inline(always)]
    pub(super) fn push(&mut self, base: u8) {
        self.forward = self.forward << 2 | u64::from(base);
        self.reverse = self.reverse >> 2 | u64::from(3 - base) << 62;
        self.len += 1;
    }

    /// Number of bases so far.
    #[inline(always)]
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The last `order` bases as a number, at most 31 of them.
    #[inline(always)]
    pub(super) fn context(&self, order: u32) -> u64 {
        self.forward & mask(order)
    }

    /// The context that the last `order` bases are on the other strand.
    #[inline(always)]
    pub(super) fn mirrored(&self, order: u32) -> u64 {
        // Two shifts: an order of 0 would shift by all 64 bits.
        self.reverse >> 1 >> (63 - 2 * order)
    }

    /// The base that follows [`mirrored`](Self::mirrored) on the other strand, if there is one.
    #[inline(always)]
    pub(super) fn mirrored_next(&self, order: u32) -> Option<u8> {
        let base = 3 - (self.forward >> (2 * order) & 3) as u8;
        (self.len > u64::from(order)).then_some(base)
    }
}

/// The bits of `order` bases.
#[inline(always)]
pub(super) fn mask(order: u32) -> u64 {
    (1 << (2 * order)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_on_the_other_strand_is_the_complement_of_what_came_before() {
        // A C G T T, whose other strand reads A A C G T.
        let mut history = History::default();
        for base in [0, 1, 2, 3, 3] {
            history.push(base);
        }
        assert_eq!(history.context(3), 0b10_11_11);
        assert_eq!(history.mirrored(3), 0b00_00_01);
        assert_eq!(history.mirrored_next(3), Some(2));
        assert_eq!(history.mirrored_next(4), Some(3));
        assert_eq!(history.mirrored_next(5), None);
        assert_eq!(history.mirrored(0), 0);
    }
}
