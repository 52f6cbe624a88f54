//! Logs: templates, typed columns, row-order context mixing, and search in the archive.

pub mod columns;
pub mod rows;
pub mod structure;
