//! Burrows-Wheeler codec.
