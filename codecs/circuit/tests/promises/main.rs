//! What `circuit` promises.

#[cfg(test)]
mod codec;
