//! Scales: from values to places on the page, and the ticks in between.

/// Maps a range of values onto a range of places, linearly or by logarithm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    logarithmic: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

/// A place on an axis with its value written beside it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) text: String,
}

/// Part of the range that is left free on either side of the values.
const MARGIN: f64 = 0.06;
/// Above this ratio of the largest to the smallest value an axis is logarithmic.
const WIDE: f64 = 8.0;

/// Smallest extent of a logarithmic axis, in decades: there is always a tick in it.
const LEAST_DECADES: f64 = 0.45;
/// Smallest extent of a linear axis, as a part of the largest value.
const LEAST_PART: f64 = 0.1;

impl Scale {
    /// A logarithmic scale for `values`, all positive, from the place `from` to `to`.
    pub(crate) fn logarithmic(values: &[f64], from: f64, to: f64) -> Scale {
        let logs: Vec<f64> = values.iter().map(|value| value.log10()).collect();
        let (low, high) = with_margin(&logs, LEAST_DECADES);
        Scale {
            logarithmic: true,
            low,
            high,
            from,
            to,
        }
    }

    /// A linear scale, or a logarithmic one where the values are far apart.
    pub(crate) fn fitting(values: &[f64], from: f64, to: f64) -> Scale {
        let (smallest, largest) = extent(values);
        if smallest > 0.0 && largest / smallest > WIDE {
            return Scale::logarithmic(values, from, to);
        }
        Scale::linear(values, from, to)
    }

    /// A linear scale, whatever the values.
    pub(crate) fn linear(values: &[f64], from: f64, to: f64) -> Scale {
        let (_, largest) = extent(values);
        let (low, high) = with_margin(values, LEAST_PART * largest.abs().max(1e-9));
        Scale {
            logarithmic: false,
            low,
            high,
            from,
            to,
        }
    }

    pub(crate) fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    /// The place of a value.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic {
            value.log10()
        } else {
            value
        };
        let part = (value - self.low) / (self.high - self.low);
        self.from + part * (self.to - self.from)
    }

    /// Round values within the range, about three to nine of them.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let values = if self.logarithmic {
            self.decades()
        } else {
            self.steps()
        };
        values
            .into_iter()
            .map(|value| Tick {
                at: self.place(value),
                text: plain(value),
            })
            .collect()
    }

    /// Powers of ten, and as many round multiples of them as there is room for.
    fn decades(&self) -> Vec<f64> {
        let steps: &[f64] = match self.high - self.low {
            span if span > 3.2 => &[1.0],
            span if span > 1.6 => &[1.0, 3.0],
            span if span > 0.8 => &[1.0, 2.0, 5.0],
            _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
        };
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        powers
            .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
            .filter(|value| (self.low..=self.high).contains(&value.log10()))
            .collect()
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    fn steps(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 6.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * power);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
    }
}

fn extent(values: &[f64]) -> (f64, f64) {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        (0.0, 1.0)
    } else {
        (smallest, largest)
    }
}

/// The extent of the values, widened to at least `least`, and a margin.
fn with_margin(values: &[f64], least: f64) -> (f64, f64) {
    let (low, high) = extent(values);
    let widen = ((least - (high - low)) / 2.0).max(0.0);
    let margin = widen + (high - low) * MARGIN;
    (low - margin, high + margin)
}

/// A tick's value with no more digits than it needs.
fn plain(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: &Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn a_logarithmic_scale_gives_equal_ratios_equal_room() {
        let scale = Scale::logarithmic(&[1.0, 10.0, 100.0], 0.0, 300.0);
        let places = [1.0, 10.0, 100.0].map(|value| scale.place(value));
        assert!((places[1] - places[0] - (places[2] - places[1])).abs() < 1e-9);
        assert!(places[0] > 0.0 && places[2] < 300.0);
        assert_eq!(texts(&scale), ["1", "3", "10", "30", "100"]);
    }

    #[test]
    fn many_decades_have_a_tick_each() {
        let scale = Scale::logarithmic(&[0.01, 1000.0], 0.0, 1.0);
        assert_eq!(texts(&scale), ["0.01", "0.1", "1", "10", "100", "1000"]);
    }

    #[test]
    fn close_values_are_linear_with_round_ticks() {
        let scale = Scale::fitting(&[2.1, 4.3], 0.0, 1.0);
        assert!(!scale.is_logarithmic());
        assert_eq!(texts(&scale), ["2", "2.5", "3", "3.5", "4"]);
        assert!(Scale::fitting(&[1.0, 20.0], 0.0, 1.0).is_logarithmic());
    }

    #[test]
    fn the_axis_may_run_downwards() {
        let scale = Scale::fitting(&[1.0, 2.0], 300.0, 0.0);
        assert!(scale.place(2.0) < scale.place(1.0));
    }

    #[test]
    fn equal_values_and_none_at_all_still_have_a_scale() {
        for values in [&[3.0, 3.0][..], &[3.0], &[]] {
            for scale in [
                Scale::fitting(values, 0.0, 1.0),
                Scale::logarithmic(if values.is_empty() { &[1.0] } else { values }, 0.0, 1.0),
            ] {
                assert!(scale.place(3.0).is_finite());
                assert!(!scale.ticks().is_empty());
            }
        }
    }
}
