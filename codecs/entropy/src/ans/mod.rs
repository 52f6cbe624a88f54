//! Interleaved static rANS: the fastest way to code many symbols with few tables.
//!
//! Range asymmetric numeral systems (J. Duda, "Asymmetric numeral systems", 2013) keep the coded
//! data in a number, the *state*, and move symbols in and out of it with one multiplication.
//! Eight states take turns, so that a processor works on eight symbols at once instead of waiting
//! for one (F. Giesen, "Interleaved entropy coders", 2014). States have 32 bits and are kept in
//! `2^16..2^32` by moving 16 bits at a time, without a branch.
//!
//! Three ways in:
//!
//! | | models | input | speed |
//! |---|---|---|---|
//! | [`encode_bytes`], [`decode_bytes`] | none needed: a table per block of 128 KiB | bytes | fast |
//! | [`StaticEncoder`], [`StaticDecoder`] | one [`StaticTable`](crate::table::StaticTable) | bytes or `u16` | fastest |
//! | [`AnsEncoder`], [`AnsDecoder`] | any, another one for every symbol, adaptive ones too | intervals | medium |
//!
//! # Why a loop of our own
//!
//! `constriction` has the same coder, one symbol at a time. On book1 (768,771 bytes of English in
//! pieces of 64 KiB, one core of an AMD Zen 3 server, best of three runs of
//! `cargo run --release -p codec-entropy --example throughput -- book1`):
//!
//! | coder | table | encode, Msymbol/s | decode, Msymbol/s | bytes |
//! |---|---|---|---|---|
//! | [`encode_block`], [`decode_block`] | 12 bits, one for each piece | 342 | 600 | 435,949 |
//! | [`StaticEncoder`], [`StaticDecoder`] | 12 bits | 444 | 652 | 435,660 |
//! | the same | 14 bits | 445 | 651 | 435,414 |
//! | the same | 16 bits | 432 | 394 | 435,760 |
//! | the same, symbols of type `u16` | 12 bits | 417 | 645 | 435,660 |
//! | constriction's `AnsCoder` with its look-up model | 12 bits | 174 | 159 | 435,394 |
//! | [`AnsEncoder`], [`AnsDecoder`] | 12 bits, by interval | 296 | 137 | 436,124 |
//! | the same | adaptive, nibbles | 151 | 122 | 440,368 |
//!
//! What makes the difference: states that do not wait for each other, no branch on whether a state
//! takes in a word, division by multiplication, and entries that hold all that decoding one symbol
//! needs in four bytes. All of it is safe Rust; the bounds checks are outside the inner loops.
//!
//! # Stream
//!
//! All numbers are little-endian. A stream is the states that the decoder starts from, four bytes
//! each, then the 16-bit words it takes in, in the order in which it takes them. Symbol `i` belongs
//! to state `i mod 8`. Streams of a [`StaticEncoder`] with fewer than [`ONE_STATE_BELOW`] symbols
//! have one state instead of eight, which saves 28 bytes. Every state must end at 2^16 and every
//! word must be used, which notices most damage; but after some wrong symbols the states can be
//! right again (3 times for 500 flipped bits in the test), so containers still need a checksum.
//!
//! Tables are used at 12, 14 or 16 bits: the next of these that is not below their own precision,
//! with every frequency scaled up. That changes no probability.

mod block;
mod decode;
mod encode;
mod interleaved;

pub use block::{BLOCK_SIZE, decode_block, decode_bytes, encode_block, encode_bytes};
pub use decode::StaticDecoder;
pub use encode::StaticEncoder;
pub use interleaved::{AnsDecoder, AnsEncoder};

/// Streams of a [`StaticEncoder`] with fewer symbols than this have one state, others eight.
pub const ONE_STATE_BELOW: usize = 32_768;

/// States that take turns.
const LANES: usize = 8;

/// Smallest state between symbols, and the one that every stream starts and ends with.
const LEAST_STATE: u32 = 1 << 16;

/// What bytes and `u16` have in common as symbols of the bulk coder.
pub trait AnsSymbol: sealed::Symbol {}

impl AnsSymbol for u8 {}
impl AnsSymbol for u16 {}

mod sealed {
    /// A symbol that is an index below 65,536.
    pub trait Symbol: Copy + Default + Into<u16> + 'static {
        /// One more than the largest symbol.
        const RANGE: usize;

        /// The symbol with this index, of which only the bits that fit are used.
        fn from_index(index: u16) -> Self;
    }

    impl Symbol for u8 {
        const RANGE: usize = 1 << 8;

        #[inline(always)]
        fn from_index(index: u16) -> Self {
            let [low, _] = index.to_le_bytes();
            low
        }
    }

    impl Symbol for u16 {
        const RANGE: usize = 1 << 16;

        #[inline(always)]
        fn from_index(index: u16) -> Self {
            index
        }
    }
}

/// The precision at which a table of `precision` bits is used: 12, 14 or 16.
fn coded_precision(precision: u32) -> u32 {
    match precision {
        0..=12 => 12,
        13..=14 => 14,
        _ => 16,
    }
}

/// How many states the stream of `symbols` symbols has.
fn lanes(symbols: usize) -> usize {
    if symbols < ONE_STATE_BELOW { 1 } else { LANES }
}
