//! Limits on what untrusted input may cost, and the shared account that enforces them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, LimitKind, Result};

/// What one operation may use.
///
/// The default suits a library that decodes untrusted input: 320 MiB of memory, which decodes whatever default settings encode, 1 GiB of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory for blocks, windows and models, in bytes, over all threads together.
    pub memory: u64,
    /// Decoded output, in bytes.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 320 << 20,
            output: 1 << 30,
        }
    }
}

impl Limits {
    /// No limit at all: for input you wrote yourself.
    #[must_use]
    pub fn none() -> Self {
        Limits {
            memory: u64::MAX,
            output: u64::MAX,
        }
    }
}

/// An account of what has been used against [`Limits`]; clones share it, across threads.
///
/// ```
/// use codec_core::{Budget, Limits};
/// let budget = Budget::new(Limits { memory: 1000, output: 10 });
/// let window = budget.reserve("window", 800).unwrap();
/// assert!(budget.reserve("second window", 800).is_err());
/// drop(window);
/// assert!(budget.reserve("second window", 800).is_ok());
/// assert!(budget.produce(10).is_ok());
/// assert!(budget.produce(1).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct Budget {
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    limits: Limits,
    memory: AtomicU64,
    output: AtomicU64,
}

impl Budget {
    /// An empty account against `limits`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Budget {
            account: Arc::new(Account {
                limits,
                memory: AtomicU64::new(0),
                output: AtomicU64::new(0),
            }),
        }
    }

    /// The limits this account enforces.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.account.limits
    }

    /// Sets `bytes` of memory aside until the returned guard is dropped.
    ///
    /// # Errors
    /// [`Error::Limit`] if that would exceed [`Limits::memory`]; nothing is set aside then.
    pub fn reserve(&self, what: &'static str, bytes: u64) -> Result<Reservation> {
        let allowed = self.account.limits.memory;
        match charge(&self.account.memory, bytes, allowed) {
            Ok(()) => Ok(Reservation {
                account: Arc::clone(&self.account),
                bytes,
            }),
            Err(needed) => Err(Error::Limit {
                what,
                needed,
                allowed,
                limit: LimitKind::Memory,
            }),
        }
    }

    /// Memory that [`Budget::reserve`] would still set aside, in bytes.
    #[must_use]
    pub fn memory_left(&self) -> u64 {
        let used = self.account.memory.load(Ordering::Relaxed);
        self.account.limits.memory.saturating_sub(used)
    }

    /// Counts `bytes` of decoded output.
    ///
    /// # Errors
    /// [`Error::Limit`] if the total would exceed [`Limits::output`]; call it before writing.
    pub fn produce(&self, bytes: u64) -> Result<()> {
        let allowed = self.account.limits.output;
        charge(&self.account.output, bytes, allowed).map_err(|needed| Error::Limit {
            what: "decoded output",
            needed,
            allowed,
            limit: LimitKind::Output,
        })
    }

    /// Decoded bytes that [`Budget::produce`] would still accept.
    #[must_use]
    pub fn output_left(&self) -> u64 {
        let used = self.account.output.load(Ordering::Relaxed);
        self.account.limits.output.saturating_sub(used)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new(Limits::default())
    }
}

/// Memory set aside by [`Budget::reserve`]; dropping it gives the memory back.
#[derive(Debug)]
pub struct Reservation {
    account: Arc<Account>,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.account.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Adds `bytes` to `used` unless the sum passes `allowed`; the error is the sum.
fn charge(used: &AtomicU64, bytes: u64, allowed: u64) -> std::result::Result<(), u64> {
    let mut now = used.load(Ordering::Relaxed);
    loop {
        let sum = now.saturating_add(bytes);
        if sum > allowed {
            return Err(sum);
        }
        match used.compare_exchange_weak(now, sum, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Ok(()),
            Err(other) => now = other,
        }
    }
}
