//! Context-mixing codec.
