//! Which output belongs to which input.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::args::TargetArgs;
use crate::failure::Failure;
use crate::inputs::Input;
use crate::output::Target;
use crate::shown;

/// Names outputs, and never the same twice.
pub(crate) struct Targets<'a> {
    args: &'a TargetArgs,
    json: bool,
    taken: HashSet<PathBuf>,
}

impl<'a> Targets<'a> {
    /// Checks the options against each other and against the number of inputs.
    pub(crate) fn new(args: &'a TargetArgs, inputs: &[Input], json: bool) -> Result<Self, Failure> {
        let targets = Targets {
            args,
            json,
            taken: HashSet::new(),
        };
        if targets.is_stdout() {
            targets.stdout()?;
        }
        if args.output.is_some() && !targets.is_stdout() && inputs.len() > 1 {
            let title = format!("-o names one file, but there are {} inputs", inputs.len());
            return Err(Failure::usage(title).hint("--out-dir DIR writes one output for each"));
        }
        Ok(targets)
    }

    /// Whether everything goes to standard output by option.
    pub(crate) fn is_stdout(&self) -> bool {
        self.args.stdout || self.args.output.as_deref() == Some(Path::new("-"))
    }

    /// Whether the output is named by the options, so that the input need not have a name.
    pub(crate) fn is_explicit(&self) -> bool {
        self.args.stdout || self.args.output.is_some()
    }

    /// The output for an input. `rename` makes the output's name from the input's.
    pub(crate) fn choose(
        &mut self,
        input: &Input,
        rename: impl FnOnce(&Path) -> PathBuf,
    ) -> Result<Target, Failure> {
        if self.is_stdout() {
            return self.stdout();
        }
        let path = match (&self.args.output, &self.args.out_dir, input) {
            (Some(output), _, _) => output.clone(),
            (None, None, Input::Stdin) => return self.stdout(),
            (None, Some(_), Input::Stdin) => {
                return Err(Failure::usage("standard input has no name for --out-dir")
                    .hint("-o FILE names the output"));
            }
            (None, None, Input::File { path, .. }) => rename(path),
            (None, Some(directory), Input::File { place, .. }) => {
                let path = directory.join(rename(place));
                make_parent(&path)?;
                path
            }
        };
        if !self.taken.insert(path.clone()) {
            let title = format!("{} is the output of another input too", shown::path(&path));
            return Err(Failure::usage(title).hint("give the inputs different names, or use -r"));
        }
        Ok(Target::File(path))
    }

    /// Standard output, where the other options allow it.
    fn stdout(&self) -> Result<Target, Failure> {
        if self.args.rm {
            return Err(Failure::usage(
                "--rm needs an output file: what goes to standard output may be lost",
            ));
        }
        if self.json {
            let title = "--json reports on standard output, where the data goes too";
            return Err(Failure::usage(title).hint("-o FILE writes the data to a file"));
        }
        Ok(Target::Stdout)
    }
}

fn make_parent(path: &Path) -> Result<(), Failure> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(|error| {
            Failure::io(&format!("cannot create {}", shown::path(parent)), &error)
        }),
        None => Ok(()),
    }
}
