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

pub(crate) fn run(args: &AnomaliesArgs) -> Exit {
    let mut console = Console::new("log anomalies", Chatter::default(), args.report.json);
    match most_surprising(args) {
        Ok(lines) => report(&lines, &mut console),
        Err(failure) => console.fail(Some(&name_of(Some(&args.file))), &failure),
    }
    console.finish()
}

/// Code length, line number and text of the lines that cost most, the costliest first.
fn most_surprising(args: &AnomaliesArgs) -> Result<Vec<(u64, u64, Vec<u8>)>, Failure> {
    let effort = match args.model {
        ModelChoice::Quick => Effort::Quick,
        ModelChoice::Mid => Effort::Mid,
        ModelChoice::Max => Effort::Max,
    };
    let job = decoding_job(args.resources, None);
    let mut heap: BinaryHeap<Reverse<(u64, Reverse<u64>, Vec<u8>)>> = BinaryHeap::new();
    let mut number = 0;
    LogText::new(&args.file)?.for_each_block(&job, |block| {
        let need = memory_bytes(effort, block.len()) as u64;
        let _reserved = job.budget.reserve("model of lines", need)?;
        let costs = line_bits(block, effort);
        for (line, bits) in block.split_inclusive(|byte| *byte == b'\n').zip(costs) {
            number += 1;
            if heap.len() < args.top
                || heap
                    .peek()
                    .is_some_and(|Reverse((least, ..))| bits > *least)
            {
                heap.push(Reverse((bits, Reverse(number), line.to_vec())));
                if heap.len() > args.top {
                    heap.pop();
                }
            }
        }
        Ok(())
    })?;
    let lines = heap.into_sorted_vec().into_iter();
    Ok(lines
        .map(|Reverse((bits, Reverse(number), line))| (bits, number, line))
        .collect())
}

fn report(lines: &[(u64, u64, Vec<u8>)], console: &mut Console) {
    for (bits, number, line) in lines {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        let bits = *bits as f64 / UNITS;
        if console.json() {
            console.record(&Record {
                schema: "codec.log.anomaly.v1",
                bits,
                line: *number,
                text,
            });
        } else {
            console.line(&format!(
                "{bits:>9.1} bits  line {number:<9} {}",
                safe(text)
            ));
        }
    }
}
