//! What encoder and decoder both have beside a file: a reference, a model.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codec_suite::core::{Budget, Error, Job, Limits, Models, Registry};
use xxhash_rust::xxh64::xxh64;

use crate::args::BesideArgs;
use crate::failure::Failure;
use crate::shown;
use crate::source::Source;

/// The variable that names the directory where models are looked for.
const MODEL_DIR: &str = "CODEC_MODEL_DIR";
/// Suffixes of the files of models.
const MODEL_SUFFIXES: [&str; 2] = ["circuit", "safetensors"];

/// Content of the files named with `--reference` and `--model`, and where other models are.
#[derive(Default)]
pub(crate) struct Beside {
    reference: Option<Arc<[u8]>>,
    model: Option<Arc<[u8]>>,
    models: Option<Arc<dyn Models>>,
}

impl Beside {
    /// Reads what the options name.
    pub(crate) fn load(registry: &Registry, args: &BesideArgs) -> Result<Self, Failure> {
        let directory = env::var_os(MODEL_DIR).filter(|directory| !directory.is_empty());
        Ok(Self {
            reference: read(registry, "--reference", args.reference.as_deref())?,
            model: read(registry, "--model", args.model.as_deref())?,
            models: directory
                .map(|directory| Arc::new(Directory(directory.into())) as Arc<dyn Models>),
        })
    }

    /// Length of the reference in bytes, 0 if there is none.
    pub(crate) fn reference_len(&self) -> usize {
        self.reference.as_ref().map_or(0, |content| content.len())
    }

    /// The job with all this.
    pub(crate) fn given_to(&self, job: Job) -> Job {
        Job {
            reference: self.reference.clone(),
            model: self.model.clone(),
            models: self.models.clone(),
            ..job
        }
    }
}

fn read(
    registry: &Registry,
    option: &str,
    path: Option<&Path>,
) -> Result<Option<Arc<[u8]>>, Failure> {
    let Some(path) = path else {
        return Ok(None);
    };
    match content(registry, path) {
        Ok(content) => Ok(Some(content.into())),
        Err(failure) => {
            let title = format!("{option} {}: {}", shown::path(path), failure.title);
            Err(Failure { title, ..failure })
        }
    }
}

/// What is in a file, unpacked if it is compressed in a way that its first bytes show.
fn content(registry: &Registry, path: &Path) -> Result<Vec<u8>, Failure> {
    let mut source = Source::open_file(path, true)?;
    let mut content = Vec::new();
    let native = registry.native_by_start(source.start()?);
    let read = match native {
        Some((_, native)) => {
            let budget = Budget::new(Limits::none());
            let unpacked = native.decode(&mut source, &budget, &mut content);
            unpacked.map(drop).map_err(Failure::from)
        }
        None => {
            let read = source.read_to_end(&mut content);
            read.map(drop)
                .map_err(|error| Failure::io("cannot read", &error))
        }
    };
    read.map_err(|failure| source.take_failure().unwrap_or(failure))?;
    Ok(content)
}

/// A directory of models.
#[derive(Debug)]
struct Directory(PathBuf);

impl Models for Directory {
    fn find(&self, hash: &[u8]) -> Result<Option<Arc<[u8]>>, Error> {
        let cannot = |error: io::Error| Error::Io {
            action: "read CODEC_MODEL_DIR",
            source: io::Error::new(error.kind(), format!("{}: {error}", self.0.display())),
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let suffix = path.extension().and_then(OsStr::to_str);
            if suffix.is_some_and(|suffix| MODEL_SUFFIXES.contains(&suffix)) {
                files.push(path);
            }
        }
        files.sort();
        for path in files {
            let file = fs::read(path).map_err(cannot)?;
            if xxh64(&file, 0).to_le_bytes() == hash {
                return Ok(Some(file.into()));
            }
        }
        Ok(None)
    }
}
