//! Reports as aligned text.

use codec_core::MediaKind;

use super::curve::{Curve, Difference, curves, differences};
use super::measure::Metric;
use crate::bench::{Record, table::aligned};

/// Means over the files for each codec and setting, and the BD-rates against the peers. Every line
/// ends in a line feed; nothing is coloured.
#[must_use]
pub fn render(records: &[Record]) -> String {
    let curves = curves(records);
    if curves.is_empty() {
        return "nothing was measured\n".to_owned();
    }
    let differences = differences(&curves);
    let mut text = String::new();
    for kind in [MediaKind::Image, MediaKind::Audio] {
        let of_kind: Vec<&Curve> = curves.iter().filter(|curve| curve.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let files = most_items(&of_kind);
        let plural = if files == 1 { "" } else { "s" };
        text.push_str(&format!(
            "{}, means of {files} file{plural}\n",
            heading(kind)
        ));
        text.push_str(&means(kind, &of_kind, files));
        let compared: Vec<&Difference<'_>> = differences
            .iter()
            .filter(|difference| difference.curve.kind == kind)
            .collect();
        if !compared.is_empty() {
            text.push_str(
                "\nBD-rate against, in percent of rate at equal quality: below 0 is better\n",
            );
            text.push_str(&against(&of_kind, &compared));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

pub(super) fn heading(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "pictures",
        _ => "sound",
    }
}

pub(super) fn rate_name(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "bits/pixel",
        _ => "kb/s",
    }
}

pub(super) fn shown_rate(kind: MediaKind, rate: f64) -> String {
    match kind {
        MediaKind::Image => format!("{rate:.3}"),
        _ => format!("{rate:.1}"),
    }
}

/// The most files that any point has.
pub(super) fn most_items(curves: &[&Curve]) -> usize {
    let points = curves.iter().flat_map(|curve| &curve.points);
    points.map(|point| point.items).max().unwrap_or(0)
}

fn means(kind: MediaKind, curves: &[&Curve], files: usize) -> String {
    let metrics = Metric::of(kind);
    let mut header = vec!["codec", "setting", rate_name(kind)];
    header.extend(metrics.iter().map(|metric| metric.name()));
    header.extend(["enc CPU s", "dec CPU s"]);
    let mut rows = Vec::new();
    for curve in curves {
        for point in &curve.points {
            let setting = match point.items < files {
                true => format!("{} ({} of {files} files)", point.setting, point.items),
                false => point.setting.clone(),
            };
            let mut row = vec![curve.name.clone(), setting, shown_rate(kind, point.rate)];
            let values = metrics.iter().zip(&point.values);
            row.extend(values.map(|(metric, value)| metric.shown(*value)));
            row.extend([point.encode_cpu_s, point.decode_cpu_s].map(|s| format!("{s:.3}")));
            rows.push(row);
        }
    }
    aligned(&header, rows, 2)
}

fn against(curves: &[&Curve], differences: &[&Difference<'_>]) -> String {
    let is_compared = |curve: &&&Curve| differences.iter().any(|d| d.peer.name == curve.name);
    let peers = curves.iter().filter(is_compared);
    let peers: Vec<&str> = peers.map(|curve| curve.name.as_str()).collect();
    let mut header = vec!["codec", "measure"];
    header.extend(&peers);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for difference in differences {
        let name = [difference.curve.name.as_str(), difference.metric.name()];
        if rows.last().is_none_or(|row| row.iter().take(2).ne(name)) {
            let mut row = name.map(str::to_owned).to_vec();
            row.extend(peers.iter().map(|_| "-".to_owned()));
            rows.push(row);
        }
        let place = peers.iter().position(|peer| *peer == difference.peer.name);
        let cell = place.and_then(|place| rows.last_mut()?.get_mut(place + 2));
        if let (Some(cell), Some(percent)) = (cell, difference.percent) {
            *cell = format!("{percent:+.1}");
        }
    }
    aligned(&header, rows, 2)
}

#[cfg(test)]
mod tests {
    use super::super::testing::record;
    use super::*;

    #[test]
    fn means_and_differences_are_shown() {
        let mut records = Vec::new();
        for (setting, rate, psnr) in [("q=1", 0.2, 30.0), ("q=2", 0.4, 33.0)] {
            for item in ["a", "b"] {
                records.push(record("JPEG", setting, item, rate, psnr));
                records.push(record("ours", setting, item, rate * 0.9, psnr));
            }
        }
        let text = render(&records);
        for part in [
            "pictures, means of 2 files",
            "bits/pixel",
            "0.180",
            "33.00",
            "-10.0",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert_eq!(render(&[]), "nothing was measured\n");
        records.pop();
        assert!(render(&records).contains("q=2 (1 of 2 files)"));
    }
}
