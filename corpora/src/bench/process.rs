//! Child processes: how long they took, and how much memory.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use codec_core::{Error, Result};
use wait4::Wait4;

/// What a process cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// From before its start to after its end, in seconds.
    pub(crate) wall_s: f64,
    /// User and system time of all its threads, in seconds.
    pub(crate) cpu_s: f64,
    /// Largest resident set, in bytes, where the system tells.
    pub(crate) peak_rss: Option<u64>,
}

/// The files that stand for a process's standard streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streams<'a> {
    /// Read as standard input, if given.
    pub(crate) stdin: Option<&'a Path>,
    /// Written as standard output, if given.
    pub(crate) stdout: Option<&'a Path>,
    /// Written as standard error.
    pub(crate) stderr: &'a Path,
}

/// Runs `command` to its end.
///
/// # Errors
/// [`Error::Unsupported`] if it cannot be started or fails, with the last line it said.
pub(crate) fn run(mut command: Command, streams: Streams<'_>) -> Result<Cost> {
    redirect(&mut command, streams)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let (watched, sampled) = watch_and_sample(&mut command);
    let Watched {
        used,
        wall_s,
        floor,
    } = watched?;
    if !used.status.success() {
        let said = fs::read(streams.stderr).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let said = said.trim().lines().last().unwrap_or("no message");
        return Err(Error::Unsupported(format!(
            "'{name}' failed ({}): {said}",
            used.status
        )));
    }
    Ok(Cost {
        wall_s,
        cpu_s: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        peak_rss: peak(used.rusage.maxrss, floor, sampled),
    })
}

fn redirect(command: &mut Command, streams: Streams<'_>) -> Result<()> {
    let create = |path: &Path| File::create(path).map_err(Error::io("create temporary file"));
    let open = |path: &Path| File::open(path).map_err(Error::io("open temporary file"));
    let stdin = streams.stdin.map(open).transpose()?;
    let stdout = streams.stdout.map(create).transpose()?;
    command
        .stdin(stdin.map_or_else(Stdio::null, Stdio::from))
        .stdout(stdout.map_or_else(Stdio::null, Stdio::from))
        .stderr(create(streams.stderr)?);
    Ok(())
}

/// What is known of a process after its end.
struct Watched {
    used: wait4::ResUse,
    wall_s: f64,
    /// The largest resident set that this process had when it started the other.
    floor: Option<u64>,
}

/// Runs a process, and gives the largest of its memory seen while it ran.
fn watch_and_sample(command: &mut Command) -> (Result<Watched>, Option<u64>) {
    let ended = AtomicBool::new(false);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        // Running before the process does, which may live for a millisecond only.
        let sampler = scope.spawn(|| sample(told, &ended));
        let watched = watch(command, tell);
        ended.store(true, Ordering::Relaxed);
        (watched, sampler.join().unwrap_or_default())
    })
}

/// Runs a process; `tell` gets its identifier, and is dropped without if it cannot be started.
fn watch(command: &mut Command, tell: mpsc::Sender<u32>) -> Result<Watched> {
    let start = Instant::now();
    let child = command.spawn().map_err(|error| {
        let name = command.get_program().to_string_lossy();
        Error::Unsupported(format!("cannot start '{name}': {error}"))
    })?;
    // The sampler waits for it.
    let _sent = tell.send(child.id());
    let floor = own_peak();
    let used = child.wait4().map_err(Error::io("wait for a process"))?;
    Ok(Watched {
        used,
        wall_s: start.elapsed().as_secs_f64(),
        floor,
    })
}

/// The largest peak seen in a process's status until it ends. Short processes are looked at more
/// often than long ones.
fn sample(process: mpsc::Receiver<u32>, ended: &AtomicBool) -> Option<u64> {
    let status = format!("/proc/{}/status", process.recv().ok()?);
    let mut pause = Duration::from_micros(100);
    let mut largest = None;
    while !ended.load(Ordering::Relaxed) {
        largest = largest.max(peak_in_status(&status));
        thread::sleep(pause);
        pause = (pause * 9 / 8).min(Duration::from_millis(5));
    }
    largest
}

/// The peak, from the figure of `wait4` and from samples.
///
/// On Linux a child starts as an image of its parent, and `wait4` counts that: its figure is the
/// child's own only where it is clearly above everything the parent ever held (`floor`). Below that
/// the largest sample stands, if there was time for one; the last fraction of a millisecond may be
/// missing from it.
fn peak(reported: u64, floor: Option<u64>, sampled: Option<u64>) -> Option<u64> {
    /// The kernel's counts of pages lag behind by about this much.
    const CLEARLY: u64 = 1 << 20;
    match floor {
        Some(floor) if reported <= floor + CLEARLY => sampled,
        _ => (reported > 0).then_some(reported),
    }
}

/// The largest resident set of this process so far, in bytes; `None` where there is no `/proc`.
pub(super) fn own_peak() -> Option<u64> {
    peak_in_status("/proc/self/status")
}

fn peak_in_status(path: &str) -> Option<u64> {
    let status = fs::read_to_string(path).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_above_the_floor_is_the_childs_own() {
        const MIB: u64 = 1 << 20;
        assert_eq!(peak(5 * MIB, Some(MIB), Some(4 * MIB)), Some(5 * MIB));
        assert_eq!(peak(MIB + 1, Some(MIB), Some(400)), Some(400));
        assert_eq!(peak(MIB, Some(MIB), None), None);
        assert_eq!(peak(100, None, None), Some(100));
        assert_eq!(peak(0, None, None), None);
    }

    fn run_alone(program: &str, arguments: &[&str]) -> Result<Cost> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(arguments);
        let streams = Streams {
            stdin: None,
            stdout: None,
            stderr: &folder.path().join("stderr"),
        };
        run(command, streams)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_childs_memory_is_not_its_parents() {
        let ballast = vec![1_u8; 64 << 20];
        let cost = run_alone("sleep", &["0.02"]).unwrap();
        assert!(cost.peak_rss.unwrap() < 32 << 20, "{cost:?}");
        assert!(cost.wall_s >= 0.02 && cost.cpu_s < 0.02, "{cost:?}");
        assert_eq!(ballast.iter().filter(|byte| **byte == 1).count(), 64 << 20);
    }

    #[test]
    #[cfg(unix)]
    fn a_failing_process_is_an_error_with_its_own_words() {
        let error = run_alone("sh", &["-c", "echo no such luck >&2; exit 3"]).unwrap_err();
        assert!(error.to_string().contains("no such luck"), "{error}");
    }
}
