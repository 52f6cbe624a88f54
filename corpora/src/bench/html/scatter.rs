//! Scatter plots as SVG: compression against speed.

use std::fmt::Write;

use super::axis::Scale;
use super::escape;
use crate::bench::pareto;

/// A group of points in one colour, joined by a line in order.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    /// Which colour and marker, counted from 0.
    pub(super) style: usize,
    /// Hollow markers and a dashed line: not ours.
    pub(super) foreign: bool,
    pub(super) points: Vec<Point>,
}

/// One point of a plot.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// Text beside it.
    pub(super) text: String,
    /// Text shown when pointed at.
    pub(super) title: String,
    pub(super) x: f64,
    pub(super) y: f64,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 44.0;
/// Markers are about this far from their middle to their edge.
const MARKER: f64 = 4.5;
/// Estimated size of the labels' characters; the height is that of a line.
const CHARACTER: (f64, f64) = (6.2, 12.0);

/// A plot of all points with positive, finite coordinates; larger is better on both axes, and the
/// points that no other beats are joined by steps. `x` is logarithmic.
pub(super) fn plot(title: &str, x_name: &str, y_name: &str, series: &[Series]) -> String {
    let shown: Vec<(&Series, Vec<&Point>)> = series
        .iter()
        .map(|series| (series, series.points.iter().filter(|p| fits(p)).collect()))
        .collect();
    let points: Vec<(f64, f64)> = shown
        .iter()
        .flat_map(|(_, points)| points.iter().map(|point| (point.x, point.y)))
        .collect();
    if points.is_empty() {
        return String::new();
    }
    let axes = Axes::of(&points);
    let mut svg = String::new();
    // Writing into a string cannot fail, here and below.
    let _ = write!(
        svg,
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escape(title)
    );
    axes.draw(&mut svg, x_name, y_name);
    axes.draw_front(&mut svg, &points);
    for (series, points) in &shown {
        axes.draw_series(&mut svg, series, points);
    }
    axes.draw_labels(&mut svg, &shown);
    svg.push_str("</svg>");
    svg
}

/// The marker of a style as a small picture for a legend.
pub(super) fn swatch(style: usize, foreign: bool) -> String {
    let mut svg = String::from("<svg class=\"swatch\" viewBox=\"0 0 26 14\" aria-hidden=\"true\">");
    let _ = write!(
        svg,
        "<g class=\"{}\"><path class=\"line\" d=\"M1 7H25\"/>{}</g></svg>",
        classes(style, foreign),
        marker(style, 13.0, 7.0)
    );
    svg
}

fn fits(point: &Point) -> bool {
    [point.x, point.y].iter().all(|v| v.is_finite() && *v > 0.0)
}

/// The classes of a series.
pub(crate) fn classes(style: usize, foreign: bool) -> String {
    let foreign = if foreign { " foreign" } else { "" };
    format!("series s{}{foreign}", style % STYLES)
}

/// How many colours the page's style sheet has.
pub(crate) const STYLES: usize = 12;

/// Shapes come round sooner than colours, so that neighbours in colour differ in shape.
pub(crate) fn marker(style: usize, x: f64, y: f64) -> String {
    let r = MARKER;
    match style % 4 {
        0 => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\"/>", r - 0.3),
        1 => {
            let (left, top, side) = (x - r + 0.7, y - r + 0.7, 2.0 * r - 1.4);
            format!(
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{side:.1}\" height=\"{side:.1}\"/>"
            )
        }
        2 => format!(
            "<path d=\"M{x:.1} {:.1}L{:.1} {:.1}H{:.1}Z\"/>",
            y - r,
            x + r,
            y + r - 1.0,
            x - r
        ),
        _ => format!(
            "<path d=\"M{x:.1} {:.1}L{:.1} {y:.1}L{x:.1} {:.1}L{:.1} {y:.1}Z\"/>",
            y - r - 0.5,
            x + r + 0.5,
            y + r + 0.5,
            x - r - 0.5
        ),
    }
}

struct Axes {
    x: Scale,
    y: Scale,
}

