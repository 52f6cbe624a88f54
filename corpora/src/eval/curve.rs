//! Means over files, and comparisons of curves.

use codec_core::MediaKind;

use super::measure::Metric;
use super::run::RATE_OF_SOUND;
use crate::bench::Record;
use crate::quality::bd_rate;

/// A codec or peer at all of its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Pictures or sound.
    pub kind: MediaKind,
    /// The codec with what its points have in common, or the peer's name.
    pub name: String,
    /// Whether it is a program of the system.
    pub is_peer: bool,
    /// In the order in which they were run.
    pub points: Vec<Point>,
}

/// Means over the files at one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The setting.
    pub setting: String,
    /// Files that it went well on.
    pub items: usize,
    /// Mean of bits per pixel, or of kb/s.
    pub rate: f64,
    /// Means in the order of [`Metric::of`]; NaN where a file has no value.
    pub values: Vec<f64>,
    /// Mean of seconds of all threads.
    pub encode_cpu_s: f64,
    /// Mean of seconds of all threads.
    pub decode_cpu_s: f64,
}

/// How much rate a curve takes for the quality of a peer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference<'a> {
    /// The curve.
    pub curve: &'a Curve,
    /// The peer it is compared with.
    pub peer: &'a Curve,
    /// The measure of quality.
    pub metric: Metric,
    /// BD-rate in percent, negative if the curve takes less; `None` if the curves do not overlap, or
    /// were measured on other files.
    pub percent: Option<f64>,
}

/// The curves behind records of [`Eval`](super::Eval), in order of first appearance.
#[must_use]
pub fn curves(records: &[Record]) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    let mut groups: Vec<(usize, String, Vec<&Record>)> = Vec::new();
    for record in records {
        let (name, setting) = record.label.rsplit_once(':').unwrap_or((&record.label, ""));
        let kind = match record.bpp {
            Some(_) => MediaKind::Image,
            None => MediaKind::Audio,
        };
        let is_same = |curve: &Curve| curve.name == name && curve.kind == kind;
        let number = curves.iter().position(is_same).unwrap_or_else(|| {
            curves.push(Curve {
                kind,
                name: name.to_owned(),
                is_peer: record.stream == "system",
                points: Vec::new(),
            });
            curves.len() - 1
        });
        let group = groups
            .iter_mut()
            .find(|(curve, of, _)| *curve == number && of == setting);
        match group {
            Some((_, _, records)) => records.push(record),
            None => groups.push((number, setting.to_owned(), vec![record])),
        }
    }
    for (number, setting, records) in groups {
        if let Some(curve) = curves.get_mut(number) {
            curve.points.push(point(curve.kind, setting, &records));
        }
    }
    curves
}

fn point(kind: MediaKind, setting: String, records: &[&Record]) -> Point {
    let mean = |value: &dyn Fn(&Record) -> f64| {
        records.iter().map(|record| value(record)).sum::<f64>() / records.len().max(1) as f64
    };
    let metric = |key: &str, record: &Record| record.metrics.get(key).copied().unwrap_or(f64::NAN);
    let metrics = Metric::of(kind).iter();
    Point {
        setting,
        items: records.len(),
        rate: mean(&|record| record.bpp.unwrap_or_else(|| metric(RATE_OF_SOUND, record))),
        values: metrics
            .map(|of| mean(&|record| metric(of.key(), record)))
            .collect(),
        encode_cpu_s: mean(&|record| record.encode_cpu_s),
        decode_cpu_s: mean(&|record| record.decode_cpu_s),
    }
}

impl Curve {
    /// Rates, and values of a measure as [`Metric::on_axis`] gives them.
    #[must_use]
    pub fn on_axes(&self, metric: Metric) -> Vec<(f64, f64)> {
        let place = Metric::of(self.kind).iter().position(|of| *of == metric);
        let value = |point: &Point| place.and_then(|place| point.values.get(place).copied());
        let points = self.points.iter().map(|point| {
            let value = value(point).unwrap_or(f64::NAN);
            (point.rate, metric.on_axis(value))
        });
        points.collect()
    }

    /// Files that every point went well on, `None` if they differ.
    fn items(&self) -> Option<usize> {
        let items = self.points.first()?.items;
        self.points
            .iter()
            .all(|point| point.items == items)
            .then_some(items)
    }
}

/// BD-rates of every curve against every peer of its kind of media, by every measure.
#[must_use]
pub fn differences(curves: &[Curve]) -> Vec<Difference<'_>> {
    let mut all = Vec::new();
    for curve in curves {
        for metric in Metric::of(curve.kind) {
            let peers = curves
                .iter()
                .filter(|peer| peer.is_peer && peer.kind == curve.kind && peer.name != curve.name);
            all.extend(peers.map(|peer| {
                let are_alike = curve.items().is_some() && curve.items() == peer.items();
                let percent = bd_rate(&peer.on_axes(*metric), &curve.on_axes(*metric));
                Difference {
                    curve,
                    peer,
                    metric: *metric,
                    percent: percent.filter(|_| are_alike),
                }
            }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::testing::record;
    use super::*;

    fn records() -> Vec<Record> {
        let mut records = Vec::new();
        for item in ["a", "b"] {
            let more = if item == "a" { 0.0 } else { 0.1 };
            for (setting, rate, psnr) in [("1", 0.2, 30.0), ("2", 0.4, 33.0), ("3", 0.8, 36.0)] {
                records.push(record("JPEG", setting, item, rate + more, psnr));
                records.push(record("ours", setting, item, (rate + more) / 2.0, psnr));
            }
        }
        records
    }

    #[test]
    fn points_are_means_over_files() {
        let records = records();
        let curves = curves(&records);
        let names: Vec<(&str, bool)> = curves
            .iter()
            .map(|c| (c.name.as_str(), c.is_peer))
            .collect();
        assert_eq!(names, [("JPEG", true), ("ours", false)]);
        let point = &curves[0].points[1];
        assert_eq!((point.setting.as_str(), point.items), ("2", 2));
        assert!((point.rate - 0.45).abs() < 1e-12);
        assert_eq!(point.values[0], 33.0);
        assert!(point.values[1].is_nan());
    }

    #[test]
    fn half_the_rate_is_minus_50_percent() {
        let records = records();
        let curves = curves(&records);
        let differences = differences(&curves);
        let psnr: Vec<_> = differences
            .iter()
            .filter(|d| d.metric == Metric::Psnr)
            .collect();
        assert_eq!(psnr.len(), 1);
        assert_eq!(psnr[0].percent.map(f64::round), Some(-50.0));
        // No values, no difference.
        assert!(
            differences
                .iter()
                .all(|d| d.metric == Metric::Psnr || d.percent.is_none())
        );
    }

    #[test]
    fn curves_of_other_files_are_not_compared() {
        let mut records = records();
        records.pop();
        let curves = curves(&records);
        assert!(differences(&curves).iter().all(|d| d.percent.is_none()));
    }
}
