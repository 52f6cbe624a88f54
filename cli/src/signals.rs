//! Temporary files that must not outlive the process, whatever ends it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The temporary files there are now.
static FILES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The list of files that a signal removes. While it is held no signal is acted on, so creating a
/// file and listing it, or renaming it and taking it off, are one step.
pub(crate) struct Removal(MutexGuard<'static, BTreeSet<PathBuf>>);

/// Takes the list; from the first call on, signals that end the process remove what is on it.
pub(crate) fn removal() -> Removal {
    static WATCH: Once = Once::new();
    WATCH.call_once(watch);
    Removal(lock())
}

impl Removal {
    pub(crate) fn add(&mut self, path: &Path) {
        self.0.insert(path.to_owned());
    }

    pub(crate) fn forget(&mut self, path: &Path) {
        self.0.remove(path);
    }
}

fn lock() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that waits for signals. Without it, which only a lack of resources can cause,
/// files stay behind after a signal, and nothing else is different.
fn watch() {
    let ignored = ignored_signals();
    let watched = [SIGINT, SIGTERM, SIGHUP];
    // A signal that our parent chose to ignore (nohup does) stays ignored.
    let watched = watched
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 0);
    if let Ok(mut signals) = Signals::new(watched) {
        let run = move || {
            for signal in signals.forever() {
                end(signal);
            }
        };
        let _ = thread::Builder::new().name("signals".into()).spawn(run);
    }
}

/// Removes the files and ends the process the way the signal would have.
fn end(signal: i32) {
    let files = lock();
    for path in files.iter() {
        let _ = fs::remove_file(path);
    }
    let _ = emulate_default_handler(signal);
}

/// Signals that are ignored, one bit each from signal 1 on; none where the system does not say.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status");
    parse_ignored(status).unwrap_or(0)
}

fn parse_ignored(status: io::Result<String>) -> Option<u64> {
    let status = status.ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_process_status() {
        let status = "Name:\tcodec\nSigIgn:\t0000000000001001\n".to_owned();
        assert_eq!(parse_ignored(Ok(status)), Some(0x1001));
        assert_eq!(parse_ignored(Ok(String::new())), None);
    }
}
