//! Two things at the same time.

use std::num::NonZeroUsize;

/// Runs two things at the same time if there are threads.
pub(crate) fn both<A: Send, B: Send>(
    threads: NonZeroUsize,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads.get() == 1 {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(second);
        let first = first();
        match other.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
