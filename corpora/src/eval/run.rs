//! Running codecs and peers on files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use codec_core::{
    Error, Job, Media, Params, Registry, Result, decode_streams, encode_stream, ordered,
};
use cpu_time::ProcessTime;
use tempfile::TempDir;

use super::coding::{Coder, Coding};
use super::crop::middle;
use super::item::{Content, Original, rate};
use super::measure::{Metric, measure};
use super::peer::{Peer, PeerInput, fitted};
use crate::bench::{Build, Machine, Record, SCHEMA, now, process};

/// What to run, and how.
pub struct Eval<'a> {
    /// Where the codecs are.
    pub registry: &'a Registry,
    /// What to run on every file that it takes.
    pub codings: Vec<Coding>,
    /// Name of the collection of files.
    pub dataset: String,
    /// How the codecs may run, with the model they are to use.
    pub job: Job,
    /// Threads for measuring quality. Coding is done one file after the other, so that times are true.
    pub threads: NonZeroUsize,
    /// Of how many pictures parts are kept for reports.
    pub samples: usize,
    /// The rate that these parts are to have, in bits per pixel.
    pub sample_rate: f64,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One record for each file and coding that went well, in the order of files.
    pub records: Vec<Record>,
    /// The others.
    pub failures: Vec<Failure>,
    /// Parts of pictures, in the order of files.
    pub samples: Vec<Sample>,
}

/// A file that a coding failed on.
#[derive(Debug)]
pub struct Failure {
    /// The file.
    pub item: String,
    /// The curve and the setting.
    pub label: String,
    /// Why.
    pub error: Error,
}

/// Part of a picture, as it was or as it was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The file.
    pub item: String,
    /// The curve and the setting; empty for the original.
    pub label: String,
    /// Size of the whole file in bytes.
    pub bytes: u64,
    /// Bits per pixel of it.
    pub rate: f64,
    /// Values of the whole picture, in the order of [`Metric::of`]; empty for the original.
    pub values: Vec<f64>,
    /// The part, as a PNG file.
    pub png: Vec<u8>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Files that are done.
    pub done: usize,
    /// The file at work.
    pub item: &'a str,
    /// What is run on it.
    pub label: &'a str,
}

/// One coding of one file.
struct Attempt<'a> {
    coding: &'a Coding,
    encoded_bytes: u64,
    decoded: Content,
    encode: Cost,
    decode: Cost,
}

/// Times in seconds.
#[derive(Clone, Copy)]
struct Cost {
    wall_s: f64,
    cpu_s: f64,
}

