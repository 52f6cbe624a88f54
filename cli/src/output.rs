//! Outputs that appear under their name only when they are complete.
//!
//! A file is written under a temporary name in the same directory, then checked, given its source's
//! attributes, flushed to the disk and renamed. Whatever goes wrong before that leaves nothing
//! behind, and leaves alone what was there.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::attributes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::prompt;
use crate::shown;
use crate::signals;
use crate::source::{Identity, Source};
use crate::sparse::Sparse;

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Standard output.
    Stdout,
    /// A file, or a pipe or device that has a name.
    File(PathBuf),
}

/// How an output is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Overwrite what exists, and write compressed data to a terminal.
    pub(crate) force: bool,
    /// Whether the data is compressed, and so of no use on a terminal.
    pub(crate) compressed: bool,
    /// Leave holes for zeros.
    pub(crate) sparse: bool,
}

/// An open output.
pub(crate) struct Output {
    writer: Writer,
    /// The file that is not there yet under its name; `None` for streams.
    pending: Option<Pending>,
    name: String,
    written: u64,
    progress: Progress,
    failure: Option<Failure>,
}

enum Writer {
    Buffered(BufWriter<File>),
    Sparse(Sparse),
    Nowhere,
}

impl Output {
    /// Opens `target` for what comes from `source`.
    pub(crate) fn open(target: &Target, manner: Manner, source: &Source) -> Result<Self, Failure> {
        match target {
            Target::Stdout => stdout(manner, source.identity()),
            Target::File(path) => match fs::metadata(path) {
                Ok(existing) => over_existing(path, &existing, manner, source),
                // A link that leads nowhere is in the way all the same.
                Err(_) if path.is_symlink() => replace(path, manner, source),
                Err(_) => new_file(path, manner, source),
            },
        }
    }

    /// Opens an output that is made of all of `inputs` and takes over nobody's attributes.
    pub(crate) fn made_of(inputs: &[&Path], target: &Target, force: bool) -> Result<Self, Failure> {
        let Target::File(path) = target else {
            return Ok(stream(stdout_file()?, "standard output".to_owned()));
        };
        let name = shown::path(path);
        match fs::metadata(path) {
            Ok(existing) if existing.is_dir() => Err(Failure::usage(format!(
                "cannot write {name}: it is a directory"
            ))),
            Ok(existing) if !existing.is_file() => {
                let opened = OpenOptions::new().write(true).open(path);
                let cannot = |error| Failure::io(&format!("cannot open {name}"), &error);
                Ok(stream(opened.map_err(cannot)?, name.clone()))
            }
            Ok(existing) => {
                let identity = |path: &Path| {
                    let metadata = fs::metadata(path).ok()?;
                    Some((metadata.dev(), metadata.ino()))
                };
                let own = Some((existing.dev(), existing.ino()));
                if inputs.iter().any(|input| identity(input) == own) {
                    return Err(same_file());
                }
                if !force && !prompt::overwrite(path) {
                    return Err(exists_already(path));
                }
                pending(path, true)
            }
            Err(_) if path.is_symlink() && !force => Err(exists_already(path)),
            Err(_) => pending(path, force),
        }
    }

    /// An output that takes everything and keeps nothing.
    pub(crate) fn nowhere() -> Self {
        Output::new(Writer::Nowhere, None, String::new())
    }

    fn new(writer: Writer, pending: Option<Pending>, name: String) -> Self {
        Output {
            writer,
            pending,
            name,
            written: 0,
            progress: Progress::none(),
            failure: None,
        }
    }

    /// Counts what is written from now on with `progress`.
    pub(crate) fn watch(&mut self, progress: Progress) {
        self.progress = progress;
    }

