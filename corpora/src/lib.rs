//! Readers and writers of pictures and sound, measures of their quality, seeded test data, benchmark
//! runs and their reports.
//!
//! | you want | look at |
//! |---|---|
//! | bytes to test or demonstrate with | [`generate::Sample`] |
//! | pictures of digits in the format of MNIST | [`generate::digits`] |
//! | pictures from files, and PNG files of them | [`picture::Picture`] |
//! | sound from files, and WAV files of it | [`sound::Sound`] |
//! | how close decoded media are to the originals | [`quality`] |
//! | size, speed and memory of codecs on files | [`bench::Bench`] |
//! | rate against distortion of lossy codecs on files | [`eval::Eval`] |
//! | the result schema shared by every benchmark | [`bench::Record`] |

pub mod bench;
pub mod eval;
pub mod generate;
pub mod picture;
pub mod quality;
pub mod sound;
