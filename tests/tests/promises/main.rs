//! Promises that every codec of the suite keeps.

mod arrows;
mod bombs;
mod damage;
mod real_data;
mod round_trip;
mod samples;
mod vectors;
