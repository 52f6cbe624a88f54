//! The bodies of the fuzz targets, so that `cargo test` can replay findings without a fuzzer.

pub mod frozen;
pub mod frozen_lossy;
pub mod fuzz;
