//! The file or pipe that is read, watched so that what was read is known to be all of it.

use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh64::Xxh64;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::Input;
use crate::progress::Progress;

/// How many bytes of the start are looked at to recognise a format.
const START: usize = 16;

/// What identifies a file whatever it is called: device and inode.
pub(crate) type Identity = (u64, u64);

/// An open input.
pub(crate) struct Source {
    file: File,
    path: Option<PathBuf>,
    metadata: Metadata,
    start: Vec<u8>,
    start_taken: usize,
    read: u64,
    hash: Option<Xxh64>,
    progress: Progress,
    failure: Option<Failure>,
}

/// Length and hash of everything that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Length in bytes.
    pub(crate) len: u64,
    /// XXH64 with seed 0.
    pub(crate) hash: u64,
}

impl Source {
    /// Opens an input; `special` as for [`Source::open_file`].
    pub(crate) fn open(input: &Input, special: bool) -> Result<Self, Failure> {
        match input {
            Input::Stdin => Source::stdin(),
            Input::File { path, .. } => Source::open_file(path, special),
        }
    }

    /// Opens a named file. Directories, sockets and block devices are refused; other special files
    /// too unless `special` says that the caller has a name for the output.
    pub(crate) fn open_file(path: &Path, special: bool) -> Result<Self, Failure> {
        let cannot = |error: io::Error| Failure::io("cannot open", &error);
        // Asked before opening: opening a pipe waits for its writer.
        let kind = fs::metadata(path).map_err(cannot)?.file_type();
        if kind.is_dir() {
            return Err(Failure::usage("is a directory").hint("-r goes into directories"));
        }
        let streams = kind.is_fifo() || kind.is_char_device();
        if !kind.is_file() && !streams {
            return Err(Failure::usage("is neither a file nor a pipe"));
        }
        if streams && !special {
            return Err(
                Failure::usage("is a pipe or device, which has no name to go by")
                    .hint("-o FILE or --stdout says where to write"),
            );
        }
        let file = File::open(path).map_err(cannot)?;
        Source::new(file, Some(path.to_owned()))
    }

