//! Rate-distortion curves as SVG.

use std::fmt::Write;

use super::curve::Curve;
use super::measure::Metric;
use super::table::{rate_name, shown_rate};
use crate::bench::html::axis::Scale;
use crate::bench::html::escape;
use crate::bench::html::scatter::{classes, marker};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = WIDTH - 90.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 44.0;
/// Height of a line of text.
const LINE: f64 = 13.0;

/// Quality against rate, whose axis is logarithmic; curves have the styles of their places in
/// `curves`. Empty if there is nothing to plot.
pub(super) fn plot(curves: &[&Curve], metric: Metric) -> String {
    let points: Vec<Vec<(f64, f64)>> = curves.iter().map(|curve| usable(curve, metric)).collect();
    let all: Vec<(f64, f64)> = points.iter().flatten().copied().collect();
    let Some(kind) = curves
        .first()
        .map(|curve| curve.kind)
        .filter(|_| !all.is_empty())
    else {
        return String::new();
    };
    let rates: Vec<f64> = all.iter().map(|point| point.0).collect();
    let values: Vec<f64> = all.iter().map(|point| point.1).collect();
    let x = Scale::logarithmic(&rates, LEFT, RIGHT);
    let y = Scale::linear(&values, BOTTOM, TOP);
    let mut svg = String::new();
    // Writing into a string cannot fail, here and below.
    let _ = write!(
        svg,
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{} against \
         rate\">",
        metric.axis_name()
    );
    draw_axes(&mut svg, &x, &y, rate_name(kind), metric.axis_name());
    for (style, (curve, points)) in curves.iter().zip(&points).enumerate() {
        let places: Vec<(f64, f64)> = points
            .iter()
            .map(|p| (x.place(p.0), y.place(p.1)))
            .collect();
        draw_curve(&mut svg, style, curve, points, &places);
    }
    let ends = points
        .iter()
        .map(|points| points.last().map(|point| y.place(point.1)));
    draw_names(&mut svg, curves, ends.collect());
    svg.push_str("</svg>");
    svg
}

/// Points that have a place, by rate.
fn usable(curve: &Curve, metric: Metric) -> Vec<(f64, f64)> {
    let mut points = curve.on_axes(metric);
    points.retain(|(rate, value)| *rate > 0.0 && rate.is_finite() && value.is_finite());
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn draw_axes(svg: &mut String, x: &Scale, y: &Scale, x_name: &str, y_name: &str) {
    for tick in x.ticks() {
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{0:.1} {TOP}V{BOTTOM}\"/><text class=\"tick\" x=\"{0:.1}\" \
             y=\"{1}\" text-anchor=\"middle\">{2}</text>",
            tick.at,
            BOTTOM + 16.0,
            tick.text
        );
    }
    for tick in y.ticks() {
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {0:.1}H{RIGHT}\"/><text class=\"tick\" x=\"{1}\" \
             y=\"{2:.1}\" text-anchor=\"end\">{3}</text>",
            tick.at,
            LEFT - 6.0,
            tick.at + 3.5,
            tick.text
        );
    }
    let _ = write!(
        svg,
        "<path class=\"frame\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/><text class=\"name\" \
         x=\"{RIGHT}\" y=\"{}\" text-anchor=\"end\">{x_name}, log scale →</text><text \
         class=\"name\" transform=\"translate(13 {TOP}) rotate(-90)\" \
         text-anchor=\"end\">{y_name} →</text>",
        HEIGHT - 8.0
    );
}

fn draw_curve(
    svg: &mut String,
    style: usize,
    curve: &Curve,
    points: &[(f64, f64)],
    places: &[(f64, f64)],
) {
    let line: Vec<String> = places
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let _ = write!(
        svg,
        "<g class=\"{}\"><polyline class=\"line\" points=\"{}\"/>",
        classes(style, curve.is_peer),
        line.join(" ")
    );
    for ((rate, value), (x, y)) in points.iter().zip(places) {
        let _ = write!(
            svg,
            "<g><title>{}: {} at {} {}</title>{}</g>",
            escape(&curve.name),
            format_args!("{value:.2}"),
            shown_rate(curve.kind, *rate),
            rate_name(curve.kind),
            marker(style, *x, *y)
        );
    }
    svg.push_str("</g>");
}

/// The names beside the ends of the curves, moved apart where they would overlap.
fn draw_names(svg: &mut String, curves: &[&Curve], ends: Vec<Option<f64>>) {
    let mut names: Vec<(usize, f64)> = ends
        .into_iter()
        .enumerate()
        .filter_map(|(style, end)| Some((style, end?)))
        .collect();
    names.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = TOP + 4.0;
    for (style, end) in names {
        let Some(curve) = curves.get(style) else {
            continue;
        };
        let at = end.max(free);
        free = at + LINE;
        let _ = write!(
            svg,
            "<text class=\"label s{}\" x=\"{}\" y=\"{:.1}\">{}</text>",
            style % crate::bench::html::scatter::STYLES,
            RIGHT + 8.0,
            at + 3.5,
            escape(&curve.name)
        );
    }
}
