//! Questions to a person, asked only where there is one.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use crate::shown;

/// Asks whether to overwrite `path`. Where standard input or standard error is no terminal, nobody
/// is asked and the answer is no.
pub(crate) fn overwrite(path: &Path) -> bool {
    let (stdin, stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return false;
    }
    let question = format!("{} exists already; overwrite it? [y/N] ", shown::path(path));
    let mut answer = String::new();
    let asked = write!(stderr.lock(), "{question}").and_then(|()| stderr.lock().flush());
    let answered = asked.and_then(|()| stdin.lock().read_line(&mut answer));
    answered.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
