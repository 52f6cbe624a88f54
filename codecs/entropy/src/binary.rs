//! Binary arithmetic coder.
