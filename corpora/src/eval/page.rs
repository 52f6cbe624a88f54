//! Reports as one HTML page that needs nothing else: curves, tables, and pictures side by side.

use std::fmt::Write;

use codec_core::MediaKind;

use super::curve::{Curve, Difference, curves, differences};
use super::measure::Metric;
use super::plot::plot;
use super::run::{Outcome, Sample};
use super::table::{heading, most_items, rate_name, shown_rate};
use crate::bench::Record;
use crate::bench::html::{STYLE, escape};

const MORE_STYLE: &str = "\
    .row { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 18px; }\
    .row figure { margin: 0; max-width: 384px; }\
    .row img { display: block; max-width: 100%; image-rendering: pixelated; }\
    .row figcaption { text-align: left; }\
    td:nth-child(2), th:nth-child(2) { text-align: left; }";

/// A page with plots, tables and pictures. Valid XML as well as HTML.
#[must_use]
pub fn render(outcome: &Outcome) -> String {
    let curves = curves(&outcome.records);
    let differences = differences(&curves);
    let dataset = outcome
        .records
        .first()
        .map_or("nothing", |record| &record.dataset);
    let mut page =
        String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\"/>");
    // Writing into a string cannot fail, here and below.
    let _ = write!(
        page,
        "<title>Rate and quality: {0}</title><style>{STYLE}{MORE_STYLE}</style></head>\n<body>\
         <main><h1>Rate and quality: {0}</h1><p>{1}</p>",
        escape(dataset),
        escape(&versions(&outcome.records))
    );
    for kind in [MediaKind::Image, MediaKind::Audio] {
        let of_kind: Vec<&Curve> = curves.iter().filter(|curve| curve.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let _ = write!(
            page,
            "<section><h2>Curves of {}, means of {} files</h2><div class=\"plots\">",
            heading(kind),
            most_items(&of_kind)
        );
        for metric in Metric::of(kind) {
            let _ = write!(page, "<figure>{}</figure>", plot(&of_kind, *metric));
        }
        page.push_str("</div></section>");
        let compared = differences
            .iter()
            .filter(|difference| difference.curve.kind == kind);
        page.push_str(&against(compared.collect()));
        page.push_str(&means(kind, &of_kind));
    }
    page.push_str(&pictures(&outcome.samples));
    page.push_str("</main></body></html>\n");
    page
}

/// What was run, where.
fn versions(records: &[Record]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(first) = records.first() {
        parts.push(format!("{}, {}", first.machine.cpu, first.date));
    }
    for record in records {
        let part = format!("{} {}", record.codec, record.build.version);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    format!(
        "Rates are those of whole files. CPU seconds are those of all threads, for peers with the \
         start of the program. {}.",
        parts.join("; ")
    )
}

fn means(kind: MediaKind, curves: &[&Curve]) -> String {
    let metrics = Metric::of(kind);
    let mut out = String::from("<section><h2>Means</h2><div class=\"wide\"><table><thead><tr>");
    let names = metrics.iter().map(|metric| metric.name());
    let heads = ["codec", "setting", "files", rate_name(kind)]
        .into_iter()
        .chain(names);
    for head in heads.chain(["encode CPU s", "decode CPU s"]) {
        let _ = write!(out, "<th>{head}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for curve in curves {
        for point in &curve.points {
            let values = metrics.iter().zip(&point.values);
            let cells = [
                escape(&curve.name),
                escape(&point.setting),
                point.items.to_string(),
                shown_rate(kind, point.rate),
            ];
            let times = [point.encode_cpu_s, point.decode_cpu_s].map(|s| format!("{s:.3}"));
            out.push_str("<tr>");
            for cell in cells
                .into_iter()
                .chain(values.map(|(metric, value)| metric.shown(*value)))
                .chain(times)
            {
                let _ = write!(out, "<td>{cell}</td>");
            }
            out.push_str("</tr>");
        }
    }
    out.push_str("</tbody></table></div></section>");
    out
}

fn against(differences: Vec<&Difference<'_>>) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section><h2>BD-rate</h2><p>Rate at equal quality against the peer, in percent: below 0 is \
         better. Over the qualities that both reach, between logarithms of rates of the mean curves; \
         MS-SSIM in dB.</p><div class=\"wide\"><table><thead><tr><th>codec</th><th>measure</th>\
         <th>against</th><th>percent</th></tr></thead><tbody>",
    );
    for difference in differences {
        let (class, text) = match difference.percent {
            Some(percent) if percent < 0.0 => ("better", format!("{percent:+.1}")),
            Some(percent) => ("worse", format!("{percent:+.1}")),
            None => ("", "-".to_owned()),
        };
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{class}\">{text}</td></tr>",
            escape(&difference.curve.name),
            difference.metric.name(),
            escape(&difference.peer.name)
        );
    }
    out.push_str("</tbody></table></div></section>");
    out
}

