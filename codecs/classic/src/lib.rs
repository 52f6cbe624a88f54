//! Classical codecs for bytes.

pub mod bwt;
pub mod cm;
