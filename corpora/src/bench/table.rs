//! Reports as aligned text.

use super::record::Record;
use super::summary::{Comparison, Summary, comparisons, items, summaries};

/// The records as tables: what was run where, one table for each item, the total, and comparisons
/// with system tools. Every line ends in a line feed; nothing is coloured.
#[must_use]
pub fn render(records: &[Record]) -> String {
    let mut text = facts(records);
    let items = items(records);
    for item in &items {
        let of_item: Vec<&Record> = records.iter().filter(|r| r.item == *item).collect();
        let bytes = of_item.first().map_or(0, |record| record.content_bytes);
        text.push_str(&format!("\n{item} ({} bytes)\n", grouped(bytes)));
        text.push_str(&results(&summaries(of_item), 1));
    }
    let totals = summaries(records);
    if items.len() > 1 {
        let bytes = totals.iter().map(|total| total.content_bytes).max();
        let bytes = grouped(bytes.unwrap_or(0));
        text.push_str(&format!("\ntotal ({} files, {bytes} bytes)\n", items.len()));
        text.push_str(&results(&totals, items.len()));
    }
    let comparisons = comparisons(&totals);
    if !comparisons.is_empty() {
        text.push_str("\nagainst the system's tools: ours / theirs, below 1 ours is better\n");
        text.push_str(&against(&comparisons));
    }
    text
}

/// One line on machine, build, threads and runs.
fn facts(records: &[Record]) -> String {
    let Some(first) = records.first() else {
        return "nothing was measured\n".to_owned();
    };
    let ours = records.iter().find(|record| record.stream != "system");
    let build = &ours.unwrap_or(first).build;
    let timing = match first.timing.as_str() {
        "process" => "whole processes, file to file",
        _ => "calls, memory to memory",
    };
    let threads = records.iter().map(|record| record.threads).max();
    format!(
        "{} ({} cores, {}); codec {} {}; {}; best of {}; {timing}\n",
        first.machine.cpu,
        first.machine.cores,
        first.machine.os,
        build.version,
        build.profile,
        counted(threads.unwrap_or(1) as u64, "thread"),
        counted(u64::from(first.runs), "run"),
    )
}

fn results(summaries: &[Summary], items: usize) -> String {
    let header = [
        "codec",
        "bytes",
        "ratio",
        "bits/B",
        "enc MB/s",
        "dec MB/s",
        "enc CPU s",
        "dec CPU s",
        "peak MiB",
        "dec MiB",
    ];
    let rows = summaries.iter().map(|summary| {
        let label = if summary.items < items {
            format!("{} ({} of {items} files)", summary.label, summary.items)
        } else {
            summary.label.clone()
        };
        vec![
            label,
            grouped(summary.encoded_bytes),
            format!("{:.3}", summary.ratio()),
            format!("{:.3}", summary.bits_per_byte()),
            figures(summary.encode_speed()),
            figures(summary.decode_speed()),
            figures(summary.encode_cpu_s),
            figures(summary.decode_cpu_s),
            mebibytes(summary.peak_rss_bytes),
            mebibytes(summary.decode_rss_bytes),
        ]
    });
    aligned(&header, rows.collect(), 1)
}

fn against(comparisons: &[Comparison]) -> String {
    let header = [
        "codec", "peer", "size", "enc", "enc CPU", "dec", "dec CPU", "memory",
    ];
    let rows = comparisons.iter().map(|c| {
        vec![
            c.label.clone(),
            c.peer.clone(),
            format!("{:.4}", c.size),
            format!("{:.2}", c.encode),
            format!("{:.2}", c.encode_cpu),
            format!("{:.2}", c.decode),
            format!("{:.2}", c.decode_cpu),
            c.memory
                .map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
        ]
    });
    aligned(&header, rows.collect(), 2)
}

/// Lines of columns as wide as they must be: the first `left` to the left, the others to the right.
pub(crate) fn aligned(header: &[&str], rows: Vec<Vec<String>>, left: usize) -> String {
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    let mut widths: Vec<usize> = Vec::new();
    for line in &lines {
        widths.resize(widths.len().max(line.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column < left {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        let cells: Vec<String> = cells.collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A number with a comma between each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 run`, `2 runs`.
pub(super) fn counted(number: u64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", grouped(number))
}

/// A number to three figures, above 100 as a whole number, and to six decimals at most.
pub(super) fn figures(number: f64) -> String {
    let decimals = match number.abs() {
        n if n >= 99.95 => 0,
        n if n >= 9.995 => 1,
        n if n >= 0.9995 => 2,
        n if n >= 0.09995 => 3,
        n if n >= 0.009_995 => 4,
        n if n >= 0.000_999_5 => 5,
        _ => 6,
    };
    format!("{number:.decimals$}")
}

pub(super) fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or("-".to_owned(), |bytes| {
        format!("{:.1}", bytes as f64 / f64::from(1 << 20))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::testing::record;

    #[test]
    fn columns_are_aligned_and_totals_follow_the_items() {
        let mut ours = record("zstd:19", "long name.txt", 1_000_000, 300_000);
        ours.peers = vec!["system-zstd:19".into()];
        let records = [
            ours,
            record("system-zstd:19", "long name.txt", 1_000_000, 299_000),
            record("zstd:19", "b", 1000, 900),
        ];
        let text = render(&records);
        let lines: Vec<&str> = text.lines().collect();
        assert!(text.contains("long name.txt (1,000,000 bytes)\n"), "{text}");
        assert!(
            text.contains("total (2 files, 1,001,000 bytes)\n"),
            "{text}"
        );
        assert!(text.contains("system-zstd:19 (1 of 2 files)"), "{text}");
        let header = lines.iter().position(|l| l.starts_with("codec ")).unwrap();
        let end = |line: &str, word: &str| line.find(word).map(|at| at + word.len());
        assert_eq!(
            end(lines[header], "ratio"),
            end(lines[header + 1], "3.333"),
            "{text}"
        );
        assert!(lines.iter().all(|line| !line.ends_with(' ')));
    }

    #[test]
    fn comparisons_are_shown_where_there_are_peers() {
        let mut ours = record("zstd:19", "a", 1000, 300);
        ours.peers = vec!["system-zstd:19".into()];
        let text = render(&[ours, record("system-zstd:19", "a", 1000, 400)]);
        assert!(
            text.contains("zstd:19  system-zstd:19  0.7500  1.17"),
            "{text}"
        );
    }

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        for (number, text) in [
            (1234.5, "1234"),
            (99.96, "100"),
            (12.34, "12.3"),
            (1.0, "1.00"),
            (0.123_45, "0.123"),
            (0.012_345, "0.0123"),
            (0.000_123_4, "0.000123"),
        ] {
            assert_eq!(figures(number), text);
        }
        assert_eq!(render(&[]), "nothing was measured\n");
    }
}
