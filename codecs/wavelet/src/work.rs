//! Tasks shared out to threads.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Runs every task once, on as many threads as are asked for. Tasks write to memory of their own, so
/// that results do not depend on who runs them.
pub(crate) fn run<T: Send>(threads: NonZeroUsize, tasks: Vec<T>, work: impl Fn(T) + Sync) {
    let helpers = threads.get().min(tasks.len()).saturating_sub(1);
    let queue = Mutex::new(tasks.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let serve = || {
        while let Some(task) = next() {
            work(task);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(serve);
        }
        serve();
    });
}
