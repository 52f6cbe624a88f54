//! Bjøntegaard's mean difference of rates (VCEG-M33, 2001), with piecewise cubic interpolation that
//! keeps to the order of its points (Fritsch and Butland, 1984) in place of one cubic through all.

/// How much more rate `curve` takes than `anchor` for the same quality, in percent: the mean over the
/// qualities that both reach, of logarithms of rates. Negative is better.
///
/// Points are (rate, quality) in any order, rates in any one unit, and quality is better the higher it
/// is. Points for which another of the curve has no less quality at no more rate are left out. `None`
/// if fewer than two points are left on a side, or the qualities do not overlap.
///
/// ```
/// use codec_corpora::quality::bd_rate;
///
/// let anchor = [(0.2, 28.0), (0.4, 31.0), (0.8, 34.0)];
/// let better = anchor.map(|(rate, quality)| (rate * 0.7, quality));
/// assert_eq!(bd_rate(&anchor, &better).map(f64::round), Some(-30.0));
/// ```
#[must_use]
pub fn bd_rate(anchor: &[(f64, f64)], curve: &[(f64, f64)]) -> Option<f64> {
    let (anchor, curve) = (Curve::of(anchor)?, Curve::of(curve)?);
    let low = anchor.lowest()?.max(curve.lowest()?);
    let high = anchor.highest()?.min(curve.highest()?);
    if high <= low {
        return None;
    }
    let apart = curve.integral(low, high) - anchor.integral(low, high);
    Some(((apart / (high - low)).exp() - 1.0) * 100.0)
}

/// Logarithm of rate as a function of quality.
struct Curve {
    /// Strictly rising.
    qualities: Vec<f64>,
    log_rates: Vec<f64>,
    slopes: Vec<f64>,
}

impl Curve {
    fn of(points: &[(f64, f64)]) -> Option<Self> {
        let usable =
            |(rate, quality): &(f64, f64)| *rate > 0.0 && rate.is_finite() && quality.is_finite();
        let mut points: Vec<(f64, f64)> = points.iter().copied().filter(usable).collect();
        // From the lowest rate; of equal rates the best quality first.
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut best = f64::NEG_INFINITY;
        points.retain(|(_, quality)| {
            let is_better = *quality > best;
            best = best.max(*quality);
            is_better
        });
        if points.len() < 2 {
            return None;
        }
        let qualities: Vec<f64> = points.iter().map(|point| point.1).collect();
        let log_rates: Vec<f64> = points.iter().map(|point| point.0.ln()).collect();
        let slopes = slopes(&qualities, &log_rates);
        Some(Curve {
            qualities,
            log_rates,
            slopes,
        })
    }

    fn lowest(&self) -> Option<f64> {
        self.qualities.first().copied()
    }

    fn highest(&self) -> Option<f64> {
        self.qualities.last().copied()
    }

    /// The integral between two qualities that the curve reaches.
    fn integral(&self, low: f64, high: f64) -> f64 {
        let pieces = self.qualities.windows(2).enumerate();
        let parts = pieces.map(|(piece, ends)| {
            let (from, to) = match ends {
                [from, to] => (from.max(low), to.min(high)),
                _ => return 0.0,
            };
            if to <= from {
                return 0.0;
            }
            // Simpson's rule is exact for cubics.
            let middle = (from + to) / 2.0;
            let [a, b, c] = [from, middle, to].map(|at| self.value(piece, at));
            (to - from) / 6.0 * (a + 4.0 * b + c)
        });
        parts.sum()
    }

    /// The cubic between points `piece` and `piece` + 1 (Hermite's form).
    fn value(&self, piece: usize, at: f64) -> f64 {
        let pair = |values: &[f64]| match values.get(piece..piece + 2) {
            Some([a, b]) => (*a, *b),
            _ => (0.0, 0.0),
        };
        let (x0, x1) = pair(&self.qualities);
        let (y0, y1) = pair(&self.log_rates);
        let (m0, m1) = pair(&self.slopes);
        let (h, t) = (x1 - x0, (at - x0) / (x1 - x0));
        let u = 1.0 - t;
        y0 * (1.0 + 2.0 * t) * u * u + m0 * h * t * u * u + y1 * t * t * (3.0 - 2.0 * t)
            - m1 * h * t * t * u
    }
}

