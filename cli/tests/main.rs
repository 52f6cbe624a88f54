//! The command as people run it: the real binary, in a directory of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a failure is a panic; Clippy only knows functions marked as tests"
)]

mod attributes;
mod bench;
mod circuit;
mod circuit_codec;
mod damage;
mod dna;
mod eval;
mod fixture;
mod interruption;
mod limits;
mod log;
mod media;
mod naming;
mod native;
mod ncd;
mod ncd_matrix;
mod pipes;
mod recovery;
mod reports;
mod round_trip;
mod sources;
mod terminal;
mod usage;
#[cfg(feature = "learned")]
mod walloc;
