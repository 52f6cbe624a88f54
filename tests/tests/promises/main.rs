//! Promises that every codec of the suite keeps.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions shared by tests fail as tests do"
)]

mod arrows;
mod bombs;
mod damage;
mod real_data;
mod round_trip;
mod samples;
mod vectors;
