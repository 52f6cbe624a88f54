//! Symbols to bytes and back: integer models and the coders that use them.
//!
//! A *model* says how probable each symbol is, a *coder* turns a sequence of symbols into as few
//! bytes as those probabilities allow. Codecs bring the symbols; this crate has the models and the
//! coders, and any model goes with any coder.
//!
//! # Which one do I want
//!
//! | My symbols | Coder and model |
//! |---|---|
//! | bytes, and no wish to think about models | [`ans::encode_bytes`] |
//! | many, one table for all of them, or a few tables | [`ans::StaticEncoder`] with a [`table::StaticTable`] |
//! | one after the other, each with its own probabilities | [`range::RangeEncoder`], the default choice |
//! | the same, and more than some ten thousand of them | [`ans::AnsEncoder`]: decodes faster, 32 bytes longer |
//! | bits of a context-mixing model | [`binary`], with the logistic mixing of [`mixing`] |
//! | with latent variables (bits back) | [`stack::StackCoder`] |
//!
//! | What I know of the probabilities | Model |
//! |---|---|
//! | counts, which the file can carry | [`table::StaticTable`] |
//! | counts, and values without a bound | [`table::EscapedTable`] |
//! | nothing: learn while coding, nibbles or bytes | [`adaptive::NibbleModel`], [`adaptive::ByteModel`] |
//! | nothing: learn while coding, other alphabets | [`adaptive::CountModel`] |
//! | a number near another one, give or take so much | [`bank::Bank`] |
//! | small numbers are more probable, roughly | [`golomb`] |
//! | all are equally probable | [`EntropyEncoder::encode_bits`] |
//! | my own model says | [`Interval::new`] |
//!
//! # The border
//!
//! Between models and coders there are only integers: an [`Interval`] of at most 2^16. **A
//! floating-point number never crosses.** Two machines, or one machine on two days, may round a
//! float differently, and one wrong unit in one probability turns the rest of a file into noise. So
//! the tables of [`bank`] come from integer arithmetic; a codec with a network lets it choose among
//! them by integers; and what a float may still do is decide, in the encoder, *which* symbols to send.
//!
//! # Examples
//!
//! Bytes, without any model:
//!
//! ```
//! use codec_entropy::ans::{decode_bytes, encode_bytes};
//!
//! let coded = encode_bytes(b"abbbabbbbbabbcbbbabbbbabbbabbbbbb");
//! assert_eq!(coded, [33, 2, 6, 6, 0, 82, 110, 221, 211, 204, 228, 144, 113, 27, 160, 246]);
//! assert_eq!(decode_bytes(&coded, 1 << 20)?, b"abbbabbbbbabbcbbbabbbbabbbabbbbbb");
//! # Ok::<(), codec_entropy::EntropyError>(())
//! ```
//!
//! Symbols with a model that depends on the one before, adaptive, one model per context:
//!
//! ```
//! use codec_entropy::adaptive::CountModel;
//! use codec_entropy::range::{RangeDecoder, RangeEncoder};
//!
//! let symbols = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
//! let fresh = || (0..3).map(|_| CountModel::new(3)).collect::<Result<Vec<_>, _>>();
//!
//! let (mut encoder, mut models, mut before) = (RangeEncoder::new(), fresh()?, 0);
//! for symbol in symbols {
//!     models[before].encode(&mut encoder, symbol)?;
//!     before = symbol as usize;
//! }
//! let coded = encoder.finish();
//! assert_eq!(coded, [81, 103]);
//!
//! let (mut decoder, mut models, mut before) = (RangeDecoder::new(&coded), fresh()?, 0);
//! for symbol in symbols {
//!     assert_eq!(models[before].decode(&mut decoder)?, symbol);
//!     before = symbol as usize;
//! }
//! decoder.finish()?;
//! # Ok::<(), codec_entropy::EntropyError>(())
//! ```
//!
//! A model of your own: say where the symbol's interval is, and find the symbol at a point. Here
//! the digits 0 to 9, of which the even ones are three times as probable:
//!
//! ```
//! use codec_entropy::range::{RangeDecoder, RangeEncoder};
//! use codec_entropy::{EntropyDecoder, EntropyEncoder, EntropyError, Interval};
//!
//! /// Each pair of digits has 4 of 20 points; 2^5 is the next power of two, the rest is unused.
//! fn interval(digit: u32) -> Option<Interval> {
//!     let frequency = if digit % 2 == 0 { 3 } else { 1 };
//!     Interval::new(digit / 2 * 4 + digit % 2 * 3, frequency, 5)
//! }
//!
//! fn decode(coder: &mut impl EntropyDecoder) -> Result<u32, EntropyError> {
//!     let point = coder.point(5)?;
//!     let digit = point / 4 * 2 + u32::from(point % 4 == 3);
//!     let corrupt = EntropyError::Corrupt { at: coder.position(), what: "not a digit" };
//!     let interval = interval(digit).filter(|_| digit < 10).ok_or(corrupt)?;
//!     coder.advance(interval)?;
//!     Ok(digit)
//! }
//!
//! let mut encoder = RangeEncoder::new();
//! for digit in [2, 0, 4, 8, 1, 6] {
//!     encoder.encode(interval(digit).unwrap());
//! }
//! let coded = encoder.finish();
//! assert_eq!(coded, [32, 171, 137]);
//!
//! let mut decoder = RangeDecoder::new(&coded);
//! for digit in [2, 0, 4, 8, 1, 6] {
//!     assert_eq!(decode(&mut decoder)?, digit);
//! }
//! # Ok::<(), EntropyError>(())
//! ```
//!
//! # Damaged input
//!
//! Every decoder and table reader takes any bytes: it returns symbols or an [`EntropyError`], never
//! panics, and takes memory only in proportion to its arguments. Entropy coders notice damage by
//! chance only, so a container has to keep a checksum of the coded bytes, and check it first.

pub mod adaptive;
pub mod ans;
pub mod bank;
pub mod binary;
mod error;
mod exactly;
pub mod golomb;
mod interval;
mod logarithm;
pub mod mixing;
pub mod range;
pub mod stack;
pub mod table;
mod varint;

pub use error::EntropyError;
pub use interval::{EntropyDecoder, EntropyEncoder, Interval, IntervalBuffer, MAX_PRECISION};
pub use logarithm::BIT;