/// Slopes at the points: weighted harmonic means of those beside them, 0 at turning points; at the ends
/// from three points, limited so that the curve does not turn.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let steps: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rises: Vec<f64> = y.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let secants: Vec<f64> = rises
        .iter()
        .zip(&steps)
        .map(|(rise, step)| rise / step)
        .collect();
    let (Some(first), Some(last)) = (secants.first(), secants.last()) else {
        return Vec::new();
    };
    if secants.len() == 1 {
        return vec![*first, *last];
    }
    let inner = secants
        .windows(2)
        .zip(steps.windows(2))
        .map(|(secant, step)| {
            if secant[0] * secant[1] <= 0.0 {
                return 0.0;
            }
            let (before, after) = (2.0 * step[1] + step[0], step[1] + 2.0 * step[0]);
            (before + after) / (before / secant[0] + after / secant[1])
        });
    let end = |step: [f64; 2], secant: [f64; 2]| {
        let slope =
            ((2.0 * step[0] + step[1]) * secant[0] - step[0] * secant[1]) / (step[0] + step[1]);
        if slope * secant[0] <= 0.0 {
            0.0
        } else if secant[0] * secant[1] <= 0.0 && slope.abs() > 3.0 * secant[0].abs() {
            3.0 * secant[0]
        } else {
            slope
        }
    };
    let count = secants.len();
    let mut out = vec![end([steps[0], steps[1]], [secants[0], secants[1]])];
    out.extend(inner);
    out.push(end(
        [steps[count - 1], steps[count - 2]],
        [secants[count - 1], secants[count - 2]],
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: [(f64, f64); 4] = [(0.2, 27.1), (0.35, 29.4), (0.6, 31.9), (1.1, 34.2)];

    #[test]
    fn a_curve_against_itself_is_0_and_a_scaled_one_is_its_scale() {
        assert_eq!(bd_rate(&CURVE, &CURVE), Some(0.0));
        for scale in [0.5, 0.9, 1.0, 2.0] {
            let scaled = CURVE.map(|(rate, quality)| (rate * scale, quality));
            let found = bd_rate(&CURVE, &scaled).unwrap();
            assert!((found - (scale - 1.0) * 100.0).abs() < 1e-9, "{found}");
        }
    }

    #[test]
    fn straight_curves_have_their_known_difference() {
        // ln rate = q / 10 - 3 against ln rate = q / 8 - 4, over 20..30: the mean difference is
        // 25 (1/8 - 1/10) - 1.
        let line = |slope: f64, offset: f64, qualities: [f64; 4]| {
            qualities.map(|quality| ((slope * quality + offset).exp(), quality))
        };
        let anchor = line(0.1, -3.0, [15.0, 20.0, 26.0, 30.0]);
        let curve = line(0.125, -4.0, [20.0, 23.0, 31.0, 40.0]);
        let expected = ((25.0f64 * 0.025 - 1.0).exp() - 1.0) * 100.0;
        let found = bd_rate(&anchor, &curve).unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn slopes_are_those_of_the_method() {
        // Secants 1 and 3 over steps 1 and 2: weights 5 and 4 give 9 / (5 / 1 + 4 / 3).
        let found = slopes(&[0.0, 1.0, 3.0], &[0.0, 1.0, 7.0]);
        let expected = [4.0 / 3.0 - 1.0, 27.0 / 19.0, 13.0 / 3.0];
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{found} is not {expected}"
            );
        }
        // A turning point, and an end that would turn.
        assert_eq!(slopes(&[0.0, 1.0, 2.0], &[0.0, 1.0, 0.0])[1], 0.0);
        assert_eq!(slopes(&[0.0, 1.0, 2.0], &[0.0, 1.0, 9.0])[0], 0.0);
    }

    #[test]
    fn order_and_points_that_others_beat_do_not_matter() {
        let mut points = CURVE.to_vec();
        points.reverse();
        points.push((0.7, 31.0));
        points.push((0.6, 30.0));
        assert_eq!(bd_rate(&CURVE, &points), Some(0.0));
    }

    #[test]
    fn curves_that_do_not_meet_have_no_difference() {
        let far = CURVE.map(|(rate, quality)| (rate, quality + 20.0));
        assert_eq!(bd_rate(&CURVE, &far), None);
        assert_eq!(bd_rate(&CURVE, &CURVE[..1]), None);
        assert_eq!(
            bd_rate(
                &CURVE,
                &[(0.0, 30.0), (f64::NAN, 31.0), (1.0, f64::INFINITY)]
            ),
            None
        );
    }
}
