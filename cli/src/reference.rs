//! The reference that encoder and decoder both have beside a file.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use codec_suite::core::{Budget, Job, Limits, Registry};

use crate::args::ReferenceArgs;
use crate::failure::Failure;
use crate::shown;
use crate::source::Source;

/// Content of the file named with `--reference`, if there is one.
#[derive(Default)]
pub(crate) struct Reference(Option<Arc<[u8]>>);

impl Reference {
    /// Reads the reference that the options name.
    pub(crate) fn load(registry: &Registry, args: &ReferenceArgs) -> Result<Self, Failure> {
        let Some(path) = &args.reference else {
            return Ok(Self(None));
        };
        match content(registry, path) {
            Ok(content) => Ok(Self(Some(content.into()))),
            Err(failure) => {
                let title = format!("--reference {}: {}", shown::path(path), failure.title);
                Err(Failure { title, ..failure })
            }
        }
    }

    /// Length in bytes, 0 if there is none.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |content| content.len())
    }

    /// The job with this reference.
    pub(crate) fn given_to(&self, job: Job) -> Job {
        Job {
            reference: self.0.clone(),
            ..job
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
