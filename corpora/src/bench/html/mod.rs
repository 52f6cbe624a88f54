//! Reports as one HTML page that needs nothing else: no network, no other file.

pub(crate) mod axis;
pub(crate) mod scatter;
mod tables;

use std::fmt::Write;

use self::scatter::{Point, Series};
use super::record::Record;
use super::summary::{Summary, comparisons, items, summaries};
use super::table::{figures, grouped};

pub(crate) const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// With more items than this, plots are drawn for the total alone.
const MOST_PLOTS: usize = 40;

/// A page with the facts of the run, sortable tables, plots of compression against speed, and the
/// records themselves as JSON in the element `records`. Valid XML as well as HTML.
#[must_use]
pub fn render(records: &[Record]) -> String {
    let items = items(records);
    let totals = summaries(records);
    let names = series_names(&totals);
    let mut page =
        String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\"/>");
    // Writing into a string cannot fail, here and below.
    let _ = write!(
        page,
        "<title>Compression benchmark: {}</title><style>{STYLE}</style></head>\n<body><main>",
        escape(&dataset(records))
    );
    page.push_str(&tables::facts(records));
    section(&mut page, "Summary", &summary(&totals, items.len()));
    let comparisons = comparisons(&totals);
    if !comparisons.is_empty() {
        let body = tables::comparisons(&comparisons);
        section(&mut page, "Against the system’s tools", &body);
    }
    let plots = format!("{}{}", legend(&names), plots("all files", &totals, &names));
    section(&mut page, "Compression against speed", &plots);
    if items.len() > 1 {
        section(
            &mut page,
            "Bits per byte by file",
            &tables::matrix(records, &items),
        );
        section(&mut page, "File by file", &files(records, &items, &names));
    }
    page.push_str("</main>\n<script id=\"records\" type=\"application/json\">");
    page.push_str(&json(records));
    let _ = write!(page, "</script>\n<script>{SCRIPT}</script></body></html>\n");
    page
}

/// Text with the characters that mean something in HTML written as entities.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The records as a JSON array in which nothing can end a script element.
fn json(records: &[Record]) -> String {
    let text = serde_json::to_string(records).unwrap_or_default();
    text.replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
}

fn dataset(records: &[Record]) -> String {
    let mut names: Vec<&str> = records.iter().map(|r| r.dataset.as_str()).collect();
    names.dedup();
    names.join(", ")
}

fn section(page: &mut String, title: &str, body: &str) {
    let _ = write!(page, "\n<section><h2>{title}</h2>{body}</section>");
}

fn summary(totals: &[Summary], items: usize) -> String {
    let mut body = String::from(
        "<p>Sizes are those of whole files. Speeds are in 10<sup>6</sup> content bytes per second \
         of wall time. Click a heading to sort.</p>",
    );
    body.push_str(&tables::results(totals, items));
    body
}

fn files(records: &[Record], items: &[&str], names: &[String]) -> String {
    let mut body = String::new();
    let open = if items.len() <= 3 {
        " open=\"open\""
    } else {
        ""
    };
    for item in items {
        let of_item: Vec<Summary> = summaries(records.iter().filter(|r| r.item == *item));
        let bytes = of_item.first().map_or(0, |first| first.content_bytes);
        let _ = write!(
            body,
            "<details{open}><summary>{} <small>{} bytes</small></summary>{}{}</details>",
            escape(item),
            grouped(bytes),
            tables::results(&of_item, 1),
            if items.len() <= MOST_PLOTS {
                plots(item, &of_item, names)
            } else {
                String::new()
            }
        );
    }
    body
}

/// The codecs and tools in order of first appearance; a codec's place is its colour. A tool has the
/// place of the codec it is a peer of, where that takes part under the same name.
fn series_names(totals: &[Summary]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for total in totals {
        let family = family(total);
        if !names.contains(&family) {
            names.push(family);
        }
    }
    names
}

fn family(summary: &Summary) -> String {
    let codec = summary.codec.as_str();
    codec.strip_prefix("system-").unwrap_or(codec).to_owned()
}

fn legend(names: &[String]) -> String {
    let mut body = String::from("<ul class=\"legend\">");
    for (style, name) in names.iter().enumerate() {
        let swatch = scatter::swatch(style, false);
        let _ = write!(body, "<li>{swatch}{}</li>", escape(name));
    }
    let _ = write!(
        body,
        "<li class=\"note\">hollow, dashed: the system’s tool</li>\
         <li class=\"note\">stepped line: what nothing else beats in both</li></ul>"
    );
    body
}

fn plots(of: &str, summaries: &[Summary], names: &[String]) -> String {
    let encode = series(summaries, names, Summary::encode_speed);
    let decode = series(summaries, names, Summary::decode_speed);
    let plot = |verb: &str, series: &[Series]| {
        let title = format!("Compression ratio against {verb} speed, {of}");
        let x_name = format!("{verb} speed, MB/s");
        let svg = scatter::plot(&title, &x_name, "compression ratio", series);
        format!(
            "<figure>{svg}<figcaption>{}</figcaption></figure>",
            escape(&title)
        )
    };
    format!(
        "<div class=\"plots\">{}{}</div>",
        plot("encoding", &encode),
        plot("decoding", &decode)
    )
}

/// The points by codec, in the order of the summaries. Native streams are series of their own.
fn series(summaries: &[Summary], names: &[String], speed: fn(&Summary) -> f64) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for summary in summaries {
        let name = match summary.stream.as_str() {
            "native" => format!("{} native", summary.codec),
            "system" => format!("{} tool", family(summary)),
            _ => summary.codec.clone(),
        };
        let settings = summary.label.strip_prefix(&summary.codec).unwrap_or("");
        let settings = settings.trim_start_matches(':').trim_end_matches("native");
        let point = Point {
            text: settings.trim_end_matches(':').replace(':', " "),
            title: format!(
                "{}: ratio {:.3}, {} MB/s",
                summary.label,
                summary.ratio(),
                figures(speed(summary))
            ),
            x: speed(summary),
            y: summary.ratio(),
        };
        if let Some(series) = all.iter_mut().find(|series| series.name == name) {
            series.points.push(point);
            continue;
        }
        let family = family(summary);
        all.push(Series {
            name,
            style: names.iter().position(|n| *n == family).unwrap_or(0),
            foreign: summary.stream == "system",
            points: vec![point],
        });
    }
    all
}

#[cfg(test)]
mod tests;
