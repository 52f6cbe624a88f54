//! Seeded test data, benchmark runs and their reports.
//!
//! | you want | look at |
//! |---|---|
//! | bytes to test or demonstrate with | [`generate::Sample`] |
//! | pictures of digits in the format of MNIST | [`generate::digits`] |
//! | size, speed and memory of codecs on files | [`bench::Bench`] |
//! | the result schema shared by every benchmark | [`bench::Record`] |

pub mod bench;
pub mod generate;
