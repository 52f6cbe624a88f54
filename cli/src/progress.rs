//! The progress display: on standard error, and only for what takes longer than about a second.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Chatter;

/// How long an operation runs before it shows its progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counts bytes in and out, or other things that are done, and shows them; clones count together.
#[derive(Clone)]
pub(crate) struct Progress(Option<Arc<Meter>>);

/// Which side of an operation is the content, so that the ratio is the right way up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Encode,
    Decode,
}

struct Meter {
    bar: ProgressBar,
    /// `None` where no bytes are counted.
    direction: Option<Direction>,
    started: Instant,
    shown: AtomicBool,
    done: AtomicU64,
    written: AtomicU64,
}

impl Progress {
    /// No display.
    pub(crate) fn none() -> Self {
        Progress(None)
    }

    /// A display for the file `name` of `len` bytes, if a person is there to see it.
    pub(crate) fn new(
        name: &str,
        len: Option<u64>,
        direction: Direction,
        chatter: Chatter,
    ) -> Self {
        let template = match len {
            Some(_) => {
                "{prefix}: {bytes} of {total_bytes} ({percent} %), {msg}{bytes_per_sec}, {eta} left"
            }
            None => "{prefix}: {bytes}, {msg}{bytes_per_sec}",
        };
        Progress::shown_as(template, name, len, Some(direction), chatter)
    }

    /// A display of how many of `total` things called `unit`, such as `pairs`, are done.
    pub(crate) fn counting(name: &str, total: u64, unit: &str, chatter: Chatter) -> Self {
        let template = format!(
            "{{prefix}}: {{human_pos}} of {{human_len}} {unit} ({{percent}} %), {{per_sec}}, \
             {{eta}} left"
        );
        Progress::shown_as(&template, name, Some(total), None, chatter)
    }

    fn shown_as(
        template: &str,
        name: &str,
        len: Option<u64>,
        direction: Option<Direction>,
        chatter: Chatter,
    ) -> Self {
        if chatter.quiet > 0 || chatter.no_progress || !io::stderr().is_terminal() {
            return Progress::none();
        }
        let bar = ProgressBar::with_draw_target(len, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        Progress(Some(Arc::new(Meter {
            bar,
            direction,
            started: Instant::now(),
            shown: AtomicBool::new(false),
            done: AtomicU64::new(0),
            written: AtomicU64::new(0),
        })))
    }

    /// Counts bytes of the input, or things, that are done.
    pub(crate) fn done(&self, count: u64) {
        if let Some(meter) = &self.0 {
            meter.done.fetch_add(count, Ordering::Relaxed);
            meter.show();
        }
    }

    /// Counts bytes that were written.
    pub(crate) fn written(&self, bytes: u64) {
        if let Some(meter) = &self.0 {
            meter.written.fetch_add(bytes, Ordering::Relaxed);
            meter.show();
        }
    }
}

impl Meter {
    fn show(&self) {
        if self.started.elapsed() < PATIENCE {
            return;
        }
        if !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let done = self.done.load(Ordering::Relaxed);
        let written = self.written.load(Ordering::Relaxed);
        let (content, encoded) = match self.direction {
            Some(Direction::Encode) => (done, written),
            Some(Direction::Decode) => (written, done),
            None => (0, 0),
        };
        if encoded > 0 && content > 0 {
            let ratio = content as f64 / encoded as f64;
            self.bar.set_message(format!("ratio {ratio:.2}, "));
        }
        self.bar.set_position(done);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
