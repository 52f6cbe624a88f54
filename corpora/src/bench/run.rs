//! The engine: every spec on every item, run by run.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;

use codec_core::{Error, Registry, Result};

use super::coder::suffix_of;
use super::machine::{Build, Machine, now};
use super::measure::{Measurement, Staged, WorkerCommand, in_process};
use super::record::{Record, SCHEMA};
use super::spec::{Program, Spec};
use super::system::{Tool, peers};

/// One file of a benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name in reports.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Item {
    pub(super) fn suffix(&self) -> &str {
        suffix_of(Path::new(&self.name))
    }
}

/// What to run, and how.
pub struct Bench<'a> {
    /// Where codecs are looked up.
    pub registry: &'a Registry,
    /// What runs on every item.
    pub specs: Vec<Spec>,
    /// How often; the minimum counts.
    pub runs: NonZeroU32,
    /// Worker threads.
    pub threads: NonZeroUsize,
    /// Name of the collection of items, for the records.
    pub dataset: String,
    /// How to run a codec in a process of its own. Without it no memory is measured and no system
    /// tool can take part.
    pub worker: Option<&'a WorkerCommand<'a>>,
}

/// What a benchmark is about to do.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
    /// The spec that runs now.
    pub spec: &'a Spec,
    /// The item it runs on.
    pub item: &'a str,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Report {
    /// One record for each item and spec that worked, item by item.
    pub records: Vec<Record>,
    /// What did not work.
    pub failures: Vec<Failure>,
}

/// A spec that failed on an item; it is not in the records.
#[derive(Debug)]
pub struct Failure {
    /// The spec's label.
    pub label: String,
    /// The item's name.
    pub item: String,
    /// Why.
    pub error: Error,
}

impl<'a> Bench<'a> {
    /// A bench without specs: three runs, one thread, no worker.
    #[must_use]
    pub fn new(registry: &'a Registry) -> Self {
        Bench {
            registry,
            specs: Vec::new(),
            runs: NonZeroU32::MIN.saturating_add(2),
            threads: NonZeroUsize::MIN,
            dataset: "files".to_owned(),
            worker: None,
        }
    }

    /// Adds behind each codec the system tools that do the same, as far as they are installed.
    /// Gives the tools that are not.
    pub fn add_peers(&mut self) -> Vec<Tool> {
        let installed = Tool::ALL.map(|tool| tool.version().is_some());
        let mut missing = Vec::new();
        let mut specs: Vec<Spec> = Vec::new();
        for spec in std::mem::take(&mut self.specs) {
            let peers = peers(&spec);
            specs.push(spec);
            for peer in peers {
                let Program::System(tool) = peer.program else {
                    continue;
                };
                let here = Tool::ALL.iter().zip(installed);
                if !here.into_iter().any(|(other, here)| *other == tool && here) {
                    if !missing.contains(&tool) {
                        missing.push(tool);
                    }
                } else if !specs.contains(&peer) {
                    specs.push(peer);
                }
            }
        }
        self.specs = specs;
        missing
    }

