//! Seeded test data, benchmark runs and their reports.
//!
//! | you want | look at |
//! |---|---|
//! | bytes to test or demonstrate with | [`generate::Sample`] |

pub mod generate;
