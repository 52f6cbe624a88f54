//! The command as people run it: the real binary, in a directory of its own.

mod attributes;
mod damage;
mod fixture;
mod interruption;
mod limits;
mod naming;
mod native;
mod pipes;
mod recovery;
mod reports;
mod round_trip;
mod sources;
mod usage;
