//! Promises that every codec of the suite keeps.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions shared by tests fail as tests do"
)]

mod arrows;
mod bombs;
mod damage;
mod learned_fuzz;
mod lossy_vectors;
mod real_data;
mod round_trip;
mod samples;
mod vectors;