impl Axes {
    fn of(points: &[(f64, f64)]) -> Axes {
        let xs: Vec<f64> = points.iter().map(|point| point.0).collect();
        let ys: Vec<f64> = points.iter().map(|point| point.1).collect();
        Axes {
            x: Scale::logarithmic(&xs, LEFT, RIGHT),
            y: Scale::fitting(&ys, BOTTOM, TOP),
        }
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.place(x), self.y.place(y))
    }

    fn draw(&self, svg: &mut String, x_name: &str, y_name: &str) {
        for tick in self.x.ticks() {
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{0:.1} {TOP}V{BOTTOM}\"/>\
                 <text class=\"tick\" x=\"{0:.1}\" y=\"{1}\" text-anchor=\"middle\">{2}</text>",
                tick.at,
                BOTTOM + 16.0,
                tick.text
            );
        }
        for tick in self.y.ticks() {
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {0:.1}H{RIGHT}\"/>\
                 <text class=\"tick\" x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{3}</text>",
                tick.at,
                LEFT - 6.0,
                tick.at + 3.5,
                tick.text
            );
        }
        let log = |scale: &Scale| match scale.is_logarithmic() {
            true => ", log scale",
            false => "",
        };
        let _ = write!(
            svg,
            "<path class=\"frame\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>\
             <text class=\"name\" x=\"{RIGHT}\" y=\"{}\" text-anchor=\"end\">{}{} →</text>\
             <text class=\"name\" transform=\"translate(13 {TOP}) rotate(-90)\" \
             text-anchor=\"end\">{}{} →</text>",
            HEIGHT - 8.0,
            escape(x_name),
            log(&self.x),
            escape(y_name),
            log(&self.y),
        );
    }

    /// Steps along the points that no other beats.
    fn draw_front(&self, svg: &mut String, points: &[(f64, f64)]) {
        let mut path = String::new();
        for index in pareto(points) {
            let (x, y) = self.place(points[index]);
            let _ = match path.is_empty() {
                true => write!(path, "M{x:.1} {BOTTOM}V{y:.1}"),
                false => write!(path, "H{x:.1}V{y:.1}"),
            };
        }
        let _ = write!(svg, "<path class=\"front\" d=\"{path}H{LEFT}\"/>");
    }

    fn draw_series(&self, svg: &mut String, series: &Series, points: &[&Point]) {
        let places: Vec<(f64, f64)> = points.iter().map(|p| self.place((p.x, p.y))).collect();
        let _ = write!(
            svg,
            "<g class=\"{}\">",
            classes(series.style, series.foreign)
        );
        if places.len() > 1 {
            let line: Vec<String> = places
                .iter()
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            let _ = write!(
                svg,
                "<polyline class=\"line\" points=\"{}\"/>",
                line.join(" ")
            );
        }
        for (point, (x, y)) in points.iter().zip(places) {
            let _ = write!(
                svg,
                "<g><title>{}</title>{}</g>",
                escape(&point.title),
                marker(series.style, x, y)
            );
        }
        svg.push_str("</g>");
    }

    /// Labels where they hide neither a marker nor each other; one that finds no such place is left
    /// out. The first point of each series comes first: its label names the series.
    fn draw_labels(&self, svg: &mut String, shown: &[(&Series, Vec<&Point>)]) {
        let mut taken: Vec<Area> = shown
            .iter()
            .flat_map(|(_, points)| points.iter())
            .map(|point| Area::around(self.place((point.x, point.y))))
            .collect();
        let longest = shown.iter().map(|(_, points)| points.len()).max();
        for number in 0..longest.unwrap_or(0) {
            for (series, points) in shown {
                let Some(point) = points.get(number) else {
                    continue;
                };
                let text = match (number, point.text.as_str()) {
                    (0, "") => series.name.clone(),
                    (0, text) => format!("{} {text}", series.name),
                    (_, text) => text.to_owned(),
                };
                let place = self.place((point.x, point.y));
                let free = candidates(place, &text)
                    .into_iter()
                    .find(|area| area.inside() && !taken.iter().any(|other| area.meets(other)));
                if let Some(area) = free {
                    let _ = write!(
                        svg,
                        "<text class=\"label s{}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                        series.style % STYLES,
                        area.left,
                        area.bottom - 3.0,
                        escape(&text)
                    );
                    taken.push(area);
                }
            }
        }
    }
}

/// A rectangle on the page.
#[derive(Debug, Clone, Copy)]
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    fn around((x, y): (f64, f64)) -> Area {
        Area {
            left: x - MARKER,
            right: x + MARKER,
            top: y - MARKER,
            bottom: y + MARKER,
        }
    }

    fn inside(&self) -> bool {
        self.left > LEFT && self.right < WIDTH && self.top > 0.0 && self.bottom < BOTTOM
    }

    fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Places for a label around a point, the best first.
fn candidates((x, y): (f64, f64), text: &str) -> Vec<Area> {
    let (width, height) = (text.chars().count() as f64 * CHARACTER.0, CHARACTER.1);
    let gap = MARKER + 4.0;
    let at = |left: f64, middle: f64| Area {
        left,
        right: left + width,
        top: middle - height / 2.0,
        bottom: middle + height / 2.0,
    };
    let (above, below) = (y - gap - height / 2.0, y + gap + height / 2.0);
    let (after, before) = (x + gap, x - gap - width);
    vec![
        at(after, y),
        at(after - 2.0, above + 3.0),
        at(after - 2.0, below - 3.0),
        at(x - width / 2.0, above),
        at(x - width / 2.0, below),
        at(before + 2.0, above + 3.0),
        at(before, y),
        at(before + 2.0, below - 3.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> Series {
        Series {
            name: "zstd".into(),
            style: 1,
            foreign: false,
            points: points
                .iter()
                .map(|&(x, y)| Point {
                    text: "19".into(),
                    title: "a < b".into(),
                    x,
                    y,
                })
                .collect(),
        }
    }

    #[test]
    fn every_point_has_a_marker_and_a_title() {
        let svg = plot("t", "x", "y", &[series(&[(1.0, 2.0), (10.0, 3.0)])]);
        assert_eq!(svg.matches("<rect").count(), 2);
        assert_eq!(svg.matches("<title>a &lt; b</title>").count(), 2);
        assert!(svg.contains(">zstd 19</text>") && svg.contains(">19</text>"));
    }

    #[test]
    fn points_without_a_place_are_left_out() {
        let points = [(f64::INFINITY, 2.0), (0.0, 2.0), (3.0, 2.0)];
        let svg = plot("t", "x", "y", &[series(&points)]);
        assert_eq!(svg.matches("<rect").count(), 1);
        assert!(!svg.contains("inf") && !svg.contains("NaN"));
        assert_eq!(plot("t", "x", "y", &[series(&points[..2])]), "");
    }

    #[test]
    fn labels_do_not_overlap() {
        let close: Vec<(f64, f64)> = (0..30).map(|i| (10.0 + f64::from(i) / 50.0, 2.0)).collect();
        let svg = plot("t", "x", "y", &[series(&close), series(&[(99.0, 4.0)])]);
        let labels = svg.matches("class=\"label").count();
        assert!((2..10).contains(&labels), "{labels}");
    }
}