/// One row of pictures for each file.
fn pictures(samples: &[Sample]) -> String {
    if samples.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section><h2>Side by side</h2><p>The middle of pictures, pixel by pixel, each codec at the \
         setting whose file is nearest in size to that of the first.</p>",
    );
    for of_item in samples.chunk_by(|a, b| a.item == b.item) {
        if let Some(first) = of_item.first() {
            let _ = write!(out, "<h3>{}</h3><div class=\"row\">", escape(&first.item));
        }
        for sample in of_item {
            let label = match sample.label.as_str() {
                "" => "original",
                label => label,
            };
            let metrics = Metric::of(MediaKind::Image).iter().zip(&sample.values);
            let values = metrics
                .map(|(metric, value)| format!(", {} {}", metric.name(), metric.shown(*value)));
            let _ = write!(
                out,
                "<figure><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"/><figcaption>{0}: {2} \
                 bytes, {3:.3} bits/pixel{4}</figcaption></figure>",
                escape(label),
                base64(&sample.png),
                sample.bytes,
                sample.rate,
                values.collect::<String>()
            );
        }
        out.push_str("</div>");
    }
    out.push_str("</section>");
    out
}

/// Bytes as text of 64 different characters (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = bits >> (18 - 6 * digit) & 63;
            let character = DIGITS.get(index as usize).copied().unwrap_or(b'=');
            // Two bytes have three digits, one has two.
            out.push(if digit > group.len() {
                '='
            } else {
                char::from(character)
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::record;
    use super::*;

    #[test]
    fn base64_has_its_known_values() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        assert_eq!(base64(&[0xFB, 0xFF]), "+/8=");
    }

    #[test]
    fn the_page_holds_curves_tables_and_pictures_and_nothing_from_elsewhere() {
        let mut outcome = Outcome::default();
        for (setting, rate, psnr) in [("q=1", 0.2, 30.0), ("q=2", 0.4, 33.0)] {
            outcome
                .records
                .push(record("JPEG", setting, "a", rate, psnr));
            outcome
                .records
                .push(record("o<rs", setting, "a", rate * 0.9, psnr));
        }
        outcome.samples.push(Sample {
            item: "a".into(),
            label: "JPEG:q=1".into(),
            bytes: 100,
            rate: 0.2,
            values: vec![30.0, 0.9, 50.0],
            png: vec![1, 2, 3],
        });
        let page = render(&outcome);
        for part in [
            "<polyline",
            "o&lt;rs",
            "-10.0",
            "base64,AQID",
            "100 bytes, 0.200 bits/pixel, PSNR dB 30.00",
        ] {
            assert!(page.contains(part), "no {part:?}");
        }
        assert!(!page.contains("o<rs") && !page.contains("http") && !page.contains("NaN"));
        assert_eq!(page.matches("<svg").count(), 1, "only PSNR has values");
        assert!(render(&Outcome::default()).contains("</html>"));
    }
}