impl Eval<'_> {
    /// Runs every coding on every file. `total` is how many files there are, for choosing samples.
    ///
    /// # Errors
    /// [`Error::Io`] where temporary files cannot be written. What a codec or peer does not manage is
    /// a [`Failure`], not an error.
    pub fn run(
        &self,
        total: usize,
        originals: impl IntoIterator<Item = Original>,
        step: &mut dyn FnMut(Step<'_>),
    ) -> Result<Outcome> {
        let folder = tempfile::tempdir().map_err(Error::io("create temporary directory"))?;
        let mut outcome = Outcome::default();
        let (machine, date) = (Machine::here(), now());
        let stride = total.div_ceil(self.samples.max(1)).max(1);
        for (done, original) in originals.into_iter().enumerate() {
            let attempts = self.code_all(&original, done, &folder, &mut outcome, step)?;
            let measured = self.measure_all(&original, &attempts)?;
            let mut good = Vec::new();
            for (attempt, values) in attempts.iter().zip(measured) {
                match values {
                    Ok(values) => good.push((attempt, values)),
                    Err(error) => outcome
                        .failures
                        .push(failure(&original, attempt.coding, error)),
                }
            }
            for (attempt, values) in &good {
                let record = self.record(&original, attempt, values, &machine, &date);
                outcome.records.push(record);
            }
            if done % stride == 0 && self.samples > 0 {
                outcome.samples.extend(self.pick(&original, &good)?);
            }
        }
        Ok(outcome)
    }

    fn code_all<'a>(
        &'a self,
        original: &Original,
        done: usize,
        folder: &TempDir,
        outcome: &mut Outcome,
        step: &mut dyn FnMut(Step<'_>),
    ) -> Result<Vec<Attempt<'a>>> {
        let mut inputs: Vec<(Peer, PeerInput)> = Vec::new();
        let mut attempts = Vec::new();
        for coding in &self.codings {
            if !coding.takes(original.kind(), self.registry) {
                continue;
            }
            step(Step {
                done,
                item: &original.name,
                label: &label(coding),
            });
            let result = match &coding.coder {
                Coder::Codec { id, params } => {
                    self.code(original, coding, id, params, folder.path())
                }
                Coder::Peer { peer, setting } => {
                    if !inputs.iter().any(|(known, _)| known == peer) {
                        inputs.push((*peer, peer.prepare(&original.content, folder.path())?));
                    }
                    let input = inputs.iter().find(|(known, _)| known == peer);
                    let Some((_, input)) = input else { continue };
                    code_by_peer(original, coding, (*peer, setting), input, folder.path())
                }
            };
            match result {
                Ok(attempt) => attempts.push(attempt),
                Err(error) => outcome.failures.push(failure(original, coding, error)),
            }
        }
        Ok(attempts)
    }

    /// A file through a codec: to a file of the container, and from it to a standard file.
    fn code<'a>(
        &self,
        original: &Original,
        coding: &'a Coding,
        id: &str,
        params: &Params,
        folder: &Path,
    ) -> Result<Attempt<'a>> {
        let codec = self.registry.named(id)?;
        let (encoded, decoded) = (folder.join("encoded.cdc"), folder.join("decoded"));
        let suffix = original.path.extension().and_then(|suffix| suffix.to_str());
        let encode = timed(|| {
            let mut reader = BufReader::new(open(&original.path)?);
            let media = Media::bytes(&mut reader, suffix.unwrap_or(""));
            let mut writer = BufWriter::new(create(&encoded)?);
            encode_stream(codec, media, params, &self.job, &mut writer)?;
            writer.flush().map_err(Error::io("write temporary file"))
        })?;
        let decode = timed(|| {
            let reader = BufReader::new(open(&encoded)?);
            let mut writer = BufWriter::new(create(&decoded)?);
            decode_streams(self.registry, reader, &self.job, &mut writer)?;
            writer.flush().map_err(Error::io("write temporary file"))
        })?;
        Ok(Attempt {
            coding,
            encoded_bytes: size(&encoded)?,
            decoded: Content::open(&decoded)?,
            encode,
            decode,
        })
    }

    fn measure_all(
        &self,
        original: &Original,
        attempts: &[Attempt<'_>],
    ) -> Result<Vec<Result<Vec<f64>>>> {
        let mut left = attempts.iter();
        let mut values = Vec::new();
        ordered(
            self.threads,
            || Ok(left.next()),
            |attempt| Ok(measure(&original.content, &attempt.decoded)),
            |value| {
                values.push(value);
                Ok(())
            },
        )?;
        Ok(values)
    }

    fn record(
        &self,
        original: &Original,
        attempt: &Attempt<'_>,
        values: &[f64],
        machine: &Machine,
        date: &str,
    ) -> Record {
        let coding = attempt.coding;
        let (codec, params, build) = match &coding.coder {
            Coder::Codec { id, params } => {
                let params = params.to_header().into_iter().collect();
                ((*id).to_owned(), params, Build::here())
            }
            Coder::Peer { peer, setting } => {
                let params = [(peer.option().to_owned(), (*setting).to_owned())];
                let version = peer.version().unwrap_or_default();
                let codec = format!("system-{}", peer.id());
                (codec, BTreeMap::from(params), Build::of_tool(version))
            }
        };
        let rate = rate(&original.shape(), attempt.encoded_bytes);
        let names = Metric::of(original.kind())
            .iter()
            .map(|metric| metric.key().to_owned());
        let values = values.iter().copied();
        // JSON has no infinity: equal media have no PSNR.
        let mut metrics: BTreeMap<String, f64> = names
            .zip(values)
            .filter(|(_, value)| value.is_finite())
            .collect();
        let is_image = matches!(original.content, Content::Image(_));
        if !is_image {
            metrics.insert(RATE_OF_SOUND.to_owned(), rate);
        }
        let content_bytes = original.bytes;
        Record {
            schema: SCHEMA.to_owned(),
            codec,
            label: label(coding),
            params,
            stream: if coding.is_peer() {
                "system"
            } else {
                "container"
            }
            .to_owned(),
            peers: Vec::new(),
            dataset: self.dataset.clone(),
            item: original.name.clone(),
            content_bytes,
            encoded_bytes: attempt.encoded_bytes,
            bits_per_byte: attempt.encoded_bytes as f64 * 8.0 / content_bytes.max(1) as f64,
            bpp: is_image.then_some(rate),
            metrics,
            encode_s: attempt.encode.wall_s,
            decode_s: attempt.decode.wall_s,
            encode_cpu_s: attempt.encode.cpu_s,
            decode_cpu_s: attempt.decode.cpu_s,
            peak_rss_bytes: None,
            decode_rss_bytes: None,
            threads: if coding.is_peer() {
                1
            } else {
                self.job.threads.get()
            },
            runs: 1,
            timing: if coding.is_peer() { "process" } else { "call" }.to_owned(),
            build,
            machine: machine.clone(),
            model_sha256: None,
            date: date.to_owned(),
        }
    }

    /// The original, and of each curve the point nearest to the rate of the first codec's point that
    /// is nearest to the wanted rate.
    fn pick(&self, original: &Original, good: &[(&Attempt<'_>, Vec<f64>)]) -> Result<Vec<Sample>> {
        let Some(png) = middle(&original.content)? else {
            return Ok(Vec::new());
        };
        let shape = original.shape();
        let of = |attempt: &Attempt<'_>| rate(&shape, attempt.encoded_bytes);
        let nearest = |curve: &str, wanted: f64| {
            let points = good
                .iter()
                .filter(|(attempt, _)| attempt.coding.curve == curve);
            let far = |attempt: &Attempt<'_>| (of(attempt) / wanted).ln().abs();
            points.min_by(|(a, _), (b, _)| far(a).total_cmp(&far(b)))
        };
        let mut curves: Vec<&Coding> = Vec::new();
        for (attempt, _) in good {
            if !curves
                .iter()
                .any(|known| known.curve == attempt.coding.curve)
            {
                curves.push(attempt.coding);
            }
        }
        let own = curves.iter().find(|coding| !coding.is_peer());
        let leading = own.and_then(|own| nearest(&own.curve, self.sample_rate));
        let wanted = leading.map_or(self.sample_rate, |(attempt, _)| of(attempt));
        let mut samples = vec![Sample {
            item: original.name.clone(),
            label: String::new(),
            bytes: original.bytes,
            rate: rate(&shape, original.bytes),
            values: Vec::new(),
            png,
        }];
        for coding in curves {
            let Some((attempt, values)) = nearest(&coding.curve, wanted) else {
                continue;
            };
            samples.push(Sample {
                item: original.name.clone(),
                label: label(attempt.coding),
                bytes: attempt.encoded_bytes,
                rate: of(attempt),
                values: values.clone(),
                png: middle(&attempt.decoded)?.unwrap_or_default(),
            });
        }
        Ok(samples)
    }
}

/// The key under which records of sound have their rate in kb/s.
pub(super) const RATE_OF_SOUND: &str = "kilobits_per_second";

/// The curve and the setting.
pub(super) fn label(coding: &Coding) -> String {
    format!("{}:{}", coding.curve, coding.setting)
}

fn code_by_peer<'a>(
    original: &Original,
    coding: &'a Coding,
    (peer, setting): (Peer, &str),
    input: &PeerInput,
    folder: &Path,
) -> Result<Attempt<'a>> {
    let (encoded, decoded) = (folder.join("encoded"), peer.decoded_path(folder));
    let encode = run(peer.encode(input, setting, &encoded), folder)?;
    let decode = run(peer.decode(&original.content, &encoded, &decoded), folder)?;
    Ok(Attempt {
        coding,
        encoded_bytes: size(&encoded)?,
        decoded: fitted(Content::open(&decoded)?, &original.content)?,
        encode,
        decode,
    })
}

fn run(command: Command, folder: &Path) -> Result<Cost> {
    let streams = process::Streams {
        stdin: None,
        stdout: None,
        stderr: &folder.join("messages"),
    };
    let cost = process::run(command, streams)?;
    Ok(Cost {
        wall_s: cost.wall_s,
        cpu_s: cost.cpu_s,
    })
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    work()?;
    Ok(Cost {
        wall_s: wall.elapsed().as_secs_f64(),
        cpu_s: cpu.elapsed().as_secs_f64(),
    })
}

fn failure(original: &Original, coding: &Coding, error: Error) -> Failure {
    Failure {
        item: original.name.clone(),
        label: label(coding),
        error,
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::io("open"))
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(Error::io("create temporary file"))
}

fn size(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(Error::io("read temporary file"))?;
    Ok(metadata.len())
}
