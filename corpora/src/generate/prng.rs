//! The generator of random numbers behind every sample.

/// SplitMix64: a 64-bit counter through a mixing function.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014,
/// with the constants of Vigna's public-domain version. Not for secrets.
///
/// ```
/// use codec_corpora::generate::Prng;
/// let mut prng = Prng::new(0);
/// assert_eq!(prng.next_u64(), 0xe220_a839_7b1d_cdaf);
/// ```
#[derive(Debug, Clone)]
pub struct Prng {
    state: u64,
}

impl Prng {
    /// A generator for `seed`; different seeds give unrelated numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Prng { state: seed }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `0..bound`, or 0 if `bound` is 0.
    ///
    /// The multiply-and-shift of Lemire 2019 without its rejection step: no number is favoured by
    /// more than `bound` in 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True once in `n` calls on average.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A rank from `0..2^octaves - 1`, rank r about as often as 1 in r + 1: Zipf's law.
    ///
    /// Octaves are equally likely, and so are the ranks within an octave. `octaves` is from 1 to 32.
    pub fn zipf(&mut self, octaves: u32) -> u64 {
        let first = 1_u64 << self.below(u64::from(octaves.clamp(1, 32)));
        first - 1 + self.below(first)
    }

    /// An item of a list that is not empty.
    ///
    /// # Panics
    /// If `items` is empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}