    /// Whether this is a file that gets its name at the end, rather than a pipe or device.
    pub(crate) fn is_file(&self) -> bool {
        self.pending.is_some()
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Why writing failed, if it did: the reason as it was before a codec wrapped it.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Hands everything to the system. Nothing may be written after it.
    pub(crate) fn complete(&mut self) -> Result<(), Failure> {
        let completed = match &mut self.writer {
            Writer::Buffered(writer) => writer.flush(),
            Writer::Sparse(sparse) => sparse.finish(),
            Writer::Nowhere => Ok(()),
        };
        completed.map_err(|error| self.cannot_write(&error))
    }

    /// What was written, for reading it again; `None` for streams.
    pub(crate) fn reopen(&self) -> Result<Option<File>, Failure> {
        let Some(pending) = &self.pending else {
            return Ok(None);
        };
        let file = File::open(&pending.path);
        file.map(Some)
            .map_err(|error| Failure::io("cannot read what was written", &error))
    }

    /// Gives a file the attributes of its source as far as its file system has them. Why not all of
    /// them, if it has not.
    pub(crate) fn take_over(&self, source: &Metadata) -> Option<io::Error> {
        let pending = self.pending.as_ref()?;
        let copied = pending
            .file()
            .and_then(|file| attributes::copy(source, &file));
        copied.err()
    }

    /// Gives a file its name, once it is on the disk.
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        match self.pending.take() {
            Some(pending) => pending.commit().map_err(|error| self.cannot_write(&error)),
            None => Ok(()),
        }
    }

    fn cannot_write(&self, error: &io::Error) -> Failure {
        Failure::io(&format!("cannot write {}", self.name), error)
    }
}

impl Write for Output {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = match &mut self.writer {
            Writer::Buffered(writer) => writer.write(buffer),
            Writer::Sparse(sparse) => sparse.write(buffer),
            Writer::Nowhere => Ok(buffer.len()),
        };
        match written {
            Ok(written) => {
                self.written += written as u64;
                self.progress.written(written as u64);
                Ok(written)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.failure = Some(self.cannot_write(&error));
                }
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.writer {
            Writer::Buffered(writer) => writer.flush(),
            Writer::Sparse(sparse) => sparse.flush(),
            Writer::Nowhere => Ok(()),
        };
        flushed.inspect_err(|error| self.failure = Some(self.cannot_write(error)))
    }
}

/// An error if `path` is in the way of an output.
pub(crate) fn check_free(path: &Path, force: bool) -> Result<(), Failure> {
    if !force && path != Path::new("-") && fs::metadata(path).is_ok_and(|old| old.is_file()) {
        let title = format!("{} exists already", shown::path(path));
        return Err(Failure::new(Exit::Error, title).hint("-f overwrites it"));
    }
    Ok(())
}

/// `path` with `suffix` behind it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// A file under its temporary name; dropping it removes the file.
struct Pending {
    /// `None` only after it was renamed or removed.
    temporary: Option<NamedTempFile>,
    path: PathBuf,
    target: PathBuf,
    force: bool,
}

impl Pending {
    fn create(target: &Path, force: bool, source: Option<&Metadata>) -> io::Result<Self> {
        let directory = parent(target);
        let mut removal = signals::removal();
        let temporary = tempfile::Builder::new()
            .prefix(".codec-")
            .suffix(".tmp")
            .permissions(attributes::to_create_with(source))
            .tempfile_in(directory)?;
        let path = temporary.path().to_owned();
        removal.add(&path);
        Ok(Pending {
            temporary: Some(temporary),
            path,
            target: target.to_owned(),
            force,
        })
    }

    fn file(&self) -> io::Result<File> {
        match &self.temporary {
            Some(temporary) => temporary.as_file().try_clone(),
            None => Err(io::Error::other("the file is complete")),
        }
    }

    fn commit(mut self) -> io::Result<()> {
        let Some(temporary) = self.temporary.take() else {
            return Ok(());
        };
        temporary.as_file().sync_all()?;
        let mut removal = signals::removal();
        if self.force {
            temporary.persist(&self.target)?;
        } else {
            persist_new(temporary, &self.target)?;
        }
        removal.forget(&self.path);
        drop(removal);
        sync_directory(parent(&self.target))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let mut removal = signals::removal();
        self.temporary = None;
        removal.forget(&self.path);
    }
}

