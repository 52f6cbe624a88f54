//! The reports of a benchmark: the table on standard output, and files.

use codec_corpora::bench::{Record, html, table, write_csv, write_json_lines};

use super::ReportArgs;
use crate::console::Console;
use crate::failure::Failure;
use crate::report_files::ReportFiles;

/// Where the reports go.
pub(super) struct Reports<'a> {
    args: &'a ReportArgs,
    files: ReportFiles<'a>,
}

impl<'a> Reports<'a> {
    /// The reports asked for; see [`ReportFiles::new`].
    pub(super) fn new(args: &'a ReportArgs) -> Result<Self, Failure> {
        let ReportArgs {
            json,
            csv,
            html,
            force,
        } = args;
        let paths = [json.as_deref(), csv.as_deref(), html.as_deref()];
        Ok(Reports {
            args,
            files: ReportFiles::new(&paths, *force)?,
        })
    }

    /// Writes the reports, and the table unless one of them has standard output.
    pub(super) fn write(&self, records: &[Record], console: &mut Console) -> Result<(), Failure> {
        if !self.files.has_stdout() {
            console.text(table::render(records).as_bytes());
        }
        if let Some(path) = &self.args.json {
            let mut lines = Vec::new();
            write_json_lines(records, &mut lines)?;
            self.files.put(path, &lines, console)?;
        }
        if let Some(path) = &self.args.csv {
            let mut lines = Vec::new();
            write_csv(records, &mut lines)?;
            self.files.put(path, &lines, console)?;
        }
        if let Some(path) = &self.args.html {
            self.files
                .put(path, html::render(records).as_bytes(), console)?;
        }
        Ok(())
    }
}
