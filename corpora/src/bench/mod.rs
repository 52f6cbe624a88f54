//! Benchmarks: codecs and settings on files, in one result schema, with reports.
//!
//! Every file is encoded and decoded with every [`Spec`]; the decoded bytes are compared with the
//! original, sizes are those of real files, and the minimum of several runs is kept. Runs go round
//! all specs before the next begins, so that a machine that is busy for a while is so for all.
//!
//! ```
//! use codec_core::Registry;
//! use codec_corpora::bench::{Bench, Item, Spec, table};
//! use codec_corpora::generate::Sample;
//!
//! let registry = Registry::new(); // the suite's own in earnest
//! let bench = Bench {
//!     specs: Spec::defaults(&registry),
//!     ..Bench::new(&registry)
//! };
//! let item = Item {
//!     name: "generated.txt".into(),
//!     content: Sample::Text.bytes(1000, 1),
//! };
//! let report = bench.run(1, [item], &mut |_| {})?;
//! print!("{}", table::render(&report.records));
//! # Ok::<(), codec_core::Error>(())
//! ```

mod coder;
pub mod html;
mod machine;
mod measure;
pub(crate) mod process;
mod record;
mod run;
mod spec;
mod summary;
mod system;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;

pub use coder::{Direction, work};
pub use machine::{Build, Machine, now};
pub use measure::WorkerCommand;
pub use record::{Record, SCHEMA, read_json_lines, write_csv, write_json_lines};
pub use run::{Bench, Failure, Item, Report, Step};
pub use spec::{Program, Spec};
pub use summary::{Comparison, Summary, comparisons, items, pareto, summaries};
pub(crate) use system::version_in;
pub use system::{Tool, peers};
