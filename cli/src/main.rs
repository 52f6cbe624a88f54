//! The command `codec`.

fn main() {}
