//! Seeded test data, benchmark runs and their reports.
