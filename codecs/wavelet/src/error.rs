//! What a transform refuses.

/// A request that no transform can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More levels than [`MAX_LEVELS`](crate::MAX_LEVELS).
    #[error("{0} levels of wavelet packets; at most {max} are possible", max = crate::MAX_LEVELS)]
    Levels(u32),
    /// A slice whose length is not that of its shape.
    #[error("{what}: {found} values, but the shape asks for {expected}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Values that the shape asks for.
        expected: usize,
        /// Values that were given.
        found: usize,
    },
    /// A stream of a periodic transform.
    #[error("a periodic transform needs the whole signal: streams are symmetric")]
    Stream,
    /// A shape with more values than an address can count.
    #[error("a shape whose coefficients are more than can be addressed")]
    TooLarge,
}

/// `Ok` if a slice of `found` values has `expected` of them.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::Length {
            what,
            expected,
            found,
        })
    }
}
