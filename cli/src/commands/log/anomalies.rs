//! `codec log anomalies`: the lines that cost the most bits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use codec_suite::log::rows::{Effort, line_bits, memory_bytes};
use serde::Serialize;

use super::args::{AnomaliesArgs, ModelChoice};
use super::text::LogText;
use crate::args::Chatter;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::decoding_job;
use crate::shown::safe;
use crate::source::name_of;

/// Code lengths are in this fraction of a bit.
const UNITS: f64 = 65_536.0;

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    bits: f64,
    line: u64,
    text: &'a str,
}

/// A line and what it costs, in order of cost; of equal ones the first is the costliest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Costly {
    /// Code length in 1/65536 bit.
    cost: u64,
    number: Reverse<u64>,
    line: Vec<u8>,
}

pub(crate) fn run(args: &AnomaliesArgs) -> Exit {
    let mut console = Console::new("log anomalies", Chatter::default(), args.report.json);
    match most_surprising(args) {
        Ok(lines) => report(&lines, &mut console),
        Err(failure) => console.fail(Some(&name_of(Some(&args.file))), &failure),
    }
    console.finish()
}

/// The lines that cost most, the costliest first.
fn most_surprising(args: &AnomaliesArgs) -> Result<Vec<Costly>, Failure> {
    let effort = match args.model {
        ModelChoice::Quick => Effort::Quick,
        ModelChoice::Mid => Effort::Mid,
        ModelChoice::Max => Effort::Max,
    };
    let job = decoding_job(args.resources, None);
    let mut heap = BinaryHeap::new();
    let mut number = 0;
    LogText::new(&args.file)?.for_each_block(&job, |block| {
        let need = memory_bytes(effort, block.len()) as u64;
        let _reserved = job.budget.reserve("model of lines", need)?;
        let costs = line_bits(block, effort);
        for (line, cost) in block.split_inclusive(|byte| *byte == b'\n').zip(costs) {
            number += 1;
            let line = line.to_vec();
            let number = Reverse(number);
            heap.push(Reverse(Costly { cost, number, line }));
            if heap.len() > args.top {
                heap.pop();
            }
        }
        Ok(())
    })?;
    let lines = heap.into_sorted_vec().into_iter();
    Ok(lines.map(|Reverse(line)| line).collect())
}

fn report(lines: &[Costly], console: &mut Console) {
    for costly in lines {
        let text = String::from_utf8_lossy(&costly.line);
        let text = text.trim_end_matches(['\n', '\r']);
        let bits = costly.cost as f64 / UNITS;
        let line = costly.number.0;
        if console.json() {
            console.record(&Record {
                schema: "codec.log.anomaly.v1",
                bits,
                line,
                text,
            });
        } else {
            console.line(&format!("{bits:>9.1} bits  line {line:<9} {}", safe(text)));
        }
    }
}