    /// Standard input; refused where it is a terminal.
    fn stdin() -> Result<Self, Failure> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(Failure::usage("is a terminal").hint("name a file, or pipe data in"));
        }
        let cannot = |error: io::Error| Failure::io("cannot open standard input", &error);
        let file = stdin.as_fd().try_clone_to_owned().map_err(cannot)?;
        Source::new(File::from(file), None)
    }

    /// A file that is already open, read from where it stands.
    pub(crate) fn from_file(file: File) -> Result<Self, Failure> {
        Source::new(file, None)
    }

    fn new(file: File, path: Option<PathBuf>) -> Result<Self, Failure> {
        let metadata = file
            .metadata()
            .map_err(|error| Failure::io("cannot examine", &error))?;
        Ok(Source {
            file,
            path,
            metadata,
            start: Vec::new(),
            start_taken: 0,
            read: 0,
            hash: None,
            progress: Progress::none(),
            failure: None,
        })
    }

    /// The file's path; `None` for standard input.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file behind this source, for reading it in any order.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// Another handle on the file, for reading it in any order.
    pub(crate) fn clone_file(&self) -> Result<File, Failure> {
        let file = self.file.try_clone();
        file.map_err(|error| Failure::io("cannot read", &error))
    }

    /// Metadata if this is a regular file that was named.
    pub(crate) fn named_file(&self) -> Option<&Metadata> {
        (self.path.is_some() && self.metadata.is_file()).then_some(&self.metadata)
    }

    /// Whether the source can be read in any order.
    pub(crate) fn seekable(&self) -> bool {
        self.named_file().is_some()
    }

    /// Length in bytes, where it is known before reading.
    pub(crate) fn len(&self) -> Option<u64> {
        self.named_file().map(Metadata::len)
    }

    /// Which file this is.
    pub(crate) fn identity(&self) -> Identity {
        (self.metadata.dev(), self.metadata.ino())
    }

    /// The suffix of the file's name, without its dot; empty if there is none.
    pub(crate) fn suffix(&self) -> &str {
        let suffix = self.path.as_deref().and_then(Path::extension);
        suffix.and_then(|suffix| suffix.to_str()).unwrap_or("")
    }

    /// Counts what is read from now on with `progress`.
    pub(crate) fn watch(&mut self, progress: Progress) {
        self.progress = progress;
    }

    /// Hashes what is read from now on.
    pub(crate) fn fingerprint(&mut self) {
        self.hash = Some(Xxh64::new(0));
    }

    /// The fingerprint of what was read since [`Source::fingerprint`].
    pub(crate) fn fingerprint_so_far(&self) -> Option<Fingerprint> {
        self.hash.as_ref().map(|hash| Fingerprint {
            len: self.read,
            hash: hash.digest(),
        })
    }

    /// Goes back to the start of a file, which is read again from there.
    pub(crate) fn rewind(&mut self) -> Result<(), Failure> {
        let back = self.file.rewind();
        back.map_err(|error| Failure::io("cannot read", &error))?;
        self.start.clear();
        self.start_taken = 0;
        self.read = 0;
        Ok(())
    }

    /// Up to 16 bytes from the start; they are read again afterwards.
    pub(crate) fn start(&mut self) -> Result<&[u8], Failure> {
        if self.start.is_empty() {
            let mut start = Vec::new();
            let read = (&self.file).take(START as u64).read_to_end(&mut start);
            read.map_err(|error| Failure::io("cannot read", &error))?;
            self.start = start;
        }
        Ok(&self.start)
    }

    /// Why reading failed, if it did: the reason as it was before a codec wrapped it.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Checks, once everything was read, that the file is the one that was opened: same length, same
    /// time of modification, and every byte seen.
    pub(crate) fn check_unchanged(&self) -> Result<(), Failure> {
        let Some(before) = self.named_file() else {
            return Ok(());
        };
        let now = self
            .file
            .metadata()
            .map_err(|error| Failure::io("cannot examine", &error))?;
        if now.len() != before.len() {
            return Err(changed(before.len(), now.len()));
        }
        // Files of /proc have length 0 and content all the same.
        if self.read != before.len() && before.len() > 0 {
            let detail = format!("{} bytes long, {} read", before.len(), self.read);
            return Err(Failure::new(Exit::Error, "could not be read in full").detail(detail));
        }
        if now.mtime() != before.mtime() || now.mtime_nsec() != before.mtime_nsec() {
            return Err(
                Failure::new(Exit::Error, "was modified while it was being read")
                    .hint(CHANGED_HINT),
            );
        }
        Ok(())
    }

    /// Whether a file that gives more bytes than it had has really grown.
    fn has_grown(&self) -> io::Result<bool> {
        match self.named_file() {
            Some(before) if self.read > before.len() => {
                Ok(self.file.metadata()?.len() != before.len())
            }
            _ => Ok(false),
        }
    }
}

const CHANGED_HINT: &str = "nothing was written; try again once no one writes to the file";

fn changed(before: u64, now: u64) -> Failure {
    let verb = if now > before { "grew" } else { "shrank" };
    Failure::new(Exit::Error, format!("{verb} while it was being read"))
        .detail(format!("{before} bytes at first, {now} later"))
        .hint(CHANGED_HINT)
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.start.get(self.start_taken..).unwrap_or_default();
        let read = if ahead.is_empty() {
            match self.file.read(buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => {
                    self.failure = Some(Failure::io("cannot read", &error));
                    return Err(error);
                }
            }
        } else {
            let len = ahead.len().min(buffer.len());
            let (Some(to), Some(from)) = (buffer.get_mut(..len), ahead.get(..len)) else {
                return Ok(0);
            };
            to.copy_from_slice(from);
            self.start_taken += len;
            len
        };
        if let (Some(hash), Some(new)) = (&mut self.hash, buffer.get(..read)) {
            hash.update(new);
        }
        self.read += read as u64;
        self.progress.done(read as u64);
        // A file that grows as fast as it is read would never end.
        if self.has_grown()? {
            self.failure = Some(changed(self.metadata.len(), self.read));
            return Err(io::Error::other("the file grew"));
        }
        Ok(read)
    }
}

/// The name of an input as reports give it.
pub(crate) fn name_of(path: Option<&Path>) -> String {
    path.map_or_else(
        || "standard input".to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}