    /// Runs every spec on every item. Items are taken one at a time; `count` is how many there are,
    /// for `progress`, which is told each step before it is taken.
    ///
    /// If any spec is a system tool, all are timed as processes from file to file; otherwise as
    /// calls from memory to memory, with one more run as a process for the memory.
    ///
    /// # Errors
    /// [`Error::Usage`] if a tool is not installed, or tools take part without a
    /// [`Bench::worker`]; [`Error::Io`] if temporary files cannot be written. What goes wrong with
    /// one spec on one item, a mismatch included, is a [`Failure`] in the report.
    pub fn run(
        &self,
        count: usize,
        items: impl IntoIterator<Item = Item>,
        progress: &mut dyn FnMut(&Step<'_>),
    ) -> Result<Report> {
        let facts = Facts::of(self)?;
        let mut report = Report::default();
        for (number, item) in items.into_iter().enumerate() {
            let before = number * self.steps_per_item();
            let total = count * self.steps_per_item();
            let mut step = |index: usize, spec: &Spec| {
                progress(&Step {
                    done: before + index,
                    total,
                    spec,
                    item: &item.name,
                });
            };
            let results = self.measure(&facts, &item, &mut step)?;
            for (number, (spec, result)) in self.specs.iter().zip(results).enumerate() {
                match result {
                    Ok(measured) => {
                        let build = facts.builds.get(number).cloned();
                        let record = self.record(&facts, spec, &item, measured, build);
                        report.records.push(record);
                    }
                    Err(error) => report.failures.push(Failure {
                        label: spec.label(),
                        item: item.name.clone(),
                        error,
                    }),
                }
            }
        }
        Ok(report)
    }

    fn steps_per_item(&self) -> usize {
        self.specs.len() * self.runs.get() as usize
    }

    /// The best of all runs of each spec on an item, in the order of the specs.
    fn measure(
        &self,
        facts: &Facts,
        item: &Item,
        step: &mut dyn FnMut(usize, &Spec),
    ) -> Result<Vec<Result<Measurement>>> {
        let staged = self.worker.map(|_| Staged::new(item)).transpose()?;
        // Written once, so that no run pays for the first touch of its pages.
        let mut buffer = vec![0xff; item.content.len() + item.content.len() / 16 + 4096];
        let mut best: Vec<Option<Result<Measurement>>> = Vec::new();
        best.resize_with(self.specs.len(), || None);
        for run in 0..self.runs.get() as usize {
            for (number, (spec, best)) in self.specs.iter().zip(&mut best).enumerate() {
                if matches!(best, Some(Err(_))) {
                    continue;
                }
                step(run * self.specs.len() + number, spec);
                let staged = staged.as_ref().filter(|_| facts.as_processes || run == 0);
                let now = self.run_once(facts, spec, item, staged, &mut buffer);
                *best = Some(match (best.take(), now) {
                    (Some(Ok(before)), Ok(now)) => Ok(before.best(now)),
                    (_, now) => now,
                });
            }
        }
        Ok(best.into_iter().flatten().collect())
    }

    /// One run: as a process, or as a call and, where the item is staged, as a process for the
    /// memory.
    fn run_once(
        &self,
        facts: &Facts,
        spec: &Spec,
        item: &Item,
        staged: Option<&Staged<'_>>,
        buffer: &mut Vec<u8>,
    ) -> Result<Measurement> {
        let alone = match (staged, self.worker) {
            (Some(staged), Some(worker)) => Some(staged.run(spec, self.threads, worker)?),
            _ => None,
        };
        match alone {
            Some(alone) if facts.as_processes => Ok(alone),
            Some(alone) => Ok(self.call(spec, item, buffer)?.with_memory_of(alone)),
            None => self.call(spec, item, buffer),
        }
    }

    fn call(&self, spec: &Spec, item: &Item, buffer: &mut Vec<u8>) -> Result<Measurement> {
        in_process(self.registry, spec, self.threads, item, buffer)
    }

    fn record(
        &self,
        facts: &Facts,
        spec: &Spec,
        item: &Item,
        measured: Measurement,
        build: Option<Build>,
    ) -> Record {
        let content_bytes = item.content.len() as u64;
        let Measurement {
            encoded_bytes,
            encode,
            decode,
        } = measured;
        Record {
            schema: SCHEMA.to_owned(),
            codec: spec.codec(),
            label: spec.label(),
            params: spec
                .settings()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            stream: match (&spec.program, spec.native) {
                (Program::System(_), _) => "system",
                (_, true) => "native",
                (_, false) => "container",
            }
            .to_owned(),
            peers: peers(spec)
                .iter()
                .filter(|peer| self.specs.contains(peer))
                .map(Spec::label)
                .collect(),
            dataset: self.dataset.clone(),
            item: item.name.clone(),
            content_bytes,
            encoded_bytes,
            bits_per_byte: match content_bytes {
                0 => 0.0,
                bytes => encoded_bytes as f64 * 8.0 / bytes as f64,
            },
            bpp: None,
            metrics: BTreeMap::new(),
            encode_s: encode.wall_s,
            decode_s: decode.wall_s,
            encode_cpu_s: encode.cpu_s,
            decode_cpu_s: decode.cpu_s,
            peak_rss_bytes: encode.peak_rss.max(decode.peak_rss),
            decode_rss_bytes: decode.peak_rss,
            threads: self.threads_of(spec),
            runs: self.runs.get(),
            timing: if facts.as_processes {
                "process"
            } else {
                "call"
            }
            .to_owned(),
            build: build.unwrap_or_else(Build::here),
            machine: facts.machine.clone(),
            model_sha256: None,
            date: facts.date.clone(),
        }
    }

    fn threads_of(&self, spec: &Spec) -> usize {
        match spec.program {
            Program::System(tool) if !tool.has_threads() => 1,
            _ => self.threads.get(),
        }
    }
}

/// What holds for all records of a run.
struct Facts {
    as_processes: bool,
    /// One for each spec.
    builds: Vec<Build>,
    machine: Machine,
    date: String,
}

impl Facts {
    fn of(bench: &Bench<'_>) -> Result<Facts> {
        let mut as_processes = false;
        let mut builds = Vec::new();
        for spec in &bench.specs {
            builds.push(match spec.program {
                Program::Codec(_) => Build::here(),
                Program::System(tool) => {
                    as_processes = true;
                    Build::of_tool(tool.version().ok_or_else(|| {
                        let name = tool.name();
                        Error::Usage(format!("the system tool '{name}' is not installed"))
                    })?)
                }
            });
        }
        if as_processes && bench.worker.is_none() {
            return Err(Error::Usage(
                "system tools can only be compared with codecs that run as processes too".into(),
            ));
        }
        Ok(Facts {
            as_processes,
            builds,
            machine: Machine::here(),
            date: now(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::registry;

    fn bench<'a>(registry: &'a Registry, specs: &[&str]) -> Bench<'a> {
        let specs = specs
            .iter()
            .map(|text| Spec::parse(text, registry).unwrap());
        Bench {
            specs: specs.collect(),
            ..Bench::new(registry)
        }
    }

    fn item(name: &str, len: usize) -> Item {
        Item {
            name: name.into(),
            content: vec![7; len],
        }
    }

    #[test]
    fn every_spec_runs_on_every_item_and_is_recorded_in_order() {
        let registry = registry();
        let bench = bench(&registry, &["plain:1", "plain:5:native", "none"]);
        let mut steps = Vec::new();
        let items = [item("a.txt", 100_000), item("b", 0)];
        let report = bench
            .run(2, items, &mut |step| {
                steps.push((step.done, step.spec.label(), step.item.to_owned()));
            })
            .unwrap();
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        let got: Vec<(&str, &str, u64)> = report
            .records
            .iter()
            .map(|r| (r.label.as_str(), r.item.as_str(), r.content_bytes))
            .collect();
        assert_eq!(
            got,
            [
                ("plain:1", "a.txt", 100_000),
                ("plain:5:native", "a.txt", 100_000),
                ("none", "a.txt", 100_000),
                ("plain:1", "b", 0),
                ("plain:5:native", "b", 0),
                ("none", "b", 0),
            ]
        );
        assert_eq!(report.records[1].encoded_bytes, 100_000);
        assert!(report.records[0].encoded_bytes > 100_000);
        assert!(report.records.iter().all(|r| r.timing == "call"));
        assert_eq!(steps.len(), 2 * 3 * 3);
        assert!(steps.iter().map(|step| step.0).eq(0..18));
    }

    #[test]
    fn a_mismatch_is_a_failure_and_not_a_record() {
        let registry = registry();
        let bench = bench(&registry, &["plain:9:native", "none"]);
        let report = bench.run(1, [item("a", 10)], &mut |_| {}).unwrap();
        assert_eq!(report.records.len(), 1);
        assert_eq!(report.failures.len(), 1);
        let failure = &report.failures[0];
        assert!(matches!(failure.error, Error::Mismatch(_)), "{failure:?}");
        assert!(failure.error.to_string().contains("byte 9 "), "{failure:?}");
    }

    #[test]
    fn tools_are_not_compared_with_calls() {
        let registry = registry();
        let bench = bench(&registry, &["none", "system-gzip:6"]);
        let result = bench.run(1, [item("a", 10)], &mut |_| {});
        assert!(matches!(result, Err(Error::Usage(_))));
    }
}
