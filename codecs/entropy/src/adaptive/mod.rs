//! Models that learn the frequencies while they code, so that no table has to be sent.
//!
//! | | alphabet | how it learns | cost per symbol |
//! |---|---|---|---|
//! | [`NibbleModel`] | 16 | every probability moves a fixed part of the way to what came | one symbol |
//! | [`ByteModel`] | 256 | a nibble, then another one that depends on it | two symbols |
//! | [`CountModel`] | up to 16,384 | counts, halved when they grow large | a few look-ups per bit of the symbol |
//!
//! Encoder and decoder learn the same from the same symbols. For contexts, keep one model for each.

mod count;
mod nibble;

pub use count::{CountModel, MAX_COUNTED};
pub use nibble::{ByteModel, NibbleModel};
