//! The same function of many numbers, on several threads, with results that do not depend on how many.

use std::num::NonZeroUsize;

use codec_core::{Result, ordered};

/// `work(0)..work(count)` in order.
pub(crate) fn map<T: Send>(
    threads: NonZeroUsize,
    count: usize,
    work: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>> {
    let mut numbers = 0..count;
    let mut results = Vec::with_capacity(count);
    ordered(
        threads,
        || Ok(numbers.next()),
        |number| Ok(work(number)),
        |result| {
            results.push(result);
            Ok(())
        },
    )?;
    Ok(results)
}

/// Calls `work` with each item, to be changed in place, and its number.
pub(crate) fn for_each<T: Send>(
    threads: NonZeroUsize,
    items: &mut [T],
    work: impl Fn(usize, &mut T) + Sync,
) -> Result<()> {
    let mut items = items.iter_mut().enumerate();
    ordered(
        threads,
        || Ok(items.next()),
        |(number, item)| {
            work(number, item);
            Ok(())
        },
        |()| Ok(()),
    )
}
