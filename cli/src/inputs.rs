//! From the names on the command line to the list of files to work on.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::args::InputArgs;
use crate::console::Console;
use crate::failure::Failure;
use crate::shown;
use crate::units::count;

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Where it goes below `--out-dir`: the name, behind the directories that `-r` went through.
        place: PathBuf,
    },
}

impl Input {
    /// An input by its name on the command line.
    pub(crate) fn named(name: &Path) -> Self {
        if name == Path::new("-") {
            return Input::Stdin;
        }
        Input::File {
            path: name.to_owned(),
            place: name.file_name().map(PathBuf::from).unwrap_or_default(),
        }
    }

    /// The file's path; `None` for standard input.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Input::Stdin => None,
            Input::File { path, .. } => Some(path),
        }
    }
}

/// What becomes of directories that `-r` does not go into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folders {
    /// They are no input.
    Refused,
    /// Each is an input.
    Taken,
}

/// Every input in the order given, directories expanded with `-r` in order of names.
///
/// In directories only the files are taken that `wanted` accepts. What cannot be taken is reported,
/// and the rest goes on.
pub(crate) fn expand(
    args: &InputArgs,
    folders: Folders,
    wanted: impl Fn(&Path) -> bool,
    console: &mut Console,
) -> Vec<Input> {
    let mut names = VecDeque::from(args.files.clone());
    if let Some(list) = &args.files_from {
        match read_list(list) {
            Ok(more) => names.extend(more),
            Err(failure) => console.fail(Some(&shown::path(list)), &failure),
        }
    } else if names.is_empty() {
        names.push_back(PathBuf::from("-"));
    }
    let mut inputs = Vec::new();
    for name in names {
        if name != Path::new("-") && name.is_dir() {
            if args.recursive {
                walk(&name, &wanted, &mut inputs, console);
            } else if folders == Folders::Taken {
                // Without the separator that may be behind the name.
                inputs.push(Input::named(name.components().as_path()));
            } else {
                let failure = Failure::usage("is a directory").hint("-r goes into directories");
                console.fail(Some(&shown::path(&name)), &failure);
            }
        } else {
            inputs.push(Input::named(&name));
        }
    }
    inputs
}

/// Adds the files below `root`. Links are not followed: they could leave the tree, or go in circles.
fn walk(
    root: &Path,
    wanted: &impl Fn(&Path) -> bool,
    inputs: &mut Vec<Input>,
    console: &mut Console,
) {
    let mut passed_over: u64 = 0;
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let name = error.path().unwrap_or(root).to_owned();
                let error = io::Error::from(error);
                console.fail(
                    Some(&shown::path(&name)),
                    &Failure::io("cannot read", &error),
                );
                continue;
            }
        };
        let path = entry.path();
        let kind = entry.file_type();
        if kind.is_dir() {
            continue;
        }
        if kind.is_symlink() {
            console.note(&format!(
                "{}: symbolic link, not followed",
                shown::path(path)
            ));
        } else if !kind.is_file() {
            console.warn(Some(&shown::path(path)), "not a regular file, skipped");
        } else if !wanted(path) {
            passed_over += 1;
        } else {
            inputs.push(Input::File {
                path: path.to_owned(),
                place: place_below(root, path),
            });
        }
    }
    if passed_over > 0 {
        let text = format!("{} skipped because of the name", count(passed_over, "file"));
        console.warn(Some(&shown::path(root)), &text);
    }
}

/// The directory's own name and the way from there, as `cp -r` would lay it out.
fn place_below(root: &Path, path: &Path) -> PathBuf {
    let below = path.strip_prefix(root).unwrap_or(path);
    match root.file_name() {
        Some(name) => Path::new(name).join(below),
        None => below.to_owned(),
    }
}

/// Names from a file: separated by NUL if there is any, by line ends otherwise.
fn read_list(list: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error: io::Error| Failure::io("cannot read the list of files", &error);
    let mut bytes = Vec::new();
    if list == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        bytes = fs::read(list).map_err(cannot)?;
    }
    let separator = if bytes.contains(&0) { 0 } else { b'\n' };
    Ok(bytes
        .split(|byte| *byte == separator)
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_keeps_its_own_name_below_the_output_directory() {
        let place = |root: &str, path: &str| place_below(Path::new(root), Path::new(path));
        assert_eq!(place("data/sub", "data/sub/a/b"), Path::new("sub/a/b"));
        assert_eq!(place("/abs/logs/", "/abs/logs/x"), Path::new("logs/x"));
        assert_eq!(place(".", "./x/y"), Path::new("x/y"));
        assert_eq!(place("..", "../x"), Path::new("x"));
    }
}
