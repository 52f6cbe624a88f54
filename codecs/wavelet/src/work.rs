//! Tasks shared out to threads, compiled for the processor at hand.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use pulp::{Arch, Simd, WithSimd};

/// Work that writes to memory of its own, so that results do not depend on who does it.
///
/// `run` and what it calls in loops are to be inlined always, closures with loops not to be used:
/// only so are they compiled for the processor's vectors.
pub(crate) trait Task: Send {
    fn run(self);
}

struct Vectorised<T>(T);

impl<T: Task> WithSimd for Vectorised<T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.run();
    }
}

/// Runs every task once, on as many threads as are asked for.
pub(crate) fn run<T: Task>(threads: NonZeroUsize, tasks: Vec<T>) {
    let arch = Arch::new();
    let helpers = threads.get().min(tasks.len()).saturating_sub(1);
    let queue = Mutex::new(tasks.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let serve = || {
        while let Some(task) = next() {
            arch.dispatch(Vectorised(task));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(serve);
        }
        serve();
    });
}
