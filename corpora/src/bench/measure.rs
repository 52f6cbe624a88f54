//! One encode and one decode, timed and compared, in this process or in processes of their own.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use codec_core::{Error, Registry, Result};
use cpu_time::ProcessTime;
use tempfile::TempDir;

use super::Item;
use super::coder::{Coder, Direction, PEAK};
use super::process::{self, Cost, Streams};
use super::spec::{Program, Spec};

/// What one run of a spec on an item gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measurement {
    pub(super) encoded_bytes: u64,
    pub(super) encode: Cost,
    pub(super) decode: Cost,
}

impl Measurement {
    /// The better of two runs, each time for itself; the higher peak of memory.
    pub(super) fn best(self, other: Measurement) -> Measurement {
        let best = |a: Cost, b: Cost| Cost {
            wall_s: a.wall_s.min(b.wall_s),
            cpu_s: a.cpu_s.min(b.cpu_s),
            peak_rss: a.peak_rss.max(b.peak_rss),
        };
        Measurement {
            encoded_bytes: self.encoded_bytes,
            encode: best(self.encode, other.encode),
            decode: best(self.decode, other.decode),
        }
    }

    /// The same with the peaks of memory of another run.
    pub(super) fn with_memory_of(mut self, other: Measurement) -> Measurement {
        self.encode.peak_rss = other.encode.peak_rss;
        self.decode.peak_rss = other.decode.peak_rss;
        self
    }
}

/// Encodes and decodes within this process, from memory to memory. `encoded` is the buffer for the
/// compressed bytes, kept between runs so that its pages are there already.
pub(super) fn in_process(
    registry: &Registry,
    spec: &Spec,
    threads: NonZeroUsize,
    item: &Item,
    encoded: &mut Vec<u8>,
) -> Result<Measurement> {
    let coder = Coder::new(registry, spec, threads)?;
    encoded.clear();
    let mut content = item.content.as_slice();
    let encode = timed(|| coder.encode(&mut content, item.suffix(), encoded))?;
    let mut comparison = Comparison::new(&item.content);
    let decode = timed(|| coder.decode(&mut encoded.as_slice(), &mut comparison))?;
    comparison.finish(spec)?;
    Ok(Measurement {
        encoded_bytes: encoded.len() as u64,
        encode,
        decode,
    })
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    work()?;
    Ok(Cost {
        wall_s: wall.elapsed().as_secs_f64(),
        cpu_s: cpu.elapsed().as_secs_f64(),
        peak_rss: None,
    })
}

/// Gives the command that runs [`super::work`] in a process of its own: direction, spec, threads,
/// input file, output file.
pub type WorkerCommand<'a> = dyn Fn(Direction, &Spec, NonZeroUsize, &Path, &Path) -> Command + 'a;

/// An item laid out as a file in a temporary folder, for processes to work on.
pub(super) struct Staged<'a> {
    item: &'a Item,
    folder: TempDir,
    /// The content under the item's own suffix, for codecs that look at it.
    named: PathBuf,
}

impl<'a> Staged<'a> {
    pub(super) fn new(item: &'a Item) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::io("create temporary folder"))?;
        let named = folder.path().join("named").with_extension(item.suffix());
        fs::write(&named, &item.content).map_err(Error::io("write temporary file"))?;
        // Tools refuse to compress what has their own suffix, so that they get a name without any.
        let plain = folder.path().join("plain");
        fs::hard_link(&named, &plain)
            .or_else(|_| fs::copy(&named, &plain).map(drop))
            .map_err(Error::io("write temporary file"))?;
        Ok(Staged {
            item,
            folder,
            named,
        })
    }

