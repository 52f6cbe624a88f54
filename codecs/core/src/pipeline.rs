//! Work in parallel: on items, with results in order and a bounded number of them in flight, or on
//! two things at once.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use crate::{Error, Result};

/// Pulls items from `source`, maps them through `work` on `threads` threads, and hands the results
/// to `sink` in the order of the items.
///
/// `source` and `sink` run on the calling thread. At most `threads + 1` items are in flight. With
/// one thread everything runs on the caller. What reaches `sink` does not depend on `threads`, and
/// neither does the error: everything before the first failing item is delivered, then its error is
/// returned.
///
/// # Errors
/// The first error, in item order, of `source`, `work` or `sink`; [`Error::Internal`] if `work`
/// panicked.
///
/// ```
/// let mut numbers = 1..=5;
/// let mut squares = Vec::new();
/// codec_core::ordered(
///     std::num::NonZeroUsize::new(2).unwrap(),
///     || Ok(numbers.next()),
///     |n: u32| Ok(n * n),
///     |square| { squares.push(square); Ok(()) },
/// ).unwrap();
/// assert_eq!(squares, [1, 4, 9, 16, 25]);
/// ```
pub fn ordered<I: Send, O: Send>(
    threads: NonZeroUsize,
    mut source: impl FnMut() -> Result<Option<I>>,
    work: impl Fn(I) -> Result<O> + Sync,
    mut sink: impl FnMut(O) -> Result<()>,
) -> Result<()> {
    if threads.get() == 1 {
        while let Some(item) = source()? {
            sink(guarded(&work, item)?)?;
        }
        return Ok(());
    }
    let (job_sender, job_receiver) = mpsc::channel::<(u64, I)>();
    let job_receiver = Mutex::new(job_receiver);
    thread::scope(|scope| {
        let (result_sender, result_receiver) = mpsc::channel::<(u64, Result<O>)>();
        for _ in 0..threads.get() {
            let result_sender = result_sender.clone();
            let (job_receiver, work) = (&job_receiver, &work);
            scope.spawn(move || {
                while let Some((number, item)) = next_job(job_receiver) {
                    let result = guarded(work, item);
                    if result_sender.send((number, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(result_sender);
        // The job sender moves into `feed` and is dropped when that returns, however it does; that
        // is what ends the workers, and with them the scope.
        feed(
            job_sender,
            &result_receiver,
            threads.get() + 1,
            &mut source,
            &mut sink,
        )
    })
}

/// Runs two things at the same time if there are threads, and gives back both results.
///
/// # Panics
/// If one of them does.
pub fn both<A: Send, B: Send>(
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

fn feed<I, O>(
    jobs: mpsc::Sender<(u64, I)>,
    results: &mpsc::Receiver<(u64, Result<O>)>,
    in_flight: usize,
    source: &mut dyn FnMut() -> Result<Option<I>>,
    sink: &mut dyn FnMut(O) -> Result<()>,
) -> Result<()> {
    let mut waiting = BTreeMap::new();
    let mut delivered: u64 = 0;
    let mut submitted: u64 = 0;
    // `Some` once the source has ended, with the error it ended in, if any.
    let mut ended: Option<Result<()>> = None;
    loop {
        while ended.is_none() && submitted - delivered < in_flight as u64 {
            match source() {
                Ok(Some(item)) => {
                    jobs.send((submitted, item)).map_err(|_| lost_workers())?;
                    submitted += 1;
                }
                Ok(None) => ended = Some(Ok(())),
                Err(error) => ended = Some(Err(error)),
            }
        }
        if delivered == submitted {
            return ended.unwrap_or(Ok(()));
        }
        while !waiting.contains_key(&delivered) {
            let (number, result) = results.recv().map_err(|_| lost_workers())?;
            waiting.insert(number, result);
        }
        while let Some(result) = waiting.remove(&delivered) {
            sink(result?)?;
            delivered += 1;
        }
    }
}

fn next_job<I>(jobs: &Mutex<mpsc::Receiver<I>>) -> Option<I> {
    jobs.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

/// Runs `work` so that a panic becomes an error: a worker that vanished would leave the caller
/// waiting for its result for ever.
fn guarded<I, O>(work: &(impl Fn(I) -> Result<O> + Sync), item: I) -> Result<O> {
    catch_unwind(AssertUnwindSafe(|| work(item)))
        .unwrap_or_else(|_| Err(Error::Internal("a worker thread panicked".into())))
}

fn lost_workers() -> Error {
    Error::Internal("all worker threads ended early".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn run(
        threads: usize,
        fail_source_at: Option<u32>,
        fail_work_at: Option<u32>,
    ) -> (Vec<u32>, Option<String>) {
        let mut next = 0;
        let mut out = Vec::new();
        let result = ordered(
            NonZeroUsize::new(threads).unwrap(),
            || {
                if Some(next) == fail_source_at {
                    return Err(Error::Usage("source".into()));
                }
                next += 1;
                Ok((next <= 100).then_some(next - 1))
            },
            |n| {
                if n % 3 == 0 {
                    std::thread::yield_now();
                }
                if Some(n) == fail_work_at {
                    Err(Error::Usage(format!("work {n}")))
                } else {
                    Ok(n)
                }
            },
            |n| {
                out.push(n);
                Ok(())
            },
        );
        (out, result.err().map(|error| error.to_string()))
    }

    #[test]
    fn results_and_errors_do_not_depend_on_the_thread_count() {
        for failures in [
            (None, None),
            (Some(40), None),
            (None, Some(7)),
            (Some(9), Some(8)),
        ] {
            let one = run(1, failures.0, failures.1);
            for threads in [2, 3, 8] {
                assert_eq!(
                    run(threads, failures.0, failures.1),
                    one,
                    "{threads} {failures:?}"
                );
            }
        }
    }

    #[test]
    fn a_panicking_worker_is_an_error_not_a_hang() {
        let mut numbers = 0..10;
        let result = ordered(
            NonZeroUsize::new(3).unwrap(),
            || Ok(numbers.next()),
            |n| if n == 4 { panic!("on purpose") } else { Ok(n) },
            |_| Ok(()),
        );
        assert!(matches!(result, Err(Error::Internal(_))));
    }

    #[test]
    fn items_in_flight_are_bounded() {
        let in_flight = AtomicUsize::new(0);
        let mut left = 50;
        ordered(
            NonZeroUsize::new(2).unwrap(),
            || {
                left -= 1;
                assert!(in_flight.fetch_add(1, Ordering::SeqCst) < 3);
                Ok((left > 0).then_some(()))
            },
            |()| Ok(()),
            |()| {
                in_flight.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            },
        )
        .unwrap();
    }
}
