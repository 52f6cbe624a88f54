//! The tables of the page.

use std::fmt::Write;

use super::{dataset, escape};
use crate::bench::record::Record;
use crate::bench::summary::{Comparison, Summary, summaries};
use crate::bench::table::{counted, figures, grouped, mebibytes};

/// A cell: what is shown, and the number it is sorted by where it is one.
struct Cell {
    text: String,
    sort: Option<f64>,
    class: &'static str,
}

impl Cell {
    fn text(text: impl Into<String>) -> Cell {
        Cell {
            text: text.into(),
            sort: None,
            class: "",
        }
    }

    fn number(value: f64, text: String) -> Cell {
        Cell {
            text,
            sort: Some(value),
            class: "",
        }
    }

    fn class(self, class: &'static str) -> Cell {
        Cell { class, ..self }
    }
}

/// The head of the page: what was measured where.
pub(super) fn facts(records: &[Record]) -> String {
    let mut body = String::from("<header><h1>Compression benchmark</h1><dl>");
    let Some(first) = records.first() else {
        return body + "<dt>Records</dt><dd>none</dd></dl></header>";
    };
    let mut fact = |name: &str, value: String| {
        // Writing into a string cannot fail.
        let _ = write!(
            body,
            "<div><dt>{name}</dt><dd>{}</dd></div>",
            escape(&value)
        );
    };
    let items = crate::bench::summary::items(records);
    let bytes = summaries(records).iter().map(|s| s.content_bytes).max();
    fact(
        "Data",
        format!(
            "{}: {}, {} bytes",
            dataset(records),
            counted(items.len() as u64, "file"),
            grouped(bytes.unwrap_or(0))
        ),
    );
    let machine = &first.machine;
    fact(
        "Machine",
        format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.os),
    );
    let ours = records.iter().find(|record| record.stream != "system");
    let build = &ours.unwrap_or(first).build;
    fact(
        "Build",
        format!(
            "codec {} ({}, {})",
            build.version, build.profile, build.target
        ),
    );
    let tools = tools(records);
    if !tools.is_empty() {
        fact("Tools", tools);
    }
    let threads = records.iter().map(|record| record.threads).max();
    let timing = match first.timing.as_str() {
        "process" => "whole processes from file to file, start included",
        _ => "calls from memory to memory; memory of a process of its own",
    };
    fact(
        "Timing",
        format!(
            "best of {}, {}; {timing}",
            counted(u64::from(first.runs), "run"),
            counted(threads.unwrap_or(1) as u64, "thread")
        ),
    );
    fact("Date", first.date.clone());
    body + "</dl></header>"
}

/// The tools with their versions: `gzip 1.12, xz 5.4.1`.
fn tools(records: &[Record]) -> String {
    let mut tools: Vec<String> = Vec::new();
    for record in records.iter().filter(|record| record.stream == "system") {
        let name = record.codec.trim_start_matches("system-");
        let tool = format!("{name} {}", record.build.version);
        if !tools.contains(&tool) {
            tools.push(tool);
        }
    }
    tools.join(", ")
}

/// One row for each summary; those that miss some of `items` say so.
pub(super) fn results(summaries: &[Summary], items: usize) -> String {
    let header = [
        "codec",
        "bytes",
        "ratio",
        "bits/byte",
        "encode MB/s",
        "decode MB/s",
        "encode CPU s",
        "decode CPU s",
        "peak MiB",
        "decode MiB",
    ];
    let rows = summaries.iter().map(|summary| {
        let label = match summary.items {
            all if all == items => summary.label.clone(),
            some => format!("{} ({some} of {items} files)", summary.label),
        };
        let memory = |bytes: Option<u64>| {
            Cell::number(bytes.map_or(0.0, |bytes| bytes as f64), mebibytes(bytes))
        };
        let measured = |value: f64| Cell::number(value, figures(value));
        vec![
            Cell::text(label),
            Cell::number(summary.encoded_bytes as f64, grouped(summary.encoded_bytes)),
            Cell::number(summary.ratio(), format!("{:.3}", summary.ratio())),
            Cell::number(
                summary.bits_per_byte(),
                format!("{:.3}", summary.bits_per_byte()),
            ),
            measured(summary.encode_speed()),
            measured(summary.decode_speed()),
            measured(summary.encode_cpu_s),
            measured(summary.decode_cpu_s),
            memory(summary.peak_rss_bytes),
            memory(summary.decode_rss_bytes),
        ]
    });
    table(&header, 1, rows)
}

