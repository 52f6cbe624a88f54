//! Symbols to bytes and back: integer models and the coders that use them.

pub mod binary;
pub mod mixing;