fn stdout(manner: Manner, source: Identity) -> Result<Output, Failure> {
    if manner.compressed && !manner.force && io::stdout().is_terminal() {
        return Err(
            Failure::usage("compressed data is not written to a terminal")
                .hint("-o FILE writes a file; -f writes to the terminal all the same"),
        );
    }
    let file = stdout_file()?;
    let cannot = |error: io::Error| Failure::io("cannot open standard output", &error);
    let metadata = file.metadata().map_err(cannot)?;
    if metadata.is_file() && (metadata.dev(), metadata.ino()) == source {
        return Err(same_file());
    }
    Ok(stream(file, "standard output".to_owned()))
}

fn stdout_file() -> Result<File, Failure> {
    let cloned = io::stdout().as_fd().try_clone_to_owned();
    let cannot = |error: io::Error| Failure::io("cannot open standard output", &error);
    cloned.map(File::from).map_err(cannot)
}

/// A new file that has no source.
fn pending(path: &Path, force: bool) -> Result<Output, Failure> {
    let name = shown::path(path);
    let cannot = |error: io::Error| Failure::io(&format!("cannot create {name}"), &error);
    let pending = Pending::create(path, force, None).map_err(cannot)?;
    let file = pending.file().map_err(cannot)?;
    let writer = Writer::Buffered(BufWriter::with_capacity(128 << 10, file));
    Ok(Output::new(writer, Some(pending), name.clone()))
}

fn over_existing(
    path: &Path,
    existing: &Metadata,
    manner: Manner,
    source: &Source,
) -> Result<Output, Failure> {
    let name = shown::path(path);
    if existing.is_dir() {
        return Err(
            Failure::usage(format!("cannot write {name}: it is a directory"))
                .hint("--out-dir writes into a directory"),
        );
    }
    if existing.is_file() {
        if (existing.dev(), existing.ino()) == source.identity() {
            return Err(same_file());
        }
        return replace(path, manner, source);
    }
    let opened = OpenOptions::new().write(true).open(path);
    let file = opened.map_err(|error| Failure::io(&format!("cannot open {name}"), &error))?;
    if manner.compressed && !manner.force && file.is_terminal() {
        return Err(Failure::usage(
            "compressed data is not written to a terminal",
        ));
    }
    Ok(stream(file, name))
}

fn new_file(path: &Path, manner: Manner, source: &Source) -> Result<Output, Failure> {
    let name = shown::path(path);
    let cannot = |error: io::Error| Failure::io(&format!("cannot create {name}"), &error);
    let pending = Pending::create(path, manner.force, source.named_file()).map_err(cannot)?;
    let file = pending.file().map_err(cannot)?;
    let writer = if manner.sparse {
        Writer::Sparse(Sparse::new(file))
    } else {
        Writer::Buffered(BufWriter::with_capacity(128 << 10, file))
    };
    Ok(Output::new(writer, Some(pending), name))
}

fn stream(file: File, name: String) -> Output {
    let writer = Writer::Buffered(BufWriter::with_capacity(128 << 10, file));
    Output::new(writer, None, name)
}

/// A new file in place of one that is there already, if that is allowed.
fn replace(path: &Path, manner: Manner, source: &Source) -> Result<Output, Failure> {
    // What is typed must be an answer, not the data.
    let may_ask = source.path().is_some();
    if manner.force || (may_ask && prompt::overwrite(path)) {
        let manner = Manner {
            force: true,
            ..manner
        };
        return new_file(path, manner, source);
    }
    Err(exists_already(path))
}

fn exists_already(path: &Path) -> Failure {
    let title = format!("{} exists already", shown::path(path));
    Failure::new(Exit::Error, title).hint("-f overwrites it")
}

fn same_file() -> Failure {
    Failure::usage("input and output are the same file")
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Renames unless someone else has made a file of that name in the meantime.
fn persist_new(temporary: NamedTempFile, target: &Path) -> io::Result<()> {
    match temporary.persist_noclobber(target) {
        Ok(_) => Ok(()),
        // A file system that can neither refuse to replace nor link: looking first must do.
        Err(refused)
            if refused.error.kind() != io::ErrorKind::AlreadyExists
                && fs::symlink_metadata(target).is_err() =>
        {
            refused.file.persist(target)?;
            Ok(())
        }
        Err(refused) => Err(refused.error),
    }
}

/// Makes a renaming last. Some file systems cannot, and say that the request is invalid.
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}