/// Ours divided by theirs.
pub(super) fn comparisons(comparisons: &[Comparison]) -> String {
    let header = [
        "codec",
        "tool",
        "size",
        "encode time",
        "encode CPU",
        "decode time",
        "decode CPU",
        "memory",
    ];
    let rows = comparisons.iter().map(|c| {
        let times =
            |ratio: f64| Cell::number(ratio, format!("{ratio:.2}×")).class(verdict(ratio, 0.02));
        vec![
            Cell::text(&c.label),
            Cell::text(&c.peer),
            Cell::number(c.size, format!("{:.4}×", c.size)).class(verdict(c.size, 0.001)),
            times(c.encode),
            times(c.encode_cpu),
            times(c.decode),
            times(c.decode_cpu),
            c.memory.map_or_else(|| Cell::text("-"), times),
        ]
    });
    let note = "<p>Ours divided by theirs at the same setting, over all files: below 1× ours is \
                smaller, quicker or leaner.</p>";
    format!("{note}{}", table(&header, 2, rows))
}

/// A row for each spec, a column for each item; the smallest of each column is marked.
pub(super) fn matrix(records: &[Record], items: &[&str]) -> String {
    let best = |item: &str| {
        let of_item = records.iter().filter(|record| record.item == item);
        of_item.map(|record| record.encoded_bytes).min()
    };
    let best: Vec<Option<u64>> = items.iter().map(|item| best(item)).collect();
    let header: Vec<&str> = std::iter::once("codec")
        .chain(items.iter().copied())
        .collect();
    let rows = summaries(records).into_iter().map(|summary| {
        let cell = |(item, best): (&&str, &Option<u64>)| {
            let record = records
                .iter()
                .find(|record| record.item == **item && record.label == summary.label);
            match record {
                None => Cell::text("-"),
                Some(record) => {
                    let bits = record.bits_per_byte;
                    let is_best = Some(record.encoded_bytes) == *best;
                    let cell = Cell::number(bits, format!("{bits:.3}"));
                    cell.class(if is_best { "best" } else { "" })
                }
            }
        };
        let mut cells = vec![Cell::text(&summary.label)];
        cells.extend(items.iter().zip(&best).map(cell));
        cells
    });
    table(&header, 1, rows)
}

/// A sortable table that scrolls sideways where it must.
/// The first `left` columns are text, the others numbers.
fn table(header: &[&str], left: usize, rows: impl Iterator<Item = Vec<Cell>>) -> String {
    let mut body = format!("<div class=\"wide\"><table class=\"sortable text{left}\"><thead><tr>");
    for name in header {
        let _ = write!(
            body,
            "<th scope=\"col\"><button type=\"button\">{}</button></th>",
            escape(name)
        );
    }
    body.push_str("</tr></thead><tbody>");
    for row in rows {
        body.push_str("<tr>");
        for cell in row {
            body.push_str(&cell_html(&cell));
        }
        body.push_str("</tr>");
    }
    body.push_str("</tbody></table></div>");
    body
}

fn cell_html(cell: &Cell) -> String {
    let text = escape(&cell.text);
    let class = match cell.class {
        "" => String::new(),
        class => format!(" class=\"{class}\""),
    };
    match cell.sort {
        Some(value) if value.is_finite() => {
            format!("<td{class} data-value=\"{value}\">{text}</td>")
        }
        _ => format!("<td{class}>{text}</td>"),
    }
}

/// Whether a quotient of ours by theirs is better than even, worse, or about even.
fn verdict(quotient: f64, even: f64) -> &'static str {
    if quotient < 1.0 - even {
        "better"
    } else if quotient > 1.0 + even {
        "worse"
    } else {
        ""
    }
}
