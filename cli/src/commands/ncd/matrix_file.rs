//! Matrices and what is made of them, as files.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use codec_suite::core::Error;
use codec_suite::ncd::matrix::{Asymmetry, DistanceMatrix, MatrixFormat, partial};

use super::data::Refusal;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Target};
pub(super) use crate::output::{beside, check_free};
use crate::source::name_of;

/// Reads a matrix in any format; `-` is standard input.
pub(super) fn read_matrix(path: &Path, average: bool) -> Result<DistanceMatrix, Refusal> {
    let refusal = |failure| Refusal {
        file: Some(name_of((path != Path::new("-")).then_some(path))),
        failure,
    };
    let bytes = read_bytes(path).map_err(refusal)?;
    if partial::recognises(&bytes) {
        let failure = Failure::new(Exit::Unsupported, "is a part of a matrix, not a matrix");
        return Err(refusal(
            failure.hint("codec ncd merge puts the parts together"),
        ));
    }
    if bytes.starts_with(b">") {
        let failure = Failure::new(Exit::Corrupt, "holds sequences, not a matrix");
        return Err(refusal(
            failure.hint("codec ncd matrix makes a matrix of them"),
        ));
    }
    let names = match MatrixFormat::recognise(&bytes) {
        MatrixFormat::Npy => fs::read_to_string(names_of(path)).ok(),
        _ => None,
    };
    let asymmetry = if average {
        Asymmetry::Average
    } else {
        Asymmetry::Refuse
    };
    DistanceMatrix::parse(&bytes, names.as_deref(), asymmetry)
        .map_err(|error| refusal(explain(error, path)))
}

/// Reads a text, such as a tree.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(Exit::Corrupt, format!("expected UTF-8 text at byte {at}"))
    })
}

/// A failure to read a text, whose problem names the line, which says more than the byte.
pub(super) fn explain(error: Error, path: &Path) -> Failure {
    let exit = Exit::of(&error);
    match error {
        Error::Corrupt { at, problem } => {
            let averaging = problem.contains("averaging");
            let failure = Failure {
                position: Some(at),
                ..Failure::new(exit, problem)
            };
            match averaging {
                true => failure.hint("--average takes the mean of the two directions"),
                false => failure,
            }
        }
        Error::Usage(problem) if problem.contains("names") => {
            let expected = name_of(Some(&names_of(path)));
            Failure::usage(problem).hint(format!("names are read from {expected}, one a line"))
        }
        other => other.into(),
    }
}

/// Where a file of that name has its format from; the error says which names there are.
pub(super) fn format_of(path: &Path) -> Result<MatrixFormat, Failure> {
    if path == Path::new("-") {
        return Ok(MatrixFormat::Phylip);
    }
    MatrixFormat::of_path(path).ok_or_else(|| {
        Failure::usage("the name does not say which format to write")
            .hint("names end in .phy, .nex, .csv or .npy")
    })
}

/// Writes a matrix; an .npy file gets a file with the names beside it.
pub(super) fn write_matrix(
    matrix: &DistanceMatrix,
    path: &Path,
    inputs: &[&Path],
    force: bool,
) -> Result<(), Failure> {
    let format = format_of(path)?;
    if format == MatrixFormat::Npy {
        let names: String = matrix
            .names()
            .iter()
            .map(|name| format!("{name}\n"))
            .collect();
        write_file(&names_of(path), inputs, force, |out| {
            out.write_all(names.as_bytes())
                .map_err(Error::io("write the names"))
        })?;
    }
    write_file(path, inputs, force, |out| format.write(matrix, out))
}

/// Writes a file that appears when it is complete; `-` is standard output.
pub(super) fn write_file(
    path: &Path,
    inputs: &[&Path],
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Failure> {
    let target = match path == Path::new("-") {
        true => Target::Stdout,
        false => Target::File(path.to_owned()),
    };
    let mut output = Output::made_of(inputs, &target, force)?;
    let written = write(&mut output).map_err(Failure::from);
    written.map_err(|failure| output.take_failure().unwrap_or(failure))?;
    output.complete()?;
    output.commit()
}

fn names_of(path: &Path) -> PathBuf {
    beside(path, ".names")
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::io("cannot read", &error))?;
    Ok(bytes)
}