    /// Encodes and decodes in one process each, from file to file.
    pub(super) fn run(
        &self,
        spec: &Spec,
        threads: NonZeroUsize,
        worker: &WorkerCommand<'_>,
    ) -> Result<Measurement> {
        let path = |name| self.folder.path().join(name);
        let (encoded, decoded, stderr) = (path("encoded"), path("decoded"), path("stderr"));
        let silent = Streams {
            stdin: None,
            stdout: None,
            stderr: &stderr,
        };
        let (encode, decode) = match spec.program {
            Program::System(tool) => {
                let command = tool.encode(&spec.params, threads.get(), &path("plain"));
                let stdout = Some(encoded.as_path());
                let encode = process::run(command, Streams { stdout, ..silent })?;
                let streams = Streams {
                    stdin: stdout,
                    stdout: Some(&decoded),
                    ..silent
                };
                (encode, process::run(tool.decode(threads.get()), streams)?)
            }
            Program::Codec(_) => {
                let encode = worker(Direction::Encode, spec, threads, &self.named, &encoded);
                let encode = run_worker(encode, silent, &encoded)?;
                let decode = worker(Direction::Decode, spec, threads, &encoded, &decoded);
                (encode, run_worker(decode, silent, &decoded)?)
            }
        };
        self.compare(&decoded, spec)?;
        let encoded = fs::metadata(&encoded).map_err(Error::io("read temporary file"))?;
        Ok(Measurement {
            encoded_bytes: encoded.len(),
            encode,
            decode,
        })
    }

    fn compare(&self, decoded: &Path, spec: &Spec) -> Result<()> {
        let file = File::open(decoded).map_err(Error::io("open temporary file"))?;
        let mut comparison = Comparison::new(&self.item.content);
        let mut reader = BufReader::with_capacity(1 << 20, file);
        io::copy(&mut reader, &mut comparison).map_err(Error::io("read temporary file"))?;
        comparison.finish(spec)
    }
}

/// Runs a worker, and takes the peak of memory from its own account where it left one.
fn run_worker(command: Command, streams: Streams<'_>, output: &Path) -> Result<Cost> {
    let cost = process::run(command, streams)?;
    let account = fs::read_to_string(output.with_extension(PEAK)).ok();
    let peak = account.and_then(|bytes| bytes.parse().ok());
    Ok(Cost {
        peak_rss: peak.or(cost.peak_rss),
        ..cost
    })
}

/// A writer that compares what it is given with what should come.
struct Comparison<'a> {
    rest: &'a [u8],
    same: u64,
    differs: bool,
}

impl<'a> Comparison<'a> {
    fn new(expected: &'a [u8]) -> Self {
        Comparison {
            rest: expected,
            same: 0,
            differs: false,
        }
    }

    fn finish(self, spec: &Spec) -> Result<()> {
        if !self.differs && self.rest.is_empty() {
            return Ok(());
        }
        Err(Error::Mismatch(format!(
            "'{}' decodes to other content than was encoded, from byte {} on",
            spec.label(),
            self.same
        )))
    }
}

impl Write for Comparison<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let same = self
            .rest
            .get(..bytes.len())
            .is_some_and(|expected| expected == bytes);
        if !self.differs && same {
            self.rest = &self.rest[bytes.len()..];
            self.same += bytes.len() as u64;
        } else if !self.differs {
            let equal = self.rest.iter().zip(bytes).take_while(|(a, b)| a == b);
            self.same += equal.count() as u64;
            self.differs = true;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::registry;

    fn verdict(expected: &[u8], pieces: &[&[u8]]) -> Option<String> {
        let spec = Spec::parse("none", &registry()).unwrap();
        let mut comparison = Comparison::new(expected);
        for piece in pieces {
            comparison.write_all(piece).unwrap();
        }
        comparison
            .finish(&spec)
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn a_comparison_finds_the_first_difference() {
        assert_eq!(verdict(b"hello", &[b"he", b"", b"llo"]), None);
        for (pieces, at) in [
            (&[b"he".as_slice(), b"lpo"][..], 3),
            (&[b"hell"], 4),
            (&[b"hello", b"!"], 5),
            (&[b"jello", b"hello"], 0),
        ] {
            let message = verdict(b"hello", pieces).unwrap();
            assert!(message.contains(&format!("byte {at} ")), "{message}");
        }
    }

    #[test]
    fn the_best_of_two_runs_is_taken_time_by_time() {
        let cost = |wall_s, cpu_s, peak_rss| Cost {
            wall_s,
            cpu_s,
            peak_rss,
        };
        let run = |encode, decode| Measurement {
            encoded_bytes: 10,
            encode,
            decode,
        };
        let best = run(cost(1.0, 2.0, Some(5)), cost(4.0, 1.0, None))
            .best(run(cost(2.0, 1.0, Some(6)), cost(3.0, 3.0, Some(1))));
        assert_eq!(best, run(cost(1.0, 1.0, Some(6)), cost(3.0, 1.0, Some(1))));
    }
}
